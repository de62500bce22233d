/* The real transport against a server on the loopback interface: what is sent, what is received,
 * and the message of every way in which an exchange can fail. */
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

#define FILLER_LINE                                                                                \
    "X-Filler: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n"

static char *many_headers; /* over the ceiling of 128 KiB */
static char *long_header;  /* one line over libcurl's own ceiling of 100 KiB */

static struct test_route routes[] = {
    {"/interim",
     "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
     "HTTP/1.1 200 Fine So Far\r\nX-Final: yes\r\nContent-Length: 2\r\n\r\nok",
     TEST_KEEP},
    {"/trailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
     "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Late: 1\r\nHTTP/1.1 500 No: 1\r\n\r\n",
     TEST_KEEP},
    {"/odd",
     "HTTP/1.1 200\r\nset-cookie: a=1\r\nSet-Cookie:b=2\r\nX-Empty:\r\n"
     "X-Folded: one\r\n   two\r\n\tthree\r\nX-Colon: a:b: c\r\nX-Pad: \t padded \t \r\n"
     "Content-Length: 0\r\n\r\n",
     TEST_KEEP},
    {"/moved", "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
     TEST_KEEP},
    {"/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", TEST_KEEP},
    {"/no-length", "HTTP/1.0 200 OK\r\n\r\nuntil the end", TEST_CLOSE},
    {"/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw",
     TEST_KEEP},
    {"/last", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast", TEST_CLOSE},
    {"/no-content", "HTTP/1.1 204 No Content\r\n\r\n", TEST_KEEP},
    {"/slow", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", TEST_HANG},
    {"/silent", "", TEST_HANG},
    {"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", TEST_CLOSE},
    {"/cut-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc", TEST_CLOSE},
    {"/cut-headers", "HTTP/1.1 200 OK\r\nContent-Le", TEST_CLOSE},
    {"/bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", TEST_CLOSE},
    {"/empty", "", TEST_CLOSE},
    {"/garbage", "SSH-2.0-OpenSSH_9.2\r\n", TEST_CLOSE},
    {"/no-colon", "HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n", TEST_CLOSE},
    {"/no-status", "HTTP/1.1 what\r\nContent-Length: 0\r\n\r\n", TEST_CLOSE},
    {"/big", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890", TEST_KEEP},
    {"/many-headers", NULL, TEST_CLOSE}, /* filled in main */
    {"/long-header", NULL, TEST_CLOSE},
    {NULL, NULL, TEST_KEEP},
};

/* ---- one exchange with its outcome ------------------------------------------------------------
 */

struct fixture {
    struct test_server server;
    struct gw_loop *loop;
    struct gw_transport *transport;
    struct gw_arena *arena;
};

struct outcome {
    struct gw_arena *arena;
    int calls;
    bool answered;
    struct gw_http_response res; /* copied into the arena */
    struct gw_err err;
};

static void on_done(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct outcome *outcome = ctx;
    outcome->calls++;
    outcome->answered = res != NULL;
    assert_true((res == NULL) != (err == NULL));
    if (res == NULL) {
        outcome->err = *err;
        return;
    }
    outcome->res.status = res->status;
    outcome->res.reason = gw_arena_dup(outcome->arena, res->reason);
    outcome->res.body = gw_arena_dup(outcome->arena, res->body);
    for (size_t i = 0; i < res->headers.count; i++) {
        gw_headers_add(outcome->arena, &outcome->res.headers, res->headers.items[i].name,
                       res->headers.items[i].value);
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = gw_alloc(sizeof *fixture);
    fixture->server = test_server_start(routes);
    fixture->loop = gw_loop_new(NULL);
    fixture->transport = gw_curl_open(fixture->loop, NULL, NULL);
    fixture->arena = gw_arena_new();
    *state = fixture;
    return fixture->transport == NULL;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->transport != NULL) {
        fixture->transport->close(fixture->transport);
    }
    gw_loop_free(fixture->loop);
    gw_arena_free(fixture->arena);
    test_server_stop(&fixture->server);
    free(fixture);
    return 0;
}

static struct gw_http_request request(struct fixture *fixture, const char *method, const char *path)
{
    return (struct gw_http_request){
        .method = gw_view_of(method),
        .url = gw_arena_printf(fixture->arena, "http://127.0.0.1:%d%s", fixture->server.port, path),
        .timeout_ms = 5000};
}

static struct outcome exchange(struct fixture *fixture, const struct gw_http_request *req)
{
    struct outcome outcome = {.arena = fixture->arena};
    fixture->transport->start(fixture->transport, req, on_done, &outcome);
    assert_int_equal(outcome.calls, 0); /* never from inside start */
    while (outcome.calls == 0 && gw_loop_step(fixture->loop)) {
    }
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

static struct outcome get(struct fixture *fixture, const char *path)
{
    struct gw_http_request req = request(fixture, "GET", path);
    return exchange(fixture, &req);
}

static void assert_view(struct gw_view actual, const char *expected)
{
    char *text = gw_view_dup(actual);
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", text);
    free(text);
    assert_string_equal(copy, expected);
}

/* `expected` has %d where the port stands. */
static void assert_failure(const struct fixture *fixture, const struct outcome *outcome,
                           enum gw_err_code code, const char *expected)
{
    struct gw_view message = gw_view_of(expected);
    size_t at = gw_view_find(message, GW_VIEW("%d"));
    assert_int_not_equal(at, GW_NPOS);
    struct gw_view text = gw_arena_printf(fixture->arena, "%.*s%d%s", (int)at, expected,
                                          fixture->server.port, expected + at + 2);
    assert_false(outcome->answered);
    assert_string_equal(outcome->err.message, text.data);
    assert_int_equal(outcome->err.code, code);
}

/* ---- what is sent -----------------------------------------------------------------------------
 */

/* The echoed request must be `expected`, which has %d where the port stands. */
static void assert_sent(struct fixture *fixture, const struct gw_http_request *req,
                        const char *expected)
{
    struct outcome outcome = exchange(fixture, req);
    assert_true(outcome.answered);
    size_t at = gw_view_find(gw_view_of(expected), GW_VIEW("%d"));
    struct gw_view text = gw_arena_printf(fixture->arena, "%.*s%d%s", (int)at, expected,
                                          fixture->server.port, expected + at + 2);
    assert_view(outcome.res.body, text.data);
}

static void a_get_sends_nothing_but_the_request_line_and_host(void **state)
{
    struct gw_http_request req = request(*state, "GET", "/a/../b//./%2f%7E?x=%20&y");
    assert_sent(*state, &req,
                "GET /a/../b//./%2f%7E?x=%20&y HTTP/1.1\r\n"
                "Host: 127.0.0.1:%d\r\n\r\n");
}

static void headers_are_sent_in_order_with_repeats_and_empty_values(void **state)
{
    struct fixture *fixture = *state;
    struct gw_http_request req = request(fixture, "GET", "/");
    gw_headers_add(fixture->arena, &req.headers, GW_VIEW("X-One"), GW_VIEW("1"));
    gw_headers_add(fixture->arena, &req.headers, GW_VIEW("Accept"), GW_VIEW("text/plain"));
    gw_headers_add(fixture->arena, &req.headers, GW_VIEW("X-Empty"), GW_VIEW(""));
    gw_headers_add(fixture->arena, &req.headers, GW_VIEW("x-one"), GW_VIEW("2"));
    gw_headers_add(fixture->arena, &req.headers, GW_VIEW("User-Agent"), GW_VIEW("mine"));
    assert_sent(*state, &req,
                "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-One: 1\r\n"
                "Accept: text/plain\r\nX-Empty:\r\nx-one: 2\r\n"
                "User-Agent: mine\r\n\r\n");
}

static void an_empty_post_states_its_length(void **state)
{
    struct gw_http_request req = request(*state, "POST", "/");
    assert_sent(*state, &req, "POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 0\r\n\r\n");
}

static void a_body_is_sent_with_its_exact_length_and_no_invented_type(void **state)
{
    struct fixture *fixture = *state;
    struct gw_http_request req = request(fixture, "PUT", "/");
    gw_headers_add(fixture->arena, &req.headers, GW_VIEW("Content-Length"), GW_VIEW("999"));
    req.body = GW_VIEW("{\"a\":1}");
    assert_sent(*state, &req,
                "PUT / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 7\r\n\r\n"
                "{\"a\":1}");
}

static void a_large_body_goes_without_expect_and_may_hold_nul(void **state)
{
    struct fixture *fixture = *state;
    struct gw_http_request req = request(fixture, "POST", "/");
    char *bytes = gw_alloc(50000);
    memset(bytes, 'b', 49999);
    req.body = (struct gw_view){bytes, 50000};
    struct outcome outcome = exchange(fixture, &req);
    assert_int_equal(gw_view_find(outcome.res.body, GW_VIEW("Expect")), GW_NPOS);
    size_t body_at = gw_view_find(outcome.res.body, GW_VIEW("\r\n\r\n")) + 4;
    assert_int_equal(outcome.res.body.len - body_at, 50000);
    assert_memory_equal(outcome.res.body.data + body_at, bytes, 50000);
    free(bytes);
}

static void delete_without_body_states_no_length(void **state)
{
    struct gw_http_request req = request(*state, "DELETE", "/x");
    assert_sent(*state, &req, "DELETE /x HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n");
}

static void head_ends_after_the_headers(void **state)
{
    struct gw_http_request req = request(*state, "HEAD", "/");
    struct outcome outcome = exchange(*state, &req);
    assert_true(outcome.answered);
    assert_int_equal(outcome.res.status, 200);
    assert_int_equal(outcome.res.body.len, 0);
    assert_true(gw_headers_get(&outcome.res.headers, GW_VIEW("content-length")).len > 0);
}

static void the_user_agent_option_fills_in_where_the_request_has_none(void **state)
{
    struct fixture *fixture = *state;
    struct gw_curl_options options = {.user_agent = "gwrun/1"};
    struct gw_transport *usual = fixture->transport;
    fixture->transport = gw_curl_open(fixture->loop, &options, NULL);
    struct gw_http_request req = request(fixture, "GET", "/");
    assert_sent(fixture, &req,
                "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: gwrun/1\r\n\r\n");
    fixture->transport->close(fixture->transport);
    fixture->transport = usual;
}

/* ---- what is received -------------------------------------------------------------------------
 */

static void a_connection_is_kept_and_used_again(void **state)
{
    for (int i = 0; i < 3; i++) {
        struct outcome outcome = get(*state, "/");
        assert_view(gw_headers_get(&outcome.res.headers, GW_VIEW("X-Connection")), "1");
    }
}

static void a_connection_that_the_server_closed_meanwhile_is_replaced(void **state)
{
    struct outcome last = get(*state, "/last"); /* closed without a word about it */
    assert_view(last.res.body, "last");
    struct outcome next = get(*state, "/");
    assert_view(gw_headers_get(&next.res.headers, GW_VIEW("X-Connection")), "2");
}

static void plain_http_uses_the_proxy_of_the_environment(void **state)
{
    struct fixture *fixture = *state;
    struct gw_transport *usual = fixture->transport;
    struct gw_view proxy =
        gw_arena_printf(fixture->arena, "http://127.0.0.1:%d", fixture->server.port);
    setenv("HTTP_PROXY", proxy.data, 1);
    setenv("NO_PROXY", "direct.invalid", 1);
    fixture->transport = gw_curl_open(fixture->loop, NULL, NULL);
    struct gw_http_request req = request(fixture, "GET", "/");
    req.url = GW_VIEW("http://behind.invalid/x");
    struct outcome proxied = exchange(fixture, &req);
    req.url = GW_VIEW("http://direct.invalid/x");
    struct outcome direct = exchange(fixture, &req);
    unsetenv("HTTP_PROXY");
    unsetenv("NO_PROXY");
    fixture->transport->close(fixture->transport);
    fixture->transport = usual;

    assert_view(proxied.res.body, "GET http://behind.invalid/x HTTP/1.1\r\n"
                                  "Host: behind.invalid\r\nProxy-Connection: Keep-Alive\r\n\r\n");
    assert_string_equal(direct.err.message, "could not resolve host 'direct.invalid'");
}

static void a_proxy_that_does_not_lead_there_is_what_the_failure_names(void **state)
{
    static const struct {
        const char *proxy, *told;
    } rows[] = {
        {"http://127.0.0.1:1", "failed to connect to 127.0.0.1 port 1"},
        {"http://proxy.invalid:3128", "could not resolve proxy: proxy.invalid"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_transport *usual = fixture->transport;
        setenv("HTTP_PROXY", rows[i].proxy, 1);
        fixture->transport = gw_curl_open(fixture->loop, NULL, NULL);
        struct gw_http_request req = request(fixture, "GET", "/");
        req.url = GW_VIEW("http://behind.invalid/x");
        struct outcome outcome = exchange(fixture, &req);
        unsetenv("HTTP_PROXY");
        fixture->transport->close(fixture->transport);
        fixture->transport = usual;

        assert_int_equal(outcome.err.code, GW_ERR_NETWORK);
        assert_non_null(strstr(outcome.err.message, rows[i].told));
        assert_non_null(
            strstr(outcome.err.message, "behind.invalid:80: the proxy does not lead there: "));
    }
}

static void exchanges_at_the_same_time_have_a_connection_each(void **state)
{
    struct fixture *fixture = *state;
    struct gw_http_request req = request(fixture, "GET", "/");
    struct outcome outcomes[4] = {0};
    for (int i = 0; i < 4; i++) {
        outcomes[i].arena = fixture->arena;
        fixture->transport->start(fixture->transport, &req, on_done, &outcomes[i]);
    }
    while (gw_loop_step(fixture->loop)) { /* ends: an idle connection is nothing to wait for */
    }
    bool seen[5] = {false};
    for (int i = 0; i < 4; i++) {
        assert_true(outcomes[i].answered);
        struct gw_view number = gw_headers_get(&outcomes[i].res.headers, GW_VIEW("X-Connection"));
        assert_int_equal(number.len, 1);
        assert_in_range(number.data[0], '1', '4');
        assert_false(seen[number.data[0] - '0']);
        seen[number.data[0] - '0'] = true;
    }
}

static void interim_answers_are_dropped(void **state)
{
    struct outcome outcome = get(*state, "/interim");
    assert_true(outcome.answered);
    assert_int_equal(outcome.res.status, 200);
    assert_view(outcome.res.reason, "Fine So Far");
    assert_int_equal(outcome.res.headers.count, 2);
    assert_view(outcome.res.headers.items[0].name, "X-Final");
    assert_view(outcome.res.body, "ok");
}

static void trailers_are_dropped_and_cannot_pose_as_an_answer(void **state)
{
    struct outcome outcome = get(*state, "/trailers");
    assert_true(outcome.answered);
    assert_int_equal(outcome.res.status, 200);
    assert_view(outcome.res.body, "abcde");
    assert_int_equal(outcome.res.headers.count, 2);
    assert_null(gw_headers_get(&outcome.res.headers, GW_VIEW("X-Late")).data);
}

static void odd_headers_are_read_as_meant(void **state)
{
    struct outcome outcome = get(*state, "/odd");
    assert_true(outcome.answered);
    assert_view(outcome.res.reason, "");
    static const char *const expected[][2] = {
        {"set-cookie", "a=1"},         {"Set-Cookie", "b=2"}, {"X-Empty", ""},
        {"X-Folded", "one two three"}, {"X-Colon", "a:b: c"}, {"X-Pad", "padded"},
        {"Content-Length", "0"},
    };
    assert_int_equal(outcome.res.headers.count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_view(outcome.res.headers.items[i].name, expected[i][0]);
        assert_view(outcome.res.headers.items[i].value, expected[i][1]);
    }
}

static void redirects_are_answers_and_so_are_errors(void **state)
{
    struct outcome moved = get(*state, "/moved");
    assert_int_equal(moved.res.status, 301);
    assert_view(gw_headers_get(&moved.res.headers, GW_VIEW("location")), "http://127.0.0.1:1/");
    struct outcome missing = get(*state, "/missing");
    assert_int_equal(missing.res.status, 404);
    assert_view(missing.res.reason, "Not Found");
    assert_view(missing.res.body, "nope");
}

static void bodies_may_end_with_the_connection_or_be_absent_or_encoded(void **state)
{
    struct outcome unframed = get(*state, "/no-length");
    assert_view(unframed.res.body, "until the end");
    struct outcome absent = get(*state, "/no-content");
    assert_int_equal(absent.res.status, 204);
    assert_int_equal(absent.res.body.len, 0);
    struct outcome encoded = get(*state, "/gzip"); /* handed on as it is */
    assert_view(encoded.res.body, "raw");
}

/* ---- failures ---------------------------------------------------------------------------------
 */

static void a_refused_connection_names_the_place_and_the_reason(void **state)
{
    struct gw_http_request req = request(*state, "GET", "/");
    req.url = GW_VIEW("http://127.0.0.1:1/");
    struct outcome outcome = exchange(*state, &req);
    assert_int_equal(outcome.err.code, GW_ERR_NETWORK);
    assert_string_equal(outcome.err.message,
                        "could not connect to 127.0.0.1:1: connection refused");
}

static void an_unknown_host_is_named(void **state)
{
    struct gw_http_request req = request(*state, "GET", "/");
    req.url = GW_VIEW("http://no-such-host.invalid/");
    struct outcome outcome = exchange(*state, &req);
    assert_int_equal(outcome.err.code, GW_ERR_NETWORK);
    assert_string_equal(outcome.err.message, "could not resolve host 'no-such-host.invalid'");
}

static void broken_answers_fail_with_what_was_wrong(void **state)
{
    static const struct {
        const char *path;
        enum gw_err_code code;
        const char *message;
    } rows[] = {
        {"/empty", GW_ERR_NETWORK, "127.0.0.1:%d: connection closed before an answer"},
        {"/cut", GW_ERR_NETWORK, "127.0.0.1:%d: connection closed after 3 bytes of the answer"},
        {"/cut-chunk", GW_ERR_NETWORK,
         "127.0.0.1:%d: connection closed after 3 bytes of the answer"},
        {"/cut-headers", GW_ERR_NETWORK,
         "127.0.0.1:%d: connection closed inside the headers of the answer"},
        {"/bad-chunk", GW_ERR_PROTOCOL,
         "127.0.0.1:%d: the answer breaks HTTP: illegal or missing hexadecimal sequence in "
         "chunked-encoding"},
        {"/garbage", GW_ERR_PROTOCOL, "127.0.0.1:%d: the answer is not HTTP"},
        {"/no-colon", GW_ERR_PROTOCOL,
         "127.0.0.1:%d: the answer breaks HTTP: header without colon"},
        {"/no-status", GW_ERR_PROTOCOL, "127.0.0.1:%d: the answer is not HTTP"},
        {"/many-headers", GW_ERR_LIMIT,
         "127.0.0.1:%d: the answer's headers are larger than 131072 bytes"},
        {"/long-header", GW_ERR_LIMIT, "127.0.0.1:%d: a header line of the answer is too large"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome outcome = get(*state, rows[i].path);
        assert_failure(*state, &outcome, rows[i].code, rows[i].message);
    }
}

static void a_body_over_the_ceiling_fails_and_one_at_it_does_not(void **state)
{
    struct gw_http_request req = request(*state, "GET", "/big");
    req.max_response_bytes = 11;
    struct outcome fits = exchange(*state, &req);
    assert_view(fits.res.body, "01234567890");
    req.max_response_bytes = 10;
    struct outcome outcome = exchange(*state, &req);
    assert_failure(*state, &outcome, GW_ERR_LIMIT,
                   "127.0.0.1:%d: the answer is larger than 10 bytes");
}

static void a_slow_answer_times_out(void **state)
{
    const char *const paths[] = {"/silent", "/slow"};
    for (size_t i = 0; i < 2; i++) {
        struct gw_http_request req = request(*state, "GET", paths[i]);
        req.timeout_ms = 100;
        struct outcome outcome = exchange(*state, &req);
        assert_failure(*state, &outcome, GW_ERR_TIMEOUT,
                       "127.0.0.1:%d: no complete answer within 0.1 s");
    }
}

static void a_plain_server_is_no_tls_server(void **state)
{
    struct fixture *fixture = *state;
    struct gw_http_request req = request(fixture, "GET", "/");
    req.url = gw_arena_printf(fixture->arena, "https://127.0.0.1:%d/", fixture->server.port);
    req.timeout_ms = 300; /* the server waits for the end of a request that never comes */
    struct outcome outcome = exchange(fixture, &req);
    assert_failure(fixture, &outcome, GW_ERR_TIMEOUT,
                   "could not connect to 127.0.0.1:%d within 0.3 s");
}

static void unsendable_requests_are_refused_later_not_sent(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *method, *url, *name, *value, *message;
    } rows[] = {
        {"GET", "gopher://h/", "X", "y", "url 'gopher://h/': expected http or https, not 'gopher'"},
        {"GET /", "http://h/", "X", "y", "http: method 'GET /' is not a token"},
        {"", "http://h/", "X", "y", "http: method '' is not a token"},
        {"GET", "http://h/", "X:", "y", "http: header name 'X:' is not a token"},
        {"GET", "http://h/", "X", "y\r\nZ: 1",
         "http: the value of header 'X' has a line break or control byte"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_http_request req = {.method = gw_view_of(rows[i].method),
                                      .url = gw_view_of(rows[i].url)};
        gw_headers_add(fixture->arena, &req.headers, gw_view_of(rows[i].name),
                       gw_view_of(rows[i].value));
        struct outcome outcome = exchange(fixture, &req);
        assert_int_equal(outcome.err.code, GW_ERR_INPUT);
        assert_string_equal(outcome.err.message, rows[i].message);
    }
}

static void an_unreadable_ca_bundle_is_refused_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct gw_err err = {0};
    struct gw_curl_options options = {.ca_bundle = "/no/such/bundle.pem"};
    assert_null(gw_curl_open(fixture->loop, &options, &err));
    assert_int_equal(err.code, GW_ERR_IO);
    assert_string_equal(
        err.message, "ca bundle '/no/such/bundle.pem': cannot be read: No such file or directory");
}

static void a_virtual_clock_has_no_real_traffic(void **state)
{
    (void)state;
    struct gw_loop *loop = gw_loop_new(&(struct gw_loop_options){.clock = GW_CLOCK_VIRTUAL});
    struct gw_err err = {0};
    assert_null(gw_curl_open(loop, NULL, &err));
    assert_string_equal(err.message, "http: real traffic needs a loop with the real clock");
    gw_loop_free(loop);
}

/* ---- cancel and close --------------------------------------------------------------------------
 */

static void a_cancelled_exchange_never_reports(void **state)
{
    struct fixture *fixture = *state;
    struct gw_transport *transport = fixture->transport;
    struct outcome outcome = {.arena = fixture->arena};
    struct gw_http_request good = request(fixture, "GET", "/silent");
    struct gw_http_request bad = {.method = GW_VIEW("GET"), .url = GW_VIEW("nonsense")};

    transport->cancel(transport, transport->start(transport, &good, on_done, &outcome));
    transport->cancel(transport, transport->start(transport, &bad, on_done, &outcome));
    struct gw_exchange *halfway = transport->start(transport, &good, on_done, &outcome);
    gw_loop_step(fixture->loop);
    gw_loop_step(fixture->loop);
    transport->cancel(transport, halfway);
    transport->cancel(transport, NULL);
    while (gw_loop_step(fixture->loop)) {
    }
    assert_int_equal(outcome.calls, 0);
}

struct meddler {
    struct fixture *fixture;
    struct gw_exchange *other; /* cancelled by the callback */
    struct gw_http_request req;
    struct outcome next; /* of the exchange that the callback starts */
    bool close;
    int calls;
};

static void meddle(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct meddler *meddler = ctx;
    struct gw_transport *transport = meddler->fixture->transport;
    (void)res;
    (void)err;
    meddler->calls++;
    transport->cancel(transport, meddler->other);
    meddler->other = NULL;
    transport->start(transport, &meddler->req, on_done, &meddler->next);
    if (meddler->close) {
        transport->close(transport);
        meddler->fixture->transport = NULL;
    }
}

static void done_may_start_and_cancel(void **state)
{
    struct fixture *fixture = *state;
    struct gw_transport *transport = fixture->transport;
    struct gw_http_request silent = request(fixture, "GET", "/silent");
    struct outcome never = {.arena = fixture->arena};
    struct meddler meddler = {.fixture = fixture,
                              .req = request(fixture, "GET", "/missing"),
                              .next = {.arena = fixture->arena}};
    meddler.other = transport->start(transport, &silent, on_done, &never);
    transport->start(transport, &meddler.req, meddle, &meddler);
    while (gw_loop_step(fixture->loop)) {
    }
    assert_int_equal(meddler.calls, 1);
    assert_int_equal(never.calls, 0);
    assert_int_equal(meddler.next.res.status, 404);
}

static void done_may_close_the_transport(void **state)
{
    struct fixture *fixture = *state;
    struct gw_transport *transport = fixture->transport;
    const char *const urls[] = {"/missing", NULL}; /* an answer, and a refusal */
    for (size_t i = 0; i < 2; i++) {
        struct meddler meddler = {.fixture = fixture,
                                  .req = request(fixture, "GET", "/missing"),
                                  .next = {.arena = fixture->arena},
                                  .close = true};
        struct gw_http_request bad = {.method = GW_VIEW("GET"), .url = GW_VIEW("nonsense")};
        transport->start(transport, urls[i] ? &meddler.req : &bad, meddle, &meddler);
        while (gw_loop_step(fixture->loop)) {
        }
        assert_int_equal(meddler.calls, 1);
        assert_int_equal(meddler.next.calls, 0);
        fixture->transport = transport = gw_curl_open(fixture->loop, NULL, NULL);
    }
}

static void close_cancels_what_is_under_way(void **state)
{
    struct fixture *fixture = *state;
    struct gw_transport *transport = fixture->transport;
    struct gw_http_request req = request(fixture, "GET", "/silent");
    struct outcome outcome = {.arena = fixture->arena};
    transport->start(transport, &req, on_done, &outcome);
    transport->start(transport, &req, on_done, &outcome);
    gw_loop_step(fixture->loop);
    transport->close(transport);
    fixture->transport = NULL;
    assert_false(gw_loop_step(fixture->loop));
    assert_int_equal(outcome.calls, 0);
}

static char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
    struct gw_buf buf;
    gw_buf_init(&buf, 1u << 20);
    gw_buf_add_text(&buf, head);
    for (size_t i = 0; i < count; i++) {
        gw_buf_add_text(&buf, part);
    }
    gw_buf_add_text(&buf, tail);
    return buf.data;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    /* Proxies of the machine are none of these tests' business. */
    const char *const proxies[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                   "all_proxy",  "no_proxy",   "NO_PROXY",    "ALL_PROXY"};
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
        unsetenv(proxies[i]);
    }
    for (struct test_route *route = routes; route->path != NULL; route++) {
        if (strcmp(route->path, "/many-headers") == 0) {
            route->answer = many_headers = repeat("HTTP/1.1 200 OK\r\n", FILLER_LINE, 2000, "\r\n");
        } else if (strcmp(route->path, "/long-header") == 0) {
            route->answer = long_header =
                repeat("HTTP/1.1 200 OK\r\nX-Long: ", "0123456789", 12000, "\r\n\r\n");
        }
    }
    const struct CMUnitTest tests[] = {
        TEST(a_get_sends_nothing_but_the_request_line_and_host),
        TEST(headers_are_sent_in_order_with_repeats_and_empty_values),
        TEST(an_empty_post_states_its_length),
        TEST(a_body_is_sent_with_its_exact_length_and_no_invented_type),
        TEST(a_large_body_goes_without_expect_and_may_hold_nul),
        TEST(delete_without_body_states_no_length),
        TEST(head_ends_after_the_headers),
        TEST(the_user_agent_option_fills_in_where_the_request_has_none),
        TEST(a_connection_is_kept_and_used_again),
        TEST(a_connection_that_the_server_closed_meanwhile_is_replaced),
        TEST(plain_http_uses_the_proxy_of_the_environment),
        TEST(a_proxy_that_does_not_lead_there_is_what_the_failure_names),
        TEST(exchanges_at_the_same_time_have_a_connection_each),
        TEST(interim_answers_are_dropped),
        TEST(trailers_are_dropped_and_cannot_pose_as_an_answer),
        TEST(odd_headers_are_read_as_meant),
        TEST(redirects_are_answers_and_so_are_errors),
        TEST(bodies_may_end_with_the_connection_or_be_absent_or_encoded),
        TEST(a_refused_connection_names_the_place_and_the_reason),
        TEST(an_unknown_host_is_named),
        TEST(broken_answers_fail_with_what_was_wrong),
        TEST(a_body_over_the_ceiling_fails_and_one_at_it_does_not),
        TEST(a_slow_answer_times_out),
        TEST(a_plain_server_is_no_tls_server),
        TEST(unsendable_requests_are_refused_later_not_sent),
        TEST(an_unreadable_ca_bundle_is_refused_at_once),
        TEST(a_virtual_clock_has_no_real_traffic),
        TEST(a_cancelled_exchange_never_reports),
        TEST(done_may_start_and_cancel),
        TEST(done_may_close_the_transport),
        TEST(close_cancels_what_is_under_way),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(many_headers);
    free(long_header);
    return failed;
}
