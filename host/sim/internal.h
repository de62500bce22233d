/* sim/internal: what the files of this folder share. */
#ifndef GW_SIM_INTERNAL_H
#define GW_SIM_INTERNAL_H

#include "sim/sim.h"

#define GW_SIM_MAX_BODY_BYTES ((size_t)64 << 20) /* of a request, and of what it unpacks to */

/* Chance from a seed. The world has one series and the wire another: how often somebody asks does
 * not change what happens in the world. */
struct gw_sim_random {
    uint64_t state;
};

/* Of the messages of sessions: shares that are lost and that come twice, seconds that they are late at most, messages of a client
 * until its connection is cut (0: never). */
struct gw_sim_network {
    double lost, twice, late_s;
    int cut_every;
};

struct gw_sim {
    struct gw_loop *loop;
    struct gw_script *script;
    struct gw_arena *arena; /* text that lives as long as the simulator */
    int door;               /* registry reference of the module sim.world */
    struct gw_credentials credentials;
    struct gw_view region;
    const struct gw_value *environment; /* GW_MAP of what the world adds; NULL: nothing */
    bool real_dates;                    /* as in gw_sim_options */
    int64_t ahead_s;     /* the world's clock less that of the loop, as its answers tell the time */
    double latency_s[2]; /* of a request and its answer together: least, most */
    uint64_t seed;
    struct gw_sim_random world_random, wire_random;

    void (*on_call)(void *ctx, const struct gw_operation *op, const struct gw_value *input);
    void *on_call_ctx;

    struct gw_timer *alarm; /* the world's next event; NULL: not set */
    int alarm_action;       /* registry reference */

    struct gw_sim_session *sessions; /* of ECS Exec, newest first */
    struct peer *peers;              /* connections to them, newest first */
    struct gw_sim_network network;   /* what becomes of their messages */
    bool runs_programs;              /* as processes of this machine, and not played */
    int listens_on;                  /* a port; 0: it does not */

    struct gw_transport transport;
    struct gw_exchange *exchanges; /* newest first */
    struct gw_exchange *delivered; /* to whose sink right now; NULL when that one is gone */
};

/* One request: its way to the simulator, its handling, and the way back. */
struct gw_exchange {
    struct gw_sim *sim;
    struct gw_exchange *previous, *next;
    const struct gw_http_request *req;
    struct gw_http_request read_req; /* what `req` points to where its body is made first */
    gw_http_done_fn done;
    void *ctx;
    struct gw_arena *arena; /* of all that the handling makes */
    struct gw_timer *timer;
    struct gw_task *task; /* the handler that runs; NULL: none */
    int64_t back_ms;      /* what the answer's way takes */

    char request_id[37];
    const struct gw_service *service; /* NULL: not an AWS request, or not told yet */
    enum gw_protocol protocol;        /* of the request, and so of its answer */
    const struct gw_operation *op;
    struct gw_view error_code; /* of an answer that is an AWS error */
    bool is_direct;            /* to an address of ours, which names no service */

    struct gw_http_response res;
    struct gw_buf pieces; /* of its body, where it comes in pieces */
    struct gw_err err;    /* code GW_ERR_NONE: `res` is the answer */
    bool is_open;         /* more pieces will come */
    bool has_begun;       /* the client knows the head */
    bool is_sinking;      /* and takes the body as it comes */
    bool is_paused;
    struct gw_timer *silence; /* ends the wait for more pieces */

    int events;              /* registry reference of what gives the events; LUA_NOREF */
    struct gw_timer *asking; /* it for the next */
};

/* sim.c: the time of day on the wire, to the second: the world's, or that of who calls. */
int64_t gw_sim_epoch_s(const struct gw_sim *sim);

/* random.c */
double gw_sim_random_unit(struct gw_sim_random *random); /* in [0, 1) */
/* Likewise, of a text: the same however often and whenever it is asked for. */
double gw_sim_random_of(uint64_t seed, struct gw_view text);
void gw_sim_random_hex(struct gw_sim_random *random, size_t len, char *out);
void gw_sim_random_uuid(struct gw_sim_random *random, char out[37]);

/* host_module.c: host.sim for the simulator's own Lua. */
void gw_sim_open_host(struct gw_sim *sim);
void gw_sim_stop_alarm(struct gw_sim *sim);

/* door.c */

bool gw_sim_open_door(struct gw_sim *sim, struct gw_err *err);

/* Calls a function of sim.world with these arguments, at once; `out` lives in the arena. */
bool gw_sim_ask(struct gw_sim *sim, const char *function, const struct gw_value *args,
                size_t arg_count, struct gw_arena *arena, struct gw_value *out, struct gw_err *err);

/* Starts the same as a task, whose outcome goes to `done`. NULL with `err` when it cannot start. */
struct gw_task *gw_sim_start(struct gw_sim *sim, const char *function, const struct gw_value *args,
                             size_t arg_count, gw_task_done_fn done, void *ctx, struct gw_err *err);

/* session.c: sessions of ECS Exec */

/* A client's connection; `ctx` tells it from others. */
struct gw_sim_connection {
    void (*send)(void *ctx, bool is_text, struct gw_view bytes);
    void (*hang_up)(void *ctx); /* it is not used any more */
    void *ctx;
};

struct gw_sim_session;
/* All texts are copied. */
void gw_sim_open_session(struct gw_sim *sim, struct gw_view id, struct gw_view token,
                         struct gw_view command, struct gw_view task);
struct gw_sim_session *gw_sim_find_session(struct gw_sim *sim, struct gw_view id); /* or NULL */
/* False: it is over. */
bool gw_sim_renew_session(struct gw_sim *sim, struct gw_view id, struct gw_view token);
void gw_sim_end_session(struct gw_sim *sim, struct gw_view id);
void gw_sim_close_sessions(struct gw_sim *sim);
/* "/v1/data-channel/ID" in a URL or a path: its ID; empty: it is none of a session. */
struct gw_view gw_sim_session_in(struct gw_view url);

/* A message from a connection to the session. */
void gw_sim_session_receive(struct gw_sim_session *session,
                            const struct gw_sim_connection *connection, bool is_text,
                            struct gw_view bytes);
/* That connection is gone, and perhaps the session with it. */
void gw_sim_session_lose(struct gw_sim_session *session, const void *ctx);

/* socket.c: the `connect` of the simulator's transport */
struct gw_websocket *gw_sim_connect(struct gw_transport *self,
                                    const struct gw_websocket_request *request,
                                    const struct gw_websocket_events *events, void *ctx,
                                    struct gw_err *err);

/* upgrade.c: a connection of the listener that has become a WebSocket. It is freed when it ends. */
struct MHD_UpgradeResponseHandle;
void gw_sim_serve_session(struct gw_sim *sim, struct gw_view session_id, int fd,
                          struct gw_view begun, struct MHD_UpgradeResponseHandle *handle);
void gw_sim_close_peers(struct gw_sim *sim); /* all of these connections */

/* process.c */
struct gw_sim_process;
struct gw_sim_process_events {
    void (*output)(void *ctx, struct gw_view bytes);
    void (*ended)(void *ctx); /* the process may be stopped in it */
};
struct gw_sim_process *gw_sim_process_start(struct gw_sim *sim, struct gw_view task,
                                            struct gw_view command,
                                            const struct gw_sim_process_events *events, void *ctx,
                                            struct gw_err *err);
void gw_sim_process_input(struct gw_sim_process *process, struct gw_view bytes);
/* These do nothing where `process` is NULL. */
void gw_sim_process_resize(struct gw_sim_process *process, int columns, int rows);
void gw_sim_process_hold(struct gw_sim_process *process, bool held); /* no output meanwhile */
void gw_sim_process_stop(struct gw_sim_process *process);            /* kills it, and frees */

/* exchange.c */
struct gw_sim *gw_sim_of_transport(struct gw_transport *transport);
void gw_sim_open_transport(struct gw_sim *sim);
void gw_sim_close_transport(struct gw_sim *sim);
/* The exchange has its response, or its err: sends it back. */
void gw_sim_reply(struct gw_exchange *exchange);
/* The same in pieces: the head, any number of pieces, the end. */
void gw_sim_reply_open(struct gw_exchange *exchange);
void gw_sim_reply_more(struct gw_exchange *exchange, struct gw_view bytes);
void gw_sim_reply_close(struct gw_exchange *exchange);
/* The answer is a failure to get one. */
void gw_sim_lose(struct gw_exchange *exchange, enum gw_err_code code, struct gw_view message);

/* route.c: takes the request apart and has it handled; gw_sim_reply follows, now or later. */
void gw_sim_receive(struct gw_exchange *exchange);

/* refuse.c: the answers of AWS's own front door, before a service sees the request. */
enum gw_sim_refusal {
    GW_SIM_UNSIGNED,
    GW_SIM_INCOMPLETE_SIGNATURE,
    GW_SIM_UNKNOWN_KEY,
    GW_SIM_EXPIRED_TOKEN,
    GW_SIM_WRONG_SIGNATURE,
    GW_SIM_WRONG_TIME,
    GW_SIM_UNKNOWN_OPERATION,
    GW_SIM_UNREADABLE,
    GW_SIM_INVALID,
    GW_SIM_BROKEN /* a defect of the simulator */
};
/* `detail` is put after AWS's own words; may be empty. */
void gw_sim_refuse(struct gw_exchange *exchange, enum gw_sim_refusal refusal,
                   struct gw_view detail);
/* Of a direct request that names no service. */
void gw_sim_refuse_stranger(struct gw_exchange *exchange);
void gw_sim_reply_error(struct gw_exchange *exchange, const struct gw_aws_error *error);

/* handle.c */

/* Lets the service's Lua answer; `input` has been validated. */
void gw_sim_handle(struct gw_exchange *exchange, struct gw_view region,
                   struct gw_view access_key_id, const struct gw_value *input);
/* Lets the world's own hosts answer; false: there is no such host, and nothing happened. */
bool gw_sim_handle_http(struct gw_exchange *exchange, const struct gw_url *url);

/* events.c */

/* Begins an answer that is a stream of events; the function at that index gives them. False: not
 * begun, the answer is still to be made. */
bool gw_sim_reply_events(struct gw_exchange *exchange, const struct gw_value *output, lua_State *L,
                         int function, struct gw_err *err);
void gw_sim_stop_events(struct gw_exchange *exchange); /* may be repeated */

/* conform.c: makes what a handler returned fit the shape (empty tables, whole numbers), or says
 * where it does not. */
bool gw_sim_conform(const struct gw_shape *shape, struct gw_value *value, struct gw_err *err);

#endif
