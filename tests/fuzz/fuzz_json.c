/* fuzz: JSON. What was read can be written, and reads back as the same. */
#include "codec/codec.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gw_json_options reveal = {.reveal_secrets = true};
    struct gw_arena *arena = gw_arena_new();
    struct gw_view text = {(const char *)data, size};
    struct gw_value value, again;
    struct gw_err err;
    if (gw_json_parse(text, arena, &value, &err)) {
        struct gw_buf out;
        gw_buf_init(&out, GW_JSON_MAX_BYTES);
        if (gw_json_write(&value, &reveal, &out) &&
            (!gw_json_parse(gw_buf_view(&out), arena, &again, &err) ||
             !gw_value_equal(&value, &again))) {
            abort();
        }
        gw_buf_clear(&out);
    }
    gw_arena_free(arena);
    return 0;
}
