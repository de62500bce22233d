/* verify: the checksum of an answer, computed while it arrives. A composite value ("...-3", of the
 * parts of a multipart upload) says nothing of the bytes, and is not checked. */
#include "aws/internal.h"

/* The best first, as AWS's SDKs have them. */
static const enum gw_checksum_kind by_preference[] = {
    GW_CHECKSUM_XXHASH128, GW_CHECKSUM_XXHASH3, GW_CHECKSUM_CRC64NVME,
    GW_CHECKSUM_XXHASH64,  GW_CHECKSUM_CRC32C,  GW_CHECKSUM_CRC32,
    GW_CHECKSUM_SHA1,      GW_CHECKSUM_SHA256,  GW_CHECKSUM_SHA512,
};

static bool is_modelled(const struct gw_operation *op, enum gw_checksum_kind kind)
{
    size_t count = gw_operation_checksum(op).response_count;
    for (size_t i = 0; i < count; i++) {
        if (gw_view_equal_nocase(gw_operation_response_checksum(op, i), gw_checksum_name(kind))) {
            return true;
        }
    }
    return false;
}

void gw_verify_begin(struct gw_verify *verify, const struct gw_operation *op,
                     const struct gw_headers *headers, struct gw_arena *arena)
{
    gw_verify_clear(verify);
    for (size_t i = 0; verify->wanted && i < sizeof by_preference / sizeof by_preference[0]; i++) {
        enum gw_checksum_kind kind = by_preference[i];
        struct gw_view name =
            gw_arena_printf(arena, "x-amz-checksum-%.*s", GW_VIEW_ARGS(gw_checksum_name(kind)));
        struct gw_view value = gw_headers_get(headers, name);
        if (value.len > 0 && gw_view_find_char(value, '-') == GW_NPOS && is_modelled(op, kind)) {
            verify->state = gw_checksum_new(kind);
            verify->name = name;
            verify->expected = gw_arena_dup(arena, value);
            return;
        }
    }
}

void gw_verify_add(struct gw_verify *verify, struct gw_view bytes)
{
    if (verify->state) {
        gw_checksum_add(verify->state, bytes);
    }
}

bool gw_verify_end(struct gw_verify *verify, struct gw_err *err)
{
    unsigned char value[GW_CHECKSUM_MAX_LEN];
    struct gw_buf text;
    if (!verify->state) {
        return true;
    }
    size_t len = gw_checksum_finish(verify->state, value);
    gw_buf_init(&text, 2 * sizeof value);
    gw_base64_write((struct gw_view){(const char *)value, len}, &text);
    bool same = gw_view_equal(gw_buf_view(&text), verify->expected);
    if (!same) {
        gw_fail(err, GW_ERR_PROTOCOL,
                "the bytes that arrived are not those that were sent: expected %.*s '%.*s', "
                "computed '%s'",
                GW_VIEW_ARGS(verify->name), GW_VIEW_ARGS(verify->expected), text.data);
    }
    gw_buf_clear(&text);
    gw_verify_clear(verify);
    return same;
}

void gw_verify_clear(struct gw_verify *verify)
{
    gw_checksum_free(verify->state);
    verify->state = NULL;
}
