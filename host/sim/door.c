/* door: the way from C into sim.world, the module that answers for the simulated world. Arguments
 * and results cross as values; what may raise runs inside protected calls. */
#include "sim/internal.h"

struct question {
    struct gw_sim *sim;
    const char *function;
    const struct gw_value *args;
    size_t arg_count;
    struct gw_arena *arena;
    struct gw_value *out;
    struct gw_err *err;
    bool understood;
    gw_task_done_fn done; /* NULL: ask at once */
    void *ctx;
    struct gw_task *task;
};

/* [-0, +1 + arg_count, e] */
static void push_question(lua_State *L, const struct question *question)
{
    luaL_checkstack(L, (int)question->arg_count + 2, NULL);
    lua_rawgeti(L, LUA_REGISTRYINDEX, question->sim->door);
    lua_getfield(L, -1, question->function);
    lua_remove(L, -2);
    for (size_t i = 0; i < question->arg_count; i++) {
        gw_push_value(L, &question->args[i]);
    }
}

static int perform(lua_State *L)
{
    struct question *question = lua_touserdata(L, 1);
    push_question(L, question);
    if (question->done) {
        question->task = gw_task_start(question->sim->script, L, (int)question->arg_count,
                                       question->done, question->ctx);
        return 0;
    }
    lua_call(L, (int)question->arg_count, 1);
    question->understood = gw_to_value(L, -1, question->arena, question->out, question->err);
    return 0;
}

static bool put(struct question *question)
{
    lua_State *L = gw_script_state(question->sim->script);
    lua_pushcfunction(L, perform);
    lua_pushlightuserdata(L, question);
    return gw_script_call(question->sim->script, 1, 0, question->err);
}

bool gw_sim_ask(struct gw_sim *sim, const char *function, const struct gw_value *args,
                size_t arg_count, struct gw_arena *arena, struct gw_value *out, struct gw_err *err)
{
    struct question question = {.sim = sim,
                                .function = function,
                                .args = args,
                                .arg_count = arg_count,
                                .arena = arena,
                                .out = out,
                                .err = err};
    return put(&question) && question.understood;
}

struct gw_task *gw_sim_start(struct gw_sim *sim, const char *function, const struct gw_value *args,
                             size_t arg_count, gw_task_done_fn done, void *ctx, struct gw_err *err)
{
    struct question question = {.sim = sim,
                                .function = function,
                                .args = args,
                                .arg_count = arg_count,
                                .err = err,
                                .done = done,
                                .ctx = ctx};
    return put(&question) ? question.task : NULL;
}

static int keep_door(lua_State *L)
{
    struct gw_sim *sim = lua_touserdata(L, 1);
    lua_call(L, 0, 1);
    sim->door = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

bool gw_sim_open_door(struct gw_sim *sim, struct gw_err *err)
{
    lua_State *L = gw_script_state(sim->script);
    lua_pushcfunction(L, keep_door);
    lua_pushlightuserdata(L, sim);
    if (!gw_script_load(sim->script, GW_VIEW("return require 'sim.world'"), "=simulator", true,
                        err)) {
        lua_pop(L, 2);
        return false;
    }
    return gw_script_call(sim->script, 2, 0, err);
}
