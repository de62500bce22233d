/* error: failures as Lua values, and Lua's error values as failures. */
#include "script/internal.h"

static const char *const kinds[] = {
    [GW_ERR_NONE] = "none",
    [GW_ERR_INPUT] = "input",
    [GW_ERR_LIMIT] = "limit",
    [GW_ERR_NOT_FOUND] = "not_found",
    [GW_ERR_IO] = "io",
    [GW_ERR_NETWORK] = "network",
    [GW_ERR_TIMEOUT] = "timeout",
    [GW_ERR_PROTOCOL] = "protocol",
    [GW_ERR_CREDENTIALS] = "credentials",
    [GW_ERR_DENIED] = "denied",
    [GW_ERR_SERVICE] = "service",
    [GW_ERR_CANCELLED] = "cancelled",
    [GW_ERR_INTERNAL] = "internal",
};

#define KIND_COUNT (sizeof kinds / sizeof *kinds)

void gw_push_err(lua_State *L, const struct gw_err *err)
{
    lua_createtable(L, 0, 8);
    lua_pushstring(L, kinds[err->code]);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, err->message);
    lua_setfield(L, -2, "message");
    gw_script_set_meta(L, GW_SLOT_ERROR);
}

int gw_push_fail(lua_State *L, const struct gw_err *err)
{
    lua_pushnil(L);
    gw_push_err(L, err);
    return 2;
}

static int error_tostring(lua_State *L)
{
    lua_getfield(L, 1, "message");
    luaL_tolstring(L, -1, NULL);
    return 1;
}

static int error_concat(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

/* error value -> its text, its kind's code */
static int describe(lua_State *L)
{
    lua_Integer code = GW_ERR_INPUT;
    luaL_tolstring(L, 1, NULL);
    if (gw_script_has_meta(L, 1, GW_SLOT_ERROR)) {
        lua_getfield(L, 1, "kind");
        const char *kind = lua_tostring(L, -1);
        for (size_t i = 0; kind && i < KIND_COUNT; i++) {
            code = gw_view_equal(gw_view_of(kind), gw_view_of(kinds[i])) ? (lua_Integer)i : code;
        }
        lua_pop(L, 1);
    }
    lua_pushinteger(L, code);
    return 2;
}

void gw_script_error_text(lua_State *L, int index, struct gw_err *err)
{
    index = lua_absindex(L, index);
    if (!lua_checkstack(L, 4)) {
        gw_fail(err, GW_ERR_LIMIT, "script: stack overflow");
        return;
    }
    lua_pushcfunction(L, describe);
    lua_pushvalue(L, index);
    gw_script_enter(gw_script_of(L));
    int status = lua_pcall(L, 1, 2, 0);
    gw_script_leave(gw_script_of(L));
    if (status != LUA_OK) {
        gw_fail(err, GW_ERR_INPUT, "script: raised a %s that cannot be printed",
                luaL_typename(L, index));
        lua_pop(L, 1);
        return;
    }
    struct gw_view text;
    text.data = lua_tolstring(L, -2, &text.len);
    gw_fail(err, (enum gw_err_code)lua_tointeger(L, -1), "%.*s", GW_VIEW_ARGS(text));
    lua_pop(L, 2);
}

void gw_script_open_errors(struct gw_script *script)
{
    static const luaL_Reg error[] = {
        {"__tostring", error_tostring}, {"__concat", error_concat}, {NULL, NULL}};
    gw_script_new_meta(script, GW_SLOT_ERROR, "error", error);
}
