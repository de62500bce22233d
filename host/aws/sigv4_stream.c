/* sigv4_stream: signatures over what follows the head of a request: chunks of a body, trailers,
 * events. They form a chain, so that no piece can be left out, moved or added. */
#include "aws/internal.h"

#include <string.h>

#define DATE_LEN 8 /* of "20150830T123600Z" */

void gw_sigv4_stream_init(struct gw_sigv4_stream *stream, const struct gw_signing *signing,
                          struct gw_view head, struct gw_arena *arena)
{
    *stream = (struct gw_sigv4_stream){0};
    gw_time_compact(signing->epoch_s, stream->time);
    stream->scope = gw_sigv4_scope(signing->epoch_s, signing->region, signing->service, arena);
    gw_sigv4_key(signing->credentials->secret_access_key, (struct gw_view){stream->time, DATE_LEN},
                 signing->region, signing->service, stream->key);
    struct gw_view seed = gw_view_sub(head, 0, sizeof stream->signature - 1);
    memcpy(stream->signature, seed.data, seed.len);
}

void gw_sigv4_stream_clear(struct gw_sigv4_stream *stream)
{
    gw_wipe(stream, sizeof *stream);
}

/* `hashes` are the last lines of the string to sign. */
static void sign(struct gw_sigv4_stream *stream, const char *algorithm, const char *hashes)
{
    unsigned char mac[GW_SHA256_LEN];
    struct gw_buf text;
    gw_buf_init(&text, 1024);
    gw_buf_addf(&text, "%s\n%s\n%.*s\n%s\n%s", algorithm, stream->time, GW_VIEW_ARGS(stream->scope),
                stream->signature, hashes);
    gw_hmac_sha256((struct gw_view){(const char *)stream->key, sizeof stream->key},
                   gw_buf_view(&text), mac);
    gw_buf_clear(&text);
    gw_hex_write(mac, sizeof mac, stream->signature);
}

static void sign_payload(struct gw_sigv4_stream *stream, struct gw_view head, struct gw_view bytes)
{
    char hashes[4 * GW_SHA256_LEN + 2];
    gw_sha256_hex(head, hashes);
    hashes[2 * GW_SHA256_LEN] = '\n';
    gw_sha256_hex(bytes, hashes + 2 * GW_SHA256_LEN + 1);
    sign(stream, "AWS4-HMAC-SHA256-PAYLOAD", hashes);
}

void gw_sigv4_sign_chunk(struct gw_sigv4_stream *stream, struct gw_view bytes)
{
    sign_payload(stream, GW_VIEW_NONE, bytes);
}

void gw_sigv4_sign_trailers(struct gw_sigv4_stream *stream, struct gw_view trailers)
{
    char hash[2 * GW_SHA256_LEN + 1];
    gw_sha256_hex(trailers, hash);
    sign(stream, "AWS4-HMAC-SHA256-TRAILER", hash);
}

/* What is signed of the headers of an event is its date, as event streams write it: the length of
 * the name, the name, the type, milliseconds in eight bytes. */
void gw_sigv4_sign_event(struct gw_sigv4_stream *stream, int64_t epoch_ms, struct gw_view bytes)
{
    char date[] = "\x05:date\x08________";
    uint64_t number = (uint64_t)epoch_ms;
    for (size_t i = sizeof date - 1; i > sizeof date - 1 - 8; i--, number >>= 8) {
        date[i - 1] = (char)number;
    }
    gw_time_compact(epoch_ms / 1000, stream->time);
    sign_payload(stream, (struct gw_view){date, sizeof date - 1}, bytes);
}
