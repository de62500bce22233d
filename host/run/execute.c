/* execute: a run from its first event to its last, and how it is stopped before that.
 *
 * A stop in order: nothing more is sent, what is in flight is awaited, then the script is cancelled
 * where it stands. A stop at once does not await; such calls are told as "not known". */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "run/internal.h"

/* ---- stopping -------------------------------------------------------------------------------- */

static struct gw_view stop_cause(const struct gw_run *run, struct gw_arena *arena)
{
    switch (run->stop) {
    case GW_STOP_OUTPUT:
        return GW_VIEW("the output could not be written");
    case GW_STOP_JOURNAL:
        return gw_arena_printf(arena, "%s; the run stopped", run->journal_err.message);
    default:
        return GW_VIEW("interrupted");
    }
}

/* "interrupted in step 2 'Stop every task', after 1 changing call" */
static struct gw_view describe_stop(const struct gw_run *run, struct gw_arena *arena)
{
    struct gw_view text = stop_cause(run, arena);
    if (run->step_id) {
        text =
            gw_arena_printf(arena, "%s in step %s '%s'", text.data, run->step_id, run->step_name);
    }
    if (run->changes == 0) {
        return gw_arena_printf(arena, "%s; nothing was changed", text.data);
    }
    return gw_arena_printf(arena, "%s, after %d changing call%s", text.data, run->changes,
                           run->changes == 1 ? "" : "s");
}

static void set_ended(struct gw_run *run)
{
    run->ended = true;
    gw_run_child_ended(run);
}

static void end_stopped(struct gw_run *run)
{
    struct gw_arena *arena = gw_arena_new();
    set_ended(run);
    bool interrupted = run->stop != GW_STOP_OUTPUT && run->stop != GW_STOP_JOURNAL;
    if (interrupted && run->live && !run->finished_told) {
        run->exit_code = GW_EXIT_OK;
        gw_run_emit_finished(run, "ok", GW_EXIT_OK, GW_VIEW("ended by the operator"));
        gw_arena_free(arena);
        return;
    }
    run->exit_code = interrupted ? GW_EXIT_INTERRUPTED : GW_EXIT_FAILED;
    if (!run->finished_told) {
        gw_run_emit_finished(run, interrupted ? "interrupted" : "failed", run->exit_code,
                             describe_stop(run, arena));
    }
    gw_arena_free(arena);
}

void gw_run_stop_at_once(struct gw_run *run)
{
    if (run->executing && !run->ended) {
        run->stop = run->stop == GW_STOP_NONE ? GW_STOP_INTERRUPTED : run->stop;
        if (run->task) {
            gw_task_cancel(run->task);
            run->task = NULL;
        }
        end_stopped(run);
    }
}

static void stop_now(void *ctx)
{
    struct gw_run *run = ctx;
    run->stop_timer = NULL;
    gw_run_stop_at_once(run);
}

/* Not from here: a task must not be cancelled from inside its own call's end. */
static void schedule_stop(struct gw_run *run)
{
    if (!run->stop_timer && !run->ended) {
        run->stop_timer = gw_timer_start(run->options.loop, 0, stop_now, run);
    }
}

void gw_run_begin_stop(struct gw_run *run, enum gw_run_stop why)
{
    if (run->stop == GW_STOP_NONE && run->executing && !run->ended) {
        run->stop = why;
        gw_run_stop_children(run, why);
        if (run->in_flight == 0) {
            schedule_stop(run);
        } else {
            gw_run_emit_text(run, "warning",
                             GW_VIEW("stopping: waiting for the calls in flight; "
                                     "interrupt again to stop at once"));
        }
    }
}

bool gw_run_is_stopping(const struct gw_run *run)
{
    return run->stop != GW_STOP_NONE || run->interrupts > 1;
}

void gw_run_call_settled(struct gw_run *run)
{
    if (run->stop != GW_STOP_NONE && run->in_flight == 0) {
        schedule_stop(run);
    }
}

/* ---- interrupts ------------------------------------------------------------------------------ */

void gw_run_interrupt(struct gw_run *run)
{
    int saved = errno;
    run->interrupts++;
    if (run->interrupts > 1 && run->script) {
        gw_script_interrupt(run->script); /* an endless loop never gets to read the pipe */
    }
    if (run->interrupts > 3) { /* nor does a C function that takes for ever hear of it */
        static const char text[] = "gwrun: ended at once; the journal has what was done\n";
        ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
        (void)ignored;
        _exit(GW_EXIT_INTERRUPTED);
    }
    if (run->pipe[1] >= 0) {
        ssize_t written = write(run->pipe[1], "i", 1);
        (void)written; /* full: it will be read */
    }
    errno = saved;
}

static void on_pipe(void *ctx, int events)
{
    struct gw_run *run = ctx;
    char bytes[16];
    (void)events;
    while (read(run->pipe[0], bytes, sizeof bytes) > 0) {
    }
    gw_run_begin_stop(run, GW_STOP_INTERRUPTED);
    if (run->interrupts > 1 && run->executing) {
        schedule_stop(run);
    }
}

static void set_flags(int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

void gw_run_open_pipe(struct gw_run *run)
{
    int ends[2];
    if (pipe(ends) != 0) {
        gw_log(GW_LOG_WARN, "run: no pipe for signals: an interrupt ends the program at once");
        return;
    }
    set_flags(ends[0]);
    set_flags(ends[1]);
    run->pipe[0] = ends[0];
    run->pipe_watch = gw_watch_start(run->options.loop, ends[0],
                                     GW_WATCH_READ | GW_WATCH_BACKGROUND, on_pipe, run);
    run->pipe[1] = ends[1]; /* last: from here on a signal may use it */
}

void gw_run_close_pipe(struct gw_run *run)
{
    int ends[2] = {run->pipe[0], run->pipe[1]};
    run->pipe[1] = run->pipe[0] = -1;
    if (run->pipe_watch) {
        gw_watch_stop(run->pipe_watch);
        run->pipe_watch = NULL;
        close(ends[0]);
        close(ends[1]);
    }
}

/* ---- running --------------------------------------------------------------------------------- */

/* The engine answers for the runbook's errors; one that gets here is its own. */
static void end_broken(struct gw_run *run, lua_State *L)
{
    struct gw_err err = {0};
    gw_script_error_text(L, -1, &err);
    if (!run->finished_told) {
        gw_run_emit_finished(run, "failed", GW_EXIT_INTERNAL, gw_view_of(err.message));
    }
    run->exit_code = GW_EXIT_INTERNAL;
}

static void task_done(void *ctx, lua_State *L, bool ok)
{
    struct gw_run *run = ctx;
    run->task = NULL;
    if (run->ended) {
        return;
    }
    if (gw_run_is_stopping(run)) {
        end_stopped(run);
        return;
    }
    if (ok) {
        run->exit_code = (enum gw_exit)lua_tointeger(L, 1);
    } else {
        end_broken(run, L);
    }
    set_ended(run);
}

static void start(struct gw_run *run)
{
    lua_State *L = gw_script_state(run->script);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->host_ref);
    gw_push_view(L, run->target.region);
    lua_setfield(L, -2, "region");
    lua_pushstring(L, run->id);
    lua_setfield(L, -2, "id");
    lua_pushboolean(L, run->parent != NULL);
    lua_setfield(L, -2, "is_child");
    lua_pop(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->engine_ref);
    lua_getfield(L, -1, "run");
    lua_remove(L, -2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->declaration_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->params_ref);
    lua_pushstring(L, run->name);
    run->task = gw_task_start(run->script, L, 3, task_done, run);
}

/* A run without a journal, where there should be one, does nothing. */
static bool begin_journal(struct gw_run *run)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view id = gw_view_of(run->options.past);
    struct gw_err err = {0};
    bool ok = !run->options.journal || id.len > 0 ||
              gw_journal_begin(run->options.journal, gw_view_of(run->id), arena, &id, &err);
    if (ok && id.len > 0) {
        snprintf(run->id, sizeof run->id, "%.*s", GW_VIEW_ARGS(id));
    }
    gw_arena_free(arena);
    ok = ok && gw_run_claim(run, &err);
    if (!ok) {
        run->journal_failed = true; /* it says no more there */
        bool refused = err.code == GW_ERR_DENIED;
        run->exit_code = refused ? GW_EXIT_REFUSED : GW_EXIT_FAILED;
        gw_run_emit_finished(run, refused ? "refused" : "failed", run->exit_code,
                             gw_view_of(err.message));
        set_ended(run);
    }
    return ok;
}

/* Nothing can wake the script any more. */
static void end_stuck(struct gw_run *run)
{
    run->ended = true;
    run->exit_code = GW_EXIT_INTERNAL;
    gw_run_emit_finished(run, "failed", GW_EXIT_INTERNAL,
                         GW_VIEW("the script waits for something that cannot happen"));
}

void gw_run_begin(struct gw_run *run)
{
    run->executing = true;
    run->began_ms = gw_loop_now_ms(run->options.loop);
    if (begin_journal(run)) {
        start(run);
    }
}

void gw_run_end(struct gw_run *run)
{
    gw_timer_stop(run->stop_timer);
    run->stop_timer = NULL;
    gw_run_release_locks(run);
    run->executing = false;
}

enum gw_exit gw_run_execute(struct gw_run *run)
{
    gw_run_open_pipe(run);
    gw_run_begin(run);
    if (run->interrupts > 0) {
        gw_run_begin_stop(run, GW_STOP_INTERRUPTED);
    }
    while (!run->ended && gw_loop_step(run->options.loop)) {
    }
    if (!run->ended) {
        end_stuck(run);
    }
    gw_run_close_pipe(run);
    gw_run_end(run);
    return run->output_failed ? GW_EXIT_FAILED : run->exit_code;
}
