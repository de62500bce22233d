/* protocol_cbor: Smithy's RPC v2 CBOR. The operation is named in the path; one map goes each way. */
#include "aws/internal.h"

#define TAG_EPOCH_SECONDS 1

/* ---- values to CBOR: along the shape, for it tells bytes from text and times from numbers ----- */

static bool write_member(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value);

static size_t count_entries(const struct gw_value *map, bool keep_null)
{
    size_t count = 0;
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        count += keep_null || map->as.map.entries[i].value.kind != GW_NULL;
    }
    return count;
}

static size_t count_items(const struct gw_value *list, bool keep_null)
{
    size_t count = 0;
    for (size_t i = 0; list->kind == GW_LIST && i < list->as.list.count; i++) {
        count += keep_null || list->as.list.items[i].kind != GW_NULL;
    }
    return count;
}

static bool write_members(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_shape *shape, const struct gw_value *map)
{
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        struct gw_path place = gw_path_name(path, entry->key);
        if (!member) {
            return gw_walk_fail(walk, &place, "no such member");
        }
        if (entry->value.kind == GW_NULL) {
            continue;
        }
        gw_cbor_write_text(gw_member_wire_name(member), walk->out);
        if (!write_member(walk, &place, member, &entry->value)) {
            return false;
        }
    }
    return true;
}

static bool write_element(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_member *element, const struct gw_value *value)
{
    return value->kind == GW_NULL ? (gw_cbor_write_null(walk->out), true)
                                  : write_member(walk, path, element, value);
}

static bool write_list(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_shape *shape, const struct gw_value *list)
{
    bool keep_null = gw_shape_keeps_null(shape);
    gw_cbor_write_list(count_items(list, keep_null), walk->out);
    for (size_t i = 0; list->kind == GW_LIST && i < list->as.list.count; i++) {
        const struct gw_value *item = &list->as.list.items[i];
        struct gw_path place = gw_path_index(path, i);
        if ((item->kind != GW_NULL || keep_null) &&
            !write_element(walk, &place, gw_shape_element(shape), item)) {
            return false;
        }
    }
    return true;
}

static bool write_map(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_shape *shape, const struct gw_value *map)
{
    bool keep_null = gw_shape_keeps_null(shape);
    gw_cbor_write_map(count_entries(map, keep_null), walk->out);
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        struct gw_path place = gw_path_name(path, entry->key);
        if (entry->value.kind == GW_NULL && !keep_null) {
            continue;
        }
        gw_cbor_write_text(entry->key, walk->out);
        if (!write_element(walk, &place, gw_shape_value(shape), &entry->value)) {
            return false;
        }
    }
    return true;
}

static bool write_time(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_shape *shape, const struct gw_value *value)
{
    double epoch_s;
    if (!gw_value_time(value, &epoch_s)) {
        return gw_walk_mismatch(walk, path, shape, value);
    }
    gw_cbor_write_tag(TAG_EPOCH_SECONDS, walk->out);
    struct gw_value number = gw_value_double(epoch_s);
    int64_t whole;
    gw_value_integer(&number, &whole) ? gw_cbor_write_int(whole, walk->out)
                                      : gw_cbor_write_double(epoch_s, walk->out);
    return true;
}

static void write_number(enum gw_shape_type type, double number, struct gw_buf *out)
{
    type == GW_SHAPE_FLOAT ? gw_cbor_write_float((float)number, out)
                           : gw_cbor_write_double(number, out);
}

static bool write_scalar(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_shape *shape, const struct gw_value *value)
{
    enum gw_shape_type type = gw_shape_type(shape);
    int64_t integer;
    double number;
    switch (type) {
    case GW_SHAPE_TIMESTAMP:
        return write_time(walk, path, shape, value);
    case GW_SHAPE_FLOAT:
    case GW_SHAPE_DOUBLE:
        return gw_value_number(value, &number) ? (write_number(type, number, walk->out), true)
                                               : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_INTEGER:
    case GW_SHAPE_LONG:
        return gw_value_integer(value, &integer) ? (gw_cbor_write_int(integer, walk->out), true)
                                                 : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_BOOLEAN:
        return value->kind == GW_BOOL ? (gw_cbor_write_bool(value->as.boolean, walk->out), true)
                                      : gw_walk_mismatch(walk, path, shape, value);
    default:
        if (value->kind != GW_STRING) {
            return gw_walk_mismatch(walk, path, shape, value);
        }
        type == GW_SHAPE_BLOB ? gw_cbor_write_bytes(value->as.string, walk->out)
                              : gw_cbor_write_text(value->as.string, walk->out);
        return true;
    }
}

static bool write_structure(const struct gw_walk *walk, const struct gw_path *path,
                            const struct gw_shape *shape, const struct gw_value *map)
{
    gw_cbor_write_map(count_entries(map, false), walk->out);
    return write_members(walk, path, shape, map);
}

static bool write_member(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value)
{
    const struct gw_shape *shape = gw_member_shape(member);
    if (!gw_walk_enter(walk, path)) {
        return false;
    }
    if (gw_shape_flags(shape) & GW_SHAPE_DOCUMENT) {
        return gw_walk_fail(walk, path, "the protocol has no documents");
    }
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_STRUCTURE:
        return gw_value_is_map(value) ? write_structure(walk, path, shape, value)
                                      : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_LIST:
        return gw_value_is_list(value) ? write_list(walk, path, shape, value)
                                       : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_MAP:
        return gw_value_is_map(value) ? write_map(walk, path, shape, value)
                                      : gw_walk_mismatch(walk, path, shape, value);
    default:
        return write_scalar(walk, path, shape, value);
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

static const struct gw_view media_type = {"application/cbor", 16};

/* The whole body; where an operation takes or gives nothing there is none. */
bool gw_protocol_write_cbor(const struct gw_walk *walk, const struct gw_shape *shape,
                            const struct gw_value *value)
{
    if (!gw_value_is_map(value) && value->kind != GW_NULL) {
        return gw_walk_fail(walk, NULL, "expected a map, got %s", gw_kind_name(value->kind));
    }
    return write_structure(walk, NULL, shape, value);
}

static bool write_body(const struct gw_walk *walk, const struct gw_shape *shape,
                       const struct gw_value *value, struct gw_headers *headers,
                       struct gw_view *body)
{
    struct gw_buf out;
    struct gw_walk inner = *walk;
    gw_headers_add(walk->arena, headers, GW_VIEW("Content-Type"), media_type);
    gw_buf_init(&out, GW_PROTOCOL_MAX_BYTES);
    inner.out = &out;
    return gw_protocol_take_body(&inner, gw_protocol_write_cbor(&inner, shape, value), body);
}

bool gw_protocol_read_cbor(const struct gw_walk *walk, const struct gw_shape *shape,
                           struct gw_view body, struct gw_value *out)
{
    struct gw_value tree;
    struct gw_err err = {0};
    *out = gw_value_map();
    if (body.len == 0) {
        return true;
    }
    if (!gw_cbor_parse(body, walk->arena, &tree, &err)) {
        return gw_walk_fail(walk, NULL, "the body is not understood: %s", err.message);
    }
    return gw_protocol_read_tree(walk, shape, &tree, out);
}

static void add_protocol(struct gw_arena *arena, struct gw_headers *headers)
{
    gw_headers_add(arena, headers, GW_VIEW("smithy-protocol"), GW_VIEW("rpc-v2-cbor"));
}

/* ---- client ---------------------------------------------------------------------------------- */

static bool write_request(const struct gw_operation *op, const struct gw_value *input,
                          struct gw_arena *arena, struct gw_http_request *out, struct gw_err *err)
{
    const struct gw_service *service = gw_operation_service(op);
    struct gw_walk walk = {
        .op = op, .what = "parameter", .refusal = GW_ERR_INPUT, .arena = arena, .err = err};
    const struct gw_shape *shape = gw_operation_input(op);
    out->method = GW_VIEW("POST");
    out->url = gw_arena_printf(arena, "/service/%.*s/operation/%.*s",
                               GW_VIEW_ARGS(gw_service_target_prefix(service)),
                               GW_VIEW_ARGS(gw_operation_name(op)));
    add_protocol(arena, &out->headers);
    gw_headers_add(arena, &out->headers, GW_VIEW("Accept"), media_type);
    if (gw_service_query_compatible(service)) {
        gw_headers_add(arena, &out->headers, GW_VIEW("x-amzn-query-mode"), GW_VIEW("true"));
    }
    return !shape || write_body(&walk, shape, input, &out->headers, &out->body);
}

static bool read_output(const struct gw_operation *op, const struct gw_http_response *res,
                        struct gw_arena *arena, struct gw_value *output, struct gw_err *err)
{
    struct gw_walk walk = {.op = op,
                           .what = "response member",
                           .refusal = GW_ERR_PROTOCOL,
                           .arena = arena,
                           .err = err,
                           .raw_blobs = true};
    return gw_protocol_read_cbor(&walk, gw_operation_output(op), res->body, output);
}

static void read_error(const struct gw_operation *op, const struct gw_http_response *res,
                       struct gw_arena *arena, struct gw_aws_error *error)
{
    struct gw_walk walk = {.op = op, .what = "error member", .arena = arena, .raw_blobs = true};
    struct gw_value body;
    if (!gw_cbor_parse(res->body, arena, &body, NULL)) {
        body = gw_value_map();
    }
    gw_protocol_name_error(op, res, &body, arena, error);
    if (error->shape && !gw_protocol_read_tree(&walk, error->shape, &body, &error->detail)) {
        error->detail = gw_value_map(); /* still the error it is, but without its members */
    }
}

/* ---- server ---------------------------------------------------------------------------------- */

static bool read_request(const struct gw_service *service, const struct gw_http_request *req,
                         struct gw_arena *arena, const struct gw_operation **op,
                         struct gw_value *input, struct gw_err *err)
{
    struct gw_view prefix = gw_arena_printf(arena, "/service/%.*s/operation/",
                                            GW_VIEW_ARGS(gw_service_target_prefix(service)));
    size_t at = gw_view_find(req->url, prefix);
    if (at == GW_NPOS) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "%.*s: the path does not begin with '%.*s'",
                       GW_VIEW_ARGS(gw_service_name(service)), GW_VIEW_ARGS(prefix));
    }
    struct gw_view name = gw_view_sub(req->url, at + prefix.len, req->url.len);
    *op = gw_protocol_find_operation(service, gw_view_sub(name, 0, gw_view_find_char(name, '?')),
                                     err);
    if (!*op) {
        return false;
    }
    struct gw_walk walk = {.op = *op,
                           .what = "parameter",
                           .refusal = GW_ERR_INPUT,
                           .arena = arena,
                           .err = err,
                           .raw_blobs = true};
    return gw_protocol_read_cbor(&walk, gw_operation_input(*op), req->body, input);
}

static bool write_response(const struct gw_operation *op, const struct gw_value *output,
                           struct gw_view request_id, struct gw_arena *arena,
                           struct gw_http_response *out, struct gw_err *err)
{
    struct gw_walk walk = {
        .op = op, .what = "result member", .refusal = GW_ERR_INPUT, .arena = arena, .err = err};
    const struct gw_shape *shape = gw_operation_output(op);
    (void)request_id;
    add_protocol(arena, &out->headers);
    return !shape || write_body(&walk, shape, output, &out->headers, &out->body);
}

static void write_pair(struct gw_view key, struct gw_view text, struct gw_buf *out)
{
    gw_cbor_write_text(key, out);
    gw_cbor_write_text(text, out);
}

static bool write_error(const struct gw_service *service, const struct gw_operation *op,
                        const struct gw_aws_error *error, struct gw_arena *arena,
                        struct gw_http_response *out, struct gw_err *err)
{
    struct gw_buf body;
    struct gw_walk walk = gw_protocol_error_walk(op, arena, &body, err);
    const struct gw_shape *shape = error->shape;
    struct gw_value others = shape ? gw_protocol_error_members(error, arena) : gw_value_map();
    add_protocol(arena, &out->headers);
    gw_headers_add(arena, &out->headers, GW_VIEW("Content-Type"), media_type);
    gw_protocol_add_query_error(service, error, arena, &out->headers);
    gw_cbor_write_map(2 + count_entries(&others, false), &body);
    write_pair(GW_VIEW("__type"), shape ? gw_shape_name(shape) : error->code, &body);
    write_pair(gw_protocol_message_name(shape), error->message, &body);
    bool written = !shape || write_members(&walk, NULL, shape, &others);
    return gw_protocol_take_body(&walk, written, &out->body);
}

const struct gw_wire gw_wire_cbor = {
    write_request, read_output, read_error, read_request, write_response, write_error,
};
