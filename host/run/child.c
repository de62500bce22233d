/* child: a runbook that another calls as a step: a run of its own, with its own id, journal entries, needs and
 * locks, on the same loop, for the same operator. The one that calls waits for its end. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/internal.h"

#define MAX_FOLDERS 64

struct gw_run_child {
    struct gw_run_child *next; /* of the parent, newest first */
    struct gw_run *parent, *run;
    struct gw_wait *wait;
    struct gw_timer *timer; /* until its end is told; NULL: none */
    struct gw_arena *arena;
    struct gw_value facts;  /* of its first event */
    struct gw_value ending; /* its run.finished */
    bool waited_for;
};

/* ---- where it is ----------------------------------------------------------------------------- */

/* Beside the one that calls, then where the command line looks. */
static bool find(const struct gw_run *parent, const char *name, struct gw_arena *arena,
                 struct gw_buf *path, struct gw_err *err)
{
    const char *folders[MAX_FOLDERS + 2];
    const char *slash = parent->path ? strrchr(parent->path, '/') : NULL;
    size_t count = 0;
    if (slash) {
        folders[count++] =
            gw_arena_dup(arena, (struct gw_view){parent->path, (size_t)(slash - parent->path)})
                .data;
    }
    for (size_t i = 0; parent->options.runbooks && parent->options.runbooks[i] && i < MAX_FOLDERS;
         i++) {
        folders[count++] = parent->options.runbooks[i];
    }
    folders[count] = NULL;
    return gw_run_find(folders, name, path, err);
}

/* "a -> b -> a": a runbook that calls itself never ends. */
static bool check_chain(const struct gw_run *parent, const char *path, struct gw_err *err)
{
    char real[PATH_MAX];
    const char *resolved = realpath(path, real) ? real : path;
    for (const struct gw_run *run = parent; run; run = run->parent) {
        if (run->path && strcmp(run->path, resolved) == 0) {
            return gw_fail(err, GW_ERR_INPUT, "runbook '%s' calls itself, through '%s'", run->name,
                           parent->name);
        }
    }
    return true;
}

/* ---- its end --------------------------------------------------------------------------------- */

static void on_event(void *ctx, const struct gw_value *event)
{
    struct gw_run_child *child = ctx;
    const struct gw_run_options *options = &child->parent->options;
    if (gw_view_equal(gw_map_text(event, GW_VIEW("event")), GW_VIEW("run.finished"))) {
        child->ending = gw_value_copy(child->arena, event);
    }
    if (options->on_event) {
        options->on_event(options->on_event_ctx, event);
    }
}

static void tell_end(void *ctx)
{
    struct gw_run_child *child = ctx;
    struct gw_run *parent = child->parent;
    child->timer = NULL;
    gw_run_end(child->run);
    parent->changes += child->run->changes;
    parent->in_flight--;
    if (child->waited_for) {
        child->waited_for = false;
        gw_wait_finish(child->wait);
    }
    gw_run_call_settled(parent);
}

/* Not from here: its own task is still on the stack. */
void gw_run_child_ended(struct gw_run *run)
{
    struct gw_run_child *child = run->parent ? run->parent->children : NULL;
    while (child && child->run != run) {
        child = child->next;
    }
    if (child && !child->timer) {
        child->timer = gw_timer_start(run->options.loop, 0, tell_end, child);
    }
}

void gw_run_stop_children(struct gw_run *run, enum gw_run_stop why)
{
    for (struct gw_run_child *child = run->children; child; child = child->next) {
        gw_run_begin_stop(child->run, why);
    }
}

void gw_run_free_children(struct gw_run *run)
{
    while (run->children) {
        struct gw_run_child *child = run->children;
        run->children = child->next;
        gw_timer_stop(child->timer);
        gw_run_free(child->run);
        gw_arena_free(child->arena);
        free(child);
    }
}

/* ---- its beginning --------------------------------------------------------------------------- */

static void make_facts(struct gw_run_child *child)
{
    const struct gw_value *given = child->parent->options.facts;
    child->facts = given ? gw_value_copy(child->arena, given) : gw_value_map();
    *gw_map_add(child->arena, &child->facts, GW_VIEW("parent")) = gw_value_text(child->parent->id);
}

/* `past`: the run that goes on; empty: a new one, called after the step. */
static struct gw_run_child *make(struct gw_run *parent, struct gw_view step, struct gw_view past,
                                 bool undo)
{
    struct gw_run_child *child = gw_alloc(sizeof *child);
    *child =
        (struct gw_run_child){.next = parent->children, .parent = parent, .arena = gw_arena_new()};
    parent->children = child;
    make_facts(child);
    struct gw_run_options options = parent->options;
    options.past = past.len > 0 ? gw_arena_dup(child->arena, past).data : NULL;
    options.undo = undo;
    options.facts = &child->facts;
    options.on_event = on_event;
    options.on_event_ctx = child;
    child->run = gw_run_new(&options);
    child->run->parent = parent;
    child->run->answer_all = parent->answer_all;
    gw_run_set_target(child->run, &parent->target);
    snprintf(child->run->id, sizeof child->run->id, "%.40s.%.*s", parent->id, GW_VIEW_ARGS(step));
    return child;
}

static void tell_started(struct gw_run_child *child, struct gw_view step)
{
    struct gw_value event = gw_value_map();
    *gw_map_add(child->arena, &event, GW_VIEW("event")) = gw_value_text("child.started");
    *gw_map_add(child->arena, &event, GW_VIEW("step")) = gw_value_string(step);
    *gw_map_add(child->arena, &event, GW_VIEW("run")) = gw_value_text(child->run->id);
    *gw_map_add(child->arena, &event, GW_VIEW("runbook")) = gw_value_text(child->run->name);
    gw_run_emit(child->parent, &event);
}

static bool keep_past(void *ctx, const struct gw_value *event)
{
    struct gw_run_child *child = ctx;
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    if (gw_view_equal(name, GW_VIEW("run.finished"))) {
        child->ending = gw_value_copy(child->arena, event);
    } else if (gw_view_equal(name, GW_VIEW("run.resumed"))) {
        child->ending = (struct gw_value){0};
    }
    return true;
}

/* True where its journal says that nothing is left to do. */
static bool is_over(const struct gw_run_child *child)
{
    struct gw_view outcome = gw_map_text(&child->ending, GW_VIEW("outcome"));
    return child->ending.kind == GW_MAP &&
           gw_view_equal(outcome, child->run->options.undo ? GW_VIEW("undone") : GW_VIEW("ok"));
}

static bool begin(struct gw_run_child *child, const char *name, const struct gw_value *params,
                  struct gw_view step, struct gw_err *err)
{
    struct gw_run *parent = child->parent, *run = child->run;
    struct gw_buf path;
    gw_buf_init(&path, PATH_MAX);
    bool ok = find(parent, name, child->arena, &path, err) && check_chain(parent, path.data, err) &&
              gw_run_load(run, path.data, err) && gw_run_bind_values(run, params, err);
    gw_buf_clear(&path);
    if (ok) {
        parent->in_flight++;
        gw_run_begin(run);
        tell_started(child, step);
    }
    return ok;
}

/* ---- for the engine -------------------------------------------------------------------------- */

static int push_ending(lua_State *L, void *ctx)
{
    struct gw_run_child *child = ctx;
    struct gw_value ending = child->ending.kind == GW_MAP ? child->ending : gw_value_map();
    const struct gw_value *result = gw_map_get(&ending, GW_VIEW("result"));
    gw_push_value(L, &ending);
    if (result) {
        struct gw_value restored = gw_run_restored(result, child->arena);
        gw_push_value(L, &restored);
        lua_setfield(L, -2, "result");
    }
    lua_pushstring(L, child->run->id);
    lua_setfield(L, -2, "run");
    return 1;
}

/* The one that waits is being ended. */
static void cancel(void *ctx)
{
    struct gw_run_child *child = ctx;
    child->waited_for = false;
    gw_run_stop_at_once(child->run);
}

static struct gw_view text_field(lua_State *L, const char *name)
{
    struct gw_view text = GW_VIEW_NONE;
    if (lua_getfield(L, 1, name) != LUA_TNIL) {
        text = gw_check_view(L, -1);
    }
    return text; /* stays on the stack */
}

/* child{ runbook=, params=, step=, past=, undo= } -> its run.finished, with `run` | nil, err */
int gw_run_lua_child(lua_State *L)
{
    struct gw_run *parent = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_err err = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    struct gw_view name = text_field(L, "runbook"), step = text_field(L, "step");
    struct gw_view past = text_field(L, "past");
    lua_getfield(L, 1, "undo");
    bool undo = lua_toboolean(L, -1);
    struct gw_run_child *child = make(parent, step, past, undo);
    struct gw_value params = gw_value_map();
    lua_getfield(L, 1, "params");
    if (!lua_isnil(L, -1) && !gw_to_value(L, -1, child->arena, &params, &err)) {
        gw_err_prefix(&err, "runbook '%.*s': parameters", GW_VIEW_ARGS(name));
        return gw_push_fail(L, &err);
    }
    if (past.len > 0 && parent->options.journal &&
        !gw_journal_events(parent->options.journal, past, 0, keep_past, child, &err)) {
        return gw_push_fail(L, &err);
    }
    if (is_over(child)) {
        snprintf(child->run->id, sizeof child->run->id, "%.*s", GW_VIEW_ARGS(past));
        return push_ending(L, child);
    }
    child->wait = gw_wait_push(L, push_ending, cancel, child);
    child->waited_for = true;
    if (!begin(child, name.data, &params, step, &err)) {
        child->waited_for = false;
        return gw_push_fail(L, &err);
    }
    return gw_task_await(L, child->wait);
}
