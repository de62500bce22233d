/* host.task: sleep, parallel and timeout; lock is in task_lock.c.
 *
 * A group is a set of child tasks that one binding waits for. It starts at most `limit` workers;
 * each takes the next function when it has finished one. Functions run under a protected call, so a
 * failure is a value that the worker leaves in the group; then the others are cancelled and the
 * binding raises it. The group is a userdata on the stack of the binding and of each worker, and
 * kept by the binding's anchor: it outlives all that point to it. */
#include <stdlib.h>

#include "bind/internal.h"
#include "codec/codec.h"

#define MAX_SECONDS 1e9 /* thirty years */

static struct gw_loop *loop_of(lua_State *L)
{
    return gw_script_loop(gw_script_of(L));
}

static int64_t check_delay_ms(lua_State *L, int arg)
{
    double seconds = luaL_checknumber(L, arg);
    luaL_argcheck(L, seconds >= 0 && seconds <= MAX_SECONDS, arg,
                  "seconds expected, from 0 to 1e9");
    int64_t ms = (int64_t)(seconds * 1000);
    return (double)ms < seconds * 1000 ? ms + 1 : ms;
}

/* ---- sleep ---------------------------------------------------------------------------------- */

struct nap {
    struct gw_timer *timer;
    struct gw_wait *wait;
};

static void nap_ended(void *ctx)
{
    struct nap *nap = ctx;
    gw_wait_finish(nap->wait);
}

static void nap_cancelled(void *ctx)
{
    struct nap *nap = ctx;
    gw_timer_stop(nap->timer);
}

/* sleep(seconds), on the loop's clock. */
static int task_sleep(lua_State *L)
{
    int64_t delay_ms = check_delay_ms(L, 1);
    struct nap *nap = lua_newuserdatauv(L, sizeof *nap, 0);
    nap->timer = NULL;
    nap->wait = gw_wait_push(L, NULL, nap_cancelled, nap);
    nap->timer = gw_timer_start(loop_of(L), delay_ms, nap_ended, nap);
    return gw_task_await(L, nap->wait);
}

/* ---- groups --------------------------------------------------------------------------------- */

struct worker {
    struct group *group;
    struct gw_task *task; /* NULL once it has ended */
};

struct group {
    struct gw_wait *wait;
    struct gw_timer *timer; /* of timeout */
    int64_t delay_ms;
    lua_Integer function_count, taken;
    int result_count;               /* of timeout */
    bool keeps_all;                 /* all results of the one function, not the first of each */
    bool failed, raised, timed_out; /* raised: the value is kept; else there was no memory for it */
    size_t worker_count, alive;
    struct worker workers[];
};

enum { GROUP_ERROR = 1 }; /* user value */

/* The worker's stack. */
enum { WORKER_GROUP = 1, WORKER_FUNCTIONS, WORKER_RESULTS };

/* The binding's stack; timeout has neither options nor names. */
enum { STACK_ITEMS = 1, STACK_OPTIONS, STACK_NAMES, STACK_FUNCTIONS, STACK_RESULTS, STACK_GROUP };

static void stop_workers(struct group *group)
{
    for (size_t i = 0; i < group->worker_count; i++) {
        struct gw_task *task = group->workers[i].task;
        if (task) {
            group->workers[i].task = NULL;
            group->alive--;
            gw_task_cancel(task);
        }
    }
}

static void group_cancelled(void *ctx)
{
    struct group *group = ctx;
    gw_timer_stop(group->timer);
    group->timer = NULL;
    stop_workers(group);
}

static void group_timed_out(void *ctx)
{
    struct group *group = ctx;
    group->timer = NULL;
    group->timed_out = true;
    stop_workers(group);
    gw_wait_finish(group->wait);
}

static void worker_done(void *ctx, lua_State *L, bool ok)
{
    (void)L;
    struct worker *worker = ctx;
    struct group *group = worker->group;
    worker->task = NULL;
    group->alive--;
    group->failed = group->failed || !ok;
    if (group->failed) {
        stop_workers(group);
    }
    if (group->alive == 0) {
        gw_timer_stop(group->timer);
        group->timer = NULL;
        gw_wait_finish(group->wait);
    }
}

/* The results of function number `taken` are above the worker's own values. */
static void keep_results(lua_State *L, struct group *group, lua_Integer number)
{
    if (!group->keeps_all) {
        lua_rawseti(L, WORKER_RESULTS, number);
        return;
    }
    group->result_count = lua_gettop(L) - WORKER_RESULTS;
    for (int i = group->result_count; i > 0; i--) {
        lua_rawseti(L, WORKER_RESULTS, i);
    }
}

/* `number` is that of the function that has just returned; 0: none yet. */
static int work(lua_State *L, int status, lua_KContext number)
{
    struct group *group = lua_touserdata(L, WORKER_GROUP);
    for (;;) {
        if (status != LUA_OK && status != LUA_YIELD) {
            lua_setiuservalue(L, WORKER_GROUP, GROUP_ERROR);
            group->failed = group->raised = true;
            return 0;
        }
        if (number > 0) {
            keep_results(L, group, number);
        }
        if (group->taken == group->function_count) {
            return 0;
        }
        number = ++group->taken;
        lua_rawgeti(L, WORKER_FUNCTIONS, number);
        status = lua_pcallk(L, 0, group->keeps_all ? LUA_MULTRET : 1, 0, number, work);
    }
}

static int start_work(lua_State *L)
{
    return work(L, LUA_OK, 0);
}

/* Leaves the group at STACK_GROUP. [-0, +1, m] */
static struct group *push_group(lua_State *L, size_t worker_count)
{
    size_t bytes = sizeof(struct group) + worker_count * sizeof(struct worker);
    struct group *group = lua_newuserdatauv(L, bytes, 1);
    *group = (struct group){.worker_count = worker_count};
    for (size_t i = 0; i < worker_count; i++) {
        group->workers[i] = (struct worker){.group = group};
    }
    return group;
}

/* Starts the workers beside an anchor that would stop them, and suspends. */
static int run_group(lua_State *L, struct group *group, gw_wait_push_fn push)
{
    group->wait = gw_wait_push(L, push, group_cancelled, group);
    for (size_t i = 0; i < group->worker_count; i++) {
        struct worker *worker = &group->workers[i];
        lua_pushcfunction(L, start_work);
        lua_pushvalue(L, STACK_GROUP);
        lua_pushvalue(L, STACK_FUNCTIONS);
        lua_pushvalue(L, STACK_RESULTS);
        worker->task = gw_task_start(gw_script_of(L), L, 3, worker_done, worker);
        group->alive++;
    }
    if (group->delay_ms > 0) {
        group->timer = gw_timer_start(loop_of(L), group->delay_ms, group_timed_out, group);
    }
    return gw_task_await(L, group->wait);
}

static void raise_failure(lua_State *L, const struct group *group)
{
    if (!group->failed) {
        return;
    }
    if (group->raised) {
        lua_getiuservalue(L, STACK_GROUP, GROUP_ERROR);
    } else {
        lua_pushliteral(L, "not enough memory");
    }
    lua_error(L);
}

/* ---- parallel ------------------------------------------------------------------------------- */

static int push_results(lua_State *L, void *ctx)
{
    struct group *group = ctx;
    raise_failure(L, group);
    lua_pushvalue(L, STACK_RESULTS);
    if (lua_isnil(L, STACK_NAMES)) {
        return 1;
    }
    lua_createtable(L, 0, (int)group->function_count);
    for (lua_Integer i = 1; i <= group->function_count; i++) {
        lua_rawgeti(L, STACK_NAMES, i);
        lua_rawgeti(L, STACK_RESULTS, i);
        lua_rawset(L, -3);
    }
    return 1;
}

static int compare_names(const void *left, const void *right)
{
    const struct gw_view *a = left, *b = right;
    return gw_view_compare(*a, *b);
}

/* table -> list of its keys, in order: functions start in the same order each time */
static int sorted_names(lua_State *L)
{
    struct gw_view *names = NULL;
    size_t count = 0;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        count++;
    }
    names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
    count = 0;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            return luaL_error(L, "parallel: items must be a list, or all of them named");
        }
        names[count].data = lua_tolstring(L, -1, &names[count].len);
        count++;
    }
    qsort(names, count, sizeof *names, compare_names);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        gw_push_view(L, names[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* Leaves nil for a list, the names for a map. */
static void push_names(lua_State *L)
{
    lua_Integer count = 0;
    lua_pushnil(L);
    while (lua_next(L, STACK_ITEMS)) {
        lua_pop(L, 1);
        count++;
    }
    if (count == (lua_Integer)lua_rawlen(L, STACK_ITEMS)) {
        lua_pushnil(L);
        return;
    }
    lua_pushcfunction(L, sorted_names);
    lua_pushvalue(L, STACK_ITEMS);
    lua_call(L, 1, 1);
}

static void check_function(lua_State *L, lua_Integer number)
{
    if (lua_isfunction(L, -1)) {
        return;
    }
    const char *type = luaL_typename(L, -1);
    if (lua_isnil(L, STACK_NAMES)) {
        luaL_error(L, "parallel: item %I is a %s, expected a function", number, type);
    }
    lua_rawgeti(L, STACK_NAMES, number);
    luaL_error(L, "parallel: item '%s' is a %s, expected a function", lua_tostring(L, -1), type);
}

/* Leaves the functions as a list of their own and returns how many. */
static lua_Integer push_functions(lua_State *L)
{
    bool named = !lua_isnil(L, STACK_NAMES);
    lua_Integer count = (lua_Integer)lua_rawlen(L, named ? STACK_NAMES : STACK_ITEMS);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        if (named) {
            lua_rawgeti(L, STACK_NAMES, i);
            lua_rawget(L, STACK_ITEMS);
        } else {
            lua_rawgeti(L, STACK_ITEMS, i);
        }
        check_function(L, i);
        lua_rawseti(L, STACK_FUNCTIONS, i);
    }
    return count;
}

static lua_Integer check_limit(lua_State *L)
{
    static const char *const names[] = {"limit", NULL};
    gw_check_options(L, STACK_OPTIONS, "parallel", names);
    if (lua_isnil(L, STACK_OPTIONS)) {
        return LUA_MAXINTEGER;
    }
    lua_getfield(L, STACK_OPTIONS, "limit");
    lua_Integer limit = lua_isnil(L, -1) ? LUA_MAXINTEGER : 0;
    if (lua_isinteger(L, -1)) {
        limit = lua_tointeger(L, -1);
    }
    lua_pop(L, 1);
    if (limit < 1) {
        luaL_error(L, "parallel: limit must be an integer from 1 up");
    }
    return limit;
}

/* parallel(functions [, {limit=}]) -> their first results, as a list or by name. At most `limit`
 * run at once. The first failure cancels the others and is raised. */
static int task_parallel(lua_State *L)
{
    luaL_checktype(L, STACK_ITEMS, LUA_TTABLE);
    lua_settop(L, STACK_OPTIONS);
    lua_Integer limit = check_limit(L);
    push_names(L);
    lua_Integer count = push_functions(L);
    lua_createtable(L, (int)count, 0);
    if (lua_isnil(L, STACK_NAMES)) {
        gw_mark_list(L, STACK_RESULTS);
    }
    if (count == 0) {
        return 1;
    }
    struct group *group = push_group(L, (size_t)(count < limit ? count : limit));
    group->function_count = count;
    return run_group(L, group, push_results);
}

/* As the __call of a table, which comes before the arguments. */
static int task_call_parallel(lua_State *L)
{
    lua_remove(L, 1);
    return task_parallel(L);
}

/* ---- timeout -------------------------------------------------------------------------------- */

static void raise_timeout(lua_State *L, const struct group *group)
{
    struct gw_err err = {0};
    struct gw_buf *text = gw_push_buf(L, 64);
    gw_duration_write((double)group->delay_ms / 1000, text);
    gw_fail(&err, GW_ERR_TIMEOUT, "timeout: not finished after %.*s",
            GW_VIEW_ARGS(gw_buf_view(text)));
    gw_push_err(L, &err);
    lua_error(L);
}

static int push_timed_results(lua_State *L, void *ctx)
{
    struct group *group = ctx;
    if (group->timed_out) {
        raise_timeout(L, group);
    }
    raise_failure(L, group);
    luaL_checkstack(L, group->result_count, "too many results");
    for (int i = 1; i <= group->result_count; i++) {
        lua_rawgeti(L, STACK_RESULTS, i);
    }
    return group->result_count;
}

/* timeout(seconds, function) -> its results; or it is cancelled, and an error of kind "timeout" is
 * raised. */
static int task_timeout(lua_State *L)
{
    int64_t delay_ms = check_delay_ms(L, 1);
    luaL_argcheck(L, delay_ms > 0, 1, "more than 0 seconds expected");
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, STACK_NAMES);
    lua_createtable(L, 1, 0); /* functions */
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, 1);
    lua_newtable(L); /* results */
    struct group *group = push_group(L, 1);
    group->function_count = 1;
    group->keeps_all = true;
    group->delay_ms = delay_ms;
    return run_group(L, group, push_timed_results);
}

void gw_bind_task(struct gw_script *script)
{
    static const luaL_Reg functions[] = {{"sleep", task_sleep},
                                         {"parallel", task_parallel},
                                         {"call_parallel", task_call_parallel},
                                         {"lock", gw_bind_task_lock},
                                         {"timeout", task_timeout},
                                         {NULL, NULL}};
    luaL_newlib(gw_script_state(script), functions);
    gw_script_set_host(script, "task");
}
