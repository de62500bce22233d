/* Writes streams of events for tests/interop/events_botocore.py as a server does: a line {"service", "operation",
 * "output": {...}, "events": [...], "error": {"code", "message"} or null} on standard input; on standard output
 * a line {"body": base64} or {"error": message}. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

static bool write_stream(const struct gw_operation *op, const struct gw_value *request,
                         struct gw_arena *arena, struct gw_buf *out, struct gw_err *err)
{
    const struct gw_value *events = gw_map_get(request, GW_VIEW("events"));
    const struct gw_value *error = gw_map_get(request, GW_VIEW("error"));
    struct gw_http_response head;
    bool written = gw_protocol_begin_stream(op, gw_map_get(request, GW_VIEW("output")),
                                            GW_VIEW("req-1"), arena, &head, out, err);
    for (size_t i = 0; written && i < events->as.list.count; i++) {
        written = gw_protocol_write_event(op, gw_operation_output(op), &events->as.list.items[i],
                                          arena, out, err);
    }
    if (!written || error->kind != GW_MAP) {
        return written;
    }
    struct gw_aws_error ends = {.code = gw_map_text(error, GW_VIEW("code")),
                                .message = gw_map_text(error, GW_VIEW("message"))};
    return gw_protocol_write_event_error(op, &ends, arena, out, err);
}

static void answer(const struct gw_value *request, struct gw_arena *arena, struct gw_value *out)
{
    struct gw_err err = {0};
    struct gw_buf body, text;
    const struct gw_service *service =
        gw_models_find(gw_models_builtin(), gw_map_text(request, GW_VIEW("service")));
    const struct gw_operation *op =
        gw_service_find_operation(service, gw_map_text(request, GW_VIEW("operation")));
    gw_buf_init(&body, 1 << 22);
    gw_buf_init(&text, 1 << 23);
    *out = gw_value_map();
    if (write_stream(op, request, arena, &body, &err)) {
        gw_base64_write(gw_buf_view(&body), &text);
        *gw_map_add(arena, out, GW_VIEW("body")) =
            gw_value_string(gw_arena_dup(arena, gw_buf_view(&text)));
    } else {
        *gw_map_add(arena, out, GW_VIEW("error")) =
            gw_value_string(gw_arena_dup(arena, gw_view_of(err.message)));
    }
    gw_buf_clear(&body);
    gw_buf_clear(&text);
}

int main(void)
{
    static char line[1 << 20];
    while (fgets(line, sizeof line, stdin)) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value request, out;
        struct gw_err err;
        struct gw_buf text;
        gw_buf_init(&text, 1 << 24);
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
