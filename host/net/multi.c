/* A multi handle of curl on the loop. Curl says which sockets and which deadline it waits for; the
 * loop says when they are ready. */
#include <stdlib.h>

#include "net/internal.h"

/* One socket that curl waits for. */
struct socket_watch {
    struct curl_multi *multi;
    curl_socket_t fd;
    struct gw_watch *watch;
};

/* `turned` may free the multi handle, so that it comes last. */
static void deliver_done(struct curl_multi *multi)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi->handle, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            multi->over(multi->ctx, message->easy_handle, message->data.result);
        }
    }
    multi->turned(multi->ctx);
}

static void on_ready(void *ctx, int events)
{
    const struct socket_watch *socket = ctx;
    struct curl_multi *multi = socket->multi;
    int mask = (events & GW_WATCH_READ ? CURL_CSELECT_IN : 0) |
               (events & GW_WATCH_WRITE ? CURL_CSELECT_OUT : 0);
    int running;
    curl_multi_socket_action(multi->handle, socket->fd, mask, &running);
    deliver_done(multi);
}

static void on_deadline(void *ctx)
{
    struct curl_multi *multi = ctx;
    multi->timer = NULL;
    int running;
    curl_multi_socket_action(multi->handle, CURL_SOCKET_TIMEOUT, 0, &running);
    deliver_done(multi);
}

/* CURLMOPT_TIMERFUNCTION */
static int set_deadline(CURLM *handle, long timeout_ms, void *ctx)
{
    (void)handle;
    struct curl_multi *multi = ctx;
    gw_timer_stop(multi->timer);
    multi->timer = NULL;
    if (timeout_ms >= 0) {
        multi->timer = gw_timer_start(multi->loop, timeout_ms, on_deadline, multi);
    }
    return 0;
}

/* CURLMOPT_SOCKETFUNCTION */
static int set_interest(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
    (void)easy;
    struct curl_multi *multi = ctx;
    struct socket_watch *socket = assigned;
    if (socket != NULL) {
        gw_watch_stop(socket->watch);
    }
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(multi->handle, fd, NULL);
        free(socket);
        return 0;
    }
    if (socket == NULL) {
        socket = gw_alloc(sizeof *socket);
        *socket = (struct socket_watch){.multi = multi, .fd = fd};
        curl_multi_assign(multi->handle, fd, socket);
    }
    int events =
        (what & CURL_POLL_IN ? GW_WATCH_READ : 0) | (what & CURL_POLL_OUT ? GW_WATCH_WRITE : 0);
    socket->watch = gw_watch_start(multi->loop, fd, events, on_ready, socket);
    return 0;
}

void gw_multi_open(struct curl_multi *multi, struct gw_loop *loop,
                   void (*over)(void *ctx, CURL *easy, CURLcode code), void (*turned)(void *ctx),
                   void *ctx)
{
    *multi = (struct curl_multi){
        .loop = loop, .handle = curl_multi_init(), .over = over, .turned = turned, .ctx = ctx};
    if (multi->handle == NULL) {
        abort(); /* out of memory */
    }
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, set_interest);
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, set_deadline);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi);
}

void gw_multi_close(struct curl_multi *multi)
{
    curl_multi_cleanup(multi->handle);
    gw_timer_stop(multi->timer);
}
