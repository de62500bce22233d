/* credentials_sso: the keys of a role in an account, for the token of a single sign-on session. A
 * session with a name may renew its token; else only a person can, by logging in. */
#include "aws/internal.h"

struct sign_on {
    struct gw_sso_session session;
    struct gw_sso_token token;
};

static void fail_login(struct gw_fetch *fetch, const char *what)
{
    struct gw_err err = {0};
    struct gw_view profile = fetch->link->profile;
    gw_fail(&err, GW_ERR_CREDENTIALS, "%.*s: %s; run 'gwrun login --profile %.*s'",
            GW_VIEW_ARGS(fetch->link->source), what, GW_VIEW_ARGS(profile));
    gw_fetch_fail(fetch, &err);
}

static void put(struct gw_fetch *fetch, struct gw_value *input, const char *key,
                struct gw_view text)
{
    *gw_map_add(fetch->arena, input, gw_view_of(key)) = gw_value_string(text);
}

/* ---- the keys -------------------------------------------------------------------------------- */

static bool read_keys(struct gw_fetch *fetch, const struct gw_value *output,
                      struct gw_credentials *out, struct gw_err *err)
{
    static const struct gw_credentials_names names = {
        {"accessKeyId", "secretAccessKey", "sessionToken"}, "", ""};
    const struct gw_value *keys = gw_map_get(output, GW_VIEW("roleCredentials"));
    const struct gw_value *expiration = gw_map_get(keys, GW_VIEW("expiration")); /* in ms */
    if (!gw_credentials_read(keys, &names, fetch->link->source, fetch->arena, out, err)) {
        return false;
    }
    out->account_id = fetch->link->account_id;
    out->expires_epoch_s =
        expiration && expiration->kind == GW_INT ? expiration->as.integer / 1000 : 0;
    return true;
}

static void on_keys(void *ctx, const struct gw_call_result *result)
{
    struct gw_fetch *fetch = ctx;
    struct gw_credentials keys;
    struct gw_err err = {0};
    if (result->error && gw_view_equal(result->error->code, GW_VIEW("UnauthorizedException"))) {
        fail_login(fetch, "the session has ended");
    } else if (!result->output) {
        gw_fetch_fail_call(fetch, result, NULL);
    } else if (read_keys(fetch, result->output, &keys, &err)) {
        gw_fetch_finish(fetch, &keys);
    } else {
        gw_fetch_fail(fetch, &err);
    }
}

static void ask_keys(struct gw_fetch *fetch)
{
    struct sign_on *sign_on = fetch->state;
    struct gw_value input = gw_value_map();
    if (sign_on->token.expires_epoch_s <= gw_identity_epoch_s(fetch->identity)) {
        fail_login(fetch, "the session has ended");
        return;
    }
    put(fetch, &input, "roleName", fetch->link->role_name);
    put(fetch, &input, "accountId", fetch->link->account_id);
    put(fetch, &input, "accessToken", sign_on->token.access_token);
    struct gw_fetch_call call = {
        .service = "sso", .operation = "GetRoleCredentials", .region = fetch->link->sso_region};
    gw_fetch_call(fetch, &call, &input, on_keys);
}

/* ---- the token ------------------------------------------------------------------------------- */

/* A token that cannot be renewed serves until its end; one that cannot be kept serves this run. */
static void on_token(void *ctx, const struct gw_call_result *result)
{
    struct gw_fetch *fetch = ctx;
    struct sign_on *sign_on = fetch->state;
    const struct gw_value *old = &sign_on->token.all;
    struct gw_sso_registration registration = {
        .client_id = gw_map_text(old, GW_VIEW("clientId")),
        .client_secret = gw_map_text(old, GW_VIEW("clientSecret")),
        .expires_at = gw_map_text(old, GW_VIEW("registrationExpiresAt"))};
    struct gw_sso_token token;
    struct gw_err err = {0};
    if (!result->output) {
        gw_log(GW_LOG_INFO, "single sign-on: the token could not be renewed");
        ask_keys(fetch);
        return;
    }
    if (!gw_sso_token_store(&sign_on->session, &registration, result->output,
                            gw_identity_epoch_s(fetch->identity), fetch->arena, &token, &err)) {
        gw_log(GW_LOG_WARN, "%s", err.message);
    }
    sign_on->token = token;
    sign_on->token.access_token = gw_arena_dup(fetch->arena, token.access_token);
    ask_keys(fetch);
}

static void ask_token(struct gw_fetch *fetch)
{
    struct sign_on *sign_on = fetch->state;
    const struct gw_value *old = &sign_on->token.all;
    struct gw_value input = gw_value_map();
    put(fetch, &input, "grantType", GW_VIEW("refresh_token"));
    put(fetch, &input, "clientId", gw_map_text(old, GW_VIEW("clientId")));
    put(fetch, &input, "clientSecret", gw_map_text(old, GW_VIEW("clientSecret")));
    put(fetch, &input, "refreshToken", gw_map_text(old, GW_VIEW("refreshToken")));
    struct gw_fetch_call call = {
        .service = "sso-oidc", .operation = "CreateToken", .region = fetch->link->sso_region};
    gw_fetch_call(fetch, &call, &input, on_token);
}

void gw_fetch_sso(struct gw_fetch *fetch)
{
    const struct gw_link *link = fetch->link;
    struct sign_on *sign_on = gw_arena_alloc(fetch->arena, sizeof *sign_on);
    struct gw_err err = {0};
    fetch->state = sign_on;
    sign_on->session = (struct gw_sso_session){
        .name = link->sso_session, .start_url = link->start_url, .region = link->sso_region};
    if (link->account_id.len == 0) {
        gw_fail(&err, GW_ERR_CREDENTIALS,
                "profile '%.*s': a single sign-on session alone gives no keys; add sso_account_id "
                "and sso_role_name",
                GW_VIEW_ARGS(link->profile));
        gw_fetch_fail(fetch, &err);
        return;
    }
    if (!gw_sso_token_read(&sign_on->session, fetch->arena, &sign_on->token, &err)) {
        fail_login(fetch, err.code == GW_ERR_NOT_FOUND ? "nobody has logged in" : err.message);
        return;
    }
    bool is_refreshed =
        link->sso_session.len > 0 &&
        gw_sso_token_can_refresh(&sign_on->token, gw_identity_epoch_s(fetch->identity));
    if (is_refreshed) {
        ask_token(fetch);
    } else {
        ask_keys(fetch);
    }
}
