/* protocol_rest: rest-json and rest-xml. The members of a structure are bound to the path, the
 * query, the headers, the status and the body of a message; the two protocols differ in the body
 * and in their errors. A member may be all of the body: its payload. */
#include "aws/internal.h"

/* How one of the two writes and reads bodies. */
struct rest_format {
    struct gw_view content_type;
    /* Is there a body where the payload, or every member of the body, is missing? */
    bool (*has_empty)(const struct gw_shape *shape, const struct gw_member *payload);
    bool (*write_body)(const struct gw_walk *walk, const struct gw_shape *shape,
                       const struct gw_value *value);
    bool (*write_payload)(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_member *member, const struct gw_value *value);
    bool (*read_body)(const struct gw_walk *walk, const struct gw_shape *shape, struct gw_view body,
                      struct gw_value *out);
    bool (*read_payload)(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, struct gw_view body, struct gw_value *out);
};

/* ---- shapes ---------------------------------------------------------------------------------- */

static bool is_raw(const struct gw_member *payload)
{
    enum gw_shape_type type = gw_shape_type(gw_member_shape(payload));
    return type == GW_SHAPE_BLOB ||
           (type == GW_SHAPE_STRING && !(gw_member_flags(payload) & GW_MEMBER_JSON_VALUE));
}

static bool has_body_members(enum gw_message message, const struct gw_shape *shape)
{
    struct gw_walk walk = {.message = message};
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        if (gw_walk_in_body(&walk, NULL, gw_shape_member(shape, i))) {
            return true;
        }
    }
    return false;
}

static bool gives_body_members(const struct gw_walk *walk, const struct gw_shape *shape,
                               const struct gw_value *value)
{
    for (size_t i = 0; value->kind == GW_MAP && i < value->as.map.count; i++) {
        const struct gw_entry *entry = &value->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        if (entry->value.kind != GW_NULL && member && gw_walk_in_body(walk, NULL, member)) {
            return true;
        }
    }
    return false;
}

/* The name of a structure's element where it is the root. */
static struct gw_view root_name(const struct gw_shape *shape)
{
    struct gw_view name = gw_shape_wire_name(shape);
    return name.len > 0 ? name : gw_shape_name(shape);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* A structure can be empty; a union, a list or a document that is not there cannot. */
static bool json_has_empty(const struct gw_shape *shape, const struct gw_member *payload)
{
    if (!payload) {
        return has_body_members(GW_MESSAGE_REQUEST, shape);
    }
    unsigned flags = gw_shape_flags(gw_member_shape(payload));
    return gw_shape_type(gw_member_shape(payload)) == GW_SHAPE_STRUCTURE &&
           !(flags & (GW_SHAPE_UNION | GW_SHAPE_DOCUMENT));
}

static const struct rest_format json_format = {
    {"application/json", 16},      json_has_empty,        gw_protocol_write_json,
    gw_protocol_write_json_member, gw_protocol_read_json, gw_protocol_read_json_member,
};

/* ---- XML ------------------------------------------------------------------------------------- */

static bool xml_has_empty(const struct gw_shape *shape, const struct gw_member *payload)
{
    (void)shape;
    (void)payload;
    return false;
}

static bool write_xml_body(const struct gw_walk *walk, const struct gw_shape *shape,
                           const struct gw_value *value)
{
    return gw_protocol_write_xml_root(walk, shape, root_name(shape), value);
}

static bool write_xml_payload(const struct gw_walk *walk, const struct gw_path *path,
                              const struct gw_member *member, const struct gw_value *value)
{
    bool named = gw_member_flags(member) & GW_MEMBER_NAMED;
    struct gw_view name = named ? gw_member_wire_name(member) : root_name(gw_member_shape(member));
    return gw_protocol_write_xml_member(walk, path, member, name, value);
}

/* NULL with a failure where the body is no XML. */
static const struct gw_xml *parse_xml(const struct gw_walk *walk, struct gw_view body)
{
    struct gw_xml *root = NULL;
    struct gw_err err = {0};
    if (!gw_xml_parse(body, walk->arena, &root, &err)) {
        gw_walk_fail(walk, NULL, "the body is not understood: %s", err.message);
    }
    return root;
}

static bool read_xml_body(const struct gw_walk *walk, const struct gw_shape *shape,
                          struct gw_view body, struct gw_value *out)
{
    *out = gw_value_map();
    if (body.len == 0) {
        return true;
    }
    const struct gw_xml *root = parse_xml(walk, body);
    return root && gw_protocol_read_xml(walk, shape, root, out);
}

static bool read_xml_payload(const struct gw_walk *walk, const struct gw_path *path,
                             const struct gw_member *member, struct gw_view body,
                             struct gw_value *out)
{
    const struct gw_xml *root = parse_xml(walk, body);
    return root && gw_protocol_read_xml_member(walk, path, member, root, out);
}

static const struct rest_format xml_format = {
    {"application/xml", 15}, xml_has_empty, write_xml_body,
    write_xml_payload,       read_xml_body, read_xml_payload,
};

static const struct rest_format *format_of(const struct gw_service *service)
{
    return gw_service_protocol(service) == GW_PROTOCOL_REST_JSON ? &json_format : &xml_format;
}

/* ---- writing a message ----------------------------------------------------------------------- */

struct body {
    struct gw_view bytes, content_type; /* no type: no body */
};

static struct gw_view raw_type(const struct gw_member *payload)
{
    return gw_shape_type(gw_member_shape(payload)) == GW_SHAPE_BLOB
               ? GW_VIEW("application/octet-stream")
               : GW_VIEW("text/plain");
}

static bool write_raw(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_member *payload, const struct gw_value *value,
                      struct body *out)
{
    if (value->kind != GW_STRING) {
        return gw_walk_mismatch(walk, path, gw_member_shape(payload), value);
    }
    *out = (struct body){value->as.string, raw_type(payload)};
    return true;
}

static bool write_payload(const struct gw_walk *walk, const struct gw_shape *shape,
                          const struct gw_member *payload, const struct gw_value *value,
                          struct body *out)
{
    const struct rest_format *format = format_of(gw_operation_service(walk->op));
    struct gw_path place = gw_path_name(NULL, gw_member_name(payload));
    struct gw_value nothing = gw_value_map();
    const struct gw_value *given = gw_map_get(value, gw_member_name(payload));
    bool missing = !given || given->kind == GW_NULL;
    if (is_raw(payload)) {
        return missing || write_raw(walk, &place, payload, given, out);
    }
    if (missing && !(walk->message == GW_MESSAGE_REQUEST && format->has_empty(shape, payload))) {
        return true;
    }
    bool written = format->write_payload(walk, &place, payload, missing ? &nothing : given);
    out->content_type = format->content_type;
    return gw_protocol_take_body(walk, written, &out->bytes);
}

static bool write_members(const struct gw_walk *walk, const struct gw_shape *shape,
                          const struct gw_value *value, struct body *out)
{
    const struct rest_format *format = format_of(gw_operation_service(walk->op));
    bool answers = walk->message == GW_MESSAGE_RESPONSE && has_body_members(walk->message, shape);
    if (!answers && !gives_body_members(walk, shape, value) && !format->has_empty(shape, NULL)) {
        return true;
    }
    bool written = format->write_body(walk, shape, value);
    out->content_type = format->content_type;
    return gw_protocol_take_body(walk, written, &out->bytes);
}

/* Headers and body; a type that the parameters give wins over ours. */
static bool write_message(const struct gw_walk *walk, const struct gw_shape *shape,
                          const struct gw_value *value, struct gw_headers *headers,
                          struct gw_view *bytes)
{
    struct gw_buf out;
    struct gw_walk inner = *walk;
    struct body body = {GW_VIEW_NONE, GW_VIEW_NONE};
    const struct gw_member *payload = gw_shape_payload(shape);
    gw_buf_init(&out, GW_PROTOCOL_MAX_BYTES);
    inner.out = &out;
    bool written = gw_rest_write_headers(walk, shape, value, headers) &&
                   (payload ? write_payload(&inner, shape, payload, value, &body)
                            : write_members(&inner, shape, value, &body));
    gw_buf_clear(&out);
    *bytes = body.bytes;
    if (body.content_type.len > 0 && !gw_headers_get(headers, GW_VIEW("Content-Type")).data) {
        gw_headers_add(walk->arena, headers, GW_VIEW("Content-Type"), body.content_type);
    }
    return written;
}

/* ---- reading a message ----------------------------------------------------------------------- */

/* An empty body is no payload, but of a stream, which may well be empty. */
static bool read_payload(const struct gw_walk *walk, const struct gw_member *payload,
                         struct gw_view body, struct gw_value *out)
{
    const struct rest_format *format = format_of(gw_operation_service(walk->op));
    struct gw_path place = gw_path_name(NULL, gw_member_name(payload));
    bool streams = gw_member_flags(payload) & GW_MEMBER_STREAMING;
    if (body.len == 0 && !streams) {
        return true;
    }
    struct gw_value *slot = gw_map_add(walk->arena, out, gw_member_name(payload));
    if (is_raw(payload)) {
        *slot = gw_value_string(gw_arena_dup(walk->arena, body));
        slot->secret = gw_member_is_secret(payload);
        return true;
    }
    return format->read_payload(walk, &place, payload, body, slot);
}

static bool read_message(const struct gw_walk *walk, const struct gw_shape *shape,
                         const struct gw_headers *headers, struct gw_view body,
                         struct gw_value *out)
{
    const struct gw_member *payload = gw_shape_payload(shape);
    *out = gw_value_map();
    if (payload) {
        return read_payload(walk, payload, body, out) &&
               gw_rest_read_headers(walk, shape, headers, out);
    }
    bool read = !has_body_members(walk->message, shape) ||
                format_of(gw_operation_service(walk->op))->read_body(walk, shape, body, out);
    return read && gw_rest_read_headers(walk, shape, headers, out);
}

/* ---- client ---------------------------------------------------------------------------------- */

static bool write_request(const struct gw_operation *op, const struct gw_value *input,
                          struct gw_arena *arena, struct gw_http_request *out, struct gw_err *err)
{
    struct gw_walk walk = {.op = op,
                           .what = "parameter",
                           .refusal = GW_ERR_INPUT,
                           .arena = arena,
                           .err = err,
                           .message = GW_MESSAGE_REQUEST};
    const struct gw_shape *shape = gw_operation_input(op);
    out->method = gw_operation_http_method(op);
    return gw_rest_write_uri(&walk, input, &out->url) &&
           (!shape || write_message(&walk, shape, input, &out->headers, &out->body));
}

static bool begins_with(struct gw_view text, struct gw_view small)
{
    return text.len >= small.len && gw_view_equal_nocase(gw_view_sub(text, 0, small.len), small);
}

/* What a proxy or a portal says in AWS's place is a page for people. Nothing else would tell: the
 * roots of S3's answers have no names in the models, and what has no members is never read. */
static bool is_page(const struct gw_shape *shape, struct gw_view body)
{
    const struct gw_member *payload = shape ? gw_shape_payload(shape) : NULL;
    body = gw_view_trim(body);
    return !(payload && is_raw(payload)) &&
           (begins_with(body, GW_VIEW("<html")) || begins_with(body, GW_VIEW("<!doctype html")));
}

static void read_status(const struct gw_shape *shape, int status, struct gw_arena *arena,
                        struct gw_value *out)
{
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        if (gw_member_location(member) == GW_LOCATION_STATUS) {
            *gw_map_add(arena, out, gw_member_name(member)) = gw_value_int(status);
        }
    }
}

static bool read_output(const struct gw_operation *op, const struct gw_http_response *res,
                        struct gw_arena *arena, struct gw_value *output, struct gw_err *err)
{
    struct gw_walk walk = {.op = op,
                           .what = "response member",
                           .refusal = GW_ERR_PROTOCOL,
                           .arena = arena,
                           .err = err,
                           .message = GW_MESSAGE_RESPONSE};
    const struct gw_shape *shape = gw_operation_output(op);
    if (is_page(shape, res->body)) {
        return gw_walk_fail(&walk, NULL, "the body is not understood: it is an HTML page");
    }
    if (!shape) {
        return true;
    }
    if (!read_message(&walk, shape, &res->headers, res->body, output)) {
        return false;
    }
    read_status(shape, res->status, arena, output);
    return true;
}

static void read_json_error(const struct gw_operation *op, const struct gw_http_response *res,
                            struct gw_arena *arena, struct gw_aws_error *error)
{
    struct gw_walk walk = {
        .op = op, .what = "error member", .arena = arena, .message = GW_MESSAGE_RESPONSE};
    struct gw_value body;
    if (!gw_json_parse(res->body, arena, &body, NULL)) {
        body = gw_value_map();
    }
    gw_protocol_name_error(op, res, &body, arena, error);
    if (!error->shape) {
        return;
    }
    if (!read_message(&walk, error->shape, &res->headers, res->body, &error->detail)) {
        error->detail = gw_value_map(); /* still the error it is, but without its members */
    }
    read_status(error->shape, res->status, arena, &error->detail);
}

static void read_xml_error(const struct gw_operation *op, const struct gw_http_response *res,
                           struct gw_arena *arena, struct gw_aws_error *error)
{
    struct gw_walk walk = {
        .op = op, .what = "error member", .arena = arena, .message = GW_MESSAGE_RESPONSE};
    const struct gw_xml *element = gw_protocol_name_xml_error(op, res, arena, error);
    if (!element || !error->shape) {
        return;
    }
    if (!gw_protocol_read_xml(&walk, error->shape, element, &error->detail) ||
        !gw_rest_read_headers(&walk, error->shape, &res->headers, &error->detail)) {
        error->detail = gw_value_map();
    }
    read_status(error->shape, res->status, arena, &error->detail);
}

/* ---- server ---------------------------------------------------------------------------------- */

static bool read_request(const struct gw_service *service, const struct gw_http_request *req,
                         struct gw_arena *arena, const struct gw_operation **op,
                         struct gw_value *input, struct gw_err *err)
{
    *op = gw_rest_find_operation(service, req, arena, err);
    if (!*op) {
        return false;
    }
    struct gw_walk walk = {.op = *op,
                           .what = "parameter",
                           .refusal = GW_ERR_INPUT,
                           .arena = arena,
                           .err = err,
                           .message = GW_MESSAGE_REQUEST};
    const struct gw_shape *shape = gw_operation_input(*op);
    return !shape || (read_message(&walk, shape, &req->headers, req->body, input) &&
                      gw_rest_read_uri(&walk, req->url, input));
}

static int status_of(const struct gw_shape *shape, const struct gw_value *output, int usual)
{
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        const struct gw_value *value = gw_map_get(output, gw_member_name(member));
        int64_t status;
        if (gw_member_location(member) == GW_LOCATION_STATUS && value &&
            gw_value_integer(value, &status) && status >= 200 && status < 300) {
            return (int)status;
        }
    }
    return usual;
}

static bool write_response(const struct gw_operation *op, const struct gw_value *output,
                           struct gw_view request_id, struct gw_arena *arena,
                           struct gw_http_response *out, struct gw_err *err)
{
    struct gw_walk walk = {.op = op,
                           .what = "result member",
                           .refusal = GW_ERR_INPUT,
                           .arena = arena,
                           .err = err,
                           .message = GW_MESSAGE_RESPONSE};
    const struct gw_shape *shape = gw_operation_output(op);
    (void)request_id;
    if (!shape) {
        return true;
    }
    out->status = status_of(shape, output, out->status);
    return write_message(&walk, shape, output, &out->headers, &out->body);
}

/* The answer to HEAD has no body, whatever went wrong. */
static bool takes_no_body(const struct gw_operation *op)
{
    return op && gw_view_equal(gw_operation_http_method(op), GW_VIEW("HEAD"));
}

/* Some models bind a member to the header that tells the code. */
static void set_error_type(struct gw_headers *headers, struct gw_view code, struct gw_arena *arena)
{
    struct gw_view name = GW_VIEW("X-Amzn-ErrorType");
    for (size_t i = 0; i < headers->count; i++) {
        if (gw_view_equal_nocase(headers->items[i].name, name)) {
            headers->items[i].value = code;
            return;
        }
    }
    gw_headers_add(arena, headers, name, code);
}

/* {"message":"...", ...}, and the code in a header. */
static bool write_json_error(const struct gw_service *service, const struct gw_operation *op,
                             const struct gw_aws_error *error, struct gw_arena *arena,
                             struct gw_http_response *out, struct gw_err *err)
{
    struct gw_buf body;
    struct gw_walk walk = gw_protocol_error_walk(op, arena, &body, err);
    walk.message = GW_MESSAGE_RESPONSE;
    struct gw_value others = gw_protocol_error_members(error, arena);
    const struct gw_shape *shape = error->shape;
    (void)service;
    if (shape && !gw_rest_write_headers(&walk, shape, &others, &out->headers)) {
        return false;
    }
    set_error_type(&out->headers, shape ? gw_shape_error_code(shape) : error->code, arena);
    if (takes_no_body(op)) {
        return true;
    }
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"), json_format.content_type);
    gw_buf_add_char(&body, '{');
    gw_json_write_string(gw_protocol_message_name(shape), &body);
    gw_buf_add_char(&body, ':');
    gw_json_write_string(error->message, &body);
    bool written = !shape || gw_protocol_write_json_members(&walk, shape, &others);
    gw_buf_add_char(&body, '}');
    return gw_protocol_take_body(&walk, written, &out->body);
}

static void write_element(const char *name, struct gw_view text, struct gw_buf *out)
{
    gw_buf_addf(out, "<%s>", name);
    gw_xml_write_text(text, out);
    gw_buf_addf(out, "</%s>", name);
}

static bool write_xml_error_body(const struct gw_walk *walk, const struct gw_aws_error *error,
                                 const struct gw_value *others, bool bare)
{
    struct gw_buf *body = walk->out;
    gw_buf_add_text(body, bare ? "<Error>" : "<ErrorResponse><Error>");
    if (!bare) {
        write_element("Type", error->http_status < 500 ? GW_VIEW("Sender") : GW_VIEW("Receiver"),
                      body);
    }
    write_element("Code", error->code, body);
    write_element("Message", error->message, body);
    bool written = !error->shape || gw_protocol_write_xml(walk, error->shape, others);
    gw_buf_add_text(body, bare ? "" : "</Error>");
    write_element("RequestId", error->request_id, body);
    gw_buf_add_text(body, bare ? "</Error>" : "</ErrorResponse>");
    return written;
}

static bool write_xml_error(const struct gw_service *service, const struct gw_operation *op,
                            const struct gw_aws_error *error, struct gw_arena *arena,
                            struct gw_http_response *out, struct gw_err *err)
{
    struct gw_buf body;
    struct gw_walk walk = gw_protocol_error_walk(op, arena, &body, err);
    walk.message = GW_MESSAGE_RESPONSE;
    struct gw_value others = gw_protocol_error_members(error, arena);
    if (error->shape && !gw_rest_write_headers(&walk, error->shape, &others, &out->headers)) {
        return false;
    }
    if (takes_no_body(op)) {
        return true;
    }
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"), xml_format.content_type);
    bool written = write_xml_error_body(&walk, error, &others, gw_custom_bare_errors(service));
    return gw_protocol_take_body(&walk, written, &out->body);
}

const struct gw_wire gw_wire_rest_json = {
    write_request, read_output, read_json_error, read_request, write_response, write_json_error,
};
const struct gw_wire gw_wire_rest_xml = {
    write_request, read_output, read_xml_error, read_request, write_response, write_xml_error,
};
