/* exchange: the simulator as a transport. A request takes some milliseconds of the loop's clock to
 * arrive and its answer as many to come back; all of it is free on a virtual clock.
 * An answer may also come piece by piece. Connections are not simulated: each request stands alone.
 */
#include <stdlib.h>

#include "codec/codec.h"
#include "sim/internal.h"

#define DEFAULT_READ_TIMEOUT_MS    60000
#define DEFAULT_MAX_RESPONSE_BYTES ((size_t)64 << 20)
#define MAX_PIECES_BYTES           ((size_t)64 << 20) /* under way to the client */

/* Until the first byte, and between two. */
static int64_t read_timeout_ms(const struct gw_exchange *exchange)
{
    int64_t asked_ms = exchange->req->read_timeout_ms;
    return asked_ms > 0 ? asked_ms : DEFAULT_READ_TIMEOUT_MS;
}

static int64_t first_timeout_ms(const struct gw_exchange *exchange)
{
    int64_t whole_ms = exchange->req->timeout_ms, read_ms = read_timeout_ms(exchange);
    return whole_ms > 0 && whole_ms < read_ms ? whole_ms : read_ms;
}

/* From here on nothing happens to it any more. */
static void detach(struct gw_exchange *exchange)
{
    struct gw_sim *sim = exchange->sim;
    gw_timer_stop(exchange->timer);
    gw_timer_stop(exchange->silence);
    gw_sim_stop_events(exchange);
    if (exchange->task) {
        gw_task_cancel(exchange->task);
    }
    if (sim->delivered == exchange) {
        sim->delivered = NULL;
    }
    *(exchange->previous ? &exchange->previous->next : &sim->exchanges) = exchange->next;
    if (exchange->next) {
        exchange->next->previous = exchange->previous;
    }
}

static void release(struct gw_exchange *exchange)
{
    gw_buf_clear(&exchange->pieces);
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

static void end(struct gw_exchange *exchange)
{
    if (!exchange->is_sinking && exchange->pieces.len > 0) {
        exchange->res.body = gw_buf_view(&exchange->pieces);
    }
    check_size(exchange);
    detach(exchange); /* `done` may close the transport */
    bool lost = exchange->err.code != GW_ERR_NONE;
    exchange->done(exchange->ctx, lost ? NULL : &exchange->res, lost ? &exchange->err : NULL);
    release(exchange);
}

/* ---- to a sink ------------------------------------------------------------------------------- */

/* These return false when the sink has cancelled the exchange. */

static bool begin(struct gw_exchange *exchange)
{
    const struct gw_body_sink *sink = exchange->req->sink;
    struct gw_sim *sim = exchange->sim;
    struct gw_http_response head = exchange->res;
    head.body = GW_VIEW_NONE;
    exchange->has_begun = true;
    bool takes = sink && sink->begin(sink->ctx, &head);
    if (sim->delivered == NULL) {
        return false;
    }
    exchange->is_sinking = takes;
    return true;
}

static bool hand_over(struct gw_exchange *exchange, struct gw_view bytes)
{
    const struct gw_body_sink *sink = exchange->req->sink;
    struct gw_sim *sim = exchange->sim;
    struct gw_err err = {0};
    enum gw_sink_answer answer =
        bytes.len > 0 ? sink->write(sink->ctx, bytes, &err) : GW_SINK_TAKEN;
    if (sim->delivered == NULL) {
        return false;
    }
    exchange->is_paused = answer == GW_SINK_PAUSE;
    if (answer == GW_SINK_ABORT) {
        exchange->err = err;
    }
    return true;
}

static bool hand_over_all(struct gw_exchange *exchange)
{
    struct gw_view body = exchange->res.body;
    exchange->res.body = GW_VIEW_NONE;
    if (!hand_over(exchange, body) ||
        (!exchange->is_paused && !hand_over(exchange, gw_buf_view(&exchange->pieces)))) {
        return false;
    }
    gw_buf_reset(&exchange->pieces);
    return true;
}

static void fall_silent(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    exchange->silence = NULL;
    gw_fail(&exchange->err, GW_ERR_TIMEOUT, "%.*s: silent for %g s",
            GW_VIEW_ARGS(exchange->req->url), (double)read_timeout_ms(exchange) / 1000);
    end(exchange);
}

static void deliver(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    struct gw_sim *sim = exchange->sim;
    bool is_lost = exchange->err.code != GW_ERR_NONE;
    exchange->timer = NULL;
    sim->delivered = exchange;
    if (!is_lost && ((!exchange->has_begun && !begin(exchange)) ||
                     (exchange->is_sinking && !exchange->is_paused && !hand_over_all(exchange)))) {
        return;
    }
    sim->delivered = NULL;
    is_lost = exchange->err.code != GW_ERR_NONE;
    if (is_lost || !(exchange->is_open || exchange->is_paused)) {
        end(exchange);
        return;
    }
    gw_timer_stop(exchange->silence);
    exchange->silence =
        exchange->is_paused || !exchange->is_sinking
            ? NULL
            : gw_timer_start(sim->loop, read_timeout_ms(exchange), fall_silent, exchange);
}

/* ---- the way back ---------------------------------------------------------------------------- */

static void fail_late(struct gw_exchange *exchange)
{
    gw_fail(&exchange->err, GW_ERR_TIMEOUT, "%.*s: no answer in time",
            GW_VIEW_ARGS(exchange->req->url));
}

/* What is sent while something is on its way already arrives with that. */
static void send_back(struct gw_exchange *exchange)
{
    if (exchange->timer) {
        return;
    }
    if (!exchange->has_begun && exchange->back_ms > first_timeout_ms(exchange)) {
        exchange->back_ms = first_timeout_ms(exchange);
        fail_late(exchange);
    }
    exchange->timer = gw_timer_start(exchange->sim->loop, exchange->back_ms, deliver, exchange);
}

static void add_date(struct gw_exchange *exchange)
{
    struct gw_buf date;
    gw_buf_init(&date, 64);
    gw_time_write((double)gw_sim_epoch_s(exchange->sim), GW_TIME_RFC822, &date);
    gw_headers_add(exchange->arena, &exchange->res.headers, GW_VIEW("date"),
                   gw_arena_dup(exchange->arena, gw_buf_view(&date)));
    gw_buf_clear(&date);
}

void gw_sim_reply(struct gw_exchange *exchange)
{
    add_date(exchange);
    send_back(exchange);
}

void gw_sim_lose(struct gw_exchange *exchange, enum gw_err_code code, struct gw_view message)
{
    gw_fail(&exchange->err, code, "%.*s", GW_VIEW_ARGS(message));
    send_back(exchange);
}

void gw_sim_reply_open(struct gw_exchange *exchange)
{
    exchange->is_open = true;
    add_date(exchange);
    send_back(exchange);
}

void gw_sim_reply_more(struct gw_exchange *exchange, struct gw_view bytes)
{
    if (!gw_buf_add(&exchange->pieces, bytes)) {
        gw_fail(&exchange->err, GW_ERR_LIMIT, "response: nobody reads it, and %zu bytes wait",
                exchange->pieces.len);
    }
    send_back(exchange);
}

void gw_sim_reply_close(struct gw_exchange *exchange)
{
    exchange->is_open = false;
    send_back(exchange);
}

/* ---- the way there --------------------------------------------------------------------------- */

static void arrive(void *ctx)
{
    struct gw_exchange *exchange = ctx;
    exchange->timer = NULL;
    gw_sim_receive(exchange);
}

/* A body that would be streamed is read at once. */
static bool read_source(struct gw_exchange *exchange)
{
    const struct gw_body_source *source = exchange->req->source;
    if (source->size_bytes > GW_SIM_MAX_BODY_BYTES) {
        return gw_fail(&exchange->err, GW_ERR_LIMIT,
                       "the simulator takes request bodies up to %llu bytes",
                       (unsigned long long)GW_SIM_MAX_BODY_BYTES);
    }
    char *body = gw_arena_alloc(exchange->arena, (size_t)source->size_bytes + 1);
    size_t total = 0, len = 1;
    if (!source->rewind(source->ctx, &exchange->err)) {
        return false;
    }
    for (; total < source->size_bytes && len > 0; total += len) {
        if (!source->read(source->ctx, body + total, (size_t)source->size_bytes - total, &len,
                          &exchange->err)) {
            return false;
        }
    }
    exchange->read_req = *exchange->req;
    exchange->read_req.body = (struct gw_view){body, total};
    exchange->req = &exchange->read_req;
    return true;
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
    exchange->timer = NULL;
    fail_late(exchange);
    end(exchange);
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
    exchange->events = LUA_NOREF;
    gw_buf_init(&exchange->pieces, MAX_PIECES_BYTES);
    gw_sim_random_uuid(&sim->wire_random, exchange->request_id);
    exchange->next = sim->exchanges;
    if (exchange->next) {
        exchange->next->previous = exchange;
    }
    sim->exchanges = exchange;

    if (req->source && !read_source(exchange)) {
        send_back(exchange);
        return exchange;
    }
    int64_t latency_ms = draw_latency_ms(sim);
    exchange->back_ms = latency_ms / 2;
    exchange->timer =
        latency_ms > first_timeout_ms(exchange)
            ? gw_timer_start(sim->loop, first_timeout_ms(exchange), time_out, exchange)
            : gw_timer_start(sim->loop, latency_ms - exchange->back_ms, arrive, exchange);
    return exchange;
}

static void cancel(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    detach(exchange);
    release(exchange);
}

static void resume(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    if (exchange->is_paused) {
        exchange->is_paused = false;
        if (!exchange->timer) {
            exchange->timer = gw_timer_start(exchange->sim->loop, 0, deliver, exchange);
        }
    }
}

struct gw_sim *gw_sim_of_transport(struct gw_transport *transport)
{
    return (struct gw_sim *)((char *)transport - offsetof(struct gw_sim, transport));
}

static void close_transport(struct gw_transport *self)
{
    struct gw_sim *sim = gw_sim_of_transport(self);
    while (sim->exchanges) {
        cancel(self, sim->exchanges); /* NOLINT(clang-analyzer-unix.Malloc): unlinks it */
    }
}

void gw_sim_open_transport(struct gw_sim *sim)
{
    sim->transport = (struct gw_transport){start, cancel, resume, close_transport, gw_sim_connect};
}

void gw_sim_close_transport(struct gw_sim *sim)
{
    close_transport(&sim->transport);
}
