/* route: from the bytes of a request to the service that answers it: who signed it, for which
 * service, with what right; which operation, with which parameters. */
#include "codec/codec.h"
#include "sim/internal.h"

/* ---- which service --------------------------------------------------------------------------- */

/* "ecs.us-east-1.amazonaws.com" -> "ecs" */
static struct gw_view first_label(const struct gw_url *url)
{
    return gw_view_sub(url->host, 0, gw_view_find_char(url->host, '.'));
}

static bool is_aws_host(const struct gw_url *url)
{
    return gw_view_ends_with(url->host, GW_VIEW(".amazonaws.com"));
}

static bool names_version(struct gw_view form, struct gw_view version)
{
    struct gw_view part;
    while (gw_view_next(&form, '&', &part)) {
        if (gw_view_starts_with(part, GW_VIEW("Version=")) &&
            gw_view_equal(gw_view_sub(part, 8, GW_NPOS), version)) {
            return true;
        }
    }
    return false;
}

/* Several services may sign with one name; the request itself tells which is meant. */
static bool is_meant(const struct gw_service *service, const struct gw_http_request *req,
                     const struct gw_url *url)
{
    struct gw_view target = gw_headers_get(&req->headers, GW_VIEW("X-Amz-Target"));
    if (target.len > 0) {
        struct gw_view prefix = gw_service_target_prefix(service);
        return prefix.len > 0 && gw_view_starts_with(target, prefix) && target.len > prefix.len &&
               target.data[prefix.len] == '.';
    }
    if (gw_service_protocol(service) == GW_PROTOCOL_QUERY ||
        gw_service_protocol(service) == GW_PROTOCOL_EC2) {
        struct gw_view version = gw_service_api_version(service);
        return names_version(req->body, version) || names_version(url->query, version);
    }
    return gw_view_equal(gw_service_endpoint_prefix(service), first_label(url));
}

static const struct gw_service *by_signing_name(const struct gw_http_request *req,
                                                const struct gw_url *url, struct gw_view name)
{
    const struct gw_models *models = gw_models_builtin();
    const struct gw_service *first = NULL, *service = NULL;
    while ((service = gw_models_next_signing_name(models, name, service)) != NULL) {
        if (is_meant(service, req, url)) {
            return service;
        }
        first = first ? first : service;
    }
    return first;
}

static const struct gw_service *by_host(const struct gw_http_request *req, const struct gw_url *url)
{
    const struct gw_models *models = gw_models_builtin();
    const struct gw_service *first = NULL;
    for (size_t i = 0; is_aws_host(url) && i < gw_models_count(models); i++) {
        const struct gw_service *service = gw_models_service(models, i);
        if (!gw_view_equal(gw_service_endpoint_prefix(service), first_label(url))) {
            continue;
        }
        if (is_meant(service, req, url)) {
            return service;
        }
        first = first ? first : service;
    }
    return first;
}

/* What a request to no host of AWS tells by itself. */
static const struct gw_service *by_content(const struct gw_http_request *req,
                                           const struct gw_url *url)
{
    const struct gw_models *models = gw_models_builtin();
    for (size_t i = 0; i < gw_models_count(models); i++) {
        const struct gw_service *service = gw_models_service(models, i);
        if (is_meant(service, req, url)) {
            return service;
        }
    }
    return NULL;
}

/* ---- which operation ------------------------------------------------------------------------- */

/* The message without its "ecs:UpdateService: ". */
static struct gw_view without_subject(struct gw_view message)
{
    size_t end = gw_view_find(message, GW_VIEW(": "));
    return end == GW_NPOS ? message : gw_view_sub(message, end + 2, GW_NPOS);
}

/* The signature is that of the body as it came; the parameters are inside. */
static bool unpack_body(struct gw_exchange *exchange, struct gw_err *err)
{
    struct gw_view encoding = gw_headers_get(&exchange->req->headers, GW_VIEW("content-encoding"));
    struct gw_buf body;
    if (!gw_view_equal_nocase(encoding, GW_VIEW("gzip"))) {
        return true;
    }
    gw_buf_init(&body, GW_SIM_MAX_BODY_BYTES);
    bool unpacked = gw_gzip_read(exchange->req->body, &body, err);
    if (unpacked) {
        exchange->read_req = *exchange->req;
        exchange->read_req.body = gw_arena_dup(exchange->arena, gw_buf_view(&body));
        exchange->req = &exchange->read_req;
    }
    gw_buf_clear(&body);
    return unpacked;
}

/* "https://bucket.s3.us-east-1.amazonaws.com/key" is another way to write "https://s3.us-east-1.amazonaws.com/bucket/key"
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html). The signature is that of the former. */
static void resolve_virtual_host(struct gw_exchange *exchange)
{
    struct gw_url url;
    struct gw_err err = {0};
    struct gw_view prefix = gw_service_endpoint_prefix(exchange->service);
    struct gw_view label = gw_arena_printf(exchange->arena, ".%.*s.", GW_VIEW_ARGS(prefix));
    if (!gw_url_parse(exchange->req->url, &url, &err) || !is_aws_host(&url)) {
        return;
    }
    size_t at = gw_view_find(url.host, label);
    if (at == GW_NPOS || at == 0 ||
        gw_service_protocol(exchange->service) != GW_PROTOCOL_REST_XML) {
        return;
    }
    struct gw_http_request copy = *exchange->req;
    url.path = gw_view_equal(url.path, GW_VIEW("/")) ? GW_VIEW("") : url.path;
    copy.url =
        gw_arena_printf(exchange->arena, "%.*s://%.*s/%.*s%.*s%s%.*s", GW_VIEW_ARGS(url.scheme),
                        GW_VIEW_ARGS(gw_view_sub(url.host, at + 1, GW_NPOS)),
                        GW_VIEW_ARGS(gw_view_sub(url.host, 0, at)), GW_VIEW_ARGS(url.path),
                        url.query.len ? "?" : "", GW_VIEW_ARGS(url.query));
    exchange->read_req = copy;
    exchange->req = &exchange->read_req;
}

static bool read_operation(struct gw_exchange *exchange, struct gw_value *input)
{
    resolve_virtual_host(exchange);
    struct gw_err err = {0};
    struct gw_view why = {0};
    bool read = unpack_body(exchange, &err) &&
                gw_protocol_read_request(exchange->service, exchange->req, exchange->arena,
                                         &exchange->op, input, &err);
    if (!read) {
        bool unknown = err.code == GW_ERR_NOT_FOUND;
        gw_log(GW_LOG_WARN, "simulator: %s", err.message);
        gw_sim_refuse(exchange, unknown ? GW_SIM_UNKNOWN_OPERATION : GW_SIM_UNREADABLE,
                      gw_view_of(err.message));
        return false;
    }
    if (!gw_validate(exchange->op, input, &err)) {
        why = gw_arena_printf(exchange->arena, "1 validation error detected: %.*s",
                              GW_VIEW_ARGS(without_subject(gw_view_of(err.message))));
        gw_sim_refuse(exchange, GW_SIM_INVALID, why);
        return false;
    }
    return true;
}

/* ---- who ------------------------------------------------------------------------------------- */

static void refuse_signature(struct gw_exchange *exchange, const struct gw_sigv4_claim *claim,
                             int64_t now_epoch_s, const struct gw_err *err)
{
    char signed_at[17], now[17], limit[17];
    if (err->code != GW_ERR_TIMEOUT) {
        gw_log(GW_LOG_INFO, "simulator: %s", err->message);
        gw_sim_refuse(exchange, GW_SIM_WRONG_SIGNATURE, GW_VIEW_NONE);
        return;
    }
    bool late = claim->epoch_s < now_epoch_s;
    gw_time_compact(claim->epoch_s, signed_at);
    gw_time_compact(now_epoch_s, now);
    gw_time_compact(now_epoch_s + (late ? -15 : 15) * 60, limit);
    gw_sim_refuse(
        exchange, GW_SIM_WRONG_TIME,
        gw_arena_printf(exchange->arena,
                        late ? "Signature expired: %s is now earlier than %s (%s - 15 min.)"
                             : "Signature not yet current: %s is still later than %s "
                               "(%s + 15 min.)",
                        signed_at, limit, now));
}

/* Refuses and returns false, or the request comes from whom it says. */
static bool check_signature(struct gw_exchange *exchange, const struct gw_sigv4_claim *claim)
{
    struct gw_value key, id = gw_value_string(claim->access_key_id);
    struct gw_err err = {0};
    if (!gw_sim_ask(exchange->sim, "find_key", &id, 1, exchange->arena, &key, &err)) {
        gw_log(GW_LOG_ERROR, "simulator: %s", err.message);
        gw_sim_refuse(exchange, GW_SIM_BROKEN, GW_VIEW_NONE);
        return false;
    }
    struct gw_credentials credentials = {
        .access_key_id = claim->access_key_id,
        .secret_access_key = gw_map_text(&key, GW_VIEW("secret")),
        .session_token = gw_map_text(&key, GW_VIEW("session_token")),
    };
    if (key.kind != GW_MAP || !gw_view_equal(credentials.session_token, claim->session_token)) {
        gw_sim_refuse(exchange, GW_SIM_UNKNOWN_KEY, GW_VIEW_NONE);
        return false;
    }
    int64_t now_epoch_s = gw_sim_epoch_s(exchange->sim);
    if (!gw_sigv4_verify(exchange->req, claim, &credentials, now_epoch_s, exchange->arena, &err)) {
        refuse_signature(exchange, claim, now_epoch_s, &err);
        return false;
    }
    const struct gw_value *expired = gw_map_get(&key, GW_VIEW("is_expired"));
    if (expired && expired->as.boolean) {
        gw_sim_refuse(exchange, GW_SIM_EXPIRED_TOKEN, GW_VIEW_NONE);
        return false;
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void receive_signed(struct gw_exchange *exchange, const struct gw_sigv4_claim *claim)
{
    struct gw_value input;
    if (check_signature(exchange, claim) && read_operation(exchange, &input)) {
        gw_sim_handle(exchange, claim->region, claim->access_key_id, &input);
    }
}

/* Few operations need no signature: those that give out credentials. */
static void receive_unsigned(struct gw_exchange *exchange)
{
    struct gw_value input;
    struct gw_err err = {0};
    const struct gw_operation *op;
    if (!gw_protocol_read_request(exchange->service, exchange->req, exchange->arena, &op, &input,
                                  &err) ||
        gw_operation_auth(op) != GW_AUTH_NONE) {
        gw_sim_refuse(exchange, GW_SIM_UNSIGNED, GW_VIEW_NONE);
    } else if (read_operation(exchange, &input)) {
        gw_sim_handle(exchange, exchange->sim->region, GW_VIEW_NONE, &input);
    }
}

static void lose_unresolved(struct gw_exchange *exchange, const struct gw_url *url)
{
    gw_log(GW_LOG_WARN, "simulator: the world has no host '%.*s'", GW_VIEW_ARGS(url->host));
    gw_sim_lose(
        exchange, GW_ERR_NETWORK,
        gw_arena_printf(exchange->arena, "%.*s: could not resolve host", GW_VIEW_ARGS(url->host)));
}

void gw_sim_receive(struct gw_exchange *exchange)
{
    struct gw_url url;
    struct gw_sigv4_claim claim;
    struct gw_err err = {0};
    if (!gw_url_parse(exchange->req->url, &url, &err)) {
        gw_sim_lose(exchange, err.code, gw_view_of(err.message));
        return;
    }
    bool is_signed = gw_sigv4_read_claim(exchange->req, exchange->arena, &claim, &err);
    if (!is_signed &&
        gw_sim_handle_http(exchange, &url)) { /* the world's own hosts are none of AWS's */
        return;
    }
    exchange->service = is_signed             ? by_signing_name(exchange->req, &url, claim.service)
                        : exchange->is_direct ? by_content(exchange->req, &url)
                                              : by_host(exchange->req, &url);
    if (exchange->service) {
        exchange->protocol = gw_protocol_of_request(exchange->service, exchange->req);
    }
    if (!exchange->service && exchange->is_direct) {
        gw_sim_refuse_stranger(exchange);
    } else if (!exchange->service) {
        lose_unresolved(exchange, &url);
    } else if (is_signed) {
        receive_signed(exchange, &claim);
    } else if (err.code == GW_ERR_CREDENTIALS) {
        receive_unsigned(exchange);
    } else {
        gw_sim_refuse(exchange, GW_SIM_INCOMPLETE_SIGNATURE, gw_view_of(err.message));
    }
}
