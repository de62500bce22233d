/* host.json: JSON text <-> Lua values, and JMESPath on values. */
#include "bind/bind.h"
#include "codec/codec.h"

#include <string.h>

#define MAX_INDENT 16

/* All texts in it, at any depth; a number becomes a text, for only texts can be secret in Lua. The names of
 * members tell what it is, not what it holds. */
static void mark_secret(struct gw_value *value, struct gw_arena *arena)
{
    for (size_t i = 0; value->kind == GW_MAP && i < value->as.map.count; i++) {
        mark_secret(&value->as.map.entries[i].value, arena);
    }
    for (size_t i = 0; value->kind == GW_LIST && i < value->as.list.count; i++) {
        mark_secret(&value->as.list.items[i], arena);
    }
    if (value->kind == GW_INT) {
        *value = gw_value_string(gw_arena_printf(arena, "%lld", (long long)value->as.integer));
    } else if (value->kind == GW_DOUBLE) {
        *value = gw_value_string(gw_arena_printf(arena, "%.17g", value->as.number));
    }
    value->secret = value->kind == GW_STRING;
}

/* decode(text) -> value | nil, err. null is nil at the top and json.null inside. What is in a secret text is
 * secret, too, and its failure does not quote it. */
static int json_decode(lua_State *L)
{
    struct gw_view text;
    bool is_secret = gw_to_secret(L, 1, &text);
    text = is_secret ? text : gw_check_view(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value value;
    struct gw_err err = {0};
    if (!gw_json_parse(text, arena, &value, &err)) {
        if (is_secret) {
            gw_fail(&err, GW_ERR_INPUT, "json: the secret is no JSON");
        }
        return gw_push_fail(L, &err);
    }
    if (is_secret) {
        mark_secret(&value, arena);
    }
    gw_push_value(L, &value);
    return 1;
}

static int check_indent(lua_State *L, int arg)
{
    if (lua_isnoneornil(L, arg) || lua_getfield(L, arg, "indent") == LUA_TNIL) {
        return 0;
    }
    lua_Integer indent = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : -1;
    if (indent < 0 || indent > MAX_INDENT) {
        luaL_error(L, "json.encode: indent must be an integer from 0 to %d", MAX_INDENT);
    }
    return (int)indent;
}

static struct gw_json_options check_encode_options(lua_State *L, int arg)
{
    static const char *const names[] = {"indent", "keep_doubles", "secret", NULL};
    gw_check_options(L, arg, "json.encode", names);
    struct gw_json_options options = {.indent = check_indent(L, arg)};
    if (lua_istable(L, arg)) {
        lua_getfield(L, arg, "keep_doubles");
        options.keep_doubles = lua_toboolean(L, -1);
        lua_getfield(L, arg, "secret");
        options.reveal_secrets = lua_toboolean(L, -1);
    }
    return options;
}

/* encode(value [, {indent=, keep_doubles=, secret=}]) -> text. A secret is written as "[secret]"; with
 * `secret` as it is, and the whole text is a secret. With keep_doubles 70.0 stays "70.0". Raises for what
 * JSON cannot say. */
static int json_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    struct gw_json_options options = check_encode_options(L, 2);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_buf *text = gw_push_buf(L, GW_JSON_MAX_BYTES);
    struct gw_value value;
    struct gw_err err = {0};
    if (!gw_to_value(L, 1, arena, &value, &err)) {
        return luaL_error(L, "json.encode: %s", err.message);
    }
    if (!gw_json_write(&value, &options, text)) {
        return luaL_error(L, "json.encode: the text is larger than 64 MiB");
    }
    (options.reveal_secrets ? gw_push_secret : gw_push_view)(L, gw_buf_view(text));
    return 1;
}

/* What is only known after a plan's apply stays so, whatever is picked from it. */
static bool is_unknown(lua_State *L, int index)
{
    if (luaL_getmetafield(L, index, "__metatable") == LUA_TNIL) {
        return false;
    }
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    bool unknown = strcmp(name, "unknown") == 0;
    lua_pop(L, 1);
    return unknown;
}

/* query(value, expression [, ordered]) -> what the JMESPath expression finds; nil for null. With
 * `ordered` maps keep the order of the expression. Raises for an expression that is wrong: a nil
 * would look like an answer. */
static int json_query(lua_State *L)
{
    luaL_checkany(L, 1);
    struct gw_view expression = gw_check_view(L, 2);
    lua_settop(L, 3);
    if (is_unknown(L, 1)) {
        lua_settop(L, 1);
        return 1;
    }
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value value, found;
    struct gw_err err = {0};
    const struct gw_jmespath *compiled = gw_jmespath_compile(expression, arena, &err);
    if (!compiled || !gw_to_value(L, 1, arena, &value, &err) ||
        !gw_jmespath_search(compiled, &value, arena, &found, &err)) {
        return luaL_error(L, "json.query: %s", err.message);
    }
    (lua_toboolean(L, 3) ? gw_push_ordered : gw_push_value)(L, &found);
    return 1;
}

/* check_query(expression) -> true | nil, err: is it JMESPath? */
static int json_check_query(lua_State *L)
{
    struct gw_view expression = gw_check_view(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_err err = {0};
    if (!gw_jmespath_compile(expression, arena, &err)) {
        return gw_push_fail(L, &err);
    }
    lua_pushboolean(L, true);
    return 1;
}

/* ordered() -> an empty map that keeps the order in which keys are assigned to it */
static int json_ordered(lua_State *L)
{
    gw_push_ordered_map(L);
    return 1;
}

/* array(table) -> the same table, which stays a list also when it is empty. */
static int json_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (!gw_is_list(L, 1) && lua_getmetatable(L, 1)) {
        return luaL_error(L, "json.array: the table has a metatable of its own");
    }
    gw_mark_list(L, 1);
    return 1;
}

void gw_bind_json(struct gw_script *script)
{
    static const luaL_Reg functions[] = {{"decode", json_decode},
                                         {"encode", json_encode},
                                         {"query", json_query},
                                         {"check_query", json_check_query},
                                         {"array", json_array},
                                         {"ordered", json_ordered},
                                         {NULL, NULL}};
    lua_State *L = gw_script_state(script);
    luaL_newlib(L, functions);
    gw_push_null(L);
    lua_setfield(L, -2, "null");
    gw_script_set_host(script, "json");
}
