/* The two texts with which client and server of a WebSocket recognise each other (RFC 6455, 4). */
#include <string.h>

#include "codec/codec.h"

#define KEY_BYTES 16
#define GUID      "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static void write_base64(struct gw_view bytes, char *out)
{
    struct gw_buf text;
    gw_buf_init(&text, 64);
    gw_base64_write(bytes, &text);
    memcpy(out, text.data, text.len + 1);
    gw_buf_clear(&text);
}

void gw_websocket_key(char out[GW_WEBSOCKET_KEY_SIZE])
{
    char bytes[KEY_BYTES];
    gw_random(bytes, sizeof bytes);
    write_base64((struct gw_view){bytes, sizeof bytes}, out);
}

void gw_websocket_accept(struct gw_view key, char out[GW_WEBSOCKET_ACCEPT_SIZE])
{
    unsigned char digest[GW_CHECKSUM_MAX_LEN];
    struct gw_checksum_state *state = gw_checksum_new(GW_CHECKSUM_SHA1);
    gw_checksum_add(state, key);
    gw_checksum_add(state, GW_VIEW(GUID));
    size_t len = gw_checksum_finish(state, digest);
    gw_checksum_free(state);
    write_base64((struct gw_view){(const char *)digest, len}, out);
}
