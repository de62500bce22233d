/* How many exchanges are under way at once, in what order the others follow, and that time in the
 * queue is nobody's timeout. Against two servers on the loopback interface: two hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/net.h"
#include "unit/support/http_server.h"

enum { MAX_ASKED = 40 };

static const struct test_route routes[] = {
    {"/silent", "", TEST_HANG},
    {"/close", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", TEST_CLOSE},
    {NULL, NULL, TEST_KEEP},
};

/* A request and what came of it. */
struct asked {
    struct bench *bench;
    struct gw_http_request req;
    struct gw_exchange *exchange;
    int ended; /* in which place, from 1; 0: not yet */
    int status;
    int64_t connection; /* the server's number of it; 0: not told */
    struct gw_err err;
};

struct bench {
    struct test_server servers[2];
    struct gw_loop *loop;
    struct gw_transport *transport;
    struct gw_arena *arena;
    struct asked asked[MAX_ASKED];
    int asked_count, ended_count;
};

static int set_up(void **state)
{
    struct bench *bench = gw_alloc(sizeof *bench);
    bench->servers[0] = test_server_start(routes);
    bench->servers[1] = test_server_start(routes);
    bench->loop = gw_loop_new(NULL);
    bench->arena = gw_arena_new();
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    if (bench->transport) {
        bench->transport->close(bench->transport);
    }
    gw_loop_free(bench->loop);
    gw_arena_free(bench->arena);
    test_server_stop(&bench->servers[1]); /* which holds the other's lifeline too */
    test_server_stop(&bench->servers[0]);
    free(bench);
    return 0;
}

static void open_transport(struct bench *bench, size_t all, size_t one)
{
    struct gw_curl_options options = {.max_connections = all, .max_host_connections = one};
    bench->transport = gw_curl_open(bench->loop, &options, NULL);
    assert_non_null(bench->transport);
}

static void on_done(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct asked *asked = ctx;
    asked->ended = ++asked->bench->ended_count;
    if (res == NULL) {
        asked->err = *err;
        return;
    }
    asked->status = res->status;
    gw_view_to_int64(gw_headers_get(&res->headers, GW_VIEW("X-Connection")), &asked->connection);
}

static struct asked *prepare(struct bench *bench, int server, const char *path)
{
    struct asked *asked = &bench->asked[bench->asked_count++];
    asked->bench = bench;
    asked->req.method = GW_VIEW("GET");
    asked->req.url =
        gw_arena_printf(bench->arena, "http://127.0.0.1:%d%s", bench->servers[server].port, path);
    return asked;
}

static struct asked *send_off(struct asked *asked)
{
    struct gw_transport *transport = asked->bench->transport;
    asked->exchange = transport->start(transport, &asked->req, on_done, asked);
    return asked;
}

static struct asked *ask(struct bench *bench, int server, const char *path)
{
    return send_off(prepare(bench, server, path));
}

static void cancel(struct asked *asked)
{
    struct gw_transport *transport = asked->bench->transport;
    transport->cancel(transport, asked->exchange);
}

static void wait_for(struct bench *bench, int ended)
{
    while (bench->ended_count < ended && gw_loop_step(bench->loop)) {
    }
    assert_int_equal(bench->ended_count, ended);
}

/* ---- connections -------------------------------------------------------------------------------
 */

static void many_requests_share_a_few_connections(void **state)
{
    struct bench *bench = *state;
    open_transport(bench, 0, 3);
    for (int i = 0; i < MAX_ASKED; i++) {
        ask(bench, 0, "/");
    }
    wait_for(bench, MAX_ASKED);
    for (int i = 0; i < MAX_ASKED; i++) {
        assert_int_equal(bench->asked[i].status, 200);
        assert_in_range(bench->asked[i].connection, 1, 3);
    }
}

static void connections_to_other_hosts_make_room_when_they_are_idle(void **state)
{
    struct bench *bench = *state;
    open_transport(bench, 1, 1);
    for (int i = 0; i < 6; i++) {
        ask(bench, i % 2, "/");
        wait_for(bench, i + 1);
        assert_int_equal(bench->asked[i].connection, 1 + i / 2);
    }
}

static void a_connection_that_the_server_closed_is_replaced(void **state)
{
    struct bench *bench = *state;
    open_transport(bench, 0, 1);
    ask(bench, 0, "/close");
    wait_for(bench, 1);
    struct asked *next = ask(bench, 0, "/");
    wait_for(bench, 2);
    assert_int_equal(next->status, 200);
    assert_int_equal(next->connection, 2);
}

/* ---- order -------------------------------------------------------------------------------------
 */

static void one_host_is_served_in_the_order_of_asking(void **state)
{
    struct bench *bench = *state;
    open_transport(bench, 0, 1);
    for (int i = 0; i < 10; i++) {
        ask(bench, 0, "/");
    }
    wait_for(bench, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(bench->asked[i].ended, i + 1);
    }
}

static void a_host_that_is_full_holds_up_no_other(void **state)
{
    struct bench *bench = *state;
    open_transport(bench, 0, 1);
    ask(bench, 0, "/silent");
    ask(bench, 0, "/");
    struct asked *other = ask(bench, 1, "/");
    wait_for(bench, 1);
    assert_int_equal(other->status, 200);
}

static void hosts_take_turns_when_all_is_full(void **state)
{
    struct bench *bench = *state;
    open_transport(bench, 1, 1);
    for (int i = 0; i < 4; i++) {
        ask(bench, 0, "/");
    }
    struct asked *other = ask(bench, 1, "/");
    wait_for(bench, 5);
    assert_int_equal(other->ended, 3); /* the second was asked for before any other host was */
}

/* ---- leaving -----------------------------------------------------------------------------------
 */

static void a_place_that_is_given_up_goes_to_the_next(void **state)
{
    struct bench *bench = *state;
    open_transport(bench, 0, 1);
    struct asked *first = ask(bench, 0, "/silent");
    struct asked *waiting = ask(bench, 0, "/silent");
    struct asked *last = ask(bench, 0, "/");
    cancel(waiting);
    cancel(first);
    wait_for(bench, 1);
    assert_int_equal(last->status, 200);
}

static void closing_forgets_those_that_wait(void **state)
{
    struct bench *bench = *state;
    open_transport(bench, 0, 1);
    for (int i = 0; i < 5; i++) {
        ask(bench, i % 2, "/silent");
    }
    bench->transport->close(bench->transport);
    bench->transport = NULL;
    assert_false(gw_loop_step(bench->loop));
    assert_int_equal(bench->ended_count, 0);
}

/* ---- timeouts ----------------------------------------------------------------------------------
 */

static void timeouts_begin_with_the_connection(void **state)
{
    struct bench *bench = *state;
    open_transport(bench, 0, 1);
    struct asked *first = prepare(bench, 0, "/silent");
    struct asked *second = prepare(bench, 0, "/");
    first->req.read_timeout_ms = 1500;
    second->req.connect_timeout_ms = second->req.read_timeout_ms = second->req.timeout_ms = 1000;
    send_off(first);
    send_off(second);
    wait_for(bench, 2);
    assert_int_equal(first->err.code, GW_ERR_TIMEOUT);
    assert_int_equal(second->status, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    unsetenv("http_proxy");
    unsetenv("HTTP_PROXY");
    const struct CMUnitTest tests[] = {
        TEST(many_requests_share_a_few_connections),
        TEST(connections_to_other_hosts_make_room_when_they_are_idle),
        TEST(a_connection_that_the_server_closed_is_replaced),
        TEST(one_host_is_served_in_the_order_of_asking),
        TEST(a_host_that_is_full_holds_up_no_other),
        TEST(hosts_take_turns_when_all_is_full),
        TEST(a_place_that_is_given_up_goes_to_the_next),
        TEST(closing_forgets_those_that_wait),
        TEST(timeouts_begin_with_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
