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

#define MAX_SKEW_MS     (5 * 60 * 1000)
#define MAX_HINT        1000000000
#define READ_TIMEOUT_MS 60000
#define POLL_TIMEOUT_MS 75000 /* services hold such a request for a minute */

struct gw_call {
    struct gw_client *client;
    struct gw_call *next, *previous;
    struct gw_call_request request; /* its input is not ours any more */
    struct gw_custom_call custom;
    struct gw_pace *pace;

    struct gw_arena *arena;
    struct gw_outgoing outgoing;
    struct gw_body_sink sink; /* between the transport and the caller's */
    /* One of the five, or none yet. */
    struct gw_identity_wait *wait; /* for credentials */
    struct gw_exchange *exchange;  /* under way */
    struct gw_timer *timer;        /* until the next attempt, or until the failure is told */
    struct gw_turn turn;           /* in the queue of the pace */
    struct gw_discovery_wait discovery;
    struct gw_timer *deadline; /* of the whole call; NULL: none */

    int attempts; /* sent */
    int held;     /* cost of the last retry */
    bool clock_corrected, redirected, rediscovered;
    bool credentials_renewed;
    struct gw_view access_key_id, credentials_source; /* of the last signature */
    int64_t started_ms;
    struct gw_view last_failure; /* of an attempt, in short; empty: none failed yet */

    struct gw_view request_id; /* of the last answer */
    int head_status;           /* of the answer that goes to a sink */
    bool committed;            /* what came has been told: no repetition */
};

/* What one attempt came to. Exactly one of output, error, err is set. */
struct attempt {
    const struct gw_value *output;
    struct gw_aws_error *error;
    struct gw_err *err;
    int status;          /* 0: no answer */
    int64_t hint_ms;     /* -1: none */
    struct gw_view date; /* the server's */
    struct gw_view bucket_region;
};

static bool begin_attempt(struct gw_call *call, struct gw_err *err);

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

/* An answer that makes no sense is a question to who gave it. */
static void name_answerer(const struct gw_call *call, struct gw_err *err)
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
static void finish(struct gw_call *call, const struct attempt *attempt)
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
    }
    unlink_call(call);
    call->request.done(call->request.ctx, &result);
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
    gw_identity_correct_clock(client->identity, skew_ms);
    call->clock_corrected = true;
    return true;
}

/* True when it was told where the bucket is, and the request goes there now. The refused one did
 * nothing, so that the one repetition costs no token. */
static bool follow_bucket(struct gw_call *call, const struct attempt *attempt)
{
    struct gw_outgoing *outgoing = &call->outgoing;
    struct gw_view bucket = gw_custom_bucket(outgoing->op, &outgoing->context);
    if (call->redirected || bucket.len == 0 || attempt->bucket_region.len == 0 ||
        gw_view_equal(attempt->bucket_region, outgoing->endpoint.signing_region)) {
        return false;
    }
    gw_log(GW_LOG_INFO, "bucket '%.*s': is in %.*s, not in %.*s", GW_VIEW_ARGS(bucket),
           GW_VIEW_ARGS(attempt->bucket_region), GW_VIEW_ARGS(outgoing->endpoint.signing_region));
    gw_client_learn_region(call->client, bucket, attempt->bucket_region);
    call->redirected = true;
    return gw_outgoing_address(call->client, outgoing, outgoing->account_id, call->arena, NULL);
}

/* True when the service is to be asked anew where it wants this to be sent; that, too, was refused
 * there and did nothing. */
static bool ask_for_place(struct gw_call *call, const struct attempt *attempt)
{
    if (!attempt->error || call->rediscovered || call->custom.endpoint.len == 0 ||
        gw_operation_discovery(call->request.op) != GW_DISCOVERY_REQUIRED ||
        (attempt->status != 421 &&
         !gw_view_equal(attempt->error->code, GW_VIEW("InvalidEndpointException")))) {
        return false;
    }
    call->rediscovered = true;
    gw_discovery_forget(call->client, call->request.op);
    return true;
}

/* An event stream is gone once it was begun: nobody can say it again. */
static bool can_repeat(const struct gw_operation *op)
{
    const struct gw_shape *input = gw_operation_input(op);
    const struct gw_member *payload = input ? gw_shape_payload(input) : NULL;
    return !payload || !(gw_shape_flags(gw_member_shape(payload)) & GW_SHAPE_EVENT_STREAM);
}

/* True when AWS refused the credentials as no longer good, and others may be had. Like that of the
 * clock, the one repetition is free. */
static bool renew_credentials(struct gw_call *call, const struct attempt *attempt)
{
    static const char *const codes[] = {"ExpiredToken",         "ExpiredTokenException",
                                        "InvalidToken",         "InvalidTokenException",
                                        "InvalidClientTokenId", "UnrecognizedClientException"};
    if (!attempt->error || call->credentials_renewed || call->access_key_id.len == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (gw_view_equal(attempt->error->code, gw_view_of(codes[i]))) {
            call->credentials_renewed = true;
            return gw_identity_invalidate(call->client->identity, call->access_key_id);
        }
    }
    return false;
}

static bool only_reads(const struct gw_operation *op)
{
    enum gw_effect effect = gw_operation_effect(op);
    return effect == GW_EFFECT_READ || effect == GW_EFFECT_READ_SECRET;
}

static enum gw_retry_class classify(const struct gw_call *call, const struct attempt *attempt)
{
    if (attempt->output || call->committed || !can_repeat(call->request.op)) {
        return GW_RETRY_NEVER;
    }
    bool is_garbage = attempt->err && attempt->err->code == GW_ERR_PROTOCOL;
    if (is_garbage && (attempt->status >= 500 || only_reads(call->request.op))) {
        return GW_RETRY_TRANSIENT;
    }
    return gw_retry_classify(attempt->error, attempt->err);
}

static void on_retry(void *ctx)
{
    struct gw_call *call = ctx;
    struct gw_err err = {0};
    call->timer = NULL;
    if (!begin_attempt(call, &err)) {
        finish(call, &(struct attempt){.err = &err});
    }
}

static void try_again(struct gw_call *call, const struct attempt *attempt, int64_t delay_ms)
{
    struct gw_view cause =
        attempt->error ? attempt->error->code : gw_view_of(attempt->err->message);
    call->last_failure = gw_arena_dup(call->arena, cause);
    if (call->request.retrying) {
        struct gw_call_retry retry = {call->attempts, attempt->error, attempt->err, delay_ms};
        call->request.retrying(call->request.ctx, &retry);
    }
    call->timer = gw_timer_start(call->client->options.loop, delay_ms, on_retry, call);
}

/* An attempt that outlives the callback it came with; its texts are the arena's already. */
struct kept {
    struct gw_call *call;
    struct attempt attempt;
    struct gw_aws_error error;
    struct gw_err err;
};

static void on_owed_sleep(void *ctx)
{
    struct kept *kept = ctx;
    kept->call->timer = NULL;
    finish(kept->call, &kept->attempt);
}

static void finish_later(struct gw_call *call, const struct attempt *attempt, int64_t delay_ms)
{
    struct kept *kept = gw_arena_alloc(call->arena, sizeof *kept);
    *kept = (struct kept){.call = call, .attempt = *attempt};
    if (attempt->error) {
        kept->error = *attempt->error;
        kept->attempt.error = &kept->error;
    } else {
        kept->err = *attempt->err;
        kept->attempt.err = &kept->err;
    }
    call->timer = gw_timer_start(call->client->options.loop, delay_ms, on_owed_sleep, kept);
}

static void settle_failure(struct gw_call *call, const struct attempt *attempt,
                           enum gw_retry_class class)
{
    struct gw_retry_failure failure = {
        .class = class,
        .attempt = call->attempts,
        .random = class == GW_RETRY_NEVER ? 0 : gw_client_random(call->client),
        .hint_ms = attempt->hint_ms,
        .long_polling = gw_custom_is_long_polling(call->request.op)};
    struct gw_retry_decision decision = gw_retry_decide(&call->pace->retry, &failure);
    if (decision.verdict == GW_RETRY_AGAIN) {
        call->held = decision.cost;
        try_again(call, attempt, decision.delay_ms);
    } else if (decision.delay_ms > 0) {
        finish_later(call, attempt, decision.delay_ms);
    } else {
        finish(call, attempt);
    }
}

static void settle(struct gw_call *call, const struct attempt *attempt)
{
    enum gw_retry_class class = classify(call, attempt);
    gw_pace_answered(call->pace, class == GW_RETRY_THROTTLING);
    if (attempt->output) {
        gw_retry_success(&call->pace->retry, call->held);
        finish(call, attempt);
    } else if (can_repeat(call->request.op) &&
               (correct_clock(call, attempt) || renew_credentials(call, attempt) ||
                follow_bucket(call, attempt) || ask_for_place(call, attempt))) {
        try_again(call, attempt, 0);
    } else {
        settle_failure(call, attempt, class);
    }
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

/* In AWS's own header milliseconds; in HTTP's, which what stands before AWS may send, seconds. */
static int64_t read_hint_ms(const struct gw_http_response *res)
{
    static const struct {
        const char *header;
        int64_t unit_ms;
    } hints[] = {{"x-amz-retry-after", 1}, {"retry-after", 1000}};
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        int64_t number = 0;
        struct gw_view text = gw_headers_get(&res->headers, gw_view_of(hints[i].header));
        if (gw_view_to_int64(text, &number) && number >= 0 && number < MAX_HINT) {
            return number * hints[i].unit_ms;
        }
    }
    return -1;
}

static bool is_success(const struct gw_http_response *res)
{
    return res->status >= 200 && res->status < 300;
}

/* An error is for us to read, whatever the caller does with the bytes. */
static bool on_head(void *ctx, const struct gw_http_response *head)
{
    struct gw_call *call = ctx;
    const struct gw_body_sink *sink = call->request.sink;
    if (!is_success(head)) {
        return false;
    }
    call->request_id = read_request_id(call, head);
    call->head_status = head->status;
    gw_verify_begin(&call->outgoing.verify, call->request.op, &head->headers, call->arena);
    return sink->begin(sink->ctx, head); /* which may be the end of the call */
}

static enum gw_sink_answer on_bytes(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct gw_call *call = ctx;
    gw_verify_add(&call->outgoing.verify, bytes);
    return call->request.sink->write(call->request.sink->ctx, bytes, err);
}

/* Of a body that went to a sink, and of one in memory, also where the sink declined it. */
static bool verify_body(struct gw_call *call, const struct gw_http_response *res,
                        struct gw_err *err)
{
    struct gw_verify *verify = &call->outgoing.verify;
    if (!gw_custom_verify(call->request.op, res, err)) {
        return false;
    }
    if (!is_success(res)) {
        return true;
    }
    if (!call->outgoing.http.sink || res->body.len > 0) {
        gw_verify_begin(verify, call->request.op, &res->headers, call->arena);
        gw_verify_add(verify, res->body);
    }
    return gw_verify_end(verify, err);
}

static enum gw_answer read_answer(struct gw_call *call, const struct gw_http_response *res,
                                  struct gw_value *output, struct gw_aws_error *error,
                                  struct gw_err *err)
{
    return verify_body(call, res, err)
               ? gw_protocol_read_response(call->request.op, res, call->arena, output, error, err)
               : GW_ANSWER_GARBAGE;
}

static void note_server_clock(struct gw_call *call, struct gw_view date)
{
    double server_s = 0;
    if (gw_time_read(date, &server_s)) {
        int64_t ours_s = gw_loop_wall_ms(call->client->options.loop) / 1000;
        call->outgoing.server_ahead_s = (int64_t)server_s - ours_s;
        call->outgoing.knows_server_clock = true;
    }
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
    note_server_clock(call, attempt.date);
    switch (read_answer(call, res, &output, &error, &err)) {
    case GW_ANSWER_OK:
        gw_custom_output(call->request.op, &call->custom, res, call->arena, &output);
        attempt.output = &output;
        break;
    case GW_ANSWER_AWS_ERROR:
        attempt.error = &error;
        if (call->request_id.len == 0) {
            call->request_id = error.request_id;
        }
        attempt.bucket_region = gw_custom_bucket_region(call->request.op, res, &error, call->arena);
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

static bool is_addressed_for(const struct gw_outgoing *outgoing,
                             const struct gw_credentials *credentials)
{
    return outgoing->endpoint.url.len > 0 &&
           gw_view_equal(credentials->account_id, outgoing->account_id);
}

/* `credentials` is NULL for an operation that is not signed. */
static bool transmit(struct gw_call *call, const struct gw_credentials *credentials,
                     struct gw_err *err)
{
    struct gw_client *client = call->client;
    struct gw_transport *transport = client->options.transport;
    call->attempts++;
    if (credentials) { /* which may be gone when the answer comes */
        call->access_key_id = gw_arena_dup(call->arena, credentials->access_key_id);
        call->credentials_source = gw_arena_dup(call->arena, credentials->source);
    }
    if (credentials && !is_addressed_for(&call->outgoing, credentials) &&
        !gw_outgoing_address(client, &call->outgoing, credentials->account_id, call->arena, err)) {
        return false;
    }
    if (!gw_outgoing_sign(client, &call->outgoing, call->attempts, credentials, call->arena, err)) {
        return false;
    }
    call->exchange = transport->start(transport, &call->outgoing.http, on_done, call);
    return true;
}

static void on_credentials(void *ctx, const struct gw_credentials *credentials,
                           const struct gw_err *err)
{
    struct gw_call *call = ctx;
    struct gw_err failure = {0};
    call->wait = NULL;
    if (!credentials) {
        failure = *err;
    }
    if (!credentials || !transmit(call, credentials, &failure)) {
        finish(call, &(struct attempt){.err = &failure});
    }
}

static bool is_signed(const struct gw_call *call)
{
    const struct gw_operation *op = call->request.op;
    return gw_operation_auth(op) != GW_AUTH_NONE && !gw_bearer_applies(op) &&
           !call->client->options.settings.without_signature;
}

/* At once, or as soon as there are credentials. False: refused. */
static bool send_attempt(struct gw_call *call, struct gw_err *err)
{
    struct gw_identity *identity = call->client->identity;
    if (!is_signed(call)) {
        return transmit(call, NULL, err);
    }
    if (!gw_identity_check(identity, err)) {
        return false;
    }
    const struct gw_credentials *credentials = gw_identity_peek(identity);
    if (credentials) {
        return transmit(call, credentials, err);
    }
    call->wait = gw_identity_get(identity, on_credentials, call);
    return true;
}

static void on_turn(void *ctx)
{
    struct gw_call *call = ctx;
    struct gw_err err = {0};
    if (!send_attempt(call, &err)) {
        finish(call, &(struct attempt){.err = &err});
    }
}

/* Where the service itself said. */
static bool move(struct gw_call *call, struct gw_view url, struct gw_err *err)
{
    struct gw_outgoing *outgoing = &call->outgoing;
    if (gw_view_equal(call->custom.endpoint, url)) {
        return true;
    }
    call->custom.endpoint = url;
    return outgoing->endpoint.url.len == 0 || /* its address is not made yet */
           gw_outgoing_address(call->client, outgoing, outgoing->account_id, call->arena, err);
}

static void on_discovered(void *ctx, const struct gw_err *err)
{
    struct gw_call *call = ctx;
    struct gw_err failure = {0};
    if (err) {
        failure = *err;
    }
    if (err || !begin_attempt(call, &failure)) {
        finish(call, &(struct attempt){.err = &failure});
    }
}

static bool begin_attempt(struct gw_call *call, struct gw_err *err)
{
    struct gw_view url;
    if (!gw_discovery_enter(call->client, call->request.op, &call->discovery, &url, err)) {
        return false;
    }
    if (call->discovery.discovery) {
        return true;
    }
    if (url.len > 0 && !move(call, url, err)) {
        return false;
    }
    return !gw_pace_enter(call->pace, &call->turn) || send_attempt(call, err);
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
    finish(call, &(struct attempt){.err = &err});
}

static struct gw_call *new_call(struct gw_client *client, const struct gw_call_request *request)
{
    struct gw_call *call = gw_alloc(sizeof *call);
    *call = (struct gw_call){.client = client, .request = *request};
    call->request.input = NULL;
    call->arena = gw_arena_new();
    call->started_ms = gw_loop_now_ms(client->options.loop);
    call->sink = (struct gw_body_sink){on_head, on_bytes, call};
    call->turn.fn = on_turn;
    call->turn.ctx = call;
    call->discovery.fn = on_discovered;
    call->discovery.ctx = call;
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
    return is_signed(call) ? gw_identity_peek(call->client->identity) : NULL;
}

/* Made before the caller is known, so that what is wrong with it is said at once; unless it may not
 * be without the caller's account. */
static bool make_first_address(struct gw_call *call, struct gw_err *err)
{
    const struct gw_settings *settings = &call->client->options.settings;
    const struct gw_credentials *caller = known_caller(call);
    bool has_to_wait =
        !caller && is_signed(call) && settings->account_id_mode == GW_ACCOUNT_ID_REQUIRED;
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
    if (prepare(call, &customised, err) && begin_attempt(call, err)) {
        link_call(call);
        return call;
    }
    if (err) {
        name_operation(call, err);
    }
    free_call(call);
    return NULL;
}
