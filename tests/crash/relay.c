/* relay: HTTP exchanges as frames over a socket: fields of a length and its bytes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"

#define REQUEST 'Q'
#define TEXT    'T'

/* ---- fields ---------------------------------------------------------------------------------- */

static bool write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t written = write(fd, at, len);
        if (written <= 0) {
            return false;
        }
        at += written;
        len -= (size_t)written;
    }
    return true;
}

static bool read_all(int fd, void *bytes, size_t len)
{
    char *at = bytes;
    while (len > 0) {
        ssize_t got = read(fd, at, len);
        if (got <= 0) {
            return false;
        }
        at += got;
        len -= (size_t)got;
    }
    return true;
}

static bool write_number(int fd, int64_t number)
{
    return write_all(fd, &number, sizeof number);
}

static bool write_view(int fd, struct gw_view view)
{
    return write_number(fd, (int64_t)view.len) && write_all(fd, view.data, view.len);
}

static bool read_view(int fd, struct gw_arena *arena, struct gw_view *out)
{
    int64_t len;
    if (!read_all(fd, &len, sizeof len)) {
        return false;
    }
    char *bytes = gw_arena_alloc(arena, (size_t)len + 1);
    bytes[len] = '\0';
    *out = (struct gw_view){bytes, (size_t)len};
    return read_all(fd, bytes, (size_t)len);
}

static bool write_headers(int fd, const struct gw_headers *headers)
{
    bool ok = write_number(fd, (int64_t)headers->count);
    for (size_t i = 0; ok && i < headers->count; i++) {
        ok = write_view(fd, headers->items[i].name) && write_view(fd, headers->items[i].value);
    }
    return ok;
}

static bool read_headers(int fd, struct gw_arena *arena, struct gw_headers *out)
{
    int64_t count;
    bool ok = read_all(fd, &count, sizeof count);
    for (int64_t i = 0; ok && i < count; i++) {
        struct gw_view name, value;
        ok = read_view(fd, arena, &name) && read_view(fd, arena, &value);
        if (ok) {
            gw_headers_add(arena, out, name, value);
        }
    }
    return ok;
}

/* ---- the parent ------------------------------------------------------------------------------ */

bool relay_read(int fd, struct gw_arena *arena, struct relay_request *out)
{
    char kind;
    *out = (struct relay_request){0};
    if (!read_all(fd, &kind, 1)) {
        return false;
    }
    out->is_text = kind == TEXT;
    if (out->is_text) {
        return read_view(fd, arena, &out->text);
    }
    return read_all(fd, &out->at_ms, sizeof out->at_ms) &&
           read_view(fd, arena, &out->http.method) && read_view(fd, arena, &out->http.url) &&
           read_headers(fd, arena, &out->http.headers) && read_view(fd, arena, &out->http.body);
}

void relay_answer(int fd, int64_t at_ms, const struct gw_http_response *response,
                  const struct gw_err *err)
{
    bool ok = write_number(fd, at_ms) && write_number(fd, response ? response->status : 0);
    if (ok && response) {
        ok = write_view(fd, response->reason) && write_headers(fd, &response->headers) &&
             write_view(fd, response->body);
    } else if (ok) {
        ok = write_number(fd, err->code) && write_view(fd, gw_view_of(err->message));
    }
    (void)ok; /* a child that is gone shows when it is read from */
}

/* ---- the child ------------------------------------------------------------------------------- */

struct relay {
    struct gw_transport base;
    int fd;
    struct gw_loop *loop;
};

struct gw_exchange {
    struct gw_arena *arena;
    struct gw_timer *timer;
    struct gw_http_response response;
    struct gw_err err;
    bool has_response;
    gw_http_done_fn done;
    void *ctx;
};

static void end(struct gw_exchange *exchange)
{
    gw_arena_free(exchange->arena);
    free(exchange);
}

static void deliver(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    exchange->done(exchange->ctx, exchange->has_response ? &exchange->response : NULL,
                   exchange->has_response ? NULL : &exchange->err);
    end(exchange);
}

/* The parent is gone: the test has been ended. */
static _Noreturn void give_up(void)
{
    _exit(99);
}

static void read_answer(struct relay *relay, struct gw_exchange *exchange, int64_t *at_ms)
{
    int64_t status, code;
    struct gw_view message;
    struct gw_http_response *response = &exchange->response;
    if (!read_all(relay->fd, at_ms, sizeof *at_ms) ||
        !read_all(relay->fd, &status, sizeof status)) {
        give_up();
    }
    exchange->has_response = status != 0;
    response->status = (int)status;
    if (exchange->has_response) {
        if (!read_view(relay->fd, exchange->arena, &response->reason) ||
            !read_headers(relay->fd, exchange->arena, &response->headers) ||
            !read_view(relay->fd, exchange->arena, &response->body)) {
            give_up();
        }
        return;
    }
    if (!read_all(relay->fd, &code, sizeof code) ||
        !read_view(relay->fd, exchange->arena, &message)) {
        give_up();
    }
    gw_fail(&exchange->err, (enum gw_err_code)code, "%.*s", GW_VIEW_ARGS(message));
}

static struct gw_exchange *start(struct gw_transport *self, const struct gw_http_request *request,
                                 gw_http_done_fn done, void *ctx)
{
    struct relay *relay = (struct relay *)self;
    struct gw_exchange *exchange = gw_alloc(sizeof *exchange);
    int64_t now_ms = gw_loop_wall_ms(relay->loop), at_ms;
    char kind = REQUEST;
    exchange->arena = gw_arena_new();
    exchange->done = done;
    exchange->ctx = ctx;
    if (!write_all(relay->fd, &kind, 1) || !write_number(relay->fd, now_ms) ||
        !write_view(relay->fd, request->method) || !write_view(relay->fd, request->url) ||
        !write_headers(relay->fd, &request->headers) || !write_view(relay->fd, request->body)) {
        give_up();
    }
    read_answer(relay, exchange, &at_ms);
    exchange->timer =
        gw_timer_start(relay->loop, at_ms > now_ms ? at_ms - now_ms : 0, deliver, exchange);
    return exchange;
}

static void cancel(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    gw_timer_stop(exchange->timer);
    end(exchange);
}

static void resume(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    (void)exchange;
}

static void close_relay(struct gw_transport *self)
{
    free(self);
}

struct gw_transport *relay_open(int fd, struct gw_loop *loop)
{
    struct relay *relay = gw_alloc(sizeof *relay);
    *relay = (struct relay){
        .base = {.start = start, .cancel = cancel, .resume = resume, .close = close_relay},
        .fd = fd,
        .loop = loop};
    return &relay->base;
}

void relay_tell(int fd, struct gw_view text)
{
    char kind = TEXT;
    if (!write_all(fd, &kind, 1) || !write_view(fd, text)) {
        give_up();
    }
}
