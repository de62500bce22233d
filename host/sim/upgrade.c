/* upgrade: a connection to the listener's port that has become a WebSocket to a session. */
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sim/internal.h"

#define READ_BYTES 16384

struct peer {
    struct peer *previous, *next;
    struct gw_sim *sim;
    struct gw_sim_session *session; /* NULL: hung up, and to be closed */
    struct MHD_UpgradeResponseHandle *handle;
    struct gw_frames *frames;
    struct gw_watch *watch;
    struct gw_timer *ending;
    int fd, watched;
};

static void on_ready(void *ctx, int events);

static void watch(struct peer *peer)
{
    int wanted = GW_WATCH_READ | (gw_frames_output(peer->frames).len > 0 ? GW_WATCH_WRITE : 0);
    if (peer->watch && peer->watched == wanted) {
        return;
    }
    if (peer->watch) {
        gw_watch_stop(peer->watch);
    }
    peer->watch = gw_watch_start(peer->sim->loop, peer->fd, wanted, on_ready, peer);
    peer->watched = wanted;
}

static void finish(struct peer *peer)
{
    *(peer->previous ? &peer->previous->next : &peer->sim->peers) = peer->next;
    if (peer->next) {
        peer->next->previous = peer->previous;
    }
    if (peer->session) {
        gw_sim_session_lose(peer->session, peer);
    }
    if (peer->watch) {
        gw_watch_stop(peer->watch);
    }
    gw_timer_stop(peer->ending);
    gw_frames_free(peer->frames);
    MHD_upgrade_action(peer->handle, MHD_UPGRADE_ACTION_CLOSE);
    free(peer);
}

static void on_ending(void *ctx)
{
    struct peer *peer = ctx;
    peer->ending = NULL;
    finish(peer);
}

/* What comes from a session may come in the middle of a turn: it ends later. */
static void finish_soon(struct peer *peer)
{
    if (!peer->ending) {
        peer->ending = gw_timer_start(peer->sim->loop, 0, on_ending, peer);
    }
}

static void on_hang_up(void *ctx)
{
    struct peer *peer = ctx;
    peer->session = NULL;
    finish_soon(peer);
}

static void on_send(void *ctx, bool is_text, struct gw_view bytes)
{
    struct peer *peer = ctx;
    gw_frames_send(peer->frames, is_text ? GW_FRAME_TEXT : GW_FRAME_BINARY, bytes);
    watch(peer);
}

static void on_frame(void *ctx, enum gw_frame kind, struct gw_view bytes)
{
    struct peer *peer = ctx;
    const struct gw_sim_connection connection = {on_send, on_hang_up, peer};
    if (kind == GW_FRAME_CLOSE) {
        finish_soon(peer);
    } else if (peer->session && (kind == GW_FRAME_TEXT || kind == GW_FRAME_BINARY)) {
        gw_sim_session_receive(peer->session, &connection, kind == GW_FRAME_TEXT, bytes);
    }
}

static void read_some(struct peer *peer)
{
    char bytes[READ_BYTES];
    struct gw_err err;
    ssize_t got = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0 && !gw_frames_receive(peer->frames, (struct gw_view){bytes, (size_t)got}, &err)) {
        gw_log(GW_LOG_INFO, "simulator: %s", err.message);
        finish_soon(peer);
    } else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        finish_soon(peer);
    }
}

static void write_some(struct peer *peer)
{
    struct gw_view output = gw_frames_output(peer->frames);
    ssize_t sent = send(peer->fd, output.data, output.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
        gw_frames_drop(peer->frames, (size_t)sent);
    }
}

static void on_ready(void *ctx, int events)
{
    struct peer *peer = ctx;
    if (events & GW_WATCH_WRITE) {
        write_some(peer);
    }
    if (events & GW_WATCH_READ) {
        read_some(peer);
    }
    watch(peer);
}

void gw_sim_serve_session(struct gw_sim *sim, struct gw_view session_id, int fd,
                          struct gw_view begun, struct MHD_UpgradeResponseHandle *handle)
{
    struct peer *peer = gw_alloc(sizeof *peer);
    struct gw_err err;
    *peer = (struct peer){.sim = sim, .next = sim->peers, .handle = handle, .fd = fd};
    if (peer->next) {
        peer->next->previous = peer;
    }
    sim->peers = peer;
    peer->session = gw_sim_find_session(sim, session_id);
    peer->frames = gw_frames_new(true, on_frame, peer);
    if (!peer->session || !gw_frames_receive(peer->frames, begun, &err)) {
        finish_soon(peer);
    }
    watch(peer);
}

void gw_sim_close_peers(struct gw_sim *sim)
{
    while (sim->peers) {
        finish(sim->peers); /* NOLINT(clang-analyzer-unix.Malloc): unlinks it */
    }
}
