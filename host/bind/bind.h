/* bind: the modules that C gives to Lua, one line and one file each. A function here registers
 * host.<name> with the script; what a Lua function takes and gives stands above it in its file.
 * A failed operation answers nil, err; a wrong argument raises. */
#ifndef GW_BIND_H
#define GW_BIND_H

#include "aws/aws.h"
#include "base/base.h"
#include "net/net.h"
#include "script/script.h"

void gw_bind_json(struct gw_script *script); /* host.json [-0, +0, m] */
void gw_bind_time(struct gw_script *script); /* host.time [-0, +0, m] */
void gw_bind_task(struct gw_script *script); /* host.task [-0, +0, m] */

/* Raises for a key of the table at `arg` that is not in `names` (ends with NULL), and suggests the
 * nearest; nil or none is fine. `subject` begins the message. [-0, +0, v] */
void gw_check_options(lua_State *L, int arg, const char *subject, const char *const *names);

/* ---- the gate ---------------------------------------------------------------------------------
 * Asked before anything leaves the program, told what came of it. A run fills it. */

#define GW_TOKEN_SIZE 37 /* of an idempotency token, a UUID, with its end */

/* One intended act of a script. */
struct gw_act {
    struct gw_view action;          /* "ecs:UpdateService"; "POST https://example.com/hook" */
    struct gw_view host;            /* of plain HTTP: "example.com:8080"; empty: an AWS call */
    struct gw_view url;             /* of plain HTTP, without its query; empty: an AWS call */
    const struct gw_value *command; /* of a process: its words; NULL: none */
    const struct gw_value *inside;  /* of a command in a container: its words; NULL: none */
    enum gw_effect effect;
    const struct gw_value *params;  /* what the script gave; NULL: nothing to show */
    struct gw_view region, profile; /* that it asked for; empty: the run's own */
    bool takes_token;               /* the operation knows a call that is sent again by its token */
    struct gw_view save_to;         /* the file that its answer goes to; empty: none */
    bool presigns;                  /* makes a URL of it, and sends nothing */
    bool waits;                     /* for a change, which a plan does not make */
    void *context;                  /* gw_task_context of the task that acts */

    /* The gate's answer to an act that changes something. */
    int number;                      /* of the call in its step */
    char token[GW_TOKEN_SIZE];       /* GW_GATE_SEND: to be sent where it takes one */
    const struct gw_value *recalled; /* GW_GATE_RECALLED: what came of it then */
};

/* What came of it. `err` is NULL on success; `code` is AWS's own. */
struct gw_outcome {
    const struct gw_err *err;
    struct gw_view code, request_id;
    int http_status; /* 0: none came */
    int attempts;
    bool left_open; /* an attempt before the last may have taken effect */
    int64_t duration_ms;
    const struct gw_value *output; /* NULL: none that could be kept */
    int64_t events;                /* at the end of a stream: how many came */
};

/* An attempt that failed and will be made again. */
struct gw_setback {
    struct gw_view cause; /* AWS's code, or what happened */
    int attempt;          /* that failed, from 1 */
    int64_t delay_ms;     /* until the next */
};

/* How far a stream is; told each second. */
struct gw_transfer {
    int seconds;
    uint64_t done_bytes, total_bytes; /* the latter 0: not known */
};

enum gw_file_access { GW_FILE_READ, GW_FILE_WRITE };

enum gw_gate_answer {
    GW_GATE_SEND,     /* `finished` follows, once */
    GW_GATE_RECALLED, /* it was made before: answer what is recalled */
    GW_GATE_PLANNED,  /* the plan has noted it: do not send, answer "planned" */
    GW_GATE_REFUSED   /* `err` says why */
};

struct gw_gate {
    enum gw_gate_answer (*ask)(struct gw_gate *self, struct gw_act *act, struct gw_err *err);
    void (*finished)(struct gw_gate *self, const struct gw_act *act,
                     const struct gw_outcome *outcome);
    /* Any number of times between the two; AWS calls only. */
    void (*retrying)(struct gw_gate *self, const struct gw_act *act,
                     const struct gw_setback *setback);
    void (*moved)(struct gw_gate *self, const struct gw_act *act,
                  const struct gw_transfer *transfer);
    /* May the script use this file? `real` is the path without links, to be opened. */
    bool (*file)(struct gw_gate *self, struct gw_view path, enum gw_file_access access,
                 struct gw_arena *arena, struct gw_view *real, struct gw_err *err);
    /* After `finished`, where what came was the beginning of a stream of events: its end, once. */
    void (*streamed)(struct gw_gate *self, const struct gw_act *act,
                     const struct gw_outcome *outcome);
    /* The client for a region and profile, each empty for the run's own; NULL with `err`. */
    struct gw_client *(*client)(struct gw_gate *self, struct gw_view region, struct gw_view profile,
                                struct gw_err *err);
    struct gw_transport *(*transport)(struct gw_gate *self, struct gw_err *err);
    /* What the runbook says that a command does; a change unless it says so. */
    enum gw_effect (*command)(struct gw_gate *self, const struct gw_value *words);
    /* The same of one that is run in a container. */
    enum gw_effect (*inside)(struct gw_gate *self, const struct gw_value *words);
    /* Is the run to end? What goes on for long asks now and then. */
    bool (*stopping)(struct gw_gate *self);
    /* In a simulator: what its world answers to a command, as a map; GW_NULL: it is to be run. */
    bool (*rehearse)(struct gw_gate *self, const struct gw_act *act, struct gw_arena *arena,
                     struct gw_value *answer, struct gw_err *err);
    /* May the script read this variable of the environment, and hand it on? */
    bool (*variable)(struct gw_gate *self, struct gw_view name, struct gw_err *err);
};

/* The gate must outlive the script. */
void gw_bind_aws(struct gw_script *script, struct gw_gate *gate);     /* host.aws [-0, +0, m] */
void gw_bind_http(struct gw_script *script, struct gw_gate *gate);    /* host.http [-0, +0, m] */
void gw_bind_file(struct gw_script *script, struct gw_gate *gate);    /* host.file [-0, +0, m] */
void gw_bind_process(struct gw_script *script, struct gw_gate *gate); /* host.process [-0, +0, m] */
void gw_bind_exec(struct gw_script *script, struct gw_gate *gate);    /* host.exec [-0, +0, m] */
void gw_bind_env(struct gw_script *script, struct gw_gate *gate);     /* host.env [-0, +0, m] */
void gw_bind_box(struct gw_script *script);                           /* host.box [-0, +0, m] */

#endif
