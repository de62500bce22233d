/* Request bodies that come from a source as the connection takes them, against a server on the
 * loopback interface. */
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

static const struct test_route routes[] = {
    {"/refusal", "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope", TEST_KEEP},
    {"/last", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", TEST_CLOSE},
    {"/silent", "", TEST_HANG},
    {NULL, NULL, TEST_KEEP},
};

struct bench {
    struct test_server server;
    struct gw_loop *loop;
    struct gw_transport *transport;
    struct gw_body_source source;
    struct gw_http_request req;
    char url[64];

    struct gw_view text; /* what the source has */
    size_t at, piece;    /* at most so much a read */
    int rewinds;
    const char *refusal; /* of reading; NULL: none */
    bool refuses_rewind;

    bool answered;
    int status;
    struct gw_buf body;
    struct gw_err err;
};

static bool on_rewind(void *ctx, struct gw_err *err)
{
    struct bench *bench = ctx;
    bench->at = 0;
    bench->rewinds++;
    return !bench->refuses_rewind || gw_fail(err, GW_ERR_IO, "file 'x': cannot be read again");
}

static bool on_read(void *ctx, char *out, size_t capacity, size_t *len, struct gw_err *err)
{
    struct bench *bench = ctx;
    if (bench->refusal) {
        return gw_fail(err, GW_ERR_IO, "%s", bench->refusal);
    }
    struct gw_view piece = gw_view_sub(bench->text, bench->at, bench->piece);
    *len = piece.len < capacity ? piece.len : capacity;
    memcpy(out, piece.data, *len);
    bench->at += *len;
    return true;
}

static void on_done(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct bench *bench = ctx;
    bench->answered = res != NULL;
    gw_buf_reset(&bench->body);
    if (res != NULL) {
        bench->status = res->status;
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
    bench->source = (struct gw_body_source){.rewind = on_rewind, .read = on_read, .ctx = bench};
    bench->piece = SIZE_MAX;
    gw_buf_init(&bench->body, 1 << 17);
    *state = bench;
    return bench->transport == NULL;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    bench->transport->close(bench->transport);
    gw_loop_free(bench->loop);
    gw_buf_clear(&bench->body);
    test_server_stop(&bench->server);
    free(bench);
    return 0;
}

static void run(struct bench *bench, const char *method, const char *path, struct gw_view text)
{
    snprintf(bench->url, sizeof bench->url, "http://127.0.0.1:%d%s", bench->server.port, path);
    bench->text = text;
    bench->req.method = gw_view_of(method);
    bench->req.url = gw_view_of(bench->url);
    bench->req.source = &bench->source;
    if (bench->source.size_bytes == 0) {
        bench->source.size_bytes = text.len;
    }
    if (bench->req.timeout_ms == 0) {
        bench->req.timeout_ms = 5000;
    }
    bench->transport->start(bench->transport, &bench->req, on_done, bench);
    while (gw_loop_step(bench->loop)) {
    }
}

static void assert_err(const struct bench *bench, enum gw_err_code code, const char *message)
{
    assert_false(bench->answered);
    assert_string_equal(bench->err.message, message);
    assert_int_equal(bench->err.code, code);
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static void the_body_is_sent_with_its_length_whatever_the_pieces(void **state)
{
    struct bench *bench = *state;
    for (bench->piece = 1; bench->piece < 8; bench->piece++) {
        char expected[256];
        run(bench, "PUT", "/echo", GW_VIEW("abcdefgh"));
        snprintf(expected, sizeof expected,
                 "PUT /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 8\r\n\r\nabcdefgh",
                 bench->server.port);
        assert_true(bench->answered);
        assert_string_equal(bench->body.data, expected);
    }
}

static void any_method_can_carry_it(void **state)
{
    struct bench *bench = *state;
    run(bench, "POST", "/echo", GW_VIEW("abc"));
    assert_memory_equal(bench->body.data, "POST /echo ", 11);
    assert_true(gw_view_ends_with(gw_buf_view(&bench->body), GW_VIEW("\r\n\r\nabc")));
}

static void an_empty_source_is_an_empty_body(void **state)
{
    struct bench *bench = *state;
    run(bench, "PUT", "/echo", GW_VIEW_NONE);
    assert_true(bench->answered);
    assert_true(gw_view_ends_with(gw_buf_view(&bench->body), GW_VIEW("Content-Length: 0\r\n\r\n")));
}

static void each_sending_begins_at_the_first_byte(void **state)
{
    struct bench *bench = *state;
    run(bench, "PUT", "/echo", GW_VIEW("abc"));
    run(bench, "PUT", "/echo", GW_VIEW("abc"));
    assert_true(gw_view_ends_with(gw_buf_view(&bench->body), GW_VIEW("\r\n\r\nabc")));
    assert_int_equal(bench->rewinds, 2);
}

/* The server closes the kept connection while nobody looks: curl finds out when it sends. */
static void a_dead_connection_is_replaced_and_the_body_sent_again(void **state)
{
    struct bench *bench = *state;
    run(bench, "PUT", "/last", GW_VIEW("abc"));
    run(bench, "PUT", "/echo", GW_VIEW("abc"));
    assert_true(bench->answered);
    assert_true(gw_view_ends_with(gw_buf_view(&bench->body), GW_VIEW("\r\n\r\nabc")));
}

static void a_refusal_is_an_answer(void **state)
{
    struct bench *bench = *state;
    run(bench, "PUT", "/refusal", GW_VIEW("abc"));
    assert_true(bench->answered);
    assert_int_equal(bench->status, 403);
    assert_string_equal(bench->body.data, "nope");
}

/* ---- failures -------------------------------------------------------------------------------- */

static void what_cannot_be_read_ends_it_with_the_words_of_the_source(void **state)
{
    struct bench *bench = *state;
    bench->refusal = "file 'x': input/output error";
    run(bench, "PUT", "/echo", GW_VIEW("abc"));
    assert_err(bench, GW_ERR_IO, "file 'x': input/output error");
}

static void a_source_that_cannot_rewind_is_not_sent(void **state)
{
    struct bench *bench = *state;
    bench->refuses_rewind = true;
    run(bench, "PUT", "/echo", GW_VIEW("abc"));
    assert_err(bench, GW_ERR_IO, "file 'x': cannot be read again");
}

static void a_source_that_ends_early_ends_it(void **state)
{
    struct bench *bench = *state;
    bench->source.size_bytes = 10;
    run(bench, "PUT", "/echo", GW_VIEW("abc"));
    assert_err(bench, GW_ERR_IO, "the body ended after 3 of 10 bytes");
}

static void a_server_that_never_answers_is_given_up(void **state)
{
    struct bench *bench = *state;
    char expected[128];
    bench->req.read_timeout_ms = 50;
    run(bench, "PUT", "/silent", GW_VIEW("abc"));
    snprintf(expected, sizeof expected, "127.0.0.1:%d: no answer within 0.05 s",
             bench->server.port);
    assert_err(bench, GW_ERR_TIMEOUT, expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    unsetenv("http_proxy");
    unsetenv("HTTP_PROXY");
    const struct CMUnitTest tests[] = {
        TEST(the_body_is_sent_with_its_length_whatever_the_pieces),
        TEST(any_method_can_carry_it),
        TEST(an_empty_source_is_an_empty_body),
        TEST(each_sending_begins_at_the_first_byte),
        TEST(a_dead_connection_is_replaced_and_the_body_sent_again),
        TEST(a_refusal_is_an_answer),
        TEST(what_cannot_be_read_ends_it_with_the_words_of_the_source),
        TEST(a_source_that_cannot_rewind_is_not_sent),
        TEST(a_source_that_ends_early_ends_it),
        TEST(a_server_that_never_answers_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
