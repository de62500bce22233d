/* A client on a virtual clock, against a transport that plays a script and records what it was sent.
 */
#ifndef GW_TEST_PLAYER_H
#define GW_TEST_PLAYER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws/aws.h"
#include "codec/codec.h"

#define START_EPOCH_MS 1700000000000 /* 2023-11-14T22:13:20Z */

/* ---- a transport that plays a script -----------------------------------------------------------
 */

/* One answer; `failure` instead of a status where the exchange itself fails. */
struct answer {
    int status;
    const char *body;
    const char *headers[2][2];
    enum gw_err_code failure;
    const char *message;
    int64_t after_ms;
};

enum { MAX_SENT = 32 };

struct sent {
    int64_t at_ms;
    struct gw_view method, url, body;
    struct gw_headers headers;
};

struct gw_exchange {
    struct player *player;
    struct gw_timer *timer;
    gw_http_done_fn done;
    void *ctx;
    const struct answer *answer;
    const struct gw_http_request *req;
};

struct player {
    struct gw_transport base;
    struct gw_loop *loop;
    struct gw_arena *arena;
    const struct answer *script; /* the last one repeats */
    size_t script_len;
    struct sent sent[MAX_SENT];
    size_t sent_count, cancelled_count;
};

/* In two pieces; false when the sink has ended it. */
static inline bool play_to_sink(const struct gw_exchange *exchange, struct gw_http_response *res)
{
    const struct gw_body_sink *sink = exchange->req->sink;
    struct gw_err err = {0};
    struct gw_view body = res->body, rest = gw_view_sub(body, body.len / 2, GW_NPOS);
    res->body = GW_VIEW_NONE;
    if (!sink->begin(sink->ctx, res)) {
        res->body = body;
        return true;
    }
    if (sink->write(sink->ctx, gw_view_sub(body, 0, body.len / 2), &err) == GW_SINK_ABORT ||
        sink->write(sink->ctx, rest, &err) == GW_SINK_ABORT) {
        exchange->done(exchange->ctx, NULL, &err);
        return false;
    }
    return true;
}

static inline void play_answer(void *ctx)
{
    struct gw_exchange exchange = *(struct gw_exchange *)ctx;
    const struct answer *answer = exchange.answer;
    free(ctx);
    if (answer->failure != GW_ERR_NONE) {
        struct gw_err err = {0};
        gw_fail(&err, answer->failure, "%s", answer->message);
        exchange.done(exchange.ctx, NULL, &err);
        return;
    }
    struct gw_http_response res = {.status = answer->status,
                                   .reason = GW_VIEW("Some Reason"),
                                   .body = gw_view_of(answer->body)};
    for (int i = 0; i < 2 && answer->headers[i][0]; i++) {
        gw_headers_add(exchange.player->arena, &res.headers, gw_view_of(answer->headers[i][0]),
                       gw_view_of(answer->headers[i][1]));
    }
    if (exchange.req->sink && !play_to_sink(&exchange, &res)) {
        return;
    }
    exchange.done(exchange.ctx, &res, NULL);
}

/* As a connection would take it. */
static inline struct gw_view read_source(const struct gw_body_source *source,
                                         struct gw_arena *arena)
{
    char *body = gw_arena_alloc(arena, (size_t)source->size_bytes + 1);
    size_t total = 0, len = 1;
    assert_true(source->rewind(source->ctx, NULL));
    for (; len > 0; total += len) {
        assert_true(source->read(source->ctx, body + total, (size_t)source->size_bytes + 1 - total,
                                 &len, NULL));
    }
    assert_int_equal(total, source->size_bytes);
    return (struct gw_view){body, total};
}

static inline void record(struct player *player, const struct gw_http_request *req)
{
    assert_true(player->sent_count < MAX_SENT);
    struct sent *sent = &player->sent[player->sent_count++];
    *sent = (struct sent){.at_ms = gw_loop_now_ms(player->loop)};
    sent->method = gw_arena_dup(player->arena, req->method);
    sent->url = gw_arena_dup(player->arena, req->url);
    sent->body = req->source ? read_source(req->source, player->arena)
                             : gw_arena_dup(player->arena, req->body);
    for (size_t i = 0; i < req->headers.count; i++) {
        gw_headers_add(player->arena, &sent->headers, req->headers.items[i].name,
                       req->headers.items[i].value);
    }
}

static inline struct gw_exchange *play_start(struct gw_transport *self,
                                             const struct gw_http_request *req,
                                             gw_http_done_fn done, void *ctx)
{
    struct player *player = (struct player *)self;
    size_t index = player->sent_count;
    index = index < player->script_len ? index : player->script_len - 1;
    record(player, req);
    struct gw_exchange *exchange = gw_alloc(sizeof *exchange);
    *exchange = (struct gw_exchange){player, NULL, done, ctx, &player->script[index], req};
    exchange->timer =
        gw_timer_start(player->loop, exchange->answer->after_ms, play_answer, exchange);
    return exchange;
}

static inline void play_cancel(struct gw_transport *self, struct gw_exchange *exchange)
{
    ((struct player *)self)->cancelled_count++;
    gw_timer_stop(exchange->timer);
    free(exchange);
}

/* ---- fixture -----------------------------------------------------------------------------------
 */

struct fixture {
    struct gw_arena *arena;
    struct gw_loop *loop;
    struct gw_config *config;
    struct player player;
    struct gw_client_options options;
    struct gw_client *client;
    struct gw_call_options call_options; /* of every call */
    gw_call_retry_fn retrying;           /* likewise; its ctx is the call's outcome */
    const struct gw_body_source *source; /* likewise */
    const struct gw_body_sink *sink;     /* likewise */
    void *notes;                         /* of the test */
};

static inline int set_up(void **state)
{
    struct fixture *f = gw_alloc(sizeof *f);
    f->arena = gw_arena_new();
    f->loop = gw_loop_new(
        &(struct gw_loop_options){.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = START_EPOCH_MS});
    f->config = gw_config_parse(GW_VIEW(""), GW_VIEW(""), NULL);
    f->player = (struct player){
        .base = {.start = play_start, .cancel = play_cancel}, .loop = f->loop, .arena = f->arena};
    f->options = (struct gw_client_options){
        .loop = f->loop,
        .transport = &f->player.base,
        .config = f->config,
        .settings = {.profile = GW_VIEW("default"),
                     .region = GW_VIEW("eu-central-1"),
                     .retry_mode = GW_RETRY_STANDARD},
        .credentials = {.access_key_id = GW_VIEW("AKIDEXAMPLE"),
                        .secret_access_key = GW_VIEW("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                        .source = GW_VIEW("the test")},
        .user_agent = GW_VIEW("gwrun/0.1.0"),
        .seed = 7,
    };
    f->client = gw_client_new(&f->options);
    *state = f;
    return f->config == NULL;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    gw_client_free(f->client);
    gw_config_close(f->config);
    gw_loop_free(f->loop);
    gw_arena_free(f->arena);
    free(f);
    return 0;
}

static inline void renew_client(struct fixture *f)
{
    gw_client_free(f->client);
    f->client = gw_client_new(&f->options);
}

static inline void play(struct fixture *f, const struct answer *script, size_t len)
{
    f->player.script = script;
    f->player.script_len = len;
    f->player.sent_count = 0;
}

#define PLAY(f, ...)                                                                               \
    static const struct answer script[] = {__VA_ARGS__};                                           \
    play(f, script, sizeof script / sizeof script[0])

static inline const struct gw_operation *find(const char *service, const char *name)
{
    const struct gw_service *found = gw_models_find(gw_models_builtin(), gw_view_of(service));
    const struct gw_operation *op = gw_service_find_operation(found, gw_view_of(name));
    assert_non_null(op);
    return op;
}

/* What came of a call, kept. */
struct outcome {
    struct fixture *f;
    int calls, attempts;
    int64_t duration_ms;
    struct gw_view request_id;
    struct gw_view output; /* as JSON, when there is one */
    bool failed;           /* `error` is filled */
    struct gw_aws_error error;
    struct gw_view code, message; /* of `error` */
    struct gw_err err;
};

static inline void on_done(void *ctx, const struct gw_call_result *result)
{
    struct outcome *outcome = ctx;
    struct gw_arena *arena = outcome->f->arena;
    outcome->calls++;
    outcome->attempts = result->attempts;
    outcome->duration_ms = result->duration_ms;
    outcome->request_id = gw_arena_dup(arena, result->request_id);
    assert_int_equal(!!result->output + !!result->error + !!result->err, 1);
    if (result->output) {
        struct gw_buf buf;
        gw_buf_init(&buf, 65536);
        gw_json_write(result->output, &(struct gw_json_options){0}, &buf);
        outcome->output = gw_arena_dup(arena, gw_buf_view(&buf));
        gw_buf_clear(&buf);
    } else if (result->error) {
        outcome->failed = true;
        outcome->error = *result->error;
        outcome->code = gw_arena_dup(arena, result->error->code);
        outcome->message = gw_arena_dup(arena, result->error->message);
    } else {
        outcome->err = *result->err;
    }
}

static inline struct gw_call *start(struct fixture *f, const struct gw_operation *op,
                                    const char *input, struct outcome *outcome)
{
    struct gw_value value;
    struct gw_err err = {0};
    *outcome = (struct outcome){.f = f};
    assert_true(gw_json_parse(gw_view_of(input), f->arena, &value, &err));
    struct gw_call_request request = {.op = op,
                                      .input = &value,
                                      .source = f->source,
                                      .sink = f->sink,
                                      .options = f->call_options,
                                      .done = on_done,
                                      .retrying = f->retrying,
                                      .ctx = outcome};
    struct gw_call *call = gw_call_start(f->client, &request, &err);
    assert_string_equal(err.message, "");
    assert_non_null(call);
    assert_int_equal(outcome->calls, 0); /* later, never from inside start */
    return call;
}

static inline void run(struct fixture *f)
{
    while (gw_loop_step(f->loop)) {
    }
}

static inline struct outcome call(struct fixture *f, const struct gw_operation *op,
                                  const char *input)
{
    struct outcome outcome;
    start(f, op, input, &outcome);
    run(f);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

static inline struct outcome list_clusters(struct fixture *f)
{
    return call(f, find("ecs", "list_clusters"), "{}");
}

static inline struct outcome update_service(struct fixture *f)
{
    return call(f, find("ecs", "update_service"), "{\"service\":\"web\",\"desiredCount\":2}");
}

static inline void assert_view(struct gw_view actual, const char *expected)
{
    char *text = gw_view_dup(actual);
    char copy[2048] = "";
    strncat(copy, text, sizeof copy - 1);
    free(text);
    assert_string_equal(copy, expected);
}

static inline void assert_header(const struct sent *sent, const char *name, const char *expected)
{
    assert_view(gw_headers_get(&sent->headers, gw_view_of(name)), expected);
}

#define ERROR_JSON(code, text) "{\"__type\":\"" code "\",\"message\":\"" text "\"}"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* The account of whoever runs the tests is none of their business. */
static inline void forget_the_account(void)
{
    static const char *const variables[] = {"AWS_ACCESS_KEY_ID",     "AWS_SECRET_ACCESS_KEY",
                                            "AWS_SESSION_TOKEN",     "AWS_SECURITY_TOKEN",
                                            "AWS_ENDPOINT_URL",      "AWS_ENDPOINT_URL_ECS",
                                            "AWS_ENDPOINT_URL_IAM",  "AWS_ENDPOINT_URL_STS",
                                            "AWS_USE_FIPS_ENDPOINT", "AWS_PROFILE"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    gw_log_set_level(GW_LOG_ERROR);
}

#endif
