/* call_attempt: one attempt of a call: it waits for its turn and for credentials, signs, sends, and
 * reads the answer. */
#include "aws/call.h"

#define MAX_HINT 1000000000

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
        call->client->ahead_s = call->outgoing.server_ahead_s;
        call->client->knows_clock = true;
    }
}

static void on_answer(struct gw_call *call, const struct gw_http_response *res)
{
    struct gw_value output = {0};
    struct gw_aws_error error = {0};
    struct gw_err err = {0};
    struct gw_attempt attempt = {.status = res->status,
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
        gw_call_name_answerer(call, &err);
        attempt.err = &err;
        break;
    }
    gw_call_settle(call, &attempt);
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
    gw_call_settle(call, &(struct gw_attempt){.err = &failure, .hint_ms = -1});
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
    call->signed_skew_ms = client->skew_ms;
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
        gw_call_finish(call, &(struct gw_attempt){.err = &failure});
    }
}

bool gw_call_is_signed(const struct gw_call *call)
{
    const struct gw_operation *op = call->request.op;
    return gw_operation_auth(op) != GW_AUTH_NONE && !gw_bearer_applies(op) &&
           !call->client->options.settings.without_signature;
}

/* At once, or as soon as there are credentials. False: refused. */
static bool send_attempt(struct gw_call *call, struct gw_err *err)
{
    struct gw_identity *identity = call->client->identity;
    if (!gw_call_is_signed(call)) {
        return transmit(call, NULL, err);
    }
    if (call->given.access_key_id.len > 0) {
        return transmit(call, &call->given, err);
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
        gw_call_finish(call, &(struct gw_attempt){.err = &err});
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
    if (err || !gw_call_begin_attempt(call, &failure)) {
        gw_call_finish(call, &(struct gw_attempt){.err = &failure});
    }
}

void gw_call_init_attempts(struct gw_call *call)
{
    call->sink = (struct gw_body_sink){on_head, on_bytes, call};
    call->turn.fn = on_turn;
    call->turn.ctx = call;
    call->discovery.fn = on_discovered;
    call->discovery.ctx = call;
}

bool gw_call_begin_attempt(struct gw_call *call, struct gw_err *err)
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
