/* validate: parameters against their shape, before anything is sent, and which of them are secret.
 * Enum values and patterns are left to AWS, which knows newer ones than the models. No text is ever
 * part of a message: it may be a secret. */
#include "aws/internal.h"

#include <stdlib.h>

static bool check_value(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *member, const struct gw_value *value);

/* ---- ranges ---------------------------------------------------------------------------------- */

static bool check_range(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_shape *shape, double number, const char *unit)
{
    unsigned flags = gw_shape_flags(shape);
    double min = gw_shape_min(shape), max = gw_shape_max(shape);
    if ((flags & GW_SHAPE_HAS_MIN) && number < min) {
        return gw_walk_fail(walk, path, "%.15g%s, less than the minimum of %.15g", number, unit,
                            min);
    }
    if ((flags & GW_SHAPE_HAS_MAX) && number > max) {
        return gw_walk_fail(walk, path, "%.15g%s, more than the maximum of %.15g", number, unit,
                            max);
    }
    return true;
}

/* A number that is a secret does not go into the message. */
static bool check_number(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, const struct gw_value *value,
                         double number)
{
    bool secret = value->secret || gw_member_is_secret(member);
    return secret || check_range(walk, path, gw_member_shape(member), number, "");
}

static bool check_integer(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_member *member, const struct gw_value *value,
                          int64_t integer)
{
    bool is_short = gw_shape_type(gw_member_shape(member)) == GW_SHAPE_INTEGER;
    if (is_short && (integer < INT32_MIN || integer > INT32_MAX)) {
        return gw_walk_fail(walk, path, "does not fit into 32 bits");
    }
    return check_number(walk, path, member, value, (double)integer);
}

/* Lengths of text count characters, those of blobs bytes. */
static bool check_text(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_shape *shape, struct gw_view text)
{
    if (gw_shape_type(shape) == GW_SHAPE_BLOB) {
        return check_range(walk, path, shape, (double)text.len, " bytes");
    }
    if (!gw_utf8_valid(text)) {
        return gw_walk_fail(walk, path, "the text is not UTF-8");
    }
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    }
    return check_range(walk, path, shape, (double)count, " characters");
}

/* ---- structures ------------------------------------------------------------------------------ */

static bool fail_unknown(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_shape *shape, struct gw_view name)
{
    size_t count = gw_shape_member_count(shape);
    struct gw_view *names = gw_alloc(count * sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = gw_member_name(gw_shape_member(shape, i));
    }
    struct gw_view nearest = gw_view_nearest(name, names, count);
    free(names);
    if (nearest.len == 0) {
        return gw_walk_fail(walk, path, "no such member");
    }
    return gw_walk_fail(walk, path, "no such member, did you mean '%.*s'?", GW_VIEW_ARGS(nearest));
}

static bool is_given(const struct gw_value *map, struct gw_view name)
{
    const struct gw_value *value = gw_map_get(map, name);
    return value && value->kind != GW_NULL;
}

/* An idempotency token counts as given: the protocol fills it in. */
static bool check_required(const struct gw_walk *walk, const struct gw_path *path,
                           const struct gw_shape *shape, const struct gw_value *map)
{
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        unsigned flags = gw_member_flags(member);
        struct gw_view name = gw_member_name(member);
        if ((flags & GW_MEMBER_REQUIRED) && !(flags & GW_MEMBER_IDEMPOTENCY_TOKEN && !path) &&
            !is_given(map, name)) {
            struct gw_path place = gw_path_name(path, name);
            return gw_walk_fail(walk, &place, "required, but not given");
        }
    }
    return true;
}

static bool check_union(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_value *map)
{
    size_t given = 0;
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        given += map->as.map.entries[i].value.kind != GW_NULL;
    }
    return given == 1 ||
           gw_walk_fail(walk, path, "a union takes exactly one member, got %zu", given);
}

static bool check_structure(const struct gw_walk *walk, const struct gw_path *path,
                            const struct gw_shape *shape, const struct gw_value *map)
{
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        struct gw_path place = gw_path_name(path, entry->key);
        if (!member) {
            return fail_unknown(walk, &place, shape, entry->key);
        }
        if (entry->value.kind != GW_NULL && !check_value(walk, &place, member, &entry->value)) {
            return false;
        }
    }
    if ((gw_shape_flags(shape) & GW_SHAPE_UNION) && !check_union(walk, path, map)) {
        return false;
    }
    return check_required(walk, path, shape, map);
}

/* ---- lists and maps -------------------------------------------------------------------------- */

static bool check_element(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_shape *shape, const struct gw_member *member,
                          const struct gw_value *value)
{
    if (value->kind == GW_NULL && gw_shape_keeps_null(shape)) {
        return true;
    }
    return check_value(walk, path, member, value);
}

static bool check_list(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_shape *shape, const struct gw_value *list)
{
    size_t count = list->kind == GW_LIST ? list->as.list.count : 0;
    for (size_t i = 0; i < count; i++) {
        struct gw_path place = gw_path_index(path, i);
        if (!check_element(walk, &place, shape, gw_shape_element(shape), &list->as.list.items[i])) {
            return false;
        }
    }
    return check_range(walk, path, shape, (double)count, " elements");
}

static bool check_map(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_shape *shape, const struct gw_value *map)
{
    size_t count = map->kind == GW_MAP ? map->as.map.count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        struct gw_path place = gw_path_name(path, entry->key);
        if (!check_text(walk, &place, gw_member_shape(gw_shape_key(shape)), entry->key) ||
            !check_element(walk, &place, shape, gw_shape_value(shape), &entry->value)) {
            return false;
        }
    }
    return check_range(walk, path, shape, (double)count, " entries");
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool check_value(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *member, const struct gw_value *value)
{
    const struct gw_shape *shape = gw_member_shape(member);
    int64_t integer;
    double number;
    if (!gw_walk_enter(walk, path)) {
        return false;
    }
    if ((gw_shape_flags(shape) & GW_SHAPE_DOCUMENT) ||
        (gw_member_flags(member) & GW_MEMBER_JSON_VALUE)) {
        return true;
    }
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_STRUCTURE:
        return gw_value_is_map(value) ? check_structure(walk, path, shape, value)
                                      : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_LIST:
        return gw_value_is_list(value) ? check_list(walk, path, shape, value)
                                       : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_MAP:
        return gw_value_is_map(value) ? check_map(walk, path, shape, value)
                                      : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_STRING:
    case GW_SHAPE_BLOB:
        return value->kind == GW_STRING ? check_text(walk, path, shape, value->as.string)
                                        : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_BOOLEAN:
        return value->kind == GW_BOOL || gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_INTEGER:
    case GW_SHAPE_LONG:
        return gw_value_integer(value, &integer) ? check_integer(walk, path, member, value, integer)
                                                 : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_FLOAT:
    case GW_SHAPE_DOUBLE:
        return gw_value_number(value, &number) ? check_number(walk, path, member, value, number)
                                               : gw_walk_mismatch(walk, path, shape, value);
    case GW_SHAPE_TIMESTAMP:
        return gw_value_time(value, &number) || gw_walk_mismatch(walk, path, shape, value);
    }
    return true;
}

bool gw_validate(const struct gw_operation *op, const struct gw_value *input, struct gw_err *err)
{
    struct gw_walk walk = {.op = op, .what = "parameter", .refusal = GW_ERR_INPUT, .err = err};
    const struct gw_shape *shape = gw_operation_input(op);
    struct gw_value none = gw_value_map();
    if (input->kind == GW_NULL) {
        input = &none;
    }
    if (!gw_value_is_map(input)) {
        return gw_walk_fail(&walk, NULL, "expected parameters as a map, got %s",
                            gw_kind_name(input->kind));
    }
    if (shape) {
        return check_structure(&walk, NULL, shape, input);
    }
    return (input->kind == GW_MAP ? input->as.map.count : 0) == 0 ||
           gw_walk_fail(&walk, NULL, "takes no parameters");
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void mark_inside(const struct gw_shape *shape, struct gw_value *value);

/* Without a member: something that the model does not know. */
static void mark(const struct gw_member *member, struct gw_value *value, bool secret)
{
    value->secret = value->secret || secret || (member && gw_member_is_secret(member));
    mark_inside(member ? gw_member_shape(member) : NULL, value);
}

static const struct gw_member *member_of(const struct gw_shape *shape, struct gw_view key)
{
    return gw_shape_type(shape) == GW_SHAPE_STRUCTURE ? gw_shape_find_member(shape, key)
                                                      : gw_shape_value(shape);
}

static void mark_inside(const struct gw_shape *shape, struct gw_value *value)
{
    size_t items = value->kind == GW_LIST ? value->as.list.count : 0;
    size_t entries = value->kind == GW_MAP ? value->as.map.count : 0;
    for (size_t i = 0; i < items; i++) {
        mark(shape ? gw_shape_element(shape) : NULL, &value->as.list.items[i], value->secret);
    }
    for (size_t i = 0; i < entries; i++) {
        struct gw_entry *entry = &value->as.map.entries[i];
        mark(shape ? member_of(shape, entry->key) : NULL, &entry->value, value->secret);
    }
}

void gw_mark_sensitive(const struct gw_operation *op, struct gw_value *input)
{
    const struct gw_shape *shape = gw_operation_input(op);
    input->secret = input->secret || (shape && (gw_shape_flags(shape) & GW_SHAPE_SENSITIVE) != 0);
    mark_inside(shape, input);
}
