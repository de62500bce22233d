/* call: one asynchronous call, from its parameters to what its caller is told. The request is
 * serialised once and signed anew for every attempt; its idempotency token and invocation id stay
 * the same. */
#include "aws/call.h"

#include <stdlib.h>

#define READ_TIMEOUT_MS 60000
#define POLL_TIMEOUT_MS 75000 /* services hold such a request for a minute */

/* ---- life ------------------------------------------------------------------------------------ */

static void link_call(struct gw_call *call)
{
    call->next = call->client->calls;
    if (call->next) {
        call->next->previous = call;
    }
    call->client->calls = call;
}

static void unlink_call(struct gw_call *call)
{
    if (call->previous) {
        call->previous->next = call->next;
    } else {
        call->client->calls = call->next;
    }
    if (call->next) {
        call->next->previous = call->previous;
    }
}

static void free_call(struct gw_call *call)
{
    gw_timer_stop(call->deadline);
    gw_outgoing_clear(&call->outgoing);
    gw_arena_free(call->arena);
    free(call);
}

/* Whatever it waits for. */
static void stop_waiting(struct gw_call *call)
{
    struct gw_transport *transport = call->client->options.transport;
    gw_identity_cancel(call->wait);
    call->wait = NULL;
    if (call->exchange) {
        transport->cancel(transport, call->exchange);
        call->exchange = NULL;
    }
    gw_timer_stop(call->timer);
    call->timer = NULL;
    gw_pace_leave(call->pace, &call->turn);
    gw_discovery_leave(&call->discovery);
}

void gw_call_cancel(struct gw_call *call)
{
    if (!call) {
        return;
    }
    stop_waiting(call);
    unlink_call(call);
    free_call(call);
}

/* "ecs:UpdateService: " before what does not say so yet. */
static void name_operation(const struct gw_call *call, struct gw_err *err)
{
    struct gw_view service = gw_service_name(gw_operation_service(call->request.op));
    struct gw_view name = gw_operation_name(call->request.op);
    struct gw_view subject =
        gw_arena_printf(call->arena, "%.*s:%.*s", GW_VIEW_ARGS(service), GW_VIEW_ARGS(name));
    if (!gw_view_starts_with(gw_view_of(err->message), subject)) {
        gw_err_prefix(err, "%.*s", GW_VIEW_ARGS(subject));
    }
}

static struct gw_view place_of(const struct gw_call *call)
{
    struct gw_url url = {0};
    gw_url_parse(call->outgoing.http.url, &url, NULL);
    return url.authority;
}

void gw_call_name_answerer(const struct gw_call *call, struct gw_err *err)
{
    struct gw_view message = gw_arena_dup(call->arena, gw_view_of(err->message));
    gw_fail(err, err->code, "%.*s; answered by %.*s", GW_VIEW_ARGS(message),
            GW_VIEW_ARGS(place_of(call)));
}

void gw_call_describe(const struct gw_call *call, struct gw_call_result *out)
{
    *out = (struct gw_call_result){
        .op = call->request.op,
        .request_id = call->request_id,
        .place = place_of(call),
        .credentials_source = call->credentials_source,
        .http_status = call->head_status,
        .attempts = call->attempts,
        .left_open = call->left_open,
        .duration_ms = gw_loop_now_ms(call->client->options.loop) - call->started_ms,
    };
}

void gw_call_commit(struct gw_call *call)
{
    call->committed = true;
}

void gw_call_resume(struct gw_call *call)
{
    struct gw_transport *transport = call->client->options.transport;
    if (call->exchange) {
        transport->resume(transport, call->exchange);
    }
}

/* `done` may free the client: after it, only the call's own memory is touched. */
void gw_call_finish(struct gw_call *call, const struct gw_attempt *attempt)
{
    struct gw_call_result result;
    gw_call_describe(call, &result);
    result.output = attempt->output;
    result.error = attempt->error;
    result.err = attempt->err;
    result.http_status = attempt->status;
    if (attempt->error) {
        attempt->error->attempts = call->attempts;
    }
    if (attempt->err) {
        name_operation(call, attempt->err);
        attempt->err->unsent = attempt->err->unsent && !call->has_sent;
    }
    unlink_call(call);
    call->request.done(call->request.ctx, &result);
    free_call(call);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void on_deadline(void *ctx)
{
    struct gw_call *call = ctx;
    struct gw_err err = {0};
    call->deadline = NULL;
    stop_waiting(call);
    gw_fail(&err, GW_ERR_TIMEOUT, "no answer within %g s (%d attempt%s%s%.*s)",
            (double)call->request.options.timeout_ms / 1000, call->attempts,
            call->attempts == 1 ? "" : "s",
            call->last_failure.len > 0 ? "; the last failure: " : "",
            GW_VIEW_ARGS(call->last_failure));
    gw_call_finish(call, &(struct gw_attempt){.err = &err});
}

static void keep_credentials(struct gw_call *call, const struct gw_credentials *given)
{
    if (given) {
        call->given = (struct gw_credentials){
            .access_key_id = gw_arena_dup(call->arena, given->access_key_id),
            .secret_access_key = gw_arena_dup(call->arena, given->secret_access_key),
            .session_token = gw_arena_dup(call->arena, given->session_token),
            .source = GW_VIEW("the script")};
    }
}

static struct gw_call *new_call(struct gw_client *client, const struct gw_call_request *request)
{
    struct gw_call *call = gw_alloc(sizeof *call);
    *call = (struct gw_call){.client = client, .request = *request};
    call->request.input = NULL;
    call->request.credentials = NULL;
    call->arena = gw_arena_new();
    keep_credentials(call, request->credentials);
    call->started_ms = gw_loop_now_ms(client->options.loop);
    gw_call_init_attempts(call);
    call->pace = gw_pace_get(client, gw_operation_service(request->op), &request->options);
    return call;
}

static void set_transfer(struct gw_call *call)
{
    const struct gw_call_options *options = &call->request.options;
    struct gw_http_request *http = &call->outgoing.http;
    http->connect_timeout_ms = options->connect_timeout_ms > 0
                                   ? options->connect_timeout_ms
                                   : call->client->options.settings.connect_timeout_ms;
    http->ca_bundle = call->client->options.settings.ca_bundle;
    http->read_timeout_ms = options->read_timeout_ms > 0                  ? options->read_timeout_ms
                            : gw_custom_is_long_polling(call->request.op) ? POLL_TIMEOUT_MS
                                                                          : READ_TIMEOUT_MS;
    if (options->timeout_ms > 0) {
        call->deadline =
            gw_timer_start(call->client->options.loop, options->timeout_ms, on_deadline, call);
    }
}

/* Of the caller; NULL: not known yet, or nobody's business. */
static const struct gw_credentials *known_caller(const struct gw_call *call)
{
    if (call->given.access_key_id.len > 0) {
        return &call->given;
    }
    return gw_call_is_signed(call) ? gw_identity_peek(call->client->identity) : NULL;
}

/* Made before the caller is known, so that what is wrong with it is said at once; unless it may not
 * be without the caller's account. */
static bool make_first_address(struct gw_call *call, struct gw_err *err)
{
    const struct gw_settings *settings = &call->client->options.settings;
    const struct gw_credentials *caller = known_caller(call);
    bool has_to_wait =
        !caller && gw_call_is_signed(call) && settings->account_id_mode == GW_ACCOUNT_ID_REQUIRED;
    return has_to_wait ||
           gw_outgoing_address(call->client, &call->outgoing,
                               caller ? caller->account_id : GW_VIEW_NONE, call->arena, err);
}

static bool prepare(struct gw_call *call, const struct gw_call_request *request, struct gw_err *err)
{
    if (!gw_outgoing_write(call->client, request, &call->custom, call->arena, &call->outgoing,
                           err) ||
        !gw_outgoing_complete(call->client, request->input, call->arena, &call->outgoing, err) ||
        !make_first_address(call, err)) {
        return false;
    }
    const struct gw_shape *output = gw_operation_output(request->op);
    if (request->sink && (gw_shape_stream(output) || gw_event_stream_member(output))) {
        call->outgoing.http.sink = &call->sink;
    }
    call->outgoing.max_attempts = call->pace->retry.policy.max_attempts;
    set_transfer(call);
    return true;
}

/* A stream of events may never end: it is not collected. */
static bool check_reader(const struct gw_call_request *request, struct gw_err *err)
{
    const struct gw_operation *op = request->op;
    return request->sink || !gw_event_stream_member(gw_operation_output(op)) ||
           gw_fail(err, GW_ERR_INPUT,
                   "%.*s:%.*s: answers with a stream of events: open it as a stream",
                   GW_VIEW_ARGS(gw_service_name(gw_operation_service(op))),
                   GW_VIEW_ARGS(gw_operation_name(op)));
}

struct gw_call *gw_call_start(struct gw_client *client, const struct gw_call_request *request,
                              struct gw_err *err)
{
    struct gw_call *call = new_call(client, request);
    struct gw_call_request customised = *request;
    struct gw_value input;
    customised.input = &input;
    if (!gw_custom_input(request->op, request->input, call->arena, &input, &call->custom, err) ||
        !gw_validate(request->op, &input, err) || !check_reader(request, err)) {
        free_call(call);
        return NULL;
    }
    if (prepare(call, &customised, err) && gw_call_begin_attempt(call, err)) {
        link_call(call);
        return call;
    }
    if (err) {
        name_operation(call, err);
    }
    free_call(call);
    return NULL;
}
