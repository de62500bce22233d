/* protocol_query: awsQuery. A form goes out, an XML document comes back:
 * <OpResponse><OpResult>...</OpResult><ResponseMetadata>...</ResponseMetadata></OpResponse>. */
#include "aws/internal.h"

/* ---- client ---------------------------------------------------------------------------------- */

static bool write_request(const struct gw_operation *op, const struct gw_value *input,
                          struct gw_arena *arena, struct gw_http_request *out, struct gw_err *err)
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
    bool written = !shape || gw_protocol_write_form(&walk, shape, input);
    return gw_protocol_take_body(&walk, written, &out->body);
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
    const struct gw_xml *result = wrapper.len > 0 ? gw_xml_child(root, wrapper) : root;
    return !shape || !result || gw_protocol_read_xml(&walk, shape, result, output);
}

/* <ErrorResponse><Error>, <Response><Errors><Error>, or <Error> alone; NULL for anything else. */
static const struct gw_xml *find_error_element(const struct gw_xml *root)
{
    if (gw_view_equal(root->name, GW_VIEW("Error"))) {
        return root;
    }
    const struct gw_xml *errors = gw_xml_child(root, GW_VIEW("Errors"));
    return gw_xml_child(errors ? errors : root, GW_VIEW("Error"));
}

static struct gw_view child_text(const struct gw_xml *parent, struct gw_view name)
{
    const struct gw_xml *child = gw_xml_child(parent, name);
    return child ? gw_view_trim(child->text) : GW_VIEW_NONE;
}

static struct gw_view request_id(const struct gw_xml *root)
{
    struct gw_view id = child_text(root, GW_VIEW("RequestId"));
    return id.len > 0 ? id : child_text(root, GW_VIEW("RequestID"));
}

static void read_error(const struct gw_operation *op, const struct gw_http_response *res,
                       struct gw_arena *arena, struct gw_aws_error *error)
{
    struct gw_walk walk = {.op = op, .what = "error member", .arena = arena};
    struct gw_xml *root;
    if (!gw_xml_parse(res->body, arena, &root, NULL)) {
        return;
    }
    error->request_id = request_id(root);
    const struct gw_xml *element = find_error_element(root);
    if (!element) {
        return;
    }
    error->code = child_text(element, GW_VIEW("Code"));
    error->message = child_text(element, GW_VIEW("Message"));
    if (error->message.len == 0) {
        error->message = child_text(element, GW_VIEW("message"));
    }
    error->shape = gw_protocol_find_error(op, error->code);
    if (error->shape && !gw_protocol_read_xml(&walk, error->shape, element, &error->detail)) {
        error->detail = gw_value_map(); /* still the error it is, but without its members */
    }
}

/* ---- server ---------------------------------------------------------------------------------- */

/* The parameters are the body of a POST, and the query of a GET. */
static struct gw_view form_of(const struct gw_http_request *req)
{
    if (!gw_view_equal(req->method, GW_VIEW("GET"))) {
        return req->body;
    }
    size_t question = gw_view_find_char(req->url, '?');
    return question == GW_NPOS ? GW_VIEW_NONE : gw_view_sub(req->url, question + 1, req->url.len);
}

static bool read_request(const struct gw_service *service, const struct gw_http_request *req,
                         struct gw_arena *arena, const struct gw_operation **op,
                         struct gw_value *input, struct gw_err *err)
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
    return !shape || gw_protocol_read_form_values(&walk, shape, &form, input);
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

static bool write_response(const struct gw_operation *op, const struct gw_value *output,
                           struct gw_view id, struct gw_arena *arena, struct gw_http_response *out,
                           struct gw_err *err)
{
    struct gw_buf body;
    struct gw_walk walk = {.op = op,
                           .what = "result member",
                           .refusal = GW_ERR_INPUT,
                           .arena = arena,
                           .out = &body,
                           .err = err};
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"), GW_VIEW("text/xml"));
    gw_buf_init(&body, GW_PROTOCOL_MAX_BYTES);
    open_root(gw_operation_service(op), gw_operation_name(op), "Response", &body);
    bool written = write_result(&walk, output);
    gw_buf_add_text(&body, "<ResponseMetadata>");
    write_element("RequestId", id, &body);
    gw_buf_addf(&body, "</ResponseMetadata></%.*sResponse>", GW_VIEW_ARGS(gw_operation_name(op)));
    return gw_protocol_take_body(&walk, written, &out->body);
}

/* The modelled members beyond the message. */
static bool write_detail(const struct gw_walk *walk, const struct gw_aws_error *error)
{
    struct gw_value others = gw_value_map();
    const struct gw_value *detail = &error->detail;
    for (size_t i = 0; detail->kind == GW_MAP && i < detail->as.map.count; i++) {
        const struct gw_entry *entry = &detail->as.map.entries[i];
        if (!gw_view_equal_nocase(entry->key, GW_VIEW("message"))) {
            *gw_map_add(walk->arena, &others, entry->key) = entry->value;
        }
    }
    return !error->shape || gw_protocol_write_xml(walk, error->shape, &others);
}

static bool write_error(const struct gw_service *service, const struct gw_operation *op,
                        const struct gw_aws_error *error, struct gw_arena *arena,
                        struct gw_http_response *out, struct gw_err *err)
{
    struct gw_buf body;
    struct gw_walk walk = {.op = op,
                           .what = "error member",
                           .refusal = GW_ERR_INPUT,
                           .arena = arena,
                           .out = &body,
                           .err = err};
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"), GW_VIEW("text/xml"));
    gw_buf_init(&body, GW_PROTOCOL_MAX_BYTES);
    open_root(service, GW_VIEW("ErrorResponse"), "", &body);
    gw_buf_add_text(&body, "<Error>");
    write_element("Type", error->http_status < 500 ? GW_VIEW("Sender") : GW_VIEW("Receiver"),
                  &body);
    write_element("Code", error->code, &body);
    if (error->message.len > 0) {
        write_element("Message", error->message, &body);
    }
    bool written = write_detail(&walk, error);
    gw_buf_add_text(&body, "</Error>");
    write_element("RequestId", error->request_id, &body);
    gw_buf_add_text(&body, "</ErrorResponse>");
    return gw_protocol_take_body(&walk, written, &out->body);
}

const struct gw_wire gw_wire_query = {
    write_request, read_output, read_error, read_request, write_response, write_error,
};
