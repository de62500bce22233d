/* fuzz: CBOR. What is read can be read again after it was written. */
#include "codec/codec.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(const struct gw_value *value, struct gw_buf *out)
{
    switch (value->kind) {
    case GW_NULL:
        gw_cbor_write_null(out);
        return;
    case GW_BOOL:
        gw_cbor_write_bool(value->as.boolean, out);
        return;
    case GW_INT:
        gw_cbor_write_int(value->as.integer, out);
        return;
    case GW_DOUBLE:
        gw_cbor_write_double(value->as.number, out);
        return;
    case GW_STRING:
        gw_cbor_write_bytes(value->as.string, out);
        return;
    case GW_LIST:
        gw_cbor_write_list(value->as.list.count, out);
        for (size_t i = 0; i < value->as.list.count; i++) {
            write_value(&value->as.list.items[i], out);
        }
        return;
    case GW_MAP:
        gw_cbor_write_map(value->as.map.count, out);
        for (size_t i = 0; i < value->as.map.count; i++) {
            gw_cbor_write_bytes(value->as.map.entries[i].key, out);
            write_value(&value->as.map.entries[i].value, out);
        }
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value value, again;
    struct gw_buf out;
    gw_buf_init(&out, 64u << 20);
    if (gw_cbor_parse((struct gw_view){(const char *)data, size}, arena, &value, NULL)) {
        write_value(&value, &out);
        if (!gw_cbor_parse(gw_buf_view(&out), arena, &again, NULL)) {
            abort();
        }
    }
    gw_buf_clear(&out);
    gw_arena_free(arena);
    return 0;
}
