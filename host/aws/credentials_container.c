/* credentials_container: the endpoint that ECS and EKS put beside a container. Its answer is keys, so
 * it is asked past any proxy, and without TLS only where nobody else can listen.
 * Limits: 2 s an attempt, 3 attempts, 64 KiB an answer. */
#include "aws/internal.h"

#include <stdlib.h>

#define TIMEOUT_MS       2000
#define ATTEMPTS_MAX     3
#define PAUSE_MS         1000
#define ANSWER_MAX_BYTES ((size_t)64 << 10)
#define TOKEN_MAX_BYTES  ((size_t)1 << 20)

static void fail(struct gw_fetch *fetch, struct gw_err *err)
{
    gw_err_prefix(err, "%.*s", GW_VIEW_ARGS(fetch->link->source));
    gw_fetch_fail(fetch, err);
}

/* ---- the address ----------------------------------------------------------------------------- */

/* "127.0.0.1" and all that begins like it; not "127.0.0.1.example.com". */
static bool is_loopback(struct gw_view host)
{
    struct gw_view rest = host, part;
    int count = 0;
    while (gw_view_next(&rest, '.', &part)) {
        int64_t number;
        count++;
        if (part.len > 3 || !gw_view_to_int64(part, &number) || number < 0 || number > 255 ||
            (count == 1 && number != 127)) {
            return false;
        }
    }
    return count == 4;
}

static bool is_trusted_host(struct gw_view host)
{
    static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23",
                                        "localhost", "::1"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        if (gw_view_equal_nocase(host, gw_view_of(hosts[i]))) {
            return true;
        }
    }
    return is_loopback(host);
}

static bool check_url(struct gw_view text, struct gw_err *err)
{
    struct gw_url url;
    if (!gw_url_parse(text, &url, err)) {
        return false;
    }
    return gw_view_equal_nocase(url.scheme, GW_VIEW("https")) || is_trusted_host(url.host) ||
           gw_fail(err, GW_ERR_CREDENTIALS,
                   "url '%.*s': expected https, or a host that only this container can reach "
                   "(169.254.170.2, 169.254.170.23, [fd00:ec2::23], the loopback)",
                   GW_VIEW_ARGS(text));
}

/* ---- the token ------------------------------------------------------------------------------- */

/* The file is read each time: EKS replaces it. */
static bool read_token(struct gw_arena *arena, struct gw_view *out, struct gw_err *err)
{
    struct gw_view path = gw_environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    struct gw_buf text;
    if (path.len == 0) {
        *out = gw_environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
        return true;
    }
    if (!gw_file_read(path, TOKEN_MAX_BYTES, &text, err)) {
        gw_err_prefix(err, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        return false;
    }
    *out = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return true;
}

static bool check_token(struct gw_view token, struct gw_err *err)
{
    bool is_broken =
        gw_view_find_char(token, '\r') != GW_NPOS || gw_view_find_char(token, '\n') != GW_NPOS;
    return !is_broken ||
           gw_fail(err, GW_ERR_CREDENTIALS, "authorization token: has a line break inside");
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void on_answer(void *ctx, const struct gw_http_response *res, const struct gw_err *err);

static void ask(void *ctx)
{
    struct gw_fetch *fetch = ctx;
    fetch->timer = NULL;
    fetch->attempts++;
    gw_fetch_send(fetch, on_answer);
}

static bool read_answer(struct gw_fetch *fetch, const struct gw_http_response *res,
                        struct gw_credentials *out, struct gw_err *err)
{
    if (res->status != 200) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "%.*s: expected HTTP status 200, got %d",
                       GW_VIEW_ARGS(fetch->link->source), res->status);
    }
    return gw_credentials_parse(res->body, &gw_credentials_imds_names, fetch->link->source,
                                fetch->arena, out, err);
}

static void on_answer(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct gw_fetch *fetch = ctx;
    struct gw_credentials credentials;
    struct gw_err failure = {0};
    fetch->exchange = NULL;
    if (res && read_answer(fetch, res, &credentials, &failure)) {
        gw_fetch_finish(fetch, &credentials);
        return;
    }
    if (fetch->attempts < ATTEMPTS_MAX) {
        const struct gw_identity_options *options = gw_identity_options(fetch->identity);
        fetch->timer = gw_timer_start(options->loop, PAUSE_MS, ask, fetch);
        return;
    }
    if (res) {
        gw_fetch_fail(fetch, &failure);
        return;
    }
    failure = *err;
    fail(fetch, &failure);
}

void gw_fetch_container(struct gw_fetch *fetch)
{
    struct gw_http_request *request = &fetch->request;
    struct gw_view token = GW_VIEW_NONE;
    struct gw_err err = {0};
    if (!check_url(fetch->link->url, &err) || !read_token(fetch->arena, &token, &err) ||
        !check_token(token, &err)) {
        fail(fetch, &err);
        return;
    }
    *request = (struct gw_http_request){.method = GW_VIEW("GET"),
                                        .url = fetch->link->url,
                                        .connect_timeout_ms = TIMEOUT_MS,
                                        .timeout_ms = TIMEOUT_MS,
                                        .max_response_bytes = ANSWER_MAX_BYTES};
    gw_headers_add(fetch->arena, &request->headers, GW_VIEW("Accept"), GW_VIEW("application/json"));
    if (token.len > 0) {
        gw_secret_add(token);
        gw_headers_add(fetch->arena, &request->headers, GW_VIEW("Authorization"), token);
    }
    ask(fetch);
}
