/* The session channel, heard from the agent's side: what it says and when, and what it tells its
 * caller. Time is virtual; the network is this file. */
#include "codec/codec.h"
#include "ssm/ssm.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START_MS  1700000000000
#define HANDSHAKE "{\"AgentVersion\":\"3.3.0.0\",\"RequestedClientActions\":[%s]}"
#define SHELL_ACTION                                                                               \
    "{\"ActionType\":\"SessionType\",\"ActionParameters\":{\"SessionType\":"                       \
    "\"InteractiveCommands\"}}"
#define KMS_ACTION                                                                                 \
    "{\"ActionType\":\"KMSEncryption\",\"ActionParameters\":{\"KMSKeyId\":\"alias/exec\"}}"
#define MAX_SENT 4096

struct sent {
    bool is_text;
    int64_t at_ms;
    struct gw_view bytes;
    struct gw_ssm_message message; /* of binary ones */
};

struct session {
    struct gw_arena *arena;
    struct gw_loop *loop;
    struct gw_ssm_channel *channel;

    struct sent sent[MAX_SENT];
    size_t sent_count, heard; /* `heard` of them were looked at */
    struct gw_buf output, error_output;
    int ready_count, closed_count;
    struct gw_view greeting, reason;
    struct gw_err err;
};

/* ---- what the channel calls ------------------------------------------------------------------ */

static void on_send(void *ctx, bool is_text, struct gw_view bytes)
{
    struct session *session = ctx;
    assert_true(session->sent_count < MAX_SENT);
    struct sent *sent = &session->sent[session->sent_count++];
    sent->is_text = is_text;
    sent->at_ms = gw_loop_now_ms(session->loop);
    sent->bytes = gw_arena_dup(session->arena, bytes);
    if (!is_text) {
        assert_true(gw_ssm_message_read(sent->bytes, &sent->message, NULL));
    }
}

static void on_ready(void *ctx, struct gw_view greeting)
{
    struct session *session = ctx;
    session->ready_count++;
    session->greeting = gw_arena_dup(session->arena, greeting);
}

static void on_output(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes)
{
    struct session *session = ctx;
    gw_buf_add(stream == GW_SSM_STREAM_OUTPUT ? &session->output : &session->error_output, bytes);
}

static void on_closed(void *ctx, struct gw_view reason, const struct gw_err *err)
{
    struct session *session = ctx;
    session->closed_count++;
    session->reason = gw_arena_dup(session->arena, reason);
    session->err = err != NULL ? *err : (struct gw_err){0};
}

static int set_up(void **state)
{
    struct gw_loop_options options = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = START_MS};
    struct gw_ssm_events events = {
        .send = on_send, .ready = on_ready, .output = on_output, .closed = on_closed};
    struct session *session = gw_alloc(sizeof *session);
    session->arena = gw_arena_new();
    session->loop = gw_loop_new(&options);
    session->channel = gw_ssm_channel_new(session->loop, &events, session);
    gw_buf_init(&session->output, 8 << 20);
    gw_buf_init(&session->error_output, 8 << 20);
    *state = session;
    return 0;
}

static int tear_down(void **state)
{
    struct session *session = *state;
    gw_ssm_channel_free(session->channel);
    gw_loop_free(session->loop);
    gw_buf_clear(&session->output);
    gw_buf_clear(&session->error_output);
    gw_arena_free(session->arena);
    free(session);
    return 0;
}

/* ---- the agent ------------------------------------------------------------------------------- */

static void say(struct session *session, const char *type, int64_t sequence, uint32_t payload_type,
                struct gw_view payload)
{
    struct gw_ssm_message message = {.type = gw_view_of(type),
                                     .created_ms = gw_loop_wall_ms(session->loop),
                                     .sequence = sequence,
                                     .payload_type = payload_type,
                                     .payload = payload};
    message.id[15] = (unsigned char)sequence;
    struct gw_buf bytes;
    gw_buf_init(&bytes, 1 << 20);
    assert_true(gw_ssm_message_write(&message, &bytes));
    gw_ssm_channel_receive(session->channel, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
}

static void say_output(struct session *session, int64_t sequence, const char *text)
{
    say(session, "output_stream_data", sequence, GW_SSM_OUTPUT, gw_view_of(text));
}

static void acknowledge(struct session *session, int64_t sequence)
{
    struct gw_view payload = gw_arena_printf(
        session->arena, "{\"AcknowledgedMessageSequenceNumber\":%lld}", (long long)sequence);
    say(session, "acknowledge", 0, GW_SSM_NONE, payload);
}

static void shake_hands(struct session *session, const char *actions)
{
    struct gw_view request = gw_arena_printf(session->arena, HANDSHAKE, actions);
    say(session, "output_stream_data", 0, GW_SSM_HANDSHAKE_REQUEST, request);
}

/* Connects, and is past the handshake with all that it said heard. */
static void open_session(struct session *session)
{
    gw_ssm_channel_connected(session->channel, GW_VIEW("TOKEN"));
    shake_hands(session, SHELL_ACTION);
    acknowledge(session, 0);
    say(session, "output_stream_data", 1, GW_SSM_HANDSHAKE_COMPLETE,
        GW_VIEW("{\"HandshakeTimeToComplete\":1,\"CustomerMessage\":\"be careful\"}"));
    session->heard = session->sent_count;
}

static const struct sent *hear(struct session *session)
{
    assert_true(session->heard < session->sent_count);
    return &session->sent[session->heard++];
}

static void hear_input(struct session *session, int64_t sequence, uint32_t payload_type,
                       const char *payload)
{
    const struct gw_ssm_message *message = &hear(session)->message;
    assert_string_equal(gw_arena_dup(session->arena, message->type).data, "input_stream_data");
    assert_int_equal(message->sequence, sequence);
    assert_int_equal(message->flags, 0);
    assert_int_equal(message->payload_type, payload_type);
    assert_string_equal(gw_arena_dup(session->arena, message->payload).data, payload);
}

static void hear_acknowledge(struct session *session, int64_t sequence)
{
    const struct gw_ssm_message *message = &hear(session)->message;
    struct gw_view expected = gw_arena_printf(
        session->arena,
        "{\"AcknowledgedMessageType\":\"output_stream_data\",\"AcknowledgedMessageId\":"
        "\"00000000-0000-0000-0000-0000000000%02llx\",\"AcknowledgedMessageSequenceNumber\":%lld,"
        "\"IsSequentialMessage\":true}",
        (unsigned long long)sequence, (long long)sequence);
    assert_string_equal(gw_arena_dup(session->arena, message->type).data, "acknowledge");
    assert_int_equal(message->sequence, 0);
    assert_int_equal(message->flags, 3);
    assert_string_equal(gw_arena_dup(session->arena, message->payload).data, expected.data);
}

static void hear_nothing(const struct session *session)
{
    assert_int_equal(session->heard, session->sent_count);
}

static void pass(struct session *session, int64_t ms)
{
    int64_t end_ms = gw_loop_now_ms(session->loop) + ms;
    while (gw_loop_now_ms(session->loop) < end_ms && gw_loop_step(session->loop)) {
    }
}

static const char *text(struct session *session, const struct gw_buf *buf)
{
    return gw_arena_dup(session->arena, gw_buf_view(buf)).data;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void a_connection_begins_with_the_token(void **state)
{
    struct session *session = *state;
    gw_ssm_channel_connected(session->channel, GW_VIEW("TO\"KEN"));
    const struct sent *first = hear(session);
    assert_true(first->is_text);
    struct gw_value value;
    assert_true(gw_json_parse(first->bytes, session->arena, &value, NULL));
    assert_int_equal(value.as.map.count, 5);
    assert_string_equal(gw_map_text(&value, GW_VIEW("MessageSchemaVersion")).data, "1.0");
    assert_string_equal(gw_map_text(&value, GW_VIEW("TokenValue")).data, "TO\"KEN");
    assert_int_equal(gw_map_text(&value, GW_VIEW("RequestId")).len, 36);
    assert_int_equal(gw_map_text(&value, GW_VIEW("ClientId")).len, 36);
    assert_true(gw_map_text(&value, GW_VIEW("ClientVersion")).len > 0);
    hear_nothing(session);
}

static void a_handshake_is_acknowledged_and_answered(void **state)
{
    struct session *session = *state;
    gw_ssm_channel_connected(session->channel, GW_VIEW("TOKEN"));
    gw_ssm_channel_resize(session->channel, 120, 40);
    gw_ssm_channel_input(session->channel, GW_VIEW("early\r"));
    hear(session);
    hear_nothing(session);

    shake_hands(session, SHELL_ACTION);
    hear_acknowledge(session, 0);
    hear_input(session, 0, GW_SSM_HANDSHAKE_RESPONSE,
               "{\"ClientVersion\":\"1.2.707.0\",\"ProcessedClientActions\":[{\"ActionType\":"
               "\"SessionType\",\"ActionStatus\":1,\"ActionResult\":null,\"Error\":\"\"}],"
               "\"Errors\":null}");
    hear_nothing(session);
    assert_int_equal(session->ready_count, 0);

    say(session, "output_stream_data", 1, GW_SSM_HANDSHAKE_COMPLETE,
        GW_VIEW("{\"CustomerMessage\":\"be careful\"}"));
    hear_acknowledge(session, 1);
    hear_input(session, 1, GW_SSM_SIZE, "{\"cols\":120,\"rows\":40}");
    hear_input(session, 2, GW_SSM_OUTPUT, "early\r");
    assert_int_equal(session->ready_count, 1);
    assert_string_equal(session->greeting.data, "be careful");
}

static void encryption_is_refused_in_words(void **state)
{
    struct session *session = *state;
    gw_ssm_channel_connected(session->channel, GW_VIEW("TOKEN"));
    hear(session);
    shake_hands(session, SHELL_ACTION "," KMS_ACTION);
    hear_acknowledge(session, 0);
    hear_input(session, 0, GW_SSM_HANDSHAKE_RESPONSE,
               "{\"ClientVersion\":\"1.2.707.0\",\"ProcessedClientActions\":[{\"ActionType\":"
               "\"SessionType\",\"ActionStatus\":1,\"ActionResult\":null,\"Error\":\"\"},"
               "{\"ActionType\":\"KMSEncryption\",\"ActionStatus\":3,\"ActionResult\":null,"
               "\"Error\":\"not supported by this client\"}],\"Errors\":null}");
    assert_int_equal(session->closed_count, 1);
    assert_int_equal(session->err.code, GW_ERR_PROTOCOL);
    assert_string_equal(session->err.message,
                        "session: the agent asks for 'KMSEncryption', which is not supported");
}

static void a_handshake_that_is_no_json_ends_the_session(void **state)
{
    struct session *session = *state;
    gw_ssm_channel_connected(session->channel, GW_VIEW("TOKEN"));
    say(session, "output_stream_data", 0, GW_SSM_HANDSHAKE_REQUEST, GW_VIEW("{]"));
    assert_int_equal(session->closed_count, 1);
    assert_true(
        gw_view_starts_with(gw_view_of(session->err.message), GW_VIEW("session handshake: ")));
}

static void an_old_agent_begins_with_output(void **state)
{
    struct session *session = *state;
    gw_ssm_channel_connected(session->channel, GW_VIEW("TOKEN"));
    say_output(session, 0, "# ");
    assert_int_equal(session->ready_count, 1);
    assert_string_equal(text(session, &session->output), "# ");
}

/* ---- output ---------------------------------------------------------------------------------- */

static void output_comes_in_its_order_and_once(void **state)
{
    struct session *session = *state;
    open_session(session);
    say_output(session, 4, "c");
    hear_acknowledge(session, 4);
    say_output(session, 4, "c");
    hear_acknowledge(session, 4);
    say_output(session, 3, "b");
    hear_acknowledge(session, 3);
    assert_null(session->output.data);
    say_output(session, 2, "a");
    hear_acknowledge(session, 2);
    assert_string_equal(text(session, &session->output), "abc");
    say_output(session, 3, "b");
    hear_acknowledge(session, 3);
    say(session, "output_stream_data", 5, GW_SSM_STDERR, GW_VIEW("oops"));
    hear_acknowledge(session, 5);
    hear_nothing(session);
    assert_string_equal(text(session, &session->output), "abc");
    assert_string_equal(text(session, &session->error_output), "oops");
}

static void what_is_damaged_is_not_acknowledged(void **state)
{
    struct session *session = *state;
    open_session(session);
    struct gw_ssm_message message = {.type = GW_VIEW("output_stream_data"),
                                     .created_ms = START_MS,
                                     .sequence = 2,
                                     .payload_type = GW_SSM_OUTPUT,
                                     .payload = GW_VIEW("hello")};
    struct gw_buf bytes;
    gw_buf_init(&bytes, 4096);
    gw_ssm_message_write(&message, &bytes);
    bytes.data[bytes.len - 1] ^= 1;
    gw_ssm_channel_receive(session->channel, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
    hear_nothing(session);
    assert_null(session->output.data);
}

static void what_cannot_be_kept_is_not_acknowledged(void **state)
{
    struct session *session = *state;
    open_session(session);
    for (int64_t i = 0; i < 10000; i++) {
        say_output(session, 1000 + i, "x");
        session->sent_count = session->heard; /* the acknowledgement */
    }
    say_output(session, 20000, "x");
    hear_nothing(session);
}

/* ---- input ----------------------------------------------------------------------------------- */

static void input_goes_in_pieces_of_a_kibibyte(void **state)
{
    struct session *session = *state;
    open_session(session);
    char paste[2500];
    memset(paste, 'x', sizeof paste);
    gw_ssm_channel_input(session->channel, (struct gw_view){paste, sizeof paste});
    assert_int_equal(hear(session)->message.payload.len, 1024);
    assert_int_equal(hear(session)->message.payload.len, 1024);
    assert_int_equal(hear(session)->message.payload.len, 452);
    hear_nothing(session);
    assert_int_equal(gw_ssm_channel_pending_bytes(session->channel), 2500);
    acknowledge(session, 2);
    assert_int_equal(gw_ssm_channel_pending_bytes(session->channel), 2500 - 1024);
}

static void no_more_than_a_window_is_under_way(void **state)
{
    struct session *session = *state;
    open_session(session);
    for (int i = 0; i < 40; i++) {
        gw_ssm_channel_input(session->channel, GW_VIEW("x"));
    }
    assert_int_equal(session->sent_count - session->heard, 32);
    acknowledge(session, 3); /* any of them makes room */
    assert_int_equal(session->sent_count - session->heard, 33);
}

static void the_oldest_is_sent_again_ever_more_slowly(void **state)
{
    struct session *session = *state;
    open_session(session);
    gw_ssm_channel_input(session->channel, GW_VIEW("ls\n"));
    int64_t first_ms = session->sent[session->heard].at_ms;
    struct gw_view first = session->sent[session->heard].bytes;
    pass(session, 4000);
    static const int64_t expected_ms[] = {0, 200, 600, 1400, 2400, 3400};
    for (size_t i = 0; i < 6; i++) {
        const struct sent *again = hear(session);
        /* The round trip of the handshake was 0 ms, so that the pause is near its start. */
        assert_in_range(again->at_ms - first_ms, expected_ms[i] - expected_ms[i] / 4,
                        expected_ms[i] + expected_ms[i] / 4 + 1);
        assert_memory_equal(again->bytes.data, first.data, first.len);
    }
    acknowledge(session, 1);
    session->heard = session->sent_count;
    pass(session, 60000);
    hear_nothing(session);
}

static void an_agent_that_takes_nothing_is_given_up(void **state)
{
    struct session *session = *state;
    open_session(session);
    gw_ssm_channel_input(session->channel, GW_VIEW("ls\n"));
    pass(session, 299000);
    assert_int_equal(session->closed_count, 0);
    pass(session, 2000);
    assert_int_equal(session->closed_count, 1);
    assert_int_equal(session->err.code, GW_ERR_TIMEOUT);
}

static void a_pause_holds_input_back(void **state)
{
    struct session *session = *state;
    open_session(session);
    say(session, "pause_publication", 0, GW_SSM_NONE, GW_VIEW(""));
    gw_ssm_channel_input(session->channel, GW_VIEW("ls\n"));
    pass(session, 10000);
    hear_nothing(session);
    say(session, "start_publication", 0, GW_SSM_NONE, GW_VIEW(""));
    hear_input(session, 1, GW_SSM_OUTPUT, "ls\n");
}

static void a_new_connection_goes_on_where_the_old_one_ended(void **state)
{
    struct session *session = *state;
    open_session(session);
    gw_ssm_channel_input(session->channel, GW_VIEW("a"));
    gw_ssm_channel_input(session->channel, GW_VIEW("b"));
    acknowledge(session, 1);
    gw_ssm_channel_disconnected(session->channel);
    session->heard = session->sent_count;
    gw_ssm_channel_input(session->channel, GW_VIEW("c"));
    pass(session, 10000);
    hear_nothing(session);

    gw_ssm_channel_connected(session->channel, GW_VIEW("TOKEN-2"));
    assert_true(hear(session)->is_text);
    hear_input(session, 2, GW_SSM_OUTPUT, "b");
    hear_input(session, 3, GW_SSM_OUTPUT, "c");
    say_output(session, 2, "still here");
    assert_string_equal(text(session, &session->output), "still here");
}

/* ---- the end --------------------------------------------------------------------------------- */

static void the_other_side_ends_the_session(void **state)
{
    struct session *session = *state;
    open_session(session);
    say(session, "channel_closed", 0, GW_SSM_NONE,
        GW_VIEW("{\"SessionId\":\"ecs-execute-command-0abc\",\"Output\":\"Exiting\"}"));
    assert_int_equal(session->closed_count, 1);
    assert_string_equal(session->reason.data, "Exiting");
    assert_int_equal(session->err.code, GW_ERR_NONE);
    say_output(session, 2, "late");
    hear_nothing(session);
    assert_null(session->output.data);
}

static void an_end_without_a_reason_is_an_end(void **state)
{
    struct session *session = *state;
    open_session(session);
    say(session, "channel_closed", 0, GW_SSM_NONE, GW_VIEW("no json"));
    assert_int_equal(session->closed_count, 1);
    assert_string_equal(session->reason.data, "");
}

static void the_caller_asks_for_the_end(void **state)
{
    struct session *session = *state;
    open_session(session);
    gw_ssm_channel_terminate(session->channel);
    const struct gw_ssm_message *message = &hear(session)->message;
    assert_int_equal(message->payload_type, GW_SSM_FLAG);
    assert_int_equal(message->payload.len, 4);
    assert_memory_equal(message->payload.data, "\0\0\0\2", 4);
    assert_int_equal(session->closed_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_begins_with_the_token),
        TEST(a_handshake_is_acknowledged_and_answered),
        TEST(encryption_is_refused_in_words),
        TEST(a_handshake_that_is_no_json_ends_the_session),
        TEST(an_old_agent_begins_with_output),
        TEST(output_comes_in_its_order_and_once),
        TEST(what_is_damaged_is_not_acknowledged),
        TEST(what_cannot_be_kept_is_not_acknowledged),
        TEST(input_goes_in_pieces_of_a_kibibyte),
        TEST(no_more_than_a_window_is_under_way),
        TEST(the_oldest_is_sent_again_ever_more_slowly),
        TEST(an_agent_that_takes_nothing_is_given_up),
        TEST(a_pause_holds_input_back),
        TEST(a_new_connection_goes_on_where_the_old_one_ended),
        TEST(the_other_side_ends_the_session),
        TEST(an_end_without_a_reason_is_an_end),
        TEST(the_caller_asks_for_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
