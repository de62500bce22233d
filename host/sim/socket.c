/* socket: a WebSocket to a session without a network: what a message takes on its way is the same as of a request. */
#include <stdlib.h>

#include "codec/codec.h"
#include "sim/internal.h"

#define LATENCY_MS 10
#define HELD_MS    20 /* then it is tried again whether the client takes messages */

struct socket {
    struct gw_websocket base; /* first: the public pointer is a pointer to this */
    struct gw_sim *sim;
    struct gw_websocket_events events;
    void *ctx;
    struct gw_sim_session *session; /* NULL: there is none, or it has hung up */
    struct mail *mails;             /* under way */
    struct gw_timer *timer;         /* of the opening, or of the end */
    bool is_held;
};

struct mail {
    struct mail *next;
    struct socket *socket;
    struct gw_timer *timer;
    bool is_to_agent, is_text;
    struct gw_buf bytes;
};

/* ---- messages ---------------------------------------------------------------------------------- */

static void take_out(struct mail *mail)
{
    struct mail **place = &mail->socket->mails;
    while (*place != mail) {
        place = &(*place)->next;
    }
    *place = mail->next;
}

static void drop(struct mail *mail)
{
    gw_buf_clear(&mail->bytes);
    free(mail);
}

static void send_from_agent(void *ctx, bool is_text, struct gw_view bytes);
static void on_hang_up(void *ctx);

static void arrive(void *ctx)
{
    struct mail *mail = ctx;
    struct socket *socket = mail->socket;
    if (!mail->is_to_agent && socket->is_held) {
        mail->timer = gw_timer_start(socket->sim->loop, HELD_MS, arrive, mail);
        return;
    }
    take_out(mail);
    if (!mail->is_to_agent) {
        socket->events.message(socket->ctx, mail->is_text, gw_buf_view(&mail->bytes));
    } else if (socket->session) {
        const struct gw_sim_connection connection = {send_from_agent, on_hang_up, socket};
        gw_sim_session_receive(socket->session, &connection, mail->is_text,
                               gw_buf_view(&mail->bytes));
    }
    drop(mail);
}

static void post(struct socket *socket, bool is_to_agent, bool is_text, struct gw_view bytes)
{
    struct mail *mail = gw_alloc(sizeof *mail);
    *mail = (struct mail){
        .next = socket->mails, .socket = socket, .is_to_agent = is_to_agent, .is_text = is_text};
    gw_buf_init(&mail->bytes, bytes.len);
    gw_buf_add(&mail->bytes, bytes);
    mail->timer = gw_timer_start(socket->sim->loop, LATENCY_MS, arrive, mail);
    socket->mails = mail;
}

static void send_from_agent(void *ctx, bool is_text, struct gw_view bytes)
{
    post(ctx, false, is_text, bytes);
}

/* ---- opening and end --------------------------------------------------------------------------- */

static void on_over(void *ctx)
{
    struct socket *socket = ctx;
    struct gw_err err;
    socket->timer = NULL;
    gw_fail(&err, GW_ERR_NETWORK, "the simulated agent's host: connection reset by peer");
    socket->events.closed(socket->ctx, &err);
}

static void on_hang_up(void *ctx)
{
    struct socket *socket = ctx;
    socket->session = NULL;
    gw_timer_stop(socket->timer);
    socket->timer = gw_timer_start(socket->sim->loop, LATENCY_MS, on_over, socket);
}

static void on_opened(void *ctx)
{
    struct socket *socket = ctx;
    socket->timer = NULL;
    socket->events.opened(socket->ctx);
}

/* ---- the public side --------------------------------------------------------------------------- */

static void send_message(struct gw_websocket *self, bool is_text, struct gw_view bytes)
{
    post((struct socket *)self, true, is_text, bytes);
}

static void ping(struct gw_websocket *self, struct gw_view bytes)
{
    (void)self, (void)bytes; /* a pong says nothing here */
}

static void hold(struct gw_websocket *self, bool held)
{
    ((struct socket *)self)->is_held = held;
}

static void close_socket(struct gw_websocket *self)
{
    struct socket *socket = (struct socket *)self;
    gw_timer_stop(socket->timer);
    for (struct mail *mail = socket->mails, *next; mail; mail = next) {
        next = mail->next;
        gw_timer_stop(mail->timer);
        drop(mail);
    }
    if (socket->session) {
        gw_sim_session_lose(socket->session, socket);
    }
    free(socket);
}

struct gw_websocket *gw_sim_connect(struct gw_transport *self,
                                    const struct gw_websocket_request *request,
                                    const struct gw_websocket_events *events, void *ctx,
                                    struct gw_err *err)
{
    struct gw_sim *sim = gw_sim_of_transport(self);
    struct gw_sim_session *session = gw_sim_find_session(sim, gw_sim_session_in(request->url));
    if (!session) {
        gw_fail(err, GW_ERR_NETWORK, "the simulated world has no session at '%.*s'",
                GW_VIEW_ARGS(request->url));
        return NULL;
    }
    struct socket *socket = gw_alloc(sizeof *socket);
    *socket = (struct socket){.base = {send_message, ping, hold, close_socket},
                              .sim = sim,
                              .events = *events,
                              .ctx = ctx,
                              .session = session};
    socket->timer = gw_timer_start(sim->loop, LATENCY_MS, on_opened, socket);
    return &socket->base;
}
