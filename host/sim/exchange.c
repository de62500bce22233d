/* exchange: the simulator as a transport. A request takes some milliseconds of the loop's clock to
 * arrive and its answer as many to come back; all of it is free on a virtual clock.
 * Connections are not simulated: each request stands alone. */
#include <stdlib.h>

#include "sim/internal.h"

#define DEFAULT_TIMEOUT_MS         60000
#define DEFAULT_MAX_RESPONSE_BYTES ((size_t)64 << 20)

static void unlink_exchange(struct gw_exchange *exchange)
{
    struct gw_sim *sim = exchange->sim;
    *(exchange->previous ? &exchange->previous->next : &sim->exchanges) = exchange->next;
    if (exchange->next) {
        exchange->next->previous = exchange->previous;
    }
}

static void release(struct gw_exchange *exchange)
{
    gw_arena_free(exchange->arena);
    free(exchange);
}

static void check_size(struct gw_exchange *exchange)
{
    size_t limit = exchange->req->max_response_bytes;
    limit = limit ? limit : DEFAULT_MAX_RESPONSE_BYTES;
    if (exchange->err.code == GW_ERR_NONE && exchange->res.body.len > limit) {
        gw_fail(&exchange->err, GW_ERR_LIMIT, "response: larger than %zu bytes", limit);
    }
}

static void deliver(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    exchange->timer = NULL;
    check_size(exchange);
    unlink_exchange(exchange); /* `done` may close the transport */
    bool lost = exchange->err.code != GW_ERR_NONE;
    exchange->done(exchange->ctx, lost ? NULL : &exchange->res, lost ? &exchange->err : NULL);
    release(exchange);
}

void gw_sim_reply(struct gw_exchange *exchange)
{
    exchange->timer = gw_timer_start(exchange->sim->loop, exchange->back_ms, deliver, exchange);
}

void gw_sim_lose(struct gw_exchange *exchange, enum gw_err_code code, struct gw_view message)
{
    gw_fail(&exchange->err, code, "%.*s", GW_VIEW_ARGS(message));
    gw_sim_reply(exchange);
}

static void arrive(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    exchange->timer = NULL;
    gw_sim_receive(exchange);
}

static int64_t draw_latency_ms(struct gw_sim *sim)
{
    double span_s = sim->latency_s[1] - sim->latency_s[0];
    double latency_s = sim->latency_s[0] + span_s * gw_sim_random_unit(&sim->wire_random);
    return (int64_t)(latency_s * 1000.0 + 0.5);
}

static void time_out(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    gw_fail(&exchange->err, GW_ERR_TIMEOUT, "%.*s: no answer in time",
            GW_VIEW_ARGS(exchange->req->url));
    deliver(exchange);
}

static struct gw_exchange *start(struct gw_transport *self, const struct gw_http_request *req,
                                 gw_http_done_fn done, void *ctx)
{
    struct gw_sim *sim = (struct gw_sim *)((char *)self - offsetof(struct gw_sim, transport));
    struct gw_exchange *exchange = gw_alloc(sizeof *exchange);
    exchange->sim = sim;
    exchange->req = req;
    exchange->done = done;
    exchange->ctx = ctx;
    exchange->arena = gw_arena_new();
    gw_sim_random_uuid(&sim->wire_random, exchange->request_id);
    exchange->next = sim->exchanges;
    if (exchange->next) {
        exchange->next->previous = exchange;
    }
    sim->exchanges = exchange;

    int64_t latency_ms = draw_latency_ms(sim);
    int64_t timeout_ms = req->timeout_ms ? req->timeout_ms : DEFAULT_TIMEOUT_MS;
    exchange->back_ms = latency_ms / 2;
    exchange->timer =
        latency_ms > timeout_ms
            ? gw_timer_start(sim->loop, timeout_ms, time_out, exchange)
            : gw_timer_start(sim->loop, latency_ms - exchange->back_ms, arrive, exchange);
    return exchange;
}

static void cancel(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    gw_timer_stop(exchange->timer);
    if (exchange->task) {
        gw_task_cancel(exchange->task);
    }
    unlink_exchange(exchange);
    release(exchange);
}

static void close_transport(struct gw_transport *self)
{
    struct gw_sim *sim = (struct gw_sim *)((char *)self - offsetof(struct gw_sim, transport));
    while (sim->exchanges) {
        cancel(self, sim->exchanges); /* NOLINT(clang-analyzer-unix.Malloc): unlinks it */
    }
}

void gw_sim_open_transport(struct gw_sim *sim)
{
    sim->transport =
        (struct gw_transport){.start = start, .cancel = cancel, .close = close_transport};
}

void gw_sim_close_transport(struct gw_sim *sim)
{
    close_transport(&sim->transport);
}
