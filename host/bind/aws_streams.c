/* aws_streams: the streams of one call: a file handle among its parameters, and the file that its
 * answer goes to. Both are closed with the binding's frame, whatever becomes of it. */
#include "bind/internal.h"

#define STREAMS_META "gwrun.streams"
#define PROGRESS_MS  1000

/* ---- anchored -------------------------------------------------------------------------------- */

static int close_streams(lua_State *L)
{
    struct gw_bind_streams *streams = lua_touserdata(L, 1);
    gw_timer_stop(streams->timer);
    gw_file_source_close(streams->source);
    gw_file_sink_close(streams->sink);
    *streams = (struct gw_bind_streams){0};
    return 0;
}

struct gw_bind_streams *gw_bind_push_streams(lua_State *L)
{
    struct gw_bind_streams *streams = lua_newuserdatauv(L, sizeof *streams, 0);
    *streams = (struct gw_bind_streams){0};
    if (luaL_newmetatable(L, STREAMS_META)) {
        lua_pushcfunction(L, close_streams);
        lua_setfield(L, -2, "__close");
        lua_pushcfunction(L, close_streams);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    return streams;
}

/* ---- from a file ----------------------------------------------------------------------------- */

/* A shallow copy of the table, so that the script's own stays as it is. [-0, +1, m] */
static void push_copy(lua_State *L, int table)
{
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
}

bool gw_bind_take_source(lua_State *L, int params, const struct gw_operation *op,
                         struct gw_bind_streams *streams, struct gw_err *err)
{
    const struct gw_member *member = gw_shape_stream(gw_operation_input(op));
    if (!member || !lua_istable(L, params)) {
        return true;
    }
    gw_push_view(L, gw_member_name(member));
    lua_pushvalue(L, -1);
    lua_rawget(L, params);
    const struct gw_file_source *file = gw_bind_to_file(L, -1);
    if (!file) {
        lua_pop(L, 2);
        return true;
    }
    push_copy(L, params);
    lua_pushvalue(L, -3);
    luaL_tolstring(L, -3, NULL); /* what people see of it */
    lua_rawset(L, -3);
    lua_replace(L, params);
    streams->source = gw_file_source_part(file, 0, UINT64_MAX, err);
    lua_pop(L, 2);
    return streams->source != NULL;
}

/* ---- to a file ------------------------------------------------------------------------------- */

void gw_bind_read_save_to(lua_State *L, const char *subject, int how, const struct gw_operation *op,
                          struct gw_bind_streams *streams)
{
    if (!lua_istable(L, how)) {
        return;
    }
    lua_getfield(L, how, "replace");
    streams->replaces = lua_toboolean(L, -1);
    if (lua_getfield(L, how, "save_to") == LUA_TNIL) {
        return;
    }
    streams->save_to.data = luaL_checklstring(L, -1, &streams->save_to.len); /* both stay */
    if (streams->save_to.len == 0) {
        luaL_error(L, "%s: option 'save_to': expected a path, got an empty text", subject);
    }
    if (!gw_shape_stream(gw_operation_output(op))) {
        luaL_error(L, "%s: option 'save_to': the answer has no bytes to be saved", subject);
    }
}

bool gw_bind_allow_sink(struct gw_bind_streams *streams, struct gw_gate *gate,
                        struct gw_arena *arena, struct gw_err *err)
{
    return streams->save_to.len == 0 ||
           gate->file(gate, streams->save_to, GW_FILE_WRITE, arena, &streams->save_to, err);
}

bool gw_bind_open_sink(struct gw_bind_streams *streams, struct gw_err *err)
{
    if (streams->save_to.len > 0) {
        streams->sink = gw_file_sink_open(streams->save_to.data, streams->replaces, err);
    }
    return streams->save_to.len == 0 || streams->sink;
}

static struct gw_value *set_member(struct gw_arena *arena, struct gw_value *map,
                                   struct gw_view name)
{
    for (size_t i = 0; i < map->as.map.count; i++) {
        if (gw_view_equal(map->as.map.entries[i].key, name)) {
            return &map->as.map.entries[i].value;
        }
    }
    return gw_map_add(arena, map, name);
}

/* In the place of the bytes: where they are, and how many. */
static void tell_saved(const struct gw_bind_streams *streams, const struct gw_operation *op,
                       struct gw_arena *arena, struct gw_value *output)
{
    struct gw_view name = gw_member_name(gw_shape_stream(gw_operation_output(op)));
    int64_t size = (int64_t)gw_file_sink_bytes(streams->sink);
    struct gw_value *body = set_member(arena, output, name);
    *body = gw_value_map();
    *gw_map_add(arena, body, GW_VIEW("path")) = gw_value_string(streams->save_to);
    *gw_map_add(arena, body, GW_VIEW("size")) = gw_value_int(size);
}

bool gw_bind_finish_sink(struct gw_bind_streams *streams, const struct gw_operation *op,
                         struct gw_arena *arena, struct gw_value *output, struct gw_err *err)
{
    if (!streams->sink) {
        return true;
    }
    if (!gw_file_sink_commit(streams->sink, err)) {
        return false;
    }
    tell_saved(streams, op, arena, output);
    return true;
}

/* ---- progress -------------------------------------------------------------------------------- */

static void on_second(void *ctx)
{
    struct gw_bind_streams *streams = ctx;
    struct gw_transfer transfer = {.seconds = ++streams->seconds};
    if (streams->source) {
        transfer.total_bytes = gw_file_source_body(streams->source)->size_bytes;
        transfer.done_bytes = gw_file_source_read_bytes(streams->source);
    } else {
        transfer.total_bytes = gw_file_sink_expected(streams->sink);
        transfer.done_bytes = gw_file_sink_bytes(streams->sink);
    }
    streams->timer = gw_timer_start(streams->loop, PROGRESS_MS, on_second, streams);
    streams->gate->moved(streams->gate, streams->act, &transfer);
}

void gw_bind_watch_streams(struct gw_bind_streams *streams, struct gw_loop *loop,
                           struct gw_gate *gate, const struct gw_act *act)
{
    if (streams->source || streams->sink) {
        streams->loop = loop;
        streams->gate = gate;
        streams->act = act;
        streams->timer = gw_timer_start(loop, PROGRESS_MS, on_second, streams);
    }
}

void gw_bind_unwatch_streams(struct gw_bind_streams *streams)
{
    gw_timer_stop(streams->timer);
    streams->timer = NULL;
}
