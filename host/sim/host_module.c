/* host_module: `host.sim`, what the simulated services may ask of the host.
 *
 *   now()            the loop's wall time in epoch seconds
 *   alarm(at, fn)    runs fn as a task at that time; one alarm: a new one replaces the last, nil
 *                    clears it
 *   random()         in [0, 1), from the seed
 *   noise(text)      likewise, of the text: the same however often and whenever it is asked for
 *   hex(n), uuid()   ids, from the seed
 *   log(level, text) "error", "warn", "info", "debug"
 *   iso(at)          "2025-11-12T03:12:00Z"
 *   digest(text)     SHA-256, in hexadecimal
 *   json(value)      its text; parse_json(text) the value, or nil
 *   box_key(holder)  the public key (base64) to close sealed boxes for; open_box(holder, box) what is in one, or nil
 *   array(t)         marks a table as a list, so that an empty one stays a list */
#include <math.h>

#include "codec/codec.h"
#include "sim/internal.h"

#define MAX_HEX        256
#define MAX_JSON_BYTES ((size_t)1 << 20)

/* Every function has the simulator as upvalue 1. */
static struct gw_sim *sim_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int sim_now(lua_State *L)
{
    lua_pushnumber(L, (double)gw_loop_wall_ms(sim_of(L)->loop) / 1000.0);
    return 1;
}

static int sim_random(lua_State *L)
{
    lua_pushnumber(L, gw_sim_random_unit(&sim_of(L)->world_random));
    return 1;
}

static int sim_noise(lua_State *L)
{
    lua_pushnumber(L, gw_sim_random_of(sim_of(L)->seed, gw_check_view(L, 1)));
    return 1;
}

static int sim_hex(lua_State *L)
{
    char digits[MAX_HEX];
    lua_Integer len = luaL_checkinteger(L, 1);
    luaL_argcheck(L, len >= 0 && len <= MAX_HEX, 1, "expected 0 to 256 digits");
    gw_sim_random_hex(&sim_of(L)->world_random, (size_t)len, digits);
    lua_pushlstring(L, digits, (size_t)len);
    return 1;
}

static int sim_uuid(lua_State *L)
{
    char uuid[37];
    gw_sim_random_uuid(&sim_of(L)->world_random, uuid);
    lua_pushstring(L, uuid);
    return 1;
}

static int sim_log(lua_State *L)
{
    static const char *const names[] = {"error", "warn", "info", "debug", NULL};
    static const enum gw_log_level levels[] = {GW_LOG_ERROR, GW_LOG_WARN, GW_LOG_INFO,
                                               GW_LOG_DEBUG};
    int level = luaL_checkoption(L, 1, NULL, names);
    struct gw_view text = gw_check_view(L, 2);
    gw_log(levels[level], "%.*s", GW_VIEW_ARGS(text));
    return 0;
}

static int sim_array(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
    }
    luaL_checktype(L, -1, LUA_TTABLE);
    gw_mark_list(L, lua_gettop(L));
    return 1;
}

static int sim_iso(lua_State *L)
{
    struct gw_buf text;
    double at = luaL_checknumber(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    gw_buf_init(&text, 64);
    gw_time_write(at, GW_TIME_ISO8601, &text);
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    gw_push_view(L, copy);
    return 1;
}

static int sim_digest(lua_State *L)
{
    char digest[2 * GW_SHA256_LEN + 1];
    gw_sha256_hex(gw_check_view(L, 1), digest);
    lua_pushstring(L, digest);
    return 1;
}

static int sim_json(lua_State *L)
{
    lua_settop(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value value;
    struct gw_buf text;
    struct gw_err err = {0};
    if (!gw_to_value(L, 1, arena, &value, &err)) {
        return luaL_error(L, "json: %s", err.message);
    }
    gw_buf_init(&text, MAX_JSON_BYTES);
    gw_json_write(&value, NULL, &text);
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    gw_push_view(L, copy);
    return 1;
}

/* Of what a call brought as a secret, too: a simulated service reads it as the real one does. */
static int sim_parse_json(lua_State *L)
{
    struct gw_view text;
    text = gw_to_secret(L, 1, &text) ? text : gw_check_view(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value value;
    if (!gw_json_parse(text, arena, &value, NULL)) {
        return 0;
    }
    gw_push_value(L, &value);
    return 1;
}

/* The key of whoever the world says: made of a text that only the world knows. */
static void make_box_key(lua_State *L, unsigned char *key)
{
    gw_sha256(gw_check_view(L, 1), key);
}

static int sim_box_key(lua_State *L)
{
    unsigned char key[GW_SHA256_LEN];
    struct gw_buf *text = gw_push_buf(L, MAX_HEX);
    make_box_key(L, key);
    if (!gw_sealed_box_public_key(key, text)) {
        return 0;
    }
    gw_push_view(L, gw_buf_view(text));
    return 1;
}

static int sim_open_box(lua_State *L)
{
    unsigned char key[GW_SHA256_LEN];
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_view message;
    make_box_key(L, key);
    if (!gw_sealed_box_open(gw_check_view(L, 2), key, arena, &message)) {
        return 0;
    }
    gw_push_view(L, message);
    return 1;
}

/* ---- the alarm ------------------------------------------------------------------------------- */

static void alarm_ended(void *ctx, lua_State *L, bool ok)
{
    (void)ctx;
    struct gw_err err = {0};
    if (!ok) {
        gw_script_error_text(L, -1, &err);
        gw_log(GW_LOG_ERROR, "simulator: %s", err.message);
    }
}

static int start_alarm(lua_State *L)
{
    struct gw_sim *sim = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, sim->alarm_action);
    gw_task_start(sim->script, L, 0, alarm_ended, sim);
    return 0;
}

static void ring(void *ctx)
{
    struct gw_sim *sim = ctx;
    struct gw_err err = {0};
    lua_State *L = gw_script_state(sim->script);
    sim->alarm = NULL;
    lua_pushcfunction(L, start_alarm);
    lua_pushlightuserdata(L, sim);
    if (!gw_script_call(sim->script, 1, 0, &err)) {
        gw_log(GW_LOG_ERROR, "simulator: %s", err.message);
    }
}

void gw_sim_stop_alarm(struct gw_sim *sim)
{
    gw_timer_stop(sim->alarm);
    sim->alarm = NULL;
}

static int sim_alarm(lua_State *L)
{
    struct gw_sim *sim = sim_of(L);
    gw_sim_stop_alarm(sim);
    if (lua_isnoneornil(L, 1)) {
        return 0;
    }
    double at_ms = ceil(luaL_checknumber(L, 1) * 1000.0);
    double delay_ms = at_ms - (double)gw_loop_wall_ms(sim->loop);
    luaL_argcheck(L, delay_ms < 1e15, 1, "expected a time in epoch seconds");
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    luaL_unref(L, LUA_REGISTRYINDEX, sim->alarm_action);
    sim->alarm_action = luaL_ref(L, LUA_REGISTRYINDEX);
    sim->alarm = gw_timer_start(sim->loop, delay_ms > 0 ? (int64_t)delay_ms : 0, ring, sim);
    return 0;
}

/* ---- sessions of ECS Exec ---------------------------------------------------------------------- */

/* open_session(id, token, command, task) */
static int sim_open_session(lua_State *L)
{
    struct gw_view texts[4];
    for (int i = 0; i < 4; i++) {
        texts[i] = gw_check_view(L, i + 1);
    }
    gw_sim_open_session(sim_of(L), texts[0], texts[1], texts[2], texts[3]);
    return 0;
}

static int sim_renew_session(lua_State *L)
{
    bool renewed = gw_sim_renew_session(sim_of(L), gw_check_view(L, 1), gw_check_view(L, 2));
    lua_pushboolean(L, renewed);
    return 1;
}

static int sim_end_session(lua_State *L)
{
    gw_sim_end_session(sim_of(L), gw_check_view(L, 1));
    return 0;
}

/* "ws://127.0.0.1:PORT", or nil */
static int sim_listens_at(lua_State *L)
{
    int port = sim_of(L)->listens_on;
    if (port == 0) {
        return 0;
    }
    lua_pushfstring(L, "ws://127.0.0.1:%d", port);
    return 1;
}

void gw_sim_open_host(struct gw_sim *sim)
{
    static const luaL_Reg functions[] = {{"alarm", sim_alarm},
                                         {"array", sim_array},
                                         {"hex", sim_hex},
                                         {"log", sim_log},
                                         {"now", sim_now},
                                         {"noise", sim_noise},
                                         {"random", sim_random},
                                         {"uuid", sim_uuid},
                                         {"iso", sim_iso},
                                         {"digest", sim_digest},
                                         {"json", sim_json},
                                         {"parse_json", sim_parse_json},
                                         {"box_key", sim_box_key},
                                         {"open_box", sim_open_box},
                                         {"open_session", sim_open_session},
                                         {"renew_session", sim_renew_session},
                                         {"end_session", sim_end_session},
                                         {"listens_at", sim_listens_at},
                                         {NULL, NULL}};
    lua_State *L = gw_script_state(sim->script);
    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, sim);
    luaL_setfuncs(L, functions, 1);
    gw_script_set_host(sim->script, "sim");
}
