/* aws_shape: the model's shapes as Lua values, for what is driven by them: command lines, help and
 * skeletons. A shape is a light handle with fields that are made when they are asked for, so that
 * shapes which contain themselves need no end. */
#include "bind/internal.h"

#include <string.h>

#define SHAPE_META "gwrun.shape"

static void push_shape(lua_State *L, const struct gw_shape *shape)
{
    if (!shape) {
        lua_pushnil(L);
        return;
    }
    *(const struct gw_shape **)lua_newuserdatauv(L, sizeof shape, 0) = shape;
    luaL_setmetatable(L, SHAPE_META);
}

static void set_flag(lua_State *L, const char *field, bool set)
{
    lua_pushboolean(L, set);
    lua_setfield(L, -2, field);
}

/* { name=, shape=, location=, required=, token=, sensitive=, json_value=, payload=,
 * streaming= } */
static void push_member(lua_State *L, const struct gw_shape *of, const struct gw_member *member)
{
    static const char *const locations[] = {"body", "uri", "query", "header", "headers", "status"};
    unsigned flags = gw_member_flags(member);
    lua_createtable(L, 0, 8);
    gw_push_view(L, gw_member_name(member));
    lua_setfield(L, -2, "name");
    push_shape(L, gw_member_shape(member));
    lua_setfield(L, -2, "shape");
    lua_pushstring(L, locations[gw_member_location(member)]);
    lua_setfield(L, -2, "location");
    set_flag(L, "required", (flags & GW_MEMBER_REQUIRED) != 0);
    set_flag(L, "token", (flags & GW_MEMBER_IDEMPOTENCY_TOKEN) != 0);
    set_flag(L, "sensitive", (flags & GW_MEMBER_SENSITIVE) != 0);
    set_flag(L, "json_value", (flags & GW_MEMBER_JSON_VALUE) != 0);
    set_flag(L, "payload", gw_shape_payload(of) == member);
    set_flag(L, "streaming",
             (flags & GW_MEMBER_STREAMING) != 0 ||
                 (gw_shape_flags(gw_member_shape(member)) & GW_SHAPE_STREAMING) != 0);
}

static void push_members(lua_State *L, const struct gw_shape *shape)
{
    size_t count = gw_shape_member_count(shape);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_member(L, shape, gw_shape_member(shape, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_enum(lua_State *L, const struct gw_shape *shape)
{
    size_t count = gw_shape_enum_count(shape);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        gw_push_view(L, gw_shape_enum(shape, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static const char *type_name(const struct gw_shape *shape)
{
    static const char *const names[] = {"structure", "list",    "map",      "string",
                                        "blob",      "boolean", "integer",  "long",
                                        "float",     "double",  "timestamp"};
    return names[gw_shape_type(shape)];
}

struct flag {
    const char *name;
    unsigned bit;
};

static bool push_flag(lua_State *L, const struct gw_shape *shape, const char *field)
{
    static const struct flag flags[] = {
        {"sensitive", GW_SHAPE_SENSITIVE},
        {"document", GW_SHAPE_DOCUMENT},
        {"event_stream", GW_SHAPE_EVENT_STREAM},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(flags[i].name, field) == 0) {
            lua_pushboolean(L, (gw_shape_flags(shape) & flags[i].bit) != 0);
            return true;
        }
    }
    return false;
}

/* name, type, members (in the model's order), element, key, value, enum, min and max (of the number
 * or the length; both 0: no limits), and the flags */
static int shape_index(lua_State *L)
{
    const struct gw_shape *shape = *(const struct gw_shape **)luaL_checkudata(L, 1, SHAPE_META);
    const char *field = luaL_checkstring(L, 2);
    enum gw_shape_type type = gw_shape_type(shape);
    if (strcmp(field, "type") == 0) {
        lua_pushstring(L, type_name(shape));
    } else if (strcmp(field, "name") == 0) {
        gw_push_view(L, gw_shape_name(shape));
    } else if (strcmp(field, "members") == 0) {
        push_members(L, shape);
    } else if (strcmp(field, "min") == 0) {
        lua_pushnumber(L, gw_shape_min(shape));
    } else if (strcmp(field, "max") == 0) {
        lua_pushnumber(L, gw_shape_max(shape));
    } else if (strcmp(field, "enum") == 0) {
        push_enum(L, shape);
    } else if (strcmp(field, "element") == 0) {
        push_shape(L, type == GW_SHAPE_LIST ? gw_member_shape(gw_shape_element(shape)) : NULL);
    } else if (strcmp(field, "key") == 0) {
        push_shape(L, type == GW_SHAPE_MAP ? gw_member_shape(gw_shape_key(shape)) : NULL);
    } else if (strcmp(field, "value") == 0) {
        push_shape(L, type == GW_SHAPE_MAP ? gw_member_shape(gw_shape_value(shape)) : NULL);
    } else if (!push_flag(L, shape, field)) {
        return luaL_error(L, "shape: no field '%s'", field);
    }
    return 1;
}

static void open_shapes(lua_State *L)
{
    if (luaL_newmetatable(L, SHAPE_META)) {
        lua_pushcfunction(L, shape_index);
        lua_setfield(L, -2, "__index");
        lua_pushliteral(L, "shape");
        lua_setfield(L, -2, "__metatable");
    }
    lua_pop(L, 1);
}

/* shape(service, operation, "input" | "output") -> shape, or nil where it has none | nil, err */
int gw_bind_aws_shape(lua_State *L)
{
    static const char *const ways[] = {"input", "output", NULL};
    struct gw_view service = gw_check_view(L, 1);
    struct gw_view name = gw_check_view(L, 2);
    bool output = luaL_checkoption(L, 3, NULL, ways) == 1;
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_err err = {0};
    const struct gw_operation *op = gw_bind_find_operation(service, name, arena, &err);
    if (!op) {
        return gw_push_fail(L, &err);
    }
    open_shapes(L);
    push_shape(L, output ? gw_operation_output(op) : gw_operation_input(op));
    return 1;
}

/* waiters(service) -> list of API names | nil, err */
int gw_bind_aws_waiters(lua_State *L)
{
    struct gw_view name = gw_check_view(L, 1);
    struct gw_err err = {0};
    const struct gw_service *service = gw_models_find_service(name, &err);
    if (!service) {
        return gw_push_fail(L, &err);
    }
    lua_createtable(L, (int)gw_service_waiter_count(service), 0);
    for (size_t i = 0; i < gw_service_waiter_count(service); i++) {
        gw_push_view(L, gw_waiter_name(gw_service_waiter(service, i)));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    gw_mark_list(L, -1);
    return 1;
}
