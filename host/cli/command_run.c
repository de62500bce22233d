/* command_run: gwrun RUNBOOK. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/internal.h"
#include "codec/codec.h"

/* The terminal for questions, where the operator sits at both ends: standard input, which with
 * "</dev/tty" is for reading only. */
int gw_cli_find_terminal(void)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        return -1;
    }
    bool writable = (fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE) == O_RDWR;
    return writable ? STDIN_FILENO : open("/dev/tty", O_RDWR | O_CLOEXEC);
}

/* ---- the last word --------------------------------------------------------------------------- */

struct ending {
    char *runbook, *text; /* of run.started and run.finished; NULL: not there yet */
    bool is_quiet;        /* there is no report: notes and warnings are told here */
};

static void keep(char **text, const struct gw_value *event, struct gw_view key)
{
    free(*text);
    *text = gw_view_dup(gw_map_text(event, key));
}

static void tell(const struct gw_value *event)
{
    fputs("gwrun: ", stderr);
    gw_cli_print(stderr, gw_map_text(event, GW_VIEW("text")));
    fputc('\n', stderr);
}

static void on_event(void *ctx, const struct gw_value *event)
{
    struct ending *ending = ctx;
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    if (ending->is_quiet &&
        (gw_view_equal(name, GW_VIEW("note")) || gw_view_equal(name, GW_VIEW("warning")))) {
        tell(event);
    }
    if (gw_map_get(event, GW_VIEW("child"))) {
        return; /* of a step; its run tells in the end what came of it */
    }
    if (gw_view_equal(name, GW_VIEW("run.started"))) {
        keep(&ending->runbook, event, GW_VIEW("runbook"));
    } else if (gw_view_equal(name, GW_VIEW("run.finished"))) {
        keep(&ending->text, event, GW_VIEW("text"));
    }
}

static bool are_one_place(int fd, int other_fd)
{
    struct stat one, other;
    return fstat(fd, &one) == 0 && fstat(other_fd, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* Who asked for one thing knows in which step that went wrong. */
static const char *without_step(const struct ending *ending)
{
    static const char prefix[] = "stopped in step 1: ";
    bool has_it = strncmp(ending->text, prefix, sizeof prefix - 1) == 0;
    return ending->text + (ending->is_quiet && has_it ? sizeof prefix - 1 : 0);
}

/* Who redirects standard output, to a file or to jq, still reads on standard error why it failed.
 */
static void tell_failure(const struct gw_run *run, const struct ending *ending,
                         enum gw_exit exit_code)
{
    bool shown = !ending->is_quiet && are_one_place(STDOUT_FILENO, STDERR_FILENO) &&
                 !gw_run_output_failed(run);
    bool is_named = ending->runbook && !ending->is_quiet;
    if (exit_code != GW_EXIT_OK && ending->text && !shown) {
        gw_cli_fail_with(exit_code, "%s%s%s", is_named ? ending->runbook : "", is_named ? ": " : "",
                         without_step(ending));
    }
}

/* ---- the run --------------------------------------------------------------------------------- */

bool gw_cli_needs_aws(const struct gw_value *facts)
{
    const struct gw_value *list = gw_map_get(gw_map_get(facts, GW_VIEW("needs")), GW_VIEW("aws"));
    return list && list->kind == GW_LIST && list->as.list.count > 0;
}

static bool load(struct gw_run *run, const struct gw_cli_options *options, struct gw_arena *arena,
                 struct gw_value *facts, struct gw_err *err)
{
    struct gw_buf path;
    gw_buf_init(&path, 4096);
    bool ok = gw_run_find(gw_cli_runbook_folders(arena), options->name, &path, err) &&
              gw_run_load(run, path.data, err) && gw_run_describe(run, arena, facts, err);
    gw_buf_clear(&path);
    return ok;
}

static bool read_params(struct gw_run *run, const struct gw_cli_options *options,
                        const struct gw_cli_past *past, enum gw_exit *exit_code, struct gw_err *err)
{
    struct gw_run_arguments arguments = {
        .args = options->rest, .count = options->rest_count, .written = past ? past->params : NULL};
    return gw_run_bind_args(run, &arguments, exit_code, err);
}

bool gw_cli_prepare(struct gw_cli_session *session, struct gw_run *run,
                    const struct gw_cli_options *options, const struct gw_cli_past *past,
                    struct gw_arena *arena, enum gw_exit *exit_code, struct gw_err *err)
{
    struct gw_value facts = {0};
    struct gw_run_target target;
    if (!load(run, options, arena, &facts, err) ||
        !gw_cli_check_flags(options->name, &facts, err)) {
        *exit_code = gw_cli_exit_of_load(err);
        return false;
    }
    gw_cli_set_current(run); /* it may ask, and leaves the terminal as it was */
    bool bound = read_params(run, options, past, exit_code, err);
    gw_cli_set_current(NULL);
    if (!bound) {
        return false;
    }
    if (!gw_cli_session_settle(session, gw_map_text(&facts, GW_VIEW("region")),
                               gw_cli_needs_aws(&facts), &target, err)) {
        *exit_code = gw_cli_exit_of(err);
        return false;
    }
    gw_run_set_target(run, &target);
    return true;
}

static enum gw_exit execute(struct gw_cli_session *session, struct gw_run *run,
                            const struct gw_cli_options *options, const struct gw_cli_past *past,
                            const struct ending *ending, struct gw_arena *arena)
{
    struct gw_err err = {0};
    enum gw_exit exit_code;
    if (!gw_cli_prepare(session, run, options, past, arena, &exit_code, &err)) {
        gw_cli_fail(&err);
        return exit_code;
    }
    gw_cli_set_current(run);
    exit_code = gw_run_execute(run);
    gw_cli_set_current(NULL);
    tell_failure(run, ending, exit_code);
    return exit_code;
}

/* GWRUN_RETENTION: runs that ended longer ago are taken out of the journal when another begins. */
static bool keep_house(struct gw_journal *journal, struct gw_err *err)
{
    const char *age = getenv("GWRUN_RETENTION");
    struct gw_err problem = {0};
    double seconds;
    int64_t count, now_ms = gw_clock_wall_ms();
    if (!age || !age[0]) {
        return true;
    }
    if (!gw_duration_read(gw_view_of(age), &seconds)) {
        return gw_fail(err, GW_ERR_INPUT,
                       "GWRUN_RETENTION: expected a duration such as 90d, got '%s'", age);
    }
    if (!gw_journal_prune(journal, now_ms - (int64_t)(1000 * seconds), now_ms, &count, &problem)) {
        gw_log(GW_LOG_WARN, "old runs are not taken out of the journal: %s", problem.message);
    }
    return true;
}

/* What is rehearsed or planned may go without a record; what changes something may not. */
static bool open_journal(const struct gw_cli_options *options, struct gw_run_options *run,
                         struct gw_err *err)
{
    struct gw_err problem = {0};
    run->journal = gw_cli_open_journal(options, options->sim, false, &problem);
    if (run->journal) {
        run->locks = gw_journal_locks(run->journal);
        return options->sim || options->plan || keep_house(run->journal, err);
    }
    if (options->sim || options->plan) {
        gw_log(GW_LOG_WARN, "this run is not kept: %s", problem.message);
        return true;
    }
    return gw_fail(err, problem.code,
                   "%s (nothing is run without a journal; --state DIR names "
                   "another place)",
                   problem.message);
}

/* A rehearsal is the same on every machine, for everybody. */
static void fill_identity(const struct gw_cli_options *options, struct gw_arena *arena,
                          struct gw_value *facts, struct gw_run_options *run)
{
    if (options->sim) {
        run->user = run->host = GW_VIEW("simulator");
        return;
    }
    *facts = gw_cli_run_facts(options, arena);
    run->facts = facts;
    run->user = gw_cli_user(arena);
    run->host = gw_cli_host(arena);
}

static struct gw_run_options run_options(const struct gw_cli_options *options,
                                         const struct gw_cli_past *past,
                                         struct gw_cli_session *session)
{
    struct gw_run_options out = {.loop = gw_cli_session_loop(session),
                                 .folders = gw_cli_stdlib_folders(),
                                 .modules = gw_stdlib_modules,
                                 .mode = options->plan ? GW_RUN_PLAN : GW_RUN_REAL,
                                 .read_only = options->read_only,
                                 .simulated = options->sim,
                                 .preflight = options->no_preflight ? GW_PREFLIGHT_LEFT_OUT
                                                                    : GW_PREFLIGHT_WANTED,
                                 .assume_yes = options->yes || (options->sim && !options->ask),
                                 .answers = {.on_failure = options->on_failure,
                                             .on_foreign_change = options->on_foreign_change,
                                             .on_uncertain = options->on_uncertain,
                                             .take_over = options->take_over,
                                             .wait_for_lock = options->wait_for_lock},
                                 .terminal_fd = gw_cli_find_terminal(),
                                 .seed = options->sim ? options->seed : 0,
                                 .past = past ? past->run : NULL,
                                 .undo = past && past->undo};
    out.flag_count = gw_cli_option_names(&out.flags);
    return out;
}

/* `manner` NULL: with a report. */
static int execute_in(const struct gw_cli_options *options, const struct gw_cli_past *past,
                      const struct gw_cli_manner *manner)
{
    struct gw_err err = {0};
    struct gw_cli_session_options session_options = {.cli = options};
    struct gw_cli_session *session = gw_cli_session_open(&session_options, &err);
    if (!session) {
        return gw_cli_fail(&err);
    }
    struct gw_arena *arena = gw_arena_new();
    struct gw_run_options run_options_ = run_options(options, past, session);
    struct gw_value facts;
    int exit_code;
    fill_identity(options, arena, &facts, &run_options_);
    run_options_.runbooks = gw_cli_runbook_folders(arena);
    if (!open_journal(options, &run_options_, &err)) {
        exit_code = gw_cli_fail_with(GW_EXIT_FAILED, "%s", err.message);
    } else {
        struct ending ending = {.is_quiet = manner && !options->plan};
        struct gw_report *report = ending.is_quiet ? NULL : gw_cli_open_report(options);
        run_options_.report = report;
        run_options_.on_event = on_event;
        run_options_.on_event_ctx = &ending;
        run_options_.bind = manner ? manner->bind : NULL;
        run_options_.bind_ctx = manner ? manner->bind_ctx : NULL;
        struct gw_run *run = gw_run_new(&run_options_);
        exit_code = execute(session, run, options, past, &ending, arena);
        free(ending.runbook);
        free(ending.text);
        gw_run_free(run);
        gw_report_free(report);
    }
    gw_journal_close(run_options_.journal);
    gw_arena_free(arena);
    gw_cli_session_close(session);
    return exit_code;
}

int gw_cli_execute(const struct gw_cli_options *options, const struct gw_cli_past *past)
{
    return execute_in(options, past, NULL);
}

int gw_cli_execute_quietly(const struct gw_cli_options *options, const struct gw_cli_manner *manner)
{
    return execute_in(options, NULL, manner);
}

int gw_cli_run(const struct gw_cli_options *options)
{
    return gw_cli_execute(options, NULL);
}
