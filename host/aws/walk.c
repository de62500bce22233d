/* walk: what validation and every protocol share while they follow a value tree along its shape:
 * where they are, how they refuse, and scalars as text. Depth limit: GW_WALK_MAX_DEPTH. */
#include "aws/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- path ------------------------------------------------------------------------------------ */

struct gw_path gw_path_name(const struct gw_path *parent, struct gw_view name)
{
    name.data = name.data ? name.data : "";
    return (struct gw_path){parent, name, 0, parent ? parent->depth + 1 : 1};
}

struct gw_path gw_path_index(const struct gw_path *parent, size_t index)
{
    return (struct gw_path){parent, GW_VIEW_NONE, index, parent ? parent->depth + 1 : 1};
}

static void add_link(const struct gw_path *path, struct gw_buf *out)
{
    if (path->parent) {
        add_link(path->parent, out);
    }
    if (!path->name.data) {
        gw_buf_addf(out, "[%zu]", path->index);
        return;
    }
    gw_buf_addf(out, "%s%.*s", path->parent ? "." : "", GW_VIEW_ARGS(path->name));
}

struct gw_place gw_path_place(const struct gw_path *path)
{
    struct gw_place place = {{0}};
    struct gw_buf text;
    gw_buf_init(&text, sizeof place.text - 4);
    if (path) {
        add_link(path, &text);
    }
    snprintf(place.text, sizeof place.text, "%s%s", gw_buf_view(&text).data,
             text.full ? "..." : "");
    gw_buf_clear(&text);
    return place;
}

/* ---- refusals -------------------------------------------------------------------------------- */

bool gw_walk_fail(const struct gw_walk *walk, const struct gw_path *path, const char *format, ...)
{
    char reason[512];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    if (!walk->op) {
        return gw_fail(walk->err, walk->refusal, "aws: %s", reason);
    }
    struct gw_view service = gw_service_name(gw_operation_service(walk->op));
    struct gw_view name = gw_operation_name(walk->op);
    if (!path) {
        return gw_fail(walk->err, walk->refusal, "%.*s:%.*s: %s", GW_VIEW_ARGS(service),
                       GW_VIEW_ARGS(name), reason);
    }
    return gw_fail(walk->err, walk->refusal, "%.*s:%.*s: %s '%s': %s", GW_VIEW_ARGS(service),
                   GW_VIEW_ARGS(name), walk->what, gw_path_place(path).text, reason);
}

static const char *expected(const struct gw_shape *shape)
{
    static const char *const names[] = {
        [GW_SHAPE_STRUCTURE] = "a map",
        [GW_SHAPE_LIST] = "a list",
        [GW_SHAPE_MAP] = "a map",
        [GW_SHAPE_STRING] = "a string",
        [GW_SHAPE_BLOB] = "a string",
        [GW_SHAPE_BOOLEAN] = "a boolean",
        [GW_SHAPE_INTEGER] = "an integer",
        [GW_SHAPE_LONG] = "an integer",
        [GW_SHAPE_FLOAT] = "a number",
        [GW_SHAPE_DOUBLE] = "a number",
        [GW_SHAPE_TIMESTAMP] = "a timestamp (seconds, or text such as 2015-01-25T08:00:00Z)",
    };
    return names[gw_shape_type(shape)];
}

/* The kind is no secret; only where it cannot tell the reason the value has to. */
bool gw_walk_mismatch(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_shape *shape, const struct gw_value *got)
{
    return gw_walk_fail(walk, path, "expected %s, got %s", expected(shape),
                        gw_kind_name(got->kind));
}

bool gw_walk_in_body(const struct gw_walk *walk, const struct gw_path *parent,
                     const struct gw_member *member)
{
    enum gw_location location = gw_member_location(member);
    if (walk->message == GW_MESSAGE_PLAIN || parent) {
        return true;
    }
    /* An answer has no line of its own: what a request would put there is in the body. */
    return location == GW_LOCATION_BODY ||
           (walk->message == GW_MESSAGE_RESPONSE &&
            (location == GW_LOCATION_URI || location == GW_LOCATION_QUERY));
}

bool gw_walk_enter(const struct gw_walk *walk, const struct gw_path *path)
{
    if (path && path->depth > GW_WALK_MAX_DEPTH) {
        return gw_walk_fail(walk, path, "nested deeper than %d levels", GW_WALK_MAX_DEPTH);
    }
    return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

bool gw_value_is_list(const struct gw_value *value)
{
    return value->kind == GW_LIST || (value->kind == GW_MAP && value->as.map.count == 0);
}

bool gw_value_is_map(const struct gw_value *value)
{
    return value->kind == GW_MAP || (value->kind == GW_LIST && value->as.list.count == 0);
}

bool gw_value_integer(const struct gw_value *value, int64_t *out)
{
    if (value->kind == GW_INT) {
        *out = value->as.integer;
        return true;
    }
    const double limit = 9223372036854775808.0; /* 2^63 */
    double number = value->kind == GW_DOUBLE ? value->as.number : NAN;
    if (!(number >= -limit && number < limit) || number != floor(number)) {
        return false;
    }
    *out = (int64_t)number;
    return true;
}

static bool special_number(struct gw_view text, double *out)
{
    if (gw_view_equal(text, GW_VIEW("NaN"))) {
        *out = NAN;
        return true;
    }
    if (gw_view_equal(text, GW_VIEW("Infinity")) || gw_view_equal(text, GW_VIEW("-Infinity"))) {
        *out = text.data[0] == '-' ? -INFINITY : INFINITY;
        return true;
    }
    return false;
}

bool gw_value_number(const struct gw_value *value, double *out)
{
    switch (value->kind) {
    case GW_INT:
        *out = (double)value->as.integer;
        return true;
    case GW_DOUBLE:
        *out = value->as.number;
        return true;
    case GW_STRING:
        return special_number(value->as.string, out);
    default:
        return false;
    }
}

bool gw_value_time(const struct gw_value *value, double *epoch_s)
{
    if (value->kind == GW_STRING) {
        return gw_time_read(value->as.string, epoch_s);
    }
    return gw_value_number(value, epoch_s) && isfinite(*epoch_s);
}

/* ---- shapes ---------------------------------------------------------------------------------- */

bool gw_shape_keeps_null(const struct gw_shape *shape)
{
    return (gw_shape_flags(shape) & GW_SHAPE_SPARSE) != 0;
}

/* Whoever takes a part out of a secret has a secret. */
void gw_value_mark_secret(struct gw_value *value)
{
    value->secret = true;
    for (size_t i = 0; value->kind == GW_LIST && i < value->as.list.count; i++) {
        gw_value_mark_secret(&value->as.list.items[i]);
    }
    for (size_t i = 0; value->kind == GW_MAP && i < value->as.map.count; i++) {
        gw_value_mark_secret(&value->as.map.entries[i].value);
    }
}

bool gw_member_is_secret(const struct gw_member *member)
{
    return (gw_member_flags(member) & GW_MEMBER_SENSITIVE) ||
           (gw_shape_flags(gw_member_shape(member)) & GW_SHAPE_SENSITIVE);
}

/* Where the list shape itself is flattened, older models name the elements on the list's member;
 * where the structure's member is, its own name stands. */
struct gw_view gw_member_element_name(const struct gw_member *member)
{
    const struct gw_shape *shape = gw_member_shape(member);
    bool own_name = gw_member_flags(member) & GW_MEMBER_NAMED;
    if (!own_name && gw_shape_type(shape) == GW_SHAPE_LIST &&
        (gw_shape_flags(shape) & GW_SHAPE_FLATTENED)) {
        const struct gw_member *element = gw_shape_element(shape);
        if (gw_member_flags(element) & GW_MEMBER_NAMED) {
            return gw_member_wire_name(element);
        }
    }
    return gw_member_wire_name(member);
}

/* ---- scalars as text ------------------------------------------------------------------------- */

bool gw_walk_write_time(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_value *value, enum gw_time_format format)
{
    double epoch_s;
    if (!gw_value_time(value, &epoch_s)) {
        return gw_walk_fail(walk, path,
                            "expected a timestamp (seconds, or text such as "
                            "2015-01-25T08:00:00Z), got %s",
                            value->kind == GW_STRING ? "other text" : gw_kind_name(value->kind));
    }
    if (!gw_time_write(epoch_s, format, walk->out) && !walk->out->full) {
        return gw_walk_fail(walk, path, "the time is out of range");
    }
    return true;
}

static bool write_number(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_shape *shape, const struct gw_value *value)
{
    double number;
    if (!gw_value_number(value, &number)) {
        return gw_walk_mismatch(walk, path, shape, value);
    }
    if (isfinite(number)) {
        struct gw_value plain = value->kind == GW_INT ? *value : gw_value_double(number);
        plain.secret = false;
        gw_json_write(&plain, NULL, walk->out);
    } else {
        gw_buf_add_text(walk->out, isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
    }
    return true;
}

bool gw_walk_write_scalar(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_member *member, const struct gw_value *value)
{
    const struct gw_shape *shape = gw_member_shape(member);
    unsigned format = gw_member_timestamp_format(member);
    int64_t integer;
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_TIMESTAMP:
        format = format ? format : walk->time_format;
        return gw_walk_write_time(walk, path, value, format ? format : GW_TIME_ISO8601);
    case GW_SHAPE_FLOAT:
    case GW_SHAPE_DOUBLE:
        return write_number(walk, path, shape, value);
    case GW_SHAPE_INTEGER:
    case GW_SHAPE_LONG:
        if (gw_value_integer(value, &integer)) {
            gw_buf_addf(walk->out, "%" PRId64, integer);
            return true;
        }
        break;
    case GW_SHAPE_BOOLEAN:
        if (value->kind == GW_BOOL) {
            gw_buf_add_text(walk->out, value->as.boolean ? "true" : "false");
            return true;
        }
        break;
    case GW_SHAPE_STRING:
    case GW_SHAPE_BLOB:
        if (value->kind == GW_STRING) {
            gw_shape_type(shape) == GW_SHAPE_BLOB ? gw_base64_write(value->as.string, walk->out)
                                                  : gw_buf_add(walk->out, value->as.string);
            return true;
        }
        break;
    default:
        break;
    }
    return gw_walk_mismatch(walk, path, shape, value);
}

static bool read_number(struct gw_view text, struct gw_value *out)
{
    double number;
    if (!special_number(text, &number) && !gw_view_to_double(text, &number)) {
        return false;
    }
    *out = gw_value_double(number);
    return true;
}

static bool read_boolean(struct gw_view text, struct gw_value *out)
{
    bool yes = gw_view_equal_nocase(text, GW_VIEW("true"));
    *out = gw_value_bool(yes);
    return yes || gw_view_equal_nocase(text, GW_VIEW("false"));
}

bool gw_walk_read_scalar(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, struct gw_view text, struct gw_value *out)
{
    const struct gw_shape *shape = gw_member_shape(member);
    struct gw_view trimmed = gw_view_trim(text);
    *out = gw_value_string(text);
    bool understood = true;
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_BLOB:
        understood = gw_base64_read(text, walk->arena, &out->as.string);
        break;
    case GW_SHAPE_BOOLEAN:
        understood = read_boolean(trimmed, out);
        break;
    case GW_SHAPE_INTEGER:
    case GW_SHAPE_LONG:
        *out = gw_value_int(0);
        understood = gw_view_to_int64(trimmed, &out->as.integer);
        break;
    case GW_SHAPE_FLOAT:
    case GW_SHAPE_DOUBLE:
        understood = read_number(trimmed, out);
        break;
    case GW_SHAPE_TIMESTAMP:
        *out = gw_value_double(0);
        understood = gw_time_read(trimmed, &out->as.number);
        break;
    default:
        break;
    }
    return understood ||
           gw_walk_fail(walk, path, "expected %s, got other text",
                        gw_shape_type(shape) == GW_SHAPE_BLOB ? "base64" : expected(shape));
}
