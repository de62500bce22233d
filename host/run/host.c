/* host.run: what the engine in Lua has of the run. Upvalue 1 of each function is the run. */
#include <stdlib.h>

#include "run/internal.h"

static struct gw_run *run_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* env(name) -> text | nil; only GWRUN_*, so that no runbook reads keys or tokens. */
int gw_run_lua_env(lua_State *L)
{
    struct gw_view name = gw_check_view(L, 1);
    if (!gw_view_starts_with(name, GW_VIEW("GWRUN_"))) {
        return luaL_error(L, "env: '%s' does not begin with GWRUN_", name.data);
    }
    lua_pushstring(L, getenv(name.data));
    return 1;
}

/* emit(event) -> its number */
static int host_emit(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value event;
    struct gw_err err = {0};
    if (!gw_to_value(L, 1, arena, &event, &err)) {
        return luaL_error(L, "event: %s", err.message);
    }
    struct gw_view name = gw_map_text(&event, GW_VIEW("event"));
    if (name.len == 0) {
        return luaL_error(L, "event: it has no name");
    }
    struct gw_run *run = run_of(L);
    if (gw_run_is_stopping(run) && gw_view_equal(name, GW_VIEW("run.finished"))) {
        return 0;
    }
    lua_pushinteger(L, gw_run_emit(run, &event));
    return 1;
}

/* show(event): of another process, and in the journal already */
static int host_show(lua_State *L)
{
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value event;
    struct gw_err err = {0};
    if (!gw_to_value(L, 1, arena, &event, &err)) {
        return luaL_error(L, "event: %s", err.message);
    }
    gw_run_show(run_of(L), &event);
    return 0;
}

/* print(...): a note. Upvalue 1 is the run. */
static int print_note(lua_State *L)
{
    luaL_Buffer text;
    int count = lua_gettop(L);
    luaL_buffinit(L, &text);
    for (int i = 1; i <= count; i++) {
        if (i > 1) {
            luaL_addchar(&text, ' ');
        }
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&text);
    }
    luaL_pushresult(&text);
    gw_run_emit_text(run_of(L), "note", gw_check_view(L, -1));
    return 0;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static struct gw_task *check_task(lua_State *L)
{
    struct gw_task *task = gw_task_current(L);
    if (!task) {
        luaL_error(L, "a step belongs inside a runbook's run function");
    }
    return task;
}

/* enter_step(id, name): from here the task, and those it starts, may change things. */
static int host_enter_step(lua_State *L)
{
    struct gw_view id = gw_check_view(L, 1);
    struct gw_view name = gw_check_view(L, 2);
    struct gw_task *task = check_task(L);
    struct gw_run *run = run_of(L);
    if (run->live) {
        return luaL_error(L, "step '%s': nothing can be changed inside rb:live", name.data);
    }
    struct gw_run_step *step = gw_alloc(sizeof *step);
    *step = (struct gw_run_step){.next = run->steps,
                                 .outer = gw_task_context(task),
                                 .id = gw_view_dup(id),
                                 .name = gw_view_dup(name),
                                 .open = true};
    run->steps = step;
    gw_run_enter_calls(run, id);
    gw_task_set_context(task, step);
    return 0;
}

/* leave_step(id) */
static int host_leave_step(lua_State *L)
{
    struct gw_view id = gw_check_view(L, 1);
    struct gw_task *task = check_task(L);
    struct gw_run_step *step = gw_task_context(task);
    if (!step || !gw_view_equal(gw_view_of(step->id), id)) {
        return luaL_error(L, "step %s is left, but it is not the one that was entered", id.data);
    }
    step->open = false; /* for tasks that it started and that still run, too */
    gw_task_set_context(task, step->outer);
    return 0;
}

/* set_live(flag): from here, or no more, the run only shows what is: Ctrl-C ends it well */
static int host_set_live(lua_State *L)
{
    run_of(L)->live = lua_toboolean(L, 1);
    return 0;
}

/* step() -> id, name of the step that the task is in | nil */
static int host_step(lua_State *L)
{
    const struct gw_run_step *step = gw_run_step_of(gw_task_context(check_task(L)));
    if (!step) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushstring(L, step->id);
    lua_pushstring(L, step->name);
    return 2;
}

/* set_needs{ aws=, http=, read=, write=, run=, exec=, env= } */
static int host_set_needs(lua_State *L)
{
    struct gw_run *run = run_of(L);
    struct gw_err err = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    gw_arena_clear(run->needs_arena);
    run->needs = gw_value_map();
    if (!gw_to_value(L, 1, run->needs_arena, &run->needs, &err)) {
        run->needs = gw_value_map();
        return luaL_error(L, "needs: %s", err.message);
    }
    return 0;
}

/* ---- the module ------------------------------------------------------------------------------ */

static void set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text); /* nil for NULL */
    lua_setfield(L, -2, field);
}

static void set_flag(lua_State *L, const char *field, bool flag)
{
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, field);
}

static void set_facts(lua_State *L, const struct gw_run *run)
{
    const struct gw_run_options *options = &run->options;
    set_text(L, "mode", options->mode == GW_RUN_PLAN ? "plan" : "real");
    set_text(L, "id", run->id);
    set_text(L, "on_failure", options->answers.on_failure);
    set_text(L, "on_uncertain", options->answers.on_uncertain);
    set_text(L, "take_over", options->answers.take_over);
    set_flag(L, "wait_for_lock", options->answers.wait_for_lock);
    set_flag(L, "simulated", options->simulated);
    set_flag(L, "undoing", options->undo);
    set_flag(L, "interactive", gw_run_can_ask(run) && !options->assume_yes);
    gw_push_view(L, options->user);
    lua_setfield(L, -2, "user");
}

void gw_run_bind_host(struct gw_run *run)
{
    static const luaL_Reg functions[] = {{"env", gw_run_lua_env},
                                         {"emit", host_emit},
                                         {"show", host_show},
                                         {"enter_step", host_enter_step},
                                         {"leave_step", host_leave_step},
                                         {"step", host_step},
                                         {"set_needs", host_set_needs},
                                         {"set_live", host_set_live},
                                         {"past", gw_run_lua_past},
                                         {"changed", gw_run_lua_changed},
                                         {"uncertain", gw_run_lua_uncertain},
                                         {"settle", gw_run_lua_settle},
                                         {"lock", gw_run_lua_lock},
                                         {"approval", gw_run_lua_approval},
                                         {"keep_file", gw_run_lua_keep_file},
                                         {"child", gw_run_lua_child},
                                         {"usual_seconds", gw_run_lua_usual_seconds},
                                         {"confirm", gw_run_lua_confirm},
                                         {"choose", gw_run_lua_choose},
                                         {"ask", gw_run_lua_ask},
                                         {NULL, NULL}};
    lua_State *L = gw_script_state(run->script);
    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, run);
    luaL_setfuncs(L, functions, 1);
    set_facts(L, run);
    gw_run_add_own(L, run);
    lua_pushvalue(L, -1);
    run->host_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    gw_script_set_host(run->script, "run");

    lua_pushlightuserdata(L, run);
    lua_pushcclosure(L, print_note, 1);
    gw_script_set_global(run->script, "print");
}
