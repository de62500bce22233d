/* session: AWS or the simulator, behind one interface. Real: the real clock, libcurl, the shared
 * config files, the caller's credentials. Simulated: a virtual clock that always begins at the same
 * moment, and nothing of this machine's configuration.
 *
 * Clients for further regions and profiles are made when first asked for. */
#include <stdlib.h>

#include "cli/internal.h"

#define SIM_START_EPOCH_MS                                                                         \
    INT64_C(1762917120000) /* 2025-11-12T03:12:00Z, as the guide's incident */
#define USER_AGENT GW_VIEW("gwrun/" GW_VERSION)

struct slot {
    struct slot *next;
    struct gw_view region, profile; /* as asked for */
    struct gw_settings settings;
    struct gw_credentials credentials; /* the simulator's */
    struct gw_identity *identity;      /* of the real ones, shared by the slots of a profile */
    bool owns_identity;                /* the first of them */
    struct gw_client *client;
};

struct gw_cli_session {
    const struct gw_cli_options *options;
    struct gw_arena *arena;
    struct gw_loop *loop;
    struct gw_sim *sim;
    struct gw_transport *transport; /* the simulator's is its own to close */
    struct gw_config *config;
    struct gw_view region, fallback_region;
    const char *region_origin;   /* of --region and the like; NULL: the settings know */
    struct gw_credentials found; /* for the run's own profile, without its keys */
    struct slot *own, *last;     /* of the list of slots; the first is the run's own */
};

const struct gw_value *gw_cli_world_settings(const struct gw_cli_options *options,
                                             struct gw_arena *arena)
{
    if (options->faults.count == 0) {
        return NULL;
    }
    struct gw_value *settings = gw_arena_alloc(arena, sizeof *settings);
    *settings = gw_value_map();
    struct gw_value *faults = gw_map_add(arena, settings, GW_VIEW("faults"));
    *faults = gw_value_list();
    for (size_t i = 0; i < options->faults.count; i++) {
        *gw_list_add(arena, faults) = gw_value_text(options->faults.items[i]);
    }
    return settings;
}

static bool open_sim(struct gw_cli_session *session, const struct gw_cli_session_options *given,
                     struct gw_err *err)
{
    const struct gw_value *settings =
        given->settings ? given->settings : gw_cli_world_settings(session->options, session->arena);
    struct gw_sim_options options = {.loop = session->loop,
                                     .world = session->options->sim_world,
                                     .folders = gw_cli_stdlib_folders(),
                                     .modules = gw_stdlib_modules,
                                     .seed = session->options->seed,
                                     .settings = settings,
                                     .real_dates = given->speed > 0,
                                     .on_call = given->on_call,
                                     .on_call_ctx = given->on_call_ctx};
    session->config = gw_config_parse(GW_VIEW(""), GW_VIEW(""), err);
    session->sim = session->config ? gw_sim_new(&options, err) : NULL;
    return session->sim != NULL;
}

struct gw_cli_session *gw_cli_session_open(const struct gw_cli_session_options *options,
                                           struct gw_err *err)
{
    struct gw_cli_session *session = gw_alloc(sizeof *session);
    bool is_virtual = options->cli->sim && options->speed == 0;
    struct gw_loop_options clock = {.clock = is_virtual ? GW_CLOCK_VIRTUAL : GW_CLOCK_REAL,
                                    .start_epoch_ms = SIM_START_EPOCH_MS,
                                    .speed = options->speed};
    session->options = options->cli;
    session->fallback_region = options->fallback_region;
    session->arena = gw_arena_new();
    session->loop = gw_loop_new(&clock);
    if (options->cli->sim && !open_sim(session, options, err)) {
        gw_cli_session_close(session);
        return NULL;
    }
    return session;
}

void gw_cli_session_close(struct gw_cli_session *session)
{
    if (!session) {
        return;
    }
    for (struct slot *slot = session->own; slot; slot = slot->next) {
        gw_client_free(slot->client);
    }
    for (struct slot *slot = session->own; slot; slot = slot->next) {
        gw_identity_free(slot->owns_identity ? slot->identity : NULL);
    }
    if (session->transport && !session->sim) {
        session->transport->close(session->transport);
    }
    gw_sim_free(session->sim);
    gw_config_close(session->config);
    gw_loop_free(session->loop);
    gw_arena_free(session->arena);
    free(session);
}

struct gw_loop *gw_cli_session_loop(struct gw_cli_session *session)
{
    return session->loop;
}

struct gw_sim *gw_cli_session_sim(struct gw_cli_session *session)
{
    return session->sim;
}

struct gw_view gw_cli_session_setting(const struct gw_cli_session *session, struct gw_view name)
{
    return session->config && session->own
               ? gw_config_get(session->config, session->own->settings.profile, name)
               : GW_VIEW_NONE;
}

/* ---- clients --------------------------------------------------------------------------------- */

static bool settle_simulated(struct gw_cli_session *session, struct slot *slot, struct gw_err *err)
{
    if (slot->profile.len > 0) {
        return gw_fail(err, GW_ERR_INPUT, "profile '%.*s': the simulator has one account only",
                       GW_VIEW_ARGS(slot->profile));
    }
    slot->settings =
        (struct gw_settings){.profile = GW_VIEW("default"), .retry_mode = GW_RETRY_STANDARD};
    slot->settings.region = slot->region.len ? slot->region : session->region;
    slot->credentials = gw_sim_credentials(session->sim);
    return true;
}

/* A profile that a client names lives in its own region; what else the run knows is that of its own
 * profile. */
static struct gw_view region_of(const struct gw_cli_session *session, const struct slot *slot)
{
    bool is_other = slot->profile.len > 0 && session->own &&
                    !gw_view_equal(slot->profile, session->own->settings.profile);
    struct gw_view own =
        is_other ? gw_config_get(session->config, slot->profile, GW_VIEW("region")) : GW_VIEW_NONE;
    return slot->region.len ? slot->region : own.len ? own : session->region;
}

static bool settle_real(struct gw_cli_session *session, struct slot *slot, struct gw_err *err)
{
    struct gw_view profile =
        slot->profile.len ? slot->profile : gw_view_of(session->options->profile);
    if (!gw_settings_resolve(session->config, profile, region_of(session, slot),
                             gw_view_of(session->options->endpoint_url), &slot->settings, err)) {
        return false;
    }
    slot->settings.without_signature = session->options->no_sign_request;
    if (session->options->ca_bundle) {
        slot->settings.ca_bundle = gw_view_of(session->options->ca_bundle);
    }
    return true;
}

static struct gw_client *make_client(struct gw_cli_session *session, const struct slot *slot)
{
    struct gw_client_options options = {.loop = session->loop,
                                        .transport = session->transport,
                                        .config = session->config,
                                        .settings = slot->settings,
                                        .identity = slot->identity,
                                        .credentials = slot->credentials,
                                        .seed = session->options->seed,
                                        .user_agent = USER_AGENT};
    return gw_client_new(&options);
}

/* Remembers a slot that is settled. */
static struct slot *keep_slot(struct gw_cli_session *session, const struct slot *slot)
{
    struct slot *kept = gw_arena_alloc(session->arena, sizeof *kept);
    *kept = *slot;
    *(session->last ? &session->last->next : &session->own) = kept;
    session->last = kept;
    return kept;
}

/* The regions of a profile share one identity: a role is assumed once, a code typed once. */
static void find_identity(struct gw_cli_session *session, struct slot *slot)
{
    for (const struct slot *other = session->own; other; other = other->next) {
        if (other->identity && gw_view_equal(other->settings.profile, slot->settings.profile) &&
            other->settings.profile_named == slot->settings.profile_named) {
            slot->identity = other->identity;
            return;
        }
    }
    struct gw_identity_options options = {.loop = session->loop,
                                          .transport = session->transport,
                                          .config = session->config,
                                          .settings = slot->settings,
                                          .user_agent = USER_AGENT,
                                          .ask_code = gw_cli_ask_code};
    slot->identity = gw_identity_new(&options);
    slot->owns_identity = true;
}

static struct gw_client *get_client(void *ctx, struct gw_view region, struct gw_view profile,
                                    struct gw_err *err)
{
    struct gw_cli_session *session = ctx;
    for (const struct slot *slot = session->own; slot; slot = slot->next) {
        if (gw_view_equal(slot->region, region) && gw_view_equal(slot->profile, profile)) {
            return slot->client;
        }
    }
    struct slot slot = {.region = gw_arena_dup(session->arena, region),
                        .profile = gw_arena_dup(session->arena, profile)};
    if (!(session->sim ? settle_simulated(session, &slot, err)
                       : settle_real(session, &slot, err))) {
        return NULL;
    }
    struct slot *kept = keep_slot(session, &slot);
    if (!session->sim) {
        find_identity(session, kept);
    }
    kept->client = make_client(session, kept);
    return kept->client;
}

const struct gw_credentials *gw_cli_session_caller(const struct gw_cli_session *session)
{
    return session->sim ? &session->own->credentials : &session->found;
}

struct gw_view gw_cli_session_region_origin(const struct gw_cli_session *session)
{
    const struct gw_settings *settings = &session->own->settings;
    if (session->region_origin) {
        return gw_view_of(session->region_origin);
    }
    if (session->sim) {
        return GW_VIEW("the simulated world");
    }
    return gw_arena_printf(session->arena, "%s%s%.*s", settings->region_origin,
                           settings->region_path.len > 0 ? " in " : "",
                           GW_VIEW_ARGS(settings->region_path));
}

struct gw_login_options gw_cli_session_login(const struct gw_cli_session *session)
{
    return (struct gw_login_options){.loop = session->loop,
                                     .transport = session->transport,
                                     .config = session->config,
                                     .settings = session->own->settings,
                                     .user_agent = USER_AGENT};
}

/* ---- settling -------------------------------------------------------------------------------- */

static bool get_world(void *ctx, struct gw_arena *arena, struct gw_value *out)
{
    struct gw_cli_session *session = ctx;
    return gw_sim_summary(session->sim, arena, out);
}

static bool ask_command(void *ctx, const struct gw_value *words, struct gw_arena *arena,
                        struct gw_value *answer, struct gw_err *err)
{
    struct gw_cli_session *session = ctx;
    return gw_sim_command(session->sim, words, arena, answer, err);
}

/* --region, GWRUN_REGION, then the declaration; what AWS's own variables and the profile say comes
 * after those, in gw_settings_resolve. */
static struct gw_view choose_region(struct gw_cli_session *session, struct gw_view declared)
{
    const char *environment = getenv("GWRUN_REGION");
    if (session->options->region) {
        session->region_origin = "--region";
        return gw_view_of(session->options->region);
    }
    if (environment && environment[0]) {
        session->region_origin = "GWRUN_REGION";
        return gw_view_of(environment);
    }
    session->region_origin = declared.len > 0 ? "the runbook" : NULL;
    return declared;
}

static bool open_network(struct gw_cli_session *session, struct gw_view ca_bundle,
                         struct gw_err *err)
{
    struct gw_curl_options curl = {
        .ca_bundle = ca_bundle.len ? gw_arena_dup(session->arena, ca_bundle).data : NULL,
        .user_agent = "gwrun/" GW_VERSION};
    session->transport = gw_curl_open(session->loop, &curl, err);
    return session->transport != NULL;
}

/* What the waiting for credentials has come to. */
struct arrival {
    bool has_come;
    struct gw_credentials *credentials; /* texts of the session's life */
    struct gw_arena *arena;
    struct gw_err err;
};

static void on_credentials(void *ctx, const struct gw_credentials *credentials,
                           const struct gw_err *err)
{
    struct arrival *arrival = ctx;
    arrival->has_come = true;
    if (!credentials) {
        arrival->err = *err;
        return;
    }
    arrival->credentials->account_id = gw_arena_dup(arrival->arena, credentials->account_id);
    arrival->credentials->source = gw_arena_dup(arrival->arena, credentials->source);
    arrival->credentials->expires_epoch_s = credentials->expires_epoch_s;
}

/* Waits until there are credentials, so that a run does not begin without. */
static bool await_credentials(struct gw_cli_session *session, struct gw_identity *identity,
                              struct gw_credentials *out, struct gw_err *err)
{
    struct arrival arrival = {.credentials = out, .arena = session->arena};
    struct gw_identity_wait *wait = gw_identity_get(identity, on_credentials, &arrival);
    while (!arrival.has_come && gw_loop_step(session->loop)) {
    }
    if (!arrival.has_come) {
        gw_identity_cancel(wait);
        return gw_fail(err, GW_ERR_INTERNAL, "credentials: the search for them has stopped");
    }
    return arrival.err.code == GW_ERR_NONE ||
           gw_fail(err, arrival.err.code, "%s", arrival.err.message);
}

static bool settle_session(struct gw_cli_session *session, bool needs_aws, struct slot *own,
                           struct gw_err *err)
{
    if (session->sim) {
        session->transport = gw_sim_transport(session->sim);
        if (session->region.len == 0) {
            session->region = gw_sim_region(session->sim);
        }
        return settle_simulated(session, own, err);
    }
    session->config = gw_config_open(err);
    if (!session->config || !settle_real(session, own, err)) {
        return false;
    }
    if (own->settings.region.len == 0) {
        own->settings.region = session->fallback_region;
        session->region_origin = "where no region is set";
    }
    session->region = own->settings.region;
    if (needs_aws && session->region.len == 0) {
        return gw_fail(err, GW_ERR_INPUT,
                       "no region: add '--region', set AWS_REGION, or name it in the profile");
    }
    if (!open_network(session, own->settings.ca_bundle, err)) {
        return false;
    }
    find_identity(session, own);
    return !needs_aws || own->settings.without_signature ||
           await_credentials(session, own->identity, &session->found, err);
}

bool gw_cli_session_settle(struct gw_cli_session *session, struct gw_view declared_region,
                           bool needs_aws, struct gw_run_target *out, struct gw_err *err)
{
    struct slot *own = session->own ? session->own : keep_slot(session, &(struct slot){0});
    session->region = gw_arena_dup(session->arena, choose_region(session, declared_region));
    if (!settle_session(session, needs_aws, own, err)) {
        return false;
    }
    gw_client_free(own->client);
    own->client = make_client(session, own);
    *out = (struct gw_run_target){.client = get_client,
                                  .world = session->sim ? get_world : NULL,
                                  .command = session->sim ? ask_command : NULL,
                                  .ctx = session,
                                  .transport = session->transport,
                                  .region = session->region,
                                  .account = session->sim ? own->credentials.account_id
                                                          : session->found.account_id};
    return true;
}
