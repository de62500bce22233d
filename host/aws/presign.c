/* presign: a call as a URL, signed for a while: anybody who has it can make the call with it, in the
 * caller's name. Nothing is sent; it waits for credentials only. */
#include "aws/internal.h"

#include <stdlib.h>

#define DEFAULT_EXPIRES_S 3600
#define MAX_EXPIRES_S     604800 /* seven days: AWS's own limit */

struct gw_presign {
    struct gw_client *client;
    struct gw_presign_request request;
    struct gw_arena *arena;
    struct gw_custom_call custom;
    struct gw_outgoing outgoing;
    struct gw_identity_wait *wait; /* for credentials */
};

static void free_presign(struct gw_presign *presign)
{
    gw_outgoing_clear(&presign->outgoing);
    gw_arena_free(presign->arena);
    free(presign);
}

void gw_presign_cancel(struct gw_presign *presign)
{
    if (presign) {
        gw_identity_cancel(presign->wait);
        free_presign(presign);
    }
}

/* ---- the request ----------------------------------------------------------------------------- */

static bool is_form(const struct gw_operation *op)
{
    enum gw_protocol protocol = gw_service_protocol(gw_operation_service(op));
    return protocol == GW_PROTOCOL_QUERY || protocol == GW_PROTOCOL_EC2;
}

/* "acl" as "acl=": what signs and what sends must not differ. */
static void add_query(struct gw_view query, struct gw_buf *out)
{
    struct gw_view part;
    bool first = true;
    while (gw_view_next(&query, '&', &part)) {
        gw_buf_add_text(out, first ? "" : "&");
        gw_buf_add(out, part);
        gw_buf_add_text(out, gw_view_find_char(part, '=') == GW_NPOS ? "=" : "");
        first = false;
    }
}

/* A form moves into the URL, behind what is there. */
static bool complete_url(struct gw_outgoing *out, struct gw_arena *arena, struct gw_err *err)
{
    struct gw_buf url;
    struct gw_http_request *http = &out->http;
    size_t mark = gw_view_find_char(http->url, '?');
    gw_buf_init(&url, GW_PROTOCOL_MAX_BYTES);
    gw_buf_add(&url, gw_view_sub(http->url, 0, mark));
    if (mark != GW_NPOS) {
        gw_buf_add_char(&url, '?');
        add_query(gw_view_sub(http->url, mark + 1, GW_NPOS), &url);
    }
    if (is_form(out->op) && http->body.len > 0) {
        gw_buf_add_char(&url, mark == GW_NPOS ? '?' : '&');
        gw_buf_add(&url, http->body);
        http->body = GW_VIEW_NONE;
        gw_headers_drop(&http->headers, GW_VIEW("Content-Type"));
    }
    http->url = gw_arena_dup(arena, gw_buf_view(&url));
    bool fits = !url.full;
    gw_buf_clear(&url);
    return fits || gw_fail(err, GW_ERR_LIMIT, "the parameters do not fit into a url");
}

static bool sign(struct gw_presign *presign, const struct gw_credentials *credentials,
                 struct gw_err *err)
{
    struct gw_outgoing *out = &presign->outgoing;
    if (!gw_outgoing_address(presign->client, out, credentials->account_id, presign->arena, err) ||
        !complete_url(out, presign->arena, err)) {
        return false;
    }
    int64_t expires_s = presign->request.expires_s;
    struct gw_signing signing = {
        .credentials = credentials,
        .region = out->endpoint.signing_region,
        .service = out->endpoint.signing_name,
        .epoch_s = gw_client_epoch_s(presign->client),
        .keep_path = out->endpoint.keep_path,
        /* S3 and its kin take whatever body comes with the URL. */
        .payload_hash = out->endpoint.keep_path ? GW_VIEW("UNSIGNED-PAYLOAD") : GW_VIEW_NONE,
        .expires_s = expires_s > 0 ? expires_s : DEFAULT_EXPIRES_S,
    };
    return gw_sigv4_presign(&out->http, &signing, presign->arena, NULL, err);
}

/* ---- when it is known who signs -------------------------------------------------------------- */

static bool name_operation(const struct gw_operation *op, struct gw_err *err)
{
    gw_err_prefix(err, "%.*s:%.*s", GW_VIEW_ARGS(gw_service_name(gw_operation_service(op))),
                  GW_VIEW_ARGS(gw_operation_name(op)));
    return false;
}

static void tell(struct gw_presign *presign, const struct gw_credentials *credentials,
                 struct gw_err *err)
{
    bool ok = (credentials && sign(presign, credentials, err)) ||
              name_operation(presign->request.op, err);
    presign->request.done(presign->request.ctx, ok ? &presign->outgoing.http : NULL,
                          ok ? NULL : err);
    free_presign(presign);
}

static void on_credentials(void *ctx, const struct gw_credentials *credentials,
                           const struct gw_err *err)
{
    struct gw_err failure = {0};
    if (!credentials) {
        failure = *err;
    }
    tell(ctx, credentials, &failure);
}

static bool check(const struct gw_presign_request *request, struct gw_err *err)
{
    if (request->expires_s < 0 || request->expires_s > MAX_EXPIRES_S) {
        return gw_fail(err, GW_ERR_INPUT, "expires: expected 1 to %d seconds, got %lld",
                       MAX_EXPIRES_S, (long long)request->expires_s);
    }
    return gw_operation_auth(request->op) != GW_AUTH_NONE ||
           gw_fail(err, GW_ERR_INPUT, "is not signed: everybody can make it without a url of ours");
}

/* Messages name the operation. */
static bool write_request(struct gw_presign *presign, const struct gw_value *given,
                          struct gw_err *err)
{
    const struct gw_operation *op = presign->request.op;
    struct gw_value input;
    struct gw_call_request call = {.op = op, .input = &input};
    if (!gw_custom_input(op, given, presign->arena, &input, &presign->custom, err) ||
        !gw_validate(op, &input, err)) {
        return false;
    }
    return gw_outgoing_write(presign->client, &call, &presign->custom, presign->arena,
                             &presign->outgoing, err) ||
           name_operation(op, err);
}

struct gw_presign *gw_presign_start(struct gw_client *client,
                                    const struct gw_presign_request *request, struct gw_err *err)
{
    if (!check(request, err) || !gw_identity_check(client->identity, err)) {
        name_operation(request->op, err);
        return NULL;
    }
    struct gw_presign *presign = gw_alloc(sizeof *presign);
    *presign = (struct gw_presign){.client = client, .request = *request};
    presign->request.input = NULL;
    presign->arena = gw_arena_new();
    if (!write_request(presign, request->input, err)) {
        free_presign(presign);
        return NULL;
    }
    if (request->method.len > 0) {
        presign->outgoing.http.method = gw_arena_dup(presign->arena, request->method);
    }
    presign->wait = gw_identity_get(client->identity, on_credentials, presign);
    return presign;
}
