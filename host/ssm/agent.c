/* The agent's side of a session: the handshake, output in its order until the client has
 * acknowledged it, input in its order, each once. */
#include <stdlib.h>

#include "ssm/internal.h"

#define AGENT_VERSION "3.3.0.0"

struct gw_ssm_agent {
    struct gw_loop *loop;
    struct gw_ssm_agent_events events;
    void *ctx;
    struct outgoing outgoing;
    struct incoming incoming;
    int64_t expected; /* the number of the input that comes next */
    struct gw_timer *repetition;
    bool is_connected, has_asked, is_started, is_closing, is_closed;
    struct gw_buf closing; /* the payload that ends the session */
};

struct gw_ssm_agent *gw_ssm_agent_new(struct gw_loop *loop,
                                      const struct gw_ssm_agent_events *events, void *ctx)
{
    struct gw_ssm_agent *agent = gw_alloc(sizeof *agent);
    agent->loop = loop;
    agent->events = *events;
    agent->ctx = ctx;
    outgoing_init(&agent->outgoing, GW_VIEW("output_stream_data"));
    gw_buf_init(&agent->closing, MAX_CONTROL_BYTES);
    return agent;
}

void gw_ssm_agent_free(struct gw_ssm_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    gw_timer_stop(agent->repetition);
    outgoing_clear(&agent->outgoing);
    incoming_clear(&agent->incoming);
    gw_buf_clear(&agent->closing);
    free(agent);
}

/* ---- to the client --------------------------------------------------------------------------- */

static void on_repetition(void *ctx);

static void await_repetition(struct gw_ssm_agent *agent)
{
    gw_timer_stop(agent->repetition);
    agent->repetition = NULL;
    int64_t due_ms = outgoing_due_ms(&agent->outgoing);
    if (agent->is_connected && due_ms != INT64_MAX) {
        int64_t delay_ms = due_ms - gw_loop_now_ms(agent->loop);
        agent->repetition = gw_timer_start(agent->loop, delay_ms, on_repetition, agent);
    }
}

static void on_repetition(void *ctx)
{
    struct gw_ssm_agent *agent = ctx;
    struct gw_view message;
    agent->repetition = NULL;
    if (!outgoing_again(&agent->outgoing, gw_loop_now_ms(agent->loop), &message)) {
        agent->events.terminate(agent->ctx); /* nobody is there any more */
        return;
    }
    agent->events.send(agent->ctx, false, message);
    await_repetition(agent);
}

static void send_closing(struct gw_ssm_agent *agent)
{
    struct gw_buf bytes;
    struct gw_ssm_message message = {.type = GW_VIEW("channel_closed"),
                                     .created_ms = gw_loop_wall_ms(agent->loop),
                                     .flags = GW_SSM_FLAG_SYN | GW_SSM_FLAG_FIN,
                                     .payload = gw_buf_view(&agent->closing)};
    gw_random(message.id, sizeof message.id);
    gw_buf_init(&bytes, GW_SSM_HEADER_BYTES + agent->closing.len);
    gw_ssm_message_write(&message, &bytes);
    agent->events.send(agent->ctx, false, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
}

/* What may be sent, and after the last of it the end. */
static void flush(struct gw_ssm_agent *agent)
{
    struct gw_view message;
    while (agent->is_connected &&
           outgoing_next(&agent->outgoing, gw_loop_now_ms(agent->loop), &message)) {
        agent->events.send(agent->ctx, false, message);
    }
    await_repetition(agent);
    if (agent->is_connected && agent->is_closing && !agent->is_closed &&
        agent->outgoing.first == NULL) {
        agent->is_closed = true;
        send_closing(agent);
        agent->events.closed(agent->ctx);
    }
}

static void say(struct gw_ssm_agent *agent, enum gw_ssm_payload_type type, struct gw_view payload)
{
    outgoing_add(&agent->outgoing, type, payload, gw_loop_wall_ms(agent->loop));
    flush(agent);
}

static void say_request(struct gw_ssm_agent *agent)
{
    struct gw_ssm_request request = {.agent_version = GW_VIEW(AGENT_VERSION), .action_count = 1};
    struct gw_buf payload;
    request.actions[0].action = GW_SSM_ACTION_SESSION;
    request.actions[0].name = GW_VIEW("SessionType");
    request.actions[0].value = GW_VIEW("InteractiveCommands");
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    gw_ssm_write_request(&request, &payload);
    say(agent, GW_SSM_HANDSHAKE_REQUEST, gw_buf_view(&payload));
    gw_buf_clear(&payload);
}

static void say_complete(struct gw_ssm_agent *agent)
{
    struct gw_buf payload;
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    gw_ssm_write_complete(GW_VIEW(""), 1000000, &payload);
    say(agent, GW_SSM_HANDSHAKE_COMPLETE, gw_buf_view(&payload));
    gw_buf_clear(&payload);
}

/* ---- from the client ------------------------------------------------------------------------- */

static void take_response(struct gw_ssm_agent *agent)
{
    if (agent->is_started) {
        return;
    }
    agent->is_started = true;
    say_complete(agent);
    agent->events.start(agent->ctx);
}

static void take_size(struct gw_ssm_agent *agent, struct gw_view payload)
{
    int columns, rows;
    if (gw_ssm_read_size(payload, &columns, &rows)) {
        agent->events.resized(agent->ctx, columns, rows);
    }
}

static void take(struct gw_ssm_agent *agent, uint32_t payload_type, struct gw_view payload)
{
    if (payload_type == GW_SSM_HANDSHAKE_RESPONSE) {
        take_response(agent);
    } else if (payload_type == GW_SSM_SIZE) {
        take_size(agent, payload);
    } else if (payload_type == GW_SSM_OUTPUT) {
        agent->events.input(agent->ctx, payload);
    } else if (payload_type == GW_SSM_FLAG &&
               gw_ssm_read_flag(payload) == GW_SSM_TERMINATE_SESSION) {
        agent->events.terminate(agent->ctx);
    }
}

static void take_waiting(struct gw_ssm_agent *agent)
{
    struct gw_arena *arena = gw_arena_new();
    struct incoming_message message;
    while (incoming_take(&agent->incoming, agent->expected, arena, &message)) {
        agent->expected++;
        take(agent, message.payload_type, message.payload);
        gw_arena_clear(arena);
    }
    gw_arena_free(arena);
}

static void receive_stream(struct gw_ssm_agent *agent, const struct gw_ssm_message *message)
{
    struct gw_buf bytes;
    if (message->sequence >= agent->expected && !incoming_keep(&agent->incoming, message)) {
        return; /* no room: it has to come again */
    }
    gw_buf_init(&bytes, MAX_CONTROL_BYTES);
    acknowledge_write(message, gw_loop_wall_ms(agent->loop), &bytes);
    agent->events.send(agent->ctx, false, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
    take_waiting(agent);
}

static void receive_acknowledge(struct gw_ssm_agent *agent, struct gw_view payload)
{
    int64_t sequence;
    if (gw_ssm_read_acknowledge(payload, &sequence)) {
        outgoing_acknowledged(&agent->outgoing, sequence, gw_loop_now_ms(agent->loop));
        agent->events.taken(agent->ctx);
        flush(agent);
    }
}

void gw_ssm_agent_receive(struct gw_ssm_agent *agent, struct gw_view bytes)
{
    struct gw_ssm_message message;
    struct gw_err err;
    if (agent->is_closed) {
        return;
    }
    if (!gw_ssm_message_read(bytes, &message, &err)) {
        gw_log(GW_LOG_INFO, "%s; passed over", err.message);
    } else if (gw_view_equal(message.type, GW_VIEW("acknowledge"))) {
        receive_acknowledge(agent, message.payload);
    } else if (gw_view_equal(message.type, GW_VIEW("input_stream_data"))) {
        receive_stream(agent, &message);
    }
}

/* ---- the caller's side ----------------------------------------------------------------------- */

void gw_ssm_agent_connected(struct gw_ssm_agent *agent)
{
    agent->is_connected = true;
    outgoing_rewind(&agent->outgoing);
    if (!agent->has_asked) {
        agent->has_asked = true;
        say_request(agent);
    } else {
        flush(agent);
    }
}

void gw_ssm_agent_disconnected(struct gw_ssm_agent *agent)
{
    agent->is_connected = false;
    await_repetition(agent);
}

void gw_ssm_agent_output(struct gw_ssm_agent *agent, struct gw_view bytes)
{
    for (size_t at = 0; at < bytes.len; at += OUTGOING_PIECE_BYTES) {
        outgoing_add(&agent->outgoing, GW_SSM_OUTPUT, gw_view_sub(bytes, at, OUTGOING_PIECE_BYTES),
                     gw_loop_wall_ms(agent->loop));
    }
    flush(agent);
}

size_t gw_ssm_agent_pending_bytes(const struct gw_ssm_agent *agent)
{
    return agent->outgoing.pending_bytes;
}

void gw_ssm_agent_close(struct gw_ssm_agent *agent, struct gw_view session_id,
                        struct gw_view reason)
{
    struct gw_ssm_closing closing = {session_id, reason};
    if (!agent->is_closing) {
        agent->is_closing = true;
        gw_ssm_write_closing(&closing, (double)gw_loop_wall_ms(agent->loop) / 1000,
                             &agent->closing);
        flush(agent);
    }
}
