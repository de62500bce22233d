/* net: the event loop with its clock, HTTP, and WebSockets.
 * One thread. A callback is never called from inside the function that registered it.
 * gw_transport is the seam: curl fills it for real traffic, the simulator fills it too. */
#ifndef GW_NET_H
#define GW_NET_H

#include "base/base.h"

/* ---- loop ------------------------------------------------------------------------------------ */

enum gw_clock_kind {
    GW_CLOCK_REAL,
    GW_CLOCK_VIRTUAL /* jumps to the next timer; stands still while a descriptor is watched */
};

struct gw_loop_options {
    enum gw_clock_kind clock;
    int64_t start_epoch_ms; /* virtual clock only: the wall time at its start */
    int speed; /* real clock only: its seconds in one of ours; it begins at our time; 0: 1 */
};

struct gw_loop;
struct gw_loop *gw_loop_new(const struct gw_loop_options *options); /* NULL: real clock */
void gw_loop_free(struct gw_loop *loop); /* all timers and watches must be gone */

int64_t gw_loop_now_ms(const struct gw_loop *loop);  /* monotonic, starts at an arbitrary value */
int64_t gw_loop_wall_ms(const struct gw_loop *loop); /* since 1970 UTC */
bool gw_loop_is_virtual(const struct gw_loop *loop);

/* Waits for the next timer or ready descriptor and calls what is due. False when there is nothing
 * left to wait for. Timers due at the same time fire in the order in which they were started. A
 * signal ends the wait early. Not to be called from a callback. */
bool gw_loop_step(struct gw_loop *loop);

typedef void (*gw_timer_fn)(void *ctx);
struct gw_timer;
/* Fires once; the handle is dead when its callback begins. */
struct gw_timer *gw_timer_start(struct gw_loop *loop, int64_t delay_ms, gw_timer_fn fn, void *ctx);
/* The same, but it does not keep the loop alive: for what is done beside the work. */
struct gw_timer *gw_timer_start_background(struct gw_loop *loop, int64_t delay_ms, gw_timer_fn fn,
                                           void *ctx);
void gw_timer_stop(struct gw_timer *timer); /* NULL is fine; not for a timer that has fired */

enum {
    GW_WATCH_READ = 1,
    GW_WATCH_WRITE = 2,
    GW_WATCH_BACKGROUND = 4 /* neither keeps the loop alive nor holds virtual time: signal pipes */
};
typedef void (*gw_watch_fn)(void *ctx, int events);
struct gw_watch;
struct gw_watch *gw_watch_start(struct gw_loop *loop, int fd, int events, gw_watch_fn fn,
                                void *ctx);
void gw_watch_stop(struct gw_watch *watch); /* also from inside its own callback */

/* ---- processes ------------------------------------------------------------------------------- */

/* A program that runs beside the loop, with none of our descriptors. */
struct gw_process_options {
    const char *program;            /* its file */
    const char *const *arguments;   /* from its own name on; NULL-terminated */
    const char *const *environment; /* "NAME=value", NULL-terminated; NULL: ours */
    const char *folder;             /* that it runs in; NULL: ours */
    struct gw_view input;           /* what it reads; copied, and wiped at its end */
    bool interactive; /* it has our standard input and terminal instead, and no group of its own */
    size_t max_out_bytes; /* more is GW_ERR_LIMIT */
    size_t max_err_bytes; /* more goes nowhere */
    int64_t timeout_ms;   /* then its group is told to end, 5 s later killed; GW_ERR_TIMEOUT */
};

struct gw_process_end {
    int code;   /* 127 also where it could not be executed */
    int signal; /* that ended it; 0: none */
    struct gw_view out, err;
};

/* Called once, later: with `end`, valid only during the call, or with NULL and `err`. */
typedef void (*gw_process_done_fn)(void *ctx, const struct gw_process_end *end,
                                   const struct gw_err *err);

/* Dead once `done` was called. What it leaves running in its group is killed. */
struct gw_process;
struct gw_process *gw_process_start(struct gw_loop *loop, const struct gw_process_options *options,
                                    gw_process_done_fn done, void *ctx, struct gw_err *err);
void gw_process_stop(struct gw_process *process); /* kills it; `done` is not called; NULL is fine */

/* ---- terminal --------------------------------------------------------------------------------
 * The user's end of a program that runs elsewhere: what is typed or piped in, what is shown or piped
 * out. Raw, every key is the program's; whatever ends this process, the terminal is as it was. */

struct gw_terminal_options {
    int in;  /* descriptor; -1: nothing is read */
    int out; /* written to only when it takes something */
    bool raw;
};

/* All are called from the loop; any may close the terminal. */
struct gw_terminal_events {
    void (*input)(void *ctx, struct gw_view bytes); /* empty: the end */
    void (*resized)(void *ctx, int columns, int rows);
    /* All is written that was waiting. */
    void (*drained)(void *ctx);
    void (*broken)(void *ctx, const struct gw_err *err); /* nobody reads the output any more */
};

/* One at a time. NULL with `err` where `in` is no terminal and should be raw. */
struct gw_terminal;
struct gw_terminal *gw_terminal_open(struct gw_loop *loop,
                                     const struct gw_terminal_options *options,
                                     const struct gw_terminal_events *events, void *ctx,
                                     struct gw_err *err);
void gw_terminal_close(struct gw_terminal *terminal); /* NULL is fine; what waits is lost */

void gw_terminal_write(struct gw_terminal *terminal, struct gw_view bytes);
size_t gw_terminal_unwritten_bytes(const struct gw_terminal *terminal);
void gw_terminal_hold(struct gw_terminal *terminal, bool held); /* while held nothing is read */
/* False: it has none. */
bool gw_terminal_size(const struct gw_terminal *terminal, int *columns, int *rows);

/* ---- HTTP ------------------------------------------------------------------------------------ */

struct gw_header {
    struct gw_view name, value;
};

struct gw_headers {
    struct gw_header *items;
    size_t count, capacity;
};

/* Copies both texts; a repeated name is kept as a further line. */
void gw_headers_add(struct gw_arena *arena, struct gw_headers *headers, struct gw_view name,
                    struct gw_view value);
/* The first value of that name, case-insensitively; the empty view when absent. */
struct gw_view gw_headers_get(const struct gw_headers *headers, struct gw_view name);

void gw_headers_drop(struct gw_headers *headers, struct gw_view name); /* all of that name */

struct gw_body_sink;
struct gw_body_source;

struct gw_http_request {
    struct gw_view method;
    struct gw_view url; /* absolute, already percent-encoded; sent as it is */
    struct gw_headers headers;
    struct gw_view body;
    const struct gw_body_source *source; /* NULL: `body` is sent */
    const struct gw_body_sink *sink;     /* NULL: the answer is collected in memory */
    /* Each begins when there is a connection for it, see gw_curl_options. */
    int64_t connect_timeout_ms; /* 0: 10 s */
    int64_t read_timeout_ms;    /* once connected: nothing goes or comes; 0: 60 s */
    int64_t timeout_ms;         /* the whole exchange; 0: no limit */
    size_t max_response_bytes;  /* collected in memory; 0: 64 MiB */
    struct gw_view ca_bundle;   /* of a file; empty: the transport's */
    bool no_proxy;              /* whatever the environment says: for link-local services */
    bool insecure;              /* any certificate will do: nothing secret may be sent */
};

struct gw_http_response {
    int status;
    struct gw_view reason;
    struct gw_headers headers;
    struct gw_view body;
};

/* Where the body of a request comes from, as the connection takes it. Its functions are called from
 * inside the transport: they may not start, cancel or close anything. */
struct gw_body_source {
    uint64_t size_bytes; /* the source ends after exactly so many */
    /* Back to the first byte; called before each sending, which there may be several of. */
    bool (*rewind)(void *ctx, struct gw_err *err);
    /* Fills `out` with the next bytes, at most `capacity`; how many, which is 0 at the end only. */
    bool (*read)(void *ctx, char *out, size_t capacity, size_t *len, struct gw_err *err);
    void *ctx;
};

/* Where the body of an answer goes as it arrives. Both functions are called from the loop, like
 * `done`, and may start, cancel (also their own exchange) and close as `done` may. */
enum gw_sink_answer {
    GW_SINK_TAKEN,
    GW_SINK_PAUSE, /* taken, and nothing more until gw_transport.resume: the connection waits */
    GW_SINK_ABORT  /* `err` says why; it goes to `done` */
};
struct gw_body_sink {
    /* The headers are here. False: collect this body in memory after all, as that of an error. */
    bool (*begin)(void *ctx, const struct gw_http_response *head);
    /* `bytes` are valid during the call, at most until the exchange is cancelled. */
    enum gw_sink_answer (*write)(void *ctx, struct gw_view bytes, struct gw_err *err);
    void *ctx;
};

/* ---- files as sources and sinks; each is one file, used by one exchange at a time -------------- */

/* A regular file, as it is now: one that changes before its last byte was read is an error. */
struct gw_file_source;
struct gw_file_source *gw_file_source_open(const char *path, struct gw_err *err);
/* Another source over the same file: the bytes from `from` on, at most `size_bytes` of them. */
struct gw_file_source *gw_file_source_part(const struct gw_file_source *file, uint64_t from,
                                           uint64_t size_bytes, struct gw_err *err);
void gw_file_source_close(struct gw_file_source *file); /* NULL is fine */
const struct gw_body_source *gw_file_source_body(const struct gw_file_source *file);
uint64_t gw_file_source_read_bytes(const struct gw_file_source *file); /* since it was rewound */

/* A file that is there whole or not at all: what comes goes to a hidden file beside it, whose name
 * it takes at the end. An existing file is kept unless `replaces`. */
struct gw_file_sink;
struct gw_file_sink *gw_file_sink_open(const char *path, bool replaces, struct gw_err *err);
const struct gw_body_sink *gw_file_sink_body(struct gw_file_sink *file);
uint64_t gw_file_sink_bytes(const struct gw_file_sink *file);    /* written */
uint64_t gw_file_sink_expected(const struct gw_file_sink *file); /* by Content-Length; 0: unknown */
/* On disk, and by its name; false leaves nothing. To be closed in any case. */
bool gw_file_sink_commit(struct gw_file_sink *file, struct gw_err *err);
void gw_file_sink_close(struct gw_file_sink *file); /* removes what was not committed */

/* ---- transport ------------------------------------------------------------------------------- */

/* Called once, later: with `res` (valid only during the call; its body is empty where a sink took
 * it), or with NULL and `err` filled (GW_ERR_NETWORK, GW_ERR_TIMEOUT, GW_ERR_PROTOCOL,
 * GW_ERR_LIMIT; GW_ERR_INPUT for a request that cannot be sent; what a source or sink said). */
typedef void (*gw_http_done_fn)(void *ctx, const struct gw_http_response *res,
                                const struct gw_err *err);

/* One request under way. Owned by the transport; dead once `done` was called or it was cancelled.
 */
struct gw_exchange;

struct gw_websocket;
struct gw_websocket_request;
struct gw_websocket_events;

struct gw_transport {
    /* Copies nothing: `req` and all it points to must live until done or cancel. */
    struct gw_exchange *(*start)(struct gw_transport *self, const struct gw_http_request *req,
                                 gw_http_done_fn done, void *ctx);
    void (*cancel)(struct gw_transport *self,
                   struct gw_exchange *exchange); /* done is not called */
    /* After GW_SINK_PAUSE; without effect on an exchange that is not paused. */
    void (*resume)(struct gw_transport *self, struct gw_exchange *exchange);
    void (*close)(struct gw_transport *self); /* cancels all, frees; its WebSockets must be gone */
    /* NULL: this transport has no WebSockets. Begins to open one; copies `request` and `events`. NULL with `err`: it
     * cannot be opened. */
    struct gw_websocket *(*connect)(struct gw_transport *self,
                                    const struct gw_websocket_request *request,
                                    const struct gw_websocket_events *events, void *ctx,
                                    struct gw_err *err);
};

struct gw_curl_options {
    /* NULL: SSL_CERT_FILE and SSL_CERT_DIR, as in OpenSSL's own programs, or the system's store;
     * what AWS's variables say is the caller's duty. */
    const char *ca_bundle;
    const char *user_agent;
    /* Exchanges under way, the others wait; 0: 256 in all (half of the descriptors that the system
     * grants, where that is less) and 64 to one host. */
    size_t max_connections, max_host_connections;
};

/* libcurl's multi interface on `loop`, which has the real clock: HTTP/1.1, connections are reused,
 * redirects are not followed, proxies come from HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
struct gw_transport *gw_curl_open(struct gw_loop *loop, const struct gw_curl_options *options,
                                  struct gw_err *err);

/* ---- WebSockets (RFC 6455) ---------------------------------------------------------------------
 * A client's connection. Messages are whole; pings are answered. */

struct gw_websocket_request {
    struct gw_view url; /* wss://; ws:// to this machine only */
    /* Sec-WebSocket-Key, and what the server must answer to it. */
    struct gw_view key, accept;
    int64_t connect_timeout_ms; /* until it is open; 0: 10 s */
};

/* All are called from the loop, and may send and close. */
struct gw_websocket_events {
    void (*opened)(void *ctx);
    void (*message)(void *ctx, bool is_text, struct gw_view bytes);
    /* It is over: once, and last. The WebSocket is still to be closed. */
    void (*closed)(void *ctx, const struct gw_err *err);
};

struct gw_websocket {
    /* Sent in order, as the connection takes it; not to be called before it is open. */
    void (*send)(struct gw_websocket *self, bool is_text, struct gw_view bytes);
    void (*ping)(struct gw_websocket *self, struct gw_view bytes); /* 125 bytes at most */
    /* While held nothing is read, so that the other side has to wait. */
    void (*hold)(struct gw_websocket *self, bool held);
    void (*close)(struct gw_websocket *self); /* and frees; no event follows */
};

/* ---- frames: WebSocket messages <-> bytes, for either side, by wslay ---------------------------
 * The way of the bytes is the caller's. */

#define GW_FRAMES_MAX_MESSAGE_BYTES ((size_t)4 << 20)

enum gw_frame { GW_FRAME_TEXT = 1, GW_FRAME_BINARY = 2, GW_FRAME_CLOSE = 8, GW_FRAME_PING = 9 };

struct gw_frames;
/* A message that has come whole; of CLOSE `bytes` is the reason, and no more comes. It may send, and
 * may not free. Pings and closes have been answered. */
typedef void (*gw_frames_fn)(void *ctx, enum gw_frame kind, struct gw_view bytes);

struct gw_frames *gw_frames_new(bool is_server, gw_frames_fn received, void *ctx);
void gw_frames_free(struct gw_frames *frames); /* NULL is fine */

/* Bytes that have come, in any pieces. False (GW_ERR_PROTOCOL, GW_ERR_LIMIT): nothing after this can
 * be read; what is to be sent says so to the other side. */
bool gw_frames_receive(struct gw_frames *frames, struct gw_view bytes, struct gw_err *err);
/* False: after a close there is nothing to send. */
bool gw_frames_send(struct gw_frames *frames, enum gw_frame kind, struct gw_view bytes);

/* What is to go to the other side; `drop` so many from its front, when they have gone. */
struct gw_view gw_frames_output(const struct gw_frames *frames);
void gw_frames_drop(struct gw_frames *frames, size_t len);

/* Splits an absolute http(s) URL; borrowed parts. `port` is 0 when not given. */
struct gw_url {
    struct gw_view scheme, host, path,
        query;                /* host without brackets; path begins with '/' or is empty */
    struct gw_view authority; /* host[:port] as written */
    int port;
};
bool gw_url_parse(struct gw_view text, struct gw_url *out, struct gw_err *err);

#endif
