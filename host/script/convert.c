/* convert: values <-> Lua tables.
 *
 * An integer stays an integer and a float a float. Lists that come from C carry the metatable of
 * json.array, so an empty one is still a list on its way back. Maps are written in the order of
 * their keys: the same table always gives the same bytes. Maps of ordered.c keep their own order.
 * Limits: 64 levels, four million values (shared tables are copied each time they are met). */
#include <stdlib.h>

#include "script/internal.h"

#define MAX_DEPTH       64
#define MAX_VALUES      ((size_t)4 << 20)
#define MAX_PLACE_BYTES 256

/* Where a value is: a chain of keys, on the C stack. */
struct place {
    const struct place *up;
    const void *table; /* identity of the table that holds it */
    struct gw_view key;
    lua_Integer index; /* in a list, from 1 */
    int depth;
};

struct reader {
    lua_State *L;
    struct gw_arena *arena;
    struct gw_err *err;
    size_t values_left;
};

static bool read_value(struct reader *reader, int index, const struct place *place,
                       struct gw_value *out);

/* ---- places --------------------------------------------------------------------------------- */

static bool is_plain_name(struct gw_view key)
{
    for (size_t i = 0; i < key.len; i++) {
        char c = key.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return key.len > 0;
}

static void write_place(const struct place *place, struct gw_buf *out)
{
    if (place->up == NULL) {
        return;
    }
    write_place(place->up, out);
    if (place->index > 0) {
        gw_buf_addf(out, "[%lld]", (long long)place->index);
    } else if (is_plain_name(place->key)) {
        gw_buf_addf(out, "%s%.*s", out->len > 0 ? "." : "", GW_VIEW_ARGS(place->key));
    } else {
        gw_buf_addf(out, "['%.*s']", GW_VIEW_ARGS(place->key));
    }
}

static bool fail_at(struct reader *reader, const struct place *place, enum gw_err_code code,
                    const char *reason)
{
    struct gw_buf text;
    gw_buf_init(&text, MAX_PLACE_BYTES);
    write_place(place, &text);
    if (text.len == 0) {
        gw_buf_add_text(&text, "value");
    }
    gw_fail(reader->err, code, "%s: %s", text.data, reason);
    gw_buf_clear(&text);
    return false;
}

static bool check_place(struct reader *reader, const struct place *place, const void *table)
{
    for (const struct place *up = place; up; up = up->up) {
        if (up->table == table) {
            return fail_at(reader, place, GW_ERR_INPUT, "table contains itself");
        }
    }
    if (place->depth >= MAX_DEPTH) {
        return fail_at(reader, place, GW_ERR_LIMIT, "nested deeper than 64 levels");
    }
    return true;
}

/* ---- Lua -> value --------------------------------------------------------------------------- */

struct census {
    size_t count, items, names; /* all keys, integer keys from 1 up, string keys */
    lua_Integer last;           /* greatest of the integer keys */
};

static struct census count_keys(lua_State *L, int index)
{
    struct census census = {0};
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        census.count++;
        census.names += lua_type(L, -1) == LUA_TSTRING;
        if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1) {
            lua_Integer key = lua_tointeger(L, -1);
            census.items++;
            census.last = key > census.last ? key : census.last;
        }
    }
    return census;
}

static bool read_list(struct reader *reader, int index, const struct place *holder, size_t count,
                      struct gw_value *out)
{
    *out = gw_value_list();
    for (size_t i = 1; i <= count; i++) {
        struct place place = {.up = holder, .index = (lua_Integer)i, .depth = holder->depth + 1};
        lua_rawgeti(reader->L, index, (lua_Integer)i);
        bool ok =
            read_value(reader, lua_gettop(reader->L), &place, gw_list_add(reader->arena, out));
        lua_pop(reader->L, 1);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static int compare_entries(const void *left, const void *right)
{
    const struct gw_entry *a = left, *b = right;
    return gw_view_compare(a->key, b->key);
}

static bool read_map(struct reader *reader, int index, const struct place *holder,
                     struct gw_value *out)
{
    lua_State *L = reader->L;
    *out = gw_value_map();
    lua_pushnil(L);
    while (lua_next(L, index)) {
        struct place place = {.up = holder, .depth = holder->depth + 1};
        place.key.data = lua_tolstring(L, -2, &place.key.len);
        place.key = gw_arena_dup(reader->arena, place.key);
        struct gw_value *slot = gw_map_add(reader->arena, out, place.key);
        if (!read_value(reader, lua_gettop(L), &place, slot)) {
            lua_pop(L, 2);
            return false;
        }
        lua_pop(L, 1);
    }
    if (out->as.map.count > 1) {
        qsort(out->as.map.entries, out->as.map.count, sizeof *out->as.map.entries, compare_entries);
    }
    return true;
}

/* As read_map, for a map that has its own order; the keys are on top of the stack. */
static bool read_ordered_map(struct reader *reader, int index, const struct place *holder,
                             struct gw_value *out)
{
    lua_State *L = reader->L;
    int keys = lua_gettop(L);
    *out = gw_value_map();
    for (lua_Integer i = 1; lua_rawgeti(L, keys, i) != LUA_TNIL; i++) {
        struct place place = {.up = holder, .depth = holder->depth + 1};
        place.key.data = lua_tolstring(L, -1, &place.key.len);
        place.key = gw_arena_dup(reader->arena, place.key);
        bool ok =
            lua_rawget(L, index) == LUA_TNIL ||
            read_value(reader, lua_gettop(L), &place, gw_map_add(reader->arena, out, place.key));
        lua_settop(L, keys);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool read_table(struct reader *reader, int index, const struct place *at,
                       struct gw_value *out)
{
    struct place place = *at;
    place.table = lua_topointer(reader->L, index);
    if (!check_place(reader, at, place.table)) {
        return false;
    }
    if (gw_script_push_order(reader->L, index)) {
        bool ok = read_ordered_map(reader, index, &place, out);
        lua_settop(reader->L, lua_gettop(reader->L) - 1);
        return ok;
    }
    bool marked = gw_is_list(reader->L, index);
    struct census census = count_keys(reader->L, index);
    bool sequence = census.items == census.count && census.last == (lua_Integer)census.count;
    if (sequence && (marked || census.count > 0)) {
        return read_list(reader, index, &place, census.count, out);
    }
    if (census.names == census.count && !marked) {
        return read_map(reader, index, &place, out);
    }
    if (census.items == census.count) {
        return fail_at(reader, at, GW_ERR_INPUT, "list has holes");
    }
    return fail_at(reader, at, GW_ERR_INPUT,
                   census.names > 0 && census.items > 0 ? "table mixes list items and named fields"
                   : marked                             ? "list has keys other than 1, 2, ..."
                                                        : "map keys must be strings");
}

static bool is_null(lua_State *L, int index)
{
    gw_script_push_slot(L, GW_SLOT_NULL);
    bool same = lua_rawequal(L, -1, index);
    lua_pop(L, 1);
    return same;
}

static bool read_userdata(struct reader *reader, int index, const struct place *place,
                          struct gw_value *out)
{
    struct gw_view text;
    if (gw_to_secret(reader->L, index, &text)) {
        *out = gw_value_string(gw_arena_dup(reader->arena, text));
        out->secret = true;
        return true;
    }
    if (is_null(reader->L, index)) {
        *out = (struct gw_value){.kind = GW_NULL};
        return true;
    }
    return fail_at(reader, place, GW_ERR_INPUT,
                   gw_is_lost_secret(reader->L, index) ? GW_LOST_SECRET
                                                       : "userdata cannot be converted");
}

static bool read_string(struct reader *reader, int index, struct gw_value *out)
{
    struct gw_view text;
    text.data = lua_tolstring(reader->L, index, &text.len);
    *out = gw_value_string(gw_arena_dup(reader->arena, text));
    return true;
}

static bool read_value(struct reader *reader, int index, const struct place *place,
                       struct gw_value *out)
{
    lua_State *L = reader->L;
    if (reader->values_left-- == 0) {
        return fail_at(reader, place, GW_ERR_LIMIT, "more than four million values");
    }
    if (!lua_checkstack(L, 8)) {
        return fail_at(reader, place, GW_ERR_LIMIT, "no stack left");
    }
    switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL:
        *out = (struct gw_value){.kind = GW_NULL};
        return true;
    case LUA_TBOOLEAN:
        *out = gw_value_bool(lua_toboolean(L, index));
        return true;
    case LUA_TNUMBER:
        *out = lua_isinteger(L, index) ? gw_value_int(lua_tointeger(L, index))
                                       : gw_value_double(lua_tonumber(L, index));
        return true;
    case LUA_TSTRING:
        return read_string(reader, index, out);
    case LUA_TTABLE:
        return read_table(reader, index, place, out);
    case LUA_TUSERDATA:
        return read_userdata(reader, index, place, out);
    case LUA_TFUNCTION:
        return fail_at(reader, place, GW_ERR_INPUT, "function cannot be converted");
    default:
        return fail_at(reader, place, GW_ERR_INPUT, "coroutine cannot be converted");
    }
}

bool gw_to_value(lua_State *L, int index, struct gw_arena *arena, struct gw_value *out,
                 struct gw_err *err)
{
    struct reader reader = {.L = L, .arena = arena, .err = err, .values_left = MAX_VALUES};
    struct place root = {.up = NULL};
    return read_value(&reader, lua_absindex(L, index), &root, out);
}

/* ---- value -> Lua --------------------------------------------------------------------------- */

enum { PUSH_SECRET = 1, PUSH_ORDERED = 2 };

static void push_inner(lua_State *L, const struct gw_value *value, unsigned how);

static int size_hint(size_t count)
{
    return count < INT32_MAX ? (int)count : 0;
}

static void push_list(lua_State *L, const struct gw_value *value, unsigned how)
{
    lua_createtable(L, size_hint(value->as.list.count), 0);
    for (size_t i = 0; i < value->as.list.count; i++) {
        push_inner(L, &value->as.list.items[i], how);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    gw_script_set_meta(L, GW_SLOT_ARRAY);
}

static void push_map(lua_State *L, const struct gw_value *value, unsigned how)
{
    bool ordered = (how & PUSH_ORDERED) != 0;
    if (ordered) {
        gw_push_ordered_map(L);
    } else {
        lua_createtable(L, 0, size_hint(value->as.map.count));
    }
    for (size_t i = 0; i < value->as.map.count; i++) {
        gw_push_view(L, value->as.map.entries[i].key);
        push_inner(L, &value->as.map.entries[i].value, how);
        (ordered ? lua_settable : lua_rawset)(L, -3);
    }
}

/* What is in a secret list or map is secret too. */
static void push_inner(lua_State *L, const struct gw_value *value, unsigned how)
{
    luaL_checkstack(L, 8, "value is nested too deeply");
    how |= value->secret ? PUSH_SECRET : 0;
    switch (value->kind) {
    case GW_NULL:
        if (value->secret) {
            gw_push_lost_secret(L);
        } else {
            gw_script_push_slot(L, GW_SLOT_NULL);
        }
        break;
    case GW_BOOL:
        lua_pushboolean(L, value->as.boolean);
        break;
    case GW_INT:
        lua_pushinteger(L, value->as.integer);
        break;
    case GW_DOUBLE:
        lua_pushnumber(L, value->as.number);
        break;
    case GW_STRING:
        (how & PUSH_SECRET ? gw_push_secret : gw_push_view)(L, value->as.string);
        break;
    case GW_LIST:
        push_list(L, value, how);
        break;
    case GW_MAP:
        push_map(L, value, how);
        break;
    }
}

static void push_outer(lua_State *L, const struct gw_value *value, unsigned how)
{
    if (value->kind == GW_NULL && !value->secret) {
        lua_pushnil(L);
    } else {
        push_inner(L, value, how);
    }
}

void gw_push_value(lua_State *L, const struct gw_value *value)
{
    push_outer(L, value, 0);
}

void gw_push_ordered(lua_State *L, const struct gw_value *value)
{
    push_outer(L, value, PUSH_ORDERED);
}

/* ---- null and array ------------------------------------------------------------------------- */

void gw_push_null(lua_State *L)
{
    gw_script_push_slot(L, GW_SLOT_NULL);
}

bool gw_is_list(lua_State *L, int index)
{
    return gw_script_has_meta(L, index, GW_SLOT_ARRAY);
}

void gw_mark_list(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    gw_script_push_slot(L, GW_SLOT_ARRAY);
    lua_setmetatable(L, index);
}

static int null_tostring(lua_State *L)
{
    lua_pushliteral(L, "null");
    return 1;
}

void gw_script_open_conversion(struct gw_script *script)
{
    static const luaL_Reg none[] = {{NULL, NULL}};
    lua_State *L = script->L;
    gw_script_new_meta(script, GW_SLOT_ARRAY, "array", none);
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 3); /* null meta */
    lua_pushcfunction(L, null_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "null");
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "null");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    gw_script_set_slot(script, GW_SLOT_NULL);
}
