/* See http_server.h. Limits: 32 connections at a time, requests of 64 KiB. */
#include "unit/support/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 32, MAX_REQUEST = 65536 };

struct connection {
    int fd; /* -1: free */
    int number;
    size_t len;
    char text[MAX_REQUEST + 1];
};

static struct connection connections[MAX_CONNECTIONS];

static void die(const char *what)
{
    perror(what);
    abort();
}

static void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, 0);
        if (sent <= 0) {
            return;
        }
        data += sent;
        len -= (size_t)sent;
    }
}

/* The length of the first whole request in the buffer; 0 while it is incomplete. */
static size_t request_len(const struct connection *connection)
{
    const char *end = strstr(connection->text, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }
    size_t len = (size_t)(end - connection->text) + 4;
    const char *length = strstr(connection->text, "Content-Length: ");
    if (length != NULL && length < end) {
        len += strtoul(length + strlen("Content-Length: "), NULL, 10);
    }
    return len <= connection->len ? len : 0;
}

static const struct test_route *find_route(const struct test_route *routes, const char *request)
{
    const char *path = strchr(request, ' ');
    size_t len = path ? strcspn(path + 1, " ") : 0;
    for (; path != NULL && routes->path != NULL; routes++) {
        if (strlen(routes->path) == len && strncmp(routes->path, path + 1, len) == 0) {
            return routes;
        }
    }
    return NULL;
}

static void send_echo(const struct connection *connection, size_t len)
{
    char head[128];
    int head_len = snprintf(head, sizeof head,
                            "HTTP/1.1 200 OK\r\nX-Connection: %d\r\nContent-Length: %zu\r\n\r\n",
                            connection->number, len);
    send_all(connection->fd, head, (size_t)head_len);
    if (strncmp(connection->text, "HEAD ", 5) != 0) {
        send_all(connection->fd, connection->text, len);
    }
}

static void close_connection(struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
}

static void answer(struct connection *connection, const struct test_route *routes, size_t len)
{
    const struct test_route *route = find_route(routes, connection->text);
    if (route == NULL || route->answer == NULL) {
        send_echo(connection, len);
    } else {
        send_all(connection->fd, route->answer, strlen(route->answer));
    }
    connection->len -= len;
    memmove(connection->text, connection->text + len, connection->len + 1);
    if (route != NULL && route->then == TEST_CLOSE) {
        close_connection(connection);
    }
}

static void serve(struct connection *connection, const struct test_route *routes)
{
    ssize_t got =
        recv(connection->fd, connection->text + connection->len, MAX_REQUEST - connection->len, 0);
    if (got <= 0) {
        close_connection(connection);
        return;
    }
    connection->len += (size_t)got;
    connection->text[connection->len] = '\0';
    size_t len;
    while (connection->fd >= 0 && (len = request_len(connection)) > 0) {
        answer(connection, routes, len);
    }
}

static void accept_connection(int listener)
{
    static int accepted;
    int fd = accept(listener, NULL, NULL);
    for (int i = 0; fd >= 0 && i < MAX_CONNECTIONS; i++) {
        if (connections[i].fd < 0) {
            connections[i].fd = fd;
            connections[i].number = ++accepted;
            connections[i].len = 0;
            return;
        }
    }
}

static void run_child(int listener, int lifeline, const struct test_route *routes)
{
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        connections[i].fd = -1;
    }
    struct pollfd polls[2 + MAX_CONNECTIONS] = {{.fd = listener, .events = POLLIN},
                                                {.fd = lifeline, .events = POLLIN}};
    for (;;) {
        for (int i = 0; i < MAX_CONNECTIONS; i++) { /* poll skips negative descriptors */
            polls[2 + i] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
        }
        poll(polls, 2 + MAX_CONNECTIONS, -1);
        if (polls[1].revents != 0) {
            _exit(0);
        }
        for (int i = 0; i < MAX_CONNECTIONS; i++) {
            if (polls[2 + i].revents != 0) {
                serve(&connections[i], routes);
            }
        }
        if (polls[0].revents != 0) {
            accept_connection(listener);
        }
    }
}

static int open_listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        die("test server");
    }
    *port = ntohs(address.sin_port);
    return fd;
}

struct test_server test_server_start(const struct test_route *routes)
{
    struct test_server server = {0};
    int ends[2];
    int listener = open_listener(&server.port);
    if (pipe(ends) != 0) {
        die("test server: pipe");
    }
    server.child = fork();
    if (server.child < 0) {
        die("test server: fork");
    }
    if (server.child == 0) {
        close(ends[1]);
        run_child(listener, ends[0], routes);
    }
    close(listener);
    close(ends[0]);
    server.lifeline = ends[1];
    return server;
}

void test_server_stop(struct test_server *server)
{
    close(server->lifeline);
    waitpid(server->child, NULL, 0);
}
