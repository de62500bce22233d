/* conform: what Lua returned, as the shape wants it. Lua tells neither an empty list from an empty
 * map nor always a whole number from a float; the shape does. A member that the API does not have
 * is a mistake of the simulator and is named. */
#include <math.h>

#include "sim/internal.h"

static bool mismatch(const char *expected, const struct gw_value *value, struct gw_err *err)
{
    return gw_fail(err, GW_ERR_INTERNAL, "expected %s, got %s", expected,
                   gw_kind_name(value->kind));
}

static bool conform_structure(const struct gw_shape *shape, struct gw_value *value,
                              struct gw_err *err)
{
    if (value->kind != GW_MAP) {
        return mismatch("a structure", value, err);
    }
    for (size_t i = 0; i < value->as.map.count; i++) {
        struct gw_entry *entry = &value->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        if (!member) {
            return gw_fail(err, GW_ERR_INTERNAL, "%.*s: no such member", GW_VIEW_ARGS(entry->key));
        }
        if (!gw_sim_conform(gw_member_shape(member), &entry->value, err)) {
            gw_err_prefix(err, "%.*s", GW_VIEW_ARGS(entry->key));
            return false;
        }
    }
    return true;
}

static bool conform_list(const struct gw_shape *shape, struct gw_value *value, struct gw_err *err)
{
    if (value->kind == GW_MAP && value->as.map.count == 0) {
        *value = gw_value_list();
    }
    if (value->kind != GW_LIST) {
        return mismatch("a list", value, err);
    }
    const struct gw_shape *element = gw_member_shape(gw_shape_element(shape));
    for (size_t i = 0; i < value->as.list.count; i++) {
        if (!gw_sim_conform(element, &value->as.list.items[i], err)) {
            gw_err_prefix(err, "[%zu]", i + 1);
            return false;
        }
    }
    return true;
}

static bool conform_map(const struct gw_shape *shape, struct gw_value *value, struct gw_err *err)
{
    if (value->kind != GW_MAP) {
        return mismatch("a map", value, err);
    }
    const struct gw_shape *inner = gw_member_shape(gw_shape_value(shape));
    for (size_t i = 0; i < value->as.map.count; i++) {
        if (!gw_sim_conform(inner, &value->as.map.entries[i].value, err)) {
            gw_err_prefix(err, "%.*s", GW_VIEW_ARGS(value->as.map.entries[i].key));
            return false;
        }
    }
    return true;
}

static bool conform_integer(struct gw_value *value, struct gw_err *err)
{
    if (value->kind == GW_DOUBLE && floor(value->as.number) == value->as.number &&
        fabs(value->as.number) < 9007199254740992.0) {
        *value = gw_value_int((int64_t)value->as.number);
    }
    return value->kind == GW_INT || mismatch("a whole number", value, err);
}

static bool conform_number(struct gw_value *value, struct gw_err *err)
{
    if (value->kind == GW_INT) {
        *value = gw_value_double((double)value->as.integer);
    }
    return value->kind == GW_DOUBLE || mismatch("a number", value, err);
}

bool gw_sim_conform(const struct gw_shape *shape, struct gw_value *value, struct gw_err *err)
{
    switch (gw_shape_type(shape)) {
    case GW_SHAPE_STRUCTURE:
        return conform_structure(shape, value, err);
    case GW_SHAPE_LIST:
        return conform_list(shape, value, err);
    case GW_SHAPE_MAP:
        return conform_map(shape, value, err);
    case GW_SHAPE_STRING:
    case GW_SHAPE_BLOB:
        return value->kind == GW_STRING || mismatch("a string", value, err);
    case GW_SHAPE_BOOLEAN:
        return value->kind == GW_BOOL || mismatch("a boolean", value, err);
    case GW_SHAPE_INTEGER:
    case GW_SHAPE_LONG:
        return conform_integer(value, err);
    case GW_SHAPE_FLOAT:
    case GW_SHAPE_DOUBLE:
    case GW_SHAPE_TIMESTAMP:
        return conform_number(value, err);
    }
    return gw_fail(err, GW_ERR_INTERNAL, "shape of an unknown type");
}
