/* protocol_events: the messages of an event stream <-> values, along the union that is the stream.
 * The payload of an event is what the service's protocol has as a body; some members may stand in
 * headers of the message instead. Limits are those of the framing and of the protocol. */
#include "aws/internal.h"

#include <math.h>
#include <string.h>

const struct gw_member *gw_event_stream_member(const struct gw_shape *shape)
{
    for (size_t i = 0; shape && i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        if (gw_shape_flags(gw_member_shape(member)) & GW_SHAPE_EVENT_STREAM) {
            return member;
        }
    }
    return NULL;
}

bool gw_event_stream_has_initial(const struct gw_operation *op)
{
    enum gw_protocol protocol = gw_service_protocol(gw_operation_service(op));
    return protocol == GW_PROTOCOL_JSON || protocol == GW_PROTOCOL_CBOR;
}

static struct gw_view content_type(const struct gw_operation *op)
{
    switch (gw_service_protocol(gw_operation_service(op))) {
    case GW_PROTOCOL_REST_XML:
        return GW_VIEW("application/xml");
    case GW_PROTOCOL_CBOR:
        return GW_VIEW("application/cbor");
    default:
        return GW_VIEW("application/json");
    }
}

static bool speaks_cbor(const struct gw_operation *op)
{
    return gw_service_protocol(gw_operation_service(op)) == GW_PROTOCOL_CBOR;
}

static bool is_raw(const struct gw_member *payload)
{
    enum gw_shape_type type = gw_shape_type(gw_member_shape(payload));
    return type == GW_SHAPE_BLOB || type == GW_SHAPE_STRING;
}

static const struct gw_member *find_flagged(const struct gw_shape *shape, unsigned flag)
{
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        if (gw_member_flags(member) & flag) {
            return member;
        }
    }
    return NULL;
}

/* ---- bodies in the service's protocol -------------------------------------------------------- */

static bool fail_protocol(const struct gw_walk *walk)
{
    return gw_walk_fail(walk, NULL, "its protocol has no event streams");
}

static bool read_xml_body(const struct gw_walk *walk, const struct gw_shape *shape,
                          struct gw_view body, struct gw_value *out)
{
    struct gw_xml *root;
    struct gw_err err = {0};
    *out = gw_value_map();
    if (body.len == 0) {
        return true;
    }
    if (!gw_xml_parse(body, walk->arena, &root, &err)) {
        return gw_walk_fail(walk, NULL, "the event is not understood: %s", err.message);
    }
    return gw_protocol_read_xml(walk, shape, root, out);
}

static bool read_body(const struct gw_walk *walk, const struct gw_shape *shape, struct gw_view body,
                      struct gw_value *out)
{
    switch (gw_service_protocol(gw_operation_service(walk->op))) {
    case GW_PROTOCOL_JSON:
    case GW_PROTOCOL_REST_JSON:
        return gw_protocol_read_json(walk, shape, body, out);
    case GW_PROTOCOL_REST_XML:
        return read_xml_body(walk, shape, body, out);
    case GW_PROTOCOL_CBOR:
        return gw_protocol_read_cbor(walk, shape, body, out);
    default:
        return fail_protocol(walk);
    }
}

/* `name` is that of the root element, where there is one. */
static bool write_body(const struct gw_walk *walk, const struct gw_shape *shape,
                       struct gw_view name, const struct gw_value *value)
{
    switch (gw_service_protocol(gw_operation_service(walk->op))) {
    case GW_PROTOCOL_JSON:
    case GW_PROTOCOL_REST_JSON:
        return gw_protocol_write_json(walk, shape, value);
    case GW_PROTOCOL_REST_XML:
        return gw_protocol_write_xml_root(walk, shape, name, value);
    case GW_PROTOCOL_CBOR:
        return gw_protocol_write_cbor(walk, shape, value);
    default:
        return fail_protocol(walk);
    }
}

/* ---- reading: headers ------------------------------------------------------------------------ */

static struct gw_view header_text(const struct gw_eventstream_message *message, const char *name)
{
    const struct gw_eventstream_header *header = gw_eventstream_find(message, gw_view_of(name));
    return header && header->type == GW_EVENTSTREAM_STRING ? header->bytes : GW_VIEW_NONE;
}

static bool is_integer(enum gw_eventstream_type type)
{
    return type >= GW_EVENTSTREAM_INT8 && type <= GW_EVENTSTREAM_INT64;
}

/* False where the header's type is not the shape's. */
static bool read_header_value(const struct gw_eventstream_header *header,
                              const struct gw_shape *shape, struct gw_arena *arena,
                              struct gw_value *out)
{
    enum gw_eventstream_type type = header->type;
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_BOOLEAN:
        *out = gw_value_bool(type == GW_EVENTSTREAM_TRUE);
        return type == GW_EVENTSTREAM_TRUE || type == GW_EVENTSTREAM_FALSE;
    case GW_SHAPE_INTEGER:
    case GW_SHAPE_LONG:
        *out = gw_value_int(header->number);
        return is_integer(type);
    case GW_SHAPE_TIMESTAMP:
        *out = gw_value_double((double)header->number / 1000);
        return type == GW_EVENTSTREAM_TIMESTAMP;
    case GW_SHAPE_BLOB:
    case GW_SHAPE_STRING:
        *out = gw_value_string(gw_arena_dup(arena, header->bytes));
        return type == GW_EVENTSTREAM_BYTES || type == GW_EVENTSTREAM_STRING;
    default:
        return false;
    }
}

static bool read_headers(const struct gw_walk *walk, const struct gw_shape *shape,
                         const struct gw_eventstream_message *message, struct gw_value *out)
{
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        const struct gw_eventstream_header *header =
            gw_eventstream_find(message, gw_member_wire_name(member));
        if (!(gw_member_flags(member) & GW_MEMBER_EVENT_HEADER) || !header) {
            continue;
        }
        struct gw_path place = gw_path_name(NULL, gw_member_name(member));
        struct gw_value *slot = gw_map_add(walk->arena, out, gw_member_name(member));
        if (!read_header_value(header, gw_member_shape(member), walk->arena, slot)) {
            return gw_walk_fail(walk, &place, "the header has another type (%d)", header->type);
        }
        slot->secret = gw_member_is_secret(member);
    }
    return true;
}

/* ---- reading: events ------------------------------------------------------------------------- */

static bool read_payload(const struct gw_walk *walk, const struct gw_member *payload,
                         struct gw_view body, struct gw_value *out)
{
    if (!is_raw(payload)) {
        return read_body(walk, gw_member_shape(payload), body, out);
    }
    *out = gw_value_string(gw_arena_dup(walk->arena, body));
    out->secret = gw_member_is_secret(payload);
    return true;
}

/* An event without members has no body worth a look. */
static bool read_members(const struct gw_walk *walk, const struct gw_shape *shape,
                         const struct gw_eventstream_message *message, struct gw_value *out)
{
    const struct gw_member *payload = find_flagged(shape, GW_MEMBER_EVENT_PAYLOAD);
    *out = gw_value_map();
    if (payload) {
        struct gw_value *slot = gw_map_add(walk->arena, out, gw_member_name(payload));
        if (!read_payload(walk, payload, message->payload, slot)) {
            return false;
        }
    } else if (gw_shape_member_count(shape) > 0 && !read_body(walk, shape, message->payload, out)) {
        return false;
    }
    return read_headers(walk, shape, message, out);
}

static enum gw_event_kind read_event(const struct gw_walk *walk, const struct gw_shape *shape,
                                     const struct gw_eventstream_message *message,
                                     struct gw_event *out)
{
    struct gw_view type = header_text(message, ":event-type");
    const struct gw_shape *stream = gw_member_shape(gw_event_stream_member(shape));
    const struct gw_member *member = gw_shape_find_member(stream, type);
    if (type.len == 0) {
        gw_walk_fail(walk, NULL, "an event has no ':event-type'");
        return GW_EVENT_GARBAGE;
    }
    bool is_initial = gw_view_equal(type, GW_VIEW("initial-response")) ||
                      gw_view_equal(type, GW_VIEW("initial-request"));
    if (!member && is_initial && gw_event_stream_has_initial(walk->op)) {
        return read_body(walk, shape, message->payload, &out->value) ? GW_EVENT_INITIAL
                                                                     : GW_EVENT_GARBAGE;
    }
    if (!member) {
        return GW_EVENT_UNKNOWN;
    }
    out->value = gw_value_map();
    struct gw_value *slot = gw_map_add(walk->arena, &out->value, gw_member_name(member));
    return read_members(walk, gw_member_shape(member), message, slot) ? GW_EVENT_MEMBER
                                                                      : GW_EVENT_GARBAGE;
}

/* ---- reading: the end by an error ------------------------------------------------------------ */

static void begin_error(const struct gw_operation *op, struct gw_aws_error *error)
{
    *error = (struct gw_aws_error){
        .service = gw_service_name(gw_operation_service(op)),
        .operation = gw_operation_name(op),
    };
}

static struct gw_view message_of(const struct gw_value *detail)
{
    for (size_t i = 0; detail->kind == GW_MAP && i < detail->as.map.count; i++) {
        const struct gw_entry *entry = &detail->as.map.entries[i];
        if (gw_view_equal_nocase(entry->key, GW_VIEW("message")) &&
            entry->value.kind == GW_STRING) {
            return entry->value.as.string;
        }
    }
    return GW_VIEW_NONE;
}

/* Exceptions have a message, whether their shape says so or not. */
static struct gw_view unmodelled_message(const struct gw_eventstream_message *message,
                                         struct gw_arena *arena)
{
    struct gw_value body;
    return gw_json_parse(message->payload, arena, &body, NULL) ? message_of(&body) : GW_VIEW_NONE;
}

/* An exception whose body makes no sense is still the exception it is. */
static enum gw_event_kind read_exception(const struct gw_walk *walk, const struct gw_shape *shape,
                                         const struct gw_eventstream_message *message,
                                         struct gw_aws_error *error)
{
    struct gw_view type = header_text(message, ":exception-type");
    const struct gw_shape *stream = gw_member_shape(gw_event_stream_member(shape));
    const struct gw_member *member = gw_shape_find_member(stream, type);
    struct gw_walk lenient = *walk;
    lenient.err = NULL;
    if (type.len == 0) {
        gw_walk_fail(walk, NULL, "an exception has no ':exception-type'");
        return GW_EVENT_GARBAGE;
    }
    begin_error(walk->op, error);
    error->shape = member ? gw_member_shape(member) : gw_protocol_find_error(walk->op, type);
    error->code =
        error->shape ? gw_shape_error_code(error->shape) : gw_arena_dup(walk->arena, type);
    if (error->shape && !read_members(&lenient, error->shape, message, &error->detail)) {
        error->detail = gw_value_map();
    }
    error->message = message_of(&error->detail);
    if (error->message.len == 0) {
        error->message = unmodelled_message(message, walk->arena);
    }
    return GW_EVENT_ERROR;
}

static enum gw_event_kind read_error(const struct gw_walk *walk,
                                     const struct gw_eventstream_message *message,
                                     struct gw_aws_error *error)
{
    begin_error(walk->op, error);
    struct gw_view code = header_text(message, ":error-code");
    error->code = code.len > 0 ? gw_arena_dup(walk->arena, code) : GW_VIEW("UnknownError");
    error->message = gw_arena_dup(walk->arena, header_text(message, ":error-message"));
    error->shape = gw_protocol_find_error(walk->op, error->code);
    return GW_EVENT_ERROR;
}

enum gw_event_kind gw_protocol_read_event(const struct gw_operation *op,
                                          const struct gw_shape *shape,
                                          const struct gw_eventstream_message *message,
                                          struct gw_arena *arena, struct gw_event *out,
                                          struct gw_err *err)
{
    struct gw_walk walk = {.op = op,
                           .what = "event member",
                           .refusal = GW_ERR_PROTOCOL,
                           .arena = arena,
                           .err = err,
                           .raw_blobs = speaks_cbor(op)};
    struct gw_view type = header_text(message, ":message-type");
    if (gw_view_equal(type, GW_VIEW("event"))) {
        return read_event(&walk, shape, message, out);
    }
    if (gw_view_equal(type, GW_VIEW("exception"))) {
        return read_exception(&walk, shape, message, &out->error);
    }
    if (gw_view_equal(type, GW_VIEW("error"))) {
        return read_error(&walk, message, &out->error);
    }
    gw_walk_fail(&walk, NULL, "a message of the stream has no ':message-type' that is known");
    return GW_EVENT_GARBAGE;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* A message under construction. */
struct draft {
    struct gw_walk walk; /* its buffer is `payload` */
    struct gw_buf payload;
    struct gw_eventstream_header headers[64];
    struct gw_eventstream_message message;
};

static void begin_draft(struct draft *draft, const struct gw_operation *op, struct gw_arena *arena,
                        struct gw_err *err)
{
    memset(draft, 0, sizeof *draft);
    gw_buf_init(&draft->payload, GW_EVENTSTREAM_MAX_PAYLOAD_BYTES);
    draft->walk = (struct gw_walk){.op = op,
                                   .what = "event member",
                                   .refusal = GW_ERR_INPUT,
                                   .arena = arena,
                                   .out = &draft->payload,
                                   .err = err,
                                   .raw_blobs = speaks_cbor(op)};
    draft->message.headers = draft->headers;
}

static bool end_draft(struct draft *draft, bool written, struct gw_buf *out)
{
    if (written && draft->payload.full) {
        draft->walk.refusal = GW_ERR_LIMIT;
        written = gw_walk_fail(&draft->walk, NULL, "the event is larger than %u bytes",
                               GW_EVENTSTREAM_MAX_PAYLOAD_BYTES);
    }
    draft->message.payload = gw_buf_view(&draft->payload);
    written = written && gw_eventstream_write(&draft->message, out, draft->walk.err);
    gw_buf_clear(&draft->payload);
    return written;
}

static struct gw_eventstream_header *add_header(struct draft *draft, struct gw_view name)
{
    size_t count = draft->message.header_count;
    if (count == sizeof draft->headers / sizeof draft->headers[0]) {
        return NULL;
    }
    draft->message.header_count++;
    draft->headers[count].name = name;
    return &draft->headers[count];
}

static void add_text(struct draft *draft, const char *name, struct gw_view text)
{
    struct gw_eventstream_header *header = add_header(draft, gw_view_of(name));
    header->type = GW_EVENTSTREAM_STRING;
    header->bytes = text;
}

static void add_content_type(struct draft *draft)
{
    add_text(draft, ":content-type", content_type(draft->walk.op));
}

static bool write_header_value(const struct gw_value *value, const struct gw_shape *shape,
                               struct gw_eventstream_header *out)
{
    double epoch_s;
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_BOOLEAN:
        out->type = value->kind == GW_BOOL && value->as.boolean ? GW_EVENTSTREAM_TRUE
                                                                : GW_EVENTSTREAM_FALSE;
        return value->kind == GW_BOOL;
    case GW_SHAPE_INTEGER:
    case GW_SHAPE_LONG:
        out->type =
            gw_shape_type(shape) == GW_SHAPE_LONG ? GW_EVENTSTREAM_INT64 : GW_EVENTSTREAM_INT32;
        return gw_value_integer(value, &out->number);
    case GW_SHAPE_TIMESTAMP:
        out->type = GW_EVENTSTREAM_TIMESTAMP;
        if (!gw_value_time(value, &epoch_s) || fabs(epoch_s) > 1e14) {
            return false;
        }
        out->number = llround(epoch_s * 1000);
        return true;
    case GW_SHAPE_BLOB:
    case GW_SHAPE_STRING:
        out->type =
            gw_shape_type(shape) == GW_SHAPE_BLOB ? GW_EVENTSTREAM_BYTES : GW_EVENTSTREAM_STRING;
        out->bytes = value->kind == GW_STRING ? value->as.string : GW_VIEW_NONE;
        return value->kind == GW_STRING;
    default:
        return false;
    }
}

/* Members of the event go to headers, or are kept in `rest`. */
static bool write_headers(struct draft *draft, const struct gw_shape *shape,
                          const struct gw_value *value, struct gw_value *rest)
{
    *rest = gw_value_map();
    for (size_t i = 0; value->kind == GW_MAP && i < value->as.map.count; i++) {
        const struct gw_entry *entry = &value->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        struct gw_path place = gw_path_name(NULL, entry->key);
        if (!member || !(gw_member_flags(member) & GW_MEMBER_EVENT_HEADER)) {
            *gw_map_add(draft->walk.arena, rest, entry->key) = entry->value;
            continue;
        }
        struct gw_eventstream_header *header = add_header(draft, gw_member_wire_name(member));
        if (!header) {
            return gw_walk_fail(&draft->walk, &place, "more headers than an event may have");
        }
        if (!write_header_value(&entry->value, gw_member_shape(member), header)) {
            return gw_walk_mismatch(&draft->walk, &place, gw_member_shape(member), &entry->value);
        }
    }
    return true;
}

static struct gw_view root_name(const struct gw_shape *shape)
{
    struct gw_view name = gw_shape_wire_name(shape);
    return name.len > 0 ? name : gw_shape_name(shape);
}

static bool write_payload(struct draft *draft, const struct gw_member *payload,
                          const struct gw_value *value)
{
    const struct gw_shape *shape = gw_member_shape(payload);
    struct gw_path place = gw_path_name(NULL, gw_member_name(payload));
    if (!is_raw(payload)) {
        add_content_type(draft);
        return write_body(&draft->walk, shape, root_name(shape), value);
    }
    add_text(draft, ":content-type",
             gw_shape_type(shape) == GW_SHAPE_BLOB ? GW_VIEW("application/octet-stream")
                                                   : GW_VIEW("text/plain"));
    if (value->kind != GW_STRING) {
        return gw_walk_mismatch(&draft->walk, &place, shape, value);
    }
    gw_buf_add(&draft->payload, value->as.string);
    return true;
}

static bool is_all_headers(const struct gw_shape *shape)
{
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        if (!(gw_member_flags(gw_shape_member(shape, i)) & GW_MEMBER_EVENT_HEADER)) {
            return false;
        }
    }
    return true;
}

static bool write_members(struct draft *draft, const struct gw_shape *shape,
                          const struct gw_value *value)
{
    const struct gw_member *payload = find_flagged(shape, GW_MEMBER_EVENT_PAYLOAD);
    struct gw_value rest;
    if (!write_headers(draft, shape, value, &rest)) {
        return false;
    }
    if (is_all_headers(shape)) {
        return true;
    }
    if (!payload) {
        add_content_type(draft);
        return write_body(&draft->walk, shape, root_name(shape), &rest);
    }
    const struct gw_value *body = gw_map_get(&rest, gw_member_name(payload));
    return !body || write_payload(draft, payload, body);
}

bool gw_protocol_write_event(const struct gw_operation *op, const struct gw_shape *shape,
                             const struct gw_value *event, struct gw_arena *arena,
                             struct gw_buf *out, struct gw_err *err)
{
    struct draft draft;
    begin_draft(&draft, op, arena, err);
    if (event->kind != GW_MAP || event->as.map.count != 1) {
        gw_walk_fail(&draft.walk, NULL, "an event is a map with one member, its name");
        return end_draft(&draft, false, out);
    }
    const struct gw_entry *entry = &event->as.map.entries[0];
    const struct gw_shape *stream = gw_member_shape(gw_event_stream_member(shape));
    const struct gw_member *member = gw_shape_find_member(stream, entry->key);
    struct gw_path place = gw_path_name(NULL, entry->key);
    if (!member) {
        gw_walk_fail(&draft.walk, &place, "no such event");
        return end_draft(&draft, false, out);
    }
    bool fails = gw_shape_flags(gw_member_shape(member)) & GW_SHAPE_EXCEPTION;
    add_text(&draft, ":message-type", fails ? GW_VIEW("exception") : GW_VIEW("event"));
    add_text(&draft, fails ? ":exception-type" : ":event-type", gw_member_name(member));
    return end_draft(&draft, write_members(&draft, gw_member_shape(member), &entry->value), out);
}

/* The output without the stream itself. */
static struct gw_value without_stream(const struct gw_shape *shape, const struct gw_value *output,
                                      struct gw_arena *arena)
{
    struct gw_value rest = gw_value_map();
    struct gw_view stream = gw_member_name(gw_event_stream_member(shape));
    for (size_t i = 0; output->kind == GW_MAP && i < output->as.map.count; i++) {
        const struct gw_entry *entry = &output->as.map.entries[i];
        if (!gw_view_equal(entry->key, stream)) {
            *gw_map_add(arena, &rest, entry->key) = entry->value;
        }
    }
    return rest;
}

static bool write_initial(const struct gw_operation *op, const struct gw_value *rest,
                          struct gw_arena *arena, struct gw_buf *out, struct gw_err *err)
{
    struct draft draft;
    const struct gw_shape *shape = gw_operation_output(op);
    begin_draft(&draft, op, arena, err);
    add_text(&draft, ":message-type", GW_VIEW("event"));
    add_text(&draft, ":event-type", GW_VIEW("initial-response"));
    add_content_type(&draft);
    return end_draft(&draft, write_body(&draft.walk, shape, root_name(shape), rest), out);
}

static void set_media_type(struct gw_headers *headers, struct gw_arena *arena)
{
    static const struct gw_view type = {"application/vnd.amazon.eventstream", 34};
    for (size_t i = 0; i < headers->count; i++) {
        if (gw_view_equal_nocase(headers->items[i].name, GW_VIEW("content-type"))) {
            headers->items[i].value = type;
            return;
        }
    }
    gw_headers_add(arena, headers, GW_VIEW("Content-Type"), type);
}

bool gw_protocol_begin_stream(const struct gw_operation *op, const struct gw_value *output,
                              struct gw_view request_id, struct gw_arena *arena,
                              struct gw_http_response *head, struct gw_buf *out, struct gw_err *err)
{
    struct gw_value rest = without_stream(gw_operation_output(op), output, arena);
    enum gw_protocol protocol = gw_service_protocol(gw_operation_service(op));
    if (!gw_protocol_write_response(protocol, op, &rest, request_id, arena, head, err)) {
        return false;
    }
    head->body = GW_VIEW_NONE;
    set_media_type(&head->headers, arena);
    return !gw_event_stream_has_initial(op) || write_initial(op, &rest, arena, out, err);
}

bool gw_protocol_write_event_error(const struct gw_operation *op, const struct gw_aws_error *error,
                                   struct gw_arena *arena, struct gw_buf *out, struct gw_err *err)
{
    const struct gw_shape *shape = gw_operation_output(op);
    const struct gw_shape *stream = gw_member_shape(gw_event_stream_member(shape));
    const struct gw_member *member = gw_shape_find_member(stream, error->code);
    struct draft draft;
    if (member && error->detail.kind == GW_MAP) {
        struct gw_value event = gw_value_map();
        *gw_map_add(arena, &event, error->code) = error->detail;
        return gw_protocol_write_event(op, shape, &event, arena, out, err);
    }
    begin_draft(&draft, op, arena, err);
    add_text(&draft, ":message-type", GW_VIEW("error"));
    add_text(&draft, ":error-code", error->code);
    add_text(&draft, ":error-message", error->message);
    return end_draft(&draft, true, out);
}
