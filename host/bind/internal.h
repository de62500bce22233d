/* bind, inside: what its files share. */
#ifndef GW_BIND_INTERNAL_H
#define GW_BIND_INTERNAL_H

#include "bind/bind.h"

/* NULL with the nearest name in the message. */
const struct gw_operation *gw_bind_find_operation(struct gw_view service, struct gw_view name,
                                                  struct gw_arena *arena, struct gw_err *err);

/* "elasticloadbalancing:DescribeRules": as policies and people have it. */
struct gw_view gw_bind_action(const struct gw_operation *op, struct gw_arena *arena);

/* "read", "read_secret", "change" or "destroy". */
struct gw_view gw_bind_effect_name(enum gw_effect effect);

/* Is there a table at the index whose field is true? [-0, +0, e] */
bool gw_bind_is_set(lua_State *L, int table, const char *field);

/* Functions of host.aws that have a file of their own; of presign, upvalue 1 is the gate. */
int gw_bind_aws_paginator(lua_State *L);
int gw_bind_aws_presign(lua_State *L);
int gw_bind_aws_waiter(lua_State *L);
int gw_bind_aws_check_client(lua_State *L);
int gw_bind_aws_waiters(lua_State *L);
int gw_bind_aws_shape(lua_State *L);
int gw_bind_aws_actions(lua_State *L);
int gw_bind_aws_caller(lua_State *L); /* upvalue 1: the gate */

int gw_bind_task_lock(lua_State *L); /* of host.task */

/* ---- process_how.c: what a script wants run ----------------------------------------------------- */

struct gw_bind_command {
    struct gw_arena *arena; /* holds all of it */
    struct gw_view title;   /* "run git push 'a b'" */
    struct gw_value words, params;
    struct gw_process_options options;
};

/* From the table at index 1. Raises for what is no command. */
void gw_bind_read_command(lua_State *L, struct gw_bind_command *command);
/* Finds its program, and makes its environment. */
bool gw_bind_prepare_command(struct gw_bind_command *command, struct gw_gate *gate,
                             struct gw_err *err);

/* Is a text that is known to be secret in it? Lua's strings forget that they were. */
bool gw_bind_holds_secret(struct gw_view text);

/* ---- aws_document.c ---------------------------------------------------------------------------- */

/* An input or output as a document to be shown; secrets stay marked unless `reveal`. Text is shared
 * with `value`; a `shape` of NULL has nothing to show. */
void gw_bind_show_document(const struct gw_shape *shape, const struct gw_value *value, bool reveal,
                           struct gw_arena *arena, struct gw_value *out);

/* ---- aws_failure.c ---------------------------------------------------------------------------- */

/* Why a call has failed, or not. Texts are in the arena. */
struct gw_bind_failure {
    struct gw_arena *arena;
    const struct gw_operation *op;
    struct gw_view action;     /* the subject of its message */
    struct gw_err err;         /* code GW_ERR_NONE: not */
    struct gw_aws_error error; /* without service: not by AWS */
    struct gw_view credentials_source;
};
bool gw_bind_failed(const struct gw_bind_failure *failure);
void gw_bind_keep_result(struct gw_bind_failure *failure, const struct gw_call_result *result);
void gw_bind_keep_err(struct gw_bind_failure *failure, const struct gw_err *err);
void gw_bind_push_failure(lua_State *L, const struct gw_bind_failure *failure); /* [-0, +1, m] */

/* What the other side says, redacted and not too long. */
struct gw_view gw_bind_shorten(struct gw_arena *arena, struct gw_view text);

/* ---- aws_events.c ------------------------------------------------------------------------------ */

/* The events of one call, as Lua reads them: a userdata, closed until opened. */
struct gw_bind_events;
struct gw_bind_events *gw_bind_push_events(lua_State *L, struct gw_gate *gate, /* [-0, +1, m] */
                                           const struct gw_operation *op, const struct gw_act *act);
/* The request's `done` is told the beginning. */
bool gw_bind_open_events(struct gw_bind_events *stream, struct gw_client *client,
                         const struct gw_call_request *request, struct gw_err *err);
void gw_bind_close_events(struct gw_bind_events *stream); /* may be repeated */

/* ---- aws_options.c --------------------------------------------------------------------------- */

/* From the tables at these indices, either may be nil or 0; what both may say, `how` decides.
 * Raises, with `subject` before the message. [-0, +0, v] */
struct gw_call_options gw_bind_call_options(lua_State *L, const char *subject, int settings,
                                            int how);

/* Told to the script in the table `how.report`, where it gave one. [-0, +0, m] */
struct gw_bind_report {
    struct gw_view request_id;
    int http_status, attempts;
    int64_t duration_ms;
};
void gw_bind_fill_report(lua_State *L, int how, const struct gw_bind_report *report);

/* ---- bind_file.c ----------------------------------------------------------------------------- */

/* Of an open file handle; NULL: it is none. */
const struct gw_file_source *gw_bind_to_file(lua_State *L, int index);

/* ---- aws_streams.c --------------------------------------------------------------------------- */

struct gw_bind_streams {
    struct gw_file_source *source; /* NULL: what the parameters have */
    struct gw_view save_to;        /* empty: the answer stays in memory */
    bool replaces;
    struct gw_file_sink *sink;

    struct gw_timer *timer; /* of the next word on progress */
    int seconds;
    struct gw_loop *loop;
    struct gw_gate *gate;
    const struct gw_act *act;
};

/* To be closed on the stack: with it goes all that it holds. [-0, +1, m] */
struct gw_bind_streams *gw_bind_push_streams(lua_State *L);

/* A file handle in the place of the operation's stream becomes the source; the table at `params` is
 * replaced by one that says so. [-0, +0, m] */
bool gw_bind_take_source(lua_State *L, int params, const struct gw_operation *op,
                         struct gw_bind_streams *streams, struct gw_err *err);

/* how.save_to and how.replace; raises where the operation has nothing to save. [-0, +2, v] */
void gw_bind_read_save_to(lua_State *L, const char *subject, int how, const struct gw_operation *op,
                          struct gw_bind_streams *streams);
/* The path becomes the real one. */
bool gw_bind_allow_sink(struct gw_bind_streams *streams, struct gw_gate *gate,
                        struct gw_arena *arena, struct gw_err *err);
bool gw_bind_open_sink(struct gw_bind_streams *streams, struct gw_err *err);
/* The file takes its place, and `output` says where in the place of the bytes. */
bool gw_bind_finish_sink(struct gw_bind_streams *streams, const struct gw_operation *op,
                         struct gw_arena *arena, struct gw_value *output, struct gw_err *err);

/* From now on the gate is told each second how far it is. */
void gw_bind_watch_streams(struct gw_bind_streams *streams, struct gw_loop *loop,
                           struct gw_gate *gate, const struct gw_act *act);
void gw_bind_unwatch_streams(struct gw_bind_streams *streams);

#endif
