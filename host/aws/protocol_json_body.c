/* protocol_json_body: values to and from a JSON object, along a shape; for every protocol with JSON
 * bodies. Members that the model does not know are skipped when reading (AWS adds them) and refused
 * when writing (they would be lost). */
#include "aws/internal.h"

#include <math.h>

/* ---- values to JSON -------------------------------------------------------------------------- */

static bool write_member(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value);

static void write_comma(const struct gw_walk *walk, bool *first)
{
    if (!*first) {
        gw_buf_add_char(walk->out, ',');
    }
    *first = false;
}

/* The members without the braces; a comma goes before the first one too unless `first`. */
static bool write_members(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_shape *shape, const struct gw_value *map, bool first)
{
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        struct gw_path place = gw_path_name(path, entry->key);
        if (!member) {
            return gw_walk_fail(walk, &place, "no such member");
        }
        if (entry->value.kind == GW_NULL || !gw_walk_in_body(walk, path, member)) {
            continue;
        }
        write_comma(walk, &first);
        gw_json_write_string(gw_member_wire_name(member), walk->out);
        gw_buf_add_char(walk->out, ':');
        if (!write_member(walk, &place, member, &entry->value)) {
            return false;
        }
    }
    return true;
}

static bool write_structure(const struct gw_walk *walk, const struct gw_path *path,
                            const struct gw_shape *shape, const struct gw_value *map)
{
    gw_buf_add_char(walk->out, '{');
    bool written = write_members(walk, path, shape, map, true);
    gw_buf_add_char(walk->out, '}');
    return written;
}

static bool write_element(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_member *element, const struct gw_value *value)
{
    if (value->kind == GW_NULL) {
        gw_buf_add_text(walk->out, "null");
        return true;
    }
    return write_member(walk, path, element, value);
}

static bool write_list(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_shape *shape, const struct gw_value *list)
{
    bool first = true;
    gw_buf_add_char(walk->out, '[');
    for (size_t i = 0; list->kind == GW_LIST && i < list->as.list.count; i++) {
        const struct gw_value *item = &list->as.list.items[i];
        struct gw_path place = gw_path_index(path, i);
        if (item->kind == GW_NULL && !gw_shape_keeps_null(shape)) {
            continue;
        }
        write_comma(walk, &first);
        if (!write_element(walk, &place, gw_shape_element(shape), item)) {
            return false;
        }
    }
    gw_buf_add_char(walk->out, ']');
    return true;
}

static bool write_map(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_shape *shape, const struct gw_value *map)
{
    bool first = true;
    gw_buf_add_char(walk->out, '{');
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        struct gw_path place = gw_path_name(path, entry->key);
        if (entry->value.kind == GW_NULL && !gw_shape_keeps_null(shape)) {
            continue;
        }
        write_comma(walk, &first);
        gw_json_write_string(entry->key, walk->out);
        gw_buf_add_char(walk->out, ':');
        if (!write_element(walk, &place, gw_shape_value(shape), &entry->value)) {
            return false;
        }
    }
    gw_buf_add_char(walk->out, '}');
    return true;
}

static bool write_quoted(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value)
{
    gw_buf_add_char(walk->out, '"');
    bool written = gw_walk_write_scalar(walk, path, member, value);
    gw_buf_add_char(walk->out, '"');
    return written;
}

/* JSON inside a JSON string. */
static bool write_json_text(const struct gw_walk *walk, const struct gw_value *value)
{
    gw_json_write_string(gw_protocol_json_text(walk, value), walk->out);
    return true;
}

static bool write_scalar(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value)
{
    const struct gw_shape *shape = gw_member_shape(member);
    unsigned format = gw_member_timestamp_format(member);
    double number;
    if (gw_member_flags(member) & GW_MEMBER_JSON_VALUE) {
        return write_json_text(walk, value);
    }
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_STRING:
        return value->kind == GW_STRING ? (gw_json_write_string(value->as.string, walk->out), true)
                                        : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_BLOB:
        return write_quoted(walk, path, member, value);
    case GW_SHAPE_TIMESTAMP:
        return format == GW_TIME_DEFAULT || format == GW_TIME_UNIX
                   ? gw_walk_write_time(walk, path, value, GW_TIME_UNIX)
                   : write_quoted(walk, path, member, value);
    case GW_SHAPE_FLOAT:
    case GW_SHAPE_DOUBLE:
        return gw_value_number(value, &number) && !isfinite(number)
                   ? write_quoted(walk, path, member, value)
                   : gw_walk_write_scalar(walk, path, member, value);
    default:
        return gw_walk_write_scalar(walk, path, member, value);
    }
}

static bool write_member(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value)
{
    static const struct gw_json_options reveal = {.reveal_secrets = true};
    const struct gw_shape *shape = gw_member_shape(member);
    if (!gw_walk_enter(walk, path)) {
        return false;
    }
    if (gw_shape_flags(shape) & GW_SHAPE_DOCUMENT) {
        gw_json_write(value, &reveal, walk->out);
        return true;
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
        return write_scalar(walk, path, member, value);
    }
}

bool gw_protocol_write_json(const struct gw_walk *walk, const struct gw_shape *shape,
                            const struct gw_value *value)
{
    if (!gw_value_is_map(value) && value->kind != GW_NULL) {
        return gw_walk_fail(walk, NULL, "expected a map, got %s", gw_kind_name(value->kind));
    }
    if (!shape) {
        gw_buf_add_text(walk->out, "{}");
        return true;
    }
    return write_structure(walk, NULL, shape, value);
}

bool gw_protocol_write_json_members(const struct gw_walk *walk, const struct gw_shape *shape,
                                    const struct gw_value *value)
{
    return write_members(walk, NULL, shape, value, false);
}

bool gw_protocol_write_json_member(const struct gw_walk *walk, const struct gw_path *path,
                                   const struct gw_member *member, const struct gw_value *value)
{
    return write_member(walk, path, member, value);
}

/* ---- JSON as text ---------------------------------------------------------------------------- */

struct gw_view gw_protocol_json_text(const struct gw_walk *walk, const struct gw_value *value)
{
    static const struct gw_json_options reveal = {.reveal_secrets = true};
    struct gw_buf text;
    if (value->kind == GW_STRING) {
        return value->as.string;
    }
    gw_buf_init(&text, GW_PROTOCOL_MAX_BYTES);
    gw_json_write(value, &reveal, &text);
    struct gw_view copy = gw_arena_dup(walk->arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy;
}

void gw_protocol_read_json_text(const struct gw_walk *walk, struct gw_view text,
                                struct gw_value *out)
{
    struct gw_value parsed;
    bool structured = gw_json_parse(text, walk->arena, &parsed, NULL) &&
                      (parsed.kind == GW_MAP || parsed.kind == GW_LIST);
    *out = structured ? parsed : gw_value_string(text);
}

/* ---- JSON to values -------------------------------------------------------------------------- */

static bool read_member(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *member, const struct gw_value *json, bool secret,
                        struct gw_value *out);

static const struct gw_member *find_wire_name(const struct gw_shape *shape, struct gw_view name)
{
    const struct gw_member *member = gw_shape_find_member(shape, name);
    if (member && gw_view_equal(gw_member_wire_name(member), name)) {
        return member;
    }
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        member = gw_shape_member(shape, i);
        if (gw_view_equal(gw_member_wire_name(member), name)) {
            return member;
        }
    }
    return NULL;
}

static bool read_structure(const struct gw_walk *walk, const struct gw_path *path,
                           const struct gw_shape *shape, const struct gw_value *json, bool secret,
                           struct gw_value *out)
{
    struct gw_view unknown = GW_VIEW_NONE;
    *out = gw_value_map();
    for (size_t i = 0; i < json->as.map.count; i++) {
        const struct gw_entry *entry = &json->as.map.entries[i];
        const struct gw_member *member = find_wire_name(shape, entry->key);
        if (entry->value.kind == GW_NULL || (member && !gw_walk_in_body(walk, path, member))) {
            continue;
        }
        if (!member) {
            unknown = gw_view_equal(entry->key, GW_VIEW("__type")) ? unknown : entry->key;
            continue;
        }
        struct gw_path place = gw_path_name(path, gw_member_name(member));
        struct gw_value *slot = gw_map_add(walk->arena, out, gw_member_name(member));
        if (!read_member(walk, &place, member, &entry->value, secret, slot)) {
            return false;
        }
    }
    gw_protocol_name_unknown(walk, shape, unknown, out);
    return true;
}

static bool read_list(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_shape *shape, const struct gw_value *json, bool secret,
                      struct gw_value *out)
{
    *out = gw_value_list();
    for (size_t i = 0; i < json->as.list.count; i++) {
        const struct gw_value *item = &json->as.list.items[i];
        struct gw_path place = gw_path_index(path, i);
        if (item->kind == GW_NULL && !gw_shape_keeps_null(shape)) {
            continue;
        }
        struct gw_value *slot = gw_list_add(walk->arena, out);
        if (item->kind != GW_NULL &&
            !read_member(walk, &place, gw_shape_element(shape), item, secret, slot)) {
            return false;
        }
    }
    return true;
}

static bool read_map(const struct gw_walk *walk, const struct gw_path *path,
                     const struct gw_shape *shape, const struct gw_value *json, bool secret,
                     struct gw_value *out)
{
    *out = gw_value_map();
    for (size_t i = 0; i < json->as.map.count; i++) {
        const struct gw_entry *entry = &json->as.map.entries[i];
        struct gw_path place = gw_path_name(path, entry->key);
        if (entry->value.kind == GW_NULL && !gw_shape_keeps_null(shape)) {
            continue;
        }
        struct gw_value *slot = gw_map_add(walk->arena, out, entry->key);
        if (entry->value.kind != GW_NULL &&
            !read_member(walk, &place, gw_shape_value(shape), &entry->value, secret, slot)) {
            return false;
        }
    }
    return true;
}

/* An answer may have a number or a boolean where the model has a string: it is read as its text, as
 * the AWS CLI does. AWS refuses such a request, and so does the server side. */
static bool read_string(const struct gw_walk *walk, const struct gw_value *json,
                        struct gw_value *out)
{
    bool is_answer = walk->refusal == GW_ERR_PROTOCOL;
    if (json->kind == GW_STRING) {
        return true;
    }
    if (!is_answer || (json->kind != GW_INT && json->kind != GW_DOUBLE && json->kind != GW_BOOL)) {
        return false;
    }
    struct gw_buf text;
    gw_buf_init(&text, 64);
    gw_json_write(json, NULL, &text);
    *out = gw_value_string(gw_arena_dup(walk->arena, gw_buf_view(&text)));
    gw_buf_clear(&text);
    return true;
}

static bool read_scalar(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *member, const struct gw_value *json,
                        struct gw_value *out)
{
    const struct gw_shape *shape = gw_member_shape(member);
    bool understood = false;
    *out = *json;
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_STRING:
        understood = read_string(walk, json, out);
        break;
    case GW_SHAPE_BLOB:
        understood = json->kind == GW_STRING;
        if (understood && !walk->raw_blobs) {
            return gw_walk_read_scalar(walk, path, member, json->as.string, out);
        }
        break;
    case GW_SHAPE_BOOLEAN:
        understood = json->kind == GW_BOOL;
        break;
    case GW_SHAPE_INTEGER:
    case GW_SHAPE_LONG:
        *out = gw_value_int(0);
        understood = gw_value_integer(json, &out->as.integer);
        break;
    case GW_SHAPE_FLOAT:
    case GW_SHAPE_DOUBLE:
        *out = gw_value_double(0);
        understood = gw_value_number(json, &out->as.number);
        break;
    case GW_SHAPE_TIMESTAMP:
        *out = gw_value_double(0);
        understood = gw_value_time(json, &out->as.number);
        break;
    default:
        break;
    }
    return understood || gw_walk_mismatch(walk, path, shape, json);
}

static bool read_member(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *member, const struct gw_value *json, bool secret,
                        struct gw_value *out)
{
    const struct gw_shape *shape = gw_member_shape(member);
    enum gw_shape_type type = gw_shape_type(shape);
    bool read;
    secret = secret || gw_member_is_secret(member);
    if (!gw_walk_enter(walk, path)) {
        return false;
    }
    if (gw_shape_flags(shape) & GW_SHAPE_DOCUMENT) {
        *out = *json;
        if (secret) {
            gw_value_mark_secret(out);
        }
        return true;
    }
    if (type == GW_SHAPE_STRUCTURE && json->kind == GW_MAP) {
        read = read_structure(walk, path, shape, json, secret, out);
    } else if (type == GW_SHAPE_LIST && json->kind == GW_LIST) {
        read = read_list(walk, path, shape, json, secret, out);
    } else if (type == GW_SHAPE_MAP && json->kind == GW_MAP) {
        read = read_map(walk, path, shape, json, secret, out);
    } else {
        read = read_scalar(walk, path, member, json, out);
    }
    out->secret = secret;
    return read;
}

static bool parse_body(const struct gw_walk *walk, struct gw_view body, struct gw_value *json)
{
    struct gw_err err = {0};
    return gw_json_parse(body, walk->arena, json, &err) ||
           gw_walk_fail(walk, NULL, "the body is not understood: %s", err.message);
}

bool gw_protocol_read_json_member(const struct gw_walk *walk, const struct gw_path *path,
                                  const struct gw_member *member, struct gw_view body,
                                  struct gw_value *out)
{
    struct gw_value json;
    return parse_body(walk, body, &json) && read_member(walk, path, member, &json, false, out);
}

bool gw_protocol_read_tree(const struct gw_walk *walk, const struct gw_shape *shape,
                           const struct gw_value *tree, struct gw_value *out)
{
    *out = gw_value_map();
    if (tree->kind != GW_MAP) {
        return gw_walk_fail(walk, NULL, "the body is not understood: expected an object, got %s",
                            gw_kind_name(tree->kind));
    }
    bool secret = shape && (gw_shape_flags(shape) & GW_SHAPE_SENSITIVE);
    return !shape || read_structure(walk, NULL, shape, tree, secret, out);
}

bool gw_protocol_read_json(const struct gw_walk *walk, const struct gw_shape *shape,
                           struct gw_view body, struct gw_value *out)
{
    struct gw_value json;
    *out = gw_value_map();
    return body.len == 0 ||
           (parse_body(walk, body, &json) && gw_protocol_read_tree(walk, shape, &json, out));
}
