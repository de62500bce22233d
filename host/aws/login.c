/* login: the device flow of single sign-on (RFC 8628). The program registers, gets a code for a person
 * to confirm, and asks for the token until there is one, the code has expired, or somebody refuses.
 * Limits: the code's own life, at most an hour; a question every second at the most. */
#include "aws/internal.h"

#include <stdlib.h>

#define CLIENT_NAME      GW_VIEW("gwrun")
#define DEFAULT_SCOPE    GW_VIEW("sso:account:access")
#define DEVICE_GRANT     GW_VIEW("urn:ietf:params:oauth:grant-type:device_code")
#define DEFAULT_PERIOD_S 5
#define SLOW_DOWN_S      5
#define CODE_LIFE_MAX_S  3600

struct gw_login {
    struct gw_login_options options;
    struct gw_arena *arena;
    struct gw_sso_session session;
    struct gw_sso_registration registration;
    struct gw_view scopes, device_code;
    int64_t period_s, code_ends_s;
    struct gw_client *client;
    struct gw_timer *timer;
};

static void ask_token(void *ctx);

/* ---- where to log in ------------------------------------------------------------------------- */

static struct gw_view session_property(const struct gw_login *login, const char *key)
{
    struct gw_view name = login->session.name;
    const struct gw_config *config = login->options.config;
    return gw_view_trim(
        name.len > 0 ? gw_config_section_get(config, GW_VIEW("sso-session"), name, gw_view_of(key),
                                             GW_VIEW_NONE)
                     : gw_config_get(config, login->options.settings.profile, gw_view_of(key)));
}

static bool find_session(struct gw_login *login, struct gw_err *err)
{
    const struct gw_config *config = login->options.config;
    struct gw_view profile = login->options.settings.profile;
    struct gw_view name = login->options.session;
    if (name.len == 0) {
        name = gw_view_trim(gw_config_get(config, profile, GW_VIEW("sso_session")));
    }
    login->session.name = name;
    if (name.len > 0 && !gw_config_has_section(config, GW_VIEW("sso-session"), name)) {
        struct gw_view path = gw_config_path(config);
        return gw_fail(err, GW_ERR_INPUT, "sso-session '%.*s': is not in %.*s", GW_VIEW_ARGS(name),
                       GW_VIEW_ARGS(path));
    }
    login->session.start_url = session_property(login, "sso_start_url");
    login->session.region = session_property(login, "sso_region");
    login->scopes = session_property(login, "sso_registration_scopes");
    if (login->session.start_url.len > 0 && login->session.region.len > 0) {
        return true;
    }
    if (name.len > 0) {
        return gw_fail(err, GW_ERR_INPUT, "sso-session '%.*s': has no %s", GW_VIEW_ARGS(name),
                       login->session.start_url.len > 0 ? "sso_region" : "sso_start_url");
    }
    return gw_fail(
        err, GW_ERR_INPUT,
        "profile '%.*s': has neither sso_session nor sso_start_url and sso_region; name a "
        "profile that has, or a session",
        GW_VIEW_ARGS(profile));
}

/* ---- calls ----------------------------------------------------------------------------------- */

static int64_t now_s(const struct gw_login *login)
{
    return gw_loop_wall_ms(login->options.loop) / 1000;
}

/* `done` may be anybody's end: nothing is touched after it. */
static void end(struct gw_login *login, int64_t expires_epoch_s, const struct gw_err *err)
{
    struct gw_login_options options = login->options;
    struct gw_err failure = err ? *err : (struct gw_err){0};
    gw_login_cancel(login);
    options.done(options.ctx, expires_epoch_s, err ? &failure : NULL);
}

static void fail_call(struct gw_login *login, const struct gw_call_result *result)
{
    struct gw_err err = {0};
    if (result->err) {
        err = *result->err;
    } else {
        const struct gw_aws_error *error = result->error;
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one of the two is there */
        gw_fail(&err, GW_ERR_CREDENTIALS, "%.*s:%.*s: %.*s (%.*s)", GW_VIEW_ARGS(error->service),
                GW_VIEW_ARGS(error->operation), GW_VIEW_ARGS(gw_view_sub(error->message, 0, 400)),
                GW_VIEW_ARGS(error->code));
    }
    end(login, 0, &err);
}

static void put(struct gw_login *login, struct gw_value *map, const char *key, struct gw_view text)
{
    *gw_map_add(login->arena, map, gw_view_of(key)) = gw_value_string(text);
}

static bool call(struct gw_login *login, const char *operation, const struct gw_value *input,
                 gw_call_done_fn done, struct gw_err *err)
{
    const struct gw_service *service = gw_models_find(gw_models_builtin(), GW_VIEW("sso-oidc"));
    struct gw_call_request request = {.op =
                                          gw_service_find_operation(service, gw_view_of(operation)),
                                      .input = input,
                                      .done = done,
                                      .ctx = login};
    return gw_call_start(login->client, &request, err) != NULL;
}

static void call_or_end(struct gw_login *login, const char *operation, const struct gw_value *input,
                        gw_call_done_fn done)
{
    struct gw_err err = {0};
    if (!call(login, operation, input, done, &err)) {
        end(login, 0, &err);
    }
}

static struct gw_view keep(struct gw_login *login, const struct gw_value *output, const char *key)
{
    return gw_arena_dup(login->arena, gw_map_text(output, gw_view_of(key)));
}

static int64_t number(const struct gw_value *output, const char *key, int64_t fallback)
{
    const struct gw_value *value = gw_map_get(output, gw_view_of(key));
    return value && value->kind == GW_INT && value->as.integer > 0 ? value->as.integer : fallback;
}

/* ---- the token ------------------------------------------------------------------------------- */

static void wait(struct gw_login *login)
{
    struct gw_err err = {0};
    if (now_s(login) + login->period_s >= login->code_ends_s) {
        gw_fail(&err, GW_ERR_CREDENTIALS, "login: nobody confirmed the code in time; start again");
        end(login, 0, &err);
        return;
    }
    login->timer = gw_timer_start(login->options.loop, login->period_s * 1000, ask_token, login);
}

static void keep_token(struct gw_login *login, const struct gw_value *output)
{
    struct gw_sso_token token;
    struct gw_err err = {0};
    bool is_kept = gw_sso_token_store(&login->session, &login->registration, output, now_s(login),
                                      login->arena, &token, &err);
    end(login, token.expires_epoch_s, is_kept ? NULL : &err);
}

static void on_token(void *ctx, const struct gw_call_result *result)
{
    struct gw_login *login = ctx;
    struct gw_view code = result->error ? result->error->code : GW_VIEW_NONE;
    struct gw_err err = {0};
    if (result->output) {
        keep_token(login, result->output);
    } else if (gw_view_equal(code, GW_VIEW("AuthorizationPendingException"))) {
        wait(login);
    } else if (gw_view_equal(code, GW_VIEW("SlowDownException"))) {
        login->period_s += SLOW_DOWN_S;
        wait(login);
    } else if (gw_view_equal(code, GW_VIEW("ExpiredTokenException"))) {
        gw_fail(&err, GW_ERR_CREDENTIALS, "login: nobody confirmed the code in time; start again");
        end(login, 0, &err);
    } else {
        fail_call(login, result);
    }
}

static void ask_token(void *ctx)
{
    struct gw_login *login = ctx;
    struct gw_value input = gw_value_map();
    login->timer = NULL;
    put(login, &input, "clientId", login->registration.client_id);
    put(login, &input, "clientSecret", login->registration.client_secret);
    put(login, &input, "grantType", DEVICE_GRANT);
    put(login, &input, "deviceCode", login->device_code);
    call_or_end(login, "CreateToken", &input, on_token);
}

/* ---- the code -------------------------------------------------------------------------------- */

static void on_code(void *ctx, const struct gw_call_result *result)
{
    struct gw_login *login = ctx;
    const struct gw_value *output = result->output;
    if (!output) {
        fail_call(login, result);
        return;
    }
    int64_t life_s = number(output, "expiresIn", CODE_LIFE_MAX_S);
    login->device_code = keep(login, output, "deviceCode");
    login->period_s = number(output, "interval", DEFAULT_PERIOD_S);
    login->code_ends_s = now_s(login) + (life_s < CODE_LIFE_MAX_S ? life_s : CODE_LIFE_MAX_S);
    gw_secret_add(login->device_code);
    struct gw_login_prompt prompt = {.url = gw_map_text(output, GW_VIEW("verificationUri")),
                                     .code = gw_map_text(output, GW_VIEW("userCode")),
                                     .url_with_code =
                                         gw_map_text(output, GW_VIEW("verificationUriComplete")),
                                     .expires_epoch_s = login->code_ends_s};
    login->options.prompt(login->options.ctx, &prompt);
    wait(login);
}

static void on_registered(void *ctx, const struct gw_call_result *result)
{
    struct gw_login *login = ctx;
    struct gw_value input = gw_value_map();
    if (!result->output) {
        fail_call(login, result);
        return;
    }
    login->registration = (struct gw_sso_registration){
        .client_id = keep(login, result->output, "clientId"),
        .client_secret = keep(login, result->output, "clientSecret"),
        .expires_at =
            gw_time_text(login->arena, number(result->output, "clientSecretExpiresAt", 0))};
    gw_secret_add(login->registration.client_secret);
    put(login, &input, "clientId", login->registration.client_id);
    put(login, &input, "clientSecret", login->registration.client_secret);
    put(login, &input, "startUrl", login->session.start_url);
    call_or_end(login, "StartDeviceAuthorization", &input, on_code);
}

/* Sessions with a name ask for what their tokens may be used for; the old kind knows no scopes. */
static void add_scopes(struct gw_login *login, struct gw_value *input)
{
    struct gw_view rest = login->scopes.len > 0 ? login->scopes : DEFAULT_SCOPE, scope;
    if (login->session.name.len == 0) {
        return;
    }
    struct gw_value *scopes = gw_map_add(login->arena, input, GW_VIEW("scopes"));
    *scopes = gw_value_list();
    while (gw_view_next(&rest, ',', &scope)) {
        *gw_list_add(login->arena, scopes) = gw_value_string(gw_view_trim(scope));
    }
}

struct gw_login *gw_login_start(const struct gw_login_options *options, struct gw_err *err)
{
    struct gw_login *login = gw_alloc(sizeof *login);
    struct gw_value input = gw_value_map();
    login->options = *options;
    login->arena = gw_arena_new();
    if (!find_session(login, err)) {
        gw_login_cancel(login);
        return NULL;
    }
    struct gw_client_options client = {.loop = options->loop,
                                       .transport = options->transport,
                                       .config = options->config,
                                       .settings = options->settings,
                                       .user_agent = options->user_agent};
    client.settings.region = login->session.region;
    login->client = gw_client_new(&client);
    put(login, &input, "clientName", CLIENT_NAME);
    put(login, &input, "clientType", GW_VIEW("public"));
    add_scopes(login, &input);
    if (!call(login, "RegisterClient", &input, on_registered, err)) {
        gw_login_cancel(login);
        return NULL;
    }
    return login;
}

void gw_login_cancel(struct gw_login *login)
{
    if (login) {
        gw_timer_stop(login->timer);
        gw_client_free(login->client);
        gw_arena_free(login->arena);
        free(login);
    }
}
