/* Answers whose bodies go to a sink as they arrive, against a server on the loopback interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/net.h"
#include "unit/support/http_server.h"

#define BIG_BYTES ((size_t)4 << 20)

static struct test_route routes[] = {
    {"/small", "HTTP/1.1 200 OK\r\nX-Kind: small\r\nContent-Length: 5\r\n\r\nbytes", TEST_KEEP},
    {"/empty", "HTTP/1.1 204 No Content\r\n\r\n", TEST_KEEP},
    {"/chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
     TEST_KEEP},
    {"/refusal", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", TEST_KEEP},
    {"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", TEST_CLOSE},
    {"/silent", "", TEST_HANG},
    {"/head-only", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", TEST_HANG},
    {"/slow", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", TEST_HANG},
    {"/big", NULL, TEST_KEEP}, /* filled in main */
    {NULL, NULL, TEST_KEEP},
};

/* What the sink does at its first write. */
enum deed { TAKE, PAUSE, ABORT, CANCEL, CLOSE };

struct bench {
    struct test_server server;
    struct gw_loop *loop;
    struct gw_transport *transport;
    struct gw_exchange *exchange;
    struct gw_body_sink sink;
    struct gw_http_request req;
    char url[64];

    enum deed deed;
    bool cancel_at_head;
    int heads, writes, ends;
    int status; /* of the head */
    char kind[16];
    struct gw_buf taken; /* by the sink */
    bool answered;
    struct gw_buf body; /* at the end */
    struct gw_err err;
};

static void leave(struct bench *bench)
{
    bench->transport->cancel(bench->transport, bench->exchange);
    bench->exchange = NULL;
}

static bool on_head(void *ctx, const struct gw_http_response *head)
{
    struct bench *bench = ctx;
    struct gw_view kind = gw_headers_get(&head->headers, GW_VIEW("X-Kind"));
    bench->heads++;
    bench->status = head->status;
    assert_int_equal(head->body.len, 0);
    assert_true(kind.len < sizeof bench->kind);
    if (kind.len > 0) {
        memcpy(bench->kind, kind.data, kind.len);
    }
    if (bench->cancel_at_head) {
        leave(bench);
        return false;
    }
    return head->status == 200;
}

static enum gw_sink_answer on_bytes(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct bench *bench = ctx;
    assert_int_equal(bench->heads, 1);
    assert_true(gw_buf_add(&bench->taken, bytes));
    if (bench->writes++ > 0 || bench->deed == TAKE) {
        return GW_SINK_TAKEN;
    }
    switch (bench->deed) {
    case ABORT:
        gw_fail(err, GW_ERR_IO, "file 'x': no space left");
        return GW_SINK_ABORT;
    case CANCEL:
        leave(bench);
        return GW_SINK_TAKEN;
    case CLOSE:
        bench->transport->close(bench->transport);
        bench->transport = NULL;
        return GW_SINK_TAKEN;
    default:
        return GW_SINK_PAUSE;
    }
}

static void on_done(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct bench *bench = ctx;
    bench->ends++;
    bench->exchange = NULL;
    bench->answered = res != NULL;
    if (res != NULL) {
        gw_buf_add(&bench->body, res->body);
    } else {
        bench->err = *err;
    }
}

static int set_up(void **state)
{
    struct bench *bench = gw_alloc(sizeof *bench);
    bench->server = test_server_start(routes);
    bench->loop = gw_loop_new(NULL);
    bench->transport = gw_curl_open(bench->loop, NULL, NULL);
    bench->sink = (struct gw_body_sink){on_head, on_bytes, bench};
    gw_buf_init(&bench->taken, 2 * BIG_BYTES);
    gw_buf_init(&bench->body, 1024);
    *state = bench;
    return bench->transport == NULL;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    if (bench->transport != NULL) {
        bench->transport->close(bench->transport);
    }
    gw_loop_free(bench->loop);
    gw_buf_clear(&bench->taken);
    gw_buf_clear(&bench->body);
    test_server_stop(&bench->server);
    free(bench);
    return 0;
}

static void start(struct bench *bench, const char *path)
{
    snprintf(bench->url, sizeof bench->url, "http://127.0.0.1:%d%s", bench->server.port, path);
    bench->req.method = GW_VIEW("GET");
    bench->req.url = gw_view_of(bench->url);
    bench->req.sink = &bench->sink;
    if (bench->req.timeout_ms == 0) {
        bench->req.timeout_ms = 5000;
    }
    bench->exchange = bench->transport->start(bench->transport, &bench->req, on_done, bench);
    assert_int_equal(bench->heads + bench->ends, 0); /* never from inside start */
}

static void run(struct bench *bench, const char *path)
{
    start(bench, path);
    while (gw_loop_step(bench->loop)) {
    }
}

static void assert_text(const struct gw_buf *buf, const char *expected)
{
    assert_string_equal(buf->data ? buf->data : "", expected);
}

static void assert_err(const struct bench *bench, enum gw_err_code code, const char *message)
{
    assert_false(bench->answered);
    assert_int_equal(bench->ends, 1);
    assert_string_equal(bench->err.message, message);
    assert_int_equal(bench->err.code, code);
}

static const char *with_port(const struct bench *bench, const char *text)
{
    static char message[128];
    snprintf(message, sizeof message, "127.0.0.1:%d: %s", bench->server.port, text);
    return message;
}

/* ---- what comes ------------------------------------------------------------------------------ */

static void the_sink_gets_the_head_then_the_body_and_done_only_the_end(void **state)
{
    struct bench *bench = *state;
    run(bench, "/small");
    assert_int_equal(bench->heads, 1);
    assert_int_equal(bench->status, 200);
    assert_string_equal(bench->kind, "small");
    assert_text(&bench->taken, "bytes");
    assert_int_equal(bench->ends, 1);
    assert_true(bench->answered);
    assert_text(&bench->body, "");
}

static void chunks_come_without_their_framing(void **state)
{
    struct bench *bench = *state;
    run(bench, "/chunks");
    assert_text(&bench->taken, "abcde");
    assert_true(bench->answered);
}

static void an_answer_that_the_sink_declines_is_collected(void **state)
{
    struct bench *bench = *state;
    run(bench, "/refusal");
    assert_int_equal(bench->heads, 1);
    assert_int_equal(bench->writes, 0);
    assert_true(bench->answered);
    assert_text(&bench->body, "nope");
}

static void a_declined_answer_keeps_to_the_ceiling(void **state)
{
    struct bench *bench = *state;
    bench->req.max_response_bytes = 3;
    run(bench, "/refusal");
    assert_err(bench, GW_ERR_LIMIT, with_port(bench, "the answer is larger than 3 bytes"));
}

static void an_answer_without_body_still_begins_and_ends(void **state)
{
    struct bench *bench = *state;
    run(bench, "/empty");
    assert_int_equal(bench->heads, 1);
    assert_int_equal(bench->status, 204);
    assert_int_equal(bench->writes, 0);
    assert_true(bench->answered);
}

static void the_head_comes_before_there_is_any_body(void **state)
{
    struct bench *bench = *state;
    start(bench, "/head-only");
    while (bench->heads == 0 && gw_loop_step(bench->loop)) {
    }
    assert_int_equal(bench->heads, 1);
    assert_int_equal(bench->ends, 0);
}

static void the_ceiling_of_memory_is_none_of_a_sink(void **state)
{
    struct bench *bench = *state;
    bench->req.max_response_bytes = 2;
    run(bench, "/big");
    assert_true(bench->answered);
    assert_int_equal(bench->taken.len, BIG_BYTES);
}

/* ---- pause ----------------------------------------------------------------------------------- */

static void tick(void *ctx)
{
    *(bool *)ctx = true;
}

static void let_pass(struct gw_loop *loop, int64_t time_ms)
{
    bool ticked = false;
    gw_timer_start(loop, time_ms, tick, &ticked);
    while (!ticked && gw_loop_step(loop)) {
    }
}

static void run_until_paused(struct bench *bench, const char *path)
{
    bench->deed = PAUSE;
    start(bench, path);
    while (bench->writes == 0 && gw_loop_step(bench->loop)) {
    }
    let_pass(bench->loop, 50);
}

static void while_paused_nothing_comes_and_after_resume_the_rest(void **state)
{
    struct bench *bench = *state;
    run_until_paused(bench, "/big");
    assert_int_equal(bench->writes, 1);
    assert_int_equal(bench->ends, 0);
    assert_true(bench->taken.len <= 64 << 10);

    bench->transport->resume(bench->transport, bench->exchange);
    assert_int_equal(bench->writes, 1); /* never from inside resume */
    bench->transport->resume(bench->transport, bench->exchange);
    while (gw_loop_step(bench->loop)) {
    }
    assert_true(bench->answered);
    assert_int_equal(bench->taken.len, BIG_BYTES);
    for (size_t i = 0; i < BIG_BYTES; i += 4) {
        assert_memory_equal(bench->taken.data + i, "abcd", 4);
    }
}

static void a_pause_is_not_silence(void **state)
{
    struct bench *bench = *state;
    bench->req.read_timeout_ms = 400;
    run_until_paused(bench, "/big");
    let_pass(bench->loop, 900);
    assert_int_equal(bench->ends, 0);
}

static void the_end_waits_for_a_paused_sink(void **state)
{
    struct bench *bench = *state;
    run_until_paused(bench, "/small");
    assert_text(&bench->taken, "bytes");
    assert_int_equal(bench->ends, 0);
    bench->transport->resume(bench->transport, bench->exchange);
    while (gw_loop_step(bench->loop)) {
    }
    assert_true(bench->answered);
}

static void a_paused_exchange_can_be_cancelled(void **state)
{
    struct bench *bench = *state;
    run_until_paused(bench, "/big");
    leave(bench);
    assert_false(gw_loop_step(bench->loop));
    assert_int_equal(bench->ends, 0);
}

/* ---- the sink ends it ------------------------------------------------------------------------ */

static void an_abort_reports_what_the_sink_says(void **state)
{
    struct bench *bench = *state;
    bench->deed = ABORT;
    run(bench, "/big");
    assert_int_equal(bench->writes, 1);
    assert_err(bench, GW_ERR_IO, "file 'x': no space left");
}

static void a_sink_may_cancel_its_own_exchange(void **state)
{
    struct bench *bench = *state;
    bench->deed = CANCEL;
    run(bench, "/big");
    assert_int_equal(bench->writes, 1);
    assert_int_equal(bench->ends, 0);
}

static void a_sink_may_cancel_at_the_head(void **state)
{
    struct bench *bench = *state;
    bench->cancel_at_head = true;
    run(bench, "/big");
    assert_int_equal(bench->heads, 1);
    assert_int_equal(bench->writes + bench->ends, 0);
}

static void a_sink_may_close_the_transport(void **state)
{
    struct bench *bench = *state;
    bench->deed = CLOSE;
    run(bench, "/big");
    assert_int_equal(bench->writes, 1);
    assert_int_equal(bench->ends, 0);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void a_body_cut_off_gives_what_came_and_then_fails(void **state)
{
    struct bench *bench = *state;
    run(bench, "/cut");
    assert_text(&bench->taken, "abc");
    assert_err(bench, GW_ERR_NETWORK,
               with_port(bench, "connection closed after 3 bytes of the answer"));
}

static void silence_ends_it_before_and_inside_an_answer(void **state)
{
    struct bench *bench = *state;
    bench->req.read_timeout_ms = 50;
    run(bench, "/silent");
    assert_err(bench, GW_ERR_TIMEOUT, with_port(bench, "no answer within 0.05 s"));
    bench->ends = bench->heads = 0;
    bench->req.read_timeout_ms = 500;
    run(bench, "/slow");
    assert_text(&bench->taken, "abc");
    assert_err(bench, GW_ERR_TIMEOUT,
               with_port(bench, "silent for 0.5 s after 3 bytes of the answer"));
}

static void a_request_that_cannot_be_sent_never_begins(void **state)
{
    struct bench *bench = *state;
    bench->req = (struct gw_http_request){
        .method = GW_VIEW("GET"), .url = GW_VIEW("nonsense"), .sink = &bench->sink};
    bench->transport->start(bench->transport, &bench->req, on_done, bench);
    while (gw_loop_step(bench->loop)) {
    }
    assert_int_equal(bench->heads, 0);
    assert_err(bench, GW_ERR_INPUT, "url 'nonsense': expected http:// or https://");
}

static char *make_big(void)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n";
    char *text = gw_alloc(sizeof head + BIG_BYTES);
    memcpy(text, head, sizeof head);
    for (size_t i = 0; i < BIG_BYTES; i += 4) {
        memcpy(text + sizeof head - 1 + i, "abcd", 4);
    }
    return text;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    unsetenv("http_proxy");
    unsetenv("HTTP_PROXY");
    char *big = make_big();
    for (struct test_route *route = routes; route->path != NULL; route++) {
        route->answer = route->answer != NULL ? route->answer : big;
    }
    const struct CMUnitTest tests[] = {
        TEST(the_sink_gets_the_head_then_the_body_and_done_only_the_end),
        TEST(chunks_come_without_their_framing),
        TEST(an_answer_that_the_sink_declines_is_collected),
        TEST(a_declined_answer_keeps_to_the_ceiling),
        TEST(an_answer_without_body_still_begins_and_ends),
        TEST(the_head_comes_before_there_is_any_body),
        TEST(the_ceiling_of_memory_is_none_of_a_sink),
        TEST(while_paused_nothing_comes_and_after_resume_the_rest),
        TEST(a_pause_is_not_silence),
        TEST(the_end_waits_for_a_paused_sink),
        TEST(a_paused_exchange_can_be_cancelled),
        TEST(an_abort_reports_what_the_sink_says),
        TEST(a_sink_may_cancel_its_own_exchange),
        TEST(a_sink_may_cancel_at_the_head),
        TEST(a_sink_may_close_the_transport),
        TEST(a_body_cut_off_gives_what_came_and_then_fails),
        TEST(silence_ends_it_before_and_inside_an_answer),
        TEST(a_request_that_cannot_be_sent_never_begins),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(big);
    return failed;
}
