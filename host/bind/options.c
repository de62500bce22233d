/* options: a misspelt option must never be ignored. */
#include <string.h>

#include "bind/bind.h"

#define MAX_OPTIONS 32

static bool is_known(const char *key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(key, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void raise_unknown(lua_State *L, const char *subject, const char *key,
                          const char *const *names, size_t count)
{
    struct gw_view candidates[MAX_OPTIONS];
    for (size_t i = 0; i < count; i++) {
        candidates[i] = gw_view_of(names[i]);
    }
    struct gw_view near = gw_view_nearest(gw_view_of(key), candidates, count);
    if (near.len > 0) {
        luaL_error(L, "%s: unknown option '%s', did you mean '%s'?", subject, key, near.data);
    }
    luaL_error(L, "%s: unknown option '%s'", subject, key);
}

void gw_check_options(lua_State *L, int arg, const char *subject, const char *const *names)
{
    size_t count = 0;
    while (count < MAX_OPTIONS && names[count]) {
        count++;
    }
    if (lua_isnoneornil(L, arg)) {
        return;
    }
    luaL_checktype(L, arg, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, arg)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "%s: options are named, got a %s", subject, luaL_typename(L, -1));
        }
        if (!is_known(lua_tostring(L, -1), names, count)) {
            raise_unknown(L, subject, lua_tostring(L, -1), names, count);
        }
    }
}
