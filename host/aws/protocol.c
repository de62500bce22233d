/* protocol: requests and answers, by the protocol that a service speaks. What all protocols have in
 * common is settled here: idempotency tokens, which answer is an error, and what an error says when
 * its body says nothing. Limit: GW_PROTOCOL_MAX_BYTES a body. */
#include "aws/internal.h"

#include <string.h>

#define MESSAGE_MAX_BYTES 200 /* of a body that is no AWS error: enough to recognise a proxy */

/* ---- which protocol -------------------------------------------------------------------------- */

static const struct gw_wire *find_wire_of(enum gw_protocol protocol,
                                          const struct gw_service *service, struct gw_err *err)
{
    static const struct {
        const char *name;
        const struct gw_wire *wire;
    } protocols[] = {
        [GW_PROTOCOL_JSON] = {"json", &gw_wire_json},
        [GW_PROTOCOL_QUERY] = {"query", &gw_wire_query},
        [GW_PROTOCOL_EC2] = {"ec2", &gw_wire_ec2},
        [GW_PROTOCOL_REST_JSON] = {"rest-json", &gw_wire_rest_json},
        [GW_PROTOCOL_REST_XML] = {"rest-xml", &gw_wire_rest_xml},
        [GW_PROTOCOL_CBOR] = {"smithy-rpc-v2-cbor", &gw_wire_cbor},
    };
    if (!protocols[protocol].wire) {
        gw_fail(err, GW_ERR_INPUT, "%.*s: its protocol %s is not available",
                GW_VIEW_ARGS(gw_service_name(service)), protocols[protocol].name);
    }
    return protocols[protocol].wire;
}

static const struct gw_wire *find_wire(const struct gw_service *service, struct gw_err *err)
{
    return find_wire_of(gw_service_protocol(service), service, err);
}

const struct gw_operation *gw_protocol_find_operation(const struct gw_service *service,
                                                      struct gw_view name, struct gw_err *err)
{
    const struct gw_operation *op = gw_service_find_operation(service, name);
    if (op && gw_view_equal(gw_operation_name(op), name)) {
        return op;
    }
    gw_fail(err, GW_ERR_NOT_FOUND, "%.*s: no operation '%.*s'",
            GW_VIEW_ARGS(gw_service_name(service)), GW_VIEW_ARGS(gw_view_sub(name, 0, 100)));
    return NULL;
}

static const struct gw_shape *own_error(const struct gw_operation *op, struct gw_view code)
{
    for (size_t i = 0; i < gw_operation_error_count(op); i++) {
        const struct gw_shape *shape = gw_operation_error(op, i);
        if (gw_view_equal(gw_shape_error_code(shape), code) ||
            gw_view_equal(gw_shape_name(shape), code)) {
            return shape;
        }
    }
    return NULL;
}

const struct gw_shape *gw_protocol_find_error(const struct gw_operation *op, struct gw_view code)
{
    const struct gw_service *service = op ? gw_operation_service(op) : NULL;
    const struct gw_shape *shape = op ? own_error(op, code) : NULL;
    for (size_t i = 0; service && !shape && i < gw_service_operation_count(service); i++) {
        shape = own_error(gw_service_operation(service, i), code);
    }
    return shape;
}

bool gw_protocol_take_body(const struct gw_walk *walk, bool written, struct gw_view *body)
{
    if (written && walk->out->full) {
        struct gw_walk limit = *walk;
        limit.refusal = GW_ERR_LIMIT;
        written =
            gw_walk_fail(&limit, NULL, "the body is larger than %u bytes", GW_PROTOCOL_MAX_BYTES);
    }
    if (written) {
        *body = gw_arena_dup(walk->arena, gw_buf_view(walk->out));
    }
    gw_buf_clear(walk->out);
    return written;
}

void gw_protocol_name_unknown(const struct gw_walk *walk, const struct gw_shape *shape,
                              struct gw_view name, struct gw_value *out)
{
    if (!(gw_shape_flags(shape) & GW_SHAPE_UNION) || walk->refusal != GW_ERR_PROTOCOL ||
        name.len == 0 || out->as.map.count > 0) {
        return;
    }
    struct gw_value *unknown = gw_map_add(walk->arena, out, GW_VIEW("SDK_UNKNOWN_MEMBER"));
    *unknown = gw_value_map();
    *gw_map_add(walk->arena, unknown, GW_VIEW("name")) = gw_value_string(name);
}

/* ---- client, request ------------------------------------------------------------------------- */

static bool lacks_token(const struct gw_member *member, const struct gw_value *input)
{
    const struct gw_value *given = gw_map_get(input, gw_member_name(member));
    return (gw_member_flags(member) & GW_MEMBER_IDEMPOTENCY_TOKEN) &&
           (!given || given->kind == GW_NULL);
}

/* A copy of the parameters, which shares their values, with the tokens that were not given. */
static struct gw_value add_tokens(const struct gw_operation *op, const struct gw_value *input,
                                  struct gw_view token, struct gw_arena *arena)
{
    struct gw_value all = gw_value_map();
    const struct gw_shape *shape = gw_operation_input(op);
    for (size_t i = 0; input->kind == GW_MAP && i < input->as.map.count; i++) {
        const struct gw_entry *entry = &input->as.map.entries[i];
        if (entry->value.kind != GW_NULL) {
            *gw_map_add(arena, &all, entry->key) = entry->value;
        }
    }
    for (size_t i = 0; shape && token.len > 0 && i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        if (lacks_token(member, input)) {
            *gw_map_add(arena, &all, gw_member_name(member)) =
                gw_value_string(gw_arena_dup(arena, token));
        }
    }
    return all;
}

bool gw_protocol_write_request(const struct gw_operation *op, const struct gw_value *input,
                               struct gw_view token, struct gw_arena *arena,
                               struct gw_http_request *out, struct gw_err *err)
{
    if (gw_event_stream_member(gw_operation_input(op))) {
        return gw_fail(err, GW_ERR_INPUT,
                       "%.*s:%.*s: takes a stream of events, which is not available (it needs "
                       "HTTP/2)",
                       GW_VIEW_ARGS(gw_service_name(gw_operation_service(op))),
                       GW_VIEW_ARGS(gw_operation_name(op)));
    }
    const struct gw_wire *wire = find_wire(gw_operation_service(op), err);
    if (!wire) {
        return false;
    }
    struct gw_value all = add_tokens(op, input, token, arena);
    if (!wire->write_request(op, &all, arena, out, err)) {
        return false;
    }
    gw_custom_request(op, input, arena, out);
    return true;
}

/* ---- client, response ------------------------------------------------------------------------ */

/* The first line of a body that is no AWS error, fit to print; the empty view for markup. */
static struct gw_view plain_message(struct gw_view body, struct gw_arena *arena)
{
    struct gw_view text = gw_view_trim(body);
    if (gw_view_starts_with(text, GW_VIEW("<"))) {
        return GW_VIEW_NONE;
    }
    text = gw_view_sub(text, 0, gw_view_find_char(text, '\n'));
    text = gw_arena_dup(arena, gw_view_sub(gw_view_trim(text), 0, MESSAGE_MAX_BYTES));
    for (size_t i = 0; i < text.len; i++) {
        char *c = (char *)text.data + i;
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
    }
    return text;
}

/* What the protocol did not find in the answer. */
static void complete_error(const struct gw_http_response *res, struct gw_arena *arena,
                           struct gw_aws_error *error)
{
    bool has_code = error->code.len > 0;
    if (!has_code) {
        error->code = gw_arena_printf(arena, "%d", res->status);
    }
    if (error->message.len == 0 && !has_code) {
        error->message = plain_message(res->body, arena);
    }
    if (error->message.len == 0 && !has_code) {
        error->message = res->reason.len > 0
                             ? gw_arena_dup(arena, res->reason)
                             : gw_arena_printf(arena, "HTTP status %d", res->status);
    }
    if (error->request_id.len == 0) {
        struct gw_view id = gw_headers_get(&res->headers, GW_VIEW("x-amzn-requestid"));
        if (id.len == 0) {
            id = gw_headers_get(&res->headers, GW_VIEW("x-amz-request-id"));
        }
        error->request_id = gw_arena_dup(arena, id);
    }
}

/* Headers alone may be the answer. */
static bool may_be_empty(const struct gw_service *service)
{
    enum gw_protocol protocol = gw_service_protocol(service);
    return protocol == GW_PROTOCOL_REST_JSON || protocol == GW_PROTOCOL_REST_XML ||
           protocol == GW_PROTOCOL_CBOR;
}

/* Else a service that has something to say sends at least "{}" or its root element. */
static bool check_presence(const struct gw_operation *op, const struct gw_http_response *res,
                           struct gw_err *err)
{
    const struct gw_shape *shape = gw_operation_output(op);
    struct gw_walk walk = {.op = op, .refusal = GW_ERR_PROTOCOL, .err = err};
    return res->body.len > 0 || !shape || gw_shape_member_count(shape) == 0 ||
           may_be_empty(gw_operation_service(op)) ||
           gw_walk_fail(&walk, NULL, "the answer is empty");
}

/* Then the answer itself says nothing, and its body is not for here. */
static bool has_output_in_events(const struct gw_operation *op)
{
    return gw_event_stream_has_initial(op) && gw_event_stream_member(gw_operation_output(op));
}

enum gw_answer gw_protocol_read_response(const struct gw_operation *op,
                                         const struct gw_http_response *res, struct gw_arena *arena,
                                         struct gw_value *output, struct gw_aws_error *error,
                                         struct gw_err *err)
{
    const struct gw_service *service = gw_operation_service(op);
    const struct gw_wire *wire = find_wire(service, err);
    if (!wire) {
        return GW_ANSWER_GARBAGE;
    }
    struct gw_http_response judged = *res;
    gw_custom_response(op, arena, &judged);
    if (judged.status >= 200 && judged.status < 300) {
        *output = gw_value_map();
        if (has_output_in_events(op)) {
            return GW_ANSWER_OK;
        }
        return check_presence(op, &judged, err) &&
                       wire->read_output(op, &judged, arena, output, err)
                   ? GW_ANSWER_OK
                   : GW_ANSWER_GARBAGE;
    }
    *error = (struct gw_aws_error){
        .service = gw_service_name(service),
        .operation = gw_operation_name(op),
        .http_status = judged.status,
    };
    wire->read_error(op, &judged, arena, error);
    complete_error(&judged, arena, error);
    return GW_ANSWER_AWS_ERROR;
}

/* ---- server ---------------------------------------------------------------------------------- */

enum gw_protocol gw_protocol_of_request(const struct gw_service *service,
                                        const struct gw_http_request *req)
{
    struct gw_view named = gw_headers_get(&req->headers, GW_VIEW("smithy-protocol"));
    if (gw_view_equal(named, GW_VIEW("rpc-v2-cbor"))) {
        return GW_PROTOCOL_CBOR;
    }
    bool is_form = gw_view_starts_with(gw_headers_get(&req->headers, GW_VIEW("content-type")),
                                       GW_VIEW("application/x-www-form-urlencoded"));
    return is_form && gw_service_query_compatible(service) ? GW_PROTOCOL_QUERY
                                                           : gw_service_protocol(service);
}

bool gw_protocol_read_request(const struct gw_service *service, const struct gw_http_request *req,
                              struct gw_arena *arena, const struct gw_operation **op,
                              struct gw_value *input, struct gw_err *err)
{
    const struct gw_wire *wire = find_wire_of(gw_protocol_of_request(service, req), service, err);
    *op = NULL;
    *input = gw_value_map();
    return wire && wire->read_request(service, req, arena, op, input, err);
}

static struct gw_view reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return gw_view_of(reasons[i].reason);
        }
    }
    return GW_VIEW("Other");
}

static void begin_response(const struct gw_service *service, int status, struct gw_view request_id,
                           struct gw_arena *arena, struct gw_http_response *out)
{
    bool bare = gw_custom_bare_errors(service);
    *out = (struct gw_http_response){.status = status, .reason = reason_of(status)};
    if (request_id.len > 0) {
        gw_headers_add(arena, &out->headers,
                       bare ? GW_VIEW("x-amz-request-id") : GW_VIEW("x-amzn-RequestId"),
                       request_id);
    }
}

bool gw_protocol_write_response(enum gw_protocol protocol, const struct gw_operation *op,
                                const struct gw_value *output, struct gw_view request_id,
                                struct gw_arena *arena, struct gw_http_response *out,
                                struct gw_err *err)
{
    const struct gw_wire *wire = find_wire_of(protocol, gw_operation_service(op), err);
    int status = gw_operation_response_code(op);
    if (!wire) {
        return false;
    }
    begin_response(gw_operation_service(op), status ? status : 200, request_id, arena, out);
    return wire->write_response(op, output, request_id, arena, out, err);
}

bool gw_protocol_write_error(enum gw_protocol protocol, const struct gw_service *service,
                             const struct gw_operation *op, const struct gw_aws_error *error,
                             struct gw_arena *arena, struct gw_http_response *out,
                             struct gw_err *err)
{
    const struct gw_wire *wire = find_wire_of(protocol, service, err);
    if (!wire) {
        return false;
    }
    struct gw_aws_error full = *error;
    if (!full.shape || !op) {
        full.shape = gw_protocol_find_error(op, full.code);
    }
    if (full.http_status == 0 && full.shape) {
        full.http_status = gw_shape_error_status(full.shape);
    }
    if (full.http_status == 0) {
        full.http_status = 400;
    }
    begin_response(service, full.http_status, full.request_id, arena, out);
    return wire->write_error(service, op, &full, arena, out, err);
}
