/* drill_host: host.drill, by which stdlib/drill.lua tells what happens: to whoever looks on, and to the
 * journal of rehearsals, with the runs of the drill. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "cli/drill.h"
#include "codec/codec.h"

static volatile sig_atomic_t told_to_end;

static void on_signal(int number)
{
    (void)number;
    told_to_end = 1;
}

void gw_cli_catch_end(void)
{
    struct sigaction stopping = {.sa_handler = on_signal};
    sigaction(SIGINT, &stopping, NULL);
}

/* ---- who sees it, and where it is kept ------------------------------------------------------- */

static struct gw_value without_seq(const struct gw_value *event, struct gw_arena *arena)
{
    struct gw_value out = gw_value_map();
    for (size_t i = 0; i < event->as.map.count; i++) {
        if (!gw_view_equal(event->as.map.entries[i].key, GW_VIEW("seq"))) {
            *gw_map_add(arena, &out, event->as.map.entries[i].key) = event->as.map.entries[i].value;
        }
    }
    return out;
}

/* What cannot be kept is said once. */
static void keep(struct gw_cli_drill *drill, struct gw_view run, const struct gw_value *event)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value plain = without_seq(event, arena);
    struct gw_err err = {0};
    int64_t seq;
    if (drill->journal &&
        !gw_journal_append(drill->journal, run, &plain, GW_JOURNAL_SOON, &seq, &err)) {
        gw_log(GW_LOG_WARN, "this drill is not kept: %s", err.message);
        gw_journal_close(drill->journal);
        drill->journal = NULL;
    }
    gw_arena_free(arena);
}

static struct gw_view reserve(struct gw_cli_drill *drill, struct gw_view wanted)
{
    struct gw_view id = wanted;
    struct gw_err err = {0};
    if (drill->journal && !gw_journal_begin(drill->journal, wanted, drill->arena, &id, &err)) {
        gw_log(GW_LOG_WARN, "this drill is not kept: %s", err.message);
        gw_journal_close(drill->journal);
        drill->journal = NULL;
        id = wanted;
    }
    return gw_arena_dup(drill->arena, id);
}

static struct gw_value facts_of_run(void *ctx, struct gw_arena *arena)
{
    const struct gw_cli_drill *drill = ctx;
    struct gw_value facts = gw_value_map();
    *gw_map_add(arena, &facts, GW_VIEW("parent")) = gw_value_string(drill->id);
    return facts;
}

/* An event of a run in the drill; `run` empty: it did not begin. */
static void on_run_event(void *ctx, struct gw_view run, const struct gw_value *event)
{
    struct gw_cli_drill *drill = ctx;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value shown = gw_value_map();
    if (gw_view_equal(gw_map_text(event, GW_VIEW("event")), GW_VIEW("run.started"))) {
        drill->run = reserve(drill, gw_arena_printf(drill->arena, "%.*s.%.*s",
                                                    GW_VIEW_ARGS(drill->id), GW_VIEW_ARGS(run)));
    }
    keep(drill, drill->run, event);
    for (size_t i = 0; i < event->as.map.count; i++) {
        *gw_map_add(arena, &shown, event->as.map.entries[i].key) = event->as.map.entries[i].value;
        if (i == 0) {
            *gw_map_add(arena, &shown, GW_VIEW("child")) = gw_value_string(drill->run);
        }
    }
    gw_report_event(drill->report, &shown);
    gw_arena_free(arena);
}

/* ---- host.drill ------------------------------------------------------------------------------ */

static struct gw_cli_drill *drill_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* tell(world, event): dated by the world's clock, numbered, shown and kept */
static int drill_tell(lua_State *L)
{
    struct gw_cli_drill *drill = drill_of(L);
    struct gw_cli_world *world = gw_cli_check_world(L);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value given, event = gw_value_map();
    struct gw_err err = {0};
    if (!gw_to_value(L, 2, arena, &given, &err)) {
        return luaL_error(L, "tell: %s", err.message);
    }
    int64_t now_ms = gw_loop_wall_ms(gw_cli_session_loop(world->session));
    bool begins = gw_view_equal(gw_map_text(&given, GW_VIEW("event")), GW_VIEW("run.started"));
    if (begins) {
        drill->id = reserve(drill, gw_arena_printf(arena, "drill-%s-%03d",
                                                   gw_cli_instant(now_ms, arena).data,
                                                   (int)(now_ms % 1000)));
    }
    *gw_map_add(arena, &event, GW_VIEW("event")) =
        gw_value_string(gw_map_text(&given, GW_VIEW("event")));
    *gw_map_add(arena, &event, GW_VIEW("seq")) = gw_value_int(++drill->seq);
    *gw_map_add(arena, &event, GW_VIEW("at")) = gw_value_string(gw_cli_instant(now_ms, arena));
    if (begins) {
        *gw_map_add(arena, &event, GW_VIEW("run")) = gw_value_string(drill->id);
    }
    for (size_t i = 0; i < given.as.map.count; i++) {
        if (!gw_view_equal(given.as.map.entries[i].key, GW_VIEW("event"))) {
            *gw_map_add(arena, &event, given.as.map.entries[i].key) = given.as.map.entries[i].value;
        }
    }
    keep(drill, drill->id, &event);
    if (!gw_report_event(drill->report, &event)) {
        return luaL_error(L, "the output could not be written");
    }
    return 0;
}

/* watch(world): its runs are shown and kept as part of the drill */
static int drill_watch(lua_State *L)
{
    struct gw_cli_drill *drill = drill_of(L);
    gw_cli_check_world(L)->audience = &drill->audience;
    return 0;
}

/* listen(world, port) -> { name = value } of the environment | nil, err */
static int drill_listen(lua_State *L)
{
    struct gw_cli_drill *drill = drill_of(L);
    struct gw_cli_world *world = gw_cli_check_world(L);
    struct gw_sim *sim = gw_cli_session_sim(world->session);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_sim_listen_options listen = {.sim = sim, .port = (int)luaL_checkinteger(L, 2)};
    struct gw_err err = {0};
    drill->listener = gw_sim_listen(&listen, &err);
    if (!drill->listener) {
        return gw_push_fail(L, &err);
    }
    struct gw_value variables =
        gw_sim_environment(sim, gw_sim_listener_port(drill->listener), arena);
    gw_push_value(L, &variables);
    return 1;
}

static int drill_unlisten(lua_State *L)
{
    struct gw_cli_drill *drill = drill_of(L);
    gw_sim_listener_close(drill->listener);
    drill->listener = NULL;
    return 0;
}

static int drill_is_told_to_end(lua_State *L)
{
    lua_pushboolean(L, told_to_end);
    return 1;
}

/* progress(done): of this process's courses */
static int drill_progress(lua_State *L)
{
    const struct gw_cli_drill *drill = drill_of(L);
    char text[80];
    if (drill->all_runs > 0) {
        int64_t done = luaL_checkinteger(L, 1) * drill->all_runs / drill->runs;
        snprintf(text, sizeof text, "about %" PRId64 " of %" PRId64 " courses", done,
                 drill->all_runs);
        gw_cli_progress(text);
    }
    return 0;
}

/* say(text): on standard output */
static int drill_say(lua_State *L)
{
    gw_cli_progress("");
    gw_cli_print(stdout, gw_check_view(L, 1));
    putchar('\n');
    fflush(stdout);
    return 0;
}

struct listing {
    lua_State *L;
    struct gw_journal *journal;
    lua_Integer count;
};

static bool keep_score(void *ctx, const struct gw_value *event)
{
    struct gw_value *score = ctx;
    const struct gw_value *world = gw_map_get(event, GW_VIEW("world"));
    const struct gw_value *points = world ? gw_map_get(world, GW_VIEW("points")) : NULL;
    if (points && points->kind == GW_INT) {
        *score = *points;
    }
    return true;
}

static bool add_earlier(void *ctx, const struct gw_journal_run *run)
{
    struct listing *listing = ctx;
    struct gw_value score = {0};
    struct gw_err err = {0};
    if (run->parent.len == 0 && run->finished_ms > 0 &&
        gw_journal_events(listing->journal, run->id, 0, keep_score, &score, &err) &&
        score.kind == GW_INT) {
        lua_pushinteger(listing->L, score.as.integer);
        lua_rawseti(listing->L, -2, ++listing->count);
    }
    return true;
}

/* earlier(runbook) -> the points of earlier attempts, newest first */
static int drill_earlier(lua_State *L)
{
    struct gw_cli_drill *drill = drill_of(L);
    struct gw_journal_filter filter = {.runbook = gw_check_view(L, 1), .limit = 100};
    struct listing listing = {.L = L, .journal = drill->journal};
    struct gw_err err = {0};
    lua_newtable(L);
    if (drill->journal && !gw_journal_runs(drill->journal, &filter, add_earlier, &listing, &err)) {
        gw_log(GW_LOG_WARN, "earlier attempts: %s", err.message);
    }
    return 1;
}

void gw_cli_bind_drill(struct gw_script *script, struct gw_cli_drill *drill)
{
    static const luaL_Reg functions[] = {{"tell", drill_tell},
                                         {"watch", drill_watch},
                                         {"listen", drill_listen},
                                         {"unlisten", drill_unlisten},
                                         {"earlier", drill_earlier},
                                         {"is_told_to_end", drill_is_told_to_end},
                                         {"progress", drill_progress},
                                         {"say", drill_say},
                                         {NULL, NULL}};
    lua_State *L = gw_script_state(script);
    drill->audience = (struct gw_cli_audience){facts_of_run, on_run_event, drill};
    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, drill);
    luaL_setfuncs(L, functions, 1);
    gw_script_set_host(script, "drill");
}
