/* listen: the simulator on a port of the loopback interface, for the AWS CLI, SDKs and curl. Each
 * request becomes one exchange of the simulator's transport, as if our own client had sent it. It
 * takes requests as a proxy, too: that way the world's own hosts can be reached by name.
 *
 * libmicrohttpd has no thread here: its epoll descriptor is watched by our loop. A request that is
 * being answered is suspended, and resumed when the answer, or a part of it, has come.
 * Limits: 256 connections; 64 MiB a body and 256 MiB of all bodies; 64 KiB of headers; two minutes
 * without a byte. A stream that nobody reads waits. */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "sim/internal.h"

#define MAX_CONNECTIONS  256u
#define MAX_HEADER_BYTES ((size_t)64 << 10)
#define MAX_HELD_BYTES   ((size_t)256 << 20) /* of bodies that came, together */
#define MAX_AHEAD_BYTES  ((size_t)256 << 10) /* of a stream, before it waits for its reader */
#define IDLE_SECONDS     120u
#define PIECE_BYTES      ((size_t)16 << 10) /* of a stream, that are sent at a time */

struct gw_sim_listener {
    struct gw_sim *sim;
    struct MHD_Daemon *daemon;
    struct gw_watch *watch;
    struct gw_timer *timer;
    int port;
    gw_sim_answered_fn answered;
    void *ctx;
    struct request *requests; /* those that have begun */
    size_t held_bytes;        /* of their bodies */
};

struct request {
    struct gw_sim_listener *listener;
    struct request *previous, *next;
    struct MHD_Connection *connection;
    struct gw_arena *arena;
    struct gw_view target; /* of the request line, as it came */
    struct gw_http_request http;
    struct gw_body_sink sink;
    struct gw_buf body;

    struct gw_exchange *exchange; /* NULL: not begun, or over */
    int64_t began_ms;
    struct MHD_Response *response; /* NULL: there is none yet, or it was handed over */
    unsigned status;
    struct gw_buf stream; /* what has come of a stream */
    size_t sent;          /* of that */
    bool is_complete, is_suspended, is_lost, is_over;
};

/* ---- the turn of libmicrohttpd --------------------------------------------------------------- */

static void run(void *ctx);

static void run_soon(struct gw_sim_listener *listener, int64_t delay_ms)
{
    gw_timer_stop(listener->timer);
    listener->timer = gw_timer_start_background(listener->sim->loop, delay_ms, run, listener);
}

static void turn(struct gw_sim_listener *listener)
{
    unsigned MHD_LONG_LONG timeout_ms;
    MHD_run(listener->daemon);
    if (MHD_get_timeout(listener->daemon, &timeout_ms) == MHD_YES) {
        run_soon(listener, (int64_t)timeout_ms);
    }
}

static void run(void *ctx)
{
    struct gw_sim_listener *listener = ctx;
    listener->timer = NULL;
    turn(listener);
}

static void on_ready(void *ctx, int events)
{
    (void)events;
    turn(ctx);
}

static void suspend(struct request *request)
{
    request->is_suspended = true;
    MHD_suspend_connection(request->connection);
}

static void wake(struct request *request)
{
    if (request->is_suspended) {
        request->is_suspended = false;
        MHD_resume_connection(request->connection);
        run_soon(request->listener, 0);
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Those of the connection are libmicrohttpd's to say. */
static bool is_of_the_message(struct gw_view name)
{
    return !gw_view_equal_nocase(name, GW_VIEW("content-length")) &&
           !gw_view_equal_nocase(name, GW_VIEW("transfer-encoding")) &&
           !gw_view_equal_nocase(name, GW_VIEW("connection"));
}

static void set_response(struct request *request, const struct gw_http_response *head,
                         struct MHD_Response *response)
{
    request->status = (unsigned)head->status;
    request->response = response;
    for (size_t i = 0; i < head->headers.count; i++) {
        const struct gw_header *header = &head->headers.items[i];
        if (is_of_the_message(header->name)) {
            MHD_add_response_header(response, gw_arena_dup(request->arena, header->name).data,
                                    gw_arena_dup(request->arena, header->value).data);
        }
    }
}

static void tell(struct request *request, int status)
{
    struct gw_sim_listener *listener = request->listener;
    const struct gw_operation *op = request->exchange->op;
    struct gw_sim_answered what = {
        .method = request->http.method,
        .url = request->http.url,
        .service =
            request->exchange->service ? gw_service_name(request->exchange->service) : GW_VIEW_NONE,
        .operation = op ? gw_operation_name(op) : GW_VIEW_NONE,
        .status = status,
        .error = request->exchange->error_code,
        .duration_ms = gw_loop_now_ms(listener->sim->loop) - request->began_ms,
    };
    if (listener->answered) {
        listener->answered(listener->ctx, &what);
    }
}

static ssize_t read_nothing(void *ctx, uint64_t from, char *out, size_t capacity)
{
    (void)ctx, (void)from, (void)out, (void)capacity;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

/* That of HEAD says how long a body would be, and has none. */
static struct MHD_Response *new_response(const struct request *request,
                                         const struct gw_http_response *res)
{
    int64_t len = 0;
    if (gw_view_equal(request->http.method, GW_VIEW("HEAD")) &&
        gw_view_to_int64(gw_headers_get(&res->headers, GW_VIEW("content-length")), &len)) {
        return MHD_create_response_from_callback((uint64_t)len, PIECE_BYTES, read_nothing, NULL,
                                                 NULL);
    }
    return MHD_create_response_from_buffer(res->body.len, (void *)res->body.data,
                                           MHD_RESPMEM_MUST_COPY);
}

static void on_done(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct request *request = ctx;
    (void)err; /* the simulator has logged it */
    tell(request, res ? res->status : 0);
    request->exchange = NULL;
    request->is_over = true;
    request->is_lost = !res;
    if (res && request->status == 0) {
        set_response(request, res, new_response(request, res));
    }
    wake(request);
}

/* A stream that waited for its reader. */
static void go_on(struct request *request)
{
    struct gw_transport *transport = gw_sim_transport(request->listener->sim);
    if (request->exchange) {
        transport->resume(transport, request->exchange);
    }
}

/* What is to be sent next of a stream. */
static ssize_t read_stream(void *ctx, uint64_t from, char *out, size_t capacity)
{
    struct request *request = ctx;
    (void)from;
    struct gw_view left = gw_view_sub(gw_buf_view(&request->stream), request->sent, capacity);
    if (left.len == 0 && request->is_over) {
        return request->is_lost ? MHD_CONTENT_READER_END_WITH_ERROR
                                : MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (left.len == 0) {
        suspend(request);
        return 0;
    }
    memcpy(out, left.data, left.len);
    request->sent += left.len;
    if (request->sent == request->stream.len) {
        gw_buf_reset(&request->stream);
        request->sent = 0;
        go_on(request);
    }
    return (ssize_t)left.len;
}

static bool begin_stream(void *ctx, const struct gw_http_response *head)
{
    struct request *request = ctx;
    struct gw_view type = gw_headers_get(&head->headers, GW_VIEW("content-type"));
    if (!gw_view_equal(type, GW_VIEW("application/vnd.amazon.eventstream"))) {
        return false;
    }
    set_response(request, head,
                 MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, read_stream,
                                                   request, NULL));
    wake(request);
    return true;
}

static enum gw_sink_answer write_stream(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct request *request = ctx;
    if (!gw_buf_add(&request->stream, bytes)) {
        gw_fail(err, GW_ERR_LIMIT, "nobody reads the answer");
        return GW_SINK_ABORT;
    }
    wake(request);
    return request->stream.len - request->sent > MAX_AHEAD_BYTES ? GW_SINK_PAUSE : GW_SINK_TAKEN;
}

/* ---- the request ----------------------------------------------------------------------------- */

static enum MHD_Result add_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct request *request = ctx;
    (void)kind;
    gw_headers_add(request->arena, &request->http.headers, gw_view_of(name),
                   gw_view_of(value ? value : ""));
    return MHD_YES;
}

/* A proxy is asked with the whole URL, a server with the path. */
static struct gw_view url_of(struct request *request)
{
    struct gw_view host = gw_headers_get(&request->http.headers, GW_VIEW("host"));
    if (!gw_view_starts_with(request->target, GW_VIEW("/"))) {
        return request->target;
    }
    if (host.len == 0) {
        host = gw_arena_printf(request->arena, "127.0.0.1:%d", request->listener->port);
    }
    return gw_arena_printf(request->arena, "http://%.*s%.*s", GW_VIEW_ARGS(host),
                           GW_VIEW_ARGS(request->target));
}

static void begin_request(struct request *request, struct MHD_Connection *connection,
                          const char *method)
{
    struct gw_sim_listener *listener = request->listener;
    request->connection = connection;
    request->http.method = gw_arena_dup(request->arena, gw_view_of(method));
    MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, request);
    request->http.url = url_of(request);
    request->sink = (struct gw_body_sink){begin_stream, write_stream, request};
    request->http.sink = &request->sink;
    request->next = listener->requests;
    if (request->next) {
        request->next->previous = request;
    }
    listener->requests = request;
}

static enum MHD_Result answer(struct request *request)
{
    struct MHD_Response *response = request->response;
    if (!response) {
        return MHD_NO; /* the connection is closed without a word: that is what was simulated */
    }
    request->response = NULL;
    enum MHD_Result queued = MHD_queue_response(request->connection, request->status, response);
    MHD_destroy_response(response);
    return queued;
}

static void start_exchange(struct request *request)
{
    struct gw_transport *transport = gw_sim_transport(request->listener->sim);
    request->is_complete = true;
    request->began_ms = gw_loop_now_ms(request->listener->sim->loop);
    request->http.body = gw_buf_view(&request->body);
    suspend(request);
    request->exchange = transport->start(transport, &request->http, on_done, request);
    request->exchange->is_direct = gw_view_starts_with(request->target, GW_VIEW("/"));
}

static enum MHD_Result refuse(struct request *request, unsigned status, const char *text)
{
    request->status = status;
    request->response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                        MHD_RESPMEM_PERSISTENT);
    return answer(request);
}

static void on_upgraded(void *ctx, struct MHD_Connection *connection, void *state,
                        const char *begun, size_t begun_len, MHD_socket fd,
                        struct MHD_UpgradeResponseHandle *handle)
{
    const struct request *request = state;
    (void)ctx, (void)connection;
    gw_sim_serve_session(request->listener->sim, gw_sim_session_in(request->target), fd,
                         (struct gw_view){begun, begun_len}, handle);
}

/* A client of ECS Exec: the connection becomes a WebSocket. */
static enum MHD_Result upgrade(struct request *request, struct gw_view session_id)
{
    char accept[GW_WEBSOCKET_ACCEPT_SIZE];
    struct gw_view key = gw_headers_get(&request->http.headers, GW_VIEW("sec-websocket-key"));
    if (!gw_sim_find_session(request->listener->sim, session_id) || key.len == 0) {
        return refuse(request, MHD_HTTP_NOT_FOUND, "there is no such session\n");
    }
    gw_websocket_accept(key, accept);
    struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgraded, NULL);
    MHD_add_response_header(response, "Upgrade", "websocket");
    MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
    request->status = MHD_HTTP_SWITCHING_PROTOCOLS;
    request->response = response;
    return answer(request);
}

/* What is better said before more of it is sent. */
static enum MHD_Result check_head(struct request *request)
{
    struct gw_view session_id = gw_sim_session_in(request->target);
    int64_t size_bytes = 0;
    gw_view_to_int64(gw_headers_get(&request->http.headers, GW_VIEW("content-length")),
                     &size_bytes);
    if (gw_view_equal(request->http.method, GW_VIEW("CONNECT"))) {
        return refuse(request, MHD_HTTP_NOT_IMPLEMENTED,
                      "the simulator has no TLS: ask it for http:// instead of https://\n");
    }
    if (size_bytes > (int64_t)GW_SIM_MAX_BODY_BYTES) {
        return refuse(request, MHD_HTTP_CONTENT_TOO_LARGE,
                      "the body is larger than what is taken\n");
    }
    if (session_id.len > 0) {
        return upgrade(request, session_id);
    }
    return MHD_YES;
}

/* False: more than is taken, and the connection ends. */
static bool take_piece(struct request *request, struct gw_view bytes)
{
    size_t *held_bytes = &request->listener->held_bytes;
    if (*held_bytes + bytes.len > MAX_HELD_BYTES || !gw_buf_add(&request->body, bytes)) {
        return false;
    }
    *held_bytes += bytes.len;
    return true;
}

/* Called for the head of a request, for each piece of its body, at its end, and when resumed. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    struct request *request = *state;
    (void)ctx, (void)path, (void)version;
    if (!request->connection) {
        begin_request(request, connection, method);
        return check_head(request);
    }
    if (*size > 0) {
        bool fits = take_piece(request, (struct gw_view){data, *size});
        *size = 0;
        return fits ? MHD_YES : MHD_NO;
    }
    if (!request->is_complete) {
        start_exchange(request);
        return MHD_YES;
    }
    return answer(request);
}

/* The first that is heard of a request, and the only place where its target is whole. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *unused)
{
    struct request *request = gw_alloc(sizeof *request);
    (void)unused;
    request->listener = ctx;
    request->arena = gw_arena_new();
    request->target = gw_arena_dup(request->arena, gw_view_of(target));
    gw_buf_init(&request->body, GW_SIM_MAX_BODY_BYTES);
    gw_buf_init(&request->stream, GW_SIM_MAX_BODY_BYTES);
    return request;
}

static void unlink_request(struct request *request)
{
    if (!request->connection) {
        return;
    }
    *(request->previous ? &request->previous->next : &request->listener->requests) = request->next;
    if (request->next) {
        request->next->previous = request->previous;
    }
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct request *request = *state;
    (void)ctx, (void)connection, (void)why;
    if (!request) {
        return;
    }
    if (request->exchange) {
        struct gw_transport *transport = gw_sim_transport(request->listener->sim);
        transport->cancel(transport, request->exchange);
    }
    if (request->response) {
        MHD_destroy_response(request->response);
    }
    unlink_request(request);
    request->listener->held_bytes -= request->body.len;
    gw_buf_clear(&request->body);
    gw_buf_clear(&request->stream);
    gw_arena_free(request->arena);
    free(request);
    *state = NULL;
}

/* ---- the port -------------------------------------------------------------------------------- */

static bool open_daemon(struct gw_sim_listener *listener, int port, struct gw_err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    errno = 0;
    listener->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
            MHD_USE_SUPPRESS_DATE_NO_CLOCK,
        (uint16_t)port, NULL, NULL, on_request, listener, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, listener, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        listener, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        MAX_HEADER_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_END);
    return listener->daemon || gw_fail(err, GW_ERR_IO, "port %d cannot be listened on: %s", port,
                                       errno ? strerror(errno) : "unknown reason");
}

struct gw_sim_listener *gw_sim_listen(const struct gw_sim_listen_options *options,
                                      struct gw_err *err)
{
    struct gw_sim_listener *listener = gw_alloc(sizeof *listener);
    listener->sim = options->sim;
    listener->answered = options->answered;
    listener->ctx = options->ctx;
    if (!open_daemon(listener, options->port, err)) {
        free(listener);
        return NULL;
    }
    listener->port = (int)MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    listener->sim->listens_on = listener->port;
    int fd = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    listener->watch = gw_watch_start(listener->sim->loop, fd, GW_WATCH_READ, on_ready, listener);
    return listener;
}

int gw_sim_listener_port(const struct gw_sim_listener *listener)
{
    return listener->port;
}

void gw_sim_listener_close(struct gw_sim_listener *listener)
{
    if (!listener) {
        return;
    }
    listener->sim->listens_on = 0;
    gw_sim_close_peers(listener->sim);
    for (struct request *request = listener->requests; request; request = request->next) {
        wake(request); /* the daemon does not end with suspended connections */
    }
    gw_watch_stop(listener->watch);
    MHD_stop_daemon(listener->daemon);
    gw_timer_stop(listener->timer);
    free(listener);
}
