/* host.file: files as handles. A script gives one where a call takes a stream; only the call reads
 * it, in constant memory. The gate must allow the path. */
#include "bind/internal.h"

#define FILE_META "gwrun.file"

struct handle {
    struct gw_file_source *file; /* NULL: closed */
    struct gw_view path;         /* as the script named it; in the user value */
};

static struct handle *push_handle(lua_State *L)
{
    struct handle *handle = lua_newuserdatauv(L, sizeof *handle, 1);
    *handle = (struct handle){0};
    luaL_setmetatable(L, FILE_META);
    return handle;
}

static struct handle *check_handle(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, FILE_META);
    if (!handle->file) {
        luaL_error(L, "file '%s': is closed", handle->path.data);
    }
    return handle;
}

/* Keeps the path that is at `index`. [-0, +0, -] */
static void set_path(lua_State *L, struct handle *handle, int index)
{
    handle->path.data = lua_tolstring(L, index, &handle->path.len);
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, 1);
}

/* open(path) -> handle | nil, err */
static int file_open(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view path = gw_check_view(L, 1), real;
    struct gw_arena *arena = gw_push_arena(L);
    struct handle *handle = push_handle(L);
    struct gw_err err = {0};
    set_path(L, handle, 1);
    if (gate->file(gate, path, GW_FILE_READ, arena, &real, &err)) {
        handle->file = gw_file_source_open(real.data, &err);
    }
    return handle->file ? 1 : gw_push_fail(L, &err);
}

static uint64_t check_bytes(lua_State *L, int arg)
{
    lua_Integer bytes = luaL_checkinteger(L, arg);
    luaL_argcheck(L, bytes >= 0, arg, "must not be negative");
    return (uint64_t)bytes;
}

/* handle:part(from, size) -> handle over these bytes of it | nil, err */
static int file_part(lua_State *L)
{
    struct handle *whole = check_handle(L);
    uint64_t from = check_bytes(L, 2), size_bytes = check_bytes(L, 3);
    struct handle *handle = push_handle(L);
    struct gw_err err = {0};
    lua_getiuservalue(L, 1, 1);
    lua_insert(L, -2);
    set_path(L, handle, -2);
    handle->file = gw_file_source_part(whole->file, from, size_bytes, &err);
    return handle->file ? 1 : gw_push_fail(L, &err);
}

/* handle:size() -> bytes */
static int file_size(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)gw_file_source_body(check_handle(L)->file)->size_bytes);
    return 1;
}

/* handle:path() -> as it was given */
static int file_path(lua_State *L)
{
    gw_push_view(L, check_handle(L)->path);
    return 1;
}

static int file_close(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, FILE_META);
    gw_file_source_close(handle->file);
    handle->file = NULL;
    return 0;
}

static int file_tostring(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, FILE_META);
    if (!handle->file) {
        lua_pushfstring(L, "file '%s' (closed)", handle->path.data);
        return 1;
    }
    lua_pushfstring(L, "file '%s' (%I bytes)", handle->path.data,
                    (lua_Integer)gw_file_source_body(handle->file)->size_bytes);
    return 1;
}

const struct gw_file_source *gw_bind_to_file(lua_State *L, int index)
{
    const struct handle *handle = luaL_testudata(L, index, FILE_META);
    return handle ? handle->file : NULL;
}

/* ---- small files, whole ---------------------------------------------------------------------- */

#define MAX_TEXT_BYTES ((size_t)1 << 20)

static bool read_text(const char *path, struct gw_buf *text, struct gw_err *err)
{
    struct gw_file_source *file = gw_file_source_open(path, err);
    const struct gw_body_source *body = file ? gw_file_source_body(file) : NULL;
    bool ok = body && body->rewind(body->ctx, err);
    if (ok && body->size_bytes > MAX_TEXT_BYTES) {
        ok = gw_fail(err, GW_ERR_LIMIT, "file '%s': larger than 1 MiB", path);
    }
    for (size_t len = 1; ok && len > 0;) {
        char part[4096];
        ok = body->read(body->ctx, part, sizeof part, &len, err);
        gw_buf_add(text, (struct gw_view){part, ok ? len : 0});
    }
    gw_file_source_close(file);
    return ok;
}

/* read(path) -> text | nil, err */
static int file_read(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view path = gw_check_view(L, 1), real;
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_err err = {0};
    struct gw_buf text;
    gw_buf_init(&text, MAX_TEXT_BYTES);
    bool ok = gate->file(gate, path, GW_FILE_READ, arena, &real, &err) &&
              read_text(real.data, &text, &err);
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    if (!ok) {
        return gw_push_fail(L, &err);
    }
    gw_push_view(L, copy);
    return 1;
}

/* write(path, text or secret, replaces) -> true | nil, err; whole, or not there. Only the owner can read it. */
static int file_write(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view path = gw_check_view(L, 1), text, real;
    text = gw_to_secret(L, 2, &text) ? text : gw_check_view(L, 2);
    bool replaces = lua_toboolean(L, 3);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_err err = {0};
    struct gw_file_sink *file = NULL;
    if (gate->file(gate, path, GW_FILE_WRITE, arena, &real, &err)) {
        file = gw_file_sink_open(real.data, replaces, &err);
    }
    const struct gw_body_sink *body = file ? gw_file_sink_body(file) : NULL;
    bool ok = body && body->write(body->ctx, text, &err) == GW_SINK_TAKEN &&
              gw_file_sink_commit(file, &err);
    if (file) {
        gw_file_sink_close(file);
    }
    if (!ok) {
        return gw_push_fail(L, &err);
    }
    lua_pushboolean(L, true);
    return 1;
}

static void make_meta(lua_State *L)
{
    static const luaL_Reg meta[] = {
        {"__close", file_close}, {"__gc", file_close}, {"__tostring", file_tostring}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"part", file_part},
                                       {"size", file_size},
                                       {"path", file_path},
                                       {"close", file_close},
                                       {NULL, NULL}};
    luaL_newmetatable(L, FILE_META);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "file");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void gw_bind_file(struct gw_script *script, struct gw_gate *gate)
{
    lua_State *L = gw_script_state(script);
    make_meta(L);
    static const luaL_Reg functions[] = {
        {"open", file_open}, {"read", file_read}, {"write", file_write}, {NULL, NULL}};
    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, gate);
    luaL_setfuncs(L, functions, 1);
    gw_script_set_host(script, "file");
}
