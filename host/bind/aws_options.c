/* aws_options: how a script wants its calls made: the settings of a client, and what a single call
 * says instead. Values out of range raise: nothing of them is sent. */
#include "bind/internal.h"

#define MAX_SECONDS  86400
#define MAX_RATE     100000
#define MAX_ATTEMPTS 100

struct source {
    lua_State *L;
    const char *subject; /* begins messages */
    int tables[2];       /* the first that has the field; 0: none */
};

/* Leaves the value, or nil. [-0, +1, e] */
static bool push_field(const struct source *source, const char *name)
{
    for (int i = 0; i < 2; i++) {
        if (source->tables[i] && lua_istable(source->L, source->tables[i])) {
            if (lua_getfield(source->L, source->tables[i], name) != LUA_TNIL) {
                return true;
            }
            lua_pop(source->L, 1);
        }
    }
    lua_pushnil(source->L);
    return false;
}

static void fail(const struct source *source, const char *name, const char *expected)
{
    luaL_error(source->L, "%s: option '%s' must be %s, got %s", source->subject, name, expected,
               luaL_tolstring(source->L, -1, NULL));
}

/* 0 when not given. */
static double read_number(const struct source *source, const char *name, double most,
                          const char *expected)
{
    double number = 0;
    if (push_field(source, name)) {
        int is_number;
        number = lua_tonumberx(source->L, -1, &is_number);
        if (!is_number || !(number > 0 && number <= most)) {
            fail(source, name, expected);
        }
    }
    lua_pop(source->L, 1);
    return number;
}

static int64_t read_ms(const struct source *source, const char *name)
{
    double seconds = read_number(source, name, MAX_SECONDS, "seconds, above 0 and up to a day");
    int64_t ms = (int64_t)(seconds * 1000);
    return seconds > 0 && ms == 0 ? 1 : ms;
}

static int read_attempts(const struct source *source)
{
    static const char name[] = "max_attempts", expected[] = "a whole number from 1 to 100";
    double number = read_number(source, name, MAX_ATTEMPTS, expected);
    if (number != (double)(int)number) {
        push_field(source, name);
        fail(source, name, expected);
    }
    return (int)number;
}

static enum gw_retry_mode read_mode(const struct source *source)
{
    enum gw_retry_mode mode = GW_RETRY_MODE_UNSET;
    if (push_field(source, "retry_mode") &&
        !gw_retry_mode_read(gw_view_of(lua_tostring(source->L, -1)), &mode)) {
        fail(source, "retry_mode", "'standard', 'adaptive' or 'legacy'");
    }
    lua_pop(source->L, 1);
    return mode;
}

struct gw_call_options gw_bind_call_options(lua_State *L, const char *subject, int settings,
                                            int how)
{
    struct source client = {L, subject, {settings, 0}};
    struct source call = {L, subject, {how, settings}};
    return (struct gw_call_options){
        .retry_mode = read_mode(&client),
        .max_attempts = read_attempts(&client),
        .rate = read_number(&client, "rate", MAX_RATE, "calls a second, above 0 and up to 100000"),
        .connect_timeout_ms = read_ms(&client, "connect_timeout"),
        .read_timeout_ms = read_ms(&client, "read_timeout"),
        .timeout_ms = read_ms(&call, "timeout")};
}

/* check_client(settings): raises for a value that no call could be made with */
int gw_bind_aws_check_client(lua_State *L)
{
    gw_bind_call_options(L, "aws.client", 1, 0);
    return 0;
}

/* ---- what came of it ------------------------------------------------------------------------- */

void gw_bind_fill_report(lua_State *L, int how, const struct gw_bind_report *report)
{
    if (!lua_istable(L, how)) {
        return;
    }
    if (lua_getfield(L, how, "report") == LUA_TTABLE) {
        gw_push_view(L, report->request_id);
        lua_setfield(L, -2, "request_id");
        lua_pushinteger(L, report->http_status);
        lua_setfield(L, -2, "http_status");
        lua_pushinteger(L, report->attempts);
        lua_setfield(L, -2, "attempts");
        lua_pushnumber(L, (double)report->duration_ms / 1000);
        lua_setfield(L, -2, "seconds");
    }
    lua_pop(L, 1);
}
