/* A call whose output is a stream of events, on a virtual clock: beginning, events, pause, the end in
 * all its forms, and what is repeated. The transport plays pieces of an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "aws/aws.h"
#include "codec/codec.h"

/* ---- a transport that plays pieces ------------------------------------------------------------ */

/* One attempt's answer: a status, pieces of a body, and how it ends. */
struct play {
    int status;
    struct gw_view pieces[4];
    size_t repeat;       /* the last piece comes so many times more */
    const char *failure; /* NULL: it ends as it should */
};

struct stage {
    struct gw_transport base;
    struct gw_loop *loop;
    struct gw_arena *arena;
    const struct play *plays; /* the last one repeats */
    size_t play_count, attempts, cancelled, resumed;
};

struct gw_exchange {
    struct stage *stage;
    const struct play *play;
    const struct gw_http_request *req;
    gw_http_done_fn done;
    void *ctx;
    struct gw_timer *timer;
    size_t piece, repeated;
    bool has_begun, is_sinking, is_paused;
    bool *gone;
};

static void stage_free(struct gw_exchange *exchange)
{
    if (exchange->gone) {
        *exchange->gone = true;
    }
    gw_timer_stop(exchange->timer);
    free(exchange);
}

static void stage_step(void *ctx);

static void stage_next(struct gw_exchange *exchange)
{
    if (!exchange->is_paused) {
        exchange->timer = gw_timer_start(exchange->stage->loop, 1000, stage_step, exchange);
    }
}

static void stage_end(struct gw_exchange *exchange)
{
    struct gw_http_response res = {.status = exchange->play->status, .reason = GW_VIEW("Reason")};
    struct gw_err err = {0};
    gw_headers_add(exchange->stage->arena, &res.headers, GW_VIEW("x-amzn-RequestId"),
                   GW_VIEW("req-1"));
    if (exchange->play->failure) {
        gw_fail(&err, GW_ERR_NETWORK, "%s", exchange->play->failure);
    } else if (!exchange->is_sinking) {
        res.body = exchange->play->pieces[0];
    }
    exchange->done(exchange->ctx, exchange->play->failure ? NULL : &res,
                   exchange->play->failure ? &err : NULL);
    stage_free(exchange);
}

static struct gw_view stage_piece(struct gw_exchange *exchange)
{
    const struct play *play = exchange->play;
    if (exchange->piece > 0 && exchange->repeated < play->repeat &&
        (exchange->piece == 4 || play->pieces[exchange->piece].len == 0)) {
        exchange->repeated++;
        return play->pieces[exchange->piece - 1];
    }
    return exchange->piece < 4 ? play->pieces[exchange->piece++] : GW_VIEW_NONE;
}

/* One step a second: the head, each piece, the end. */
static void stage_step(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    const struct gw_body_sink *sink = exchange->req->sink;
    struct gw_err err = {0};
    bool gone = false;
    exchange->timer = NULL;
    exchange->gone = &gone;
    if (!exchange->has_begun) {
        struct gw_http_response head = {.status = exchange->play->status};
        gw_headers_add(exchange->stage->arena, &head.headers, GW_VIEW("x-amzn-RequestId"),
                       GW_VIEW("req-1"));
        exchange->has_begun = true;
        bool takes = head.status != 0 && sink && sink->begin(sink->ctx, &head);
        if (gone) {
            return;
        }
        exchange->is_sinking = takes;
        stage_next(exchange);
        return;
    }
    struct gw_view piece = exchange->is_sinking ? stage_piece(exchange) : GW_VIEW_NONE;
    if (piece.len == 0) {
        stage_end(exchange);
        return;
    }
    enum gw_sink_answer answer = sink->write(sink->ctx, piece, &err);
    if (!gone) {
        assert_int_not_equal(answer, GW_SINK_ABORT);
        exchange->is_paused = answer == GW_SINK_PAUSE;
        exchange->gone = NULL;
        stage_next(exchange);
    }
}

static struct gw_exchange *stage_start(struct gw_transport *self, const struct gw_http_request *req,
                                       gw_http_done_fn done, void *ctx)
{
    struct stage *stage = (struct stage *)self;
    struct gw_exchange *exchange = gw_alloc(sizeof *exchange);
    size_t index = stage->attempts++;
    index = index < stage->play_count ? index : stage->play_count - 1;
    *exchange = (struct gw_exchange){
        .stage = stage, .play = &stage->plays[index], .req = req, .done = done, .ctx = ctx};
    stage_next(exchange);
    return exchange;
}

static void stage_cancel(struct gw_transport *self, struct gw_exchange *exchange)
{
    ((struct stage *)self)->cancelled++;
    stage_free(exchange);
}

static void stage_resume(struct gw_transport *self, struct gw_exchange *exchange)
{
    ((struct stage *)self)->resumed++;
    if (exchange->is_paused) {
        exchange->is_paused = false;
        stage_next(exchange);
    }
}

/* ---- what is told ---------------------------------------------------------------------------- */

struct bench {
    struct gw_arena *arena;
    struct gw_loop *loop;
    struct gw_config *config;
    struct stage stage;
    struct gw_client *client;
    struct gw_stream *stream;

    struct gw_buf told; /* "begin {} req-1 | event {...} | end" */
    int64_t event_count;
    int attempts;
    bool pause, quiet;
    int close_at; /* 1: the beginning, 2: the first event; 0: never */
};

static void note(struct bench *bench, const char *what, const struct gw_value *value)
{
    gw_buf_addf(&bench->told, "%s%s", bench->told.len > 0 ? " | " : "", what);
    if (value) {
        gw_buf_add_char(&bench->told, ' ');
        gw_json_write(value, NULL, &bench->told);
    }
}

static void note_failure(struct bench *bench, const char *what, const struct gw_call_result *result)
{
    note(bench, what, NULL);
    if (result->error) {
        gw_buf_addf(&bench->told, " %.*s: %.*s", GW_VIEW_ARGS(result->error->code),
                    GW_VIEW_ARGS(result->error->message));
    } else if (result->err) {
        gw_buf_addf(&bench->told, " %s", result->err->message);
    }
}

static void close_stream(struct bench *bench)
{
    gw_stream_close(bench->stream);
    bench->stream = NULL;
}

static void on_began(void *ctx, const struct gw_call_result *result)
{
    struct bench *bench = ctx;
    bench->attempts = result->attempts;
    if (!result->output) {
        bench->stream = NULL;
        note_failure(bench, "refused", result);
        return;
    }
    note(bench, "begin", result->output);
    gw_buf_addf(&bench->told, " %.*s", GW_VIEW_ARGS(result->request_id));
    if (bench->close_at == 1) {
        close_stream(bench);
    }
}

static bool on_event(void *ctx, const struct gw_value *event)
{
    struct bench *bench = ctx;
    bench->event_count++;
    if (!bench->quiet) {
        note(bench, "event", event);
    }
    if (bench->close_at == 2) {
        close_stream(bench);
    }
    return !bench->pause;
}

static void on_ended(void *ctx, const struct gw_call_result *result)
{
    struct bench *bench = ctx;
    bench->stream = NULL;
    assert_null(result->output);
    note_failure(bench, "end", result);
}

static int set_up(void **state)
{
    struct bench *bench = gw_alloc(sizeof *bench);
    const struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL,
                                          .start_epoch_ms = 1700000000000};
    bench->arena = gw_arena_new();
    bench->loop = gw_loop_new(&clock);
    bench->config = gw_config_parse(GW_VIEW(""), GW_VIEW(""), NULL);
    bench->stage = (struct stage){
        .base = {.start = stage_start, .cancel = stage_cancel, .resume = stage_resume},
        .loop = bench->loop,
        .arena = bench->arena};
    gw_buf_init(&bench->told, 1 << 20);
    struct gw_client_options options = {
        .loop = bench->loop, .transport = &bench->stage.base, .config = bench->config, .seed = 1};
    options.settings.region = GW_VIEW("us-east-1");
    options.settings.profile = GW_VIEW("default");
    options.settings.max_attempts = 3;
    options.credentials = (struct gw_credentials){.access_key_id = GW_VIEW("AKID"),
                                                  .secret_access_key = GW_VIEW("a secret key"),
                                                  .source = GW_VIEW("test")};
    bench->client = gw_client_new(&options);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    gw_stream_close(bench->stream);
    gw_client_free(bench->client);
    gw_config_close(bench->config);
    gw_loop_free(bench->loop);
    gw_buf_clear(&bench->told);
    gw_arena_free(bench->arena);
    free(bench);
    return 0;
}

/* ---- streams --------------------------------------------------------------------------------- */

static const struct gw_operation *live_tail(void)
{
    const struct gw_service *logs = gw_models_find(gw_models_builtin(), GW_VIEW("logs"));
    return gw_service_find_operation(logs, GW_VIEW("StartLiveTail"));
}

static struct gw_view made(struct bench *bench, struct gw_buf *out)
{
    struct gw_view bytes = gw_arena_dup(bench->arena, gw_buf_view(out));
    gw_buf_clear(out);
    return bytes;
}

static struct gw_view initial(struct bench *bench)
{
    struct gw_buf out;
    struct gw_value output = gw_value_map();
    struct gw_http_response head;
    gw_buf_init(&out, 1 << 16);
    assert_true(gw_protocol_begin_stream(live_tail(), &output, GW_VIEW_NONE, bench->arena, &head,
                                         &out, NULL));
    return made(bench, &out);
}

static struct gw_view event(struct bench *bench, const char *session)
{
    struct gw_buf out;
    struct gw_value value = gw_value_map();
    struct gw_value *start = gw_map_add(bench->arena, &value, GW_VIEW("sessionStart"));
    *start = gw_value_map();
    *gw_map_add(bench->arena, start, GW_VIEW("sessionId")) = gw_value_text(session);
    gw_buf_init(&out, 1 << 16);
    assert_true(gw_protocol_write_event(live_tail(), gw_operation_output(live_tail()), &value,
                                        bench->arena, &out, NULL));
    return made(bench, &out);
}

static struct gw_view exception(struct bench *bench, const char *code)
{
    struct gw_buf out;
    struct gw_aws_error error = {.code = gw_view_of(code), .message = GW_VIEW("late")};
    gw_buf_init(&out, 1 << 16);
    assert_true(gw_protocol_write_event_error(live_tail(), &error, bench->arena, &out, NULL));
    return made(bench, &out);
}

static struct gw_view joined(struct bench *bench, struct gw_view a, struct gw_view b)
{
    char *bytes = gw_arena_alloc(bench->arena, a.len + b.len + 1);
    memcpy(bytes, a.data, a.len);
    memcpy(bytes + a.len, b.data, b.len);
    return (struct gw_view){bytes, a.len + b.len};
}

static void open_stream(struct bench *bench, const struct play *plays, size_t count)
{
    struct gw_err err = {0};
    struct gw_value input = {0};
    bench->stage.plays = plays;
    bench->stage.play_count = count;
    assert_true(gw_json_parse(
        GW_VIEW("{\"logGroupIdentifiers\":[\"arn:aws:logs:us-east-1:123456789012:log-group:g\"]}"),
        bench->arena, &input, NULL));
    struct gw_stream_request request = {
        .call = {.op = live_tail(), .input = &input, .done = on_began, .ctx = bench},
        .event = on_event,
        .ended = on_ended};
    bench->stream = gw_stream_open(bench->client, &request, &err);
    if (!bench->stream) {
        fail_msg("%s", err.message);
    }
}

static void run(struct bench *bench)
{
    while (gw_loop_step(bench->loop)) {
    }
}

static void assert_told(struct bench *bench, const struct play *plays, size_t count,
                        const char *expected)
{
    open_stream(bench, plays, count);
    run(bench);
    assert_string_equal(bench->told.data ? bench->told.data : "", expected);
}

#define BEGIN     "begin {} req-1"
#define EVENT(id) "event {\"sessionStart\":{\"sessionId\":\"" id "\"}}"

static void a_stream_begins_goes_on_and_ends(void **state)
{
    struct bench *bench = *state;
    const struct play play = {200, {initial(bench), event(bench, "a"), event(bench, "b")}, 0, NULL};
    assert_told(bench, &play, 1, BEGIN " | " EVENT("a") " | " EVENT("b") " | end");
    assert_int_equal(bench->stage.attempts, 1);
    assert_int_equal(bench->stage.cancelled, 0);
}

static void pieces_need_not_be_events(void **state)
{
    struct bench *bench = *state;
    struct gw_view all =
        joined(bench, joined(bench, initial(bench), event(bench, "a")), event(bench, "b"));
    const struct play play = {200,
                              {gw_view_sub(all, 0, 7), gw_view_sub(all, 7, 150),
                               gw_view_sub(all, 157, 80), gw_view_sub(all, 237, GW_NPOS)},
                              0,
                              NULL};
    assert_told(bench, &play, 1, BEGIN " | " EVENT("a") " | " EVENT("b") " | end");
}

static void a_first_event_without_the_initial_message_begins_too(void **state)
{
    struct bench *bench = *state;
    const struct play play = {200, {event(bench, "a")}, 0, NULL};
    assert_told(bench, &play, 1, BEGIN " | " EVENT("a") " | end");
}

/* ---- the end --------------------------------------------------------------------------------- */

static void an_exception_ends_the_stream_as_an_error(void **state)
{
    struct bench *bench = *state;
    const struct play play = {
        200, {initial(bench), exception(bench, "InternalFailure"), event(bench, "a")}, 0, NULL};
    assert_told(bench, &play, 1, BEGIN " | end InternalFailure: late");
    assert_int_equal(bench->stage.cancelled, 1);
}

static void an_exception_instead_of_a_beginning_refuses(void **state)
{
    struct bench *bench = *state;
    const struct play play = {200, {exception(bench, "InternalFailure")}, 0, NULL};
    assert_told(bench, &play, 1, "refused InternalFailure: late");
}

static void damage_ends_the_stream_and_names_the_operation(void **state)
{
    struct bench *bench = *state;
    const struct play play = {200, {initial(bench), GW_VIEW("this is no event at all")}, 0, NULL};
    assert_told(bench, &play, 1,
                BEGIN " | end logs:StartLiveTail: event stream: checksum of the prelude is "
                      "bca0d360, not 6e6f2065 (message at byte 104)");
}

static void a_lost_connection_is_told_and_not_repeated_after_the_beginning(void **state)
{
    struct bench *bench = *state;
    const struct play play = {200, {initial(bench), event(bench, "a")}, 0, "connection lost"};
    assert_told(bench, &play, 1,
                BEGIN " | " EVENT("a") " | end logs:StartLiveTail: connection lost");
    assert_int_equal(bench->stage.attempts, 1);
}

static void an_end_inside_an_event_is_no_end(void **state)
{
    struct bench *bench = *state;
    const struct play play = {
        200, {initial(bench), gw_view_sub(event(bench, "a"), 0, 40)}, 0, NULL};
    assert_told(bench, &play, 1,
                BEGIN " | end logs:StartLiveTail: event stream: it ended inside an event");
}

/* ---- before the beginning -------------------------------------------------------------------- */

static void what_fails_before_the_beginning_is_repeated(void **state)
{
    struct bench *bench = *state;
    const struct play plays[] = {
        {503, {GW_VIEW("{}")}, 0, NULL},
        {200, {gw_view_sub(initial(bench), 0, 20)}, 0, "connection lost"},
        {200, {initial(bench), event(bench, "a")}, 0, NULL},
    };
    assert_told(bench, plays, 3, BEGIN " | " EVENT("a") " | end");
    assert_int_equal(bench->stage.attempts, 3);
    assert_int_equal(bench->attempts, 3);
}

static void an_error_of_the_service_refuses_as_for_any_call(void **state)
{
    struct bench *bench = *state;
    const struct play play = {
        400, {GW_VIEW("{\"__type\":\"InvalidParameterException\",\"message\":\"no\"}")}, 0, NULL};
    assert_told(bench, &play, 1, "refused InvalidParameterException: no");
}

static void a_plain_call_does_not_take_a_stream(void **state)
{
    struct bench *bench = *state;
    struct gw_err err = {0};
    struct gw_value input = {0};
    gw_json_parse(GW_VIEW("{\"logGroupIdentifiers\":[\"g\"]}"), bench->arena, &input, NULL);
    struct gw_call_request request = {.op = live_tail(), .input = &input, .done = on_began};
    assert_null(gw_call_start(bench->client, &request, &err));
    assert_string_equal(err.message,
                        "logs:StartLiveTail: answers with a stream of events: open it as a stream");
}

/* ---- close and pause ------------------------------------------------------------------------- */

static void it_can_be_closed_at_its_beginning_at_an_event_and_any_time(void **state)
{
    struct bench *bench = *state;
    const struct play play = {
        200, {joined(bench, initial(bench), event(bench, "a")), event(bench, "b")}, 0, NULL};
    bench->close_at = 1;
    assert_told(bench, &play, 1, BEGIN);
    gw_buf_reset(&bench->told);
    bench->close_at = 2;
    assert_told(bench, &play, 1, BEGIN " | " EVENT("a"));
    assert_int_equal(bench->stage.cancelled, 2);
    gw_buf_reset(&bench->told);
    open_stream(bench, &play, 1);
    close_stream(bench);
    run(bench);
    assert_int_equal(bench->stage.cancelled, 3);
    assert_int_equal(bench->told.len, 0);
}

static void a_paused_stream_holds_the_connection_and_loses_nothing(void **state)
{
    struct bench *bench = *state;
    struct gw_view two = joined(bench, event(bench, "a"), event(bench, "b"));
    const struct play play = {200, {initial(bench), two, event(bench, "c")}, 0, NULL};
    bench->pause = true;
    open_stream(bench, &play, 1);
    run(bench);
    assert_string_equal(bench->told.data, BEGIN " | " EVENT("a"));
    gw_stream_resume(bench->stream);
    run(bench);
    assert_string_equal(bench->told.data, BEGIN " | " EVENT("a") " | " EVENT("b"));
    assert_int_equal(bench->stage.resumed, 0); /* there was enough at hand */
    bench->pause = false;
    gw_stream_resume(bench->stream);
    run(bench);
    assert_string_equal(bench->told.data,
                        BEGIN " | " EVENT("a") " | " EVENT("b") " | " EVENT("c") " | end");
    assert_int_equal(bench->stage.resumed, 1);
}

/* ---- length ---------------------------------------------------------------------------------- */

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void run_long(struct bench *bench, size_t events)
{
    const struct play play = {200, {initial(bench), event(bench, "a")}, events - 1, NULL};
    open_stream(bench, &play, 1);
    run(bench);
}

static void a_long_stream_needs_no_more_memory_than_a_short_one(void **state)
{
    struct bench *bench = *state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* it keeps what is released */
#endif
    bench->quiet = true;
    run_long(bench, 1000);
    long before = peak_kib();
    run_long(bench, 100000);
    assert_int_equal(bench->event_count, 101000);
    assert_true(peak_kib() <= before + before / 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stream_begins_goes_on_and_ends),
        TEST(pieces_need_not_be_events),
        TEST(a_first_event_without_the_initial_message_begins_too),
        TEST(an_exception_ends_the_stream_as_an_error),
        TEST(an_exception_instead_of_a_beginning_refuses),
        TEST(damage_ends_the_stream_and_names_the_operation),
        TEST(a_lost_connection_is_told_and_not_repeated_after_the_beginning),
        TEST(an_end_inside_an_event_is_no_end),
        TEST(what_fails_before_the_beginning_is_repeated),
        TEST(an_error_of_the_service_refuses_as_for_any_call),
        TEST(a_plain_call_does_not_take_a_stream),
        TEST(it_can_be_closed_at_its_beginning_at_an_event_and_any_time),
        TEST(a_paused_stream_holds_the_connection_and_loses_nothing),
        TEST(a_long_stream_needs_no_more_memory_than_a_short_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
