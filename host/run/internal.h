/* run/internal: what the files of this folder share. */
#ifndef GW_RUN_INTERNAL_H
#define GW_RUN_INTERNAL_H

#include <signal.h>

#include "bind/bind.h"
#include "codec/codec.h"
#include "journal/journal.h"
#include "run/run.h"

/* A step that has been entered. Kept until the run ends: tasks started inside point at it. */
struct gw_run_step {
    struct gw_run_step *next;  /* all of the run, newest first */
    struct gw_run_step *outer; /* in force before it was entered */
    char *id, *name;
    bool open; /* changing calls are allowed */
    bool own;  /* no step: the engine looks around on its own account, own.c */
};

struct gw_run_question; /* ask.c */
struct gw_run_made;     /* calls.c */
struct gw_run_held;     /* locks.c */
struct gw_run_child;    /* child.c */

enum gw_run_stop { GW_STOP_NONE, GW_STOP_INTERRUPTED, GW_STOP_OUTPUT, GW_STOP_JOURNAL };

struct gw_run {
    struct gw_gate gate; /* first: bindings know only this */
    struct gw_run_options options;
    struct gw_run_target target;
    struct gw_script *script;
    char *name;                    /* of the runbook, without folder and ".lua" */
    char *path;                    /* of its file, without links; NULL: it has none */
    struct gw_run *parent;         /* whose step it is; NULL: nobody's */
    struct gw_run_child *children; /* newest first */
    char id[64];
    int engine_ref, declaration_ref, params_ref, host_ref;
    const char *const *args; /* the runbook's own, while its parameters are bound; else NULL */
    size_t arg_count;

    struct gw_arena *needs_arena;
    struct gw_value needs; /* {aws =, http =, read =, write =, run =, exec =, env =}, all lists */

    struct gw_run_step *steps;
    char *step_id, *step_name; /* of the last step.started that has not ended; else NULL */

    struct gw_run_made *made;     /* changing calls, oldest first */
    struct gw_arena *calls_arena; /* for the life of the run */
    struct gw_value sources;      /* of what is loaded, a list; GW_NULL: nothing yet */
    struct gw_run_held *held;     /* locks */
    struct gw_timer *lock_timer;

    bool has_begun; /* a step */
    int64_t seq;    /* of the last event that was kept */
    bool journal_failed;
    struct gw_err journal_err;
    int64_t began_ms;
    struct gw_arena *event_arena;
    bool finished_told; /* run.finished has been emitted */
    bool output_failed;

    bool answer_all;                   /* the operator said "all" */
    struct gw_run_question *questions; /* the first one is being asked */

    bool executing, ended;
    struct gw_task *task;
    enum gw_exit exit_code;
    int in_flight, changes;

    volatile sig_atomic_t interrupts;
    bool live; /* only shows what is: interrupted, it has ended well */
    enum gw_run_stop stop;
    int pipe[2];
    struct gw_watch *pipe_watch;
    struct gw_timer *stop_timer;
};

/* load.c: leaves the engine's function and the declaration. [-0, +2, e] */
void gw_run_push_engine_call(struct gw_run *run, const char *function);

/* own.c */

/* Is it a reading call that the engine makes for itself? */
bool gw_run_is_own(const struct gw_act *act);
/* The step that a task is in; NULL: none. */
const struct gw_run_step *gw_run_step_of(const struct gw_run_step *context);
/* Adds to host.run, on top of the stack, what belongs to it. [-0, +0, m] */
void gw_run_add_own(lua_State *L, struct gw_run *run);

/* gate.c */
void gw_run_open_gate(struct gw_run *run);

/* What --read-only says of a change; false. */
bool gw_run_refuse_change(struct gw_view subject, struct gw_err *err);

/* needs.c */

/* Where the byte stands without a '\' before it; GW_NPOS: nowhere. */
size_t gw_run_find_plain(struct gw_view pattern, char wanted);
/* `*` stands for any text without the barrier in it; '\0': for any. With the barrier '/' a final
 * one stands for all that is below. */
bool gw_run_matches(struct gw_view pattern, struct gw_view text, char barrier);
bool gw_run_check_declared(const struct gw_value *needs, const struct gw_act *act,
                           struct gw_err *err);
/* The gate's answers about a command and about a variable. */
enum gw_effect gw_run_command_effect(struct gw_gate *gate, const struct gw_value *words);
enum gw_effect gw_run_inside_effect(struct gw_gate *gate, const struct gw_value *words);
bool gw_run_allow_variable(struct gw_gate *gate, struct gw_view name, struct gw_err *err);

/* files.c: the gate's answer about a file. */
bool gw_run_allow_file(struct gw_gate *gate, struct gw_view path, enum gw_file_access access,
                       struct gw_arena *arena, struct gw_view *real, struct gw_err *err);

/* event.c */

/* Numbers and dates the event, journals it, and hands it on; its number. Its members may live in any
 * arena. */
int64_t gw_run_emit(struct gw_run *run, const struct gw_value *event);
/* Only shows it: another process has put it into the journal. */
void gw_run_show(struct gw_run *run, const struct gw_value *event);
void gw_run_emit_intent(struct gw_run *run, const struct gw_act *act, const char *digest);
void gw_run_emit_recalled(struct gw_run *run, const struct gw_act *act);
void gw_run_emit_settled(struct gw_run *run, const char *step, const char *action, int number,
                         struct gw_view as, struct gw_view by);
struct gw_view gw_run_iso_time(int64_t epoch_ms, struct gw_arena *arena);
void gw_run_emit_call(struct gw_run *run, const struct gw_act *act,
                      const struct gw_outcome *outcome);
void gw_run_emit_stream(struct gw_run *run, const struct gw_act *act,
                        const struct gw_outcome *outcome);
void gw_run_emit_retry(struct gw_run *run, const struct gw_act *act,
                       const struct gw_setback *setback);
void gw_run_emit_progress(struct gw_run *run, const struct gw_act *act,
                          const struct gw_transfer *transfer);
void gw_run_emit_planned_call(struct gw_run *run, const struct gw_act *act);
void gw_run_emit_text(struct gw_run *run, const char *event, struct gw_view text);
void gw_run_emit_finished(struct gw_run *run, const char *outcome, enum gw_exit exit_code,
                          struct gw_view text);

/* journal.c */
int64_t gw_run_journal(struct gw_run *run, const struct gw_value *event); /* its number */
int gw_run_lua_past(lua_State *L);
int gw_run_lua_approval(lua_State *L);
int gw_run_lua_usual_seconds(lua_State *L);

/* keep.c: a copy fit for the journal, and what it was. */
struct gw_value gw_run_kept(const struct gw_value *value, struct gw_arena *arena);
struct gw_value gw_run_restored(const struct gw_value *value, struct gw_arena *arena);

/* calls.c */
void gw_run_remember_call(struct gw_run *run, const struct gw_value *event);
void gw_run_enter_calls(struct gw_run *run, struct gw_view step); /* it runs, once more perhaps */
void gw_run_free_calls(struct gw_run *run);
enum gw_gate_answer gw_run_begin_change(struct gw_run *run, struct gw_act *act, struct gw_err *err);
void gw_run_end_change(struct gw_run *run, const struct gw_act *act,
                       const struct gw_outcome *outcome);
bool gw_run_is_uncertain(const struct gw_outcome *outcome); /* may it have taken effect? */
int gw_run_lua_changed(lua_State *L);
int gw_run_lua_uncertain(lua_State *L);
int gw_run_lua_settle(lua_State *L);

int gw_run_lua_keep_file(lua_State *L); /* evidence.c */

/* sources.c: gw_script_options.loaded; ctx: the run */
void gw_run_loaded(void *ctx, const char *path, struct gw_view text);

/* locks.c */
bool gw_run_holds_locks(struct gw_run *run, const struct gw_act *act, struct gw_err *err);
bool gw_run_claim(struct gw_run *run,
                  struct gw_err *err); /* false: another process carries it out */
void gw_run_release_locks(struct gw_run *run);
int gw_run_lua_lock(lua_State *L);

/* host.c: the module host.run. */
void gw_run_bind_host(struct gw_run *run);
int gw_run_lua_env(lua_State *L); /* host.env */

/* ask.c: host.confirm, host.choose and host.ask; upvalue 1 is the run. */
int gw_run_lua_confirm(lua_State *L);
int gw_run_lua_choose(lua_State *L);
int gw_run_lua_ask(lua_State *L);
bool gw_run_can_ask(const struct gw_run *run); /* somebody is there to answer */

/* child.c */
void gw_run_child_ended(struct gw_run *run); /* of one without a parent too */
void gw_run_stop_children(struct gw_run *run, enum gw_run_stop why);
void gw_run_free_children(struct gw_run *run);
int gw_run_lua_child(lua_State *L);

/* parameters.c: those of a child, as a map of values; nobody is asked. */
bool gw_run_bind_values(struct gw_run *run, const struct gw_value *values, struct gw_err *err);

/* execute.c */
void gw_run_begin(struct gw_run *run); /* its first event comes at the loop's next turn */
void gw_run_end(struct gw_run *run);
void gw_run_stop_at_once(struct gw_run *run);
void gw_run_open_pipe(struct gw_run *run); /* from here a signal wakes the loop */
void gw_run_close_pipe(struct gw_run *run);
void gw_run_begin_stop(struct gw_run *run, enum gw_run_stop why);
bool gw_run_is_stopping(const struct gw_run *run); /* the end is C's to tell, not the engine's */
void gw_run_call_settled(struct gw_run *run);      /* none may be left in flight */

#endif
