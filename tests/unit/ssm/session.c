/* Sessions over connections that come and go. The transport is this file: it opens, refuses and loses
 * connections as a test says; time is virtual. */
#include "codec/codec.h"
#include "ssm/ssm.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_CONNECTIONS 32

struct connection {
    struct gw_websocket base; /* first */
    struct world *world;
    int64_t at_ms;
    struct gw_view url, token;
    int messages, pings;
    bool is_closed, is_held;
};

struct world {
    struct gw_transport transport; /* first */
    struct gw_arena *arena;
    struct gw_loop *loop;
    struct gw_ssm_session *session;
    struct gw_websocket_events events;
    void *socket_ctx;
    struct connection connections[MAX_CONNECTIONS];
    int count;
    int refusals; /* of the next connections */
    int lost_count, closed_count;
    int64_t lost_ms[MAX_CONNECTIONS];
    struct gw_err err;
};

/* ---- the network ----------------------------------------------------------------------------- */

static void on_send(struct gw_websocket *self, bool is_text, struct gw_view bytes)
{
    struct connection *connection = (struct connection *)self;
    struct gw_ssm_opening opening;
    assert_false(connection->is_closed);
    if (is_text) {
        assert_true(gw_ssm_read_opening(bytes, connection->world->arena, &opening, NULL));
        connection->token = opening.token;
    }
    connection->messages++;
}

static void on_ping(struct gw_websocket *self, struct gw_view bytes)
{
    assert_int_equal(bytes.len, 9);
    ((struct connection *)self)->pings++;
}

static void on_hold(struct gw_websocket *self, bool held)
{
    ((struct connection *)self)->is_held = held;
}

static void on_close(struct gw_websocket *self)
{
    ((struct connection *)self)->is_closed = true;
}

static void open_it(void *ctx)
{
    struct world *world = ctx;
    world->events.opened(world->socket_ctx);
}

static void refuse_it(void *ctx)
{
    struct world *world = ctx;
    struct gw_err err;
    gw_fail(&err, GW_ERR_NETWORK, "refused");
    world->events.closed(world->socket_ctx, &err);
}

static struct gw_websocket *on_connect(struct gw_transport *self,
                                       const struct gw_websocket_request *request,
                                       const struct gw_websocket_events *events, void *ctx,
                                       struct gw_err *err)
{
    struct world *world = (struct world *)self;
    char accept[GW_WEBSOCKET_ACCEPT_SIZE];
    (void)err;
    gw_websocket_accept(request->key, accept);
    assert_true(gw_view_equal(request->accept, gw_view_of(accept)));
    assert_true(world->count < MAX_CONNECTIONS);
    struct connection *connection = &world->connections[world->count++];
    *connection = (struct connection){.base = {on_send, on_ping, on_hold, on_close},
                                      .world = world,
                                      .at_ms = gw_loop_now_ms(world->loop),
                                      .url = gw_arena_dup(world->arena, request->url)};
    world->events = *events;
    world->socket_ctx = ctx;
    bool refused = world->refusals > 0 && world->refusals-- > 0;
    gw_timer_start(world->loop, 0, refused ? refuse_it : open_it, world);
    return &connection->base;
}

static struct connection *last(struct world *world)
{
    return &world->connections[world->count - 1];
}

static void lose(struct world *world)
{
    refuse_it(world);
}

static void pass(struct world *world, int64_t ms)
{
    int64_t end_ms = gw_loop_now_ms(world->loop) + ms;
    while (gw_loop_now_ms(world->loop) < end_ms && gw_loop_step(world->loop)) {
    }
}

/* ---- the agent ------------------------------------------------------------------------------- */

static void say(struct world *world, const char *type, int64_t sequence, uint32_t payload_type,
                struct gw_view payload)
{
    struct gw_ssm_message message = {.type = gw_view_of(type),
                                     .created_ms = 1,
                                     .sequence = sequence,
                                     .payload_type = payload_type,
                                     .payload = payload};
    struct gw_buf bytes;
    gw_buf_init(&bytes, 1 << 16);
    gw_ssm_message_write(&message, &bytes);
    world->events.message(world->socket_ctx, false, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
}

/* ---- the caller ------------------------------------------------------------------------------ */

static void on_ready(void *ctx, struct gw_view greeting)
{
    (void)ctx;
    (void)greeting;
}

static void on_key(void *ctx, struct gw_view key_id)
{
    (void)ctx;
    (void)key_id;
}

static void on_output(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes)
{
    (void)ctx;
    (void)stream;
    (void)bytes;
}

static void on_taken(void *ctx)
{
    (void)ctx;
}

static void on_lost(void *ctx, const struct gw_err *err)
{
    struct world *world = ctx;
    world->lost_ms[world->lost_count++] = gw_loop_now_ms(world->loop);
    assert_int_equal(err->code, GW_ERR_NETWORK);
}

static void on_closed(void *ctx, struct gw_view reason, const struct gw_err *err)
{
    struct world *world = ctx;
    (void)reason;
    world->closed_count++;
    world->err = err != NULL ? *err : (struct gw_err){0};
}

static void open_session(struct world *world)
{
    static const struct gw_ssm_session_events events = {on_ready, on_key,  on_output,
                                                        on_taken, on_lost, on_closed};
    struct gw_err err;
    world->session =
        gw_ssm_session_open(world->loop, &world->transport, GW_VIEW("wss://example.com/s"),
                            GW_VIEW("token-1"), &events, world, &err);
    assert_non_null(world->session);
    pass(world, 1000);
}

/* Opened, past the handshake. */
static void begin(struct world *world)
{
    open_session(world);
    say(world, "output_stream_data", 0, GW_SSM_OUTPUT, GW_VIEW("# "));
}

static void assert_view(struct gw_view actual, const char *expected)
{
    assert_true(gw_view_equal(actual, gw_view_of(expected)));
}

/* ---- claims ---------------------------------------------------------------------------------- */

static void a_connection_presents_its_token_and_is_kept_alive(void **state)
{
    struct world *world = *state;
    begin(world);
    assert_view(last(world)->token, "token-1");
    assert_int_equal(last(world)->pings, 1);
    gw_timer_start(world->loop, 11 * 60 * 1000, on_taken, world);
    pass(world, 10 * 60 * 1000 + 1000);
    assert_int_equal(last(world)->pings, 3);
    assert_int_equal(world->count, 1);
}

static void a_lost_one_is_opened_again_with_a_new_token(void **state)
{
    struct world *world = *state;
    begin(world);
    int64_t lost_ms = gw_loop_now_ms(world->loop);
    lose(world);
    assert_true(world->connections[0].is_closed);
    pass(world, 1000);
    assert_int_equal(world->lost_count, 1);
    assert_int_equal(world->lost_ms[0] - lost_ms, 100);
    gw_ssm_session_resume(world->session, GW_VIEW("wss://example.com/t"), GW_VIEW("token-2"));
    pass(world, 10);
    assert_int_equal(world->count, 2);
    assert_view(last(world)->url, "wss://example.com/t");
    assert_view(last(world)->token, "token-2");
    assert_int_equal(world->closed_count, 0);
}

static void the_pause_doubles_until_it_is_given_up(void **state)
{
    struct world *world = *state;
    static const int64_t expected_ms[] = {100, 200, 400, 800, 1600, 3200, 5000};
    begin(world);
    world->refusals = 100;
    int64_t lost_ms = gw_loop_now_ms(world->loop);
    lose(world);
    for (int i = 0; i < 7; i++) {
        pass(world, 6000);
        assert_int_equal(world->lost_count, i + 1);
        assert_int_equal(world->lost_ms[i] - lost_ms, expected_ms[i]);
        lost_ms = gw_loop_now_ms(world->loop);
        gw_ssm_session_resume(world->session, GW_VIEW(""), GW_VIEW("token"));
    }
    pass(world, 6000);
    assert_int_equal(world->closed_count, 1);
    assert_string_equal(world->err.message, "refused");
}

static void one_that_was_never_there_is_given_up_soon(void **state)
{
    struct world *world = *state;
    world->refusals = 100;
    open_session(world);
    pass(world, 2000);
    assert_int_equal(world->count, 4);
    assert_int_equal(world->lost_count, 0);
    assert_int_equal(world->closed_count, 1);
}

static void a_token_that_cannot_be_had_now_is_asked_for_later(void **state)
{
    struct world *world = *state;
    struct gw_err err;
    begin(world);
    lose(world);
    pass(world, 1000);
    gw_fail(&err, GW_ERR_NETWORK, "no network");
    gw_ssm_session_postpone(world->session, &err);
    pass(world, 1000);
    assert_int_equal(world->lost_count, 2);
    assert_int_equal(world->count, 1);
    gw_ssm_session_abandon(world->session, &err);
    assert_int_equal(world->closed_count, 1);
    assert_string_equal(world->err.message, "no network");
}

static void silence_after_input_is_a_lost_connection(void **state)
{
    struct world *world = *state;
    begin(world);
    gw_ssm_channel_input(gw_ssm_session_channel(world->session), GW_VIEW("ls\r"));
    pass(world, 15000);
    assert_int_equal(world->lost_count, 0);
    pass(world, 12000);
    assert_int_equal(world->lost_count, 1);
    assert_true(world->connections[0].is_closed);
}

static void a_pause_of_the_agents_is_no_silence(void **state)
{
    struct world *world = *state;
    begin(world);
    say(world, "pause_publication", 0, GW_SSM_NONE, GW_VIEW(""));
    gw_ssm_channel_input(gw_ssm_session_channel(world->session), GW_VIEW("ls\r"));
    gw_timer_start(world->loop, 60000, on_taken, world);
    pass(world, 60000);
    assert_int_equal(world->lost_count, 0);
}

static void the_end_of_the_session_ends_the_connection(void **state)
{
    struct world *world = *state;
    begin(world);
    say(world, "channel_closed", 0, GW_SSM_NONE, GW_VIEW("{\"Output\":\"Exiting\"}"));
    assert_int_equal(world->closed_count, 1);
    assert_int_equal(world->err.code, GW_ERR_NONE);
    assert_true(last(world)->is_closed);
}

static void while_output_is_held_nothing_is_read_and_that_is_no_silence(void **state)
{
    struct world *world = *state;
    begin(world);
    gw_ssm_session_hold(world->session, true);
    assert_true(last(world)->is_held);
    gw_ssm_channel_input(gw_ssm_session_channel(world->session), GW_VIEW("ls\r"));
    pass(world, 60000);
    assert_int_equal(world->lost_count, 0);
    gw_ssm_session_hold(world->session, false);
    assert_false(last(world)->is_held);
}

static void a_session_that_is_closed_tells_the_agent(void **state)
{
    struct world *world = *state;
    begin(world);
    int before = last(world)->messages;
    gw_ssm_session_close(world->session);
    world->session = NULL;
    assert_int_equal(last(world)->messages, before + 1);
    assert_true(last(world)->is_closed);
    assert_int_equal(world->closed_count, 0);
}

static void without_websockets_there_is_no_session(void **state)
{
    struct world *world = *state;
    static const struct gw_ssm_session_events events = {on_ready, on_key,  on_output,
                                                        on_taken, on_lost, on_closed};
    struct gw_err err;
    world->transport.connect = NULL;
    assert_null(gw_ssm_session_open(world->loop, &world->transport, GW_VIEW("wss://example.com/"),
                                    GW_VIEW("t"), &events, world, &err));
    assert_string_equal(err.message, "session: there are no WebSockets here");
}

static int set_up(void **state)
{
    struct gw_loop_options options = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = 1700000000000};
    struct world *world = gw_alloc(sizeof *world);
    world->arena = gw_arena_new();
    world->loop = gw_loop_new(&options);
    world->transport.connect = on_connect;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    gw_ssm_session_close(world->session);
    while (gw_loop_step(world->loop)) {
    }
    gw_loop_free(world->loop);
    gw_arena_free(world->arena);
    free(world);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_presents_its_token_and_is_kept_alive),
        TEST(a_lost_one_is_opened_again_with_a_new_token),
        TEST(the_pause_doubles_until_it_is_given_up),
        TEST(one_that_was_never_there_is_given_up_soon),
        TEST(a_token_that_cannot_be_had_now_is_asked_for_later),
        TEST(silence_after_input_is_a_lost_connection),
        TEST(a_pause_of_the_agents_is_no_silence),
        TEST(the_end_of_the_session_ends_the_connection),
        TEST(while_output_is_held_nothing_is_read_and_that_is_no_silence),
        TEST(a_session_that_is_closed_tells_the_agent),
        TEST(without_websockets_there_is_no_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
