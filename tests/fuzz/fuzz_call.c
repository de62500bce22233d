/* fuzz: whole calls. Whatever a server answers, each time it is asked, a call ends once, with an output,
 * AWS's error or one line. The first byte picks the operation. Then come the answers, parted by
 * "\n--\n": a line with the status, lines with headers, an empty line, and the body. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

#define START_EPOCH_MS INT64_C(1700000000000)
#define MAX_STEPS      1000
#define MAX_ATTEMPTS   4
#define FREE_ATTEMPTS  3 /* once each: other credentials, another clock, the bucket's region */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *service, *operation, *input;
} calls[] = {
    {"ecs", "ListClusters", "{}"},
    {"sqs", "ListQueues", "{}"},
    {"sts", "GetCallerIdentity", "{}"},
    {"ec2", "DescribeRegions", "{}"},
    {"lambda", "ListFunctions", "{}"},
    {"cloudwatch", "ListDashboards", "{}"},
    {"dynamodb", "ListTables", "{}"},
    {"s3", "ListBuckets", "{}"},
    {"s3", "GetBucketLocation", "{\"Bucket\":\"b-1\"}"},
    {"s3", "ListObjectsV2", "{\"Bucket\":\"b-1\"}"},
    {"s3", "GetObject", "{\"Bucket\":\"b-1\",\"Key\":\"k\"}"},
    {"s3", "CopyObject", "{\"Bucket\":\"b-1\",\"Key\":\"k\",\"CopySource\":\"b/k\"}"},
    {"logs", "StartLiveTail", "{\"logGroupIdentifiers\":[\"g\"]}"},
};

/* ---- a transport that answers with what is left of the input ---------------------------------- */

struct answering {
    struct gw_transport base;
    struct gw_loop *loop;
    struct gw_view rest;
};

struct gw_exchange {
    struct answering *answering;
    const struct gw_http_request *req;
    struct gw_timer *timer;
    gw_http_done_fn done;
    void *ctx;
    bool *gone; /* set when it is cancelled while it delivers */
};

static struct gw_view take_until(struct gw_view *rest, struct gw_view mark)
{
    size_t end = gw_view_find(*rest, mark);
    struct gw_view part = gw_view_sub(*rest, 0, end);
    *rest = end == GW_NPOS ? GW_VIEW_NONE : gw_view_sub(*rest, end + mark.len, GW_NPOS);
    return part;
}

static struct gw_http_response take_answer(struct gw_view *rest, struct gw_arena *arena)
{
    struct gw_http_response res = {.reason = GW_VIEW("Whatever")};
    struct gw_view text = take_until(rest, GW_VIEW("\n--\n")), line;
    int64_t status = 0;
    gw_view_to_int64(take_until(&text, GW_VIEW("\n")), &status);
    res.status = status >= 100 && status <= 999 ? (int)status : 200;
    while ((line = take_until(&text, GW_VIEW("\n"))).len > 0) {
        struct gw_view name = take_until(&line, GW_VIEW(":"));
        gw_headers_add(arena, &res.headers, name, line);
    }
    res.body = text;
    return res;
}

/* The body goes where the request wants it, in one piece. */
static bool deliver(const struct gw_body_sink *sink, struct gw_http_response *res,
                    struct gw_err *err)
{
    if (!sink || !sink->begin(sink->ctx, res) || res->body.len == 0) {
        return true;
    }
    struct gw_view body = res->body;
    res->body = GW_VIEW("");
    return sink->write(sink->ctx, body, err) != GW_SINK_ABORT;
}

static void on_time(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    struct gw_arena *arena = gw_arena_new();
    struct gw_view *rest = &exchange->answering->rest;
    struct gw_err err = {0};
    bool gone = false, is_lost = rest->len == 0;
    struct gw_http_response res = take_answer(rest, arena);
    exchange->gone = &gone;
    bool answered = is_lost ? gw_fail(&err, GW_ERR_NETWORK, "connection lost")
                            : deliver(exchange->req->sink, &res, &err);
    if (!gone) {
        gw_http_done_fn done = exchange->done;
        void *done_ctx = exchange->ctx;
        free(exchange);
        done(done_ctx, answered ? &res : NULL, answered ? NULL : &err);
    }
    gw_arena_free(arena);
}

static struct gw_exchange *start(struct gw_transport *self, const struct gw_http_request *req,
                                 gw_http_done_fn done, void *ctx)
{
    struct gw_exchange *exchange = gw_alloc(sizeof *exchange);
    struct answering *answering = (struct answering *)self;
    *exchange = (struct gw_exchange){answering, req, NULL, done, ctx, NULL};
    exchange->timer = gw_timer_start(answering->loop, 1, on_time, exchange);
    return exchange;
}

static void cancel(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    if (exchange->gone) {
        *exchange->gone = true;
    } else {
        gw_timer_stop(exchange->timer);
    }
    free(exchange);
}

static void resume(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    (void)exchange;
}

/* ---- one input ------------------------------------------------------------------------------- */

struct outcome {
    bool is_stream;
    int ends;
};

static void check(const struct gw_call_result *result, int least)
{
    int told = (result->output != NULL) + (result->error != NULL) + (result->err != NULL);
    if (told < least || told > 1 || result->attempts > MAX_ATTEMPTS + FREE_ATTEMPTS ||
        (result->err && (!result->err->message[0] || strchr(result->err->message, '\n')))) {
        abort();
    }
}

static void on_done(void *ctx, const struct gw_call_result *result)
{
    struct outcome *outcome = ctx;
    check(result, 1);
    outcome->ends += !(outcome->is_stream && result->output);
}

static bool on_event(void *ctx, const struct gw_value *event)
{
    (void)ctx;
    return event->kind == GW_MAP || (abort(), false);
}

static void on_ended(void *ctx, const struct gw_call_result *result)
{
    struct outcome *outcome = ctx;
    check(result, 0);
    outcome->ends++;
}

static const struct gw_operation *find_operation(const char *service, const char *name)
{
    return gw_service_find_operation(gw_models_find(gw_models_builtin(), gw_view_of(service)),
                                     gw_view_of(name));
}

static struct gw_client *new_client(struct answering *answering, struct gw_config *config)
{
    return gw_client_new(&(struct gw_client_options){
        .loop = answering->loop,
        .transport = &answering->base,
        .config = config,
        .settings = {.profile = GW_VIEW("default"),
                     .region = GW_VIEW("us-east-1"),
                     .max_attempts = MAX_ATTEMPTS,
                     .retry_mode = GW_RETRY_STANDARD},
        .credentials = {.access_key_id = GW_VIEW("AKID"), .secret_access_key = GW_VIEW("secret")},
        .seed = 1});
}

static void make_call(struct gw_client *client, size_t which, struct gw_loop *loop,
                      struct gw_arena *arena)
{
    struct gw_value input;
    struct outcome outcome = {0};
    struct gw_stream_request request = {.event = on_event, .ended = on_ended};
    request.call =
        (struct gw_call_request){.op = find_operation(calls[which].service, calls[which].operation),
                                 .input = &input,
                                 .done = on_done,
                                 .ctx = &outcome};
    outcome.is_stream = gw_event_stream_member(gw_operation_output(request.call.op)) != NULL;
    if (!gw_json_parse(gw_view_of(calls[which].input), arena, &input, NULL) ||
        (outcome.is_stream ? !gw_stream_open(client, &request, NULL)
                           : !gw_call_start(client, &request.call, NULL))) {
        abort();
    }
    for (int i = 0; i < MAX_STEPS && outcome.ends == 0 && gw_loop_step(loop); i++) {
    }
    if (outcome.ends != 1) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct gw_arena *arena = gw_arena_new();
    struct answering answering = {.base = {.start = start, .cancel = cancel, .resume = resume},
                                  .rest = {(const char *)data + 1, size - 1}};
    gw_log_set_level(GW_LOG_ERROR);
    answering.loop = gw_loop_new(
        &(struct gw_loop_options){.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = START_EPOCH_MS});
    struct gw_config *config = gw_config_parse(GW_VIEW(""), GW_VIEW(""), NULL);
    struct gw_client *client = new_client(&answering, config);
    make_call(client, data[0] % (sizeof calls / sizeof calls[0]), answering.loop, arena);
    gw_client_free(client);
    gw_config_close(config);
    gw_loop_free(answering.loop);
    gw_arena_free(arena);
    gw_secret_clear();
    return 0;
}
