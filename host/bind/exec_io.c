/* What goes in and out of a command: its output without marks to the terminal, or into the result; what is
 * typed or piped in to the session. Who is slower holds the other up. */
#include <unistd.h>

#include "bind/exec.h"

#define LINGER_MS     5000 /* after the command has ended, for the session to */
#define MAX_UNWRITTEN ((size_t)256 << 10)
#define MAX_PENDING   ((size_t)256 << 10)

/* ---- output ---------------------------------------------------------------------------------- */

static void on_text(void *ctx, struct gw_view bytes)
{
    struct exec *exec = ctx;
    bool keeps = exec->io == EXEC_COLLECT || exec->records;
    if (exec->terminal != NULL) {
        gw_terminal_write(exec->terminal, bytes);
        if (gw_terminal_unwritten_bytes(exec->terminal) > MAX_UNWRITTEN) {
            gw_ssm_session_hold(exec->session, true);
        }
    }
    if (keeps && !gw_buf_add(&exec->output, bytes) && exec->io == EXEC_COLLECT) {
        struct gw_err err;
        gw_fail(&err, GW_ERR_LIMIT, "more than %zu MiB of output", GW_EXEC_MAX_OUTPUT_BYTES >> 20);
        exec_stop(exec, &err);
    }
}

static void on_linger(void *ctx)
{
    struct exec *exec = ctx;
    exec->linger = NULL;
    exec_end(exec);
}

static void take_input(struct exec *exec, bool held);

/* "begin", then "end=3" */
static void on_mark(void *ctx, struct gw_view text)
{
    struct exec *exec = ctx;
    int64_t status = 0;
    if (gw_view_equal(text, GW_VIEW("begin"))) {
        exec->has_begun = true;
        take_input(exec, false);
    } else if (gw_view_starts_with(text, GW_VIEW("end=")) &&
               gw_view_to_int64(gw_view_sub(text, 4, GW_NPOS), &status) && status >= 0 &&
               status <= 255) {
        exec->has_status = true;
        exec->status = (int)status;
        if (exec->linger == NULL) {
            exec->linger = gw_timer_start(exec->loop, LINGER_MS, on_linger, exec);
        }
    }
}

/* ---- input ----------------------------------------------------------------------------------- */

static void take_input(struct exec *exec, bool held)
{
    bool waits_for_begin = exec->io == EXEC_PIPE && !exec->has_begun;
    if (exec->terminal != NULL) {
        gw_terminal_hold(exec->terminal, held || waits_for_begin || exec->input_ended);
    }
}

static void pipe_input(struct exec *exec, struct gw_view bytes)
{
    struct gw_buf lines;
    gw_buf_init(&lines, ((size_t)1 << 20) + bytes.len * 2);
    exec->input_ended = bytes.len == 0;
    exec_input_write(&exec->input, bytes, exec->input_ended, &lines);
    gw_ssm_channel_input(exec_channel(exec), gw_buf_view(&lines));
    gw_wipe(lines.data, lines.len);
    gw_buf_clear(&lines);
}

static void on_input(void *ctx, struct gw_view bytes)
{
    struct exec *exec = ctx;
    if (exec->has_closed || exec->is_over) {
        return;
    }
    if (exec->io == EXEC_PIPE) {
        pipe_input(exec, bytes);
    } else if (bytes.len > 0) {
        gw_ssm_channel_input(exec_channel(exec), bytes);
    } else { /* the terminal is gone */
        struct gw_err err;
        gw_fail(&err, GW_ERR_IO, "the terminal is gone");
        exec_stop(exec, &err);
        return;
    }
    if (gw_ssm_channel_pending_bytes(exec_channel(exec)) > MAX_PENDING) {
        take_input(exec, true);
    }
}

void exec_taken(struct exec *exec)
{
    if (gw_ssm_channel_pending_bytes(exec_channel(exec)) < MAX_PENDING / 2) {
        take_input(exec, false);
    }
}

static void on_resized(void *ctx, int columns, int rows)
{
    struct exec *exec = ctx;
    if (exec->io == EXEC_TERMINAL && !exec->has_closed && !exec->is_over) {
        gw_ssm_channel_resize(exec_channel(exec), columns, rows);
    }
}

static void on_drained(void *ctx)
{
    struct exec *exec = ctx;
    if (exec->has_closed) {
        exec_finish(exec);
    } else if (!exec->is_over) {
        gw_ssm_session_hold(exec->session, false);
    }
}

static void on_broken(void *ctx, const struct gw_err *err)
{
    struct exec *exec = ctx;
    if (!exec->is_over) {
        exec_stop(exec, err);
    }
}

bool exec_open_io(struct exec *exec, struct gw_err *err)
{
    static const struct gw_terminal_events events = {on_input, on_resized, on_drained, on_broken};
    struct gw_terminal_options options = {
        .in = exec->io == EXEC_SHOW ? -1 : STDIN_FILENO,
        .out = STDOUT_FILENO,
        .raw = exec->io == EXEC_TERMINAL,
    };
    exec->marks = (struct gw_ssm_marks){.text = on_text, .mark = on_mark, .ctx = exec};
    if (exec->io == EXEC_COLLECT) {
        return true;
    }
    exec->terminal = gw_terminal_open(exec->loop, &options, &events, exec, err);
    if (exec->terminal == NULL) {
        return false;
    }
    take_input(exec, false);
    return true;
}
