/* command_call: gwrun call SERVICE OPERATION, one call without a script. The call is a runbook of
 * the stdlib (stdlib/call.lua), so that the gate, the confirmation, the plan and the simulator are
 * those of every run; here is only what stands around it. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/internal.h"

#define SHOW_LIMIT_MS 600000 /* an answer of 64 MiB in a table takes its time */

struct ending {
    char *text; /* of run.finished */
    struct gw_report
        *verbose; /* tells of calls and retries on standard error; NULL: nobody asked */
};

/* That a call is the first step of a run is nothing to tell. */
static struct gw_view without_step(struct gw_view text)
{
    struct gw_view prefix = GW_VIEW("stopped in step 1: ");
    return gw_view_starts_with(text, prefix) ? gw_view_sub(text, prefix.len, GW_NPOS) : text;
}

static double number_of(const struct gw_value *event, struct gw_view key)
{
    const struct gw_value *value = gw_map_get(event, key);
    return !value ? 0 : value->kind == GW_INT ? (double)value->as.integer : value->as.number;
}

/* Of a stream, each second. */
static void tell_progress(const struct gw_value *event)
{
    double mib = 1024.0 * 1024.0;
    double done = number_of(event, GW_VIEW("done_bytes"));
    double total = number_of(event, GW_VIEW("total_bytes"));
    char text[80];
    if (total > 0) {
        snprintf(text, sizeof text, "%.1f of %.1f MiB", done / mib, total / mib);
    } else {
        snprintf(text, sizeof text, "%.1f MiB", done / mib);
    }
    gw_cli_progress(text);
}

static void on_event(void *ctx, const struct gw_value *event)
{
    struct ending *ending = ctx;
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    if (gw_view_equal(name, GW_VIEW("call.progress"))) {
        tell_progress(event);
        return;
    }
    if (ending->verbose &&
        (gw_view_equal(name, GW_VIEW("call")) || gw_view_equal(name, GW_VIEW("call.retry")))) {
        gw_cli_progress("");
        gw_report_event(ending->verbose, event);
    }
    if (gw_view_equal(name, GW_VIEW("run.finished"))) {
        free(ending->text);
        ending->text = gw_view_dup(without_step(gw_map_text(event, GW_VIEW("text"))));
    }
}

static struct gw_report *open_verbose(const struct gw_cli_options *options)
{
    struct gw_report_options report = {.kind = GW_REPORT_TEXT,
                                       .out = stderr,
                                       .colour = gw_cli_colour(options, stderr),
                                       .utf8 = gw_cli_utf8(),
                                       .columns = gw_cli_columns(stderr),
                                       .verbose = true};
    return options->verbose ? gw_report_new(&report) : NULL;
}

static bool prepare(struct gw_cli_session *session, struct gw_run *run, struct gw_arena *arena,
                    struct gw_err *err)
{
    struct gw_value facts = {0};
    struct gw_run_target target;
    struct gw_run_arguments none = {0}; /* its words are read elsewhere */
    enum gw_exit exit_code;             /* so that nothing can be wrong with them here */
    if (!gw_run_load_module(run, "call", err) || !gw_run_describe(run, arena, &facts, err) ||
        !gw_run_bind_args(run, &none, &exit_code, err) ||
        !gw_cli_session_settle(session, GW_VIEW_NONE, gw_cli_needs_aws(&facts), &target, err)) {
        return false;
    }
    gw_run_set_target(run, &target);
    return true;
}

static int execute(struct gw_cli_session *session, struct gw_run *run, const struct ending *ending)
{
    struct gw_err err = {0};
    struct gw_arena *arena = gw_arena_new();
    bool prepared = prepare(session, run, arena, &err);
    gw_arena_free(arena);
    if (!prepared) {
        return gw_cli_fail(&err);
    }
    gw_cli_set_current(run);
    enum gw_exit exit_code = gw_run_execute(run);
    gw_cli_set_current(NULL);
    gw_cli_progress("");
    if (exit_code != GW_EXIT_OK && ending->text) {
        fflush(stdout);
        gw_cli_fail_with(exit_code, "%s", ending->text);
    }
    return exit_code;
}

int gw_cli_call(const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    struct gw_cli_session_options session_options = {.cli = options};
    struct gw_cli_session *session = gw_cli_session_open(&session_options, &err);
    if (!session) {
        return gw_cli_fail(&err);
    }
    struct ending ending = {.verbose = open_verbose(options)};
    struct gw_cli_call call = {
        .options = options, .session = session, .terminal_fd = gw_cli_find_terminal()};
    struct gw_run_options run_options = {.loop = gw_cli_session_loop(session),
                                         .folders = gw_cli_stdlib_folders(),
                                         .modules = gw_stdlib_modules,
                                         .mode = options->plan ? GW_RUN_PLAN : GW_RUN_REAL,
                                         .read_only = options->read_only,
                                         .simulated = options->sim,
                                         .assume_yes =
                                             options->yes || (options->sim && !options->ask),
                                         .terminal_fd = call.terminal_fd,
                                         .seed = options->sim ? options->seed : 0,
                                         .busy_limit_ms = SHOW_LIMIT_MS,
                                         .on_event = on_event,
                                         .on_event_ctx = &ending,
                                         .bind = gw_cli_bind_call,
                                         .bind_ctx = &call};
    struct gw_run *run = gw_run_new(&run_options);
    int exit_code = execute(session, run, &ending);
    free(ending.text);
    gw_run_free(run);
    gw_report_free(ending.verbose);
    gw_cli_session_close(session);
    return exit_code;
}
