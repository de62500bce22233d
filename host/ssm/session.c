/* A session over connections that come and go. A connection that is lost is opened again with a new
 * token, after a pause that doubles; what was not acknowledged is sent again then (channel.c). */
#include <stdlib.h>

#include "codec/codec.h"
#include "ssm/internal.h"

#define KEEP_ALIVE_MS    (5 * 60 * 1000) /* as the published client */
#define LOOK_MS          5000
#define SILENCE_MS       20000 /* in which no answer comes to input: the connection is dead */
#define FIRST_PAUSE_MS   100
#define LONGEST_PAUSE_MS 5000
#define MAX_ATTEMPTS     8 /* in a row: about 15 s */
#define FIRST_ATTEMPTS   4 /* of a session that was never there: about 1 s */

struct gw_ssm_session {
    struct gw_loop *loop;
    struct gw_transport *transport;
    struct gw_ssm_session_events events;
    void *ctx;
    struct gw_ssm_channel *channel;
    struct gw_websocket *socket; /* NULL: there is no connection */
    struct gw_buf url, token;
    struct gw_timer *keep_alive, *look;
    int64_t heard_ms; /* when the last message came */
    struct gw_timer *retry;
    int attempts; /* that failed in a row, with no message in between */
    uint64_t progress;
    bool is_open; /* the connection */
    bool was_open;
    bool is_over;
    bool is_held;
    struct gw_err loss;
};

static void connect_again(struct gw_ssm_session *session);

static void drop_connection(struct gw_ssm_session *session)
{
    gw_timer_stop(session->keep_alive);
    gw_timer_stop(session->look);
    session->keep_alive = session->look = NULL;
    if (session->socket != NULL) {
        session->socket->close(session->socket);
        session->socket = NULL;
    }
    session->is_open = false;
}

static void end(struct gw_ssm_session *session, struct gw_view reason, const struct gw_err *err)
{
    if (session->is_over) {
        return;
    }
    session->is_over = true;
    gw_timer_stop(session->retry);
    session->retry = NULL;
    drop_connection(session);
    session->events.closed(session->ctx, reason, err);
}

/* ---- the connection -------------------------------------------------------------------------- */

static void on_keep_alive(void *ctx)
{
    struct gw_ssm_session *session = ctx;
    session->socket->ping(session->socket, GW_VIEW("keepalive"));
    session->keep_alive =
        gw_timer_start_background(session->loop, KEEP_ALIVE_MS, on_keep_alive, session);
}

static void lose(struct gw_ssm_session *session, const struct gw_err *err);

/* A network that is gone tells nobody: what was sent is only not answered. */
static void on_look(void *ctx)
{
    struct gw_ssm_session *session = ctx;
    int64_t now_ms = gw_loop_now_ms(session->loop);
    bool is_fine = session->is_held || !gw_ssm_channel_awaits(session->channel);
    session->look = NULL;
    if (is_fine) {
        session->heard_ms = now_ms;
    }
    if (now_ms - session->heard_ms >= SILENCE_MS) {
        struct gw_err err;
        gw_fail(&err, GW_ERR_NETWORK, "session: nothing has come for %d s", SILENCE_MS / 1000);
        lose(session, &err);
        return;
    }
    session->look = gw_timer_start_background(session->loop, LOOK_MS, on_look, session);
}

static void on_opened(void *ctx)
{
    struct gw_ssm_session *session = ctx;
    session->is_open = true;
    session->was_open = true;
    session->heard_ms = gw_loop_now_ms(session->loop);
    session->socket->hold(session->socket, session->is_held);
    on_keep_alive(session);
    on_look(session);
    gw_ssm_channel_connected(session->channel, gw_buf_view(&session->token));
}

static void on_message(void *ctx, bool is_text, struct gw_view bytes)
{
    struct gw_ssm_session *session = ctx;
    session->heard_ms = gw_loop_now_ms(session->loop);
    if (!is_text) {
        gw_ssm_channel_receive(session->channel, bytes);
    }
}

static void on_retry(void *ctx)
{
    struct gw_ssm_session *session = ctx;
    session->retry = NULL;
    if (session->was_open) {
        session->events.lost(session->ctx, &session->loss);
    } else {
        connect_again(session);
    }
}

static void lose(struct gw_ssm_session *session, const struct gw_err *err)
{
    bool was_open = session->is_open;
    session->loss = *err;
    uint64_t progress = gw_ssm_channel_progress(session->channel);
    session->attempts = progress > session->progress ? 0 : session->attempts;
    session->progress = progress;
    drop_connection(session);
    if (was_open) {
        gw_ssm_channel_disconnected(session->channel);
    }
    int most = session->was_open ? MAX_ATTEMPTS : FIRST_ATTEMPTS;
    if (++session->attempts >= most || err->code == GW_ERR_INPUT) {
        end(session, GW_VIEW(""), err);
        return;
    }
    int64_t pause_ms = FIRST_PAUSE_MS << (session->attempts - 1);
    pause_ms = pause_ms < LONGEST_PAUSE_MS ? pause_ms : LONGEST_PAUSE_MS;
    gw_log(GW_LOG_INFO, "session: connection lost: %s", err->message);
    session->retry = gw_timer_start(session->loop, pause_ms, on_retry, session);
}

static void on_closed(void *ctx, const struct gw_err *err)
{
    lose(ctx, err);
}

static bool connect_now(struct gw_ssm_session *session, struct gw_err *err)
{
    static const struct gw_websocket_events events = {on_opened, on_message, on_closed};
    char key[GW_WEBSOCKET_KEY_SIZE], accept[GW_WEBSOCKET_ACCEPT_SIZE];
    gw_websocket_key(key);
    gw_websocket_accept(gw_view_of(key), accept);
    struct gw_websocket_request request = {
        .url = gw_buf_view(&session->url), .key = gw_view_of(key), .accept = gw_view_of(accept)};
    session->socket =
        session->transport->connect(session->transport, &request, &events, session, err);
    return session->socket != NULL;
}

static void connect_again(struct gw_ssm_session *session)
{
    struct gw_err err;
    if (!connect_now(session, &err)) {
        lose(session, &err);
    }
}

/* ---- the channel ----------------------------------------------------------------------------- */

static void on_send(void *ctx, bool is_text, struct gw_view bytes)
{
    struct gw_ssm_session *session = ctx;
    if (session->is_open) {
        session->socket->send(session->socket, is_text, bytes);
    }
}

static void on_ready(void *ctx, struct gw_view greeting)
{
    struct gw_ssm_session *session = ctx;
    session->events.ready(session->ctx, greeting);
}

static void on_key(void *ctx, struct gw_view key_id)
{
    struct gw_ssm_session *session = ctx;
    session->events.key(session->ctx, key_id);
}

static void on_output(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes)
{
    struct gw_ssm_session *session = ctx;
    session->events.output(session->ctx, stream, bytes);
}

static void on_taken(void *ctx)
{
    struct gw_ssm_session *session = ctx;
    session->events.taken(session->ctx);
}

static void on_channel_closed(void *ctx, struct gw_view reason, const struct gw_err *err)
{
    end(ctx, reason, err);
}

/* ---- the caller's side ----------------------------------------------------------------------- */

static void set_text(struct gw_buf *buf, struct gw_view text)
{
    gw_wipe(buf->data, buf->len);
    gw_buf_reset(buf);
    gw_buf_add(buf, text);
}

struct gw_ssm_session *gw_ssm_session_open(struct gw_loop *loop, struct gw_transport *transport,
                                           struct gw_view url, struct gw_view token,
                                           const struct gw_ssm_session_events *events, void *ctx,
                                           struct gw_err *err)
{
    static const struct gw_ssm_events channel_events = {.send = on_send,
                                                        .ready = on_ready,
                                                        .key = on_key,
                                                        .output = on_output,
                                                        .taken = on_taken,
                                                        .closed = on_channel_closed};
    if (transport->connect == NULL) {
        gw_fail(err, GW_ERR_DENIED, "session: there are no WebSockets here");
        return NULL;
    }
    struct gw_ssm_session *session = gw_alloc(sizeof *session);
    session->loop = loop;
    session->transport = transport;
    session->events = *events;
    session->ctx = ctx;
    gw_buf_init(&session->url, 64u << 10);
    gw_buf_init(&session->token, 64u << 10);
    set_text(&session->url, url);
    set_text(&session->token, token);
    session->channel = gw_ssm_channel_new(loop, &channel_events, session);
    if (!connect_now(session, err)) {
        gw_ssm_session_close(session);
        return NULL;
    }
    return session;
}

void gw_ssm_session_close(struct gw_ssm_session *session)
{
    if (session == NULL) {
        return;
    }
    if (session->is_open && !session->is_over) {
        gw_ssm_channel_terminate(session->channel);
    }
    session->is_over = true;
    gw_timer_stop(session->retry);
    drop_connection(session);
    gw_ssm_channel_free(session->channel);
    gw_wipe(session->token.data, session->token.len);
    gw_buf_clear(&session->token);
    gw_buf_clear(&session->url);
    free(session);
}

void gw_ssm_session_resume(struct gw_ssm_session *session, struct gw_view url, struct gw_view token)
{
    if (session->is_over) {
        return;
    }
    if (url.len > 0) {
        set_text(&session->url, url);
    }
    set_text(&session->token, token);
    connect_again(session);
}

void gw_ssm_session_abandon(struct gw_ssm_session *session, const struct gw_err *err)
{
    end(session, GW_VIEW(""), err);
}

void gw_ssm_session_postpone(struct gw_ssm_session *session, const struct gw_err *err)
{
    if (!session->is_over) {
        lose(session, err);
    }
}

void gw_ssm_session_hold(struct gw_ssm_session *session, bool held)
{
    session->is_held = held;
    if (session->is_open) {
        session->socket->hold(session->socket, held);
    }
}

struct gw_ssm_channel *gw_ssm_session_channel(struct gw_ssm_session *session)
{
    return session->channel;
}
