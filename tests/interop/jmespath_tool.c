/* Searches values for tests/interop/jmespath_botocore.py: a line {"expression": text, "value": any} on
 * standard input, a line {"found": any} or {"error": message} on standard output. */
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

static void answer(const struct gw_value *request, struct gw_arena *arena, struct gw_value *out)
{
    struct gw_value found;
    struct gw_err err = {0};
    const struct gw_jmespath *compiled =
        gw_jmespath_compile(gw_map_text(request, GW_VIEW("expression")), arena, &err);
    const struct gw_value *value = gw_map_get(request, GW_VIEW("value"));
    *out = gw_value_map();
    if (compiled && gw_jmespath_search(compiled, value, arena, &found, &err)) {
        *gw_map_add(arena, out, GW_VIEW("found")) = found;
    } else {
        *gw_map_add(arena, out, GW_VIEW("error")) =
            gw_value_string(gw_arena_dup(arena, gw_view_of(err.message)));
    }
}

int main(void)
{
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin)) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value request, out;
        struct gw_err err;
        struct gw_buf text;
        gw_buf_init(&text, 1 << 20);
        if (!gw_json_parse(gw_view_of(line), arena, &request, &err)) {
            (void)fprintf(stderr, "%s\n", err.message);
            return EXIT_FAILURE;
        }
        answer(&request, arena, &out);
        gw_json_write(&out, NULL, &text);
        puts(text.data);
        gw_buf_clear(&text);
        gw_arena_free(arena);
    }
    return EXIT_SUCCESS;
}
