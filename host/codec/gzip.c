/* gzip: bytes as a gzip stream, and back. Limits: the buffer's ceiling, and what zlib can count,
 * 4 GiB. */
#include "codec/codec.h"

#include <limits.h>
#include <zlib.h>

#define GZIP_WINDOW_BITS (MAX_WBITS + 16) /* zlib's way to ask for gzip's frame */
#define MEMORY_LEVEL     8                /* zlib's default */
#define CHUNK_BYTES      16384

static bool deflate_all(z_stream *stream, struct gw_buf *out)
{
    unsigned char chunk[CHUNK_BYTES];
    int result;
    do {
        stream->next_out = chunk;
        stream->avail_out = sizeof chunk;
        result = deflate(stream, Z_FINISH);
        gw_buf_add(out, (struct gw_view){(const char *)chunk, sizeof chunk - stream->avail_out});
    } while (result == Z_OK && !out->full);
    return result == Z_STREAM_END && !out->full;
}

bool gw_gzip_write(struct gw_view bytes, struct gw_buf *out)
{
    z_stream stream = {.next_in = (z_const Bytef *)bytes.data, .avail_in = (uInt)bytes.len};
    if (bytes.len > UINT_MAX ||
        deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    bool ok = deflate_all(&stream, out);
    deflateEnd(&stream);
    return ok;
}

static bool inflate_all(z_stream *stream, struct gw_buf *out, struct gw_err *err)
{
    unsigned char chunk[CHUNK_BYTES];
    int result;
    do {
        stream->next_out = chunk;
        stream->avail_out = sizeof chunk;
        result = inflate(stream, Z_NO_FLUSH);
        gw_buf_add(out, (struct gw_view){(const char *)chunk, sizeof chunk - stream->avail_out});
    } while (result == Z_OK && !out->full);
    if (out->full) {
        return gw_fail(err, GW_ERR_LIMIT, "gzip: more than %zu bytes inside", out->limit_bytes);
    }
    if (result != Z_STREAM_END) {
        return gw_fail(err, GW_ERR_INPUT, "gzip: %s",
                       result == Z_BUF_ERROR ? "the stream ends too early"
                                             : "not a gzip stream, or a damaged one");
    }
    return stream->avail_in == 0 || gw_fail(err, GW_ERR_INPUT, "gzip: bytes behind the stream");
}

bool gw_gzip_read(struct gw_view bytes, struct gw_buf *out, struct gw_err *err)
{
    z_stream stream = {.next_in = (z_const Bytef *)bytes.data, .avail_in = (uInt)bytes.len};
    if (bytes.len > UINT_MAX) {
        return gw_fail(err, GW_ERR_LIMIT, "gzip: a stream of more than 4 GiB");
    }
    if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK) {
        return gw_fail(err, GW_ERR_INTERNAL, "gzip: cannot begin");
    }
    bool ok = inflate_all(&stream, out, err);
    inflateEnd(&stream);
    return ok;
}
