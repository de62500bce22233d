/* fuzz: WebSocket frames, to a client and to a server, in pieces that the first byte chooses; also the
 * answer to a request for a WebSocket. Nothing comes after a close, and no message is above the limit. */
#include "net/internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    struct gw_frames *frames;
    bool closed;
};

static void on_frame(void *ctx, enum gw_frame kind, struct gw_view bytes)
{
    struct heard *heard = ctx;
    if (heard->closed || bytes.len > GW_FRAMES_MAX_MESSAGE_BYTES) {
        abort();
    }
    heard->closed = kind == GW_FRAME_CLOSE;
    if (kind == GW_FRAME_TEXT) {
        gw_frames_send(heard->frames, GW_FRAME_BINARY, bytes);
    }
}

static void receive(bool is_server, size_t piece, struct gw_view bytes)
{
    struct heard heard = {0};
    struct gw_err err;
    heard.frames = gw_frames_new(is_server, on_frame, &heard);
    while (bytes.len > 0 && gw_frames_receive(heard.frames, gw_view_sub(bytes, 0, piece), &err)) {
        bytes = gw_view_sub(bytes, piece, GW_NPOS);
        gw_frames_drop(heard.frames, gw_frames_output(heard.frames).len / 2);
    }
    gw_frames_free(heard.frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct gw_view bytes = {(const char *)data + 1, size - 1};
    size_t piece = 1 + data[0] % 64, len = 0;
    struct gw_err err;
    receive(false, piece, bytes);
    receive(true, piece, bytes);
    if (gw_upgrade_read(bytes, GW_VIEW("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), &len, &err) ==
            GW_UPGRADE_DONE &&
        len > bytes.len) {
        abort();
    }
    return 0;
}
