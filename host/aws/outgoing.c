/* outgoing: the request of a call, from its parameters to the signature: where it goes, what it
 * carries, who sends it. Written once; signed for each attempt, which replaces the signature. */
#include "aws/internal.h"

#include <stdlib.h>

#define HOST_PREFIX_MAX    1024
#define TRACE_ID_MAX_BYTES 4096

/* ---- headers -------------------------------------------------------------------------------- */

void gw_outgoing_set_header(struct gw_outgoing *out, struct gw_view name, struct gw_view value,
                            struct gw_arena *arena)
{
    struct gw_headers *headers = &out->http.headers;
    for (size_t i = 0; i < headers->count; i++) {
        if (gw_view_equal_nocase(headers->items[i].name, name)) {
            headers->items[i].value = value;
            return;
        }
    }
    gw_headers_add(arena, headers, name, value);
}

/* ---- where it goes --------------------------------------------------------------------------- */

/* "data-", or "{RequestRoute}." with the member's value. */
static bool write_host_prefix(const struct gw_operation *op, const struct gw_value *input,
                              struct gw_buf *out, struct gw_err *err)
{
    struct gw_view rest = gw_operation_host_prefix(op);
    while (rest.len > 0) {
        size_t open = gw_view_find_char(rest, '{');
        size_t shut = gw_view_find_char(rest, '}');
        gw_buf_add(out, gw_view_sub(rest, 0, open));
        if (open == GW_NPOS || shut == GW_NPOS) {
            break;
        }
        struct gw_view member = gw_view_sub(rest, open + 1, shut - open - 1);
        struct gw_view label = gw_map_text(input, member);
        if (!gw_is_host_label(label)) {
            return gw_fail(err, GW_ERR_INPUT,
                           "parameter '%.*s': expected letters, digits and inner '-' for a host "
                           "name",
                           GW_VIEW_ARGS(member));
        }
        gw_buf_add(out, label);
        rest = gw_view_sub(rest, shut + 1, rest.len);
    }
    return true;
}

static bool find_host_prefix(struct gw_outgoing *out, const struct gw_value *input,
                             struct gw_arena *arena, struct gw_err *err)
{
    struct gw_buf prefix;
    if (gw_custom_drops_host_prefix(out->op)) {
        return true;
    }
    gw_buf_init(&prefix, HOST_PREFIX_MAX);
    bool ok = write_host_prefix(out->op, input, &prefix, err);
    out->host_prefix = gw_arena_dup(arena, gw_buf_view(&prefix));
    gw_buf_clear(&prefix);
    return ok;
}

/* The endpoint's own path, then the protocol's "/path?query". */
static struct gw_view join_paths(struct gw_view base, struct gw_view target, struct gw_arena *arena)
{
    if (gw_view_ends_with(base, GW_VIEW("/")) && gw_view_starts_with(target, GW_VIEW("/"))) {
        base.len--;
    }
    bool lacks_slash = base.len == 0 && !gw_view_starts_with(target, GW_VIEW("/"));
    return gw_arena_printf(arena, "%.*s%s%.*s", GW_VIEW_ARGS(base), lacks_slash ? "/" : "",
                           GW_VIEW_ARGS(target));
}

/* An address, or a name without dots: a prefix would make none of it a host. */
static bool is_lone_host(struct gw_view host)
{
    bool has_letter = false;
    for (size_t i = 0; i < host.len; i++) {
        has_letter =
            has_letter || (host.data[i] != '.' && !(host.data[i] >= '0' && host.data[i] <= '9'));
    }
    return !has_letter || gw_view_find_char(host, ':') != GW_NPOS ||
           gw_view_find_char(host, '.') == GW_NPOS;
}

static bool takes_prefix(const struct gw_client *client, const struct gw_outgoing *out,
                         const struct gw_url *base)
{
    return !client->options.settings.disable_host_prefix &&
           !(out->endpoint.is_custom && is_lone_host(base->host));
}

bool gw_outgoing_address(struct gw_client *client, struct gw_outgoing *out,
                         struct gw_view account_id, struct gw_arena *arena, struct gw_err *err)
{
    struct gw_url base;
    out->account_id = gw_arena_dup(arena, account_id);
    if (!gw_client_endpoint(client, out->op, &out->context, account_id, arena, &out->endpoint,
                            err)) {
        return false;
    }
    if (out->custom->endpoint.len > 0) {
        out->endpoint.url = out->custom->endpoint;
    }
    if (!gw_url_parse(out->endpoint.url, &base, err)) {
        return false;
    }
    struct gw_view prefix = takes_prefix(client, out, &base) ? out->host_prefix : GW_VIEW_NONE;
    struct gw_view path = join_paths(base.path, gw_custom_target(out->op, out->target), arena);
    out->http.url =
        gw_arena_printf(arena, "%.*s://%.*s%.*s%.*s", GW_VIEW_ARGS(base.scheme),
                        GW_VIEW_ARGS(prefix), GW_VIEW_ARGS(base.authority), GW_VIEW_ARGS(path));
    for (size_t i = 0; i < out->endpoint.headers.count; i++) {
        const struct gw_header *header = &out->endpoint.headers.items[i];
        gw_outgoing_set_header(out, header->name, header->value, arena);
    }
    return true;
}

/* ---- what it carries ------------------------------------------------------------------------- */

/* Inside a Lambda function AWS wants to know which invocation a call comes from, so that functions
 * that start one another without end are found. */
static void add_trace_id(struct gw_outgoing *out, struct gw_arena *arena)
{
    struct gw_view id = gw_view_of(getenv("_X_AMZN_TRACE_ID"));
    struct gw_buf text;
    if (id.len == 0 || id.len > TRACE_ID_MAX_BYTES || !getenv("AWS_LAMBDA_FUNCTION_NAME") ||
        gw_headers_get(&out->http.headers, GW_VIEW("x-amzn-trace-id")).len > 0) {
        return;
    }
    gw_buf_init(&text, (size_t)3 * TRACE_ID_MAX_BYTES);
    for (size_t i = 0; i < id.len; i++) {
        unsigned char c = (unsigned char)id.data[i];
        gw_buf_addf(&text, c > ' ' && c <= '~' ? "%c" : "%%%02X", c);
    }
    gw_outgoing_set_header(out, GW_VIEW("x-amzn-trace-id"), gw_arena_dup(arena, gw_buf_view(&text)),
                           arena);
    gw_buf_clear(&text);
}

bool gw_outgoing_write(struct gw_client *client, const struct gw_call_request *request,
                       const struct gw_custom_call *custom, struct gw_arena *arena,
                       struct gw_outgoing *out, struct gw_err *err)
{
    const struct gw_operation *op = request->op;
    const struct gw_value *input = request->input;
    struct gw_view token = request->token;
    char uuid[37];
    if (token.len == 0) {
        gw_client_uuid(client, uuid);
        token = gw_view_of(uuid);
    }
    *out = (struct gw_outgoing){.op = op, .custom = custom, .payload.source = request->source};
    if (!gw_protocol_write_request(op, input, token, arena, &out->http, err) ||
        !gw_endpoint_context(op, input, arena, &out->context, err) ||
        !find_host_prefix(out, input, arena, err)) {
        return false;
    }
    out->target = out->http.url;
    /* The protocol may have lent us the caller's bytes. */
    out->http.body = gw_arena_dup(arena, out->http.body);
    return true;
}

bool gw_outgoing_complete(struct gw_client *client, const struct gw_value *input,
                          struct gw_arena *arena, struct gw_outgoing *out, struct gw_err *err)
{
    char id[37];
    struct gw_custom_body body = {out->op, input, out->payload.source};
    gw_client_uuid(client, id);
    if (!gw_payload_write(&client->options.settings, input, arena, out, err) ||
        (body.source && !gw_custom_add_checksums(&body, arena, &out->http, err))) {
        return false;
    }
    if (client->options.user_agent.len > 0) {
        gw_outgoing_set_header(out, GW_VIEW("user-agent"), client->options.user_agent, arena);
    }
    for (size_t i = 0; i < client->options.headers.count; i++) {
        const struct gw_header *header = &client->options.headers.items[i];
        gw_outgoing_set_header(out, header->name, header->value, arena);
    }
    add_trace_id(out, arena);
    gw_outgoing_set_header(out, GW_VIEW("amz-sdk-invocation-id"),
                           gw_arena_dup(arena, gw_view_of(id)), arena);
    return true;
}

/* ---- who sends it ---------------------------------------------------------------------------- */

/* How long the answer is waited for, by the server's clock; a repetition only, as nothing is known
 * of that clock before. Empty where it cannot be told. */
static struct gw_view describe_ttl(const struct gw_client *client, const struct gw_outgoing *out,
                                   struct gw_arena *arena)
{
    char time[17];
    if (!out->knows_server_clock || out->http.source) {
        return GW_VIEW_NONE;
    }
    int64_t end_ms = gw_loop_wall_ms(client->options.loop) + out->http.read_timeout_ms;
    gw_time_compact(end_ms / 1000 + out->server_ahead_s, time);
    return gw_arena_printf(arena, "ttl=%s; ", time);
}

static bool add_token(const struct gw_client *client, struct gw_outgoing *out,
                      struct gw_arena *arena, struct gw_err *err)
{
    struct gw_view token;
    if (!gw_bearer_find(client->options.config, &client->options.settings,
                        gw_operation_service(out->op), gw_client_epoch_s(client), arena, &token,
                        err)) {
        return false;
    }
    gw_outgoing_set_header(out, GW_VIEW("authorization"),
                           gw_arena_printf(arena, "Bearer %.*s", GW_VIEW_ARGS(token)), arena);
    return true;
}

bool gw_outgoing_sign(struct gw_client *client, struct gw_outgoing *out, int attempt,
                      const struct gw_credentials *credentials, struct gw_arena *arena,
                      struct gw_err *err)
{
    const struct gw_settings *settings = &client->options.settings;
    int most = out->max_attempts;
    most = most > attempt ? most : attempt; /* one more after a correction of the clock */
    gw_outgoing_set_header(out, GW_VIEW("amz-sdk-request"),
                           gw_arena_printf(arena, "%.*sattempt=%d; max=%d",
                                           GW_VIEW_ARGS(describe_ttl(client, out, arena)), attempt,
                                           most),
                           arena);
    if (!gw_payload_prepare(settings, arena, out, err)) {
        return false;
    }
    if (gw_bearer_applies(out->op) && !settings->without_signature) {
        return add_token(client, out, arena, err);
    }
    if (!credentials) {
        return true;
    }
    if (!gw_custom_add_source_url(client, out, credentials, arena, err)) {
        return false;
    }
    struct gw_signing signing = {
        .credentials = credentials,
        .region = out->endpoint.signing_region,
        .service = out->endpoint.signing_name,
        .epoch_s = gw_client_epoch_s(client),
        .keep_path = out->endpoint.keep_path,
        /* The services that keep paths ask for it. */
        .sign_body_header = out->endpoint.keep_path || out->payload.hash.len > 0,
        .payload_hash = out->payload.hash,
    };
    struct gw_signature stages;
    if (!gw_sigv4_sign(&out->http, &signing, arena, &stages, err)) {
        return false;
    }
    if (out->payload.chunked) {
        gw_chunked_set_seed(out->payload.chunked, &signing, stages.signature, arena);
    }
    return true;
}

void gw_outgoing_clear(struct gw_outgoing *out)
{
    gw_chunked_free(out->payload.chunked);
    gw_verify_clear(&out->verify);
}
