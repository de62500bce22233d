/* call: one asynchronous call: validate, serialise, sign, send, read, and where that is of use
 * again. The request is serialised once and signed anew for every attempt; its idempotency token
 * and invocation id stay the same.
 *
 * What is retried follows the SDKs' standard mode, also this: a connection lost after the request
 * was sent is retried even where the operation changes something, for the token makes a repetition
 * harmless where AWS models one. An answer that makes no sense is another matter: it proves that
 * the request arrived. It is retried for reading operations only; else the outcome is uncertain,
 * and the caller's to settle. */
#include "aws/internal.h"

#include <stdlib.h>

#define MAX_SKEW_MS (5 * 60 * 1000)

struct gw_call {
    struct gw_client *client;
    struct gw_call *next, *previous;
    const struct gw_operation *op;
    gw_call_done_fn done;
    void *ctx;

    struct gw_arena *arena;
    struct gw_outgoing outgoing;
    struct gw_exchange *exchange; /* under way, or */
    struct gw_timer *timer;       /* waiting for the next attempt */

    int attempts; /* begun */
    int held;     /* cost of the last retry */
    bool clock_corrected;
    int64_t started_ms;

    struct gw_view request_id; /* of the last answer */
};

/* What one attempt came to. Exactly one of output, error, err is set. */
struct attempt {
    const struct gw_value *output;
    struct gw_aws_error *error;
    struct gw_err *err;
    int status;          /* 0: no answer */
    int64_t hint_ms;     /* -1: none */
    struct gw_view date; /* the server's */
};

static bool send_attempt(struct gw_call *call, struct gw_err *err);

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
    gw_arena_free(call->arena);
    free(call);
}

void gw_call_cancel(struct gw_call *call)
{
    if (!call) {
        return;
    }
    struct gw_transport *transport = call->client->options.transport;
    if (call->exchange) {
        transport->cancel(transport, call->exchange);
    }
    gw_timer_stop(call->timer);
    unlink_call(call);
    free_call(call);
}

/* "ecs:UpdateService: " before what does not say so yet. */
static void name_operation(const struct gw_call *call, struct gw_err *err)
{
    struct gw_view service = gw_service_name(gw_operation_service(call->op));
    struct gw_view name = gw_operation_name(call->op);
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

/* An answer that makes no sense is a question to who gave it. */
static void name_answerer(const struct gw_call *call, struct gw_err *err)
{
    struct gw_view message = gw_arena_dup(call->arena, gw_view_of(err->message));
    gw_fail(err, err->code, "%.*s; answered by %.*s", GW_VIEW_ARGS(message),
            GW_VIEW_ARGS(place_of(call)));
}

/* `done` may free the client: after it, only the call's own memory is touched. */
static void finish(struct gw_call *call, const struct attempt *attempt)
{
    struct gw_call_result result = {
        .op = call->op,
        .output = attempt->output,
        .error = attempt->error,
        .err = attempt->err,
        .request_id = call->request_id,
        .place = place_of(call),
        .credentials_source = call->client->credentials.source,
        .http_status = attempt->status,
        .attempts = call->attempts,
        .duration_ms = gw_loop_now_ms(call->client->options.loop) - call->started_ms,
    };
    if (attempt->error) {
        attempt->error->attempts = call->attempts;
    }
    if (attempt->err) {
        name_operation(call, attempt->err);
    }
    unlink_call(call);
    call->done(call->ctx, &result);
    free_call(call);
}

/* ---- what to do with the outcome of an attempt ------------------------------------------------
 */

static bool is_clock_code(struct gw_view code)
{
    static const char *const codes[] = {"RequestTimeTooSkewed",  "RequestExpired",
                                        "RequestInTheFuture",    "InvalidSignatureException",
                                        "SignatureDoesNotMatch", "AuthFailure"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (gw_view_equal(code, gw_view_of(codes[i]))) {
            return true;
        }
    }
    return false;
}

/* True when the clock was off and is corrected now, for this call and all later ones. The refused
 * request did nothing, so that the one repetition costs no token. */
static bool correct_clock(struct gw_call *call, const struct attempt *attempt)
{
    struct gw_client *client = call->client;
    double server_s = 0;
    if (!attempt->error || call->clock_corrected || !is_clock_code(attempt->error->code) ||
        !gw_time_read(attempt->date, &server_s)) {
        return false;
    }
    int64_t skew_ms = (int64_t)server_s * 1000 - gw_loop_wall_ms(client->options.loop);
    int64_t change_ms = skew_ms - client->skew_ms;
    if (change_ms >= -MAX_SKEW_MS && change_ms <= MAX_SKEW_MS) {
        return false;
    }
    gw_log(GW_LOG_WARN, "clock: this machine's is %lld s off AWS's; signing with theirs",
           (long long)(skew_ms / 1000));
    client->skew_ms = skew_ms;
    call->clock_corrected = true;
    return true;
}

static bool only_reads(const struct gw_operation *op)
{
    enum gw_effect effect = gw_operation_effect(op);
    return effect == GW_EFFECT_READ || effect == GW_EFFECT_READ_SECRET;
}

static enum gw_retry_class classify(const struct gw_call *call, const struct attempt *attempt)
{
    bool is_garbage = attempt->err && attempt->err->code == GW_ERR_PROTOCOL;
    if (is_garbage && (attempt->status >= 500 || only_reads(call->op))) {
        return GW_RETRY_TRANSIENT;
    }
    return gw_retry_classify(attempt->error, attempt->err);
}

static void on_retry(void *ctx)
{
    struct gw_call *call = ctx;
    struct gw_err err = {0};
    call->timer = NULL;
    if (!send_attempt(call, &err)) {
        finish(call, &(struct attempt){.err = &err});
    }
}

static void log_retry(const struct gw_call *call, const struct attempt *attempt, int64_t delay_ms)
{
    struct gw_view service = gw_service_name(gw_operation_service(call->op));
    struct gw_view cause =
        attempt->error ? attempt->error->code : gw_view_of(attempt->err->message);
    gw_log(GW_LOG_INFO, "%.*s:%.*s: attempt %d failed (%.*s), trying again in %lld ms",
           GW_VIEW_ARGS(service), GW_VIEW_ARGS(gw_operation_name(call->op)), call->attempts,
           GW_VIEW_ARGS(cause), (long long)delay_ms);
}

/* The delay before another attempt, or -1 for none. */
static int64_t plan_retry(struct gw_call *call, const struct attempt *attempt)
{
    if (correct_clock(call, attempt)) {
        return 0;
    }
    struct gw_client *client = call->client;
    enum gw_retry_class class = classify(call, attempt);
    if (class == GW_RETRY_NEVER) {
        return -1;
    }
    int64_t delay_ms = gw_retry_delay_ms(&client->retry, class, call->attempts,
                                         gw_client_random(client), attempt->hint_ms);
    if (delay_ms >= 0) {
        call->held = gw_retry_cost(class);
    }
    return delay_ms;
}

static void settle(struct gw_call *call, const struct attempt *attempt)
{
    if (attempt->output) {
        gw_retry_success(&call->client->retry, call->held);
        finish(call, attempt);
        return;
    }
    int64_t delay_ms = plan_retry(call, attempt);
    if (delay_ms < 0) {
        finish(call, attempt);
        return;
    }
    log_retry(call, attempt, delay_ms);
    call->timer = gw_timer_start(call->client->options.loop, delay_ms, on_retry, call);
}

/* ---- one attempt ----------------------------------------------------------------------------- */

static struct gw_view read_request_id(const struct gw_call *call,
                                      const struct gw_http_response *res)
{
    static const char *const names[] = {"x-amzn-requestid", "x-amz-request-id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct gw_view id = gw_headers_get(&res->headers, gw_view_of(names[i]));
        if (id.len > 0) {
            return gw_arena_dup(call->arena, id);
        }
    }
    return GW_VIEW_NONE;
}

static int64_t read_hint_ms(const struct gw_http_response *res)
{
    int64_t hint_ms = 0;
    struct gw_view text = gw_headers_get(&res->headers, GW_VIEW("x-amz-retry-after"));
    return gw_view_to_int64(text, &hint_ms) && hint_ms >= 0 ? hint_ms : -1;
}

static void on_answer(struct gw_call *call, const struct gw_http_response *res)
{
    struct gw_value output = {0};
    struct gw_aws_error error = {0};
    struct gw_err err = {0};
    struct attempt attempt = {.status = res->status,
                              .hint_ms = read_hint_ms(res),
                              .date = gw_headers_get(&res->headers, GW_VIEW("date"))};
    call->request_id = read_request_id(call, res);
    switch (gw_protocol_read_response(call->op, res, call->arena, &output, &error, &err)) {
    case GW_ANSWER_OK:
        attempt.output = &output;
        break;
    case GW_ANSWER_AWS_ERROR:
        attempt.error = &error;
        if (call->request_id.len == 0) {
            call->request_id = error.request_id;
        }
        break;
    case GW_ANSWER_GARBAGE:
        name_answerer(call, &err);
        attempt.err = &err;
        break;
    }
    settle(call, &attempt);
}

static void on_done(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct gw_call *call = ctx;
    call->exchange = NULL;
    if (res) {
        on_answer(call, res);
        return;
    }
    struct gw_err failure = *err;
    call->request_id = GW_VIEW_NONE;
    settle(call, &(struct attempt){.err = &failure, .hint_ms = -1});
}

static bool send_attempt(struct gw_call *call, struct gw_err *err)
{
    struct gw_client *client = call->client;
    struct gw_transport *transport = client->options.transport;
    call->attempts++;
    if (!gw_outgoing_sign(client, &call->outgoing, call->attempts, call->arena, err)) {
        return false;
    }
    call->exchange = transport->start(transport, &call->outgoing.http, on_done, call);
    return true;
}

/* ---- start ----------------------------------------------------------------------------------- */

struct gw_call *gw_call_start(struct gw_client *client, const struct gw_operation *op,
                              const struct gw_value *input, gw_call_done_fn done, void *ctx,
                              struct gw_err *err)
{
    if (!gw_validate(op, input, err)) {
        return NULL;
    }
    struct gw_call *call = gw_alloc(sizeof *call);
    *call = (struct gw_call){.client = client, .op = op, .done = done, .ctx = ctx};
    call->arena = gw_arena_new();
    call->started_ms = gw_loop_now_ms(client->options.loop);
    if (!gw_outgoing_write(client, op, input, call->arena, &call->outgoing, err) ||
        !send_attempt(call, err)) {
        if (err) {
            name_operation(call, err);
        }
        free_call(call);
        return NULL;
    }
    link_call(call);
    return call;
}
