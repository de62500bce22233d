/* credentials_login: the session of `aws login`: short-lived keys in a file, renewed with a token that
 * counts only together with a proof of the key that it was given to (DPoP, RFC 9449).
 * The file is the aws CLI's: what is renewed here is written back for it. */
#include "aws/internal.h"

#include <stdlib.h>

#define REFRESH_S       (5 * 60)
#define CACHE_DIRECTORY "AWS_LOGIN_CACHE_DIRECTORY"
#define TOKEN_PATH      "/v1/token"

struct session {
    struct gw_view path;
    struct gw_value file;
};

static const struct gw_credentials_names key_names = {
    {"accessKeyId", "secretAccessKey", "sessionToken"}, "expiresAt", "accountId"};

static void fail_login(struct gw_fetch *fetch, const char *what)
{
    struct gw_err err = {0};
    struct gw_view profile = fetch->link->profile;
    gw_fail(&err, GW_ERR_CREDENTIALS, "%.*s: %s; run 'aws login --profile %.*s'",
            GW_VIEW_ARGS(fetch->link->source), what, GW_VIEW_ARGS(profile));
    gw_fetch_fail(fetch, &err);
}

/* ---- the file -------------------------------------------------------------------------------- */

static struct gw_view path_of(const struct gw_link *link, struct gw_arena *arena)
{
    char name[2 * GW_SHA256_LEN + 1];
    struct gw_view folder = gw_environment(CACHE_DIRECTORY);
    gw_sha256_hex(link->login_session, name);
    folder = folder.len > 0 ? folder : GW_VIEW("~/.aws/login/cache");
    return gw_path_expand(arena,
                          gw_arena_printf(arena, "%.*s/%s.json", GW_VIEW_ARGS(folder), name));
}

static struct gw_value *member(struct gw_value *map, const char *key)
{
    return (struct gw_value *)gw_map_get(map, gw_view_of(key));
}

/* NULL: all is there. */
static const char *missing_member(struct gw_value *file)
{
    static const char *const texts[] = {"refreshToken", "dpopKey", "clientId"};
    const struct gw_value *keys = member(file, "accessToken");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (gw_map_text(file, gw_view_of(texts[i])).len == 0) {
            return texts[i];
        }
    }
    return keys && keys->kind == GW_MAP ? NULL : "accessToken";
}

static bool read_file(struct gw_fetch *fetch, struct session *session)
{
    struct gw_err err = {0};
    session->path = path_of(fetch->link, fetch->arena);
    if (!gw_file_read_json(session->path, fetch->arena, &session->file, &err)) {
        fail_login(fetch, err.code == GW_ERR_NOT_FOUND ? "nobody has logged in" : err.message);
        return false;
    }
    gw_secret_add(gw_map_text(&session->file, GW_VIEW("refreshToken")));
    gw_secret_add(gw_map_text(&session->file, GW_VIEW("dpopKey")));
    const char *missing = missing_member(&session->file);
    if (missing) {
        struct gw_view what =
            gw_arena_printf(fetch->arena, "%.*s has no %s", GW_VIEW_ARGS(session->path), missing);
        fail_login(fetch, what.data);
        return false;
    }
    return true;
}

/* ---- the proof ------------------------------------------------------------------------------- */

static void add_base64url(struct gw_view bytes, struct gw_buf *out)
{
    struct gw_buf text;
    gw_buf_init(&text, (size_t)16 << 10);
    gw_base64_write(bytes, &text);
    for (size_t i = 0; i < text.len && text.data[i] != '='; i++) {
        char c = text.data[i];
        gw_buf_add_char(out, c == '+' ? '-' : c == '/' ? '_' : c);
    }
    gw_buf_clear(&text);
}

static void add_encoded(const struct gw_buf *json, struct gw_buf *out)
{
    add_base64url(gw_buf_view(json), out);
}

static struct gw_view half(const unsigned char *bytes)
{
    return (struct gw_view){(const char *)bytes, GW_ES256_HALF};
}

static void write_header(const unsigned char *point, struct gw_buf *json)
{
    gw_buf_add_text(json,
                    "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"x\":\"");
    add_base64url(half(point), json);
    gw_buf_add_text(json, "\",\"y\":\"");
    add_base64url(half(point + GW_ES256_HALF), json);
    gw_buf_add_text(json, "\",\"crv\":\"P-256\"}}");
}

static void write_payload(struct gw_view url, int64_t epoch_s, struct gw_buf *json)
{
    char id[37];
    gw_uuid4(id);
    gw_buf_add_text(json, "{\"htm\":\"POST\",\"htu\":");
    gw_json_write_string(url, json);
    gw_buf_addf(json, ",\"iat\":%lld,\"jti\":\"%s\"}", (long long)epoch_s, id);
}

/* A JSON web token, signed by the key, for one request to the URL. */
bool gw_dpop_write(struct gw_view pem, struct gw_view url, int64_t epoch_s, struct gw_buf *out)
{
    unsigned char point[2 * GW_ES256_HALF], signature[2 * GW_ES256_HALF];
    struct gw_buf json;
    if (!gw_es256_public(pem, point)) {
        return false;
    }
    gw_buf_init(&json, (size_t)8 << 10);
    write_header(point, &json);
    add_encoded(&json, out);
    gw_buf_add_char(out, '.');
    gw_buf_reset(&json);
    write_payload(url, epoch_s, &json);
    add_encoded(&json, out);
    gw_buf_clear(&json);
    if (!gw_es256_sign(pem, gw_buf_view(out), signature)) {
        return false;
    }
    gw_buf_add_char(out, '.');
    add_base64url((struct gw_view){(const char *)signature, sizeof signature}, out);
    return !out->full;
}

static bool find_endpoint(struct gw_fetch *fetch, const struct gw_fetch_call *call,
                          const struct gw_value *input, struct gw_endpoint *out, struct gw_err *err)
{
    const struct gw_identity_options *options = gw_identity_options(fetch->identity);
    const struct gw_service *service =
        gw_models_find(gw_models_builtin(), gw_view_of(call->service));
    struct gw_settings settings = options->settings;
    struct gw_value context;
    struct gw_endpoint_query query = {
        .config = options->config,
        .settings = &settings,
        .op = gw_service_find_operation(service, gw_view_of(call->operation)),
        .context = &context};
    settings.region = call->region;
    return gw_endpoint_context(query.op, input, fetch->arena, &context, err) &&
           gw_endpoint_resolve(&query, fetch->arena, out, err);
}

/* The proof is for one address, so that this is found first. */
static bool add_proof(struct gw_fetch *fetch, struct gw_fetch_call *call,
                      const struct gw_value *input, struct gw_view pem, struct gw_err *err)
{
    struct gw_endpoint endpoint;
    struct gw_buf proof;
    if (!find_endpoint(fetch, call, input, &endpoint, err)) {
        return false;
    }
    struct gw_view base = endpoint.url;
    if (gw_view_ends_with(base, GW_VIEW("/"))) {
        base.len--;
    }
    struct gw_view url = gw_arena_printf(fetch->arena, "%.*s" TOKEN_PATH, GW_VIEW_ARGS(base));
    gw_buf_init(&proof, (size_t)16 << 10);
    bool ok = gw_dpop_write(pem, url, gw_identity_epoch_s(fetch->identity), &proof);
    if (ok) {
        gw_headers_add(fetch->arena, &call->headers, GW_VIEW("DPoP"), gw_buf_view(&proof));
    } else {
        gw_fail(err, GW_ERR_CREDENTIALS, "the dpopKey is no private key of the curve P-256");
    }
    gw_buf_clear(&proof);
    return ok;
}

/* ---- renewing -------------------------------------------------------------------------------- */

static void set(struct gw_fetch *fetch, struct gw_value *map, const char *key, struct gw_view text)
{
    struct gw_value *slot = member(map, key);
    if (!slot) {
        slot = gw_map_add(fetch->arena, map, gw_view_of(key));
    }
    *slot = gw_value_string(gw_arena_dup(fetch->arena, text));
}

static void update_file(struct gw_fetch *fetch, struct session *session,
                        const struct gw_value *output)
{
    struct gw_err err = {0};
    const struct gw_value *fresh = gw_map_get(output, GW_VIEW("accessToken"));
    const struct gw_value *span = gw_map_get(output, GW_VIEW("expiresIn"));
    struct gw_value *keys = member(&session->file, "accessToken");
    int64_t span_s = span && span->kind == GW_INT ? span->as.integer : 0;
    for (size_t i = 0; i < 3; i++) {
        set(fetch, keys, key_names.keys[i], gw_map_text(fresh, gw_view_of(key_names.keys[i])));
    }
    set(fetch, keys, "expiresAt",
        gw_time_text(fetch->arena, gw_identity_epoch_s(fetch->identity) + span_s));
    set(fetch, &session->file, "refreshToken", gw_map_text(output, GW_VIEW("refreshToken")));
    gw_secret_add(gw_map_text(&session->file, GW_VIEW("refreshToken")));
    if (!gw_file_write_json(session->path, &session->file, &err)) {
        gw_log(GW_LOG_WARN, "%s", err.message);
    }
}

static void finish(struct gw_fetch *fetch)
{
    struct session *session = fetch->state;
    struct gw_credentials keys;
    struct gw_err err = {0};
    if (gw_credentials_read(member(&session->file, "accessToken"), &key_names, fetch->link->source,
                            fetch->arena, &keys, &err)) {
        gw_fetch_finish(fetch, &keys);
    } else {
        gw_fetch_fail(fetch, &err);
    }
}

static void on_token(void *ctx, const struct gw_call_result *result)
{
    struct gw_fetch *fetch = ctx;
    const struct gw_value *output = gw_map_get(result->output, GW_VIEW("tokenOutput"));
    if (result->error && gw_view_equal(result->error->code, GW_VIEW("AccessDeniedException"))) {
        fail_login(fetch, "the session has ended");
    } else if (!output) {
        gw_fetch_fail_call(fetch, result, NULL);
    } else {
        update_file(fetch, fetch->state, output);
        finish(fetch);
    }
}

static void renew(struct gw_fetch *fetch, struct session *session)
{
    struct gw_view region = gw_identity_options(fetch->identity)->settings.region;
    struct gw_fetch_call call = {.service = "signin",
                                 .operation = "CreateOAuth2Token",
                                 .region = region.len > 0 ? region : GW_VIEW("us-east-1")};
    struct gw_view pem = gw_map_text(&session->file, GW_VIEW("dpopKey"));
    struct gw_value input = gw_value_map();
    struct gw_value *body = gw_map_add(fetch->arena, &input, GW_VIEW("tokenInput"));
    struct gw_err err = {0};
    *body = gw_value_map();
    set(fetch, body, "clientId", gw_map_text(&session->file, GW_VIEW("clientId")));
    set(fetch, body, "refreshToken", gw_map_text(&session->file, GW_VIEW("refreshToken")));
    set(fetch, body, "grantType", GW_VIEW("refresh_token"));
    if (add_proof(fetch, &call, &input, pem, &err)) {
        gw_fetch_call(fetch, &call, &input, on_token);
    } else {
        fail_login(fetch, err.message);
    }
}

void gw_fetch_login(struct gw_fetch *fetch)
{
    struct session *session = gw_arena_alloc(fetch->arena, sizeof *session);
    double expires_s = 0;
    fetch->state = session;
    if (!read_file(fetch, session)) {
        return;
    }
    gw_time_read(gw_map_text(member(&session->file, "accessToken"), GW_VIEW("expiresAt")),
                 &expires_s);
    bool is_good = (int64_t)expires_s - gw_identity_epoch_s(fetch->identity) > REFRESH_S;
    if (is_good && !fetch->anew) {
        finish(fetch);
    } else {
        renew(fetch, session);
    }
}
