/* ordered: maps that remember in which order their keys came. An answer of AWS that is shown to
 * people, and what JMESPath picks from it, has an order; Lua tables have none.
 *
 * The keys stand in a list in the map's own metatable, which holds each as a key too, to be found. A
 * key that is assigned later comes last; one that is set to nil is skipped, and keeps its place.
 * `pairs` and gw_to_value follow the list. */
#include "script/internal.h"

static const char keys_field = 0; /* its address is the key of the list */

bool gw_script_push_order(lua_State *L, int index)
{
    if (!lua_getmetatable(L, index)) {
        return false;
    }
    int type = lua_rawgetp(L, -1, &keys_field);
    lua_remove(L, -2);
    if (type != LUA_TTABLE) {
        lua_pop(L, 1);
    }
    return type == LUA_TTABLE;
}

/* map key value: of a key that is not there yet */
static int add_key(lua_State *L)
{
    lua_settop(L, 3);
    luaL_argexpected(L, lua_type(L, 2) == LUA_TSTRING, 2, "string");
    if (lua_isnil(L, 3) || !gw_script_push_order(L, 1)) {
        return 0;
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, 4) == LUA_TNIL) {
        lua_pushvalue(L, 2);
        lua_rawseti(L, 4, (lua_Integer)lua_rawlen(L, 4) + 1);
        lua_pushvalue(L, 2);
        lua_pushboolean(L, true);
        lua_rawset(L, 4);
    }
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 0;
}

enum { UPVALUE_MAP = 1, UPVALUE_KEYS, UPVALUE_POSITION };

static int next_entry(lua_State *L)
{
    lua_Integer position = lua_tointeger(L, lua_upvalueindex(UPVALUE_POSITION));
    int type = LUA_TNIL;
    lua_settop(L, 0);
    do {
        lua_settop(L, 0);
        if (lua_rawgeti(L, lua_upvalueindex(UPVALUE_KEYS), ++position) == LUA_TNIL) {
            return 1;
        }
        lua_pushvalue(L, -1);
        type = lua_rawget(L, lua_upvalueindex(UPVALUE_MAP));
    } while (type == LUA_TNIL);
    lua_pushinteger(L, position);
    lua_replace(L, lua_upvalueindex(UPVALUE_POSITION));
    return 2;
}

static int map_pairs(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    if (!gw_script_push_order(L, 1)) {
        return luaL_argerror(L, 1, "no ordered map");
    }
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_entry, 3);
    return 1;
}

void gw_push_ordered_map(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 4); /* map meta */
    lua_newtable(L);          /* map meta keys */
    lua_rawsetp(L, -2, &keys_field);
    lua_pushcfunction(L, add_key);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, map_pairs);
    lua_setfield(L, -2, "__pairs");
    lua_pushliteral(L, "ordered");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}
