/* cli/internal: what the files of this folder share. The program is all of this folder. */
#ifndef GW_CLI_INTERNAL_H
#define GW_CLI_INTERNAL_H

#include <stdio.h>

#include "aws/aws.h"
#include "run/run.h"
#include "sim/sim.h"

/* Made by cmake/embed.lua, of stdlib/, host/models/ and host/cli/scaffold/. */
extern const struct gw_script_module gw_stdlib_modules[];
extern const struct gw_script_module gw_models_modules[];
extern const struct gw_script_module gw_scaffold_modules[];

/* ---- options.c ------------------------------------------------------------------------------- */

struct gw_cli_texts {
    const char *items[32];
    size_t count;
};

struct gw_cli_options {
    const char *name; /* of the runbook or command; NULL: none given */
    bool sim, ask, plan, yes, quiet, verbose, no_color, help, version, json;
    bool no_sign_request, no_preflight, read_only, wait_for_lock, accept_changes;
    struct gw_cli_texts faults; /* of the simulator */
    const char *sim_world, *region, *profile, *endpoint_url, *ca_bundle, *seed_text, *output;
    const char *state, *on_failure, *on_foreign_change, *on_uncertain, *take_over;
    uint64_t seed;
    const char **rest; /* what follows the name and is none of the above */
    size_t rest_count;
    bool has_plain;    /* there was a "--" behind the name: */
    size_t plain_from; /* of `rest`, what followed it */
};

/* Host options may stand before or after the name; "--" ends them. Fails naming the nearest. */
bool gw_cli_parse(int argc, char **argv, struct gw_cli_options *out, struct gw_err *err);
void gw_cli_options_clear(struct gw_cli_options *options);

/* The names of the host's options, for "did you mean". */
size_t gw_cli_option_names(const struct gw_view **names);

/* ---- folders.c ------------------------------------------------------------------------------- */

/* Where runbooks are looked for, NULL-terminated, in `arena`: GWRUN_PATH, ./runbooks, then those
 * that came with the program. */
const char *const *gw_cli_runbook_folders(struct gw_arena *arena);

/* Where stdlib modules are looked for before the built-in ones: GWRUN_STDLIB. */
const char *const *gw_cli_stdlib_folders(void);

/* ---- state.c --------------------------------------------------------------------------------- */

struct gw_view gw_cli_state_folder(const struct gw_cli_options *options, struct gw_arena *arena);

/* The journal of real runs, or that of rehearsals; NULL with `err`. */
struct gw_journal *gw_cli_open_journal(const struct gw_cli_options *options, bool rehearsals,
                                       bool read_only, struct gw_err *err);
struct gw_view gw_cli_user(struct gw_arena *arena);
struct gw_view gw_cli_host(struct gw_arena *arena);

/* What the first event of a run tells of this program and how it was called. */
struct gw_value gw_cli_run_facts(const struct gw_cli_options *options, struct gw_arena *arena);

/* ---- print.c --------------------------------------------------------------------------------- */

/* "gwrun: <message>" on stderr; the exit code that suits the error. */
int gw_cli_fail(const struct gw_err *err);
int gw_cli_fail_with(enum gw_exit exit_code, const char *format, ...) GW_PRINTF(2, 3);
enum gw_exit gw_cli_exit_of(const struct gw_err *err);
/* Of a failure to load a runbook: what is wrong in the file is the script's fault. */
enum gw_exit gw_cli_exit_of_load(const struct gw_err *err);
/* Writes foreign text with control characters made harmless. */
void gw_cli_print(FILE *out, struct gw_view text);

int gw_cli_columns(FILE *out); /* of the terminal; 80 elsewhere */
bool gw_cli_colour(const struct gw_cli_options *options, FILE *out);
bool gw_cli_can_redraw(FILE *out);
/* Replaces the line on standard error that tells how far it is; "" takes it away. Only where that can
 * be redrawn. */
void gw_cli_progress(const char *text);
bool gw_cli_utf8(void);
/* Words wrapped at the width, each line but the first after `hang` spaces. */
void gw_cli_print_wrapped(FILE *out, struct gw_view text, size_t used, size_t hang);

/* For standard output, as the options say. */
struct gw_report *gw_cli_open_report(const struct gw_cli_options *options);

/* ---- words.c --------------------------------------------------------------------------------- */

/* An option of one command: a flag, or one with a text. The last of a list has no name. */
struct gw_cli_word {
    const char *name;
    bool *flag;
    const char **text;
};
#define GW_CLI_MAX_WORDS 16

/* Reads the command's own options, and its operand; NULL: none was given. */
bool gw_cli_read_words(const struct gw_cli_options *options, const struct gw_cli_word *words,
                       const char **operand, struct gw_err *err);
bool gw_cli_read_duration(const char *option, const char *text, double *seconds,
                          struct gw_err *err);

/* ---- consent.c ------------------------------------------------------------------------------- */

/* Asks a question that is answered by yes or no; --yes answers it too. False with GW_ERR_DENIED. */
bool gw_cli_consents(const struct gw_cli_options *options, const char *question,
                     struct gw_err *err);

/* ---- runs.c ---------------------------------------------------------------------------------- */

/* Fills `run`; `name` NULL: none was given, which is an error. */
bool gw_cli_find_run(const struct gw_cli_options *options, const char *name,
                     struct gw_journal *journal, struct gw_arena *arena, struct gw_journal_run *run,
                     struct gw_err *err);
struct gw_value gw_cli_run_as_value(const struct gw_journal_run *run, struct gw_arena *arena);
struct gw_view gw_cli_instant(int64_t epoch_ms, struct gw_arena *arena); /* in ISO 8601 */
void gw_cli_print_json(const struct gw_value *value);                    /* and a line break */
/* `columns`: names, NULL-terminated. */
void gw_cli_print_table(const struct gw_cli_options *options, const char *title,
                        const char *const *columns, const struct gw_value *rows,
                        struct gw_arena *arena);

/* ---- difference.c ---------------------------------------------------------------------------- */

/* How a text differs from what it was, as diff -u shows it. */
void gw_cli_print_difference(FILE *out, struct gw_view path, struct gw_view then,
                             struct gw_view now);

/* ---- output_file.c --------------------------------------------------------------------------- */

/* The folders that the path goes through, where they are missing. */
bool gw_cli_make_folders(const char *path, struct gw_err *err);

/* `mode` as for fopen. */
bool gw_cli_write_file(const char *path, const char *mode, struct gw_view text, struct gw_err *err);

/* ---- session.c ------------------------------------------------------------------------------- */

/* What the options say of the simulated world; NULL: nothing. Lives in the arena. */
const struct gw_value *gw_cli_world_settings(const struct gw_cli_options *options,
                                             struct gw_arena *arena);

/* What a run acts on: AWS, or the simulator; and the clients for it. */
struct gw_cli_session;
struct gw_cli_session_options {
    const struct gw_cli_options *cli;
    const struct gw_value *settings; /* of the simulated world; NULL: none */
    struct gw_view fallback_region;  /* where nothing names one; empty: that is an error */
    int speed; /* of a simulated world on the real clock; 0: its clock is virtual */
    /* As for gw_sim_options. */
    void (*on_call)(void *ctx, const struct gw_operation *op, const struct gw_value *input);
    void *on_call_ctx;
};
struct gw_cli_session *gw_cli_session_open(const struct gw_cli_session_options *options,
                                           struct gw_err *err);
void gw_cli_session_close(struct gw_cli_session *session);
struct gw_loop *gw_cli_session_loop(struct gw_cli_session *session);
struct gw_sim *gw_cli_session_sim(struct gw_cli_session *session); /* NULL: it is real */

/* Settles region and credentials, so that what is missing is said before anything begins. In the
 * simulator once for each run, one after the other. */
bool gw_cli_session_settle(struct gw_cli_session *session, struct gw_view declared_region,
                           bool needs_aws, struct gw_run_target *out, struct gw_err *err);

/* Whose credentials were found, without the keys: account, source, expiry. After settling. */
const struct gw_credentials *gw_cli_session_caller(const struct gw_cli_session *session);
/* Where the region was named: "--region", "AWS_REGION", "region in /home/me/.aws/config". */
struct gw_view gw_cli_session_region_origin(const struct gw_cli_session *session);
/* What a login needs of the session; the caller adds what becomes of it. */
struct gw_login_options gw_cli_session_login(const struct gw_cli_session *session);

/* A property of the run's own profile; the empty view where there is none. */
struct gw_view gw_cli_session_setting(const struct gw_cli_session *session, struct gw_view name);

/* ---- ask_code.c ------------------------------------------------------------------------------ */

/* Asks at the terminal for the code of a device, as gw_identity_options wants it. */
bool gw_cli_ask_code(void *ctx, struct gw_view device, struct gw_buf *code, struct gw_err *err);

/* ---- facts.c --------------------------------------------------------------------------------- */

/* Loads the runbook and describes it; nothing of it acts. */
bool gw_cli_read_facts(const char *path, struct gw_arena *arena, struct gw_value *out,
                       struct gw_err *err);

/* A runbook's parameter that takes the name of a host option could never be given. */
bool gw_cli_check_flags(const char *name, const struct gw_value *facts, struct gw_err *err);

/* ---- commands; each answers the exit code ---------------------------------------------------- */

int gw_cli_run(const struct gw_cli_options *options);
int gw_cli_resume(const struct gw_cli_options *options);
int gw_cli_undo(const struct gw_cli_options *options);
int gw_cli_history(const struct gw_cli_options *options);
int gw_cli_report(const struct gw_cli_options *options);
int gw_cli_show(const struct gw_cli_options *options);
int gw_cli_sim(const struct gw_cli_options *options);
int gw_cli_exec(const struct gw_cli_options *options);
int gw_cli_drill(const struct gw_cli_options *options);
int gw_cli_approve(const struct gw_cli_options *options);
int gw_cli_locks(const struct gw_cli_options *options);
int gw_cli_new(const struct gw_cli_options *options);
int gw_cli_link(const struct gw_cli_options *options);
int gw_cli_list(const struct gw_cli_options *options);
int gw_cli_models(const struct gw_cli_options *options);
int gw_cli_test(const struct gw_cli_options *options);
int gw_cli_types(const struct gw_cli_options *options);
int gw_cli_call(const struct gw_cli_options *options);
int gw_cli_check(const struct gw_cli_options *options);
int gw_cli_policy(const struct gw_cli_options *options);
int gw_cli_whoami(const struct gw_cli_options *options);
int gw_cli_login(const struct gw_cli_options *options);
int gw_cli_help(FILE *out);
int gw_cli_help_runbook(const char *name);
/* What help says of a command; NULL: it explains itself. */
const char *gw_cli_usage(const char *command);

bool gw_cli_is_command(const char *name);

/* The run that SIGINT, SIGTERM and SIGHUP stop; NULL: they end the program. */
void gw_cli_set_current(struct gw_run *run);

/* A run that goes on. */
struct gw_cli_past {
    const char *run;               /* its id */
    bool undo;                     /* takes it back instead */
    const struct gw_value *params; /* as the journal has them */
};
/* Runs the runbook that the options name; `past` is NULL for a new run. */
int gw_cli_execute(const struct gw_cli_options *options, const struct gw_cli_past *past);

/* The same where standard output is not the report's: problems and notes go to standard error. */
struct gw_cli_manner {
    void (*bind)(void *ctx, struct gw_script *script); /* as in gw_run_options */
    void *bind_ctx;
};
int gw_cli_execute_quietly(const struct gw_cli_options *options,
                           const struct gw_cli_manner *manner);

/* Loads the runbook that the options name, reads its arguments, settles what it acts on; `past` is
 * NULL for a new run. False with the exit code that suits. */
bool gw_cli_prepare(struct gw_cli_session *session, struct gw_run *run,
                    const struct gw_cli_options *options, const struct gw_cli_past *past,
                    struct gw_arena *arena, enum gw_exit *exit_code, struct gw_err *err);

/* The terminal for questions; -1: none. */
int gw_cli_find_terminal(void);
/* Does the declaration name any action of AWS? */
bool gw_cli_needs_aws(const struct gw_value *facts);

/* ---- call_host.c ----------------------------------------------------------------------------- */

struct gw_cli_call {
    const struct gw_cli_options *options;
    struct gw_cli_session *session;
    int terminal_fd; /* -1: none */
};
void gw_cli_bind_call(void *ctx, struct gw_script *script); /* host.call; ctx: struct gw_cli_call */

/* ---- check_host.c ---------------------------------------------------------------------------- */

/* Runs the chunk with what is known of runbooks (host.check) and of AWS, where nothing can act; its
 * result is the exit code. */
int gw_cli_run_module(const struct gw_cli_options *options, const char *chunk);

/* A script of the stdlib in which nothing is called; and a chunk in it, whose result is left on its stack. */
struct gw_script *gw_cli_new_tool(struct gw_loop *loop);
bool gw_cli_run_tool(struct gw_script *script, const char *chunk, struct gw_err *err);

/* ---- models_host.c --------------------------------------------------------------------------- */

void gw_cli_bind_models(struct gw_script *script); /* host.models [-0, +0, m] */

/* ---- spec.c ---------------------------------------------------------------------------------- */

/* A test file that is run. */
struct gw_cli_spec {
    const char *path;
    const char *filter; /* only claims with this text in them; NULL: all */
    /* What came of one test: a map of claim, line, outcome ("ok", "failed"), seconds; of a failure
     * also message; where the claim is about values, expected and got; more lines in more. */
    void (*result)(void *ctx, const struct gw_value *result);
    void *ctx;
};
/* host.spec, and host.aws as far as it only knows [-0, +0, m] */
void gw_cli_bind_spec(struct gw_script *script, const struct gw_cli_spec *spec);
void gw_cli_bind_aws_facts(struct gw_script *script); /* that alone [-0, +0, m] */

/* ---- test_report.c --------------------------------------------------------------------------- */

/* What came of the tests, for people, programs and build servers. */
struct gw_cli_test_report;
struct gw_cli_test_report *gw_cli_test_report_new(const struct gw_cli_options *options);
void gw_cli_test_report_free(struct gw_cli_test_report *report);
void gw_cli_test_report_result(struct gw_cli_test_report *report, const char *path,
                               const struct gw_value *result);
/* A file whose tests could not be run. */
void gw_cli_test_report_broken(struct gw_cli_test_report *report, const char *path,
                               const char *message);
void gw_cli_test_report_end(struct gw_cli_test_report *report, int64_t duration_ms);
/* The tests so far; `failed` has those that are broken, too. */
void gw_cli_test_report_count(const struct gw_cli_test_report *report, size_t *passed,
                              size_t *failed);
/* As JUnit's XML. */
bool gw_cli_test_report_junit(const struct gw_cli_test_report *report, const char *path,
                              struct gw_err *err);

/* ---- test_files.c ---------------------------------------------------------------------------- */

/* The test files of the paths, each a file or a folder, ascending within one: a GW_LIST of paths. Without
 * paths those of this folder, ./runbooks and ./tests. False where a path is neither. */
bool gw_cli_find_tests(const char *const *paths, size_t count, struct gw_arena *arena,
                       struct gw_value *out, struct gw_err *err);

#endif
