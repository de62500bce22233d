/* protocol_json: awsJson 1.0 and 1.1. One JSON object each way; the operation is named in a
 * header. */
#include "aws/internal.h"

/* ---- errors ---------------------------------------------------------------------------------- */

static void read_error(const struct gw_operation *op, const struct gw_http_response *res,
                       struct gw_arena *arena, struct gw_aws_error *error)
{
    struct gw_value body;
    if (!gw_json_parse(res->body, arena, &body, NULL)) {
        body = gw_value_map();
    }
    gw_protocol_name_error(op, res, &body, arena, error);
    if (error->shape) {
        struct gw_walk walk = {.op = op, .what = "error member", .arena = arena};
        if (!gw_protocol_read_json(&walk, error->shape, res->body, &error->detail)) {
            error->detail = gw_value_map(); /* still the error it is, but without its members */
        }
    }
}

static void write_pair(struct gw_buf *out, struct gw_view key, struct gw_view text)
{
    gw_json_write_string(key, out);
    gw_buf_add_char(out, ':');
    gw_json_write_string(text, out);
}

/* {"__type":"...","message":"...", and what else the error's shape models} */
static bool write_error_body(const struct gw_walk *walk, const struct gw_aws_error *error)
{
    struct gw_view message = gw_protocol_message_name(error->shape);
    struct gw_value others = gw_protocol_error_members(error, walk->arena);
    gw_buf_add_char(walk->out, '{');
    write_pair(walk->out, GW_VIEW("__type"),
               error->shape ? gw_shape_name(error->shape) : error->code);
    if (error->message.len > 0) {
        gw_buf_add_char(walk->out, ',');
        write_pair(walk->out, message, error->message);
    }
    bool written = !error->shape || gw_protocol_write_json_members(walk, error->shape, &others);
    gw_buf_add_char(walk->out, '}');
    return written;
}

/* ---- the protocol ---------------------------------------------------------------------------- */

static struct gw_view content_type(const struct gw_service *service, struct gw_arena *arena)
{
    struct gw_view version = gw_service_json_version(service);
    version = version.len > 0 ? version : GW_VIEW("1.0");
    return gw_arena_printf(arena, "application/x-amz-json-%.*s", GW_VIEW_ARGS(version));
}

static bool write_body(struct gw_walk *walk, const struct gw_shape *shape,
                       const struct gw_value *value, struct gw_view *body)
{
    struct gw_buf out;
    gw_buf_init(&out, GW_PROTOCOL_MAX_BYTES);
    /* cppcheck-suppress autoVariables ; taken back below */
    walk->out = &out;
    bool written = gw_protocol_write_json(walk, shape, value);
    bool taken = gw_protocol_take_body(walk, written, body);
    walk->out = NULL;
    return taken;
}

static bool write_request(const struct gw_operation *op, const struct gw_value *input,
                          struct gw_arena *arena, struct gw_http_request *out, struct gw_err *err)
{
    const struct gw_service *service = gw_operation_service(op);
    struct gw_walk walk = {
        .op = op, .what = "parameter", .refusal = GW_ERR_INPUT, .arena = arena, .err = err};
    out->method = GW_VIEW("POST");
    out->url = GW_VIEW("/");
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"), content_type(service, arena));
    gw_headers_add(arena, &out->headers, GW_VIEW("X-Amz-Target"),
                   gw_arena_printf(arena, "%.*s.%.*s",
                                   GW_VIEW_ARGS(gw_service_target_prefix(service)),
                                   GW_VIEW_ARGS(gw_operation_name(op))));
    if (gw_service_query_compatible(service)) {
        gw_headers_add(arena, &out->headers, GW_VIEW("x-amzn-query-mode"), GW_VIEW("true"));
    }
    return write_body(&walk, gw_operation_input(op), input, &out->body);
}

static bool read_output(const struct gw_operation *op, const struct gw_http_response *res,
                        struct gw_arena *arena, struct gw_value *output, struct gw_err *err)
{
    struct gw_walk walk = {.op = op,
                           .what = "response member",
                           .refusal = GW_ERR_PROTOCOL,
                           .arena = arena,
                           .err = err};
    return gw_protocol_read_json(&walk, gw_operation_output(op), res->body, output);
}

static bool read_request(const struct gw_service *service, const struct gw_http_request *req,
                         struct gw_arena *arena, const struct gw_operation **op,
                         struct gw_value *input, struct gw_err *err)
{
    struct gw_view target = gw_headers_get(&req->headers, GW_VIEW("x-amz-target"));
    struct gw_view prefix = gw_service_target_prefix(service);
    if (!gw_view_starts_with(target, prefix) || target.len <= prefix.len ||
        target.data[prefix.len] != '.') {
        return gw_fail(err, GW_ERR_NOT_FOUND,
                       "%.*s: the header X-Amz-Target does not begin with '%.*s.'",
                       GW_VIEW_ARGS(gw_service_name(service)), GW_VIEW_ARGS(prefix));
    }
    *op = gw_protocol_find_operation(service, gw_view_sub(target, prefix.len + 1, target.len), err);
    if (!*op) {
        return false;
    }
    struct gw_walk walk = {
        .op = *op, .what = "parameter", .refusal = GW_ERR_INPUT, .arena = arena, .err = err};
    return gw_protocol_read_json(&walk, gw_operation_input(*op), req->body, input);
}

static bool write_response(const struct gw_operation *op, const struct gw_value *output,
                           struct gw_view request_id, struct gw_arena *arena,
                           struct gw_http_response *out, struct gw_err *err)
{
    struct gw_walk walk = {
        .op = op, .what = "result member", .refusal = GW_ERR_INPUT, .arena = arena, .err = err};
    (void)request_id;
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"),
                   content_type(gw_operation_service(op), arena));
    return write_body(&walk, gw_operation_output(op), output, &out->body);
}

static bool write_error(const struct gw_service *service, const struct gw_operation *op,
                        const struct gw_aws_error *error, struct gw_arena *arena,
                        struct gw_http_response *out, struct gw_err *err)
{
    struct gw_buf body;
    struct gw_walk walk = gw_protocol_error_walk(op, arena, &body, err);
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"), content_type(service, arena));
    gw_protocol_add_query_error(service, error, arena, &out->headers);
    bool written = write_error_body(&walk, error);
    return gw_protocol_take_body(&walk, written, &out->body);
}

const struct gw_wire gw_wire_json = {
    write_request, read_output, read_error, read_request, write_response, write_error,
};
