/* host.env: the variables of the environment that the runbook declares in needs.env. */
#include <stdlib.h>

#include "bind/internal.h"

bool gw_bind_holds_secret(struct gw_view text)
{
    struct gw_arena *arena = gw_arena_new();
    bool holds = gw_redact(arena, text).data != text.data;
    gw_arena_free(arena);
    return holds;
}

/* get(name) -> text, or nil where it is not set | nil, err */
static int env_get(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view name = gw_check_view(L, 1);
    struct gw_err err = {0};
    if (!gate->variable(gate, name, &err)) {
        return gw_push_fail(L, &err);
    }
    struct gw_view value = gw_view_of(getenv(name.data));
    if (gw_bind_holds_secret(value)) {
        gw_fail(&err, GW_ERR_DENIED, "env '%s': holds a secret", name.data);
        return gw_push_fail(L, &err);
    }
    if (value.data) {
        gw_push_view(L, value);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

void gw_bind_env(struct gw_script *script, struct gw_gate *gate)
{
    lua_State *L = gw_script_state(script);
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, gate);
    lua_pushcclosure(L, env_get, 1);
    lua_setfield(L, -2, "get");
    gw_script_set_host(script, "env");
}
