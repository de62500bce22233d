/* The client's side of a session: handshake, input, output in order, and the end.
 *
 * Every message of the agent's stream is acknowledged, a repeated one again: its first
 * acknowledgement was lost. (The published client says nothing to a repetition, and hears it for
 * ever.) Agents take no input before the handshake is complete: it waits here. */
#include <stdlib.h>

#include "codec/codec.h"
#include "ssm/internal.h"

#define MAX_EARLY_BYTES (16u << 20) /* typed before the agent was ready */

struct gw_ssm_channel *gw_ssm_channel_new(struct gw_loop *loop, const struct gw_ssm_events *events,
                                          void *ctx)
{
    struct gw_ssm_channel *channel = gw_alloc(sizeof *channel);
    channel->loop = loop;
    channel->events = *events;
    channel->ctx = ctx;
    gw_uuid4(channel->client_id);
    gw_buf_init(&channel->early, MAX_EARLY_BYTES);
    gw_buf_init(&channel->request, MAX_CONTROL_BYTES);
    outgoing_init(&channel->outgoing, GW_VIEW("input_stream_data"));
    return channel;
}

void gw_ssm_channel_free(struct gw_ssm_channel *channel)
{
    if (channel == NULL) {
        return;
    }
    gw_timer_stop(channel->repetition);
    outgoing_clear(&channel->outgoing);
    incoming_clear(&channel->incoming);
    gw_wipe(channel->early.data, channel->early.len);
    gw_buf_clear(&channel->early);
    gw_buf_clear(&channel->request);
    cipher_clear(&channel->cipher);
    free(channel);
}

void channel_end(struct gw_ssm_channel *channel, struct gw_view reason, const struct gw_err *err)
{
    if (channel->is_closed) {
        return;
    }
    channel->is_closed = true;
    gw_timer_stop(channel->repetition);
    channel->repetition = NULL;
    channel->events.closed(channel->ctx, reason, err);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void on_repetition(void *ctx);

static bool may_send(const struct gw_ssm_channel *channel)
{
    return channel->is_connected && !channel->is_paused && !channel->is_closed;
}

static void await_repetition(struct gw_ssm_channel *channel)
{
    gw_timer_stop(channel->repetition);
    channel->repetition = NULL;
    int64_t due_ms = outgoing_due_ms(&channel->outgoing);
    if (may_send(channel) && due_ms != INT64_MAX) {
        int64_t delay_ms = due_ms - gw_loop_now_ms(channel->loop);
        channel->repetition = gw_timer_start(channel->loop, delay_ms, on_repetition, channel);
    }
}

void channel_flush(struct gw_ssm_channel *channel)
{
    struct gw_view message;
    while (may_send(channel) &&
           outgoing_next(&channel->outgoing, gw_loop_now_ms(channel->loop), &message)) {
        channel->events.send(channel->ctx, false, message);
    }
    await_repetition(channel);
}

static void on_repetition(void *ctx)
{
    struct gw_ssm_channel *channel = ctx;
    channel->repetition = NULL;
    struct gw_view message;
    if (!outgoing_again(&channel->outgoing, gw_loop_now_ms(channel->loop), &message)) {
        struct gw_err err;
        gw_fail(&err, GW_ERR_TIMEOUT, "session: the agent has not taken any input for 5 minutes");
        channel_end(channel, GW_VIEW(""), &err);
        return;
    }
    channel->events.send(channel->ctx, false, message);
    await_repetition(channel);
}

void channel_queue(struct gw_ssm_channel *channel, enum gw_ssm_payload_type type,
                   struct gw_view payload)
{
    outgoing_add(&channel->outgoing, type, payload, gw_loop_wall_ms(channel->loop));
}

static void queue_size(struct gw_ssm_channel *channel)
{
    struct gw_buf payload;
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    if (gw_ssm_write_size(channel->columns, channel->rows, &payload)) {
        channel_queue(channel, GW_SSM_SIZE, gw_buf_view(&payload));
    }
    gw_buf_clear(&payload);
}

static void queue_piece(struct gw_ssm_channel *channel, struct gw_view piece)
{
    struct gw_buf sealed;
    if (!channel->cipher.is_on) {
        channel_queue(channel, GW_SSM_OUTPUT, piece);
    } else if (cipher_close(&channel->cipher, piece, &sealed)) {
        channel_queue(channel, GW_SSM_OUTPUT, gw_buf_view(&sealed));
        gw_buf_clear(&sealed);
    }
}

static void queue_input(struct gw_ssm_channel *channel, struct gw_view bytes)
{
    for (size_t at = 0; at < bytes.len; at += OUTGOING_PIECE_BYTES) {
        queue_piece(channel, gw_view_sub(bytes, at, OUTGOING_PIECE_BYTES));
    }
}

static void acknowledge(struct gw_ssm_channel *channel, const struct gw_ssm_message *received)
{
    struct gw_buf bytes;
    gw_buf_init(&bytes, MAX_CONTROL_BYTES);
    acknowledge_write(received, gw_loop_wall_ms(channel->loop), &bytes);
    channel->events.send(channel->ctx, false, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
}

/* ---- the agent's stream ---------------------------------------------------------------------- */

static void become_ready(struct gw_ssm_channel *channel, struct gw_view greeting)
{
    if (channel->is_ready) {
        return;
    }
    channel->is_ready = true;
    queue_size(channel);
    queue_input(channel, gw_buf_view(&channel->early));
    gw_wipe(channel->early.data, channel->early.len);
    gw_buf_clear(&channel->early);
    channel->events.ready(channel->ctx, greeting);
}

static void complete_handshake(struct gw_ssm_channel *channel, struct gw_view payload)
{
    struct gw_arena *arena = gw_arena_new();
    become_ready(channel, gw_ssm_read_complete(payload, arena));
    gw_arena_free(arena);
}

static void process_plain(struct gw_ssm_channel *channel, uint32_t payload_type,
                          struct gw_view payload)
{
    switch (payload_type) {
    case GW_SSM_HANDSHAKE_REQUEST:
        channel_receive_request(channel, payload);
        break;
    case GW_SSM_ENCRYPTION_CHALLENGE:
        channel_receive_challenge(channel, payload);
        break;
    case GW_SSM_HANDSHAKE_COMPLETE:
        complete_handshake(channel, payload);
        break;
    case GW_SSM_OUTPUT:
        become_ready(channel, GW_VIEW("")); /* very old agents shake no hands */
        channel->events.output(channel->ctx, GW_SSM_STREAM_OUTPUT, payload);
        break;
    case GW_SSM_ERROR:
    case GW_SSM_STDERR:
        channel->events.output(channel->ctx, GW_SSM_STREAM_ERROR, payload);
        break;
    default: /* what it says is for other kinds of session */
        break;
    }
}

static void process(struct gw_ssm_channel *channel, uint32_t payload_type, struct gw_view payload)
{
    struct gw_buf plain;
    if (!cipher_concerns(&channel->cipher, payload_type)) {
        process_plain(channel, payload_type, payload);
        return;
    }
    if (cipher_open(&channel->cipher, payload, &plain)) {
        process_plain(channel, payload_type, gw_buf_view(&plain));
    } else {
        channel_fail_cipher(channel);
    }
    gw_wipe(plain.data, plain.len);
    gw_buf_clear(&plain);
}

static void process_waiting(struct gw_ssm_channel *channel)
{
    struct gw_arena *arena = gw_arena_new();
    struct incoming_message message;
    while (!channel->is_closed &&
           incoming_take(&channel->incoming, channel->expected, arena, &message)) {
        channel->expected++;
        process(channel, message.payload_type, message.payload);
        gw_arena_clear(arena);
    }
    gw_arena_free(arena);
}

/* One that comes too early is acknowledged when it is kept; with no room for it, it must come again.
 */
static void receive_stream(struct gw_ssm_channel *channel, const struct gw_ssm_message *message)
{
    if (message->sequence > channel->expected) {
        if (incoming_keep(&channel->incoming, message)) {
            acknowledge(channel, message);
        }
        return;
    }
    acknowledge(channel, message);
    if (message->sequence == channel->expected) {
        channel->expected++;
        process(channel, message->payload_type, message->payload);
        process_waiting(channel);
    }
}

/* ---- what else the other side says ----------------------------------------------------------- */

static void receive_acknowledge(struct gw_ssm_channel *channel, struct gw_view payload)
{
    int64_t sequence;
    if (gw_ssm_read_acknowledge(payload, &sequence)) {
        int64_t now_ms = gw_loop_now_ms(channel->loop);
        channel->taken += outgoing_acknowledged(&channel->outgoing, sequence, now_ms);
        if (channel->events.taken != NULL) {
            channel->events.taken(channel->ctx);
        }
    }
}

static void receive_closed(struct gw_ssm_channel *channel, struct gw_view payload)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_ssm_closing closing;
    gw_ssm_read_closing(payload, arena, &closing);
    channel_end(channel, closing.output, NULL);
    gw_arena_free(arena);
}

void gw_ssm_channel_receive(struct gw_ssm_channel *channel, struct gw_view bytes)
{
    struct gw_ssm_message message;
    struct gw_err err;
    if (channel->is_closed) {
        return;
    }
    if (!gw_ssm_message_read(bytes, &message, &err)) {
        gw_log(GW_LOG_INFO, "%s; passed over", err.message);
        return;
    }
    if (gw_view_equal(message.type, GW_VIEW("output_stream_data"))) {
        receive_stream(channel, &message);
    } else if (gw_view_equal(message.type, GW_VIEW("acknowledge"))) {
        receive_acknowledge(channel, message.payload);
    } else if (gw_view_equal(message.type, GW_VIEW("channel_closed"))) {
        receive_closed(channel, message.payload);
    } else if (gw_view_equal(message.type, GW_VIEW("pause_publication"))) {
        channel->is_paused = true;
    } else if (gw_view_equal(message.type, GW_VIEW("start_publication"))) {
        channel->is_paused = false;
    }
    channel_flush(channel);
}

/* ---- the caller's side ----------------------------------------------------------------------- */

void gw_ssm_channel_connected(struct gw_ssm_channel *channel, struct gw_view token)
{
    struct gw_ssm_opening opening = {token, gw_view_of(channel->client_id),
                                     GW_VIEW(GW_SSM_CLIENT_VERSION)};
    struct gw_buf text;
    gw_buf_init(&text, MAX_CONTROL_BYTES);
    gw_ssm_write_opening(&opening, &text);
    channel->is_connected = true;
    channel->is_paused = false;
    channel->events.send(channel->ctx, true, gw_buf_view(&text));
    gw_wipe(text.data, text.len);
    gw_buf_clear(&text);
    outgoing_rewind(&channel->outgoing);
    channel_flush(channel);
}

void gw_ssm_channel_disconnected(struct gw_ssm_channel *channel)
{
    channel->is_connected = false;
    await_repetition(channel);
}

void gw_ssm_channel_input(struct gw_ssm_channel *channel, struct gw_view bytes)
{
    if (!channel->is_ready) {
        gw_buf_add(&channel->early, bytes);
        return;
    }
    queue_input(channel, bytes);
    channel_flush(channel);
}

size_t gw_ssm_channel_pending_bytes(const struct gw_ssm_channel *channel)
{
    return channel->early.len + channel->outgoing.pending_bytes;
}

uint64_t gw_ssm_channel_progress(const struct gw_ssm_channel *channel)
{
    return channel->taken + (uint64_t)channel->expected;
}

bool gw_ssm_channel_awaits(const struct gw_ssm_channel *channel)
{
    return may_send(channel) && channel->outgoing.in_flight > 0;
}

void gw_ssm_channel_resize(struct gw_ssm_channel *channel, int columns, int rows)
{
    channel->columns = columns;
    channel->rows = rows;
    if (channel->is_ready) {
        queue_size(channel);
        channel_flush(channel);
    }
}

bool gw_ssm_channel_encrypt(struct gw_ssm_channel *channel, struct gw_view data_key,
                            struct gw_view enciphered)
{
    if (!cipher_set(&channel->cipher, data_key)) {
        return false;
    }
    channel_answer_waiting(channel, enciphered, NULL);
    return true;
}

void gw_ssm_channel_refuse_key(struct gw_ssm_channel *channel, const struct gw_err *err)
{
    channel_answer_waiting(channel, GW_VIEW(""), err);
}

void gw_ssm_channel_terminate(struct gw_ssm_channel *channel)
{
    struct gw_buf payload;
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    gw_ssm_write_flag(GW_SSM_TERMINATE_SESSION, &payload);
    channel_queue(channel, GW_SSM_FLAG, gw_buf_view(&payload));
    gw_buf_clear(&payload);
    channel_flush(channel);
}
