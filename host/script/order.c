/* order: a `pairs` whose order depends on the keys alone. Lua hashes strings with a seed of its
 * own at each start, so its order differs from run to run; here numbers come first, ascending, then
 * strings in byte order, then the rest. So a plan lists the same steps each time, and one seed
 * gives one simulation.
 *
 * Lists take Lua's own `next`. Other tables are snapshotted: keys added during the traversal are
 * not visited, keys removed are skipped. */
#include <stdlib.h>

#include "script/internal.h"

enum { RANK_NUMBER, RANK_STRING, RANK_OTHER };

struct key {
    int rank;
    size_t index; /* its place in the list of keys, from 1: the order of `next` */
    lua_Number number;
    struct gw_view text;
};

struct snapshot {
    size_t count, position;
    struct key keys[];
};

enum { UPVALUE_TABLE = 1, UPVALUE_KEYS, UPVALUE_SNAPSHOT };

static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    int order = (a->rank > b->rank) - (a->rank < b->rank);
    if (order == 0 && a->rank == RANK_NUMBER) {
        order = (a->number > b->number) - (a->number < b->number);
    }
    if (order == 0 && a->rank == RANK_STRING) {
        order = gw_view_compare(a->text, b->text);
    }
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* The key on top of the stack. */
static struct key describe_key(lua_State *L, size_t index)
{
    struct key key = {.rank = RANK_OTHER, .index = index};
    if (lua_type(L, -1) == LUA_TNUMBER) {
        key.rank = RANK_NUMBER;
        key.number = lua_tonumber(L, -1);
    } else if (lua_type(L, -1) == LUA_TSTRING) {
        key.rank = RANK_STRING;
        key.text.data = lua_tolstring(L, -1, &key.text.len);
    }
    return key;
}

static size_t count_keys(lua_State *L, size_t *named)
{
    size_t count = 0;
    *named = 0;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        *named += lua_type(L, -1) == LUA_TSTRING;
        count++;
    }
    return count;
}

static int next_in_order(lua_State *L)
{
    struct snapshot *snapshot = lua_touserdata(L, lua_upvalueindex(UPVALUE_SNAPSHOT));
    while (snapshot->position < snapshot->count) {
        size_t index = snapshot->keys[snapshot->position++].index;
        lua_settop(L, 0);
        lua_rawgeti(L, lua_upvalueindex(UPVALUE_KEYS), (lua_Integer)index);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, lua_upvalueindex(UPVALUE_TABLE)) != LUA_TNIL) {
            return 2;
        }
    }
    return 0;
}

/* Pushes the iterator over the table at 1. */
static void push_ordered(lua_State *L, size_t count)
{
    lua_pushvalue(L, 1);
    lua_createtable(L, count < INT32_MAX ? (int)count : 0, 0); /* table keys */
    size_t bytes = sizeof(struct snapshot) + count * sizeof(struct key);
    struct snapshot *snapshot = lua_newuserdatauv(L, bytes, 0); /* table keys snapshot */
    snapshot->count = snapshot->position = 0;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        snapshot->keys[snapshot->count] = describe_key(L, snapshot->count + 1);
        snapshot->count++;
        lua_pushvalue(L, -1);
        lua_rawseti(L, -4, (lua_Integer)snapshot->count);
    }
    qsort(snapshot->keys, snapshot->count, sizeof *snapshot->keys, compare_keys);
    lua_pushcclosure(L, next_in_order, 3);
}

static int pairs_by_metamethod(lua_State *L, int status, lua_KContext unused)
{
    (void)status;
    (void)unused;
    return lua_gettop(L) - 1;
}

static int next_key(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (lua_next(L, 1)) {
        return 2;
    }
    lua_pushnil(L);
    return 1;
}

int gw_script_pairs(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, pairs_by_metamethod);
        return pairs_by_metamethod(L, LUA_OK, 0);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t named;
    size_t count = count_keys(L, &named);
    if (named > 0 && count > 1) {
        push_ordered(L, count);
    } else {
        lua_pushcfunction(L, next_key);
    }
    lua_pushvalue(L, 1);
    return 2;
}
