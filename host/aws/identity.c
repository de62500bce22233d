/* identity: the credentials of one profile over time. A chain of links is planned once; those that
 * have to be asked for are renewed from the base up, one at a time, for all who wait.
 *
 * Times: a renewal that nobody has to wait for begins 15 minutes before the end, one that all wait
 * for 10 minutes before it. A failure of the former costs nothing and is not repeated for a minute.
 * Fresh credentials that are close to their end already are used until they end. */
#include "aws/internal.h"

#include <stdlib.h>

#define ADVISORY_S  (15 * 60)
#define MANDATORY_S (10 * 60)
#define PAUSE_S     60

struct gw_identity_wait {
    struct gw_identity_wait *next;
    struct gw_identity *identity;
    gw_identity_done_fn done;
    void *ctx;
};

struct gw_identity {
    struct gw_identity_options options;
    struct gw_arena *arena;
    struct gw_link *chain; /* its last link; NULL: not planned yet */
    int64_t skew_ms;
    bool anew; /* the next renewal asks no cache */

    struct gw_identity_wait *waits; /* in order of arrival */
    struct gw_fetch *fetch;         /* under way, or */
    struct gw_timer *timer;         /* about to begin */
    bool *is_gone;                  /* set while callbacks run, which may free us */
};

static void proceed(void *ctx);

/* ---- life ------------------------------------------------------------------------------------ */

struct gw_identity *gw_identity_new(const struct gw_identity_options *options)
{
    struct gw_identity *identity = gw_alloc(sizeof *identity);
    identity->options = *options;
    identity->arena = gw_arena_new();
    /* Even where others are used: programs that we start may tell them. */
    gw_secret_add(gw_environment("AWS_SECRET_ACCESS_KEY"));
    gw_secret_add(gw_environment("AWS_SESSION_TOKEN"));
    return identity;
}

static void free_fetch(struct gw_fetch *fetch)
{
    const struct gw_identity_options *options = &fetch->identity->options;
    if (fetch->exchange) {
        options->transport->cancel(options->transport, fetch->exchange);
    }
    gw_timer_stop(fetch->timer);
    gw_client_free(fetch->client);
    gw_process_stop(fetch->process);
    gw_arena_free(fetch->arena);
    free(fetch);
}

static void forget(struct gw_link *link)
{
    if (link->kind != GW_LINK_KEYS) {
        link->credentials = (struct gw_credentials){0};
        gw_arena_free(link->arena);
        link->arena = NULL;
    }
}

void gw_identity_free(struct gw_identity *identity)
{
    if (!identity) {
        return;
    }
    if (identity->fetch) {
        free_fetch(identity->fetch);
    }
    gw_timer_stop(identity->timer);
    if (identity->is_gone) {
        *identity->is_gone = true;
    }
    for (struct gw_link *link = identity->chain; link; link = link->base) {
        forget(link);
    }
    gw_arena_free(identity->arena);
    free(identity);
}

const struct gw_identity_options *gw_identity_options(const struct gw_identity *identity)
{
    return &identity->options;
}

int64_t gw_identity_epoch_s(const struct gw_identity *identity)
{
    return (gw_loop_wall_ms(identity->options.loop) + identity->skew_ms) / 1000;
}

void gw_identity_correct_clock(struct gw_identity *identity, int64_t skew_ms)
{
    identity->skew_ms = skew_ms;
}

/* ---- what is known without asking ------------------------------------------------------------ */

/* Once it has succeeded. */
static bool plan(struct gw_identity *identity, struct gw_err *err)
{
    const struct gw_identity_options *options = &identity->options;
    if (!identity->chain && options->given.access_key_id.len > 0) {
        identity->chain = gw_arena_alloc(identity->arena, sizeof *identity->chain);
        identity->chain->credentials = options->given;
    } else if (!identity->chain) {
        identity->chain = gw_chain_plan(options->config, &options->settings, identity->arena, err);
    }
    return identity->chain != NULL;
}

static bool lasts(const struct gw_identity *identity, const struct gw_link *link, int64_t seconds)
{
    const struct gw_credentials *credentials = &link->credentials;
    return credentials->access_key_id.len > 0 &&
           (credentials->expires_epoch_s == 0 ||
            gw_identity_epoch_s(identity) + seconds < credentials->expires_epoch_s);
}

static bool fail_expired(const struct gw_link *link, struct gw_err *err)
{
    struct gw_buf when;
    gw_buf_init(&when, 64);
    gw_time_write((double)link->credentials.expires_epoch_s, GW_TIME_ISO8601, &when);
    gw_fail(err, GW_ERR_CREDENTIALS, "credentials: those from %.*s expired at %s; renew them",
            GW_VIEW_ARGS(link->credentials.source), when.data ? when.data : "an unknown time");
    gw_buf_clear(&when);
    return false;
}

bool gw_identity_check(struct gw_identity *identity, struct gw_err *err)
{
    if (!plan(identity, err)) {
        return false;
    }
    struct gw_link *base = identity->chain;
    while (base->base) {
        base = base->base;
    }
    bool is_over = base->kind == GW_LINK_KEYS && !lasts(identity, base, 0) &&
                   !lasts(identity, identity->chain, 0);
    return !is_over || fail_expired(base, err);
}

/* ---- when to renew --------------------------------------------------------------------------- */

/* Somebody has to type a code for it. */
static bool needs_operator(const struct gw_link *link)
{
    while (link && link->mfa_serial.len == 0) {
        link = link->base;
    }
    return link != NULL;
}

/* Just renewed, or just tried in vain. */
static bool is_settled(const struct gw_identity *identity, const struct gw_link *link)
{
    return link->kind == GW_LINK_KEYS || gw_identity_epoch_s(identity) < link->retry_epoch_s;
}

/* They can be used without waiting for others. */
static bool is_usable(const struct gw_identity *identity, const struct gw_link *link)
{
    return lasts(identity, link, is_settled(identity, link) ? 0 : MANDATORY_S);
}

static bool is_due(const struct gw_identity *identity, const struct gw_link *link)
{
    return link->kind != GW_LINK_KEYS &&
           !lasts(identity, link, is_settled(identity, link) ? 0 : ADVISORY_S);
}

/* The deepest link that the renewal of this one has to begin with; NULL: none is due. */
static struct gw_link *first_due(const struct gw_identity *identity, struct gw_link *link)
{
    if (!is_due(identity, link)) {
        return NULL;
    }
    struct gw_link *below = link->base ? first_due(identity, link->base) : NULL;
    return below ? below : link;
}

static void schedule(struct gw_identity *identity)
{
    if (!identity->fetch && !identity->timer) {
        identity->timer = gw_timer_start(identity->options.loop, 0, proceed, identity);
    }
}

const struct gw_credentials *gw_identity_peek(struct gw_identity *identity)
{
    if (!plan(identity, NULL) || !is_usable(identity, identity->chain)) {
        return NULL;
    }
    struct gw_link *chain = identity->chain;
    if (is_due(identity, chain) && !needs_operator(chain)) {
        schedule(identity); /* beside the calls */
    }
    return &chain->credentials;
}

bool gw_identity_renews(const struct gw_identity *identity)
{
    const struct gw_link *chain = identity->chain;
    return chain && chain->kind != GW_LINK_KEYS && !needs_operator(chain);
}

bool gw_identity_invalidate(struct gw_identity *identity, struct gw_view access_key_id)
{
    struct gw_link *chain = identity->chain;
    if (!chain || chain->kind == GW_LINK_KEYS) {
        return false;
    }
    if (gw_view_equal(chain->credentials.access_key_id, access_key_id)) { /* else renewed already */
        for (struct gw_link *link = chain; link; link = link->base) {
            forget(link);
            link->retry_epoch_s = 0;
        }
        identity->anew = true;
    }
    return true;
}

/* ---- waiting --------------------------------------------------------------------------------- */

struct gw_identity_wait *gw_identity_get(struct gw_identity *identity, gw_identity_done_fn done,
                                         void *ctx)
{
    struct gw_identity_wait *wait = gw_alloc(sizeof *wait);
    struct gw_identity_wait **end = &identity->waits;
    *wait = (struct gw_identity_wait){NULL, identity, done, ctx};
    while (*end) {
        end = &(*end)->next;
    }
    *end = wait;
    schedule(identity);
    return wait;
}

static void unlink_wait(struct gw_identity_wait *wait)
{
    struct gw_identity_wait **link = &wait->identity->waits;
    while (*link != wait) {
        link = &(*link)->next;
    }
    *link = wait->next;
}

void gw_identity_cancel(struct gw_identity_wait *wait)
{
    if (wait) {
        unlink_wait(wait);
        free(wait);
    }
}

/* Those who come while these are told wait for the next turn. */
static void tell(struct gw_identity *identity, const struct gw_err *err)
{
    struct gw_err failure = err ? *err : (struct gw_err){0};
    bool is_gone = false;
    size_t count = 0;
    for (const struct gw_identity_wait *wait = identity->waits; wait; wait = wait->next) {
        count++;
    }
    /* cppcheck-suppress autoVariables ; taken back below */
    identity->is_gone = &is_gone;
    while (!is_gone && count-- > 0 && identity->waits) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): cancelling unlinks it */
        struct gw_identity_wait wait = *identity->waits;
        gw_identity_cancel(identity->waits);
        wait.done(wait.ctx, err ? NULL : &identity->chain->credentials, err ? &failure : NULL);
    }
    if (is_gone) {
        return;
    }
    identity->is_gone = NULL;
    if (identity->waits) {
        schedule(identity);
    }
}

/* ---- renewing -------------------------------------------------------------------------------- */

static void start_fetch(struct gw_identity *identity, struct gw_link *link)
{
    static void (*const starters[])(struct gw_fetch *) = {
        [GW_LINK_ROLE] = gw_fetch_role,         [GW_LINK_WEB_IDENTITY] = gw_fetch_web_identity,
        [GW_LINK_SSO] = gw_fetch_sso,           [GW_LINK_LOGIN] = gw_fetch_login,
        [GW_LINK_PROCESS] = gw_fetch_process,   [GW_LINK_CONTAINER] = gw_fetch_container,
        [GW_LINK_INSTANCE] = gw_fetch_instance,
    };
    struct gw_fetch *fetch = gw_alloc(sizeof *fetch);
    *fetch = (struct gw_fetch){
        .identity = identity, .link = link, .arena = gw_arena_new(), .anew = identity->anew};
    identity->fetch = fetch;
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): keys that are there are not fetched */
    starters[link->kind](fetch);
}

/* The next step of a renewal, or its end. */
static void proceed(void *ctx)
{
    struct gw_identity *identity = ctx;
    struct gw_err err = {0};
    identity->timer = NULL;
    if (!gw_identity_check(identity, &err)) {
        tell(identity, &err);
        return;
    }
    struct gw_link *link = first_due(identity, identity->chain);
    bool is_wanted =
        identity->waits ? !is_usable(identity, identity->chain) : !needs_operator(identity->chain);
    if (link && is_wanted) {
        start_fetch(identity, link);
        return;
    }
    identity->anew = false;
    tell(identity, NULL);
}

static struct gw_credentials copy(const struct gw_credentials *credentials, struct gw_arena *arena)
{
    return (struct gw_credentials){.access_key_id = gw_arena_dup(arena, credentials->access_key_id),
                                   .secret_access_key =
                                       gw_arena_dup(arena, credentials->secret_access_key),
                                   .session_token = gw_arena_dup(arena, credentials->session_token),
                                   .account_id = gw_arena_dup(arena, credentials->account_id),
                                   .source = gw_arena_dup(arena, credentials->source),
                                   .expires_epoch_s = credentials->expires_epoch_s};
}

void gw_fetch_finish(struct gw_fetch *fetch, const struct gw_credentials *credentials)
{
    struct gw_identity *identity = fetch->identity;
    struct gw_link *link = fetch->link;
    struct gw_arena *arena = gw_arena_new();
    struct gw_credentials *kept = &link->credentials;
    struct gw_arena *old = link->arena;
    *kept = copy(credentials, arena);
    link->arena = arena;
    if (fetch->client && fetch->client->skew_ms != 0) { /* their expiry is in AWS's time */
        identity->skew_ms = fetch->client->skew_ms;
    }
    link->retry_epoch_s = gw_identity_epoch_s(identity) + PAUSE_S;
    gw_arena_free(old);
    identity->fetch = NULL;
    free_fetch(fetch);
    struct gw_err err = {0};
    if (!lasts(identity, link, 0)) {
        fail_expired(link, &err);
        tell(identity, &err);
        return;
    }
    schedule(identity);
}

void gw_fetch_fail(struct gw_fetch *fetch, const struct gw_err *err)
{
    struct gw_identity *identity = fetch->identity;
    struct gw_err failure = *err;
    if (failure.code != GW_ERR_CANCELLED) {
        failure.code = GW_ERR_CREDENTIALS;
    }
    identity->fetch = NULL;
    free_fetch(fetch);
    if (identity->waits) {
        tell(identity, &failure);
        return;
    }
    identity->chain->retry_epoch_s = gw_identity_epoch_s(identity) + PAUSE_S;
    gw_log(GW_LOG_INFO, "%s; going on with the old credentials", failure.message);
}

/* ---- what sources ask with ------------------------------------------------------------------- */

void gw_fetch_send(struct gw_fetch *fetch, gw_http_done_fn done)
{
    struct gw_transport *transport = fetch->identity->options.transport;
    fetch->request.no_proxy = true;
    fetch->exchange = transport->start(transport, &fetch->request, done, fetch);
}

void gw_fetch_call(struct gw_fetch *fetch, const struct gw_fetch_call *call,
                   const struct gw_value *input, gw_call_done_fn done)
{
    const struct gw_identity_options *own = &fetch->identity->options;
    struct gw_client_options options = {.loop = own->loop,
                                        .transport = own->transport,
                                        .config = own->config,
                                        .settings = own->settings,
                                        .headers = call->headers,
                                        .user_agent = own->user_agent};
    struct gw_err err = {0};
    const struct gw_service *service =
        gw_models_find(gw_models_builtin(), gw_view_of(call->service));
    const struct gw_operation *op = gw_service_find_operation(service, gw_view_of(call->operation));
    options.settings.region = call->region;
    if (call->credentials) { /* which may be refused and forgotten while the call is under way */
        options.credentials = copy(call->credentials, fetch->arena);
    }
    gw_client_free(fetch->client);
    fetch->client = gw_client_new(&options);
    struct gw_call_request request = {.op = op, .input = input, .done = done, .ctx = fetch};
    if (!gw_call_start(fetch->client, &request, &err)) {
        gw_err_prefix(&err, "%.*s", GW_VIEW_ARGS(fetch->link->source));
        gw_fetch_fail(fetch, &err);
    }
}

void gw_fetch_fail_call(struct gw_fetch *fetch, const struct gw_call_result *result,
                        const char *advice)
{
    struct gw_err err = {0};
    struct gw_view source = fetch->link->source;
    if (result->err) {
        gw_fail(&err, result->err->code, "%.*s: %s", GW_VIEW_ARGS(source), result->err->message);
    } else {
        const struct gw_aws_error *error = result->error;
        struct gw_view message = gw_view_sub(gw_view_trim(error->message), 0, 400);
        gw_fail(&err, GW_ERR_CREDENTIALS, "%.*s: %.*s:%.*s: %.*s (%.*s%s%.*s)%s%s",
                GW_VIEW_ARGS(source), GW_VIEW_ARGS(error->service), GW_VIEW_ARGS(error->operation),
                GW_VIEW_ARGS(message), GW_VIEW_ARGS(error->code),
                result->request_id.len > 0 ? ", request " : "", GW_VIEW_ARGS(result->request_id),
                advice ? "; " : "", advice ? advice : "");
    }
    gw_fetch_fail(fetch, &err);
}
