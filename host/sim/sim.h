/* sim: the simulator's front door. Wire bytes in, wire bytes out: a request is taken apart, its
 * signature verified, its parameters read by the service's own protocol, handed to the simulated
 * service in Lua (stdlib/sim/), and answered in the same protocol. It keeps a Lua state of its own:
 * a runbook cannot see it. */
#ifndef GW_SIM_H
#define GW_SIM_H

#include "aws/aws.h"
#include "base/base.h"
#include "net/net.h"
#include "script/script.h"

struct gw_sim_options {
    struct gw_loop *loop;                   /* on a virtual clock for rehearsals */
    const char *world;                      /* module name under sim.worlds; NULL: "guide" */
    const char *const *folders;             /* as for gw_script_options */
    const struct gw_script_module *modules; /* the built-in Lua modules */
    uint64_t seed;
    bool real_dates; /* who calls lives by this machine's clock, however the loop's runs */
    const struct gw_value *settings; /* GW_MAP handed to the world, e.g. faults; NULL: none */
    bool
        runs_programs; /* commands in containers are processes of this machine, in a sandbox; else they are played */
    /* Sees each call that has passed the door, before it is handled; NULL: nobody. */
    void (*on_call)(void *ctx, const struct gw_operation *op, const struct gw_value *input);
    void *on_call_ctx;
};

/* Whether there is what it takes for `runs_programs`; GW_ERR_INPUT says what is missing. */
bool gw_sim_can_run(struct gw_err *err);

/* Loads the world. A mistake in a world or service file fails with its file and line. */
struct gw_sim;
struct gw_sim *gw_sim_new(const struct gw_sim_options *options, struct gw_err *err);
void gw_sim_free(struct gw_sim *sim);

/* Where clients connect: https and http to any host end in the simulator. Owned by the simulator.
 */
struct gw_transport *gw_sim_transport(struct gw_sim *sim);

/* The world's own account: keys that its IAM knows. Text lives as long as the simulator. */
struct gw_credentials gw_sim_credentials(struct gw_sim *sim);
struct gw_view gw_sim_region(struct gw_sim *sim);

/* What a shell has to set so that programs meet the world that listens on `port`, and nothing
 * outside of it: GW_MAP of texts, in `arena`. */
struct gw_value gw_sim_environment(const struct gw_sim *sim, int port, struct gw_arena *arena);

/* What the world answers to a command: { code=, signal=, stdout=, stderr= }; GW_NULL: it does not
 * know it. */
bool gw_sim_command(struct gw_sim *sim, const struct gw_value *words, struct gw_arena *arena,
                    struct gw_value *answer, struct gw_err *err);

/* ---- listening (listen.c) -------------------------------------------------------------------- */

/* One request that was answered. */
struct gw_sim_answered {
    struct gw_view method, url;
    struct gw_view service, operation; /* "ecs", "UpdateService"; empty: no call of AWS, not told */
    int status;                        /* 0: the connection was cut instead */
    struct gw_view error;              /* AWS's code; empty: none */
    int64_t duration_ms;
};
typedef void (*gw_sim_answered_fn)(void *ctx, const struct gw_sim_answered *what);

struct gw_sim_listen_options {
    struct gw_sim *sim;          /* on a real clock */
    int port;                    /* 0: one that is free */
    gw_sim_answered_fn answered; /* NULL: nobody is told */
    void *ctx;
};

/* Answers HTTP on a port of 127.0.0.1 from now on, on the simulator's loop, until it is closed. */
struct gw_sim_listener;
struct gw_sim_listener *gw_sim_listen(const struct gw_sim_listen_options *options,
                                      struct gw_err *err);
int gw_sim_listener_port(const struct gw_sim_listener *listener);
void gw_sim_listener_close(
    struct gw_sim_listener *listener); /* before the simulator; NULL is fine */

/* ---- what came of it ------------------------------------------------------------------------- */

/* What the world has come to, as far as calls change it (GW_MAP by service): to be held against
 * another. */
bool gw_sim_state(struct gw_sim *sim, struct gw_arena *arena, struct gw_value *out,
                  struct gw_err *err);

/* What the world was like moment by moment, { moments=, now= }, where its setting `record` asks for
 * that. */
bool gw_sim_record(struct gw_sim *sim, struct gw_arena *arena, struct gw_value *out,
                   struct gw_err *err);

/* Facts for the summary of a run, as the world's `summary` function gives them (GW_MAP; e.g.
 * requests served and lost); false when the world has none. */
bool gw_sim_summary(struct gw_sim *sim, struct gw_arena *arena, struct gw_value *out);

#endif
