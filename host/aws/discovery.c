/* discovery: services that tell each account where to ask them (traits endpointdiscovery and
 * endpointoperation; botocore/discovery.py). A client asks once and keeps the answer for the time
 * that comes with it; calls wait meanwhile. Where asking fails, what was said last serves for another
 * minute. One answer holds for the whole service: no model has parameters any more that decide. */
#include "aws/internal.h"

#define STALE_MS       60000
#define PERIOD_MAX_MIN 1000000

struct gw_discovery { /* of a client and service */
    struct gw_discovery *next;
    struct gw_client *client;
    const struct gw_service *service;
    struct gw_discovery_wait *waits;
    bool asking;
    struct gw_err failure; /* the last one, where the url is not known */
    struct gw_view url;    /* empty: not known */
    int64_t expires_ms;
};

static const struct gw_operation *find_answers(const struct gw_service *service)
{
    for (size_t i = 0; i < gw_service_operation_count(service); i++) {
        const struct gw_operation *op = gw_service_operation(service, i);
        if (gw_operation_discovery(op) == GW_DISCOVERY_ANSWERS) {
            return op;
        }
    }
    return NULL;
}

static struct gw_discovery *get(struct gw_client *client, const struct gw_service *service)
{
    struct gw_discovery *found = client->discoveries;
    while (found && found->service != service) {
        found = found->next;
    }
    if (!found) {
        found = gw_arena_alloc(client->arena, sizeof *found);
        *found = (struct gw_discovery){client->discoveries, client, service, .waits = NULL};
        client->discoveries = found;
    }
    return found;
}

static int64_t now_ms(const struct gw_discovery *discovery)
{
    return gw_loop_now_ms(discovery->client->options.loop);
}

/* ---- those that wait ------------------------------------------------------------------------- */

void gw_discovery_leave(struct gw_discovery_wait *wait)
{
    if (wait->timer) {
        gw_timer_stop(wait->timer);
    } else if (wait->discovery && wait->previous) {
        wait->previous->next = wait->next;
    } else if (wait->discovery) {
        wait->discovery->waits = wait->next;
    }
    if (wait->next) {
        wait->next->previous = wait->previous;
    }
    wait->discovery = NULL;
    wait->next = wait->previous = NULL;
    wait->timer = NULL;
}

static void join(struct gw_discovery *discovery, struct gw_discovery_wait *wait)
{
    wait->discovery = discovery;
    wait->next = discovery->waits;
    if (wait->next) {
        wait->next->previous = wait;
    }
    discovery->waits = wait;
}

static void on_told(void *ctx)
{
    struct gw_discovery_wait *wait = ctx;
    struct gw_discovery *discovery = wait->discovery;
    struct gw_err failure = discovery->failure; /* who is told may free the client */
    bool is_known = discovery->url.len > 0;
    wait->discovery = NULL;
    wait->timer = NULL;
    wait->fn(wait->ctx, is_known ? NULL : &failure);
}

/* From the loop, each by itself: who is told may end the others. */
static void tell(struct gw_discovery *discovery)
{
    while (discovery->waits) {
        struct gw_discovery_wait *wait = discovery->waits;
        gw_discovery_leave(wait);
        wait->discovery = discovery;
        wait->timer = gw_timer_start(discovery->client->options.loop, 0, on_told, wait);
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* The first of {Endpoints = {{Address, CachePeriodInMinutes}}}. */
static bool take(struct gw_discovery *discovery, const struct gw_value *output)
{
    const struct gw_value *list = gw_map_get(output, GW_VIEW("Endpoints"));
    if (!list || list->kind != GW_LIST || list->as.list.count == 0) {
        return false;
    }
    const struct gw_value *first = &list->as.list.items[0];
    const struct gw_value *period = gw_map_get(first, GW_VIEW("CachePeriodInMinutes"));
    struct gw_view address = gw_map_text(first, GW_VIEW("Address"));
    struct gw_arena *arena = discovery->client->arena;
    struct gw_url ignored;
    int64_t minutes = 0;
    struct gw_view url = gw_arena_printf(
        arena, "%s%.*s", gw_view_starts_with(address, GW_VIEW("http")) ? "" : "https://",
        GW_VIEW_ARGS(address));
    if (!gw_url_parse(url, &ignored, NULL) || !period || !gw_value_integer(period, &minutes)) {
        return false;
    }
    minutes = minutes < 1 ? 1 : minutes > PERIOD_MAX_MIN ? PERIOD_MAX_MIN : minutes;
    discovery->url = url;
    discovery->expires_ms = now_ms(discovery) + minutes * 60000;
    return true;
}

static void describe_failure(const struct gw_call_result *result, struct gw_err *err)
{
    struct gw_view service = gw_service_name(gw_operation_service(result->op));
    *err = (struct gw_err){0};
    if (result->err) {
        *err = *result->err;
    } else if (result->error) {
        gw_fail(err, GW_ERR_NETWORK, "%.*s (%.*s)", GW_VIEW_ARGS(result->error->message),
                GW_VIEW_ARGS(result->error->code));
    } else {
        gw_fail(err, GW_ERR_PROTOCOL, "the answer names no endpoint");
    }
    gw_err_prefix(err, "%.*s does not say where to ask it", GW_VIEW_ARGS(service));
}

static void on_answer(void *ctx, const struct gw_call_result *result)
{
    struct gw_discovery *discovery = ctx;
    discovery->asking = false;
    if (!result->output || !take(discovery, result->output)) {
        describe_failure(result, &discovery->failure);
        discovery->expires_ms = now_ms(discovery) + STALE_MS;
    }
    tell(discovery);
}

/* ---- the question ---------------------------------------------------------------------------- */

static bool ask(struct gw_discovery *discovery, struct gw_err *err)
{
    const struct gw_value nothing = gw_value_map();
    struct gw_call_request request = {.op = find_answers(discovery->service),
                                      .input = &nothing,
                                      .done = on_answer,
                                      .ctx = discovery};
    if (!request.op) {
        return gw_fail(err, GW_ERR_NOT_FOUND,
                       "the model has no operation that says where to ask it");
    }
    discovery->asking = gw_call_start(discovery->client, &request, err) != NULL;
    return discovery->asking;
}

bool gw_discovery_enter(struct gw_client *client, const struct gw_operation *op,
                        struct gw_discovery_wait *wait, struct gw_view *url, struct gw_err *err)
{
    const struct gw_service *service = gw_operation_service(op);
    struct gw_view custom;
    *url = GW_VIEW_NONE;
    if (gw_operation_discovery(op) != GW_DISCOVERY_REQUIRED) {
        return true;
    }
    if (!gw_endpoint_custom(client->options.config, &client->options.settings, service, &custom,
                            err)) {
        return false;
    }
    struct gw_discovery *discovery = get(client, service);
    if (custom.len > 0 || (discovery->url.len > 0 && now_ms(discovery) < discovery->expires_ms)) {
        *url = custom.len > 0 ? GW_VIEW_NONE : discovery->url;
        return true;
    }
    if (!discovery->asking && !ask(discovery, err)) {
        return false;
    }
    join(discovery, wait);
    return true;
}

void gw_discovery_forget(struct gw_client *client, const struct gw_operation *op)
{
    get(client, gw_operation_service(op))->url = GW_VIEW_NONE;
}
