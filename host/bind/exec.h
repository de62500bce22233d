/* Inside bind: a command in a container. bind_exec.c is what Lua sees of it, exec_course.c its course
 * from ExecuteCommand to the end of the session, exec_io.c what goes in and out of it, exec_input.c what
 * is piped in. */
#ifndef GW_BIND_EXEC_H
#define GW_BIND_EXEC_H

#include "bind/internal.h"
#include "ssm/ssm.h"

#define GW_EXEC_MAX_OUTPUT_BYTES ((size_t)16 << 20)

/* What is piped in goes as lines of base64, which no terminal in between alters; a line with a dot
 * ends it. */
struct exec_input {
    char carry[3]; /* bytes that did not fill a group */
    size_t carried;
};
/* Lines of what has come, for the session; `is_end`: and the line that ends it. */
void exec_input_write(struct exec_input *input, struct gw_view bytes, bool is_end,
                      struct gw_buf *out);

enum exec_io {
    EXEC_COLLECT,  /* its output is the result */
    EXEC_SHOW,     /* its output goes to standard output */
    EXEC_PIPE,     /* and standard input to it */
    EXEC_TERMINAL, /* and all is a terminal's */
};

/* One command, a to-be-closed userdata. */
struct exec {
    struct gw_gate *gate;
    struct gw_loop *loop;
    struct gw_arena *arena;
    struct gw_act act;
    struct gw_value params, shown, words;
    struct gw_view target; /* names the container to KMS */
    enum exec_io io;
    bool records;
    int64_t timeout_ms;  /* 0: none */
    int64_t patience_ms; /* that an agent which does not answer yet is waited for */
    struct gw_wait *wait;

    struct gw_client *client;
    struct gw_call *call;       /* ExecuteCommand, then that of a key; NULL: none */
    struct gw_call *resumption; /* of a session whose connection is lost; NULL: none */
    struct gw_ssm_session *session;
    struct gw_terminal *terminal;
    struct gw_timer *deadline, *look, *linger;
    struct gw_ssm_marks marks;
    struct exec_input input;
    struct gw_buf output;
    int64_t began_ms;
    bool has_started;
    bool is_over; /* told to gate and task */
    bool has_begun, input_ended;
    bool has_closed; /* the session; what it has said may still have to be written */

    struct gw_bind_failure failure;
    int http_status, attempts;
    struct gw_view request_id, session_id, reason, greeting;
    bool has_status;
    int status;
    int losses; /* of the connection */
};

/* False: it is over at once. */
bool exec_start(struct exec *exec);
/* The end, as the gate is told of it; once. */
void exec_report(struct exec *exec);
/* Ends what is under way. */
void exec_stop(struct exec *exec, const struct gw_err *err);
/* Releases everything but the arena; may be repeated. */
void exec_release(struct exec *exec);

/* ---- between the files of it ----------------------------------------------------------------- */

void exec_finish(struct exec *exec); /* tells gate and task, once */
void exec_end(struct exec *exec); /* the session is over: what waits is written, then it finishes */
struct gw_ssm_channel *exec_channel(struct exec *exec);

/* exec_io.c: for the session that has just been opened. */
bool exec_open_io(struct exec *exec, struct gw_err *err);
void exec_taken(struct exec *exec); /* the agent has taken input */

/* What the script gets of it. */
struct gw_value exec_result(const struct exec *exec, bool for_journal);

#endif
