/* WebSocket frames by wslay, which works on two buffers here instead of a socket. */
#include <stdlib.h>
#include <sys/random.h>
#include <wslay/wslay.h>

#include "net/net.h"

#define MAX_OUTPUT_BYTES ((size_t)256 << 20)

struct gw_frames {
    wslay_event_context_ptr wslay;
    gw_frames_fn received;
    void *ctx;
    struct gw_view input; /* of the receive that runs */
    struct gw_buf output;
    size_t dropped; /* from the output's front */
};

/* ---- what wslay calls ------------------------------------------------------------------------ */

static ssize_t give_input(wslay_event_context_ptr wslay, uint8_t *out, size_t capacity, int flags,
                          void *ctx)
{
    (void)flags;
    struct gw_frames *frames = ctx;
    struct gw_view piece = gw_view_sub(frames->input, 0, capacity);
    if (piece.len == 0) {
        wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    for (size_t i = 0; i < piece.len; i++) {
        out[i] = (uint8_t)piece.data[i];
    }
    frames->input = gw_view_sub(frames->input, piece.len, GW_NPOS);
    return (ssize_t)piece.len;
}

static ssize_t take_output(wslay_event_context_ptr wslay, const uint8_t *data, size_t len,
                           int flags, void *ctx)
{
    (void)flags;
    struct gw_frames *frames = ctx;
    if (!gw_buf_add(&frames->output, (struct gw_view){(const char *)data, len})) {
        wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    return (ssize_t)len;
}

/* A client masks with bytes that nobody can guess (RFC 6455, 5.3). */
static int make_mask(wslay_event_context_ptr wslay, uint8_t *out, size_t len, void *ctx)
{
    (void)ctx;
    if (getrandom(out, len, 0) != (ssize_t)len) {
        wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    return 0;
}

static void on_message(wslay_event_context_ptr wslay,
                       const struct wslay_event_on_msg_recv_arg *message, void *ctx)
{
    (void)wslay;
    struct gw_frames *frames = ctx;
    struct gw_view bytes = {(const char *)message->msg, message->msg_length};
    switch (message->opcode) {
    case WSLAY_TEXT_FRAME:
    case WSLAY_BINARY_FRAME:
    case WSLAY_PING:
        frames->received(frames->ctx, (enum gw_frame)message->opcode, bytes);
        break;
    case WSLAY_CONNECTION_CLOSE: /* the reason stands behind two bytes of a number */
        frames->received(frames->ctx, GW_FRAME_CLOSE, gw_view_sub(bytes, 2, GW_NPOS));
        break;
    default:
        break;
    }
}

/* ---- the caller's side ----------------------------------------------------------------------- */

struct gw_frames *gw_frames_new(bool is_server, gw_frames_fn received, void *ctx)
{
    struct wslay_event_callbacks callbacks = {.recv_callback = give_input,
                                              .send_callback = take_output,
                                              .genmask_callback = make_mask,
                                              .on_msg_recv_callback = on_message};
    struct gw_frames *frames = gw_alloc(sizeof *frames);
    frames->received = received;
    frames->ctx = ctx;
    gw_buf_init(&frames->output, MAX_OUTPUT_BYTES);
    int failed = is_server ? wslay_event_context_server_init(&frames->wslay, &callbacks, frames)
                           : wslay_event_context_client_init(&frames->wslay, &callbacks, frames);
    if (failed) {
        abort(); /* out of memory */
    }
    wslay_event_config_set_max_recv_msg_length(frames->wslay, GW_FRAMES_MAX_MESSAGE_BYTES);
    return frames;
}

void gw_frames_free(struct gw_frames *frames)
{
    if (frames != NULL) {
        wslay_event_context_free(frames->wslay);
        gw_wipe(frames->output.data, frames->output.len);
        gw_buf_clear(&frames->output);
        free(frames);
    }
}

/* Wslay reads nothing more after a frame that is wrong, and queues a close that says why. */
static bool describe(const struct gw_frames *frames, int code, struct gw_err *err)
{
    if (code == WSLAY_ERR_NOMEM) {
        abort();
    }
    switch (wslay_event_get_status_code_sent(frames->wslay)) {
    case WSLAY_CODE_MESSAGE_TOO_BIG:
        return gw_fail(err, GW_ERR_LIMIT, "websocket: a message of more than %zu bytes",
                       GW_FRAMES_MAX_MESSAGE_BYTES);
    case WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA:
        return gw_fail(err, GW_ERR_PROTOCOL, "websocket: a text that is not UTF-8");
    default:
        return gw_fail(err, GW_ERR_PROTOCOL, "websocket: a frame that the protocol does not allow");
    }
}

bool gw_frames_receive(struct gw_frames *frames, struct gw_view bytes, struct gw_err *err)
{
    if (wslay_event_get_close_received(frames->wslay)) {
        return true; /* what follows a close is nothing */
    }
    frames->input = bytes;
    int code = wslay_event_recv(frames->wslay);
    frames->input = GW_VIEW_NONE;
    wslay_event_send(frames->wslay);
    bool broken = !wslay_event_get_close_received(frames->wslay) &&
                  !wslay_event_get_read_enabled(frames->wslay);
    return (code == 0 && !broken) || describe(frames, code, err);
}

bool gw_frames_send(struct gw_frames *frames, enum gw_frame kind, struct gw_view bytes)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    struct wslay_event_msg message = {(uint8_t)kind, data, bytes.len};
    int code =
        kind == GW_FRAME_CLOSE
            ? wslay_event_queue_close(frames->wslay, WSLAY_CODE_NORMAL_CLOSURE, data, bytes.len)
            : wslay_event_queue_msg(frames->wslay, &message);
    return code == 0 && wslay_event_send(frames->wslay) == 0;
}

struct gw_view gw_frames_output(const struct gw_frames *frames)
{
    return gw_view_sub(gw_buf_view(&frames->output), frames->dropped, GW_NPOS);
}

void gw_frames_drop(struct gw_frames *frames, size_t len)
{
    frames->dropped += len;
    if (frames->dropped >= frames->output.len) {
        gw_wipe(frames->output.data, frames->output.len); /* what was typed may be a password */
        gw_buf_reset(&frames->output);
        frames->dropped = 0;
    }
}
