/* custom_glacier: the checksums that Glacier wants of an archive, of a body in memory or from a source:
 * botocore/handlers.py, add_glacier_checksums. See customisations.c. */
#include "aws/internal.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)1 << 20)

/* Of each MiB one, and of all together. */
struct hashes {
    unsigned char *blocks;
    size_t count;
    struct gw_checksum_state *whole;
};

static void add_block(struct hashes *hashes, struct gw_view block)
{
    gw_sha256(block, hashes->blocks + hashes->count++ * GW_SHA256_LEN);
    gw_checksum_add(hashes->whole, block);
}

static void hash_memory(struct hashes *hashes, struct gw_view body)
{
    size_t at = 0;
    do {
        add_block(hashes, gw_view_sub(body, at, BLOCK_BYTES));
        at += BLOCK_BYTES;
    } while (at < body.len);
}

static bool read_block(const struct gw_body_source *source, char *block, size_t *len,
                       struct gw_err *err)
{
    size_t got = 1;
    for (*len = 0; *len < BLOCK_BYTES && got > 0; *len += got) {
        if (!source->read(source->ctx, block + *len, BLOCK_BYTES - *len, &got, err)) {
            return false;
        }
    }
    return true;
}

/* As many blocks as there is room for: a source ends after the bytes that it promises. */
static bool hash_source(struct hashes *hashes, size_t count, const struct gw_body_source *source,
                        struct gw_err *err)
{
    char *block = gw_alloc(BLOCK_BYTES);
    size_t len = 0;
    bool ok = source->rewind(source->ctx, err);
    while (ok && hashes->count < count) {
        ok = read_block(source, block, &len, err);
        if (ok) {
            add_block(hashes, (struct gw_view){block, len});
        }
    }
    free(block);
    return ok;
}

/* Of each two neighbours one, until one is left: the first. */
static void join(struct hashes *hashes)
{
    for (; hashes->count > 1; hashes->count = (hashes->count + 1) / 2) {
        unsigned char *blocks = hashes->blocks;
        for (size_t i = 0; i < hashes->count / 2; i++) {
            struct gw_view pair = {(const char *)blocks + 2 * i * GW_SHA256_LEN, 2 * GW_SHA256_LEN};
            unsigned char joint[GW_SHA256_LEN];
            gw_sha256(pair, joint);
            memcpy(blocks + i * GW_SHA256_LEN, joint, sizeof joint);
        }
        if (hashes->count % 2 == 1) {
            memmove(blocks + hashes->count / 2 * GW_SHA256_LEN,
                    blocks + (hashes->count - 1) * GW_SHA256_LEN, GW_SHA256_LEN);
        }
    }
}

static struct gw_view hex_of(const unsigned char *hash, struct gw_arena *arena)
{
    char hex[2 * GW_SHA256_LEN];
    gw_hex_write(hash, GW_SHA256_LEN, hex);
    return gw_arena_dup(arena, (struct gw_view){hex, sizeof hex});
}

static void set_header(struct gw_http_request *req, const char *name, const unsigned char *hash,
                       struct gw_arena *arena)
{
    gw_headers_drop(&req->headers, gw_view_of(name));
    gw_headers_add(arena, &req->headers, gw_view_of(name), hex_of(hash, arena));
}

bool gw_custom_add_checksums(const struct gw_custom_body *body, struct gw_arena *arena,
                             struct gw_http_request *req, struct gw_err *err)
{
    const struct gw_body_source *source = body->source;
    if (!gw_custom_is_of(body->op, "Glacier", "UploadArchive") &&
        !gw_custom_is_of(body->op, "Glacier", "UploadMultipartPart")) {
        return true;
    }
    uint64_t size_bytes = source ? source->size_bytes : req->body.len;
    size_t count = size_bytes == 0 ? 1 : (size_t)((size_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
    struct hashes hashes = {.blocks = gw_arena_alloc(arena, count * GW_SHA256_LEN),
                            .whole = gw_checksum_new(GW_CHECKSUM_SHA256)};
    bool ok = true;
    if (source) {
        ok = hash_source(&hashes, count, source, err);
    } else {
        hash_memory(&hashes, req->body);
    }
    if (ok) {
        unsigned char whole[GW_CHECKSUM_MAX_LEN];
        gw_checksum_finish(hashes.whole, whole);
        set_header(req, "x-amz-content-sha256", whole, arena);
        join(&hashes);
        if (gw_map_text(body->input, GW_VIEW("checksum")).len == 0) { /* the caller's goes before */
            set_header(req, "x-amz-sha256-tree-hash", hashes.blocks, arena);
        }
    }
    gw_checksum_free(hashes.whole);
    return ok;
}
