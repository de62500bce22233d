/* credentials_instance: the metadata service of an EC2 instance: a token for this conversation, the
 * name of the role, its credentials. Without a token only where the service knows of none and the
 * older form is not disabled. The extended form, which tells the account too, comes before the one
 * that every service has. It is asked past any proxy.
 *
 * An instance whose service cannot renew goes on with what it has, also past its end: AWS extends
 * the validity of those keys when its own service is the one that is ill.
 * Limits: 64 KiB an answer; time and attempts as configured, by default 1 s and 1. */
#include "aws/internal.h"

#include <stdlib.h>

#define ANSWER_MAX_BYTES ((size_t)64 << 10)
#define DEFAULT_IPV4     "http://169.254.169.254"
#define DEFAULT_IPV6     "http://[fd00:ec2::254]"
#define ROLES_PATH       "/latest/meta-data/iam/security-credentials"
#define TOKEN_TTL_S      "21600"
#define EXTENSION_S      (15 * 60)
#define JITTER_LOW_S     (2 * 60)
#define JITTER_SPAN_S    (8 * 60)

enum part { ASK_TOKEN, ASK_ROLE, ASK_KEYS };

struct conversation {
    struct gw_view base; /* without a slash at its end */
    int64_t timeout_ms, attempts_max;
    bool v1_disabled, is_plain; /* the latter: not the extended form */
    enum part part;
    bool token_renewed;
    struct gw_view token, role;
};

static void ask(struct gw_fetch *fetch, enum part part);

/* ---- settings -------------------------------------------------------------------------------- */

static struct gw_view setting(const struct gw_fetch *fetch, const char *variable, const char *key)
{
    const struct gw_identity_options *options = gw_identity_options(fetch->identity);
    struct gw_view value = variable ? gw_environment(variable) : GW_VIEW_NONE;
    return value.len > 0
               ? value
               : gw_config_get(options->config, options->settings.profile, gw_view_of(key));
}

static bool read_number(const struct gw_fetch *fetch, const char *variable, const char *key,
                        int64_t most, int64_t *out, struct gw_err *err)
{
    struct gw_view text = setting(fetch, variable, key);
    *out = 1;
    return text.len == 0 || (gw_view_to_int64(text, out) && *out >= 1 && *out <= most) ||
           gw_fail(err, GW_ERR_CREDENTIALS, "%s: expected a whole number from 1 to %lld", variable,
                   (long long)most);
}

static bool read_base(const struct gw_fetch *fetch, struct conversation *talk, struct gw_err *err)
{
    struct gw_url url;
    struct gw_view mode = setting(fetch, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                  "ec2_metadata_service_endpoint_mode");
    bool is_ipv6 = gw_view_equal_nocase(mode, GW_VIEW("ipv6"));
    talk->base =
        setting(fetch, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
    if (mode.len > 0 && !is_ipv6 && !gw_view_equal_nocase(mode, GW_VIEW("ipv4"))) {
        return gw_fail(err, GW_ERR_CREDENTIALS,
                       "ec2_metadata_service_endpoint_mode '%.*s': expected IPv4 or IPv6",
                       GW_VIEW_ARGS(mode));
    }
    if (talk->base.len == 0) {
        talk->base = is_ipv6 ? GW_VIEW(DEFAULT_IPV6) : GW_VIEW(DEFAULT_IPV4);
    }
    if (gw_view_ends_with(talk->base, GW_VIEW("/"))) {
        talk->base.len--;
    }
    return gw_url_parse(talk->base, &url, err);
}

static bool read_settings(const struct gw_fetch *fetch, struct conversation *talk,
                          struct gw_err *err)
{
    int64_t timeout_s;
    if (!read_base(fetch, talk, err) ||
        !read_number(fetch, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", 60,
                     &timeout_s, err) ||
        !read_number(fetch, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts",
                     10, &talk->attempts_max, err)) {
        return false;
    }
    talk->timeout_ms = timeout_s * 1000;
    talk->v1_disabled = gw_view_equal_nocase(
        setting(fetch, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"),
        GW_VIEW("true"));
    return true;
}

bool gw_instance_is_disabled(void)
{
    return gw_view_equal_nocase(gw_environment("AWS_EC2_METADATA_DISABLED"), GW_VIEW("true"));
}

/* ---- the end --------------------------------------------------------------------------------- */

static int64_t extended_s(const struct gw_fetch *fetch)
{
    uint32_t bits;
    gw_random(&bits, sizeof bits);
    return gw_identity_epoch_s(fetch->identity) + EXTENSION_S + JITTER_LOW_S +
           (int64_t)(bits % JITTER_SPAN_S);
}

/* There were credentials: they stay. There were none and nothing else is configured: there are no
 * credentials, and why the instance has none is a part of it. */
static void fail(struct gw_fetch *fetch, const char *reason)
{
    const struct gw_link *link = fetch->link;
    struct gw_err err = {0};
    if (link->credentials.access_key_id.len > 0) {
        struct gw_credentials kept = link->credentials;
        gw_log(GW_LOG_WARN, "instance metadata: %s; going on with the old credentials", reason);
        kept.expires_epoch_s = extended_s(fetch);
        gw_fetch_finish(fetch, &kept);
        return;
    }
    const struct gw_identity_options *options = gw_identity_options(fetch->identity);
    if (link->is_last_resort) {
        gw_chain_fail_none(options->config, &options->settings, reason, &err);
    } else {
        gw_fail(&err, GW_ERR_CREDENTIALS, "instance metadata: %s", reason);
    }
    gw_fetch_fail(fetch, &err);
}

static void finish(struct gw_fetch *fetch, struct gw_view body)
{
    struct conversation *talk = fetch->state;
    struct gw_credentials keys;
    struct gw_err err = {0};
    struct gw_view source =
        gw_arena_printf(fetch->arena, "instance metadata, role %.*s", GW_VIEW_ARGS(talk->role));
    if (!gw_credentials_parse(body, &gw_credentials_imds_names, source, fetch->arena, &keys,
                              &err)) {
        fail(fetch, err.message);
        return;
    }
    int64_t soon_s = extended_s(fetch);
    if (keys.expires_epoch_s > 0 && keys.expires_epoch_s < soon_s) {
        gw_log(GW_LOG_INFO, "instance metadata: its credentials are old; using them further");
        keys.expires_epoch_s = soon_s;
    }
    gw_fetch_finish(fetch, &keys);
}

/* ---- the conversation ------------------------------------------------------------------------ */

/* The first line, which becomes a part of a path. */
static bool take_role(struct gw_fetch *fetch, struct gw_view body)
{
    struct conversation *talk = fetch->state;
    struct gw_view line = GW_VIEW_NONE;
    gw_view_next(&body, '\n', &line);
    talk->role = gw_arena_dup(fetch->arena, gw_view_trim(line));
    for (size_t i = 0; i < talk->role.len; i++) {
        char c = talk->role.data[i];
        if (c <= ' ' || c > '~' || c == '?' || c == '#') {
            return false;
        }
    }
    return talk->role.len > 0;
}

/* A host that answers, but knows no tokens, is asked in the older form. */
static void on_no_token(struct gw_fetch *fetch, int status)
{
    const struct conversation *talk = fetch->state;
    if ((status == 404 || status == 405) && !talk->v1_disabled) {
        ask(fetch, ASK_ROLE);
        return;
    }
    struct gw_view reason =
        gw_arena_printf(fetch->arena, "no token, HTTP status %d%s", status,
                        status == 403 ? ", which means that it is disabled" : "");
    fail(fetch, reason.data);
}

static void take_answer(struct gw_fetch *fetch, struct gw_view body)
{
    struct conversation *talk = fetch->state;
    switch (talk->part) {
    case ASK_TOKEN:
        talk->token = gw_arena_dup(fetch->arena, gw_view_trim(body));
        gw_secret_add(talk->token);
        ask(fetch, ASK_ROLE);
        break;
    case ASK_ROLE:
        if (take_role(fetch, body)) {
            ask(fetch, ASK_KEYS);
        } else {
            fail(fetch, "its list of roles makes no sense");
        }
        break;
    case ASK_KEYS:
        finish(fetch, body);
        break;
    }
}

static bool is_json(struct gw_view body)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value value;
    bool is_object = gw_json_parse(body, arena, &value, NULL);
    gw_arena_free(arena);
    return is_object;
}

static bool is_answer(const struct conversation *talk, const struct gw_http_response *res)
{
    return res && res->status == 200 && res->body.len > 0 &&
           (talk->part != ASK_KEYS || is_json(res->body));
}

static void on_answer(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct gw_fetch *fetch = ctx;
    struct conversation *talk = fetch->state;
    int status = res ? res->status : 0;
    bool is_last = status == 404 || fetch->attempts >= talk->attempts_max;
    fetch->exchange = NULL;
    if (is_answer(talk, res)) {
        take_answer(fetch, res->body);
    } else if (talk->part == ASK_TOKEN && status >= 400 && status < 500) {
        on_no_token(fetch, status);
    } else if (talk->part != ASK_TOKEN && !talk->is_plain && status != 401 && is_last) {
        talk->is_plain = true;
        ask(fetch, ASK_ROLE);
    } else if (talk->part == ASK_ROLE && status == 404) {
        fail(fetch, "no role is attached to the instance");
    } else if (status == 401 && !talk->token_renewed) {
        talk->token_renewed = true;
        ask(fetch, ASK_TOKEN);
    } else if (fetch->attempts < talk->attempts_max) {
        fetch->attempts++;
        gw_fetch_send(fetch, on_answer);
    } else {
        struct gw_view reason =
            res ? gw_arena_printf(fetch->arena, "no answer that makes sense, HTTP status %d",
                                  status)
                : gw_arena_dup(fetch->arena, gw_view_of(err->message));
        fail(fetch, reason.data);
    }
}

static void add_header(struct gw_fetch *fetch, const char *name, struct gw_view value)
{
    if (value.len > 0) {
        gw_headers_add(fetch->arena, &fetch->request.headers, gw_view_of(name), value);
    }
}

static void ask(struct gw_fetch *fetch, enum part part)
{
    struct conversation *talk = fetch->state;
    struct gw_view base = talk->base;
    bool is_token = part == ASK_TOKEN;
    fetch->request = (struct gw_http_request){.method = is_token ? GW_VIEW("PUT") : GW_VIEW("GET"),
                                              .connect_timeout_ms = talk->timeout_ms,
                                              .timeout_ms = talk->timeout_ms,
                                              .max_response_bytes = ANSWER_MAX_BYTES};
    talk->part = part;
    if (is_token) {
        fetch->request.url =
            gw_arena_printf(fetch->arena, "%.*s/latest/api/token", GW_VIEW_ARGS(base));
        add_header(fetch, "x-aws-ec2-metadata-token-ttl-seconds", GW_VIEW(TOKEN_TTL_S));
    } else {
        struct gw_view role = part == ASK_KEYS ? talk->role : GW_VIEW_NONE;
        bool is_folder = talk->is_plain || part == ASK_KEYS; /* which is how AWS writes them */
        fetch->request.url = gw_arena_printf(fetch->arena, "%.*s" ROLES_PATH "%s%s%.*s",
                                             GW_VIEW_ARGS(base), talk->is_plain ? "" : "-extended",
                                             is_folder ? "/" : "", GW_VIEW_ARGS(role));
        add_header(fetch, "x-aws-ec2-metadata-token", talk->token);
    }
    add_header(fetch, "user-agent", gw_identity_options(fetch->identity)->user_agent);
    fetch->attempts = 1;
    gw_fetch_send(fetch, on_answer);
}

void gw_fetch_instance(struct gw_fetch *fetch)
{
    struct conversation *talk = gw_arena_alloc(fetch->arena, sizeof *talk);
    struct gw_err err = {0};
    fetch->state = talk;
    if (gw_instance_is_disabled()) {
        fail(fetch, "disabled by AWS_EC2_METADATA_DISABLED");
        return;
    }
    if (!read_settings(fetch, talk, &err)) {
        gw_fetch_fail(fetch, &err);
        return;
    }
    ask(fetch, ASK_TOKEN);
}
