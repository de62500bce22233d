/* Inside net: the curl transport in six files, multi.c (curl on the loop), curl.c, queue.c
 * (who may have a connection), request.c (a request becomes options of a handle), response.c (what
 * came back becomes an answer) and deliver.c (the answer goes to who asked, as it arrives or at its
 * end). */
#ifndef GW_NET_INTERNAL_H
#define GW_NET_INTERNAL_H

#include <curl/curl.h>

#include "net/net.h"

/* ---- multi.c --------------------------------------------------------------------------------- */

struct curl_multi {
    struct gw_loop *loop;
    CURLM *handle;
    struct gw_timer *timer; /* curl's next deadline */
    void (*over)(void *ctx, CURL *easy, CURLcode code);
    void (*turned)(void *ctx);
    void *ctx;
};

/* `over` is called for each transfer that has come to its end, then `turned`, which may close it. */
void gw_multi_open(struct curl_multi *multi, struct gw_loop *loop,
                   void (*over)(void *ctx, CURL *easy, CURLcode code), void (*turned)(void *ctx),
                   void *ctx);
void gw_multi_close(struct curl_multi *multi);

/* ---- the transport --------------------------------------------------------------------------- */

struct curl_transport {
    struct gw_transport base; /* first: the public pointer is a pointer to this */
    struct gw_loop *loop;
    struct curl_multi multi;
    struct gw_exchange *exchanges;
    struct gw_exchange *ready;     /* something is to be delivered; linked by next_ready */
    struct gw_exchange *delivered; /* to whom right now; NULL when that one is gone */
    struct gw_timer *soon;         /* delivers what a resume has made ready */
    struct host *hosts;            /* of queue.c */
    size_t active, max_active, max_active_per_host;
    char *ca_bundle, *ca_folder, *user_agent, *http_proxy; /* NULL: none */
    bool delivering; /* a callback is running: `close` may not free what it returns to */
    bool closed;
};

/* Where in the answer the next header line stands. */
enum answer_part { PART_STATUS, PART_HEADERS, PART_TRAILERS };

struct gw_exchange {
    struct curl_transport *transport;
    struct gw_exchange *next, *previous;
    const struct gw_http_request *req;
    gw_http_done_fn done;
    void *ctx;

    struct gw_arena *arena;
    struct gw_url url;
    struct gw_view place; /* "host:port", for messages */
    CURL *easy;
    struct curl_slist *header_lines;
    struct host *host; /* whose connection it has; NULL: none yet */
    struct gw_exchange *next_waiting, *previous_waiting;
    bool waits;               /* for a connection */
    struct gw_timer *silence; /* ends the exchange when nothing moves */
    int64_t begun_ms;
    int64_t moved_ms;       /* when the last byte went or came, as far as is known */
    int64_t uploaded_bytes; /* at the last look */
    uint64_t sent_bytes;    /* of the source */
    char curl_message[CURL_ERROR_SIZE];

    struct gw_http_response res;
    enum answer_part part;
    size_t header_bytes;
    struct gw_buf body;    /* collected, or on its way to the sink */
    size_t received_bytes; /* of the body */
    struct gw_err err;     /* a refusal of ours; wins over curl's account of it */

    struct gw_exchange *next_ready;
    bool is_ready;
    bool begun;   /* the sink has seen the head, or there is no sink */
    bool sinking; /* and takes the body */
    bool paused;  /* by the sink */
    bool held;    /* by us: curl waits until the sink has taken what is in `body` */
    bool silent;  /* for too long */
    bool over;    /* with this outcome: */
    CURLcode code;
};

/* The limits in force: the request's, or the defaults. */
int64_t gw_exchange_connect_timeout_ms(const struct gw_exchange *exchange);
int64_t gw_exchange_read_timeout_ms(const struct gw_exchange *exchange);

/* False with `exchange->err` for what cannot be sent; else `url` and `place` are known. */
bool gw_exchange_check(struct gw_exchange *exchange);
/* Makes `easy` ready to be added; false with `exchange->err`. */
bool gw_exchange_prepare(struct gw_exchange *exchange);

/* Prepares to receive: hooks into `easy` what collects the answer. */
bool gw_exchange_receive(struct gw_exchange *exchange);

/* A number of curl's account; 0 while there is none. */
int64_t gw_exchange_number(const struct gw_exchange *exchange, CURLINFO info);

/* The exchange is over: completes `res` and returns true, or false with `exchange->err`. */
bool gw_exchange_conclude(struct gw_exchange *exchange, CURLcode code);

/* From here on the body is collected under the request's ceiling; false when it is over already. */
bool gw_exchange_collect(struct gw_exchange *exchange);

/* ---- deliver.c ------------------------------------------------------------------------------- */

/* Something of the exchange can be delivered; gw_deliver follows, in the loop. */
void gw_exchange_ready(struct gw_exchange *exchange);

/* Calls sinks and `done` of all that is ready. Not to be called from inside curl. The transport may
 * be gone afterwards. */
void gw_deliver(struct curl_transport *transport);
void gw_deliver_soon(struct curl_transport *transport);

/* Forgets the exchange: it will report no more. */
void gw_exchange_drop(struct gw_exchange *exchange);

/* ---- queue.c --------------------------------------------------------------------------------- */

void gw_queue_enter(struct gw_exchange *exchange); /* begins it now, or later */
void gw_queue_leave(struct gw_exchange *exchange); /* waiting, under way, or neither */
size_t gw_queue_max_connections(size_t asked);

/* ---- websocket.c, upgrade.c ------------------------------------------------------------------- */

struct gw_websocket *gw_websocket_connect(struct gw_transport *self,
                                          const struct gw_websocket_request *request,
                                          const struct gw_websocket_events *events, void *ctx,
                                          struct gw_err *err);

/* The address to connect to ("https://..."), and the request that asks for a WebSocket there. */
bool gw_upgrade_write(const struct gw_websocket_request *request, const char *user_agent,
                      struct gw_buf *address, struct gw_buf *out, struct gw_err *err);

enum gw_upgrade { GW_UPGRADE_MORE, GW_UPGRADE_DONE, GW_UPGRADE_REFUSED };
/* Reads the answer from what has come so far; `len`: how much of it the answer was. */
enum gw_upgrade gw_upgrade_read(struct gw_view bytes, struct gw_view accept, size_t *len,
                                struct gw_err *err);

/* ---- curl.c ---------------------------------------------------------------------------------- */

void gw_exchange_begin(struct gw_exchange *exchange); /* it has a connection */
void gw_curl_free(struct curl_transport *transport);

#endif
