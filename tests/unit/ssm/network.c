/* The session channel over a bad network: messages are lost, doubled and late, both ways; what was
 * typed and what was put out arrive whole, in order and once. The agent here keeps to the rules of
 * the published one; time is virtual, chance is seeded. */
#include "codec/codec.h"
#include "ssm/ssm.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPED_BYTES  (64u << 10)
#define PRINTED      200 /* messages of output */
#define PRINT_BYTES  700
#define AGENT_WINDOW 8

struct world {
    struct gw_loop *loop;
    struct gw_ssm_channel *channel;
    uint32_t chance;
    struct gw_timer *agents_turn;

    int64_t input_expected; /* the agent's side */
    struct gw_buf *early[4096];
    struct gw_buf typed;
    bool acknowledged[PRINTED + 2];

    struct gw_buf printed; /* the client's side */
    int closed;
};

struct parcel {
    struct world *world;
    bool to_agent;
    struct gw_buf bytes;
};

static uint32_t roll(struct world *world, uint32_t below)
{
    world->chance = world->chance * 1664525u + 1013904223u;
    return (world->chance >> 16) % below;
}

static void agent_receives(struct world *world, struct gw_view bytes);

static void arrive(void *ctx)
{
    struct parcel *parcel = ctx;
    struct gw_view bytes = gw_buf_view(&parcel->bytes);
    if (parcel->to_agent) {
        agent_receives(parcel->world, bytes);
    } else {
        gw_ssm_channel_receive(parcel->world->channel, bytes);
    }
    gw_buf_clear(&parcel->bytes);
    free(parcel);
}

/* One in eight is lost, one in eight comes twice, each after up to 80 ms. */
static void post(struct world *world, bool to_agent, struct gw_view bytes)
{
    uint32_t fate = roll(world, 8);
    for (uint32_t copies = fate == 0 ? 0 : fate == 1 ? 2 : 1; copies > 0; copies--) {
        struct parcel *parcel = gw_alloc(sizeof *parcel);
        parcel->world = world;
        parcel->to_agent = to_agent;
        gw_buf_init(&parcel->bytes, 1 << 20);
        gw_buf_add(&parcel->bytes, bytes);
        gw_timer_start(world->loop, roll(world, 80), arrive, parcel);
    }
}

/* ---- the agent ------------------------------------------------------------------------------- */

static void agent_says(struct world *world, const char *type, int64_t sequence,
                       uint32_t payload_type, struct gw_view payload)
{
    struct gw_ssm_message message = {.type = gw_view_of(type),
                                     .created_ms = gw_loop_wall_ms(world->loop),
                                     .sequence = sequence,
                                     .payload_type = payload_type,
                                     .payload = payload};
    struct gw_buf bytes;
    gw_buf_init(&bytes, 1 << 20);
    gw_ssm_message_write(&message, &bytes);
    post(world, false, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
}

static void agent_acknowledges(struct world *world, int64_t sequence)
{
    struct gw_buf payload;
    gw_buf_init(&payload, 256);
    gw_buf_addf(&payload, "{\"AcknowledgedMessageSequenceNumber\":%lld}", (long long)sequence);
    agent_says(world, "acknowledge", 0, GW_SSM_NONE, gw_buf_view(&payload));
    gw_buf_clear(&payload);
}

static void agent_takes(struct world *world, const struct gw_ssm_message *message)
{
    assert_in_range(message->sequence, 0, 4095);
    struct gw_buf **slot = &world->early[message->sequence];
    if (message->sequence >= world->input_expected && *slot == NULL) {
        *slot = gw_alloc(sizeof **slot);
        gw_buf_init(*slot, 1 << 20);
        if (message->payload_type == GW_SSM_OUTPUT) {
            gw_buf_add(*slot, message->payload);
        }
    }
    for (; world->early[world->input_expected] != NULL; world->input_expected++) {
        struct gw_buf *next = world->early[world->input_expected];
        gw_buf_add(&world->typed, gw_buf_view(next));
        gw_buf_clear(next);
        free(next);
        world->early[world->input_expected] = NULL;
    }
}

static void agent_receives(struct world *world, struct gw_view bytes)
{
    struct gw_ssm_message message;
    assert_true(gw_ssm_message_read(bytes, &message, NULL));
    if (gw_view_equal(message.type, GW_VIEW("acknowledge"))) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value value;
        assert_true(gw_json_parse(message.payload, arena, &value, NULL));
        int64_t sequence =
            gw_map_get(&value, GW_VIEW("AcknowledgedMessageSequenceNumber"))->as.integer;
        world->acknowledged[sequence] = true;
        gw_arena_free(arena);
        return;
    }
    agent_acknowledges(world, message.sequence);
    agent_takes(world, &message);
}

static void agent_prints(struct world *world, int64_t sequence)
{
    char text[PRINT_BYTES];
    memset(text, 'a' + (int)(sequence % 26), sizeof text);
    agent_says(world, "output_stream_data", sequence, GW_SSM_OUTPUT,
               (struct gw_view){text, sizeof text});
}

/* Every 50 ms it says again what was not acknowledged, some messages ahead at most. */
static void agents_turn(void *ctx)
{
    struct world *world = ctx;
    int under_way = 0;
    for (int64_t i = 0; i < PRINTED + 2 && under_way < AGENT_WINDOW; i++) {
        if (world->acknowledged[i]) {
            continue;
        }
        under_way++;
        if (i == 0) {
            agent_says(world, "output_stream_data", 0, GW_SSM_HANDSHAKE_REQUEST,
                       GW_VIEW("{\"RequestedClientActions\":[]}"));
        } else if (i == 1 && world->input_expected > 0) {
            agent_says(world, "output_stream_data", 1, GW_SSM_HANDSHAKE_COMPLETE, GW_VIEW("{}"));
        } else if (i > 1) {
            agent_prints(world, i);
        }
        if (i < 2) {
            break;
        }
    }
    world->agents_turn = gw_timer_start(world->loop, 50, agents_turn, world);
}

/* ---- the client ------------------------------------------------------------------------------ */

static void on_send(void *ctx, bool is_text, struct gw_view bytes)
{
    if (!is_text) {
        post(ctx, true, bytes);
    }
}

static void on_ready(void *ctx, struct gw_view greeting)
{
    (void)ctx;
    (void)greeting;
}

static void on_output(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes)
{
    struct world *world = ctx;
    assert_int_equal(stream, GW_SSM_STREAM_OUTPUT);
    gw_buf_add(&world->printed, bytes);
}

static void on_closed(void *ctx, struct gw_view reason, const struct gw_err *err)
{
    (void)reason;
    assert_null(err);
    ((struct world *)ctx)->closed++;
}

static void open_world(struct world *world, uint32_t seed)
{
    struct gw_loop_options options = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = 1700000000000};
    struct gw_ssm_events events = {
        .send = on_send, .ready = on_ready, .output = on_output, .closed = on_closed};
    *world = (struct world){.chance = seed};
    world->loop = gw_loop_new(&options);
    world->channel = gw_ssm_channel_new(world->loop, &events, world);
    gw_buf_init(&world->typed, 1 << 20);
    gw_buf_init(&world->printed, 1 << 20);
    agents_turn(world);
}

/* Ends the session, and lets what is under way arrive. */
static void close_world(struct world *world)
{
    gw_timer_stop(world->agents_turn);
    for (int i = 0; i < 100 && world->closed == 0; i++) {
        agent_says(world, "channel_closed", 0, GW_SSM_NONE, GW_VIEW("{}"));
    }
    while (gw_loop_step(world->loop)) {
    }
    assert_int_equal(world->closed, 1);
    gw_ssm_channel_free(world->channel);
    gw_loop_free(world->loop);
    gw_buf_clear(&world->typed);
    gw_buf_clear(&world->printed);
}

static void assert_typed(const struct gw_buf *typed, const char *expected)
{
    assert_int_equal(typed->len, TYPED_BYTES);
    assert_memory_equal(typed->data, expected, TYPED_BYTES);
}

static void assert_printed(const struct gw_buf *printed)
{
    assert_int_equal(printed->len, PRINTED * PRINT_BYTES);
    for (size_t i = 0; i < printed->len; i++) {
        assert_int_equal(printed->data[i], 'a' + (int)((i / PRINT_BYTES + 2) % 26));
    }
}

static void nothing_is_lost_doubled_or_out_of_order(void **state)
{
    (void)state;
    char *typed = gw_alloc(TYPED_BYTES);
    for (size_t i = 0; i < TYPED_BYTES; i++) {
        typed[i] = (char)(i * 7 + i / 1024);
    }
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct world world;
        open_world(&world, seed);
        gw_ssm_channel_connected(world.channel, GW_VIEW("TOKEN"));
        gw_ssm_channel_input(world.channel, (struct gw_view){typed, TYPED_BYTES});
        int64_t end_ms = gw_loop_now_ms(world.loop) + 10 * 60 * 1000;
        while (gw_loop_now_ms(world.loop) < end_ms &&
               (world.typed.len < TYPED_BYTES || world.printed.len < PRINTED * PRINT_BYTES)) {
            gw_loop_step(world.loop);
        }
        assert_typed(&world.typed, typed);
        assert_printed(&world.printed);
        close_world(&world);
    }
    free(typed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_doubled_or_out_of_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
