/* Endpoint rules: any two JSON texts (parted by a NUL), a rule set and parameters, either fail with
 * one line or say an endpoint whose parts are what its header promises. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const struct gw_endpoint_answer *answer)
{
    if (!answer->url.data || answer->headers.kind != GW_MAP) {
        abort();
    }
    for (size_t i = 0; i < answer->headers.as.map.count; i++) {
        const struct gw_value *texts = &answer->headers.as.map.entries[i].value;
        for (size_t k = 0; k < texts->as.list.count; k++) {
            if (texts->as.list.items[k].kind != GW_STRING) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_view params_text = {(const char *)data, size}, rules_text = GW_VIEW_NONE;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value params;
    struct gw_endpoint_answer answer;
    struct gw_err err = {0};
    gw_view_next(&params_text, '\0', &rules_text);
    const struct gw_endpoint_rules *rules = gw_endpoint_rules_parse(rules_text, arena, &err);
    if ((rules == NULL) != (err.message[0] != '\0')) {
        abort();
    }
    if (rules && gw_json_parse(params_text, arena, &params, NULL)) {
        bool is_found = gw_endpoint_evaluate(rules, &params, arena, &answer, &err);
        if (is_found != (err.message[0] == '\0')) {
            abort();
        }
        if (is_found) {
            check_answer(&answer);
        }
    }
    gw_arena_free(arena);
    return 0;
}
