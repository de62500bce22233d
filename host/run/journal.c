/* journal: the run's side of the run store: each event goes there before anybody sees it, and what
 * is there comes back when the run goes on. */
#include <stdlib.h>

#include "run/internal.h"

/* Of the moment only: shown, not kept. */
static bool is_fleeting(struct gw_view name)
{
    return gw_view_equal(name, GW_VIEW("wait.progress")) ||
           gw_view_equal(name, GW_VIEW("call.progress")) ||
           gw_view_equal(name, GW_VIEW("output")) || gw_view_equal(name, GW_VIEW("redrawn"));
}

/* What must not be lost in a power cut: the intent of a change, and what was agreed on. */
static bool must_be_on_disk(struct gw_view name)
{
    return gw_view_equal(name, GW_VIEW("call.intent")) ||
           gw_view_equal(name, GW_VIEW("run.finished")) ||
           gw_view_equal(name, GW_VIEW("call.settled"));
}

static void fail(struct gw_run *run, const struct gw_err *err)
{
    run->journal_failed = true;
    run->journal_err = *err;
    gw_run_begin_stop(run, GW_STOP_JOURNAL);
}

/* A plan of how a run would go on is no part of it. */
static bool is_kept(const struct gw_run *run)
{
    bool only_planned = run->options.past && run->options.mode == GW_RUN_PLAN;
    return run->options.journal && !run->journal_failed && !only_planned;
}

int64_t gw_run_journal(struct gw_run *run, const struct gw_value *event)
{
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    struct gw_err err = {0};
    int64_t seq = run->seq;
    bool ends = gw_view_equal(name, GW_VIEW("run.finished"));
    if (is_fleeting(name) || (run->live && !ends)) {
        return seq;
    }
    if (!is_kept(run)) {
        return ++run->seq;
    }
    enum gw_journal_sync sync = must_be_on_disk(name) ? GW_JOURNAL_NOW : GW_JOURNAL_SOON;
    if (!gw_journal_append(run->options.journal, gw_view_of(run->id), event, sync, &seq, &err)) {
        fail(run, &err);
        return ++run->seq;
    }
    return run->seq = seq;
}

/* ---- going on -------------------------------------------------------------------------------- */

static bool remember(void *ctx, const struct gw_value *event)
{
    gw_run_remember_call(ctx, event);
    return true;
}

/* Members that hold results. */
static void restore(struct gw_run *run, struct gw_value *event)
{
    static const char *const results[] = {"result", "value", "answer"};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        struct gw_value *value = (struct gw_value *)gw_map_get(event, gw_view_of(results[i]));
        if (value) {
            *value = gw_run_restored(value, run->event_arena);
        }
    }
}

struct listing {
    struct gw_run *run;
    lua_State *L;
    lua_Integer count;
};

static bool list_event(void *ctx, const struct gw_value *event)
{
    struct listing *listing = ctx;
    struct gw_value copy = gw_value_copy(listing->run->event_arena, event);
    restore(listing->run, &copy);
    gw_push_value(listing->L, &copy);
    lua_rawseti(listing->L, -2, ++listing->count);
    gw_arena_clear(listing->run->event_arena);
    return true;
}

/* past() -> the events so far of a run that goes on, oldest first; nil: it has just begun */
int gw_run_lua_past(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    struct listing listing = {.run = run, .L = L};
    struct gw_err err = {0};
    if (!run->options.past) {
        return 0;
    }
    lua_newtable(L);
    if (!gw_journal_events(run->options.journal, gw_view_of(run->id), 0, list_event, &listing,
                           &err) ||
        !gw_journal_events(run->options.journal, gw_view_of(run->id), 0, remember, run, &err)) {
        return luaL_error(L, "%s", err.message);
    }
    return 1;
}

/* ---- approvals ------------------------------------------------------------------------------- */

struct search {
    struct gw_view step;
    struct gw_arena *arena;
    struct gw_value found;
};

static bool is_answer(void *ctx, const struct gw_value *event)
{
    struct search *search = ctx;
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    bool answers = gw_view_equal(name, GW_VIEW("approval.given")) ||
                   gw_view_equal(name, GW_VIEW("approval.refused"));
    if (answers && gw_view_equal(gw_map_text(event, GW_VIEW("step")), search->step)) {
        search->found = gw_value_copy(search->arena, event);
        return false;
    }
    return true;
}

/* approval(step, after) -> the event with which somebody answered since the event `after`; or nil */
int gw_run_lua_approval(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    struct search search = {.step = gw_check_view(L, 1)};
    lua_Integer after = luaL_checkinteger(L, 2);
    struct gw_err err = {0};
    if (!run->options.journal) {
        return luaL_error(L, "approval: this run has no journal that others could write to");
    }
    search.arena = gw_push_arena(L);
    if (!gw_journal_events(run->options.journal, gw_view_of(run->id), after, is_answer, &search,
                           &err)) {
        return luaL_error(L, "%s", err.message);
    }
    gw_push_value(L, &search.found);
    return 1;
}

/* ---- how long it usually takes ---------------------------------------------------------------- */

#define RUNS_LOOKED_AT 15

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return one < other ? -1 : one > other;
}

/* usual_seconds() -> the median of this runbook's last good runs; nil where there was none */
int gw_run_lua_usual_seconds(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    int64_t durations_ms[RUNS_LOOKED_AT];
    size_t count = 0;
    struct gw_err err = {0};
    bool known =
        run->options.journal && gw_journal_durations(run->options.journal, gw_view_of(run->name),
                                                     durations_ms, RUNS_LOOKED_AT, &count, &err);
    if (!known || count == 0) {
        return 0;
    }
    qsort(durations_ms, count, sizeof *durations_ms, compare);
    int64_t median_ms = durations_ms[count / 2];
    lua_pushnumber(L, (double)median_ms / 1000);
    return 1;
}
