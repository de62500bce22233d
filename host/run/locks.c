/* locks: what this run holds, renewed beside its work. A lock that is lost, because the machine slept
 * or somebody took it over, lets no further change out. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/internal.h"

#define TTL_MS   60000
#define RENEW_MS 15000

struct gw_run_held {
    struct gw_run_held *next;
    char *name, *owner;
    struct gw_lock lock; /* its texts: these, and the run's */
};

static void drop(struct gw_run_held *held)
{
    free(held->name);
    free(held->owner);
    free(held);
}

static void renew_all(void *ctx);

static void schedule(struct gw_run *run)
{
    if (!run->lock_timer && run->held) {
        run->lock_timer = gw_timer_start_background(run->options.loop, RENEW_MS, renew_all, run);
    }
}

/* One that is lost is noticed at the next change. */
static void renew_all(void *ctx)
{
    struct gw_run *run = ctx;
    struct gw_lock_store *store = run->options.locks;
    run->lock_timer = NULL;
    for (struct gw_run_held *held = run->held; held; held = held->next) {
        struct gw_err err = {0};
        if (!store->renew(store, &held->lock, gw_loop_wall_ms(run->options.loop), TTL_MS, &err)) {
            gw_run_emit_text(run, "warning", gw_view_of(err.message));
        }
    }
    schedule(run);
}

bool gw_run_holds_locks(struct gw_run *run, const struct gw_act *act, struct gw_err *err)
{
    struct gw_lock_store *store = run->options.locks;
    for (struct gw_run_held *held = run->held; held; held = held->next) {
        if (!store->check(store, &held->lock, gw_loop_wall_ms(run->options.loop), err)) {
            gw_err_prefix(err, "%.*s: not sent", GW_VIEW_ARGS(act->action));
            return false;
        }
    }
    return !run->parent || gw_run_holds_locks(run->parent, act, err);
}

void gw_run_release_locks(struct gw_run *run)
{
    struct gw_lock_store *store = run->options.locks;
    gw_timer_stop(run->lock_timer);
    run->lock_timer = NULL;
    while (run->held) {
        struct gw_run_held *held = run->held;
        struct gw_err err = {0};
        run->held = held->next;
        store->release(store, &held->lock, &err);
        drop(held);
    }
}

/* A rehearsal stands in nobody's way, not even in another's. */
static char *name_of(const struct gw_run *run, struct gw_view name)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view whole = run->options.simulated
                               ? gw_arena_printf(arena, "%s/%.*s", run->id, GW_VIEW_ARGS(name))
                               : name;
    char *copy = gw_view_dup(whole);
    gw_arena_free(arena);
    return copy;
}

static void push_holder(lua_State *L, const struct gw_lock *holder, struct gw_arena *arena)
{
    lua_createtable(L, 0, 5);
    gw_push_view(L, holder->run);
    lua_setfield(L, -2, "run");
    gw_push_view(L, holder->user);
    lua_setfield(L, -2, "user");
    gw_push_view(L, holder->host);
    lua_setfield(L, -2, "host");
    gw_push_view(L, holder->reason);
    lua_setfield(L, -2, "reason");
    gw_push_view(L, gw_run_iso_time(holder->taken_ms, arena));
    lua_setfield(L, -2, "taken");
}

/* `owner` is who holds it, for the store: the run, or one process of it. */
static enum gw_lock_answer take(struct gw_run *run, const struct gw_lock *wanted, bool by_force,
                                struct gw_arena *arena, struct gw_lock *holder, struct gw_err *err)
{
    struct gw_lock_store *store = run->options.locks;
    struct gw_run_held *held = gw_alloc(sizeof *held);
    held->name = name_of(run, wanted->name);
    held->owner = gw_view_dup(wanted->run);
    held->lock = (struct gw_lock){.name = gw_view_of(held->name),
                                  .run = gw_view_of(held->owner),
                                  .user = run->options.user,
                                  .host = run->options.host,
                                  .reason = wanted->reason,
                                  .pid = getpid()};
    enum gw_lock_answer answer = store->take(store, &held->lock, gw_loop_wall_ms(run->options.loop),
                                             TTL_MS, by_force, arena, holder, err);
    held->lock.reason = GW_VIEW_NONE; /* its text is the caller's */
    if (answer == GW_LOCK_TAKEN) {
        held->next = run->held;
        run->held = held;
        schedule(run);
    } else {
        drop(held);
    }
    return answer;
}

/* A run is given its own locks again when it goes on; that it goes on once only is a lock of the
 * process. */
bool gw_run_claim(struct gw_run *run, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_lock holder = {0};
    struct gw_lock wanted = {.name = gw_arena_printf(arena, "%s%s", GW_RUN_CLAIM.data, run->id),
                             .run = gw_arena_printf(arena, "process %d", (int)getpid()),
                             .reason = GW_VIEW("carries out the run")};
    enum gw_lock_answer answer = GW_LOCK_TAKEN;
    if (run->options.locks && run->options.mode == GW_RUN_REAL) {
        answer = take(run, &wanted, false, arena, &holder, err);
    }
    if (answer == GW_LOCK_HELD) {
        gw_fail(err, GW_ERR_DENIED, "run %s is under way: %.*s of %.*s on %.*s", run->id,
                GW_VIEW_ARGS(holder.run), GW_VIEW_ARGS(holder.user), GW_VIEW_ARGS(holder.host));
    }
    gw_arena_free(arena);
    return answer == GW_LOCK_TAKEN;
}

/* By a run whose step this one is? */
static bool is_held_above(const struct gw_run *run, struct gw_view name)
{
    for (const struct gw_run *above = run->parent; above; above = above->parent) {
        char *whole = name_of(above, name);
        const struct gw_run_held *held = above->held;
        while (held && strcmp(held->name, whole) != 0) {
            held = held->next;
        }
        free(whole);
        if (held) {
            return true;
        }
    }
    return false;
}

/* lock(name, reason, by_force) -> true, who was pushed aside? | false, holder | nil, err */
int gw_run_lua_lock(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_lock wanted = {
        .name = gw_check_view(L, 1), .run = gw_view_of(run->id), .reason = gw_check_view(L, 2)};
    bool by_force = lua_toboolean(L, 3);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_lock holder = {0};
    struct gw_err err = {0};
    if (!run->options.locks || is_held_above(run, wanted.name)) {
        lua_pushboolean(L, true);
        return 1;
    }
    enum gw_lock_answer answer = take(run, &wanted, by_force, arena, &holder, &err);
    if (answer == GW_LOCK_FAILED) {
        return gw_push_fail(L, &err);
    }
    lua_pushboolean(L, answer == GW_LOCK_TAKEN);
    if (holder.run.len == 0) {
        return 1;
    }
    push_holder(L, &holder, arena);
    return 2;
}
