/* credentials: who is calling. The environment comes first, unless a profile was named by argument;
 * then what the profile says. Half a pair of keys is an error, never a reason to look further: the
 * call would be made as somebody else. What expires is checked by who uses it: the clock is theirs.
 */
#include "aws/internal.h"
#include "codec/codec.h"

#include <stdlib.h>

/* Keys by which a profile says that its credentials come from elsewhere. The first ones win over
 * static keys in the same profile, the later ones do not. */
static const char *const mechanisms_before_keys[] = {"role_arn", "web_identity_token_file",
                                                     "sso_account_id", "sso_role_name", NULL};
static const char *const mechanisms_after_keys[] = {
    "login_session",     "credential_process", "sso_session", "sso_start_url",
    "credential_source", "source_profile",     NULL};
static const char *const environment_mechanisms[] = {"AWS_WEB_IDENTITY_TOKEN_FILE",
                                                     "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                                     "AWS_CONTAINER_CREDENTIALS_FULL_URI", NULL};

static struct gw_view environment(const char *variable)
{
    return gw_view_trim(gw_view_of(getenv(variable)));
}

/* Keys travel in headers; one that was pasted with a line break inside would be refused by AWS as
 * a bad signature, which says nothing. */
static bool check_key(const char *origin, const char *name, struct gw_view key, struct gw_err *err)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] <= ' ' || key.data[i] > '~') {
            return gw_fail(err, GW_ERR_CREDENTIALS,
                           "%s: %s has a character at position %zu that no key has", origin, name,
                           i + 1);
        }
    }
    return true;
}

/* Names of one source's three keys. */
struct key_names {
    const char *id, *secret, *token;
};

/* Checks that the keys are whole, and makes the copies that outlive their source. */
static bool take_keys(const char *origin, const struct key_names *names, struct gw_arena *arena,
                      struct gw_credentials *credentials, struct gw_err *err)
{
    bool has_id = credentials->access_key_id.len > 0;
    if (!has_id || credentials->secret_access_key.len == 0) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "%s: has %s but not %s", origin,
                       has_id ? names->id : names->secret, has_id ? names->secret : names->id);
    }
    gw_secret_add(credentials->secret_access_key);
    if (credentials->session_token.len > 0) {
        gw_secret_add(credentials->session_token);
    }
    if (!check_key(origin, names->id, credentials->access_key_id, err) ||
        !check_key(origin, names->secret, credentials->secret_access_key, err) ||
        !check_key(origin, names->token, credentials->session_token, err)) {
        return false;
    }
    credentials->access_key_id = gw_arena_dup(arena, credentials->access_key_id);
    credentials->secret_access_key = gw_arena_dup(arena, credentials->secret_access_key);
    credentials->session_token = gw_arena_dup(arena, credentials->session_token);
    credentials->account_id = gw_arena_dup(arena, credentials->account_id);
    credentials->source = gw_arena_dup(arena, gw_view_of(origin));
    return true;
}

/* ---- environment ----------------------------------------------------------------------------- */

static bool read_expiration(struct gw_credentials *out, struct gw_err *err)
{
    double epoch_s = 0;
    struct gw_view text = environment("AWS_CREDENTIAL_EXPIRATION");
    if (text.len > 0 && !gw_time_read(text, &epoch_s)) {
        return gw_fail(err, GW_ERR_CREDENTIALS,
                       "environment: expected AWS_CREDENTIAL_EXPIRATION like "
                       "'2030-01-31T12:00:00Z', got '%.*s'",
                       GW_VIEW_ARGS(text));
    }
    out->expires_epoch_s = (int64_t)epoch_s;
    return true;
}

static bool has_environment_keys(void)
{
    return environment("AWS_ACCESS_KEY_ID").len > 0 || environment("AWS_SECRET_ACCESS_KEY").len > 0;
}

static bool read_environment(struct gw_arena *arena, struct gw_credentials *out, struct gw_err *err)
{
    static const struct key_names names = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                           "AWS_SESSION_TOKEN"};
    out->access_key_id = environment(names.id);
    out->secret_access_key = environment(names.secret);
    out->session_token = environment(names.token);
    if (out->session_token.len == 0) {
        out->session_token = environment("AWS_SECURITY_TOKEN"); /* its name until 2014 */
    }
    out->account_id = environment("AWS_ACCOUNT_ID");
    return read_expiration(out, err) && take_keys("environment", &names, arena, out, err);
}

/* ---- profile --------------------------------------------------------------------------------- */

/* The first of the keys that the profile has; NULL for none. */
static const char *first_key(const struct gw_config *config, struct gw_view profile,
                             const char *const *keys)
{
    while (*keys && gw_config_get(config, profile, gw_view_of(*keys)).len == 0) {
        keys++;
    }
    return *keys;
}

static const char *first_variable(const char *const *variables)
{
    while (*variables && environment(*variables).len == 0) {
        variables++;
    }
    return *variables;
}

static bool fail_unsupported(const struct gw_config *config, const struct gw_settings *settings,
                             const char *key, struct gw_err *err)
{
    struct gw_view profile = settings->profile;
    struct gw_view path = gw_config_origin(config, profile, gw_view_of(key));
    return gw_fail(err, GW_ERR_CREDENTIALS,
                   "profile '%.*s': credentials by '%s' are not supported; run eval \"$(aws "
                   "configure export-credentials --profile %.*s --format env)\" and start again%s "
                   "(%.*s)",
                   GW_VIEW_ARGS(profile), key, GW_VIEW_ARGS(profile),
                   settings->profile_named ? " without the profile argument" : "",
                   GW_VIEW_ARGS(path));
}

static bool has_profile_keys(const struct gw_config *config, struct gw_view profile)
{
    return gw_config_get(config, profile, GW_VIEW("aws_access_key_id")).len > 0 ||
           gw_config_get(config, profile, GW_VIEW("aws_secret_access_key")).len > 0;
}

static bool read_profile(const struct gw_config *config, struct gw_view profile,
                         struct gw_arena *arena, struct gw_credentials *out, struct gw_err *err)
{
    static const struct key_names names = {"aws_access_key_id", "aws_secret_access_key",
                                           "aws_session_token"};
    out->access_key_id = gw_config_get(config, profile, gw_view_of(names.id));
    out->secret_access_key = gw_config_get(config, profile, gw_view_of(names.secret));
    out->session_token = gw_config_get(config, profile, gw_view_of(names.token));
    out->account_id = gw_config_get(config, profile, GW_VIEW("aws_account_id"));
    struct gw_view path = gw_config_origin(
        config, profile, gw_view_of(out->access_key_id.len > 0 ? names.id : names.secret));
    struct gw_view origin =
        gw_arena_printf(arena, "profile '%.*s' in %.*s", GW_VIEW_ARGS(profile), GW_VIEW_ARGS(path));
    return take_keys(origin.data, &names, arena, out, err);
}

/* ---- the order ------------------------------------------------------------------------------- */

static bool fail_none_found(const struct gw_config *config, const struct gw_settings *settings,
                            struct gw_err *err)
{
    const char *variable = first_variable(environment_mechanisms);
    if (variable) {
        return gw_fail(err, GW_ERR_CREDENTIALS,
                       "credentials: none found but %s, which is not supported; set "
                       "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                       variable);
    }
    return gw_fail(
        err, GW_ERR_CREDENTIALS,
        "credentials: none found; looked at %sprofile '%.*s' in %.*s and %.*s; %s",
        settings->profile_named ? "" : "AWS_ACCESS_KEY_ID, ", GW_VIEW_ARGS(settings->profile),
        GW_VIEW_ARGS(gw_config_credentials_path(config)), GW_VIEW_ARGS(gw_config_path(config)),
        settings->profile_named
            ? "add keys to the profile, or name another one"
            : "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile");
}

bool gw_credentials_find(const struct gw_config *config, const struct gw_settings *settings,
                         struct gw_arena *arena, struct gw_credentials *out, struct gw_err *err)
{
    struct gw_view profile = settings->profile;
    *out = (struct gw_credentials){0};
    if (!settings->profile_named && has_environment_keys()) {
        return read_environment(arena, out, err);
    }
    const char *mechanism = first_key(config, profile, mechanisms_before_keys);
    if (!mechanism && has_profile_keys(config, profile)) {
        return read_profile(config, profile, arena, out, err);
    }
    if (!mechanism) {
        mechanism = first_key(config, profile, mechanisms_after_keys);
    }
    return mechanism ? fail_unsupported(config, settings, mechanism, err)
                     : fail_none_found(config, settings, err);
}
