/* bearer: the token that a few services want instead of a signature, or take in its place: one from the environment, else
 * that of the profile's single sign-on session, as it is in the file that all AWS tools share. Who
 * has logged in has one; it is not renewed here. */
#include "aws/internal.h"

#define VARIABLE_PREFIX "AWS_BEARER_TOKEN_"
#define VARIABLE_MAX    128

/* AWS_BEARER_TOKEN_<SIGNING NAME>; it never expires as far as we know. */
static struct gw_view from_environment(const struct gw_service *service)
{
    struct gw_view name = gw_service_signing_name(service);
    struct gw_buf variable;
    gw_buf_init(&variable, VARIABLE_MAX);
    gw_buf_add_text(&variable, VARIABLE_PREFIX);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_lower = c >= 'a' && c <= 'z';
        gw_buf_add_char(&variable, is_lower ? (char)(c - 'a' + 'A') : c == '-' ? '_' : c);
    }
    struct gw_view token = gw_environment(variable.data);
    gw_buf_clear(&variable);
    gw_secret_add(token);
    return token;
}

static bool fail(const struct gw_settings *settings, const char *what, struct gw_err *err)
{
    return gw_fail(err, GW_ERR_CREDENTIALS,
                   "the service takes the token of a single sign-on session: %s; run 'gwrun login "
                   "--profile %.*s'",
                   what, GW_VIEW_ARGS(settings->profile));
}

static bool from_session(const struct gw_config *config, const struct gw_settings *settings,
                         int64_t now_epoch_s, struct gw_arena *arena, struct gw_view *token,
                         struct gw_err *err)
{
    struct gw_sso_token found;
    struct gw_err unread = {0};
    struct gw_sso_session session = {
        .name = gw_config_get(config, settings->profile, GW_VIEW("sso_session"))};
    if (session.name.len == 0) {
        return gw_fail(err, GW_ERR_CREDENTIALS,
                       "the service takes the token of a single sign-on session: the profile "
                       "'%.*s' names no sso_session",
                       GW_VIEW_ARGS(settings->profile));
    }
    if (!gw_sso_token_read(&session, arena, &found, &unread)) {
        return fail(settings,
                    unread.code == GW_ERR_NOT_FOUND ? "nobody has logged in" : unread.message, err);
    }
    if (found.expires_epoch_s <= now_epoch_s) {
        return fail(settings, "the one of the last log-in expired", err);
    }
    *token = found.access_token;
    return true;
}

bool gw_bearer_applies(const struct gw_operation *op)
{
    const struct gw_service *service = gw_operation_service(op);
    return gw_operation_auth(op) == GW_AUTH_BEARER ||
           (gw_custom_takes_token(service) && from_environment(service).len > 0);
}

bool gw_bearer_find(const struct gw_config *config, const struct gw_settings *settings,
                    const struct gw_service *service, int64_t now_epoch_s, struct gw_arena *arena,
                    struct gw_view *token, struct gw_err *err)
{
    *token = from_environment(service);
    return token->len > 0 || from_session(config, settings, now_epoch_s, arena, token, err);
}
