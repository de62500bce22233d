/* protocol_query: awsQuery, and ec2Query, which differs little. A form goes out, XML comes back:
 *   query  <OpResponse><OpResult>...</OpResult><ResponseMetadata><RequestId/></ResponseMetadata>
 *   ec2    <OpResponse><requestId/>...</OpResponse> */
#include "aws/internal.h"

/* ---- client ---------------------------------------------------------------------------------- */

static bool write_request(const struct gw_operation *op, enum gw_form_dialect dialect,
                          const struct gw_value *input, struct gw_arena *arena,
                          struct gw_http_request *out, struct gw_err *err)
{
    struct gw_buf body;
    struct gw_walk walk = {.op = op,
                           .what = "parameter",
                           .refusal = GW_ERR_INPUT,
                           .arena = arena,
                           .out = &body,
                           .err = err};
    out->method = GW_VIEW("POST");
    out->url = GW_VIEW("/");
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"),
                   GW_VIEW("application/x-www-form-urlencoded"));
    gw_buf_init(&body, GW_PROTOCOL_MAX_BYTES);
    gw_protocol_write_form_pair(GW_VIEW("Action"), gw_operation_name(op), &body);
    gw_protocol_write_form_pair(GW_VIEW("Version"),
                                gw_service_api_version(gw_operation_service(op)), &body);
    const struct gw_shape *shape = gw_operation_input(op);
    bool written = !shape || gw_protocol_write_form(&walk, dialect, shape, input);
    return gw_protocol_take_body(&walk, written, &out->body);
}

static bool write_query_request(const struct gw_operation *op, const struct gw_value *input,
                                struct gw_arena *arena, struct gw_http_request *out,
                                struct gw_err *err)
{
    return write_request(op, GW_FORM_QUERY, input, arena, out, err);
}

static bool write_ec2_request(const struct gw_operation *op, const struct gw_value *input,
                              struct gw_arena *arena, struct gw_http_request *out,
                              struct gw_err *err)
{
    return write_request(op, GW_FORM_EC2, input, arena, out, err);
}

/* Anything may answer 200: a proxy's login page, say. Only <...Response> is the service. */
static bool is_answer(const struct gw_xml *root)
{
    return gw_view_ends_with(root->name, GW_VIEW("Response")) &&
           !gw_view_equal(root->name, GW_VIEW("ErrorResponse"));
}

static bool read_output(const struct gw_operation *op, const struct gw_http_response *res,
                        struct gw_arena *arena, struct gw_value *output, struct gw_err *err)
{
    struct gw_walk walk = {.op = op,
                           .what = "response member",
                           .refusal = GW_ERR_PROTOCOL,
                           .arena = arena,
                           .err = err};
    const struct gw_shape *shape = gw_operation_output(op);
    struct gw_view wrapper = gw_operation_result_wrapper(op);
    struct gw_xml *root;
    struct gw_err xml_err = {0};
    if (res->body.len == 0) {
        return true;
    }
    if (!gw_xml_parse(res->body, arena, &root, &xml_err)) {
        return gw_walk_fail(&walk, NULL, "the body is not understood: %s", xml_err.message);
    }
    if (!is_answer(root)) {
        return gw_walk_fail(
            &walk, NULL, "the body is not understood: xml: expected <%.*sResponse>, got <%.*s>",
            GW_VIEW_ARGS(gw_operation_name(op)), GW_VIEW_ARGS(gw_view_sub(root->name, 0, 100)));
    }
    const struct gw_xml *result = gw_xml_child(root, wrapper);
    return !shape || gw_protocol_read_xml(&walk, shape, result ? result : root, output);
}

static void read_error(const struct gw_operation *op, const struct gw_http_response *res,
                       struct gw_arena *arena, struct gw_aws_error *error)
{
    struct gw_walk walk = {.op = op, .what = "error member", .arena = arena};
    const struct gw_xml *element = gw_protocol_name_xml_error(op, res, arena, error);
    if (element && error->shape &&
        !gw_protocol_read_xml(&walk, error->shape, element, &error->detail)) {
        error->detail = gw_value_map(); /* still the error it is, but without its members */
    }
}

/* ---- server ---------------------------------------------------------------------------------- */

/* The parameters: the body, or behind the '?' of a GET. */
static struct gw_view form_of(const struct gw_http_request *req)
{
    size_t question = gw_view_find_char(req->url, '?');
    if (!gw_view_equal(req->method, GW_VIEW("GET"))) {
        return req->body;
    }
    return question == GW_NPOS ? GW_VIEW_NONE : gw_view_sub(req->url, question + 1, req->url.len);
}

static bool read_request(const struct gw_service *service, enum gw_form_dialect dialect,
                         const struct gw_http_request *req, struct gw_arena *arena,
                         const struct gw_operation **op, struct gw_value *input, struct gw_err *err)
{
    struct gw_form form;
    struct gw_view name = gw_service_name(service);
    if (!gw_protocol_read_form(form_of(req), arena, &form)) {
        return gw_fail(err, GW_ERR_INPUT, "%.*s: the body is not understood: not a form",
                       GW_VIEW_ARGS(name));
    }
    const struct gw_view *action = gw_form_get(&form, GW_VIEW("Action"));
    if (!action) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "%.*s: the parameter Action is missing",
                       GW_VIEW_ARGS(name));
    }
    *op = gw_protocol_find_operation(service, *action, err);
    if (!*op) {
        return false;
    }
    struct gw_walk walk = {
        .op = *op, .what = "parameter", .refusal = GW_ERR_INPUT, .arena = arena, .err = err};
    const struct gw_shape *shape = gw_operation_input(*op);
    return !shape || gw_protocol_read_form_values(&walk, dialect, shape, &form, input);
}

static bool read_query_request(const struct gw_service *service, const struct gw_http_request *req,
                               struct gw_arena *arena, const struct gw_operation **op,
                               struct gw_value *input, struct gw_err *err)
{
    return read_request(service, GW_FORM_QUERY, req, arena, op, input, err);
}

static bool read_ec2_request(const struct gw_service *service, const struct gw_http_request *req,
                             struct gw_arena *arena, const struct gw_operation **op,
                             struct gw_value *input, struct gw_err *err)
{
    return read_request(service, GW_FORM_EC2, req, arena, op, input, err);
}

static void open_root(const struct gw_service *service, struct gw_view name, const char *suffix,
                      struct gw_buf *out)
{
    struct gw_view uri = gw_service_xml_namespace(service);
    gw_buf_addf(out, "<%.*s%s", GW_VIEW_ARGS(name), suffix);
    if (uri.len > 0) {
        gw_buf_add_text(out, " xmlns=\"");
        gw_xml_write_attribute(uri, out);
        gw_buf_add_char(out, '"');
    }
    gw_buf_add_char(out, '>');
}

static void write_element(const char *name, struct gw_view text, struct gw_buf *out)
{
    gw_buf_addf(out, "<%s>", name);
    gw_xml_write_text(text, out);
    gw_buf_addf(out, "</%s>", name);
}

/* The members, in the wrapper where there is one. */
static bool write_result(const struct gw_walk *walk, const struct gw_value *output)
{
    const struct gw_shape *shape = gw_operation_output(walk->op);
    struct gw_view wrapper = gw_operation_result_wrapper(walk->op);
    if (!shape) {
        return true;
    }
    if (wrapper.len > 0) {
        gw_buf_addf(walk->out, "<%.*s>", GW_VIEW_ARGS(wrapper));
    }
    bool written = gw_protocol_write_xml(walk, shape, output);
    if (wrapper.len > 0) {
        gw_buf_addf(walk->out, "</%.*s>", GW_VIEW_ARGS(wrapper));
    }
    return written;
}

static bool is_ec2(const struct gw_service *service)
{
    return gw_service_protocol(service) == GW_PROTOCOL_EC2;
}

static bool write_response(const struct gw_operation *op, const struct gw_value *output,
                           struct gw_view id, struct gw_arena *arena, struct gw_http_response *out,
                           struct gw_err *err)
{
    const struct gw_service *service = gw_operation_service(op);
    struct gw_buf body;
    struct gw_walk walk = {.op = op,
                           .what = "result member",
                           .refusal = GW_ERR_INPUT,
                           .arena = arena,
                           .out = &body,
                           .err = err};
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"), GW_VIEW("text/xml"));
    gw_buf_init(&body, GW_PROTOCOL_MAX_BYTES);
    open_root(service, gw_operation_name(op), "Response", &body);
    if (is_ec2(service)) {
        write_element("requestId", id, &body);
    }
    bool written = write_result(&walk, output);
    if (!is_ec2(service)) {
        gw_buf_add_text(&body, "<ResponseMetadata>");
        write_element("RequestId", id, &body);
        gw_buf_add_text(&body, "</ResponseMetadata>");
    }
    gw_buf_addf(&body, "</%.*sResponse>", GW_VIEW_ARGS(gw_operation_name(op)));
    return gw_protocol_take_body(&walk, written, &out->body);
}

/* What stands in <Error>, and the modelled members beyond the message. */
static bool write_error_element(const struct gw_walk *walk, const struct gw_aws_error *error)
{
    struct gw_value others = gw_protocol_error_members(error, walk->arena);
    gw_buf_add_text(walk->out, "<Error>");
    write_element("Type", error->http_status < 500 ? GW_VIEW("Sender") : GW_VIEW("Receiver"),
                  walk->out);
    write_element("Code", error->code, walk->out);
    if (error->message.len > 0) {
        write_element("Message", error->message, walk->out);
    }
    bool written = !error->shape || gw_protocol_write_xml(walk, error->shape, &others);
    gw_buf_add_text(walk->out, "</Error>");
    return written;
}

static bool write_error(const struct gw_service *service, const struct gw_operation *op,
                        const struct gw_aws_error *error, struct gw_arena *arena,
                        struct gw_http_response *out, struct gw_err *err)
{
    struct gw_buf body;
    struct gw_walk walk = gw_protocol_error_walk(op, arena, &body, err);
    bool ec2 = is_ec2(service);
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"), GW_VIEW("text/xml"));
    ec2 ? (void)gw_buf_add_text(&body, "<Response><Errors>")
        : open_root(service, GW_VIEW("ErrorResponse"), "", &body);
    bool written = write_error_element(&walk, error);
    gw_buf_add_text(&body, ec2 ? "</Errors>" : "");
    write_element(ec2 ? "RequestID" : "RequestId", error->request_id, &body);
    gw_buf_add_text(&body, ec2 ? "</Response>" : "</ErrorResponse>");
    return gw_protocol_take_body(&walk, written, &out->body);
}

const struct gw_wire gw_wire_query = {
    write_query_request, read_output, read_error, read_query_request, write_response, write_error,
};
const struct gw_wire gw_wire_ec2 = {
    write_ec2_request, read_output, read_error, read_ec2_request, write_response, write_error,
};
