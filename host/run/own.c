/* own: what the engine reads for itself, before and beside what the runbook does: who it is, what it may
 * do, and who else changes things. No runbook has to declare it, and none can use it. */
#include "run/internal.h"

bool gw_run_is_own(const struct gw_act *act)
{
    static const char *const actions[] = {"sts:GetCallerIdentity", "iam:SimulatePrincipalPolicy",
                                          "iam:GetRole", "cloudtrail:LookupEvents"};
    const struct gw_run_step *step = act->context;
    for (size_t i = 0; step && step->own && i < sizeof actions / sizeof *actions; i++) {
        if (gw_view_equal(act->action, gw_view_of(actions[i]))) {
            return true;
        }
    }
    return false;
}

const struct gw_run_step *gw_run_step_of(const struct gw_run_step *context)
{
    return context && context->own ? context->outer : context;
}

/* enter_own(): from here the task, and those it starts, may make the engine's own reading calls. */
static int host_enter_own(lua_State *L)
{
    struct gw_run *run = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_task *task = gw_task_current(L);
    if (!task) {
        return luaL_error(L, "enter_own: no task runs");
    }
    struct gw_run_step *step = gw_alloc(sizeof *step);
    *step = (struct gw_run_step){.next = run->steps, .outer = gw_task_context(task), .own = true};
    run->steps = step;
    gw_task_set_context(task, step);
    return 0;
}

/* leave_own() */
static int host_leave_own(lua_State *L)
{
    struct gw_task *task = gw_task_current(L);
    struct gw_run_step *step = task ? gw_task_context(task) : NULL;
    if (!step || !step->own) {
        return luaL_error(L, "leave_own: it was not entered");
    }
    gw_task_set_context(task, step->outer);
    return 0;
}

void gw_run_add_own(lua_State *L, struct gw_run *run)
{
    static const luaL_Reg functions[] = {
        {"enter_own", host_enter_own}, {"leave_own", host_leave_own}, {NULL, NULL}};
    static const char *const preflights[] = {"wanted", "left out", "none"};
    lua_pushlightuserdata(L, run);
    luaL_setfuncs(L, functions, 1);
    lua_pushstring(L, preflights[run->options.preflight]);
    lua_setfield(L, -2, "preflight");
    lua_pushstring(L, run->options.answers.on_foreign_change);
    lua_setfield(L, -2, "on_foreign_change");
}
