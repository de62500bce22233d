/* The course of one command: ExecuteCommand, the session with its keys and its resumptions, output and
 * input, and the end.
 *
 * Callbacks of the session may not free it: what is over is only marked, and released with the task's
 * frame. */
#include "bind/exec.h"

#define LOOK_MS        200 /* whether the run is to end */
#define NOTE_LOST      "\r\ngwrun: the connection is lost; going on...\r\n"
#define AGENT_PAUSE_MS 2000

void exec_finish(struct exec *exec)
{
    if (!exec->is_over) {
        exec_report(exec);
        gw_wait_finish(exec->wait);
    }
}

static void keep_failure(struct exec *exec, const struct gw_err *err)
{
    if (!gw_bind_failed(&exec->failure)) {
        gw_bind_keep_err(&exec->failure, err);
    }
}

/* Output that waits for the terminal is written first. */
void exec_end(struct exec *exec)
{
    exec->has_closed = true;
    gw_ssm_marks_finish(&exec->marks);
    if (exec->terminal == NULL || gw_terminal_unwritten_bytes(exec->terminal) == 0) {
        exec_finish(exec);
    }
}

void exec_stop(struct exec *exec, const struct gw_err *err)
{
    keep_failure(exec, err);
    if (exec->session != NULL && !exec->has_closed) {
        gw_ssm_channel_terminate(gw_ssm_session_channel(exec->session));
    }
    exec_finish(exec);
}

struct gw_ssm_channel *exec_channel(struct exec *exec)
{
    return gw_ssm_session_channel(exec->session);
}

/* ---- calls that the session needs ------------------------------------------------------------ */

/* What the answer to one says is wrong; false: nothing. */
static bool went_wrong(const struct gw_call_result *result, const char *action, struct gw_err *err)
{
    if (result->error != NULL) {
        gw_fail(err, GW_ERR_SERVICE, "%s: %.*s (%.*s)", action,
                GW_VIEW_ARGS(result->error->message), GW_VIEW_ARGS(result->error->code));
    } else if (result->err != NULL) {
        gw_fail(err, result->err->code, "%s: %s", action, result->err->message);
    }
    return result->error != NULL || result->err != NULL;
}

/* Starts a call; NULL with `err`. */
static struct gw_call *ask(struct exec *exec, const char *service, const char *name,
                           const struct gw_value *input, gw_call_done_fn done, struct gw_err *err)
{
    const struct gw_operation *op =
        gw_bind_find_operation(gw_view_of(service), gw_view_of(name), exec->arena, err);
    struct gw_call_request request = {.op = op, .input = input, .done = done, .ctx = exec};
    return op != NULL ? gw_call_start(exec->client, &request, err) : NULL;
}

static void on_resumption(void *ctx, const struct gw_call_result *result)
{
    struct exec *exec = ctx;
    struct gw_err err;
    exec->resumption = NULL;
    if (exec->is_over) {
        return;
    }
    if (went_wrong(result, "ssm:ResumeSession", &err)) {
        bool is_final = result->error != NULL;
        (is_final ? gw_ssm_session_abandon : gw_ssm_session_postpone)(exec->session, &err);
        return;
    }
    struct gw_view token = gw_map_text(result->output, GW_VIEW("TokenValue"));
    if (token.len == 0) {
        gw_fail(&err, GW_ERR_TIMEOUT, "the session has timed out while there was no connection");
        gw_ssm_session_abandon(exec->session, &err);
        return;
    }
    gw_ssm_session_resume(exec->session, gw_map_text(result->output, GW_VIEW("StreamUrl")), token);
}

static void on_lost(void *ctx, const struct gw_err *why)
{
    struct exec *exec = ctx;
    struct gw_err err;
    struct gw_value input = gw_value_map();
    if (exec->is_over) {
        return;
    }
    if (exec->losses++ == 0 && exec->io == EXEC_TERMINAL) {
        gw_terminal_write(exec->terminal, GW_VIEW(NOTE_LOST));
    }
    gw_log(GW_LOG_INFO, "exec: %s", why->message);
    *gw_map_add(exec->arena, &input, GW_VIEW("SessionId")) = gw_value_string(exec->session_id);
    exec->resumption = ask(exec, "ssm", "resume_session", &input, on_resumption, &err);
    if (exec->resumption == NULL) {
        gw_ssm_session_abandon(exec->session, &err);
    }
}

static void on_data_key(void *ctx, const struct gw_call_result *result)
{
    struct exec *exec = ctx;
    struct gw_err err;
    exec->call = NULL;
    if (exec->is_over) {
        return;
    }
    if (went_wrong(result, "kms:GenerateDataKey", &err)) {
        gw_ssm_channel_refuse_key(exec_channel(exec), &err);
        return;
    }
    if (!gw_ssm_channel_encrypt(exec_channel(exec),
                                gw_map_text(result->output, GW_VIEW("Plaintext")),
                                gw_map_text(result->output, GW_VIEW("CiphertextBlob")))) {
        gw_fail(&err, GW_ERR_PROTOCOL, "kms:GenerateDataKey: answered without a key of 64 bytes");
        gw_ssm_channel_refuse_key(exec_channel(exec), &err);
    }
}

static void on_key(void *ctx, struct gw_view key_id)
{
    struct exec *exec = ctx;
    struct gw_err err;
    struct gw_arena *arena = exec->arena;
    struct gw_value input = gw_value_map(), context = gw_value_map();
    *gw_map_add(arena, &context, GW_VIEW("aws:ssm:SessionId")) = gw_value_string(exec->session_id);
    *gw_map_add(arena, &context, GW_VIEW("aws:ssm:TargetId")) = gw_value_string(exec->target);
    *gw_map_add(arena, &input, GW_VIEW("KeyId")) = gw_value_string(gw_arena_dup(arena, key_id));
    *gw_map_add(arena, &input, GW_VIEW("NumberOfBytes")) = gw_value_int(GW_SSM_DATA_KEY_BYTES);
    *gw_map_add(arena, &input, GW_VIEW("EncryptionContext")) = context;
    exec->call = ask(exec, "kms", "generate_data_key", &input, on_data_key, &err);
    if (exec->call == NULL) {
        gw_ssm_channel_refuse_key(exec_channel(exec), &err);
    }
}

/* ---- the session ----------------------------------------------------------------------------- */

static void on_ready(void *ctx, struct gw_view greeting)
{
    struct exec *exec = ctx;
    exec->greeting = gw_arena_dup(exec->arena, greeting);
    if (exec->terminal != NULL && greeting.len > 0 && exec->io == EXEC_TERMINAL) {
        gw_terminal_write(exec->terminal, greeting);
        gw_terminal_write(exec->terminal, GW_VIEW("\r\n"));
    }
}

static void on_taken(void *ctx)
{
    exec_taken(ctx);
}

static void on_output(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes)
{
    struct exec *exec = ctx;
    (void)stream;
    if (!exec->is_over) {
        gw_ssm_marks_feed(&exec->marks, bytes);
    }
}

static void on_closed(void *ctx, struct gw_view reason, const struct gw_err *err)
{
    struct exec *exec = ctx;
    if (exec->is_over || exec->has_closed) {
        return;
    }
    exec->reason = gw_arena_dup(exec->arena, reason);
    if (err != NULL && !exec->has_status) {
        keep_failure(exec, err);
    }
    exec_end(exec);
}

static bool open_session(struct exec *exec, const struct gw_value *output, struct gw_err *err)
{
    static const struct gw_ssm_session_events events = {.ready = on_ready,
                                                        .key = on_key,
                                                        .output = on_output,
                                                        .taken = on_taken,
                                                        .lost = on_lost,
                                                        .closed = on_closed};
    const struct gw_value *session = gw_map_get(output, GW_VIEW("session"));
    struct gw_view url = gw_map_text(session, GW_VIEW("streamUrl"));
    struct gw_view token = gw_map_text(session, GW_VIEW("tokenValue"));
    exec->session_id = gw_arena_dup(exec->arena, gw_map_text(session, GW_VIEW("sessionId")));
    if (url.len == 0 || token.len == 0) {
        return gw_fail(err, GW_ERR_PROTOCOL, "answered without a session");
    }
    struct gw_transport *transport = exec->gate->transport(exec->gate, err);
    exec->session = transport == NULL ? NULL
                                      : gw_ssm_session_open(exec->loop, transport, url, token,
                                                            &events, exec, err);
    if (exec->session == NULL || !exec_open_io(exec, err)) {
        return false;
    }
    int columns = 300, rows = 100; /* as the published client where there is no terminal */
    if (exec->io == EXEC_TERMINAL) {
        gw_terminal_size(exec->terminal, &columns, &rows);
    }
    gw_ssm_channel_resize(exec_channel(exec), columns, rows);
    return true;
}

static void on_again(void *ctx);

/* An agent that has not connected yet soon will have; nothing has happened then. */
static bool waits_for_agent(struct exec *exec, const struct gw_call_result *result)
{
    int64_t waited_ms = gw_loop_now_ms(exec->loop) - exec->began_ms;
    if (result->error == NULL || waited_ms >= exec->patience_ms ||
        !gw_view_equal(result->error->code, GW_VIEW("TargetNotConnectedException"))) {
        return false;
    }
    exec->linger = gw_timer_start(exec->loop, AGENT_PAUSE_MS, on_again, exec);
    return true;
}

static void on_executed(void *ctx, const struct gw_call_result *result)
{
    struct exec *exec = ctx;
    struct gw_err err;
    exec->call = NULL;
    exec->http_status = result->http_status;
    exec->attempts += result->attempts;
    exec->request_id = gw_arena_dup(exec->arena, result->request_id);
    if (waits_for_agent(exec, result)) {
        return;
    }
    gw_bind_keep_result(&exec->failure, result);
    if (gw_bind_failed(&exec->failure)) {
        exec_finish(exec);
    } else if (!open_session(exec, result->output, &err)) {
        exec_stop(exec, &err);
    }
}

static void execute(struct exec *exec)
{
    struct gw_err err;
    exec->call = ask(exec, "ecs", "execute_command", &exec->params, on_executed, &err);
    if (exec->call == NULL) {
        exec_stop(exec, &err);
    }
}

static void on_again(void *ctx)
{
    struct exec *exec = ctx;
    exec->linger = NULL;
    execute(exec);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void on_deadline(void *ctx)
{
    struct exec *exec = ctx;
    struct gw_err err;
    exec->deadline = NULL;
    gw_fail(&err, GW_ERR_TIMEOUT, "the command did not end in %lld seconds",
            (long long)exec->timeout_ms / 1000);
    exec_stop(exec, &err);
}

static void on_look(void *ctx)
{
    struct exec *exec = ctx;
    exec->look = NULL;
    if (exec->is_over) {
        return;
    }
    if (exec->gate->stopping(exec->gate)) {
        struct gw_err err;
        gw_fail(&err, GW_ERR_CANCELLED, "interrupted; what the command had done is not known");
        exec_stop(exec, &err);
        return;
    }
    exec->look = gw_timer_start_background(exec->loop, LOOK_MS, on_look, exec);
}

bool exec_start(struct exec *exec)
{
    struct gw_err err;
    exec->has_started = true;
    exec->began_ms = gw_loop_now_ms(exec->loop);
    exec->client = exec->gate->client(exec->gate, exec->act.region, exec->act.profile, &err);
    if (exec->client == NULL) {
        keep_failure(exec, &err);
        return false;
    }
    exec->call = ask(exec, "ecs", "execute_command", &exec->params, on_executed, &err);
    if (exec->call == NULL) {
        keep_failure(exec, &err);
        return false;
    }
    if (exec->timeout_ms > 0) {
        exec->deadline = gw_timer_start(exec->loop, exec->timeout_ms, on_deadline, exec);
    }
    exec->look = gw_timer_start_background(exec->loop, LOOK_MS, on_look, exec);
    return true;
}

static void stop_timer(struct gw_timer **timer)
{
    gw_timer_stop(*timer);
    *timer = NULL;
}

static void stop_call(struct gw_call **call)
{
    if (*call != NULL) {
        gw_call_cancel(*call);
        *call = NULL;
    }
}

void exec_release(struct exec *exec)
{
    stop_timer(&exec->deadline);
    stop_timer(&exec->look);
    stop_timer(&exec->linger);
    stop_call(&exec->call);
    stop_call(&exec->resumption);
    gw_terminal_close(exec->terminal);
    exec->terminal = NULL;
    gw_ssm_session_close(exec->session);
    exec->session = NULL;
    gw_wipe(exec->output.data, exec->output.len);
    gw_buf_clear(&exec->output);
}
