/* What curl hands over becomes an answer, or one line that says what went wrong and where.
 * Interim answers (1xx) are dropped, and trailers too: nothing after the body may pose as a header.
 * Limits: 128 KiB of header lines, the request's ceiling for a body in memory; of a body that goes
 * to a sink 64 KiB wait here, or one piece of curl's where that is larger. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "net/internal.h"

#define MAX_HEADER_BYTES   (128u << 10)
#define MAX_RESPONSE_BYTES (64u << 20)
#define MAX_HELD_BYTES     (64u << 10)

/* ---- header lines ---------------------------------------------------------------------------- */

/* "HTTP/1.1 200 OK"; the reason may be missing. */
static bool read_status_line(struct gw_exchange *exchange, struct gw_view line)
{
    int64_t status = 0;
    size_t space = gw_view_find_char(line, ' ');
    struct gw_view rest = gw_view_sub(line, space == GW_NPOS ? line.len : space + 1, line.len);
    if (!gw_view_to_int64(gw_view_sub(rest, 0, 3), &status) || status < 100 || status > 999) {
        return gw_fail(&exchange->err, GW_ERR_PROTOCOL, "%.*s: the answer has no status",
                       GW_VIEW_ARGS(exchange->place));
    }
    exchange->res.status = (int)status;
    exchange->res.reason =
        gw_arena_dup(exchange->arena, gw_view_trim(gw_view_sub(rest, 3, rest.len)));
    exchange->res.headers.count = 0;
    exchange->part = PART_HEADERS;
    return true;
}

/* The old folded form: the line continues the value of the one before. */
static bool read_continuation(struct gw_exchange *exchange, struct gw_view line)
{
    struct gw_headers *headers = &exchange->res.headers;
    if (headers->count > 0) {
        struct gw_view *value = &headers->items[headers->count - 1].value;
        *value = gw_arena_printf(exchange->arena, "%.*s %.*s", GW_VIEW_ARGS(*value),
                                 GW_VIEW_ARGS(gw_view_trim(line)));
    }
    return true;
}

static bool read_header_line(struct gw_exchange *exchange, struct gw_view line)
{
    if (line.data[0] == ' ' || line.data[0] == '\t') {
        return read_continuation(exchange, line);
    }
    size_t colon = gw_view_find_char(line, ':');
    if (colon == GW_NPOS) {
        return gw_fail(&exchange->err, GW_ERR_PROTOCOL, "%.*s: header line '%.*s' has no colon",
                       GW_VIEW_ARGS(exchange->place), GW_VIEW_ARGS(line));
    }
    gw_headers_add(exchange->arena, &exchange->res.headers, gw_view_sub(line, 0, colon),
                   gw_view_trim(gw_view_sub(line, colon + 1, line.len)));
    return true;
}

static bool read_line(struct gw_exchange *exchange, struct gw_view line)
{
    if (exchange->part == PART_TRAILERS) {
        return true;
    }
    if (line.len == 0) {
        bool is_interim = exchange->res.status < 200;
        exchange->part = is_interim ? PART_STATUS : PART_TRAILERS;
        if (!is_interim && !exchange->begun) {
            gw_exchange_ready(exchange);
        }
        return true;
    }
    return exchange->part == PART_STATUS ? read_status_line(exchange, line)
                                         : read_header_line(exchange, line);
}

static struct gw_view without_line_end(const char *data, size_t len)
{
    while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r')) {
        len--;
    }
    return (struct gw_view){data, len};
}

/* CURLOPT_HEADERFUNCTION: one whole line a call; anything but its length aborts the transfer. */
static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct gw_exchange *exchange = ctx;
    size_t len = size * count;
    exchange->header_bytes += len;
    exchange->moved_ms = gw_loop_now_ms(exchange->transport->loop);
    if (exchange->header_bytes > MAX_HEADER_BYTES) {
        gw_fail(&exchange->err, GW_ERR_LIMIT, "%.*s: the answer's headers are larger than %u bytes",
                GW_VIEW_ARGS(exchange->place), MAX_HEADER_BYTES);
        return 0;
    }
    return read_line(exchange, without_line_end(data, len)) ? len : 0;
}

static bool fail_too_large(struct gw_exchange *exchange)
{
    return gw_fail(&exchange->err, GW_ERR_LIMIT, "%.*s: the answer is larger than %zu bytes",
                   GW_VIEW_ARGS(exchange->place), exchange->body.limit_bytes);
}

/* CURLOPT_WRITEFUNCTION. What does not fit while the sink has not taken what is there stays with
 * curl, which then reads no more. */
static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct gw_exchange *exchange = ctx;
    size_t len = size * count;
    bool is_passing = !exchange->begun || exchange->sinking;
    exchange->moved_ms = gw_loop_now_ms(exchange->transport->loop);
    if (is_passing && exchange->body.len > 0 && exchange->body.len + len > MAX_HELD_BYTES) {
        exchange->held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (!gw_buf_add(&exchange->body, (struct gw_view){data, len})) {
        fail_too_large(exchange);
        return 0;
    }
    exchange->received_bytes += len;
    if (is_passing) {
        gw_exchange_ready(exchange);
    }
    return len;
}

bool gw_exchange_collect(struct gw_exchange *exchange)
{
    size_t limit_bytes = exchange->req->max_response_bytes;
    exchange->body.limit_bytes = limit_bytes > 0 ? limit_bytes : MAX_RESPONSE_BYTES;
    return exchange->body.len <= exchange->body.limit_bytes || fail_too_large(exchange);
}

bool gw_exchange_receive(struct gw_exchange *exchange)
{
    CURL *easy = exchange->easy;
    gw_buf_init(&exchange->body, MAX_RESPONSE_BYTES);
    exchange->begun = exchange->req->sink == NULL;
    if (exchange->begun) {
        gw_exchange_collect(exchange);
    }
    return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->curl_message) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK;
}

/* ---- failures -------------------------------------------------------------------------------- */

int64_t gw_exchange_number(const struct gw_exchange *exchange, CURLINFO info)
{
    curl_off_t number = 0;
    curl_easy_getinfo(exchange->easy, info, &number);
    return (int64_t)number;
}

/* The text with a small first letter, as our messages have it; acronyms stay. */
static void soften(char *text)
{
    if (isupper((unsigned char)text[0]) && !isupper((unsigned char)text[1])) {
        text[0] = (char)tolower((unsigned char)text[0]);
    }
}

static bool fail_proxy(struct gw_exchange *exchange, const char *told)
{
    return gw_fail(&exchange->err, GW_ERR_NETWORK,
                   "%.*s: the proxy does not lead there: %s (HTTPS_PROXY, HTTP_PROXY and NO_PROXY "
                   "say what goes through which)",
                   GW_VIEW_ARGS(exchange->place), told);
}

static bool has_proxy(void)
{
    static const char *const names[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                        "HTTPS_PROXY", "all_proxy",  "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (getenv(names[i])) {
            return true;
        }
    }
    return false;
}

/* Curl tells of the last address it tried. Where that is not the host it was a proxy, or the host
 * in another spelling. */
static bool fail_connect(struct gw_exchange *exchange)
{
    long number = 0;
    char reason[128] = "";
    curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &number);
    struct gw_view told = gw_view_of(exchange->curl_message);
    bool is_host = gw_view_find(told, exchange->url.host) != GW_NPOS;
    if (!is_host && told.len > 0 && has_proxy()) {
        return fail_proxy(exchange, exchange->curl_message);
    }
    if (is_host && number != 0 && strerror_r((int)number, reason, sizeof reason) == 0) {
        soften(reason);
        told = gw_view_of(reason);
    }
    return gw_fail(&exchange->err, GW_ERR_NETWORK, "could not connect to %.*s: %.*s",
                   GW_VIEW_ARGS(exchange->place), GW_VIEW_ARGS(told));
}

static bool fail_silence(struct gw_exchange *exchange)
{
    double limit_s = (double)gw_exchange_read_timeout_ms(exchange) / 1000;
    if (exchange->header_bytes == 0) {
        return gw_fail(&exchange->err, GW_ERR_TIMEOUT, "%.*s: no answer within %g s",
                       GW_VIEW_ARGS(exchange->place), limit_s);
    }
    return gw_fail(&exchange->err, GW_ERR_TIMEOUT,
                   "%.*s: silent for %g s after %zu bytes of the answer",
                   GW_VIEW_ARGS(exchange->place), limit_s, exchange->received_bytes);
}

static bool fail_timeout(struct gw_exchange *exchange)
{
    struct gw_view place = exchange->place;
    int64_t total_ms = exchange->req->timeout_ms;
    if (exchange->silent) {
        return fail_silence(exchange);
    }
    if (gw_exchange_number(exchange, CURLINFO_PRETRANSFER_TIME_T) > 0) {
        return gw_fail(&exchange->err, GW_ERR_TIMEOUT, "%.*s: no complete answer within %g s",
                       GW_VIEW_ARGS(place), (double)total_ms / 1000);
    }
    int64_t connect_ms = gw_exchange_connect_timeout_ms(exchange);
    connect_ms = total_ms > 0 && total_ms < connect_ms ? total_ms : connect_ms;
    return gw_fail(&exchange->err, GW_ERR_TIMEOUT, "could not connect to %.*s within %g s",
                   GW_VIEW_ARGS(place), (double)connect_ms / 1000);
}

static bool fail_cut_off(struct gw_exchange *exchange)
{
    struct gw_view place = exchange->place;
    if (exchange->header_bytes == 0) {
        return gw_fail(&exchange->err, GW_ERR_NETWORK, "%.*s: connection closed before an answer",
                       GW_VIEW_ARGS(place));
    }
    if (exchange->part != PART_TRAILERS) {
        return gw_fail(&exchange->err, GW_ERR_NETWORK,
                       "%.*s: connection closed inside the headers of the answer",
                       GW_VIEW_ARGS(place));
    }
    return gw_fail(&exchange->err, GW_ERR_NETWORK,
                   "%.*s: connection closed after %zu bytes of the answer", GW_VIEW_ARGS(place),
                   exchange->received_bytes);
}

static bool refused_tunnel(struct gw_exchange *exchange)
{
    long status = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 300;
}

static bool fail(struct gw_exchange *exchange, CURLcode code)
{
    struct gw_err *err = &exchange->err;
    struct gw_view place = exchange->place;
    soften(exchange->curl_message);
    const char *told =
        exchange->curl_message[0] ? exchange->curl_message : curl_easy_strerror(code);
    /* A broken chunk comes under several codes; only the text tells it from a lost connection. */
    if (code == CURLE_WEIRD_SERVER_REPLY || strstr(told, "chunked-encod") != NULL) {
        return gw_fail(err, GW_ERR_PROTOCOL, "%.*s: the answer breaks HTTP: %s",
                       GW_VIEW_ARGS(place), told);
    }
    if (code == CURLE_COULDNT_RESOLVE_PROXY || refused_tunnel(exchange)) {
        return fail_proxy(exchange, told);
    }
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return gw_fail(err, GW_ERR_NETWORK, "could not resolve host '%.*s'",
                       GW_VIEW_ARGS(exchange->url.host));
    case CURLE_COULDNT_CONNECT:
        return fail_connect(exchange);
    case CURLE_OPERATION_TIMEDOUT:
        return fail_timeout(exchange);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return fail_cut_off(exchange);
    case CURLE_UNSUPPORTED_PROTOCOL:
        return gw_fail(err, GW_ERR_PROTOCOL, "%.*s: the answer is not HTTP", GW_VIEW_ARGS(place));
    case CURLE_PEER_FAILED_VERIFICATION:
        return gw_fail(err, GW_ERR_NETWORK,
                       "%.*s: its certificate is not trusted: %s (AWS_CA_BUNDLE can name another "
                       "authority)",
                       GW_VIEW_ARGS(place), told);
    case CURLE_OUT_OF_MEMORY: /* what curl calls a header line over its own 100 KiB */
        return gw_fail(err, GW_ERR_LIMIT, "%.*s: a header line of the answer is too large",
                       GW_VIEW_ARGS(place));
    default: /* lost connections, and the many faces of TLS */
        return gw_fail(err, GW_ERR_NETWORK, "%.*s: %s", GW_VIEW_ARGS(place), told);
    }
}

bool gw_exchange_conclude(struct gw_exchange *exchange, CURLcode code)
{
    if (exchange->err.code != GW_ERR_NONE) {
        return false;
    }
    if (code != CURLE_OK) {
        long sent_bytes = 0;
        curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
        fail(exchange, code);
        exchange->err.unsent = sent_bytes == 0;
        return false;
    }
    if (exchange->part != PART_TRAILERS) { /* curl takes the end of the stream for theirs */
        return fail_cut_off(exchange);
    }
    exchange->res.body = exchange->sinking ? GW_VIEW_NONE : gw_buf_view(&exchange->body);
    return true;
}
