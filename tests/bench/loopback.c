/* A server for many connections on the loopback interface: answers every request with the same JSON
 * and keeps the connection. Prints its port, then at the end of its input how many requests it has
 * answered and how many connections were open at once at most.
 *
 *     loopback ANSWER_FILE < pipe
 *
 * Limits: 4096 connections, requests of 16 KiB. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 4096, MAX_REQUEST = 16384, MAX_ANSWER = 65536 };

struct connection {
    int fd;
    size_t len;
    char text[MAX_REQUEST + 1];
};

static struct connection *connections[MAX_CONNECTIONS];
static size_t connection_count, most_connections, request_count;
static char answer[MAX_ANSWER];
static size_t answer_len;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void read_answer(const char *path)
{
    char body[MAX_ANSWER / 2];
    FILE *file = fopen(path, "rb");
    if (!file) {
        die(path);
    }
    size_t len = fread(body, 1, sizeof body, file);
    fclose(file);
    int head = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n"
                        "x-amzn-RequestId: 5c1f4b1e-1b1f-4c1f-8c1f-1b1f4c1f8c1f\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        len);
    memcpy(answer + head, body, len);
    answer_len = (size_t)head + len;
}

/* The length of the first whole request; 0 while it is incomplete. */
static size_t request_len(const struct connection *connection)
{
    const char *end = strstr(connection->text, "\r\n\r\n");
    const char *length = strstr(connection->text, "Content-Length: ");
    if (!end) {
        return 0;
    }
    size_t len = (size_t)(end - connection->text) + 4;
    len += length && length < end ? strtoul(length + 16, NULL, 10) : 0;
    return len <= connection->len ? len : 0;
}

static bool serve(struct connection *connection)
{
    ssize_t got =
        recv(connection->fd, connection->text + connection->len, MAX_REQUEST - connection->len, 0);
    if (got <= 0) {
        return false;
    }
    connection->len += (size_t)got;
    connection->text[connection->len] = '\0';
    for (size_t len; (len = request_len(connection)) > 0; request_count++) {
        if (send(connection->fd, answer, answer_len, 0) != (ssize_t)answer_len) {
            return false;
        }
        connection->len -= len;
        memmove(connection->text, connection->text + len, connection->len + 1);
    }
    return true;
}

static void accept_connection(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
        return;
    }
    if (connection_count == MAX_CONNECTIONS) {
        close(fd);
        return;
    }
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        die("calloc");
    }
    connection->fd = fd;
    connections[connection_count++] = connection;
    most_connections = connection_count > most_connections ? connection_count : most_connections;
}

static void drop(size_t index)
{
    close(connections[index]->fd);
    free(connections[index]);
    connections[index] = connections[--connection_count];
}

static void run(int listener)
{
    static struct pollfd polls[2 + MAX_CONNECTIONS];
    for (;;) {
        size_t count = connection_count;
        polls[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        polls[1] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (size_t i = 0; i < count; i++) {
            polls[2 + i] = (struct pollfd){.fd = connections[i]->fd, .events = POLLIN};
        }
        poll(polls, 2 + count, -1);
        if (polls[0].revents) {
            return;
        }
        for (size_t i = count; i-- > 0;) {
            if (polls[2 + i].revents && !serve(connections[i])) {
                drop(i);
            }
        }
        if (polls[1].revents) {
            accept_connection(listener);
        }
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (argc != 2) {
        fprintf(stderr, "usage: loopback ANSWER_FILE\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    read_answer(argv[1]);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) != 0 ||
        listen(listener, 1024) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        die("listen");
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    run(listener);
    printf("%zu %zu\n", request_count, most_connections);
    return 0;
}
