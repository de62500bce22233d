/* Inside net: the curl transport in three files, curl.c (the multi handle on the loop), request.c
 * (a request becomes options of a handle) and response.c (what came back becomes an answer). */
#ifndef GW_NET_INTERNAL_H
#define GW_NET_INTERNAL_H

#include <curl/curl.h>

#include "net/net.h"

struct curl_transport {
    struct gw_transport base; /* first: the public pointer is a pointer to this */
    struct gw_loop *loop;
    CURLM *multi;
    struct gw_timer *timer; /* curl's next deadline */
    struct gw_exchange *exchanges;
    char *ca_bundle, *user_agent, *http_proxy; /* NULL: none */
    bool delivering; /* a `done` is running: `close` may not free what it returns to */
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
    struct gw_timer *refusal; /* reports a request that could not start */
    char curl_message[CURL_ERROR_SIZE];

    struct gw_http_response res;
    enum answer_part part;
    size_t header_bytes;
    struct gw_buf body;
    struct gw_err err; /* a refusal of ours; wins over curl's account of it */
};

/* The limits in force: the request's, or the defaults. */
int64_t gw_exchange_connect_timeout_ms(const struct gw_exchange *exchange);
int64_t gw_exchange_timeout_ms(const struct gw_exchange *exchange);

/* Makes `easy` ready to be added; false with `exchange->err`. */
bool gw_exchange_prepare(struct gw_exchange *exchange);

/* Prepares to receive: hooks into `easy` what collects the answer. */
bool gw_exchange_receive(struct gw_exchange *exchange);

/* The exchange is over: completes `res` and returns true, or false with `exchange->err`. */
bool gw_exchange_conclude(struct gw_exchange *exchange, CURLcode code);

#endif
