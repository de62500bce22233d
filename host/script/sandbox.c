/* sandbox: what a chunk can see.
 *
 * A chunk's _ENV is an empty table with a protected metatable: reads fall through to the globals,
 * an unknown name raises, every write raises. Libraries are the same kind of empty table in front
 * of the real one. Nothing given to scripts writes past a protected metatable (rawset and
 * setmetatable are guarded), so an empty front stays empty, and all chunks may share theirs.
 *
 * Left out: io, os, debug, package, load and its relatives, collectgarbage, string.dump,
 * math.randomseed, and __gc, whose functions would run at no predictable time. pairs has a fixed
 * order (order.c). This guards against accidents and curiosity; a script that is out to exhaust the
 * processor in one pattern match still can. */
#include "script/internal.h"

#define MAX_CANDIDATES 256
#define MAX_FRONTS     8 /* in each other: no module of ours goes deeper */

static void make_front(lua_State *L, const char *name, int depth);

static const char *const base_functions[] = {
    "assert", "error",  "getmetatable", "ipairs",   "next",     "pcall", "rawequal",
    "rawget", "rawlen", "select",       "tonumber", "tostring", "type",  NULL};

struct gw_view gw_script_nearest_key(lua_State *L, int index, struct gw_view name)
{
    struct gw_view candidates[MAX_CANDIDATES];
    size_t count = 0;
    index = lua_absindex(L, index);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING && count < MAX_CANDIDATES) {
            candidates[count].data = lua_tolstring(L, -1, &candidates[count].len);
            count++;
        }
    }
    return gw_view_nearest(name, candidates, count);
}

/* __index of the globals; upvalue 1: the globals. */
static int unknown_global(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING) {
        return luaL_error(L, "unknown global of type %s", luaL_typename(L, 2));
    }
    struct gw_view near = gw_script_nearest_key(L, lua_upvalueindex(1), gw_check_view(L, 2));
    if (near.len == 0) {
        return luaL_error(L, "unknown global '%s'", lua_tostring(L, 2));
    }
    return luaL_error(L, "unknown global '%s', did you mean '%s'?", lua_tostring(L, 2), near.data);
}

static int refuse_global(lua_State *L)
{
    return luaL_error(L, "global '%s': globals are read-only; use local",
                      luaL_tolstring(L, 2, NULL));
}

/* Upvalue 1: the library's name. */
static int refuse_member(lua_State *L)
{
    return luaL_error(L, "%s.%s: libraries are read-only", lua_tostring(L, lua_upvalueindex(1)),
                      luaL_tolstring(L, 2, NULL));
}

/* Upvalue 1: the real table, which must not reach the script. */
static int next_member(lua_State *L)
{
    lua_settop(L, 2);
    return lua_next(L, lua_upvalueindex(1)) ? 2 : 0;
}

/* Upvalue 1: the real table. */
static int library_pairs(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushcclosure(L, next_member, 1);
    return 1;
}

/* Upvalue 1: the real table. */
static int library_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, lua_upvalueindex(1)));
    return 1;
}

/* Replaces the table on top by a copy whose plain tables are fronts in their turn. [-1, +1, m] */
static void copy_with_fronts(lua_State *L, const char *name, int depth)
{
    luaL_checkstack(L, 8, NULL);
    lua_newtable(L); /* real copy */
    lua_pushnil(L);
    while (lua_next(L, -3)) { /* real copy key value */
        if (depth < MAX_FRONTS && gw_script_is_plain_table(L)) {
            make_front(L, name, depth + 1);
        }
        lua_pushvalue(L, -2);
        lua_insert(L, -2); /* real copy key key value */
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
}

static void make_front(lua_State *L, const char *name, int depth)
{
    copy_with_fronts(L, name, depth);
    lua_newtable(L);          /* real front */
    lua_createtable(L, 0, 5); /* real front meta */
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_pushcclosure(L, refuse_member, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, library_pairs, 1);
    lua_setfield(L, -2, "__pairs");
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, library_len, 1);
    lua_setfield(L, -2, "__len");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2); /* front */
}

void gw_script_make_read_only(lua_State *L, const char *name)
{
    make_front(L, name, 1);
}

static bool is_protected(lua_State *L, int index)
{
    return luaL_getmetafield(L, index, "__metatable") != LUA_TNIL;
}

static int set_metatable(lua_State *L)
{
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    lua_settop(L, 2);
    if (is_protected(L, 1)) {
        return luaL_error(L, "setmetatable: the table's metatable is protected");
    }
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL) {
            return luaL_error(L, "setmetatable: __gc is not available; use a <close> variable");
        }
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int raw_set(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    if (is_protected(L, 1)) {
        return luaL_error(L, "rawset: the table is read-only");
    }
    lua_rawset(L, 1);
    return 1;
}

static int handled(lua_State *L, int status, lua_KContext unused)
{
    (void)status, (void)unused;
    return lua_gettop(L);
}

/* Index 1: true; index 2: the handler; above it the results, or the error. */
static int protected(lua_State *L, int status, lua_KContext unused)
{
    (void)unused;
    if (status == LUA_OK || status == LUA_YIELD) {
        lua_remove(L, 2);
        return lua_gettop(L);
    }
    lua_pushboolean(L, 0);
    lua_replace(L, 1);
    return handled(L, lua_pcallk(L, 1, LUA_MULTRET, 0, 0, handled), 0);
}

/* Lua's own calls the handler where the error is raised. A limit raises it in a hook, and in a hook
 * there are no limits. Nothing here could tell the difference: there is no traceback. */
static int call_with_handler(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    lua_rotate(L, 2, -1); /* true handler arguments function */
    lua_insert(L, 3);     /* true handler function arguments */
    return protected(L, lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 0, 0, protected), 0);
}

static void drop(lua_State *L, const char *member)
{
    lua_pushnil(L);
    lua_setfield(L, -2, member);
}

/* Openers leave the library on top. [-0, +1, m] */

static void open_string(lua_State *L)
{
    luaL_requiref(L, "string", luaopen_string, 0);
    drop(L, "dump");
    lua_pushliteral(L, ""); /* its metatable is that of all strings */
    lua_getmetatable(L, -1);
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

static void open_math(lua_State *L, uint64_t seed)
{
    luaL_requiref(L, "math", luaopen_math, 0);
    if (seed != 0) {
        lua_getfield(L, -1, "randomseed");
        lua_pushinteger(L, (lua_Integer)seed);
        lua_call(L, 1, 0);
    }
    drop(L, "randomseed");
}

static void open_libraries(struct gw_script *script, uint64_t seed)
{
    lua_State *L = script->L;
    open_string(L);
    gw_script_make_read_only(L, "string");
    gw_script_set_global(script, "string");
    open_math(L, seed);
    gw_script_make_read_only(L, "math");
    gw_script_set_global(script, "math");
    gw_script_open_coroutine_library(script);
    gw_script_make_read_only(L, "coroutine");
    gw_script_set_global(script, "coroutine");
    luaL_requiref(L, "table", luaopen_table, 0);
    gw_script_make_read_only(L, "table");
    gw_script_set_global(script, "table");
    luaL_requiref(L, "utf8", luaopen_utf8, 0);
    gw_script_make_read_only(L, "utf8");
    gw_script_set_global(script, "utf8");
}

static void open_base(struct gw_script *script)
{
    static const luaL_Reg own[] = {{"pairs", gw_script_pairs},     {"rawset", raw_set},
                                   {"require", gw_script_require}, {"setmetatable", set_metatable},
                                   {"xpcall", call_with_handler},  {NULL, NULL}};
    lua_State *L = script->L;
    gw_script_push_slot(L, GW_SLOT_GLOBALS);      /* globals */
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0); /* globals base */
    for (size_t i = 0; base_functions[i]; i++) {
        lua_getfield(L, -1, base_functions[i]);
        lua_setfield(L, -3, base_functions[i]);
    }
    lua_pop(L, 1);
    luaL_setfuncs(L, own, 0);
    lua_pop(L, 1);
}

/* An empty table in front of the table on top. [-1, +0, m] */
static void make_environment(struct gw_script *script, enum gw_slot slot)
{
    lua_State *L = script->L;
    lua_newtable(L);          /* visible env */
    lua_createtable(L, 0, 3); /* visible env meta */
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_global);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "globals");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    gw_script_set_slot(script, slot);
    lua_pop(L, 1);
}

/* Leaves a metatable with that __index function over the globals. [-0, +1, m] */
static void push_unknown_meta(lua_State *L)
{
    lua_createtable(L, 0, 1);
    gw_script_push_slot(L, GW_SLOT_GLOBALS);
    lua_pushcclosure(L, unknown_global, 1);
    lua_setfield(L, -2, "__index");
}

static void open_environments(struct gw_script *script)
{
    lua_State *L = script->L;
    gw_script_push_slot(L, GW_SLOT_GLOBALS);
    push_unknown_meta(L);
    lua_setmetatable(L, -2);
    make_environment(script, GW_SLOT_ENV);

    lua_newtable(L); /* trusted */
    lua_pushcfunction(L, gw_script_require_trusted);
    lua_setfield(L, -2, "require");
    lua_createtable(L, 0, 1); /* trusted meta */
    gw_script_push_slot(L, GW_SLOT_GLOBALS);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    make_environment(script, GW_SLOT_ENV_TRUSTED);
}

void gw_script_open_sandbox(struct gw_script *script, uint64_t seed)
{
    static const enum gw_slot tables[] = {GW_SLOT_GLOBALS, GW_SLOT_HOST, GW_SLOT_LOADED,
                                          GW_SLOT_FRONTS, GW_SLOT_OWN};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        lua_newtable(script->L);
        gw_script_set_slot(script, tables[i]);
    }
    open_libraries(script, seed);
    open_base(script);
    open_environments(script);
}
