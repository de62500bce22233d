/* cli/spec: what the files of host.spec share: a test file, and the simulated worlds of its tests. */
#ifndef GW_CLI_SPEC_H
#define GW_CLI_SPEC_H

#include "cli/internal.h"

/* A simulator of its own with what acts on it. One run at a time. */
struct gw_cli_world {
    struct gw_arena *arena;
    struct gw_cli_options options; /* of the session, and of the run under way */
    struct gw_cli_session *session;
    struct gw_run_target target;
    struct gw_journal *journal; /* in memory: of the runs in this world */
    struct gw_buf calls;        /* that came to it since the run began, one JSON text a line */
    struct gw_buf answers;      /* of the run under way, one a line */
    struct gw_view left;        /* of them, not asked for yet */
    struct gw_buf questions;    /* that it asked, one JSON text a line */
};

/* open{ world=, settings=, seed= } -> world | nil, err */
int gw_cli_world_open(lua_State *L);
/* close(world): what its simulator holds is free; may be repeated */
int gw_cli_world_close(lua_State *L);
/* call(world, service, operation, params) -> output | nil, err: by the world's own operator */
int gw_cli_world_call(lua_State *L);
/* state(world) -> what it has come to */
int gw_cli_world_state(lua_State *L);
/* pass(world, seconds): time goes by */
int gw_cli_world_pass(lua_State *L);
/* run(world, { runbook=, args=, plan=, ask=, answers=, past=, undo=, interrupt= }) -> { exit=, error=, missing=, events=,
 * calls=, questions=, output= } | nil, err; missing: there is no such runbook */
int gw_cli_world_run(lua_State *L);

/* The world at index 1; raises where it was closed. [-0, +0, v] */
struct gw_cli_world *gw_cli_check_world(lua_State *L);

#endif
