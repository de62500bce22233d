/* call_outcome: what to do with what an attempt came to.
 *
 * What is retried follows the SDKs' standard mode, also this: a connection lost after the request
 * was sent is retried even where the operation changes something, for the token makes a repetition
 * harmless where AWS models one. An answer that makes no sense is another matter: it proves that
 * the request arrived. It is retried for reading operations only; else the outcome is uncertain,
 * and the caller's to settle. */
#include "aws/call.h"

#define MAX_SKEW_MS (5 * 60 * 1000)

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

static bool is_near(int64_t a_ms, int64_t b_ms)
{
    return a_ms - b_ms >= -MAX_SKEW_MS && a_ms - b_ms <= MAX_SKEW_MS;
}

/* True when the clock was off and is corrected now, for this call and all later ones. The refused
 * request did nothing, so that the one repetition costs no token. */
static bool correct_clock(struct gw_call *call, const struct gw_attempt *attempt)
{
    struct gw_client *client = call->client;
    double server_s = 0;
    if (!attempt->error || call->clock_corrected || !is_clock_code(attempt->error->code) ||
        !gw_time_read(attempt->date, &server_s)) {
        return false;
    }
    int64_t skew_ms = (int64_t)server_s * 1000 - gw_loop_wall_ms(client->options.loop);
    if (is_near(skew_ms, call->signed_skew_ms)) {
        return false;
    }
    call->clock_corrected = true;
    if (is_near(skew_ms, client->skew_ms)) {
        return true; /* by another call meanwhile */
    }
    gw_log(GW_LOG_WARN, "clock: this machine's is %lld s off AWS's; signing with theirs",
           (long long)(skew_ms / 1000));
    client->skew_ms = skew_ms;
    gw_identity_correct_clock(client->identity, skew_ms);
    return true;
}

/* True when it was told where the bucket is, and the request goes there now. The refused one did
 * nothing, so that the one repetition costs no token. */
static bool follow_bucket(struct gw_call *call, const struct gw_attempt *attempt)
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
static bool ask_for_place(struct gw_call *call, const struct gw_attempt *attempt)
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
static bool renew_credentials(struct gw_call *call, const struct gw_attempt *attempt)
{
    static const char *const codes[] = {"ExpiredToken",         "ExpiredTokenException",
                                        "InvalidToken",         "InvalidTokenException",
                                        "InvalidClientTokenId", "UnrecognizedClientException"};
    if (!attempt->error || call->credentials_renewed || call->access_key_id.len == 0 ||
        call->given.access_key_id.len > 0) {
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

static enum gw_retry_class classify(const struct gw_call *call, const struct gw_attempt *attempt)
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
    if (!gw_call_begin_attempt(call, &err)) {
        gw_call_finish(call, &(struct gw_attempt){.err = &err});
    }
}

static void try_again(struct gw_call *call, const struct gw_attempt *attempt, int64_t delay_ms)
{
    struct gw_view cause =
        attempt->error ? attempt->error->code : gw_view_of(attempt->err->message);
    call->last_failure = gw_arena_dup(call->arena, cause);
    call->left_open =
        call->left_open || attempt->status >= 500 || (attempt->err && !attempt->err->unsent);
    if (call->request.retrying) {
        struct gw_call_retry retry = {call->attempts, attempt->error, attempt->err, delay_ms};
        call->request.retrying(call->request.ctx, &retry);
    }
    call->timer = gw_timer_start(call->client->options.loop, delay_ms, on_retry, call);
}

/* An attempt that outlives the callback it came with; its texts are the arena's already. */
struct kept {
    struct gw_call *call;
    struct gw_attempt attempt;
    struct gw_aws_error error;
    struct gw_err err;
};

static void on_owed_sleep(void *ctx)
{
    struct kept *kept = ctx;
    kept->call->timer = NULL;
    gw_call_finish(kept->call, &kept->attempt);
}

static void finish_later(struct gw_call *call, const struct gw_attempt *attempt, int64_t delay_ms)
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

static void settle_failure(struct gw_call *call, const struct gw_attempt *attempt,
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
        gw_call_finish(call, attempt);
    }
}

void gw_call_settle(struct gw_call *call, const struct gw_attempt *attempt)
{
    enum gw_retry_class class = classify(call, attempt);
    call->has_sent = call->has_sent || attempt->output || attempt->error || !attempt->err->unsent;
    gw_pace_answered(call->pace, class == GW_RETRY_THROTTLING);
    if (attempt->output) {
        gw_retry_success(&call->pace->retry, call->held);
        gw_call_finish(call, attempt);
    } else if (can_repeat(call->request.op) &&
               (correct_clock(call, attempt) || renew_credentials(call, attempt) ||
                follow_bucket(call, attempt) || ask_for_place(call, attempt))) {
        try_again(call, attempt, 0);
    } else {
        settle_failure(call, attempt, class);
    }
}
