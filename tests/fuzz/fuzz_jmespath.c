/* fuzz: JMESPath. A line with an expression, then the JSON that it searches; what it finds can be
 * compared, and written unless it is larger than the buffer. */
#include "codec/codec.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void search(struct gw_view expression, struct gw_view text, struct gw_arena *arena)
{
    struct gw_value value = gw_value_map(), found;
    struct gw_err err = {0};
    const struct gw_jmespath *compiled = gw_jmespath_compile(expression, arena, &err);
    if (!compiled) {
        if (err.code != GW_ERR_INPUT && err.code != GW_ERR_LIMIT) {
            abort();
        }
        return;
    }
    gw_json_parse(text, arena, &value, NULL);
    if (gw_jmespath_search(compiled, &value, arena, &found, &err)) {
        struct gw_buf out;
        gw_buf_init(&out, 1 << 20);
        gw_json_write(&found, NULL, &out);
        gw_buf_clear(&out);
        gw_value_equal(&found, &value);
    } else if (err.code != GW_ERR_INPUT && err.code != GW_ERR_LIMIT) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view rest = {(const char *)data, size}, expression = GW_VIEW_NONE;
    gw_view_next(&rest, '\n', &expression);
    search(expression, rest, arena);
    gw_arena_free(arena);
    return 0;
}
