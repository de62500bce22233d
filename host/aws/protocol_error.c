/* protocol_error: what the protocols' errors have in common: where an answer names the error, its
 * message and the request, and which modelled shape is meant. */
#include "aws/internal.h"

/* ---- objects: JSON and CBOR ------------------------------------------------------------------ */

/* "aws.protocoltests#FooError:http://internal" is "FooError". */
static struct gw_view bare_code(struct gw_view text)
{
    text = gw_view_sub(text, 0, gw_view_find_char(text, ':'));
    size_t hash = gw_view_find_char(text, '#');
    return gw_view_trim(hash == GW_NPOS ? text : gw_view_sub(text, hash + 1, text.len));
}

static struct gw_view first_text(const struct gw_value *map, const char *const *names)
{
    struct gw_view text = GW_VIEW_NONE;
    for (; *names && text.len == 0; names++) {
        text = gw_map_text(map, gw_view_of(*names));
    }
    return text;
}

/* "AWS.SimpleQueueService.NonExistentQueue;Sender": what the service said as a query service. */
static void take_query_error(const struct gw_operation *op, const struct gw_http_response *res,
                             struct gw_arena *arena, struct gw_aws_error *error)
{
    struct gw_view query = gw_headers_get(&res->headers, GW_VIEW("x-amzn-query-error"));
    if (!gw_service_query_compatible(gw_operation_service(op)) || query.len == 0) {
        return;
    }
    error->code =
        gw_arena_dup(arena, gw_view_trim(gw_view_sub(query, 0, gw_view_find_char(query, ';'))));
    error->shape = error->shape ? error->shape : gw_protocol_find_error(op, error->code);
}

void gw_protocol_name_error(const struct gw_operation *op, const struct gw_http_response *res,
                            const struct gw_value *body, struct gw_arena *arena,
                            struct gw_aws_error *error)
{
    /* In awsJson "code" may be a member of the error's own. sso-oidc speaks OAuth: "error" and
     * "error_description". */
    static const char *const type_first[] = {"__type", "code", "Code", "error", NULL};
    static const char *const code_first[] = {"code", "Code", "__type", "error", NULL};
    static const char *const message_names[] = {"message", "Message", "errorMessage",
                                                "error_description", NULL};
    bool is_rest = gw_service_protocol(gw_operation_service(op)) == GW_PROTOCOL_REST_JSON;
    struct gw_view type = gw_headers_get(&res->headers, GW_VIEW("x-amzn-errortype"));
    type = type.len > 0 ? type : first_text(body, is_rest ? code_first : type_first);
    type = gw_arena_dup(arena, bare_code(type));
    error->code = type;
    error->message = first_text(body, message_names);
    error->shape = gw_protocol_find_error(op, type);
    take_query_error(op, res, arena, error);
}

void gw_protocol_add_query_error(const struct gw_service *service, const struct gw_aws_error *error,
                                 struct gw_arena *arena, struct gw_headers *headers)
{
    if (gw_service_query_compatible(service)) {
        gw_headers_add(arena, headers, GW_VIEW("x-amzn-query-error"),
                       gw_arena_printf(arena, "%.*s;%s", GW_VIEW_ARGS(error->code),
                                       error->http_status < 500 ? "Sender" : "Receiver"));
    }
}

/* ---- XML ------------------------------------------------------------------------------------- */

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

static struct gw_view either_text(const struct gw_xml *parent, const char *name, const char *other)
{
    struct gw_view text = child_text(parent, gw_view_of(name));
    return text.len > 0 ? text : child_text(parent, gw_view_of(other));
}

const struct gw_xml *gw_protocol_name_xml_error(const struct gw_operation *op,
                                                const struct gw_http_response *res,
                                                struct gw_arena *arena, struct gw_aws_error *error)
{
    struct gw_xml *root;
    if (!gw_xml_parse(res->body, arena, &root, NULL)) {
        return NULL;
    }
    error->request_id = either_text(root, "RequestId", "RequestID");
    const struct gw_xml *element = find_error_element(root);
    if (element) {
        error->code = child_text(element, GW_VIEW("Code"));
        error->message = either_text(element, "Message", "message");
        error->shape = gw_protocol_find_error(op, error->code);
    }
    return element;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct gw_view gw_protocol_message_name(const struct gw_shape *shape)
{
    for (size_t i = 0; shape && i < gw_shape_member_count(shape); i++) {
        struct gw_view name = gw_member_name(gw_shape_member(shape, i));
        if (gw_view_equal_nocase(name, GW_VIEW("message"))) {
            return name;
        }
    }
    return GW_VIEW("message");
}

struct gw_value gw_protocol_error_members(const struct gw_aws_error *error, struct gw_arena *arena)
{
    struct gw_value others = gw_value_map();
    const struct gw_value *detail = &error->detail;
    for (size_t i = 0; detail->kind == GW_MAP && i < detail->as.map.count; i++) {
        const struct gw_entry *entry = &detail->as.map.entries[i];
        if (!gw_view_equal_nocase(entry->key, GW_VIEW("message"))) {
            *gw_map_add(arena, &others, entry->key) = entry->value;
        }
    }
    return others;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct gw_walk gw_protocol_error_walk(const struct gw_operation *op, struct gw_arena *arena,
                                      struct gw_buf *body, struct gw_err *err)
{
    gw_buf_init(body, GW_PROTOCOL_MAX_BYTES);
    return (struct gw_walk){.op = op,
                            .what = "error member",
                            .refusal = GW_ERR_INPUT,
                            .arena = arena,
                            .out = body,
                            .err = err};
}
