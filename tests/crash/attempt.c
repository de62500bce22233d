/* attempt: the child: one run, new or going on, as gwrun carries it out. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "crash.h"

#define MAX_ARGS 16

/* ---- SIGKILL at a write ---------------------------------------------------------------------- */

static const struct attempt *current;
static int writes;

bool __real_gw_journal_append(struct gw_journal *journal, struct gw_view run,
                              const struct gw_value *event, enum gw_journal_sync sync, int64_t *seq,
                              struct gw_err *err);
bool __wrap_gw_journal_append(struct gw_journal *journal, struct gw_view run,
                              const struct gw_value *event, enum gw_journal_sync sync, int64_t *seq,
                              struct gw_err *err);

static void kill_at(enum kill_kind kind)
{
    if (current->kill == kind && writes == current->kill_at) {
        raise(SIGKILL);
    }
}

bool __wrap_gw_journal_append(struct gw_journal *journal, struct gw_view run,
                              const struct gw_value *event, enum gw_journal_sync sync, int64_t *seq,
                              struct gw_err *err)
{
    writes++;
    kill_at(KILL_BEFORE_WRITE);
    bool ok = __real_gw_journal_append(journal, run, event, sync, seq, err);
    kill_at(KILL_AFTER_WRITE);
    return ok;
}

/* ---- the run --------------------------------------------------------------------------------- */

struct child {
    const struct attempt *attempt;
    struct gw_arena *arena;
    struct gw_client *client;
    struct gw_journal *journal;
    struct gw_value params; /* of a run that goes on */
    const char *past;
};

static _Noreturn void fail(const char *what, const struct gw_err *err)
{
    fprintf(stderr, "crash: %s: %s\n", what, err->message);
    _exit(98);
}

static struct gw_client *get_client(void *ctx, struct gw_view region, struct gw_view profile,
                                    struct gw_err *err)
{
    struct child *child = ctx;
    (void)region;
    (void)profile;
    (void)err;
    return child->client;
}

/* Evidence is what the test compares. */
static void on_event(void *ctx, const struct gw_value *event)
{
    struct child *child = ctx;
    struct gw_buf text;
    if (!gw_view_equal(gw_map_text(event, GW_VIEW("event")), GW_VIEW("evidence"))) {
        return;
    }
    gw_buf_init(&text, (size_t)1 << 20);
    gw_json_write(gw_map_get(event, GW_VIEW("value")), NULL, &text);
    relay_tell(child->attempt->fd, gw_buf_view(&text));
    gw_buf_clear(&text);
}

static bool keep_params(void *ctx, const struct gw_value *event)
{
    struct child *child = ctx;
    const struct gw_value *params = gw_map_get(event, GW_VIEW("params"));
    if (params && gw_view_equal(gw_map_text(event, GW_VIEW("event")), GW_VIEW("run.started"))) {
        child->params = gw_value_copy(child->arena, params);
    }
    return true;
}

static void find_past(struct child *child)
{
    struct gw_journal_run run;
    struct gw_err err = {0};
    child->params = gw_value_map();
    if (!gw_journal_find(child->journal, GW_VIEW("last"), child->arena, &run, &err) ||
        !gw_journal_events(child->journal, run.id, 0, keep_params, child, &err)) {
        fail("last run", &err);
    }
    child->past = run.id.data;
}

static struct gw_client *open_client(const struct child *child, struct gw_loop *loop,
                                     struct gw_transport *transport)
{
    struct gw_err err = {0};
    struct gw_client_options options = {.loop = loop,
                                        .transport = transport,
                                        .config = gw_config_parse(GW_VIEW(""), GW_VIEW(""), &err),
                                        .settings = {.profile = GW_VIEW("default"),
                                                     .region = GW_VIEW("us-east-1"),
                                                     .retry_mode = GW_RETRY_STANDARD},
                                        .credentials = child->attempt->credentials,
                                        .user_agent = GW_VIEW("crash"),
                                        .seed = 7};
    return gw_client_new(&options);
}

static void open_journal(struct child *child)
{
    struct gw_err err = {0};
    struct gw_journal_options options = {.path = child->attempt->journal};
    if (!child->attempt->journal) {
        return;
    }
    child->journal = gw_journal_open(&options, &err);
    if (!child->journal) {
        fail("journal", &err);
    }
    if (child->attempt->what != NEW_RUN) {
        find_past(child);
    }
}

/* `more` ends with NULL, or is it. */
static void add_arguments(const char **args, size_t *count, const char *const *more)
{
    while (more && *more && *count < MAX_ARGS) {
        args[(*count)++] = *more++;
    }
}

static enum gw_exit execute(struct child *child, struct gw_loop *loop,
                            struct gw_transport *transport)
{
    const struct attempt *attempt = child->attempt;
    struct gw_err err = {0};
    enum gw_exit exit_code;
    struct gw_run_options options = {.loop = loop,
                                     .modules = gw_stdlib_modules,
                                     .mode = GW_RUN_REAL,
                                     .preflight = GW_PREFLIGHT_WANTED,
                                     .assume_yes = true,
                                     .answers = {.on_failure = attempt->on_failure},
                                     .terminal_fd = -1,
                                     .journal = child->journal,
                                     .locks =
                                         child->journal ? gw_journal_locks(child->journal) : NULL,
                                     .past = child->past,
                                     .undo = attempt->what == UNDO,
                                     .user = GW_VIEW("crash"),
                                     .host = GW_VIEW("test"),
                                     .on_event = on_event,
                                     .on_event_ctx = child};
    struct gw_run_target target = {
        .client = get_client, .ctx = child, .transport = transport, .region = GW_VIEW("us-east-1")};
    const char *args[MAX_ARGS];
    struct gw_run_arguments arguments = {.args = args,
                                         .written = child->past ? &child->params : NULL};
    add_arguments(args, &arguments.count, child->past ? NULL : attempt->args);
    add_arguments(args, &arguments.count, attempt->secrets);
    struct gw_report *report = NULL;
    if (getenv("CRASH_VERBOSE")) {
        report = gw_report_new(&(struct gw_report_options){.out = stderr, .verbose = true});
        options.report = report;
    }
    struct gw_run *run = gw_run_new(&options);
    if (!gw_run_load(run, attempt->script, &err) ||
        !gw_run_bind_args(run, &arguments, &exit_code, &err)) {
        fail(attempt->script, &err);
    }
    gw_run_set_target(run, &target);
    exit_code = gw_run_execute(run);
    gw_run_free(run);
    gw_report_free(report);
    return exit_code;
}

void attempt_run(const struct attempt *attempt)
{
    struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = attempt->now_ms};
    struct child child = {.attempt = attempt, .arena = gw_arena_new()};
    struct gw_loop *loop = gw_loop_new(&clock);
    struct gw_transport *transport = relay_open(attempt->fd, loop);
    current = attempt;
    child.client = open_client(&child, loop, transport);
    open_journal(&child);
    enum gw_exit exit_code = execute(&child, loop, transport);
    gw_journal_close(child.journal);
    _exit((int)exit_code);
}
