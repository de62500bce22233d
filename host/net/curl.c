/* The real transport: libcurl's multi interface driven by our loop. Connections are kept and reused.
 *
 * Callers' functions are only ever called between curl's functions and never inside one of its
 * callbacks, so that they may start, cancel or close as they like. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/internal.h"

#define MAX_CONNECTIONS      256
#define MAX_HOST_CONNECTIONS 64

void gw_curl_free(struct curl_transport *transport)
{
    gw_multi_close(&transport->multi);
    gw_timer_stop(transport->soon);
    free(transport->ca_bundle);
    free(transport->ca_folder);
    free(transport->user_agent);
    free(transport->http_proxy);
    free(transport);
}

/* What curl has done meanwhile goes to who asked for it. */
static void on_over(void *ctx, CURL *easy, CURLcode code)
{
    (void)ctx;
    struct gw_exchange *exchange = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&exchange);
    exchange->over = true;
    exchange->code = code;
    gw_exchange_ready(exchange);
}

static void on_turned(void *ctx)
{
    gw_deliver(ctx);
}

/* ---- silence --------------------------------------------------------------------------------- */

static void listen_for(struct gw_exchange *exchange, int64_t delay_ms);

/* How long nothing has moved. Connecting has its own limit, and a pause that the sink asked for is
 * not the server's silence. */
static int64_t silent_ms(struct gw_exchange *exchange)
{
    int64_t now_ms = gw_loop_now_ms(exchange->transport->loop);
    int64_t connected_us = gw_exchange_number(exchange, CURLINFO_PRETRANSFER_TIME_T);
    int64_t uploaded_bytes = gw_exchange_number(exchange, CURLINFO_SIZE_UPLOAD_T);
    if (connected_us == 0 || exchange->paused || uploaded_bytes != exchange->uploaded_bytes) {
        exchange->uploaded_bytes = uploaded_bytes;
        exchange->moved_ms = now_ms;
    }
    int64_t since_ms = exchange->begun_ms + connected_us / 1000;
    return now_ms - (since_ms > exchange->moved_ms ? since_ms : exchange->moved_ms);
}

static void on_silence(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    struct curl_transport *transport = exchange->transport;
    int64_t limit_ms = gw_exchange_read_timeout_ms(exchange);
    int64_t left_ms = limit_ms - silent_ms(exchange);
    exchange->silence = NULL;
    if (left_ms > 0) {
        listen_for(exchange, left_ms);
        return;
    }
    exchange->over = true;
    exchange->silent = true;
    exchange->code = CURLE_OPERATION_TIMEDOUT;
    gw_exchange_ready(exchange);
    gw_deliver(transport);
}

static void listen_for(struct gw_exchange *exchange, int64_t delay_ms)
{
    exchange->silence = gw_timer_start(exchange->transport->loop, delay_ms, on_silence, exchange);
}

/* ---- the transport --------------------------------------------------------------------------- */

static void link_exchange(struct curl_transport *transport, struct gw_exchange *exchange)
{
    exchange->next = transport->exchanges;
    if (exchange->next != NULL) {
        exchange->next->previous = exchange;
    }
    transport->exchanges = exchange;
}

static void refuse(struct gw_exchange *exchange)
{
    exchange->over = true;
    gw_exchange_ready(exchange);
    gw_deliver_soon(exchange->transport);
}

void gw_exchange_begin(struct gw_exchange *exchange)
{
    struct curl_transport *transport = exchange->transport;
    if (!gw_exchange_prepare(exchange)) {
        refuse(exchange);
        return;
    }
    exchange->begun_ms = exchange->moved_ms = gw_loop_now_ms(transport->loop);
    listen_for(exchange, gw_exchange_read_timeout_ms(exchange));
    if (curl_multi_add_handle(transport->multi.handle, exchange->easy) != CURLM_OK) {
        gw_fail(&exchange->err, GW_ERR_INTERNAL, "%.*s: libcurl refused the exchange",
                GW_VIEW_ARGS(exchange->place));
        refuse(exchange);
    }
}

static struct gw_exchange *start(struct gw_transport *self, const struct gw_http_request *req,
                                 gw_http_done_fn done, void *ctx)
{
    struct curl_transport *transport = (struct curl_transport *)self;
    struct gw_exchange *exchange = gw_alloc(sizeof *exchange);
    exchange->transport = transport;
    exchange->req = req;
    exchange->done = done;
    exchange->ctx = ctx;
    exchange->arena = gw_arena_new();
    link_exchange(transport, exchange);
    if (gw_exchange_check(exchange)) {
        gw_queue_enter(exchange);
    } else {
        refuse(exchange);
    }
    return exchange;
}

static void cancel(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    if (exchange != NULL) {
        gw_exchange_drop(exchange);
    }
}

static void resume(struct gw_transport *self, struct gw_exchange *exchange)
{
    struct curl_transport *transport = (struct curl_transport *)self;
    if (exchange->paused) {
        exchange->paused = false;
        exchange->moved_ms = gw_loop_now_ms(transport->loop);
        gw_exchange_ready(exchange);
        gw_deliver_soon(transport);
    }
}

static void close_transport(struct gw_transport *self)
{
    struct curl_transport *transport = (struct curl_transport *)self;
    transport->closed = true;
    while (transport->exchanges != NULL) {
        cancel(self, transport->exchanges); /* NOLINT(clang-analyzer-unix.Malloc): unlinks it */
    }
    if (!transport->delivering) {
        gw_curl_free(transport);
    }
}

/* A connection that the other side has closed must be an error here, not the end of the process;
 * with CURLOPT_NOSIGNAL that is ours to see to. A handler that somebody has set stays. */
static void survive_broken_pipes(void)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &action, NULL);
    }
}

static bool init_curl_once(struct gw_err *err)
{
    static bool initialised;
    if (!initialised && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return gw_fail(err, GW_ERR_INTERNAL, "http: libcurl could not be initialised");
    }
    survive_broken_pipes();
    initialised = true;
    return true;
}

static char *copy_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? gw_view_dup(gw_view_of(text)) : NULL;
}

static bool check_bundle(const char *path, struct gw_err *err)
{
    return path == NULL || access(path, R_OK) == 0 ||
           gw_fail(err, GW_ERR_IO, "ca bundle '%s': cannot be read: %s", path, strerror(errno));
}

static void set_authorities(struct curl_transport *transport, const char *ca_bundle)
{
    transport->ca_bundle = copy_or_null(ca_bundle != NULL ? ca_bundle : getenv("SSL_CERT_FILE"));
    transport->ca_folder = copy_or_null(ca_bundle != NULL ? NULL : getenv("SSL_CERT_DIR"));
}

static void set_limits(struct curl_transport *transport, const struct gw_curl_options *options)
{
    size_t all = options->max_connections > 0 ? options->max_connections : MAX_CONNECTIONS;
    size_t one =
        options->max_host_connections > 0 ? options->max_host_connections : MAX_HOST_CONNECTIONS;
    transport->max_active = gw_queue_max_connections(all);
    transport->max_active_per_host = one;
    /* Curl closes idle ones for those that are needed. */
    curl_multi_setopt(transport->multi.handle, CURLMOPT_MAXCONNECTS, (long)transport->max_active);
    curl_multi_setopt(transport->multi.handle, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      (long)transport->max_active);
}

struct gw_transport *gw_curl_open(struct gw_loop *loop, const struct gw_curl_options *options,
                                  struct gw_err *err)
{
    static const struct gw_curl_options defaults;
    options = options != NULL ? options : &defaults;
    if (gw_loop_is_virtual(loop)) {
        gw_fail(err, GW_ERR_INTERNAL, "http: real traffic needs a loop with the real clock");
        return NULL;
    }
    if (!check_bundle(options->ca_bundle, err) || !init_curl_once(err)) {
        return NULL;
    }
    struct curl_transport *transport = gw_alloc(sizeof *transport);
    transport->base =
        (struct gw_transport){start, cancel, resume, close_transport, gw_websocket_connect};
    transport->loop = loop;
    transport->user_agent = copy_or_null(options->user_agent);
    set_authorities(transport, options->ca_bundle);
    /* Curl itself knows the other variables, but this one by its lower-case name only. */
    transport->http_proxy = getenv("http_proxy") ? NULL : copy_or_null(getenv("HTTP_PROXY"));
    gw_multi_open(&transport->multi, loop, on_over, on_turned, transport);
    set_limits(transport, options);
    return &transport->base;
}
