/* A tiny HTTP server on the loopback interface for tests of the real transport. It runs in a forked
 * child, serves many connections in one thread, and ends with the test, whatever becomes of it. */
#ifndef GW_TEST_HTTP_SERVER_H
#define GW_TEST_HTTP_SERVER_H

#include <stddef.h>
#include <sys/types.h>

enum test_then { TEST_KEEP, TEST_CLOSE, TEST_HANG /* send the answer, then nothing more */ };

/* What a request for exactly this path and query gets: the bytes of `answer` as they are. Without
 * `answer`: 200 with the request as it was received for a body, and the header X-Connection with
 * the number of the connection, from 1. */
struct test_route {
    const char *path;
    const char *answer;
    enum test_then then;
};

struct test_server {
    int port;
    pid_t child;
    int lifeline; /* the child ends when this closes */
};

/* `routes` ends with path NULL; other paths are echoed. Aborts where the system refuses. */
struct test_server test_server_start(const struct test_route *routes);
void test_server_stop(struct test_server *server);

#endif
