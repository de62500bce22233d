/* The client's side of a session: handshake, input, output in order, and the end.
 *
 * Every message of the agent's stream is acknowledged, a repeated one again: its first
 * acknowledgement was lost. (The published client says nothing to a repetition, and hears it for
 * ever.) Agents take no input before the handshake is complete: it waits here. */
#include <stdlib.h>

#include "codec/codec.h"
#include "ssm/internal.h"

#define MAX_EARLY_BYTES   (16u << 20) /* typed before the agent was ready */
#define MAX_CONTROL_BYTES (64u << 10) /* handshake answers, acknowledgements, the token */

struct gw_ssm_channel {
    struct gw_loop *loop;
    struct gw_ssm_events events;
    void *ctx;
    char client_id[37];

    bool is_connected;
    bool is_paused; /* the agent asked for silence */
    bool is_ready;
    bool is_closed;

    int columns, rows; /* 0: unknown */
    struct cipher cipher;
    struct gw_buf request; /* of a handshake that waits for a key */
    struct gw_buf early;
    struct outgoing outgoing;
    struct gw_timer *repetition;

    int64_t expected; /* the number of the next message of the agent's stream */
    struct incoming incoming;
};

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
    outgoing_init(&channel->outgoing);
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

static void end(struct gw_ssm_channel *channel, struct gw_view reason, const struct gw_err *err)
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

static void flush(struct gw_ssm_channel *channel)
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
        end(channel, GW_VIEW(""), &err);
        return;
    }
    channel->events.send(channel->ctx, false, message);
    await_repetition(channel);
}

static void queue(struct gw_ssm_channel *channel, enum gw_ssm_payload_type type,
                  struct gw_view payload)
{
    outgoing_add(&channel->outgoing, type, payload, gw_loop_wall_ms(channel->loop));
}

static void queue_size(struct gw_ssm_channel *channel)
{
    struct gw_buf payload;
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    if (gw_ssm_write_size(channel->columns, channel->rows, &payload)) {
        queue(channel, GW_SSM_SIZE, gw_buf_view(&payload));
    }
    gw_buf_clear(&payload);
}

static void queue_piece(struct gw_ssm_channel *channel, struct gw_view piece)
{
    struct gw_buf sealed;
    if (!channel->cipher.is_on) {
        queue(channel, GW_SSM_OUTPUT, piece);
    } else if (cipher_close(&channel->cipher, piece, &sealed)) {
        queue(channel, GW_SSM_OUTPUT, gw_buf_view(&sealed));
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
    struct gw_buf payload, bytes;
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    gw_buf_init(&bytes, MAX_CONTROL_BYTES);
    gw_ssm_write_acknowledge(received, &payload);
    struct gw_ssm_message message = {.type = GW_VIEW("acknowledge"),
                                     .created_ms = gw_loop_wall_ms(channel->loop),
                                     .flags = GW_SSM_FLAG_SYN | GW_SSM_FLAG_FIN,
                                     .payload = gw_buf_view(&payload)};
    gw_random(message.id, sizeof message.id);
    gw_ssm_message_write(&message, &bytes);
    channel->events.send(channel->ctx, false, gw_buf_view(&bytes));
    gw_buf_clear(&payload);
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

static void send_answer(struct gw_ssm_channel *channel, const struct gw_ssm_response *response)
{
    struct gw_buf payload;
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    gw_ssm_write_response(response, &payload);
    queue(channel, GW_SSM_HANDSHAKE_RESPONSE, gw_buf_view(&payload));
    gw_buf_clear(&payload);
    flush(channel);
}

/* An action that is not agreed to ends the session, but the agent is told which first. `problem`:
 * why there is no key; NULL: there is one, or none is asked for. */
static void answer(struct gw_ssm_channel *channel, const struct gw_ssm_request *request,
                   struct gw_view key, const struct gw_err *problem)
{
    struct answer answered;
    struct gw_err err;
    struct gw_view keyless = problem != NULL ? gw_view_of(problem->message) : GW_VIEW("");
    answer_request(request, key, keyless, &answered);
    send_answer(channel, &answered.response);
    if (problem != NULL) {
        end(channel, GW_VIEW(""), problem);
    } else if (answered.refused.len > 0) {
        gw_fail(&err, GW_ERR_PROTOCOL, "session: the agent asks for '%.*s', which is not supported",
                GW_VIEW_ARGS(answered.refused));
        end(channel, GW_VIEW(""), &err);
    }
}

static void receive_request(struct gw_ssm_channel *channel, struct gw_view payload)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_ssm_request request;
    struct gw_err err;
    if (!gw_ssm_read_request(payload, arena, &request, &err)) {
        end(channel, GW_VIEW(""), &err);
    } else if (answer_key_id(&request).len > 0 && channel->events.key != NULL) {
        gw_buf_clear(&channel->request);
        gw_buf_add(&channel->request, payload);
        channel->events.key(channel->ctx, answer_key_id(&request));
    } else {
        answer(channel, &request, GW_VIEW(""), NULL);
    }
    gw_arena_free(arena);
}

/* Answers the request that has waited for a key. */
static void answer_waiting(struct gw_ssm_channel *channel, struct gw_view key,
                           const struct gw_err *problem)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_ssm_request request;
    if (gw_ssm_read_request(gw_buf_view(&channel->request), arena, &request, NULL)) {
        answer(channel, &request, key, problem);
    }
    gw_buf_clear(&channel->request);
    gw_arena_free(arena);
}

static void fail_cipher(struct gw_ssm_channel *channel)
{
    struct gw_err err;
    gw_fail(&err, GW_ERR_PROTOCOL,
            "session: what the agent sent is not encrypted with the key of this session");
    end(channel, GW_VIEW(""), &err);
}

/* That both have the same key is proved with bytes of the agent's. */
static void answer_challenge(struct gw_ssm_channel *channel, struct gw_view payload)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view challenge;
    struct gw_buf plain, sealed, response;
    gw_buf_init(&response, MAX_CONTROL_BYTES);
    gw_buf_init(&sealed, 0);
    gw_buf_init(&plain, 0);
    if (channel->cipher.is_on && gw_ssm_read_challenge(payload, arena, &challenge, NULL) &&
        cipher_open(&channel->cipher, challenge, &plain) &&
        cipher_close(&channel->cipher, gw_buf_view(&plain), &sealed)) {
        gw_ssm_write_challenge(gw_buf_view(&sealed), &response);
        queue(channel, GW_SSM_ENCRYPTION_RESPONSE, gw_buf_view(&response));
        flush(channel);
    } else {
        fail_cipher(channel);
    }
    gw_buf_clear(&plain);
    gw_buf_clear(&sealed);
    gw_buf_clear(&response);
    gw_arena_free(arena);
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
        receive_request(channel, payload);
        break;
    case GW_SSM_ENCRYPTION_CHALLENGE:
        answer_challenge(channel, payload);
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
        fail_cipher(channel);
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
        outgoing_acknowledged(&channel->outgoing, sequence, gw_loop_now_ms(channel->loop));
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
    end(channel, closing.output, NULL);
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
    flush(channel);
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
    flush(channel);
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
    flush(channel);
}

size_t gw_ssm_channel_pending_bytes(const struct gw_ssm_channel *channel)
{
    return channel->early.len + channel->outgoing.pending_bytes;
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
        flush(channel);
    }
}

bool gw_ssm_channel_encrypt(struct gw_ssm_channel *channel, struct gw_view data_key,
                            struct gw_view enciphered)
{
    if (!cipher_set(&channel->cipher, data_key, false)) {
        return false;
    }
    answer_waiting(channel, enciphered, NULL);
    return true;
}

void gw_ssm_channel_refuse_key(struct gw_ssm_channel *channel, const struct gw_err *err)
{
    answer_waiting(channel, GW_VIEW(""), err);
}

void gw_ssm_channel_terminate(struct gw_ssm_channel *channel)
{
    struct gw_buf payload;
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    gw_ssm_write_flag(GW_SSM_TERMINATE_SESSION, &payload);
    queue(channel, GW_SSM_FLAG, gw_buf_view(&payload));
    gw_buf_clear(&payload);
    flush(channel);
}
