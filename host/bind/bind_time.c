/* host.time: the loop's clocks, and times and durations as text. In Lua a time is a number of
 * seconds, and an instant is seconds since 1970 UTC. */
#include <math.h>

#include "bind/bind.h"
#include "codec/codec.h"

#define MAX_TEXT_BYTES 64

static struct gw_loop *loop_of(lua_State *L)
{
    return gw_script_loop(gw_script_of(L));
}

/* now() -> seconds since 1970; in the simulator its own time. */
static int time_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)gw_loop_wall_ms(loop_of(L)) / 1000);
    return 1;
}

/* monotonic() -> seconds from an arbitrary start, for measuring. */
static int time_monotonic(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)gw_loop_now_ms(loop_of(L)) / 1000);
    return 1;
}

static double check_seconds(lua_State *L, int arg)
{
    double seconds = luaL_checknumber(L, arg);
    luaL_argcheck(L, isfinite(seconds), arg, "finite number expected");
    return seconds;
}

/* iso(instant) -> "2015-01-25T08:00:00Z" */
static int time_iso(lua_State *L)
{
    double epoch_s = check_seconds(L, 1);
    struct gw_buf *text = gw_push_buf(L, MAX_TEXT_BYTES);
    if (!gw_time_write(epoch_s, GW_TIME_ISO8601, text)) {
        return luaL_argerror(L, 1, "instant out of range");
    }
    gw_push_view(L, gw_buf_view(text));
    return 1;
}

static int push_unreadable(lua_State *L, const char *what, struct gw_view text)
{
    struct gw_err err = {0};
    gw_fail(&err, GW_ERR_INPUT, "time: %s expected, got '%.*s'", what, GW_VIEW_ARGS(text));
    return gw_push_fail(L, &err);
}

/* parse(text) -> instant | nil, err */
static int time_parse(lua_State *L)
{
    struct gw_view text = gw_check_view(L, 1);
    double epoch_s;
    if (!gw_time_read(text, &epoch_s)) {
        return push_unreadable(L, "a time such as 2015-01-25T08:00:00Z", text);
    }
    lua_pushnumber(L, epoch_s);
    return 1;
}

/* duration(text) -> seconds | nil, err */
static int time_duration(lua_State *L)
{
    struct gw_view text = gw_check_view(L, 1);
    double seconds;
    if (!gw_duration_read(text, &seconds)) {
        return push_unreadable(L, "a duration such as 90s, 10m or 1h30m", text);
    }
    lua_pushnumber(L, seconds);
    return 1;
}

/* format_duration(seconds) -> "2m 30s" */
static int time_format_duration(lua_State *L)
{
    double seconds = check_seconds(L, 1);
    struct gw_buf *text = gw_push_buf(L, MAX_TEXT_BYTES);
    if (!gw_duration_write(seconds, text)) {
        return luaL_argerror(L, 1, "duration out of range");
    }
    gw_push_view(L, gw_buf_view(text));
    return 1;
}

void gw_bind_time(struct gw_script *script)
{
    static const luaL_Reg functions[] = {{"now", time_now},
                                         {"monotonic", time_monotonic},
                                         {"iso", time_iso},
                                         {"parse", time_parse},
                                         {"duration", time_duration},
                                         {"format_duration", time_format_duration},
                                         {NULL, NULL}};
    luaL_newlib(gw_script_state(script), functions);
    gw_script_set_host(script, "time");
}
