/* Answers protocol_botocore.py: a line of JSON in, a line out. Services are those built in, and those
 * of the table that the argument names. Blobs are base64 in what comes and goes, bodies too.
 *
 * {"service", "operation", "input", "output", "error": {"code", "detail"}, "answers": [...]} gives
 *   request   what the client writes for the input
 *   read      what the server reads from it; again: the request that the client makes of that
 *   response  what the server writes for the output; error: for the error
 *   answers   what the client reads from these two, and from the answers that came */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

static const struct gw_models *others; /* NULL: none */

/* ---- values ---------------------------------------------------------------------------------- */

static struct gw_value *add(struct gw_arena *arena, struct gw_value *map, const char *key)
{
    return gw_map_add(arena, map, gw_view_of(key));
}

static struct gw_view base64(struct gw_arena *arena, struct gw_view bytes)
{
    struct gw_buf out;
    gw_buf_init(&out, 64 << 20);
    gw_base64_write(bytes, &out);
    struct gw_view text = gw_arena_dup(arena, gw_buf_view(&out));
    gw_buf_clear(&out);
    return text;
}

/* Turns the blobs in the value from base64 into bytes, or back. */
static void turn_blobs(struct gw_arena *arena, const struct gw_shape *shape, struct gw_value *value,
                       bool to_bytes)
{
    if (gw_shape_type(shape) == GW_SHAPE_BLOB && value->kind == GW_STRING) {
        if (!to_bytes) {
            value->as.string = base64(arena, value->as.string);
        } else if (!gw_base64_read(value->as.string, arena, &value->as.string)) {
            abort();
        }
    }
    for (size_t i = 0;
         value->kind == GW_LIST && gw_shape_element(shape) && i < value->as.list.count; i++) {
        turn_blobs(arena, gw_member_shape(gw_shape_element(shape)), &value->as.list.items[i],
                   to_bytes);
    }
    for (size_t i = 0; value->kind == GW_MAP && i < value->as.map.count; i++) {
        struct gw_entry *entry = &value->as.map.entries[i];
        const struct gw_member *member = gw_shape_type(shape) == GW_SHAPE_STRUCTURE
                                             ? gw_shape_find_member(shape, entry->key)
                                             : gw_shape_value(shape);
        if (member) {
            turn_blobs(arena, gw_member_shape(member), &entry->value, to_bytes);
        }
    }
}

static struct gw_value headers_value(struct gw_arena *arena, const struct gw_headers *headers)
{
    struct gw_value map = gw_value_map();
    for (size_t i = 0; i < headers->count; i++) {
        *gw_map_add(arena, &map, headers->items[i].name) = gw_value_string(headers->items[i].value);
    }
    return map;
}

static struct gw_value request_value(struct gw_arena *arena, const struct gw_http_request *req)
{
    struct gw_value map = gw_value_map();
    *add(arena, &map, "method") = gw_value_string(req->method);
    *add(arena, &map, "url") = gw_value_string(req->url);
    *add(arena, &map, "headers") = headers_value(arena, &req->headers);
    *add(arena, &map, "body") = gw_value_string(base64(arena, req->body));
    return map;
}

static struct gw_value response_value(struct gw_arena *arena, const struct gw_http_response *res)
{
    struct gw_value map = gw_value_map();
    *add(arena, &map, "status_code") = gw_value_int(res->status);
    *add(arena, &map, "headers") = headers_value(arena, &res->headers);
    *add(arena, &map, "body") = gw_value_string(base64(arena, res->body));
    return map;
}

/* ---- the parts of an answer ------------------------------------------------------------------ */

struct exchange {
    struct gw_arena *arena;
    const struct gw_service *service;
    const struct gw_operation *op;
    struct gw_value *out;
    struct gw_value *answers;
    struct gw_err *err;
};

static bool add_request(const struct exchange *x, struct gw_value *input)
{
    const struct gw_shape *shape = gw_operation_input(x->op);
    const struct gw_operation *op;
    struct gw_http_request req = {0}, again = {0};
    struct gw_value read;
    if (shape) {
        turn_blobs(x->arena, shape, input, true);
    }
    if (!gw_validate(x->op, input, x->err) ||
        !gw_protocol_write_request(x->op, input, GW_VIEW_NONE, x->arena, &req, x->err) ||
        !gw_protocol_read_request(x->service, &req, x->arena, &op, &read, x->err) ||
        !gw_protocol_write_request(op, &read, GW_VIEW_NONE, x->arena, &again, x->err)) {
        return false;
    }
    *add(x->arena, x->out, "request") = request_value(x->arena, &req);
    *add(x->arena, x->out, "again") = request_value(x->arena, &again);
    *add(x->arena, x->out, "read_as") = gw_value_string(gw_operation_name(op));
    if (gw_operation_input(op)) {
        turn_blobs(x->arena, gw_operation_input(op), &read, false);
    }
    *add(x->arena, x->out, "read") = read;
    return true;
}

static void add_answer(const struct exchange *x, const struct gw_http_response *res)
{
    struct gw_value output = {0}, *answer = gw_list_add(x->arena, x->answers);
    struct gw_aws_error error = {0};
    struct gw_err err = {0};
    *answer = gw_value_map();
    switch (gw_protocol_read_response(x->op, res, x->arena, &output, &error, &err)) {
    case GW_ANSWER_OK:
        if (gw_operation_output(x->op)) {
            turn_blobs(x->arena, gw_operation_output(x->op), &output, false);
        }
        *add(x->arena, answer, "output") = output;
        break;
    case GW_ANSWER_AWS_ERROR:
        if (error.shape) {
            turn_blobs(x->arena, error.shape, &error.detail, false);
        }
        *add(x->arena, answer, "code") = gw_value_string(error.code);
        *add(x->arena, answer, "message") = gw_value_string(error.message);
        *add(x->arena, answer, "detail") = error.detail;
        break;
    case GW_ANSWER_GARBAGE:
        *add(x->arena, answer, "garbage") =
            gw_value_string(gw_arena_dup(x->arena, gw_view_of(err.message)));
        break;
    }
}

static bool add_response(const struct exchange *x, struct gw_value *output)
{
    struct gw_http_response res;
    if (gw_operation_output(x->op)) {
        turn_blobs(x->arena, gw_operation_output(x->op), output, true);
    }
    if (!gw_protocol_write_response(gw_service_protocol(x->service), x->op, output, GW_VIEW("id-1"),
                                    x->arena, &res, x->err)) {
        return false;
    }
    *add(x->arena, x->out, "response") = response_value(x->arena, &res);
    add_answer(x, &res);
    return true;
}

static const struct gw_shape *find_error(const struct gw_operation *op, struct gw_view code)
{
    for (size_t i = 0; i < gw_operation_error_count(op); i++) {
        if (gw_view_equal(gw_shape_error_code(gw_operation_error(op, i)), code)) {
            return gw_operation_error(op, i);
        }
    }
    return NULL;
}

static bool add_error(const struct exchange *x, const struct gw_value *given)
{
    struct gw_aws_error error = {.code = gw_map_text(given, GW_VIEW("code")),
                                 .message = GW_VIEW("a < b & \"c\""),
                                 .request_id = GW_VIEW("id-1")};
    struct gw_http_response res;
    const struct gw_shape *shape = find_error(x->op, error.code);
    error.detail = *gw_map_get(given, GW_VIEW("detail"));
    if (shape) {
        turn_blobs(x->arena, shape, &error.detail, true);
    }
    if (!gw_protocol_write_error(gw_service_protocol(x->service), x->service, x->op, &error,
                                 x->arena, &res, x->err)) {
        return false;
    }
    *add(x->arena, x->out, "error") = response_value(x->arena, &res);
    add_answer(x, &res);
    return true;
}

static void read_given(const struct exchange *x, const struct gw_value *given)
{
    const struct gw_value *headers = gw_map_get(given, GW_VIEW("headers"));
    struct gw_http_response res = {.status =
                                       (int)gw_map_get(given, GW_VIEW("status_code"))->as.integer,
                                   .reason = GW_VIEW("Reason")};
    for (size_t i = 0; i < headers->as.map.count; i++) {
        gw_headers_add(x->arena, &res.headers, headers->as.map.entries[i].key,
                       headers->as.map.entries[i].value.as.string);
    }
    if (!gw_base64_read(gw_map_text(given, GW_VIEW("body")), x->arena, &res.body)) {
        abort();
    }
    add_answer(x, &res);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static bool answer(struct gw_arena *arena, struct gw_value *question, struct gw_value *out,
                   struct gw_err *err)
{
    struct gw_view name = gw_map_text(question, GW_VIEW("service"));
    const struct gw_service *service = gw_models_find(gw_models_builtin(), name);
    service = service || !others ? service : gw_models_find(others, name);
    struct gw_value answers = gw_value_list();
    struct exchange x = {arena, service, NULL, out, &answers, err};
    x.op = service ? gw_service_find_operation(service, gw_map_text(question, GW_VIEW("operation")))
                   : NULL;
    struct gw_value *input = (struct gw_value *)gw_map_get(question, GW_VIEW("input"));
    struct gw_value *output = (struct gw_value *)gw_map_get(question, GW_VIEW("output"));
    const struct gw_value *given = gw_map_get(question, GW_VIEW("answers"));
    if (!x.op || !input || !output || !given) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "no such operation");
    }
    if (!add_request(&x, input) || !add_response(&x, output) ||
        !add_error(&x, gw_map_get(question, GW_VIEW("error")))) {
        return false;
    }
    for (size_t i = 0; i < given->as.list.count; i++) {
        read_given(&x, &given->as.list.items[i]);
    }
    *add(arena, out, "answers") = answers;
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

/* The table lives as long as the program. */
static void open_table(const char *path)
{
    struct gw_err err = {0};
    FILE *file = fopen(path, "rb");
    size_t room = 64u << 20;
    char *bytes = gw_alloc(room);
    size_t len = file ? fread(bytes, 1, room, file) : 0;
    others = file ? gw_models_open((struct gw_view){bytes, len}, &err) : NULL;
    if (!others) {
        fprintf(stderr, "protocol_tool: %s: cannot be read: %s\n", path, err.message);
        exit(1);
    }
    fclose(file);
}

int main(int argc, char **argv)
{
    struct gw_buf line, text;
    int c;
    if (argc > 1) {
        open_table(argv[1]);
    }
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
