/* run: one run of one runbook: load, plan, apply, resume, undo. Owns the gate that every binding asks
 * before it acts, and the event stream of the run. */
#ifndef GW_RUN_H
#define GW_RUN_H

#include "base/base.h"
#include "journal/journal.h"
#include "net/net.h"
#include "report/report.h"
#include "script/script.h"

/* The program's exit codes, documented in README.md; stable. */
enum gw_exit {
    GW_EXIT_OK = 0,
    GW_EXIT_FAILED = 1,      /* a step failed; the run stopped there */
    GW_EXIT_USAGE = 2,       /* unknown option, bad parameter, no such runbook */
    GW_EXIT_PROBLEM = 3,     /* ran to its end, but a check is not satisfied */
    GW_EXIT_REFUSED = 4,     /* a change was not confirmed, or a capability was not declared */
    GW_EXIT_SCRIPT = 5,      /* the script is broken: syntax, declaration, unexpected Lua error */
    GW_EXIT_CREDENTIALS = 6, /* none found, incomplete, expired, not allowed */
    GW_EXIT_UNREACHABLE = 7, /* AWS could not be reached, or what answered is not AWS */
    GW_EXIT_INTERNAL = 70,   /* a defect in this program */
    GW_EXIT_INTERRUPTED = 130
};

enum gw_run_mode { GW_RUN_REAL, GW_RUN_PLAN };

/* Does a run look first whether everything is there that it needs? Left out by the operator it is
 * missed, and a warning says so. */
enum gw_preflight { GW_PREFLIGHT_WANTED, GW_PREFLIGHT_LEFT_OUT, GW_PREFLIGHT_NONE };

/* What is answered in the operator's place; NULL: nothing. */
struct gw_run_answers {
    const char *on_failure;        /* "retry", "skip", "undo", "stop" */
    const char *on_foreign_change; /* "stop", "accept" */
    const char *on_uncertain;      /* "applied", "again" */
    const char *take_over;         /* why a lock that another holds may be taken */
    bool wait_for_lock;
};

struct gw_client; /* aws/aws.h */

/* Sees each event as the renderers do. */
typedef void (*gw_run_event_fn)(void *ctx, const struct gw_value *event);

struct gw_run_options {
    struct gw_loop *loop;
    /* Modules are looked for in the runbook's own folder, in these, then in `modules`. */
    const char *const *folders; /* NULL-terminated; NULL: none */
    const struct gw_script_module *modules;
    const char *const
        *runbooks; /* folders of those that it may call; NULL-terminated; NULL: none */
    enum gw_run_mode mode;
    bool read_only; /* every change is refused */
    bool simulated;
    enum gw_preflight preflight;
    bool assume_yes; /* --yes, or the simulator without --ask */
    struct gw_run_answers answers;
    int terminal_fd;             /* where questions are asked and answered; -1: no terminal */
    bool engine;                 /* its script may require the engine's modules: for their tests */
    uint64_t seed;               /* of math.random; 0: another one each time */
    int64_t busy_limit_ms;       /* processor time without waiting; 0: the script's default */
    struct gw_report *report;    /* borrowed; NULL: silent */
    const struct gw_view *flags; /* the program's own options, for suggestions; borrowed */
    size_t flag_count;
    /* Where events are kept, and what a run that goes on reads; NULL: nowhere. Borrowed. */
    struct gw_journal *journal;
    struct gw_lock_store *locks;  /* NULL: none are taken. Borrowed. */
    const char *past;             /* the run in the journal that goes on; NULL: a new one */
    bool undo;                    /* of `past`: takes back what it did */
    struct gw_view user, host;    /* who runs it, and where; for the record */
    const struct gw_value *facts; /* a map: what else the first event is to tell; NULL: nothing */
    gw_run_event_fn on_event;     /* NULL: none */
    void *on_event_ctx;
    /* Answers questions in place of a terminal: adds one line; false: no answer. NULL: nobody does.
     */
    bool (*answer)(void *ctx, struct gw_view question, struct gw_buf *line);
    void *answer_ctx;
    /* Binds further host modules before anything is loaded; NULL: none. */
    void (*bind)(void *ctx, struct gw_script *script);
    void *bind_ctx;
};

/* What the run acts on. Settled after loading: the declaration may name the region. */
struct gw_run_target {
    /* For a region and profile, each empty for the run's own; NULL with `err`. */
    struct gw_client *(*client)(void *ctx, struct gw_view region, struct gw_view profile,
                                struct gw_err *err);
    /* Facts for the end of a rehearsal, as a map; false: none. May be NULL. */
    bool (*world)(void *ctx, struct gw_arena *arena, struct gw_value *out);
    /* What the simulated world answers to a command, as gw_sim_command; NULL: it is not simulated. */
    bool (*command)(void *ctx, const struct gw_value *words, struct gw_arena *arena,
                    struct gw_value *answer, struct gw_err *err);
    void *ctx;
    struct gw_transport *transport; /* of plain HTTP */
    struct gw_view region, account; /* for people; either may be empty; must outlive the run */
};

/* Gives a script the globals json, time, sleep and parallel, as runbooks have them. */
bool gw_run_set_globals(struct gw_script *script, struct gw_err *err);

struct gw_run;
struct gw_run *gw_run_new(const struct gw_run_options *options);
void gw_run_free(struct gw_run *run);

/* Is it a module of the stdlib that runbooks may require? Its name comes before that of a file beside them. */
bool gw_run_is_common_module(const char *name);

/* By path when it contains '/' or names a file, else in the folders, with or without ".lua". The
 * result is a path. Fails naming where it looked and the nearest runbook. */
bool gw_run_find(const char *const *folders, const char *name, struct gw_buf *path,
                 struct gw_err *err);

/* The runbooks in a folder by name, ascending, without ".lua"; `service` and tests are none. Views live in
 * `arena`. A folder that cannot be read has none. */
struct gw_value gw_run_list(const char *folder, struct gw_arena *arena);

/* Loads the declaration; nothing that acts is executed. Once for each run. GW_ERR_INPUT for a
 * broken script, "file:line: what". */
bool gw_run_load(struct gw_run *run, const char *path, struct gw_err *err);

/* The same for a text; `path` names it in messages, and its folder is where modules are looked for.
 */
bool gw_run_load_text(struct gw_run *run, struct gw_view text, const char *path,
                      struct gw_err *err);

/* The same for a runbook that is a module of the stdlib: what it returns is the declaration. */
bool gw_run_load_module(struct gw_run *run, const char *module, struct gw_err *err);

/* The declaration as facts for list and help: title, summary, guide, region, params (list of maps
 * name, type, help, default, ...), needs. */
bool gw_run_describe(struct gw_run *run, struct gw_arena *arena, struct gw_value *out,
                     struct gw_err *err);

/* Where a runbook's parameters are; all of it must outlive the call. */
struct gw_run_arguments {
    const char *const *args; /* the runbook's own: "--revision", "2", "--order=guide" */
    size_t count;
    /* Of a run that goes on: as its journal has them, a map; `args` says where secrets are. NULL: a
     * new run. */
    const struct gw_value *written;
};

/* Finds the runbook's parameters: in its arguments, in files that they name, in the environment, by
 * asking at the terminal; all held against its schema. Steps the loop. On failure `exit_code` suits
 * it: what was given is wrong, a default raised an error, it was interrupted. */
bool gw_run_bind_args(struct gw_run *run, const struct gw_run_arguments *arguments,
                      enum gw_exit *exit_code, struct gw_err *err);

void gw_run_set_target(struct gw_run *run, const struct gw_run_target *target);

/* Runs it to its end on the loop, emitting events. */
enum gw_exit gw_run_execute(struct gw_run *run);

/* The report could not be written: the run stopped in order and ended with GW_EXIT_FAILED. */
bool gw_run_output_failed(const struct gw_run *run);

/* Async-signal-safe: the first call asks the run to stop in order, the second to stop at once; the
 * fourth ends the process, for a script that cannot be stopped. */
void gw_run_interrupt(struct gw_run *run);

/* Begins the name of the lock by which one process at a time carries out a run; no runbook's. */
#define GW_RUN_CLAIM GW_VIEW("run:")

#endif
