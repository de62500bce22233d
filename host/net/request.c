/* A request becomes the options of a curl handle. Sent is what was asked and nothing else: no
 * header, encoding, redirect or path clean-up of curl's own, because the request is signed.
 * HTTP/1.1 always: AWS's regional endpoints speak it everywhere, and one exchange a connection
 * keeps a stalled answer from holding up others. */
#include <stdio.h>
#include <string.h>

#include "net/internal.h"

#define CONNECT_TIMEOUT_MS 10000
#define READ_TIMEOUT_MS    60000

int64_t gw_exchange_connect_timeout_ms(const struct gw_exchange *exchange)
{
    int64_t asked_ms = exchange->req->connect_timeout_ms;
    return asked_ms > 0 ? asked_ms : CONNECT_TIMEOUT_MS;
}

int64_t gw_exchange_read_timeout_ms(const struct gw_exchange *exchange)
{
    int64_t asked_ms = exchange->req->read_timeout_ms;
    return asked_ms > 0 ? asked_ms : READ_TIMEOUT_MS;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static bool is_token(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~' ||
            strchr("()<>@,;:\\\"/[]?={}", text.data[i])) {
            return false;
        }
    }
    return text.len > 0;
}

/* A line break in a value would be a further header, or a further request. */
static bool is_header_value(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool check_texts(struct gw_exchange *exchange)
{
    const struct gw_http_request *req = exchange->req;
    if (!is_token(req->method)) {
        return gw_fail(&exchange->err, GW_ERR_INPUT, "http: method '%.*s' is not a token",
                       GW_VIEW_ARGS(req->method));
    }
    for (size_t i = 0; i < req->headers.count; i++) {
        const struct gw_header *header = &req->headers.items[i];
        if (!is_token(header->name)) {
            return gw_fail(&exchange->err, GW_ERR_INPUT, "http: header name '%.*s' is not a token",
                           GW_VIEW_ARGS(header->name));
        }
        if (!is_header_value(header->value)) {
            return gw_fail(&exchange->err, GW_ERR_INPUT,
                           "http: the value of header '%.*s' has a line break or control byte",
                           GW_VIEW_ARGS(header->name));
        }
    }
    return gw_url_parse(req->url, &exchange->url, &exchange->err);
}

static void name_place(struct gw_exchange *exchange)
{
    const struct gw_url *url = &exchange->url;
    int port = url->port;
    if (port == 0) {
        port = gw_view_equal_nocase(url->scheme, GW_VIEW("https")) ? 443 : 80;
    }
    bool is_ipv6 = gw_view_find_char(url->host, ':') != GW_NPOS;
    exchange->place = gw_arena_printf(exchange->arena, is_ipv6 ? "[%.*s]:%d" : "%.*s:%d",
                                      GW_VIEW_ARGS(url->host), port);
}

bool gw_exchange_check(struct gw_exchange *exchange)
{
    if (!check_texts(exchange)) {
        return false;
    }
    name_place(exchange);
    return true;
}

/* ---- header lines ---------------------------------------------------------------------------- */

static bool add_line(struct gw_exchange *exchange, struct gw_view line)
{
    struct curl_slist *lines = curl_slist_append(exchange->header_lines, line.data);
    if (lines == NULL) {
        return false;
    }
    exchange->header_lines = lines;
    return true;
}

/* The framing follows from the body and is curl's to write. */
static bool is_framing(struct gw_view name)
{
    return gw_view_equal_nocase(name, GW_VIEW("content-length")) ||
           gw_view_equal_nocase(name, GW_VIEW("transfer-encoding"));
}

static bool add_header(struct gw_exchange *exchange, const struct gw_header *header)
{
    if (is_framing(header->name)) {
        return true;
    }
    /* Curl's way to write a header without value is a semicolon. */
    const char *form = header->value.len > 0 ? "%.*s: %.*s" : "%.*s;%.*s";
    return add_line(exchange, gw_arena_printf(exchange->arena, form, GW_VIEW_ARGS(header->name),
                                              GW_VIEW_ARGS(header->value)));
}

/* A name with a colon and nothing after it is curl's way to suppress its own header. */
static bool suppress(struct gw_exchange *exchange, struct gw_view name)
{
    const struct gw_headers *headers = &exchange->req->headers;
    for (size_t i = 0; i < headers->count; i++) {
        if (gw_view_equal_nocase(headers->items[i].name, name)) {
            return true;
        }
    }
    return add_line(exchange, gw_arena_printf(exchange->arena, "%.*s:", GW_VIEW_ARGS(name)));
}

static bool set_headers(struct gw_exchange *exchange)
{
    const struct gw_headers *headers = &exchange->req->headers;
    bool ok = suppress(exchange, GW_VIEW("Accept")) && suppress(exchange, GW_VIEW("Expect")) &&
              suppress(exchange, GW_VIEW("Content-Type"));
    for (size_t i = 0; ok && i < headers->count; i++) {
        ok = add_header(exchange, &headers->items[i]);
    }
    return ok &&
           curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->header_lines) == CURLE_OK;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool set_long(CURL *easy, CURLoption option, long value)
{
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

/* NULL leaves curl's default. */
static bool set_text(CURL *easy, CURLoption option, const char *value)
{
    return value == NULL || curl_easy_setopt(easy, option, value) == CURLE_OK;
}

static bool set_address(struct gw_exchange *exchange)
{
    const struct curl_transport *transport = exchange->transport;
    CURL *easy = exchange->easy;
    bool is_plain = gw_view_equal_nocase(exchange->url.scheme, GW_VIEW("http"));
    struct gw_view url = gw_arena_dup(exchange->arena, exchange->req->url);
    const char *ca_bundle = exchange->req->ca_bundle.len > 0
                                ? gw_arena_dup(exchange->arena, exchange->req->ca_bundle).data
                                : transport->ca_bundle;
    return set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
           set_text(easy, CURLOPT_URL, url.data) && set_long(easy, CURLOPT_PATH_AS_IS, 1) &&
           set_long(easy, CURLOPT_FOLLOWLOCATION, 0) &&
           set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) &&
           set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1) &&
           set_text(easy, CURLOPT_PROXY,
                    exchange->req->no_proxy ? ""
                    : is_plain              ? transport->http_proxy
                                            : NULL) &&
           set_long(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) &&
           set_text(easy, CURLOPT_CAINFO, ca_bundle) &&
           set_text(easy, CURLOPT_CAPATH, transport->ca_folder) &&
           set_long(easy, CURLOPT_SSL_VERIFYPEER, !exchange->req->insecure) &&
           set_long(easy, CURLOPT_SSL_VERIFYHOST, exchange->req->insecure ? 0 : 2) &&
           set_text(easy, CURLOPT_USERAGENT, transport->user_agent);
}

/* Without QUICK_EXIT a cancelled or timed-out exchange would block this thread until the system's
 * name resolution, which runs in a thread of its own, has given up. */
static bool set_patience(struct gw_exchange *exchange)
{
    CURL *easy = exchange->easy;
    return set_long(easy, CURLOPT_NOSIGNAL, 1) && set_long(easy, CURLOPT_QUICK_EXIT, 1) &&
           set_long(easy, CURLOPT_TCP_KEEPALIVE, 1) &&
           set_long(easy, CURLOPT_CONNECTTIMEOUT_MS,
                    (long)gw_exchange_connect_timeout_ms(exchange)) &&
           set_long(easy, CURLOPT_TIMEOUT_MS, (long)exchange->req->timeout_ms);
}

/* CURLOPT_READFUNCTION */
static size_t on_read(char *data, size_t size, size_t count, void *ctx)
{
    struct gw_exchange *exchange = ctx;
    const struct gw_body_source *source = exchange->req->source;
    uint64_t left = source->size_bytes - exchange->sent_bytes;
    size_t capacity = size * count < left ? size * count : (size_t)left;
    size_t len = 0;
    exchange->moved_ms = gw_loop_now_ms(exchange->transport->loop);
    if (capacity > 0 && !source->read(source->ctx, data, capacity, &len, &exchange->err)) {
        return CURL_READFUNC_ABORT;
    }
    if (capacity > 0 && len == 0) {
        gw_fail(&exchange->err, GW_ERR_IO, "the body ended after %llu of %llu bytes",
                (unsigned long long)exchange->sent_bytes, (unsigned long long)source->size_bytes);
        return CURL_READFUNC_ABORT;
    }
    exchange->sent_bytes += len;
    return len;
}

static bool rewind_source(struct gw_exchange *exchange)
{
    const struct gw_body_source *source = exchange->req->source;
    exchange->sent_bytes = 0;
    return source->rewind(source->ctx, &exchange->err);
}

/* CURLOPT_SEEKFUNCTION: curl sends again where a connection that it kept turned out to be dead. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    bool is_start = offset == 0 && origin == SEEK_SET;
    return is_start && rewind_source(ctx) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static bool set_source(struct gw_exchange *exchange)
{
    CURL *easy = exchange->easy;
    uint64_t size_bytes = exchange->req->source->size_bytes;
    return set_long(easy, CURLOPT_UPLOAD, 1) &&
           curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size_bytes) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange) == CURLE_OK;
}

static bool set_body(struct gw_exchange *exchange)
{
    CURL *easy = exchange->easy;
    struct gw_view body = exchange->req->body;
    return set_long(easy, CURLOPT_POST, 1) &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) == CURLE_OK &&
           set_text(easy, CURLOPT_POSTFIELDS, body.len > 0 ? body.data : "");
}

/* These methods state their length even when the body is empty. */
static bool has_length(const struct gw_http_request *req)
{
    return req->body.len > 0 || gw_view_equal(req->method, GW_VIEW("POST")) ||
           gw_view_equal(req->method, GW_VIEW("PUT")) ||
           gw_view_equal(req->method, GW_VIEW("PATCH"));
}

static bool set_method(struct gw_exchange *exchange)
{
    const struct gw_http_request *req = exchange->req;
    CURL *easy = exchange->easy;
    if (gw_view_equal(req->method, GW_VIEW("HEAD"))) {
        return set_long(easy, CURLOPT_NOBODY, 1);
    }
    bool ok = set_long(easy, CURLOPT_HTTPGET, 1);
    if (ok && req->source != NULL) {
        ok = set_source(exchange);
    } else if (ok && has_length(req)) {
        ok = set_body(exchange);
    }
    struct gw_view method = gw_arena_dup(exchange->arena, req->method);
    return ok && set_text(easy, CURLOPT_CUSTOMREQUEST, method.data);
}

bool gw_exchange_prepare(struct gw_exchange *exchange)
{
    if (exchange->req->source != NULL && !rewind_source(exchange)) {
        return false;
    }
    exchange->easy = curl_easy_init();
    if (exchange->easy == NULL || !set_address(exchange) || !set_patience(exchange) ||
        !set_method(exchange) || !set_headers(exchange) || !gw_exchange_receive(exchange)) {
        return gw_fail(&exchange->err, GW_ERR_INTERNAL, "%.*s: libcurl refused the request",
                       GW_VIEW_ARGS(exchange->place));
    }
    return true;
}
