/* events: an answer that is a stream of events. The service's Lua gives a function beside its output;
 * each call of it gives the next event and the seconds until it wants to be asked again, nothing at
 * the end; what it raises ends the stream as an error. While the client has paused it is not asked. */
#include "sim/internal.h"

#define MAX_EVENT_BYTES ((size_t)1 << 20)
#define DEFAULT_DELAY_S 1.0
#define MAX_DELAY_S     1e6

static void ask_again(struct gw_exchange *exchange, double delay_s);

static void send_bytes(struct gw_exchange *exchange, struct gw_buf *bytes)
{
    gw_sim_reply_more(exchange, gw_buf_view(bytes));
    gw_buf_clear(bytes);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void end_with_error(struct gw_exchange *exchange, const struct gw_aws_error *error,
                           struct gw_arena *arena)
{
    struct gw_buf bytes;
    struct gw_err err = {0};
    gw_buf_init(&bytes, MAX_EVENT_BYTES);
    if (!gw_protocol_write_event_error(exchange->op, error, arena, &bytes, &err)) {
        gw_log(GW_LOG_ERROR, "simulator: %s", err.message);
    }
    send_bytes(exchange, &bytes);
    gw_sim_reply_close(exchange);
}

static void end_broken(struct gw_exchange *exchange, const char *why)
{
    struct gw_arena *arena = gw_arena_new();
    const struct gw_aws_error error = {.code = GW_VIEW("InternalFailure"),
                                       .message = GW_VIEW("The stream has failed.")};
    gw_log(GW_LOG_ERROR, "simulator: %.*s: %s", GW_VIEW_ARGS(gw_operation_name(exchange->op)), why);
    end_with_error(exchange, &error, arena);
    gw_arena_free(arena);
}

static void end_raised(struct gw_exchange *exchange, lua_State *L)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value refusal;
    struct gw_err err = {0};
    if (lua_istable(L, -1) && gw_to_value(L, -1, arena, &refusal, &err) &&
        gw_map_get(&refusal, GW_VIEW("code"))) {
        struct gw_aws_error error = {.code = gw_map_text(&refusal, GW_VIEW("code")),
                                     .message = gw_map_text(&refusal, GW_VIEW("message")),
                                     .detail = gw_value_map()};
        *gw_map_add(arena, &error.detail, GW_VIEW("message")) = gw_value_string(error.message);
        end_with_error(exchange, &error, arena);
    } else {
        gw_script_error_text(L, -1, &err);
        end_broken(exchange, err.message);
    }
    gw_arena_free(arena);
}

/* ---- one event ------------------------------------------------------------------------------- */

static bool send_event(struct gw_exchange *exchange, lua_State *L, struct gw_err *err)
{
    const struct gw_shape *output = gw_operation_output(exchange->op);
    const struct gw_shape *stream = gw_member_shape(gw_event_stream_member(output));
    struct gw_arena *arena = gw_arena_new();
    struct gw_value event;
    struct gw_buf bytes;
    gw_buf_init(&bytes, MAX_EVENT_BYTES);
    bool made = gw_to_value(L, 1, arena, &event, err) && gw_sim_conform(stream, &event, err) &&
                gw_protocol_write_event(exchange->op, output, &event, arena, &bytes, err);
    if (made) {
        gw_sim_reply_more(exchange, gw_buf_view(&bytes));
    }
    gw_buf_clear(&bytes);
    gw_arena_free(arena);
    return made;
}

static double delay_of(lua_State *L)
{
    double delay_s = lua_isnumber(L, 2) ? lua_tonumber(L, 2) : DEFAULT_DELAY_S;
    return delay_s >= 0 && delay_s <= MAX_DELAY_S ? delay_s : DEFAULT_DELAY_S;
}

static void event_made(void *ctx, lua_State *L, bool ok)
{
    struct gw_exchange *exchange = ctx;
    struct gw_err err = {0};
    exchange->task = NULL;
    if (!ok) {
        end_raised(exchange, L);
    } else if (lua_gettop(L) == 0 || lua_isnil(L, 1)) {
        gw_sim_reply_close(exchange);
    } else if (!send_event(exchange, L, &err)) {
        end_broken(exchange, err.message);
    } else {
        ask_again(exchange, delay_of(L));
    }
}

static int start_asking(lua_State *L)
{
    struct gw_exchange *exchange = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, exchange->events);
    exchange->task = gw_task_start(exchange->sim->script, L, 0, event_made, exchange);
    return 0;
}

static void ask(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    struct gw_script *script = exchange->sim->script;
    lua_State *L = gw_script_state(script);
    struct gw_err err = {0};
    exchange->asking = NULL;
    if (exchange->is_paused) {
        ask_again(exchange, DEFAULT_DELAY_S);
        return;
    }
    lua_pushcfunction(L, start_asking);
    lua_pushlightuserdata(L, exchange);
    if (!gw_script_call(script, 1, 0, &err)) {
        end_broken(exchange, err.message);
    }
}

static void ask_again(struct gw_exchange *exchange, double delay_s)
{
    int64_t delay_ms = (int64_t)(delay_s * 1000 + 0.5);
    exchange->asking = gw_timer_start(exchange->sim->loop, delay_ms, ask, exchange);
}

/* ---- the stream ------------------------------------------------------------------------------ */

static int keep_function(lua_State *L)
{
    struct gw_exchange *exchange = lua_touserdata(L, 1);
    exchange->events = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static bool keep(struct gw_exchange *exchange, lua_State *from, int index, struct gw_err *err)
{
    lua_State *L = gw_script_state(exchange->sim->script);
    lua_pushcfunction(L, keep_function);
    lua_pushlightuserdata(L, exchange);
    lua_pushvalue(from, index);
    lua_xmove(from, L, 1);
    return gw_script_call(exchange->sim->script, 2, 0, err);
}

bool gw_sim_reply_events(struct gw_exchange *exchange, const struct gw_value *output, lua_State *L,
                         int function, struct gw_err *err)
{
    struct gw_buf first;
    gw_buf_init(&first, MAX_EVENT_BYTES);
    if (!gw_protocol_begin_stream(exchange->op, output, gw_view_of(exchange->request_id),
                                  exchange->arena, &exchange->res, &first, err) ||
        !keep(exchange, L, function, err)) {
        gw_buf_clear(&first);
        return false;
    }
    gw_sim_reply_open(exchange);
    send_bytes(exchange, &first);
    ask_again(exchange, 0);
    return true;
}

void gw_sim_stop_events(struct gw_exchange *exchange)
{
    gw_timer_stop(exchange->asking);
    exchange->asking = NULL;
    if (exchange->events != LUA_NOREF) {
        luaL_unref(gw_script_state(exchange->sim->script), LUA_REGISTRYINDEX, exchange->events);
        exchange->events = LUA_NOREF;
    }
}
