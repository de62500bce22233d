/* chunked: the content encoding "aws-chunked": a body in chunks, with its checksum behind it, so
 * that it is read once only. With signatures:
 *
 *   100000;chunk-signature=...\r\n(1 MiB)\r\n
 *   0;chunk-signature=...\r\nx-amz-checksum-crc32:...\r\nx-amz-trailer-signature:...\r\n\r\n
 *
 * and without them the same less what is about signatures. All chunks but the last are full, so
 * that the length of it all is known beforehand. */
#include "aws/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES       ((size_t)1 << 20)
#define CHUNK_SIGNATURE   ";chunk-signature="
#define TRAILER_SIGNATURE "x-amz-trailer-signature:"
#define SIGNATURE_LEN     ((size_t)64)
#define HEAD_MAX          128 /* before the bytes of a chunk */

struct gw_chunked {
    struct gw_body_source base;
    struct gw_chunked_options options;
    struct gw_checksum_state *checksum;
    struct gw_sigv4_stream seed, signatures;

    char *chunk; /* room for HEAD_MAX, CHUNK_BYTES and a line end; or for what ends it all */
    struct gw_view ready; /* of it, to be read */
    bool complete;
};

/* ---- one chunk ------------------------------------------------------------------------------- */

static bool fill(struct gw_chunked *chunked, char *out, size_t *total, struct gw_err *err)
{
    const struct gw_body_source *inner = chunked->options.inner;
    size_t len = 1;
    for (*total = 0; *total < CHUNK_BYTES && len > 0; *total += len) {
        if (!inner->read(inner->ctx, out + *total, CHUNK_BYTES - *total, &len, err)) {
            return false;
        }
    }
    return true;
}

/* "100000\r\n"; how long it is. */
static size_t write_head(struct gw_chunked *chunked, struct gw_view bytes, char head[HEAD_MAX])
{
    bool is_signed = chunked->options.is_signed;
    if (is_signed) {
        gw_sigv4_sign_chunk(&chunked->signatures, bytes);
    }
    return (size_t)snprintf(head, HEAD_MAX, "%zx%s%s\r\n", bytes.len,
                            is_signed ? CHUNK_SIGNATURE : "",
                            is_signed ? chunked->signatures.signature : "");
}

static void frame(struct gw_chunked *chunked, struct gw_view bytes)
{
    char head[HEAD_MAX];
    size_t head_len = write_head(chunked, bytes, head);
    char *start = chunked->chunk + HEAD_MAX - head_len;
    memcpy(start, head, head_len);
    memcpy(chunked->chunk + HEAD_MAX + bytes.len, "\r\n", 2);
    chunked->ready = (struct gw_view){start, head_len + bytes.len + 2};
}

static void write_trailer(struct gw_chunked *chunked, struct gw_buf *out)
{
    unsigned char value[GW_CHECKSUM_MAX_LEN];
    size_t len = gw_checksum_finish(chunked->checksum, value);
    gw_buf_addf(out, "%.*s:", GW_VIEW_ARGS(chunked->options.trailer));
    gw_base64_write((struct gw_view){(const char *)value, len}, out);
    gw_buf_add_char(out, '\n');
}

/* The empty chunk and the trailers. */
static void end(struct gw_chunked *chunked)
{
    char head[HEAD_MAX];
    struct gw_buf trailer;
    gw_buf_init(&trailer, CHUNK_BYTES);
    write_head(chunked, GW_VIEW_NONE, head);
    write_trailer(chunked, &trailer);
    bool is_signed = chunked->options.is_signed;
    if (is_signed) {
        gw_sigv4_sign_trailers(&chunked->signatures, gw_buf_view(&trailer));
    }
    int len = snprintf(chunked->chunk, CHUNK_BYTES, "%s%.*s\r\n%s%s%s\r\n", head,
                       (int)trailer.len - 1, trailer.data, is_signed ? TRAILER_SIGNATURE : "",
                       is_signed ? chunked->signatures.signature : "", is_signed ? "\r\n" : "");
    gw_buf_clear(&trailer);
    chunked->ready = (struct gw_view){chunked->chunk, (size_t)len};
    chunked->complete = true;
}

static bool make_chunk(struct gw_chunked *chunked, struct gw_err *err)
{
    struct gw_view bytes = {chunked->chunk + HEAD_MAX, 0};
    if (!fill(chunked, chunked->chunk + HEAD_MAX, &bytes.len, err)) {
        return false;
    }
    gw_checksum_add(chunked->checksum, bytes);
    if (bytes.len > 0) {
        frame(chunked, bytes);
    } else {
        end(chunked);
    }
    return true;
}

/* ---- the source ------------------------------------------------------------------------------ */

static bool rewind_all(void *ctx, struct gw_err *err)
{
    struct gw_chunked *chunked = ctx;
    chunked->ready = GW_VIEW_NONE;
    chunked->complete = false;
    chunked->signatures = chunked->seed;
    gw_checksum_reset(chunked->checksum);
    return chunked->options.inner->rewind(chunked->options.inner->ctx, err);
}

static bool read_some(void *ctx, char *out, size_t capacity, size_t *len, struct gw_err *err)
{
    struct gw_chunked *chunked = ctx;
    if (chunked->ready.len == 0 && !chunked->complete && !make_chunk(chunked, err)) {
        return false;
    }
    struct gw_view piece = gw_view_sub(chunked->ready, 0, capacity);
    if (piece.len > 0) {
        memcpy(out, piece.data, piece.len);
    }
    chunked->ready = gw_view_sub(chunked->ready, piece.len, GW_NPOS);
    *len = piece.len;
    return true;
}

static uint64_t framed_bytes(uint64_t len, bool is_signed)
{
    int digits = snprintf(NULL, 0, "%llx", (unsigned long long)len);
    return (uint64_t)digits + (is_signed ? sizeof CHUNK_SIGNATURE - 1 + SIGNATURE_LEN : 0) + 2 +
           len + (len > 0 ? 2 : 0);
}

static uint64_t total_bytes(const struct gw_chunked_options *options)
{
    uint64_t full = options->inner->size_bytes / CHUNK_BYTES;
    uint64_t rest = options->inner->size_bytes % CHUNK_BYTES;
    uint64_t total = full * framed_bytes(CHUNK_BYTES, options->is_signed);
    total += rest > 0 ? framed_bytes(rest, options->is_signed) : 0;
    total += framed_bytes(0, options->is_signed);
    total += options->trailer.len + 1 + (gw_checksum_len(options->checksum) + 2) / 3 * 4 + 2;
    total += options->is_signed ? sizeof TRAILER_SIGNATURE - 1 + SIGNATURE_LEN + 2 : 0;
    return total + 2;
}

struct gw_chunked *gw_chunked_new(const struct gw_chunked_options *options)
{
    struct gw_chunked *chunked = gw_alloc(sizeof *chunked);
    chunked->options = *options;
    chunked->checksum = gw_checksum_new(options->checksum);
    chunked->chunk = gw_alloc(HEAD_MAX + CHUNK_BYTES + 2);
    chunked->base = (struct gw_body_source){total_bytes(options), rewind_all, read_some, chunked};
    return chunked;
}

void gw_chunked_free(struct gw_chunked *chunked)
{
    if (chunked) {
        gw_sigv4_stream_clear(&chunked->seed);
        gw_sigv4_stream_clear(&chunked->signatures);
        gw_checksum_free(chunked->checksum);
        free(chunked->chunk);
        free(chunked);
    }
}

const struct gw_body_source *gw_chunked_source(struct gw_chunked *chunked)
{
    return &chunked->base;
}

void gw_chunked_set_seed(struct gw_chunked *chunked, const struct gw_signing *signing,
                         struct gw_view signature, struct gw_arena *arena)
{
    if (chunked->options.is_signed) {
        gw_sigv4_stream_init(&chunked->seed, signing, signature, arena);
    }
}
