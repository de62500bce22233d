/* How many exchanges may be under way at once, to one host and in all: each has a connection, and
 * so a descriptor, of its own. The others wait here and cost no more than their memory; their
 * timeouts begin when they do. First come, first served for one host; hosts take turns. */
#include <stdlib.h>
#include <sys/resource.h>

#include "net/internal.h"

/* Known while something for it is under way or waits. */
struct host {
    struct host *next;
    struct gw_view name; /* "https://ecs.us-east-1.amazonaws.com" */
    size_t active;
    struct gw_exchange *first, *last; /* waiting; linked by next_waiting */
};

/* ---- hosts ----------------------------------------------------------------------------------- */

static struct gw_view name_of(const struct gw_exchange *exchange)
{
    const struct gw_url *url = &exchange->url;
    size_t len = (size_t)(url->authority.data + url->authority.len - url->scheme.data);
    return (struct gw_view){url->scheme.data, len};
}

static struct host *get_host(struct curl_transport *transport, const struct gw_exchange *exchange)
{
    struct gw_view name = name_of(exchange);
    struct host **link = &transport->hosts;
    while (*link != NULL && !gw_view_equal_nocase((*link)->name, name)) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        *link = gw_alloc(sizeof **link);
        **link = (struct host){.name = {gw_view_dup(name), name.len}};
    }
    return *link;
}

static void unlink_host(struct curl_transport *transport, const struct host *host)
{
    struct host **link = &transport->hosts;
    while (*link != host) {
        link = &(*link)->next;
    }
    *link = host->next;
}

static void forget_if_idle(struct curl_transport *transport, struct host *host)
{
    if (host->active == 0 && host->first == NULL) {
        unlink_host(transport, host);
        free((char *)host->name.data);
        free(host);
    }
}

/* Its next turn comes after that of all others. */
static void move_to_end(struct curl_transport *transport, struct host *host)
{
    unlink_host(transport, host);
    struct host **end = &transport->hosts;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = host;
    host->next = NULL;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void add_waiting(struct host *host, struct gw_exchange *exchange)
{
    exchange->next_waiting = NULL;
    exchange->previous_waiting = host->last;
    *(host->last != NULL ? &host->last->next_waiting : &host->first) = exchange;
    host->last = exchange;
    exchange->waits = true;
}

static void remove_waiting(struct host *host, struct gw_exchange *exchange)
{
    struct gw_exchange *next = exchange->next_waiting, *previous = exchange->previous_waiting;
    *(previous != NULL ? &previous->next_waiting : &host->first) = next;
    *(next != NULL ? &next->previous_waiting : &host->last) = previous;
    exchange->waits = false;
}

static bool has_room(const struct curl_transport *transport, const struct host *host)
{
    return transport->active < transport->max_active &&
           host->active < transport->max_active_per_host;
}

static void admit(struct host *host, struct gw_exchange *exchange)
{
    host->active++;
    exchange->transport->active++;
    exchange->host = host;
    move_to_end(exchange->transport, host);
    gw_exchange_begin(exchange);
}

/* Begins what there is room for now. */
static void admit_waiting(struct curl_transport *transport)
{
    struct host *host = transport->hosts;
    while (host != NULL && transport->active < transport->max_active) {
        struct host *next = host->next;
        if (host->first != NULL && has_room(transport, host)) {
            struct gw_exchange *exchange = host->first;
            remove_waiting(host, exchange);
            admit(host, exchange);
            next = transport->hosts;
        }
        host = next;
    }
}

/* ---- for the transport ----------------------------------------------------------------------- */

void gw_queue_enter(struct gw_exchange *exchange)
{
    struct host *host = get_host(exchange->transport, exchange);
    if (host->first == NULL && has_room(exchange->transport, host)) {
        admit(host, exchange);
    } else {
        add_waiting(host, exchange);
    }
}

void gw_queue_leave(struct gw_exchange *exchange)
{
    struct curl_transport *transport = exchange->transport;
    struct host *host = exchange->host;
    if (exchange->waits) {
        host = get_host(transport, exchange);
        remove_waiting(host, exchange);
    } else if (host != NULL) {
        host->active--;
        transport->active--;
        exchange->host = NULL;
    } else {
        return; /* refused before it came here */
    }
    forget_if_idle(transport, host);
    if (!transport->closed) {
        admit_waiting(transport);
    }
}

/* Half of the descriptors that the system grants, where that is less: curl's resolver and the rest
 * of the program need some too. */
size_t gw_queue_max_connections(size_t asked)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / 2 >= asked) {
        return asked;
    }
    return files.rlim_cur >= 2 ? (size_t)files.rlim_cur / 2 : 1;
}
