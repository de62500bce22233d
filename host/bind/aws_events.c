/* aws_events: the member of an output that is a stream of events, as Lua reads it.
 *
 *     for event in output.responseStream do ... end      each a table with one key, the event's name
 *
 * It is a function that gives the next event, nil after the last, and raises what ended the stream
 * otherwise. close() ends it, and so do <close>, the collector, and the cancelling of the task that
 * waits for it. One event is held here, the others wait in the connection. */
#include "bind/internal.h"

#define META "aws stream"

/* A stream that nobody reads may be one that nobody has any more: a loop that was left. The
 * collector is asked after so long, and then at longer and longer intervals. */
#define FIRST_LOOK_MS 1000
#define LAST_LOOK_MS  60000

struct gw_bind_events {
    lua_State *L; /* the script's */
    struct gw_gate *gate;
    struct gw_arena *arena; /* of the texts of act and failure */
    struct gw_act act;
    struct gw_bind_failure failure; /* how it ended; told once */
    struct gw_stream *stream;       /* NULL: over, or not begun */
    gw_call_done_fn began;
    gw_call_retry_fn retrying;
    void *ctx; /* of these two */

    struct gw_arena *event_arena;
    struct gw_value event;
    bool has_event;
    struct gw_wait *wait; /* of who waits for the next event; NULL: nobody */
    struct gw_timer *look;
    int64_t look_ms;

    bool is_open; /* has begun and its end was not told to the gate */
    int64_t events, began_ms;
};

/* ---- the end --------------------------------------------------------------------------------- */

static struct gw_loop *loop_of(const struct gw_bind_events *stream)
{
    return gw_script_loop(gw_script_of(stream->L));
}

static void tell_gate(struct gw_bind_events *stream)
{
    const struct gw_bind_failure *failure = &stream->failure;
    if (!stream->is_open) {
        return;
    }
    struct gw_outcome outcome = {.err = gw_bind_failed(failure) ? &failure->err : NULL,
                                 .code = failure->error.code,
                                 .request_id = failure->error.request_id,
                                 .attempts = failure->error.attempts,
                                 .duration_ms = gw_loop_now_ms(loop_of(stream)) - stream->began_ms,
                                 .events = stream->events};
    stream->is_open = false;
    stream->gate->streamed(stream->gate, &stream->act, &outcome);
}

static void wake_reader(struct gw_bind_events *stream)
{
    struct gw_wait *wait = stream->wait;
    stream->wait = NULL;
    if (wait) {
        gw_wait_finish(wait);
    }
}

void gw_bind_close_events(struct gw_bind_events *stream)
{
    gw_stream_close(stream->stream);
    stream->stream = NULL;
    gw_timer_stop(stream->look);
    stream->look = NULL;
    stream->has_event = false;
    tell_gate(stream);
    wake_reader(stream);
}

/* ---- what the client tells ------------------------------------------------------------------- */

static void on_began(void *ctx, const struct gw_call_result *result)
{
    struct gw_bind_events *stream = ctx;
    stream->is_open = result->output != NULL;
    if (!stream->is_open) {
        stream->stream = NULL;
    }
    stream->began_ms = gw_loop_now_ms(loop_of(stream));
    stream->began(stream->ctx, result);
}

static void on_retrying(void *ctx, const struct gw_call_retry *retry)
{
    struct gw_bind_events *stream = ctx;
    stream->retrying(stream->ctx, retry);
}

static void look_for_reader(struct gw_bind_events *stream, int64_t delay_ms);

/* The collector may close this very stream. */
static void on_look(void *ctx)
{
    struct gw_bind_events *stream = ctx;
    int64_t next_ms = 2 * stream->look_ms;
    stream->look = NULL;
    if (stream->has_event) {
        look_for_reader(stream, next_ms < LAST_LOOK_MS ? next_ms : LAST_LOOK_MS);
        lua_gc(stream->L, LUA_GCCOLLECT);
    }
}

static void look_for_reader(struct gw_bind_events *stream, int64_t delay_ms)
{
    stream->look_ms = delay_ms;
    stream->look = gw_timer_start(loop_of(stream), delay_ms, on_look, stream);
}

static bool on_event(void *ctx, const struct gw_value *event)
{
    struct gw_bind_events *stream = ctx;
    gw_arena_clear(stream->event_arena);
    stream->event = gw_value_copy(stream->event_arena, event);
    stream->has_event = true;
    stream->events++;
    if (!stream->wait && !stream->look) {
        look_for_reader(stream, FIRST_LOOK_MS);
    }
    wake_reader(stream);
    return false;
}

static void on_ended(void *ctx, const struct gw_call_result *result)
{
    struct gw_bind_events *stream = ctx;
    stream->stream = NULL;
    gw_bind_keep_result(&stream->failure, result);
    tell_gate(stream);
    wake_reader(stream);
}

bool gw_bind_open_events(struct gw_bind_events *stream, struct gw_client *client,
                         const struct gw_call_request *request, struct gw_err *err)
{
    struct gw_stream_request open = {.call = *request, .event = on_event, .ended = on_ended};
    stream->began = request->done;
    stream->ctx = request->ctx;
    stream->retrying = request->retrying;
    open.call.done = on_began;
    open.call.retrying = on_retrying;
    open.call.ctx = stream;
    stream->stream = gw_stream_open(client, &open, err);
    return stream->stream != NULL;
}

/* ---- as Lua reads it ------------------------------------------------------------------------- */

static struct gw_bind_events *check_stream(lua_State *L)
{
    return luaL_checkudata(L, 1, META);
}

static int push_next(lua_State *L, void *ctx)
{
    struct gw_bind_events *stream = ctx;
    if (stream->has_event) {
        stream->has_event = false;
        gw_timer_stop(stream->look);
        stream->look = NULL;
        gw_push_value(L, &stream->event);
        if (stream->stream) {
            gw_stream_resume(stream->stream);
        }
        return 1;
    }
    if (gw_bind_failed(&stream->failure)) {
        gw_bind_push_failure(L, &stream->failure);
        stream->failure.err.code = GW_ERR_NONE;
        return lua_error(L);
    }
    lua_pushnil(L);
    return 1;
}

static void cancel_next(void *ctx)
{
    struct gw_bind_events *stream = ctx;
    stream->wait = NULL;
    gw_bind_close_events(stream);
}

/* stream() -> {name = {...}} | nil after the last; waits, and raises what ended it otherwise */
static int stream_next(lua_State *L)
{
    struct gw_bind_events *stream = check_stream(L);
    if (stream->has_event || !stream->stream) {
        return push_next(L, stream);
    }
    if (stream->wait) {
        return luaL_error(L, "%s: its stream is being read by another task",
                          stream->act.action.data);
    }
    lua_settop(L, 1);
    stream->wait = gw_wait_push(L, push_next, cancel_next, stream);
    return gw_task_await(L, stream->wait);
}

/* stream:close() */
static int stream_close(lua_State *L)
{
    gw_bind_close_events(check_stream(L));
    return 0;
}

static int stream_collect(lua_State *L)
{
    struct gw_bind_events *stream = check_stream(L);
    if (stream->arena) {
        gw_bind_close_events(stream);
        gw_arena_free(stream->arena);
        gw_arena_free(stream->event_arena);
        stream->arena = stream->event_arena = NULL;
    }
    return 0;
}

static int stream_name(lua_State *L)
{
    const struct gw_bind_events *stream = check_stream(L);
    lua_pushfstring(L, "events of %s", stream->act.action.data);
    return 1;
}

static void push_meta(lua_State *L)
{
    static const luaL_Reg functions[] = {{"__call", stream_next},
                                         {"__close", stream_close},
                                         {"__gc", stream_collect},
                                         {"__tostring", stream_name},
                                         {NULL, NULL}};
    if (luaL_newmetatable(L, META)) {
        luaL_setfuncs(L, functions, 0);
        lua_createtable(L, 0, 1);
        lua_pushcfunction(L, stream_close);
        lua_setfield(L, -2, "close");
        lua_setfield(L, -2, "__index");
        lua_pushboolean(L, false);
        lua_setfield(L, -2, "__metatable");
    }
}

struct gw_bind_events *gw_bind_push_events(lua_State *L, struct gw_gate *gate,
                                           const struct gw_operation *op, const struct gw_act *act)
{
    struct gw_bind_events *stream = lua_newuserdatauv(L, sizeof *stream, 0);
    *stream = (struct gw_bind_events){.L = gw_script_state(gw_script_of(L)), .gate = gate};
    push_meta(L);
    lua_setmetatable(L, -2);
    stream->arena = gw_arena_new();
    stream->event_arena = gw_arena_new();
    stream->act = (struct gw_act){.action = gw_arena_dup(stream->arena, act->action),
                                  .effect = act->effect,
                                  .context = act->context};
    stream->failure =
        (struct gw_bind_failure){.arena = stream->arena, .op = op, .action = stream->act.action};
    return stream;
}
