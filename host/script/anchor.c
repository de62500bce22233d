/* anchor: C memory that Lua releases. Each is a userdata made closed, given its metatable, and only
 * then opened; __close releases it with the frame, __gc where Lua had no memory left to call
 * __close. Both may run. */
#include "script/internal.h"

struct arena_box {
    struct gw_arena *arena;
};

static int close_arena(lua_State *L)
{
    struct arena_box *box = lua_touserdata(L, 1);
    gw_arena_free(box->arena);
    box->arena = NULL;
    return 0;
}

static int close_buf(lua_State *L)
{
    gw_buf_clear(lua_touserdata(L, 1));
    return 0;
}

struct gw_arena *gw_push_arena(lua_State *L)
{
    struct arena_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    box->arena = NULL;
    gw_script_set_meta(L, GW_SLOT_ARENA);
    lua_toclose(L, -1);
    box->arena = gw_arena_new();
    gw_arena_set_meter(box->arena, &gw_script_of(L)->arena_bytes);
    return box->arena;
}

struct gw_buf *gw_push_buf(lua_State *L, size_t limit_bytes)
{
    struct gw_buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);
    gw_buf_init(buf, limit_bytes);
    gw_script_set_meta(L, GW_SLOT_BUF);
    lua_toclose(L, -1);
    return buf;
}

struct gw_view gw_check_view(lua_State *L, int arg)
{
    struct gw_view text;
    text.data = luaL_checklstring(L, arg, &text.len);
    return text;
}

struct gw_view gw_opt_view(lua_State *L, int arg)
{
    return lua_isnoneornil(L, arg) ? GW_VIEW_NONE : gw_check_view(L, arg);
}

void gw_push_view(lua_State *L, struct gw_view text)
{
    lua_pushlstring(L, text.data ? text.data : "", text.len);
}

void gw_script_open_anchors(struct gw_script *script)
{
    static const luaL_Reg arena[] = {{"__close", close_arena}, {"__gc", close_arena}, {NULL, NULL}};
    static const luaL_Reg buf[] = {{"__close", close_buf}, {"__gc", close_buf}, {NULL, NULL}};
    gw_script_new_meta(script, GW_SLOT_ARENA, "arena", arena);
    gw_script_new_meta(script, GW_SLOT_BUF, "buffer", buf);
}
