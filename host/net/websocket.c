/* A WebSocket over a connection of curl's, which resolves, connects and secures it
 * (CURLOPT_CONNECT_ONLY) and then only passes bytes on: what they say is upgrade.c's and frames.c's. */
#include <stdlib.h>
#include <string.h>

#include "net/internal.h"

#define CONNECT_TIMEOUT_MS 10000
#define MAX_TEXT_BYTES     ((size_t)128 << 10)
#define READ_BYTES         16384
#define PIECE_BYTES        16384 /* a record of TLS */
#define READS_IN_A_ROW     16    /* then others on the loop have their turn */

enum state { CONNECTING, UPGRADING, OPEN, OVER };

struct websocket {
    struct gw_websocket base; /* first: the public pointer is a pointer to this */
    struct gw_loop *loop;
    struct gw_websocket_events events;
    void *ctx;
    struct curl_multi multi;
    CURL *easy;
    char curl_message[CURL_ERROR_SIZE];
    struct gw_view place; /* "example.com", for messages */
    struct gw_arena *arena;
    struct gw_view accept;
    struct gw_buf head; /* first the request, then what came of the answer */
    bool has_asked;
    char piece[PIECE_BYTES]; /* on its way */
    size_t piece_len, piece_sent;
    struct gw_frames *frames;
    struct gw_timer *timer; /* of the opening; then of what is to be done soon */
    struct gw_watch *watch;
    int watched;
    enum state state;
    bool is_held;
    bool is_busy;   /* inside of a callback, in which it may not be freed */
    bool is_closed; /* by its owner, meanwhile */
    struct gw_err err;
};

static void release(struct websocket *socket)
{
    gw_timer_stop(socket->timer);
    if (socket->watch != NULL) {
        gw_watch_stop(socket->watch);
    }
    if (socket->easy != NULL) {
        curl_multi_remove_handle(socket->multi.handle, socket->easy);
        curl_easy_cleanup(socket->easy);
    }
    gw_multi_close(&socket->multi);
    gw_frames_free(socket->frames);
    gw_wipe(socket->piece, sizeof socket->piece);
    gw_buf_clear(&socket->head);
    gw_arena_free(socket->arena);
    free(socket);
}

/* Begins a stretch in which callbacks may close the socket. */
static void enter(struct websocket *socket)
{
    socket->is_busy = true;
}

static void leave(struct websocket *socket)
{
    socket->is_busy = false;
    if (socket->is_closed) {
        release(socket);
    }
}

/* ---- the end --------------------------------------------------------------------------------- */

static void end(struct websocket *socket, const struct gw_err *err)
{
    if (socket->state == OVER) {
        return;
    }
    socket->state = OVER;
    gw_timer_stop(socket->timer);
    socket->timer = NULL;
    if (socket->watch != NULL) {
        gw_watch_stop(socket->watch);
        socket->watch = NULL;
    }
    struct gw_err told = *err;
    if (!socket->is_closed) {
        socket->events.closed(socket->ctx, &told);
    }
}

static void fail(struct websocket *socket, enum gw_err_code code, const char *what)
{
    struct gw_err err;
    gw_fail(&err, code, "%.*s: %s", GW_VIEW_ARGS(socket->place), what);
    end(socket, &err);
}

static void fail_curl(struct websocket *socket, CURLcode code)
{
    bool is_late = code == CURLE_OPERATION_TIMEDOUT;
    fail(socket, is_late ? GW_ERR_TIMEOUT : GW_ERR_NETWORK,
         socket->curl_message[0] ? socket->curl_message : curl_easy_strerror(code));
}

/* ---- sending --------------------------------------------------------------------------------- */

static void watch(struct websocket *socket, int events);

/* What goes out next: the request, then frames. TLS wants what it could not send once more from the same
 * place, so that it goes from a piece that does not move. */
static bool fill_piece(struct websocket *socket)
{
    if (socket->piece_sent < socket->piece_len) {
        return true;
    }
    bool is_asking = socket->state == UPGRADING && !socket->has_asked;
    struct gw_view next = is_asking ? gw_buf_view(&socket->head) : gw_frames_output(socket->frames);
    next = gw_view_sub(next, 0, sizeof socket->piece);
    memcpy(socket->piece, next.len > 0 ? next.data : "", next.len);
    socket->piece_len = next.len;
    socket->piece_sent = 0;
    if (is_asking) {
        socket->has_asked =
            true; /* it is shorter than a piece; from here on `head` takes the answer */
        gw_buf_reset(&socket->head);
    } else {
        gw_frames_drop(socket->frames, next.len);
    }
    return next.len > 0;
}

/* CURLE_AGAIN: the connection takes no more for now. */
static CURLcode push(struct websocket *socket)
{
    CURLcode code = CURLE_OK;
    while (code == CURLE_OK && fill_piece(socket)) {
        size_t sent = 0;
        code = curl_easy_send(socket->easy, socket->piece + socket->piece_sent,
                              socket->piece_len - socket->piece_sent, &sent);
        socket->piece_sent += sent;
    }
    return code;
}

static void flush(struct websocket *socket)
{
    CURLcode code = push(socket);
    if (code == CURLE_OK || code == CURLE_AGAIN) {
        watch(socket,
              (socket->is_held ? 0 : GW_WATCH_READ) | (code == CURLE_AGAIN ? GW_WATCH_WRITE : 0));
    } else {
        fail_curl(socket, code);
    }
}

static void on_soon(void *ctx);

/* From inside of anything: what has been written goes out, and what TLS holds comes in, in the loop's
 * next turn. */
static void act_soon(struct websocket *socket)
{
    if (socket->state == OPEN && socket->timer == NULL) {
        socket->timer = gw_timer_start(socket->loop, 0, on_soon, socket);
    }
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void on_frame(void *ctx, enum gw_frame kind, struct gw_view bytes)
{
    struct websocket *socket = ctx;
    if (kind == GW_FRAME_CLOSE) {
        gw_fail(&socket->err, GW_ERR_NETWORK, "%.*s: the other side closed the connection%s%.*s",
                GW_VIEW_ARGS(socket->place), bytes.len > 0 ? ": " : "", GW_VIEW_ARGS(bytes));
    } else if (kind != GW_FRAME_PING && !socket->is_closed && socket->state == OPEN) {
        socket->events.message(socket->ctx, kind == GW_FRAME_TEXT, bytes);
    }
}

static void receive_frames(struct websocket *socket, struct gw_view bytes)
{
    struct gw_err err;
    bool readable = gw_frames_receive(socket->frames, bytes, &err);
    if (readable && socket->err.code == GW_ERR_NONE) {
        return;
    }
    flush(socket); /* the answer to a close, or what is wrong */
    end(socket, readable ? &socket->err : &err);
}

static void receive_head(struct websocket *socket, struct gw_view bytes)
{
    struct gw_err err;
    size_t len = 0;
    gw_buf_add(&socket->head, bytes);
    switch (gw_upgrade_read(gw_buf_view(&socket->head), socket->accept, &len, &err)) {
    case GW_UPGRADE_MORE:
        break;
    case GW_UPGRADE_REFUSED:
        gw_err_prefix(&err, "%.*s", GW_VIEW_ARGS(socket->place));
        end(socket, &err);
        break;
    case GW_UPGRADE_DONE:
        socket->state = OPEN;
        gw_timer_stop(socket->timer);
        socket->timer = NULL;
        socket->events.opened(socket->ctx);
        if (!socket->is_closed) {
            receive_frames(socket, gw_view_sub(gw_buf_view(&socket->head), len, GW_NPOS));
        }
        gw_buf_clear(&socket->head);
        break;
    }
}

static void receive(struct websocket *socket)
{
    char bytes[READ_BYTES];
    for (int i = 0; i < READS_IN_A_ROW && !socket->is_held; i++) {
        size_t len = 0;
        CURLcode code = curl_easy_recv(socket->easy, bytes, sizeof bytes, &len);
        if (code == CURLE_AGAIN || socket->state == OVER || socket->is_closed) {
            return;
        }
        if (code != CURLE_OK) {
            fail_curl(socket, code);
            return;
        }
        if (len == 0) {
            fail(socket, GW_ERR_NETWORK, "the other side closed the connection");
            return;
        }
        struct gw_view piece = {bytes, len};
        if (socket->state == UPGRADING) {
            receive_head(socket, piece);
        } else {
            receive_frames(socket, piece);
        }
    }
    act_soon(socket); /* TLS may hold more than the descriptor shows */
}

static void act(struct websocket *socket, bool reads)
{
    enter(socket);
    if (reads) {
        receive(socket);
    }
    if (socket->state != OVER && !socket->is_closed) {
        flush(socket);
    }
    leave(socket);
}

static void on_socket(void *ctx, int events)
{
    act(ctx, (events & GW_WATCH_READ) != 0);
}

static void on_soon(void *ctx)
{
    struct websocket *socket = ctx;
    socket->timer = NULL;
    act(socket, true);
}

static void watch(struct websocket *socket, int events)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (socket->watch != NULL && socket->watched == events) {
        return;
    }
    if (socket->watch != NULL) {
        gw_watch_stop(socket->watch);
        socket->watch = NULL;
    }
    curl_easy_getinfo(socket->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (events != 0 && fd != CURL_SOCKET_BAD) {
        socket->watch = gw_watch_start(socket->loop, fd, events, on_socket, socket);
        socket->watched = events;
    }
}

/* ---- opening --------------------------------------------------------------------------------- */

static void on_connected(void *ctx, CURL *easy, CURLcode code)
{
    (void)easy;
    struct websocket *socket = ctx;
    enter(socket);
    if (code != CURLE_OK) {
        fail_curl(socket, code);
    } else {
        socket->state = UPGRADING;
        flush(socket);
    }
}

static void on_turned(void *ctx)
{
    leave(ctx);
}

static void on_late(void *ctx)
{
    struct websocket *socket = ctx;
    socket->timer = NULL;
    enter(socket);
    fail(socket, GW_ERR_TIMEOUT, "no WebSocket was opened in time");
    leave(socket);
}

static bool set_text(CURL *easy, CURLoption option, const char *value)
{
    return value == NULL || curl_easy_setopt(easy, option, value) == CURLE_OK;
}

static bool set_long(CURL *easy, CURLoption option, long value)
{
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

static bool prepare(struct websocket *socket, const struct curl_transport *transport,
                    const char *address)
{
    CURL *easy = socket->easy;
    return set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
           set_text(easy, CURLOPT_URL, address) && set_long(easy, CURLOPT_CONNECT_ONLY, 1) &&
           set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) &&
           set_long(easy, CURLOPT_SSL_ENABLE_ALPN, 0) && set_long(easy, CURLOPT_NOSIGNAL, 1) &&
           set_long(easy, CURLOPT_QUICK_EXIT, 1) && set_long(easy, CURLOPT_TCP_KEEPALIVE, 1) &&
           set_long(easy, CURLOPT_TCP_NODELAY, 1) && set_long(easy, CURLOPT_HTTPPROXYTUNNEL, 1) &&
           set_text(easy, CURLOPT_PROXY, transport->http_proxy) &&
           set_long(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) &&
           set_text(easy, CURLOPT_CAINFO, transport->ca_bundle) &&
           set_text(easy, CURLOPT_CAPATH, transport->ca_folder) &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, socket->curl_message) == CURLE_OK;
}

/* ---- the public side ------------------------------------------------------------------------- */

static void send_message(struct gw_websocket *self, bool is_text, struct gw_view bytes)
{
    struct websocket *socket = (struct websocket *)self;
    if (socket->state == OPEN) {
        gw_frames_send(socket->frames, is_text ? GW_FRAME_TEXT : GW_FRAME_BINARY, bytes);
        act_soon(socket);
    }
}

static void send_ping(struct gw_websocket *self, struct gw_view bytes)
{
    struct websocket *socket = (struct websocket *)self;
    if (socket->state == OPEN) {
        gw_frames_send(socket->frames, GW_FRAME_PING, bytes);
        act_soon(socket);
    }
}

static void hold(struct gw_websocket *self, bool held)
{
    struct websocket *socket = (struct websocket *)self;
    socket->is_held = held;
    act_soon(socket);
}

/* What was written and a close go out as far as the connection takes them at once. */
static void close_socket(struct gw_websocket *self)
{
    struct websocket *socket = (struct websocket *)self;
    socket->is_closed = true;
    if (socket->state == OPEN) {
        gw_frames_send(socket->frames, GW_FRAME_CLOSE, GW_VIEW(""));
        push(socket);
    }
    if (!socket->is_busy) {
        release(socket);
    }
}

static struct websocket *new_websocket(struct curl_transport *transport,
                                       const struct gw_websocket_request *request,
                                       const struct gw_websocket_events *events, void *ctx)
{
    struct websocket *socket = gw_alloc(sizeof *socket);
    socket->base = (struct gw_websocket){send_message, send_ping, hold, close_socket};
    socket->loop = transport->loop;
    socket->events = *events;
    socket->ctx = ctx;
    socket->arena = gw_arena_new();
    socket->accept = gw_arena_dup(socket->arena, request->accept);
    socket->frames = gw_frames_new(false, on_frame, socket);
    gw_buf_init(&socket->head, MAX_TEXT_BYTES);
    gw_multi_open(&socket->multi, socket->loop, on_connected, on_turned, socket);
    return socket;
}

struct gw_websocket *gw_websocket_connect(struct gw_transport *self,
                                          const struct gw_websocket_request *request,
                                          const struct gw_websocket_events *events, void *ctx,
                                          struct gw_err *err)
{
    struct curl_transport *transport = (struct curl_transport *)self;
    struct websocket *socket = new_websocket(transport, request, events, ctx);
    struct gw_buf address;
    struct gw_url url;
    gw_buf_init(&address, MAX_TEXT_BYTES);
    bool ok = gw_upgrade_write(request, transport->user_agent, &address, &socket->head, err) &&
              gw_url_parse(gw_buf_view(&address), &url, err) &&
              (socket->head.len <= PIECE_BYTES ||
               gw_fail(err, GW_ERR_LIMIT, "websocket: the URL is too long"));
    if (ok) {
        socket->place = gw_arena_dup(socket->arena, url.authority);
        socket->easy = curl_easy_init();
        ok = (socket->easy != NULL && prepare(socket, transport, address.data) &&
              curl_multi_add_handle(socket->multi.handle, socket->easy) == CURLM_OK) ||
             gw_fail(err, GW_ERR_INTERNAL, "%.*s: libcurl refused the connection",
                     GW_VIEW_ARGS(socket->place));
    }
    gw_buf_clear(&address);
    if (!ok) {
        release(socket);
        return NULL;
    }
    int64_t limit_ms =
        request->connect_timeout_ms > 0 ? request->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    socket->timer = gw_timer_start(socket->loop, limit_ms, on_late, socket);
    return &socket->base;
}
