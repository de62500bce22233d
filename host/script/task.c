/* task: coroutines on the loop, and the one way to suspend them.
 *
 * A thread suspends by yielding two light userdata: a mark, and the wait it is suspended on. A
 * coroutine inside a task passes the pair on to its resumer (coroutine.c), so it always arrives at
 * the task. Only then is the task bound to the wait, and finishing the wait starts a timer that
 * resumes it at the loop's next turn; so Lua never runs inside the callback of an operation.
 *
 * A task keeps a list of its unfinished waits. Normally an anchor closes with its frame; the list
 * covers the frames that Lua drops without closing, such as those of an abandoned coroutine. */
#include <stdlib.h>

#include "script/internal.h"

#define MAX_TASKS 20000

enum state { STATE_READY, STATE_RUNNING, STATE_WAITING, STATE_ENDED };

struct gw_task {
    struct gw_script *script;
    lua_State *thread;
    struct gw_task *parent;
    struct gw_task *next, *previous;
    struct gw_timer *timer; /* while it is due to run */
    struct gw_wait *wait;   /* what it is suspended on */
    struct gw_wait *waits;  /* all that are unfinished */
    gw_task_done_fn done;
    void *ctx;
    void *context;
    int arg_count;
    enum state state;
    bool cancelled;
};

/* A userdata; unfinished exactly while `task` is set. */
struct gw_wait {
    struct gw_task *task;
    struct gw_wait *next;
    gw_wait_push_fn push;
    gw_wait_cancel_fn cancel;
    void *ctx;
};

static const char yield_mark;

/* ---- waits ---------------------------------------------------------------------------------- */

static void unlink_wait(struct gw_wait *wait)
{
    struct gw_wait **link = &wait->task->waits;
    while (*link != wait) {
        link = &(*link)->next;
    }
    *link = wait->next;
    wait->task = NULL;
}

static void cancel_wait(struct gw_wait *wait)
{
    if (wait->task) {
        unlink_wait(wait);
        if (wait->cancel) {
            wait->cancel(wait->ctx);
        }
    }
}

static int close_wait(lua_State *L)
{
    cancel_wait(lua_touserdata(L, 1));
    return 0;
}

static void check_may_wait(lua_State *L, struct gw_task *task)
{
    if (!task) {
        luaL_error(L, "cannot wait here: not inside a task");
    } else if (task->cancelled) {
        luaL_error(L, "cannot wait: the task is cancelled");
    } else if (!lua_isyieldable(L) || !lua_isyieldable(task->thread)) {
        luaL_error(L, "cannot wait here: inside a module's own code, a sort order, a gsub "
                      "replacement or a metamethod");
    }
}

struct gw_wait *gw_wait_push(lua_State *L, gw_wait_push_fn push, gw_wait_cancel_fn cancel,
                             void *ctx)
{
    struct gw_task *task = gw_task_current(L);
    check_may_wait(L, task);
    bool ctx_is_userdata = ctx && lua_gettop(L) > 0 && lua_touserdata(L, -1) == ctx;
    struct gw_wait *wait = lua_newuserdatauv(L, sizeof *wait, 1);
    *wait = (struct gw_wait){.push = push, .cancel = cancel, .ctx = ctx};
    if (ctx_is_userdata) { /* if the frame is dropped, it lives as long as cancel may need it */
        lua_pushvalue(L, -2);
        lua_setiuservalue(L, -2, 1);
    }
    gw_script_set_meta(L, GW_SLOT_WAIT);
    lua_toclose(L, -1);
    wait->task = task;
    wait->next = task->waits;
    task->waits = wait;
    return wait;
}

int gw_task_yield(lua_State *L, struct gw_wait *wait, lua_KContext ctx, lua_KFunction resumed)
{
    lua_pushlightuserdata(L, (void *)&yield_mark);
    lua_pushlightuserdata(L, wait);
    return lua_yieldk(L, 2, ctx, resumed);
}

struct gw_wait *gw_task_awaited(lua_State *thread)
{
    bool marked = lua_status(thread) == LUA_YIELD && lua_gettop(thread) >= 2 &&
                  lua_touserdata(thread, -2) == &yield_mark;
    return marked ? lua_touserdata(thread, -1) : NULL;
}

void gw_task_clear_yield(lua_State *thread)
{
    lua_pop(thread, 2);
}

static int push_outcome(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct gw_wait *wait = (struct gw_wait *)ctx;
    return wait->push ? wait->push(L, wait->ctx) : 0;
}

int gw_task_await(lua_State *L, struct gw_wait *wait)
{
    return gw_task_yield(L, wait, (lua_KContext)wait, push_outcome);
}

/* ---- running -------------------------------------------------------------------------------- */

static void close_task(struct gw_task *task);
static void run_task(void *ctx);

static void schedule(struct gw_task *task)
{
    task->timer = gw_timer_start(task->script->loop, 0, run_task, task);
}

void gw_wait_finish(struct gw_wait *wait)
{
    struct gw_task *task = wait->task;
    if (!task) {
        return;
    }
    unlink_wait(wait);
    if (task->state == STATE_WAITING && task->wait == wait) {
        schedule(task);
    }
}

/* The protected call lets to-be-closed values of a failed function wait, for example to release a
 * lock; lua_resume alone would leave them to be closed from outside the thread, and without limits
 * where it was a limit that ended it: a thread that dies in a hook has hooks no more. */
static int body_ended(lua_State *L, int status, lua_KContext unused)
{
    (void)unused;
    if (status != LUA_OK && status != LUA_YIELD) {
        return lua_error(L);
    }
    return lua_gettop(L);
}

int gw_script_thread_body(lua_State *L)
{
    return body_ended(L, lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 0, body_ended), 0);
}

static void cancel_waits(struct gw_task *task)
{
    while (task->waits) {
        cancel_wait(task->waits);
    }
}

lua_State *gw_task_thread(const struct gw_task *task)
{
    return task->thread;
}

static void release(struct gw_task *task)
{
    struct gw_script *script = task->script;
    script->task_count--;
    task->state = STATE_ENDED;
    cancel_waits(task);
    for (struct gw_task *other = script->tasks; other; other = other->next) {
        if (other->parent == task) {
            other->parent = NULL;
        }
    }
    *(task->previous ? &task->previous->next : &script->tasks) = task->next;
    if (task->next) {
        task->next->previous = task->previous;
    }
    lua_pushnil(script->L);
    lua_rawsetp(script->L, LUA_REGISTRYINDEX, task->thread);
    free(task);
}

static void finish(struct gw_task *task, int status)
{
    task->state = STATE_ENDED;
    if (status != LUA_OK) {
        gw_script_close_thread(task->thread, NULL); /* keeps the error value */
    }
    if (!task->cancelled && task->done) {
        task->done(task->ctx, task->thread, status == LUA_OK);
    }
    release(task);
}

static void suspend(struct gw_task *task)
{
    task->wait = gw_task_awaited(task->thread);
    task->state = STATE_WAITING;
    if (task->cancelled) {
        close_task(task);
    } else if (!task->wait->task) {
        schedule(task);
    }
}

static void run_task(void *ctx)
{
    struct gw_task *task = ctx;
    struct gw_script *script = task->script;
    int arg_count = 0, result_count = 0;
    if (task->state == STATE_READY) {
        arg_count = task->arg_count;
    } else {
        gw_task_clear_yield(task->thread);
    }
    task->timer = NULL;
    task->wait = NULL;
    task->state = STATE_RUNNING;

    struct gw_task *outer = script->running;
    script->running = task;
    gw_script_enter(script);
    int status = lua_resume(task->thread, NULL, arg_count, &result_count);
    gw_script_leave(script);
    script->running = outer;

    if (status == LUA_YIELD) {
        suspend(task);
    } else {
        finish(task, status);
    }
}

struct gw_task *gw_task_start(struct gw_script *script, lua_State *from, int nargs,
                              gw_task_done_fn done, void *ctx)
{
    luaL_checkstack(from, 2, NULL);
    if (script->task_count >= MAX_TASKS) {
        luaL_error(from, "more than %d tasks at once; 'limit' of parallel keeps them fewer",
                   MAX_TASKS);
    }
    lua_State *thread = lua_newthread(from); /* function arguments thread */
    if (!lua_checkstack(thread, nargs + 2)) {
        luaL_error(from, "task: too many arguments (%d)", nargs);
    }
    lua_pushvalue(from, -1);
    lua_rawsetp(from, LUA_REGISTRYINDEX, thread);
    lua_insert(from, -(nargs + 2)); /* thread function arguments */
    lua_pushcfunction(thread, gw_script_thread_body);
    lua_xmove(from, thread, nargs + 1);
    lua_pop(from, 1);

    struct gw_task *task = gw_alloc(sizeof *task);
    *task = (struct gw_task){.script = script,
                             .thread = thread,
                             .parent = script->running,
                             .next = script->tasks,
                             .done = done,
                             .ctx = ctx,
                             .arg_count = nargs + 1,
                             .state = STATE_READY};
    task->context = task->parent ? task->parent->context : NULL;
    if (task->next) {
        task->next->previous = task;
    }
    script->tasks = task;
    script->task_count++;
    schedule(task);
    return task;
}

/* ---- cancelling ----------------------------------------------------------------------------- */

static void close_task(struct gw_task *task)
{
    struct gw_script *script = task->script;
    struct gw_task *outer = script->running;
    task->state = STATE_ENDED; /* whatever its waits do now, it is not resumed */
    cancel_waits(task);        /* first: without memory Lua may close an arena but not the wait */
    script->running = task;
    gw_script_enter(script);
    if (gw_script_close_thread(task->thread, NULL) != LUA_OK) {
        struct gw_err err = {0};
        gw_script_error_text(task->thread, -1, &err);
        gw_log(GW_LOG_WARN, "task: error while it was cancelled: %s", err.message);
    }
    gw_script_leave(script);
    script->running = outer;
    release(task);
}

void gw_task_cancel(struct gw_task *task)
{
    if (task->cancelled || task->state == STATE_ENDED) {
        return;
    }
    task->cancelled = true;
    if (task->state != STATE_RUNNING) { /* a running one ends at its next suspension */
        gw_timer_stop(task->timer);
        close_task(task);
    }
}

/* ---- asking --------------------------------------------------------------------------------- */

struct gw_task *gw_task_current(lua_State *L)
{
    return gw_script_of(L)->running;
}

struct gw_task *gw_task_parent(struct gw_task *task)
{
    return task->parent;
}

void gw_task_set_context(struct gw_task *task, void *context)
{
    task->context = context;
}

void *gw_task_context(struct gw_task *task)
{
    return task->context;
}

bool gw_task_owns_thread(lua_State *L)
{
    struct gw_task *running = gw_script_of(L)->running;
    return running && running->thread == L;
}

void gw_script_open_tasks(struct gw_script *script)
{
    static const luaL_Reg wait[] = {{"__close", close_wait}, {"__gc", close_wait}, {NULL, NULL}};
    gw_script_new_meta(script, GW_SLOT_WAIT, "wait", wait);
}
