/* What came goes to who asked: the head and the bytes of an answer to its sink, the end of it to
 * `done`. All of this happens between curl's functions. Each callback may cancel the exchange it is
 * called for, or close the transport; `delivered` tells. */
#include <stdlib.h>

#include "net/internal.h"

/* ---- the queue ------------------------------------------------------------------------------- */

void gw_exchange_ready(struct gw_exchange *exchange)
{
    struct curl_transport *transport = exchange->transport;
    if (exchange->is_ready) {
        return;
    }
    struct gw_exchange **end = &transport->ready;
    while (*end != NULL) {
        end = &(*end)->next_ready;
    }
    exchange->is_ready = true;
    *end = exchange;
}

static struct gw_exchange *take_ready(struct curl_transport *transport)
{
    struct gw_exchange *exchange = transport->ready;
    if (exchange != NULL) {
        transport->ready = exchange->next_ready;
        exchange->next_ready = NULL;
        exchange->is_ready = false;
    }
    return exchange;
}

static void leave_queue(struct gw_exchange *exchange)
{
    struct gw_exchange **link = &exchange->transport->ready;
    while (exchange->is_ready && *link != exchange) {
        link = &(*link)->next_ready;
    }
    if (exchange->is_ready) {
        *link = exchange->next_ready;
        exchange->is_ready = false;
    }
}

/* ---- the end of an exchange ------------------------------------------------------------------ */

static void unlink_exchange(struct curl_transport *transport, struct gw_exchange *exchange)
{
    if (exchange->previous != NULL) {
        exchange->previous->next = exchange->next;
    } else {
        transport->exchanges = exchange->next;
    }
    if (exchange->next != NULL) {
        exchange->next->previous = exchange->previous;
    }
}

/* From here on curl and the transport know nothing of it. */
static void detach(struct gw_exchange *exchange)
{
    struct curl_transport *transport = exchange->transport;
    unlink_exchange(transport, exchange);
    leave_queue(exchange);
    if (transport->delivered == exchange) {
        transport->delivered = NULL;
    }
    gw_timer_stop(exchange->silence);
    if (exchange->easy != NULL) {
        curl_multi_remove_handle(transport->multi.handle, exchange->easy);
        curl_easy_cleanup(exchange->easy);
    }
    curl_slist_free_all(exchange->header_lines);
    gw_queue_leave(exchange);
}

static void release(struct gw_exchange *exchange)
{
    gw_buf_clear(&exchange->body);
    gw_arena_free(exchange->arena);
    free(exchange);
}

void gw_exchange_drop(struct gw_exchange *exchange)
{
    detach(exchange);
    release(exchange);
}

static void end(struct gw_exchange *exchange, bool answered)
{
    detach(exchange);
    exchange->done(exchange->ctx, answered ? &exchange->res : NULL,
                   answered ? NULL : &exchange->err);
    release(exchange);
}

/* ---- one exchange ---------------------------------------------------------------------------- */

/* These return false when the exchange is gone. */

static bool begin(struct gw_exchange *exchange)
{
    const struct gw_body_sink *sink = exchange->req->sink;
    struct curl_transport *transport = exchange->transport;
    bool takes = sink->begin(sink->ctx, &exchange->res);
    if (transport->delivered == NULL) {
        return false;
    }
    exchange->begun = true;
    exchange->sinking = takes;
    if (!takes && !gw_exchange_collect(exchange)) {
        end(exchange, false);
        return false;
    }
    return true;
}

static bool hand_over(struct gw_exchange *exchange)
{
    const struct gw_body_sink *sink = exchange->req->sink;
    struct curl_transport *transport = exchange->transport;
    enum gw_sink_answer answer =
        sink->write(sink->ctx, gw_buf_view(&exchange->body), &exchange->err);
    if (transport->delivered == NULL) {
        return false;
    }
    if (answer == GW_SINK_ABORT) {
        end(exchange, false);
        return false;
    }
    gw_buf_reset(&exchange->body);
    exchange->paused = answer == GW_SINK_PAUSE;
    return true;
}

/* Curl hands over at once what it kept, and asks the loop for the socket again. Where that is
 * refused, it tells it here and nowhere else. */
static void release_curl(struct gw_exchange *exchange)
{
    exchange->held = false;
    CURLcode code = curl_easy_pause(exchange->easy, CURLPAUSE_CONT);
    if (code != CURLE_OK && !exchange->over) {
        exchange->over = true;
        exchange->code = code;
    }
}

static void deliver(struct gw_exchange *exchange)
{
    if (!exchange->begun && exchange->part == PART_TRAILERS && !begin(exchange)) {
        return;
    }
    do {
        if (exchange->sinking && !exchange->paused && exchange->body.len > 0 &&
            !hand_over(exchange)) {
            return;
        }
        if (exchange->held && !exchange->paused) {
            release_curl(exchange);
        }
    } while (exchange->sinking && !exchange->paused && exchange->body.len > 0);
    if (exchange->over && !exchange->paused) {
        end(exchange, gw_exchange_conclude(exchange, exchange->code));
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

void gw_deliver(struct curl_transport *transport)
{
    transport->delivering = true;
    while (!transport->closed && (transport->delivered = take_ready(transport)) != NULL) {
        deliver(transport->delivered);
    }
    transport->delivering = false;
    if (transport->closed) {
        gw_curl_free(transport);
    }
}

static void on_soon(void *ctx)
{
    struct curl_transport *transport = ctx;
    transport->soon = NULL;
    gw_deliver(transport);
}

void gw_deliver_soon(struct curl_transport *transport)
{
    if (transport->soon == NULL) {
        transport->soon = gw_timer_start(transport->loop, 0, on_soon, transport);
    }
}
