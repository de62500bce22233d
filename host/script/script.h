/* script: the Lua state: sandbox, tasks (coroutines on the loop), values <-> tables.
 * The only header that shows lua.h. Manual tags [-pops, +pushes, may raise] as in the Lua manual.
 */
#ifndef GW_SCRIPT_H
#define GW_SCRIPT_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "base/base.h"
#include "net/net.h"

/* ---- state ----------------------------------------------------------------------------------- */

struct gw_script;

/* Where `require "name"` looks: a file in the script's own folder, where the chunk that asks is not
 * trusted; then in the other folders; then the built-in modules. */
struct gw_script_module {
    const char *name;   /* "ecs", "sim.ecs" */
    const char *source; /* Lua text */
    size_t source_len;
};
struct gw_script_options {
    struct gw_loop *loop;
    const char *own_folder;     /* of a runbook; what is there is never trusted; NULL: none */
    const char *const *folders; /* NULL-terminated; NULL: none */
    const struct gw_script_module *modules; /* ends with name NULL; NULL: none */
    const char *const *open; /* NULL-terminated: the built-in ones for all chunks; NULL: all are */
    size_t memory_limit_bytes; /* of Lua and of gw_push_arena; 0: 512 MiB */
    int64_t busy_limit_ms;     /* processor time without waiting; 0: 10 s; then "endless loop?" */
    uint64_t seed;             /* of math.random; 0: another one at each start */
    /* Told of each module that comes from a folder, before it runs. NULL: nobody. */
    void (*loaded)(void *ctx, const char *path, struct gw_view text);
    void *loaded_ctx;
};

struct gw_script *gw_script_new(const struct gw_script_options *options);
void gw_script_free(struct gw_script *script); /* cancels all tasks */
lua_State *gw_script_state(struct gw_script *script);
struct gw_loop *gw_script_loop(struct gw_script *script);
struct gw_script *gw_script_of(lua_State *L); /* [-0, +0, -] the script this state belongs to */

/* Binds the module on top of the stack as `host.<name>`, which only trusted chunks may require:
 * modules with the name of a built-in one, built in or from a folder that is not the script's own,
 * and what gw_script_load is told to trust. [-1, +0, m] */
void gw_script_set_host(struct gw_script *script, const char *name);

/* Makes `name` a read-only global of every chunk: the value on top of the stack. [-1, +0, m] */
void gw_script_set_global(struct gw_script *script, const char *name);

/* Loads one text chunk into the sandbox and leaves the function on the stack; or false with
 * "file:line: what", and nothing on the stack. Binary chunks are refused. Does not run it.
 * `trusted` chunks may require host.*. */
bool gw_script_load(struct gw_script *script, struct gw_view text, const char *chunk_name,
                    bool trusted, struct gw_err *err);

/* Calls the function below its `nargs` arguments on the state's stack, outside any task: it cannot
 * wait, but the busy limit holds. Leaves `nresults` results; or false and nothing.
 * [-(nargs+1), +nresults|0, -] */
bool gw_script_call(struct gw_script *script, int nargs, int nresults, struct gw_err *err);

/* Async-signal-safe: Lua code that runs now raises "interrupted" soon. What waits is not touched:
 * cancel its tasks. */
void gw_script_interrupt(struct gw_script *script);

/* Async-signal-safe: does a script run so long past its busy limit that it does not hear of it, in
 * a C function that takes for ever? */
bool gw_script_is_stuck(void);

/* A Lua error value as an error: "file:line: message" for strings, tostring for others, no stack
 * trace; GW_ERR_INPUT unless it is a structured error. Does not raise. [-0, +0, -] */
void gw_script_error_text(lua_State *L, int index, struct gw_err *err);

/* ---- tasks ----------------------------------------------------------------------------------- */

/* A coroutine on the loop. Suspends only in gw_task_await. */
struct gw_task;

/* The outcome, on top of `L` (the task's thread): `ok`: its results, from index 1; else the error
 * value at the top. Valid during the call. */
typedef void (*gw_task_done_fn)(void *ctx, lua_State *L, bool ok);

/* Starts the function below its `nargs` arguments on the stack of the script's state, at the loop's
 * next turn. `done` is called once, also with an error; not after cancel. [-(nargs+1), +0, m] */
struct gw_task *gw_task_start(struct gw_script *script, lua_State *from, int nargs,
                              gw_task_done_fn done, void *ctx);
void gw_task_cancel(
    struct gw_task *task); /* closes its to-be-closed values and cancels what it awaits */
struct gw_task *gw_task_current(lua_State *L);        /* NULL outside a task */
struct gw_task *gw_task_parent(struct gw_task *task); /* who started it; NULL: the host */

/* One pointer for the engine to hang its state on a task; children inherit it at their start. */
void gw_task_set_context(struct gw_task *task, void *context);
void *gw_task_context(struct gw_task *task);

/* An operation that a task awaits. A binding creates it before it starts the operation, hands it to
 * the operation's callback as ctx, and returns gw_task_await(...). */
struct gw_wait;
/* Pushes the results on the stack of the binding when it resumes and returns how many; may raise.
 * NULL: no results. `ctx` is what gw_wait_push was given. */
typedef int (*gw_wait_push_fn)(lua_State *L, void *ctx);
typedef void (*gw_wait_cancel_fn)(void *ctx);

/* [-0, +1, e]: leaves an anchor on the stack; raises when the running function is not inside a
 * task. `cancel(ctx)` is called once if the anchor closes before gw_wait_finish: the task was
 * cancelled, or an error left the binding. What results need is better kept in an anchored arena
 * or userdata below: between gw_wait_finish and the task's turn a cancel calls neither function.
 * If `ctx` is the userdata on top of the stack, the anchor keeps it alive. */
struct gw_wait *gw_wait_push(lua_State *L, gw_wait_push_fn push, gw_wait_cancel_fn cancel,
                             void *ctx);
/* Ends the wait: the task resumes at the loop's next turn; may be called before gw_task_await too.
 */
void gw_wait_finish(struct gw_wait *wait);
/* Suspends the task until the wait is finished: `return gw_task_await(L, wait);` [-0, +?, e] */
int gw_task_await(lua_State *L, struct gw_wait *wait);

/* ---- conversion ------------------------------------------------------------------------------ */

/* Lua value at `index` -> value in `arena`. A table with only keys 1..n is a list, an empty table
 * is a map unless marked by json.array; others are maps (string keys only, in the order of their
 * keys, ordered maps in theirs). Limits: 64 levels, four million values. Does not raise. GW_NULL for nil and json.null. */
bool gw_to_value(lua_State *L, int index, struct gw_arena *arena, struct gw_value *out,
                 struct gw_err *err);

/* [-0, +1, m]; a GW_NULL inside a list or map is json.null, at the top nil; a secret becomes a
 * secret userdata; a list is marked as by json.array. */
void gw_push_value(lua_State *L, const struct gw_value *value);
/* The same, with maps that keep the value's order (ordered.c). [-0, +1, m] */
void gw_push_ordered(lua_State *L, const struct gw_value *value);
void gw_push_ordered_map(lua_State *L);     /* an empty one [-0, +1, m] */
void gw_push_null(lua_State *L);            /* json.null [-0, +1, -] */
bool gw_is_list(lua_State *L, int index);   /* marked as a json.array [-0, +0, -] */
void gw_mark_list(lua_State *L, int index); /* the table becomes a json.array [-0, +0, -] */

struct gw_view gw_check_view(lua_State *L, int arg); /* [-0, +0, v] borrowed from the stack */
struct gw_view gw_opt_view(lua_State *L, int arg);   /* the empty view for none or nil */
/* A scratch arena as a to-be-closed value on the stack. [-0, +1, m] */
struct gw_arena *gw_push_arena(lua_State *L);
struct gw_buf *gw_push_buf(lua_State *L, size_t limit_bytes); /* likewise */
void gw_push_view(lua_State *L, struct gw_view text);         /* [-0, +1, m] */

/* Pushes nil and the error as a structured value; returns 2. [-0, +2, m] */
int gw_push_fail(lua_State *L, const struct gw_err *err);
/* The error value alone: a table with fields kind ("input", "network", ...) and message, which
 * prints and concatenates as its message; the caller may add fields. [-0, +1, m] */
void gw_push_err(lua_State *L, const struct gw_err *err);

/* Secrets: a userdata that prints as "[secret]", wiped when collected. [-0, +1, m] */
void gw_push_secret(lua_State *L, struct gw_view text);
bool gw_to_secret(lua_State *L, int index, struct gw_view *out);
/* One whose text was not kept over a restart: it can be passed on, but not used. As a value it is
 * GW_NULL and secret. [-0, +1, m] */
void gw_push_lost_secret(lua_State *L);
bool gw_is_lost_secret(lua_State *L, int index);

#endif
