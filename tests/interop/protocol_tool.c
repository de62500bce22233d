/* Answers protocol_botocore.py: a line of JSON in, a line out. {"service", "operation", "input",
 * "output", "code"} gives the request that the client writes for the input, what the server reads
 * from it, and the answer and the error that the server writes. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

static struct gw_value *add(struct gw_arena *arena, struct gw_value *map, const char *key)
{
    return gw_map_add(arena, map, gw_view_of(key));
}

static struct gw_value headers_value(struct gw_arena *arena, const struct gw_headers *headers)
{
    struct gw_value map = gw_value_map();
    for (size_t i = 0; i < headers->count; i++) {
        *gw_map_add(arena, &map, headers->items[i].name) = gw_value_string(headers->items[i].value);
    }
    return map;
}

static struct gw_value response_value(struct gw_arena *arena, const struct gw_http_response *res)
{
    struct gw_value map = gw_value_map();
    *add(arena, &map, "status_code") = gw_value_int(res->status);
    *add(arena, &map, "headers") = headers_value(arena, &res->headers);
    *add(arena, &map, "body") = gw_value_string(res->body);
    return map;
}

static bool answer(struct gw_arena *arena, const struct gw_value *question, struct gw_value *out,
                   struct gw_err *err)
{
    const struct gw_service *service =
        gw_models_find(gw_models_builtin(), gw_map_text(question, GW_VIEW("service")));
    const struct gw_operation *op =
        service ? gw_service_find_operation(service, gw_map_text(question, GW_VIEW("operation")))
                : NULL;
    const struct gw_operation *read_op;
    const struct gw_value *input = gw_map_get(question, GW_VIEW("input"));
    const struct gw_value *output = gw_map_get(question, GW_VIEW("output"));
    struct gw_aws_error error = {.code = gw_map_text(question, GW_VIEW("code")),
                                 .message = GW_VIEW("a < b & \"c\""),
                                 .request_id = GW_VIEW("id-1")};
    struct gw_http_request req = {0};
    struct gw_http_response res;
    struct gw_value read;
    if (!op || !input || !output) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "no such operation");
    }
    if (!gw_validate(op, input, err) ||
        !gw_protocol_write_request(op, input, GW_VIEW_NONE, arena, &req, err) ||
        !gw_protocol_read_request(service, &req, arena, &read_op, &read, err)) {
        return false;
    }
    *add(arena, out, "headers") = headers_value(arena, &req.headers);
    *add(arena, out, "body") = gw_value_string(req.body);
    *add(arena, out, "read") = read;
    if (!gw_protocol_write_response(op, output, GW_VIEW("id-1"), arena, &res, err)) {
        return false;
    }
    *add(arena, out, "response") = response_value(arena, &res);
    if (!gw_protocol_write_error(service, op, &error, arena, &res, err)) {
        return false;
    }
    *add(arena, out, "error") = response_value(arena, &res);
    return true;
}

static void answer_line(struct gw_view line, struct gw_buf *text)
{
    static const struct gw_json_options reveal = {.reveal_secrets = true};
    struct gw_arena *arena = gw_arena_new();
    struct gw_value question, out = gw_value_map();
    struct gw_err err = {0};
    if (!gw_json_parse(line, arena, &question, &err) || !answer(arena, &question, &out, &err)) {
        out = gw_value_map();
        *add(arena, &out, "failure") = gw_value_text(err.message);
    }
    gw_buf_reset(text);
    gw_json_write(&out, &reveal, text);
    printf("%s\n", text->data);
    fflush(stdout);
    gw_arena_free(arena);
}

int main(void)
{
    struct gw_buf line, text;
    int c;
    gw_buf_init(&line, 64 << 20);
    gw_buf_init(&text, 64 << 20);
    while ((c = getchar()) != EOF) {
        if (c != '\n') {
            gw_buf_add_char(&line, (char)c);
            continue;
        }
        answer_line(gw_buf_view(&line), &text);
        gw_buf_reset(&line);
    }
    gw_buf_clear(&line);
    gw_buf_clear(&text);
    return 0;
}
