/* credentials_chain: which source gives the credentials, by AWS's order, from configuration and
 * environment alone; nobody is asked. The first source that is configured is taken, and what is
 * wrong with it is an error, never a reason to look further.
 *
 * A profile's role is assumed with the credentials of another profile or of a named source, so that
 * the answer is a chain: each role stands on its base. A profile is visited once. */
#include "aws/internal.h"

#define VISITS_MAX 16

#define CONTAINER_HOST "http://169.254.170.2"

struct visit {
    const struct visit *previous;
    struct gw_view profile;
};

struct planner {
    const struct gw_config *config;
    const struct gw_settings *settings;
    struct gw_arena *arena;
    struct gw_err *err;
};

static struct gw_link *plan_profile(const struct planner *p, struct gw_view profile,
                                    const struct visit *visits);

static struct gw_view get(const struct planner *p, struct gw_view profile, const char *key)
{
    return gw_view_trim(gw_config_get(p->config, profile, gw_view_of(key)));
}

static struct gw_link *add_link(const struct planner *p, enum gw_link_kind kind,
                                struct gw_view profile)
{
    struct gw_link *link = gw_arena_alloc(p->arena, sizeof *link);
    link->kind = kind;
    link->profile = profile;
    return link;
}

static struct gw_link *fail_profile(const struct planner *p, struct gw_view profile,
                                    const char *what)
{
    gw_fail(p->err, GW_ERR_CREDENTIALS, "profile '%.*s': %s", GW_VIEW_ARGS(profile), what);
    return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static bool has_environment_keys(void)
{
    return gw_environment("AWS_ACCESS_KEY_ID").len > 0 ||
           gw_environment("AWS_SECRET_ACCESS_KEY").len > 0;
}

static bool read_expiration(const struct planner *p, struct gw_credentials *out)
{
    double epoch_s = 0;
    struct gw_view text = gw_environment("AWS_CREDENTIAL_EXPIRATION");
    if (text.len > 0 && !gw_time_read(text, &epoch_s)) {
        return gw_fail(p->err, GW_ERR_CREDENTIALS,
                       "environment: expected AWS_CREDENTIAL_EXPIRATION like "
                       "'2030-01-31T12:00:00Z', got '%.*s'",
                       GW_VIEW_ARGS(text));
    }
    out->expires_epoch_s = (int64_t)epoch_s;
    return true;
}

static struct gw_link *plan_environment(const struct planner *p)
{
    static const char *const names[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN"};
    struct gw_link *link = add_link(p, GW_LINK_KEYS, GW_VIEW_NONE);
    struct gw_credentials *keys = &link->credentials;
    keys->access_key_id = gw_environment(names[0]);
    keys->secret_access_key = gw_environment(names[1]);
    keys->session_token = gw_environment(names[2]);
    if (keys->session_token.len == 0) {
        keys->session_token = gw_environment("AWS_SECURITY_TOKEN"); /* its name until 2014 */
    }
    keys->account_id = gw_environment("AWS_ACCOUNT_ID");
    link->source = GW_VIEW("environment");
    return read_expiration(p, keys) &&
                   gw_credentials_take(link->source, names, p->arena, keys, p->err)
               ? link
               : NULL;
}

/* The file that the profile has static keys in; empty: none. */
static struct gw_view keys_path(const struct planner *p, struct gw_view profile)
{
    struct gw_view path = gw_config_origin(p->config, profile, GW_VIEW("aws_access_key_id"));
    return path.len > 0 ? path
                        : gw_config_origin(p->config, profile, GW_VIEW("aws_secret_access_key"));
}

static struct gw_link *plan_keys(const struct planner *p, struct gw_view profile)
{
    static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key",
                                        "aws_session_token"};
    struct gw_link *link = add_link(p, GW_LINK_KEYS, profile);
    struct gw_view path = keys_path(p, profile);
    link->credentials.access_key_id = get(p, profile, names[0]);
    link->credentials.secret_access_key = get(p, profile, names[1]);
    link->credentials.session_token = get(p, profile, names[2]);
    link->credentials.account_id = get(p, profile, "aws_account_id");
    link->source = gw_arena_printf(p->arena, "profile '%.*s' in %.*s", GW_VIEW_ARGS(profile),
                                   GW_VIEW_ARGS(path));
    return gw_credentials_take(link->source, names, p->arena, &link->credentials, p->err) ? link
                                                                                          : NULL;
}

/* ---- the container and the instance ---------------------------------------------------------- */

/* Unchecked: who fetches says what is wrong with it. */
static struct gw_link *plan_container(const struct planner *p)
{
    struct gw_view relative = gw_environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    struct gw_view full = gw_environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative.len == 0 && full.len == 0) {
        return NULL;
    }
    struct gw_link *link = add_link(p, GW_LINK_CONTAINER, GW_VIEW_NONE);
    link->url = relative.len > 0
                    ? gw_arena_printf(p->arena, CONTAINER_HOST "%.*s", GW_VIEW_ARGS(relative))
                    : gw_arena_dup(p->arena, full);
    struct gw_url url = {0};
    gw_url_parse(link->url, &url, NULL);
    link->source = gw_arena_printf(p->arena, "container (%.*s)", GW_VIEW_ARGS(url.authority));
    return link;
}

static struct gw_link *plan_instance(const struct planner *p)
{
    struct gw_link *link = add_link(p, GW_LINK_INSTANCE, GW_VIEW_NONE);
    link->source = GW_VIEW("instance metadata");
    return link;
}

static struct gw_link *plan_named_source(const struct planner *p, struct gw_view profile,
                                         struct gw_view name)
{
    if (gw_view_equal(name, GW_VIEW("Ec2InstanceMetadata"))) {
        return plan_instance(p);
    }
    if (gw_view_equal(name, GW_VIEW("Environment"))) {
        return has_environment_keys()
                   ? plan_environment(p)
                   : fail_profile(p, profile,
                                  "credential_source is Environment, but AWS_ACCESS_KEY_ID is not "
                                  "set");
    }
    if (gw_view_equal(name, GW_VIEW("EcsContainer"))) {
        struct gw_link *link = plan_container(p);
        return link ? link
                    : fail_profile(p, profile,
                                   "credential_source is EcsContainer, but neither "
                                   "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                                   "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    }
    return fail_profile(p, profile,
                        "credential_source: expected Ec2InstanceMetadata, EcsContainer or "
                        "Environment");
}

/* ---- roles ----------------------------------------------------------------------------------- */

static bool has_role(const struct planner *p, struct gw_view profile)
{
    return get(p, profile, "role_arn").len > 0 &&
           get(p, profile, "web_identity_token_file").len == 0;
}

static bool is_visited(const struct visit *visits, struct gw_view profile)
{
    while (visits && !gw_view_equal(visits->profile, profile)) {
        visits = visits->previous;
    }
    return visits != NULL;
}

/* A profile may be its own source: its keys, for its role. */
static struct gw_link *plan_source_profile(const struct planner *p, struct gw_view profile,
                                           struct gw_view source, const struct visit *visits)
{
    bool has_keys = keys_path(p, source).len > 0;
    if (!gw_config_has_profile(p->config, source)) {
        gw_fail(p->err, GW_ERR_CREDENTIALS, "profile '%.*s': its source_profile '%.*s' is missing",
                GW_VIEW_ARGS(profile), GW_VIEW_ARGS(source));
        return NULL;
    }
    if (is_visited(visits, source) && !(gw_view_equal(profile, source) && has_keys)) {
        gw_fail(p->err, GW_ERR_CREDENTIALS,
                "profile '%.*s': its source_profile '%.*s' leads back to itself",
                GW_VIEW_ARGS(profile), GW_VIEW_ARGS(source));
        return NULL;
    }
    struct gw_err failure = {0};
    struct planner inner = *p;
    inner.err = &failure;
    struct gw_link *link = plan_profile(&inner, source, visits);
    if (!link && failure.code == GW_ERR_NONE) {
        gw_fail(&failure, GW_ERR_CREDENTIALS,
                "profile '%.*s': has no credentials, but profile '%.*s' "
                "names it as source_profile",
                GW_VIEW_ARGS(source), GW_VIEW_ARGS(profile));
    }
    if (!link) {
        gw_fail(p->err, failure.code, "%s", failure.message);
    }
    return link;
}

static struct gw_link *plan_base(const struct planner *p, struct gw_view profile,
                                 const struct visit *visits)
{
    struct gw_view source = get(p, profile, "source_profile");
    struct gw_view named = get(p, profile, "credential_source");
    if (source.len > 0 && named.len > 0) {
        return fail_profile(p, profile,
                            "has both source_profile and credential_source; remove one");
    }
    if (source.len > 0) {
        return plan_source_profile(p, profile, source, visits);
    }
    if (named.len > 0) {
        return plan_named_source(p, profile, named);
    }
    return fail_profile(p, profile,
                        "has role_arn but neither source_profile nor credential_source");
}

static struct gw_link *plan_role(const struct planner *p, struct gw_view profile,
                                 const struct visit *visits)
{
    struct gw_link *base = plan_base(p, profile, visits);
    if (!base) {
        return NULL;
    }
    struct gw_link *link = add_link(p, GW_LINK_ROLE, profile);
    link->base = base;
    link->role_arn = get(p, profile, "role_arn");
    link->session_name = get(p, profile, "role_session_name");
    link->external_id = get(p, profile, "external_id");
    link->mfa_serial = get(p, profile, "mfa_serial");
    link->duration_s = get(p, profile, "duration_seconds");
    link->source = gw_arena_printf(p->arena, "role %.*s of profile '%.*s', by %.*s",
                                   GW_VIEW_ARGS(link->role_arn), GW_VIEW_ARGS(profile),
                                   GW_VIEW_ARGS(base->source));
    return link;
}

static struct gw_view first_of(struct gw_view first, struct gw_view second)
{
    return first.len > 0 ? first : second;
}

/* NULL without error: there is no token file. */
static struct gw_link *plan_web_identity(const struct planner *p, struct gw_view profile,
                                         bool with_environment)
{
    struct gw_view variables[3] = {GW_VIEW_NONE, GW_VIEW_NONE, GW_VIEW_NONE};
    if (with_environment) {
        variables[0] = gw_environment("AWS_WEB_IDENTITY_TOKEN_FILE");
        variables[1] = gw_environment("AWS_ROLE_ARN");
        variables[2] = gw_environment("AWS_ROLE_SESSION_NAME");
    }
    struct gw_view token_file = first_of(variables[0], get(p, profile, "web_identity_token_file"));
    struct gw_view role_arn = first_of(variables[1], get(p, profile, "role_arn"));
    if (token_file.len == 0) {
        return NULL;
    }
    if (role_arn.len == 0) {
        gw_fail(p->err, GW_ERR_CREDENTIALS,
                "%s: there is a web identity token file, but no role; %s",
                variables[0].len > 0 ? "AWS_WEB_IDENTITY_TOKEN_FILE" : "web_identity_token_file",
                variables[0].len > 0 ? "set AWS_ROLE_ARN" : "add role_arn to the profile");
        return NULL;
    }
    struct gw_link *link = add_link(p, GW_LINK_WEB_IDENTITY, profile);
    link->token_file = gw_path_expand(p->arena, token_file);
    link->role_arn = gw_arena_dup(p->arena, role_arn);
    link->session_name =
        gw_arena_dup(p->arena, first_of(variables[2], get(p, profile, "role_session_name")));
    link->source = gw_arena_printf(p->arena, "role %.*s, by web identity token %.*s",
                                   GW_VIEW_ARGS(role_arn), GW_VIEW_ARGS(link->token_file));
    return link;
}

/* ---- single sign-on -------------------------------------------------------------------------- */

/* What the profile and its session say; where both do, they must agree. */
static bool settle_sso(const struct planner *p, const struct gw_link *link, const char *key,
                       struct gw_view *out)
{
    struct gw_view profile = link->profile, own = get(p, profile, key);
    if (link->sso_session.len == 0) {
        *out = own;
        return own.len > 0 || fail_profile(p, profile,
                                           "uses SSO, but sso_start_url or sso_region "
                                           "is missing") != NULL;
    }
    *out = gw_view_trim(gw_config_section_get(p->config, GW_VIEW("sso-session"), link->sso_session,
                                              gw_view_of(key), GW_VIEW_NONE));
    if (out->len == 0) {
        return gw_fail(p->err, GW_ERR_CREDENTIALS, "sso-session '%.*s': %s is missing",
                       GW_VIEW_ARGS(link->sso_session), key);
    }
    if (own.len > 0 && !gw_view_equal(own, *out)) {
        return gw_fail(p->err, GW_ERR_CREDENTIALS,
                       "profile '%.*s': its %s is not that of sso-session '%.*s'; remove it",
                       GW_VIEW_ARGS(profile), key, GW_VIEW_ARGS(link->sso_session));
    }
    return true;
}

static struct gw_link *plan_sso(const struct planner *p, struct gw_view profile)
{
    struct gw_link *link = add_link(p, GW_LINK_SSO, profile);
    link->sso_session = get(p, profile, "sso_session");
    link->account_id = get(p, profile, "sso_account_id");
    link->role_name = get(p, profile, "sso_role_name");
    if (link->sso_session.len > 0 &&
        !gw_config_has_section(p->config, GW_VIEW("sso-session"), link->sso_session)) {
        gw_fail(p->err, GW_ERR_CREDENTIALS, "profile '%.*s': its sso_session '%.*s' is missing",
                GW_VIEW_ARGS(profile), GW_VIEW_ARGS(link->sso_session));
        return NULL;
    }
    if ((link->account_id.len > 0) != (link->role_name.len > 0)) {
        return fail_profile(p, profile,
                            link->account_id.len > 0 ? "has sso_account_id but not sso_role_name"
                                                     : "has sso_role_name but not sso_account_id");
    }
    if (!settle_sso(p, link, "sso_start_url", &link->start_url) ||
        !settle_sso(p, link, "sso_region", &link->sso_region)) {
        return NULL;
    }
    link->source = gw_arena_printf(p->arena, "single sign-on of profile '%.*s', role %.*s in %.*s",
                                   GW_VIEW_ARGS(profile), GW_VIEW_ARGS(link->role_name),
                                   GW_VIEW_ARGS(link->account_id));
    return link;
}

static bool has_sso(const struct planner *p, struct gw_view profile)
{
    return get(p, profile, "sso_account_id").len > 0 || get(p, profile, "sso_role_name").len > 0;
}

/* ---- the order ------------------------------------------------------------------------------- */

static struct gw_link *plan_login(const struct planner *p, struct gw_view profile)
{
    struct gw_link *link = add_link(p, GW_LINK_LOGIN, profile);
    link->login_session = get(p, profile, "login_session");
    link->source =
        gw_arena_printf(p->arena, "login session of profile '%.*s'", GW_VIEW_ARGS(profile));
    return link;
}

static struct gw_link *plan_process(const struct planner *p, struct gw_view profile)
{
    struct gw_link *link = add_link(p, GW_LINK_PROCESS, profile);
    link->command = get(p, profile, "credential_process");
    link->account_id = get(p, profile, "aws_account_id");
    link->source =
        gw_arena_printf(p->arena, "credential_process of profile '%.*s'", GW_VIEW_ARGS(profile));
    return link;
}

/* All but its role. NULL without error: it says nothing of credentials. */
static struct gw_link *plan_profile_source(const struct planner *p, struct gw_view profile,
                                           bool with_environment)
{
    struct gw_link *link = plan_web_identity(p, profile, with_environment);
    struct gw_view path = keys_path(p, profile);
    if (link || p->err->code != GW_ERR_NONE) {
        return link;
    }
    if (has_sso(p, profile)) {
        return plan_sso(p, profile);
    }
    if (path.len > 0 && gw_view_equal(path, gw_config_credentials_path(p->config))) {
        return plan_keys(p, profile);
    }
    if (get(p, profile, "login_session").len > 0) {
        return plan_login(p, profile);
    }
    if (get(p, profile, "credential_process").len > 0) {
        return plan_process(p, profile);
    }
    if (path.len > 0) {
        return plan_keys(p, profile);
    }
    bool has_session =
        get(p, profile, "sso_session").len > 0 || get(p, profile, "sso_start_url").len > 0;
    return has_session ? plan_sso(p, profile) : NULL;
}

/* As the source of a role. */
static struct gw_link *plan_profile(const struct planner *p, struct gw_view profile,
                                    const struct visit *visits)
{
    struct visit visit = {visits, profile};
    size_t depth = 0;
    for (const struct visit *v = visits; v; v = v->previous) {
        depth++;
    }
    if (depth >= VISITS_MAX) {
        return fail_profile(p, profile, "more than 16 profiles lead here by source_profile");
    }
    bool has_keys = keys_path(p, profile).len > 0;
    return has_role(p, profile) && !has_keys ? plan_role(p, profile, &visit)
                                             : plan_profile_source(p, profile, false);
}

bool gw_chain_fail_none(const struct gw_config *config, const struct gw_settings *settings,
                        const char *instance, struct gw_err *err)
{
    bool is_named = settings->profile_named;
    return gw_fail(
        err, GW_ERR_CREDENTIALS,
        "credentials: none found; looked at %sprofile '%.*s' in %.*s and %.*s%s%s%s; %s",
        is_named ? "" : "AWS_ACCESS_KEY_ID, ", GW_VIEW_ARGS(settings->profile),
        GW_VIEW_ARGS(gw_config_credentials_path(config)), GW_VIEW_ARGS(gw_config_path(config)),
        instance ? ", and instance metadata (" : "", instance ? instance : "", instance ? ")" : "",
        is_named ? "add keys to the profile, or name another one"
                 : "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile");
}

static struct gw_link *plan_last_resort(const struct planner *p)
{
    struct gw_link *link = plan_container(p);
    if (link) {
        return link;
    }
    if (gw_instance_is_disabled()) {
        gw_chain_fail_none(p->config, p->settings, NULL, p->err);
        return NULL;
    }
    link = plan_instance(p);
    link->is_last_resort = true;
    return link;
}

struct gw_link *gw_chain_plan(const struct gw_config *config, const struct gw_settings *settings,
                              struct gw_arena *arena, struct gw_err *err)
{
    struct gw_err failure = {0};
    struct planner p = {config, settings, arena, &failure};
    struct gw_view profile = settings->profile;
    struct visit visit = {NULL, profile};
    struct gw_link *link = NULL;
    if (!settings->profile_named && has_environment_keys()) {
        link = plan_environment(&p);
    } else if (has_role(&p, profile)) {
        link = plan_role(&p, profile, &visit);
    } else {
        link = plan_profile_source(&p, profile, !settings->profile_named);
    }
    if (!link && failure.code == GW_ERR_NONE) {
        link = plan_last_resort(&p);
    }
    if (!link) {
        gw_fail(err, failure.code, "%s", failure.message);
    }
    return link;
}
