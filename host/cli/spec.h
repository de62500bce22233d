/* cli/spec: what the files of host.spec share: a test file, and the simulated worlds of its tests. */
#ifndef GW_CLI_SPEC_H
#define GW_CLI_SPEC_H

#include "cli/internal.h"

/* Who sees the events of the runs of a world as they come. */
struct gw_cli_audience {
    struct gw_value (*facts)(void *ctx, struct gw_arena *arena); /* for a run's first event */
    void (*event)(void *ctx, struct gw_view run, const struct gw_value *event);
    void *ctx;
};

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
    struct gw_cli_audience *audience; /* sees its runs; NULL: nobody */
};

/* open{ world=, settings=, seed=, speed= } -> world | nil, err; speed: on the real clock, so many times as
 * fast, instead of a virtual one */
int gw_cli_world_open(lua_State *L);
/* close(world): what its simulator holds is free; may be repeated */
int gw_cli_world_close(lua_State *L);
/* call(world, service, operation, params) -> output | nil, err: by the world's own operator */
int gw_cli_world_call(lua_State *L);
/* state(world) -> what it has come to */
int gw_cli_world_state(lua_State *L);
/* record(world) -> { moments=, now= }, where its setting `record` asks for that */
int gw_cli_world_record(lua_State *L);
/* calls(world) -> those that came to it since the last run began, or since this was asked last */
int gw_cli_world_calls(lua_State *L);
/* pass(world, seconds): time goes by */
int gw_cli_world_pass(lua_State *L);
/* run(world, { runbook=, args=, plan=, ask=, answers=, past=, undo=, interrupt= }) -> { exit=, error=, missing=, events=,
 * calls=, questions=, output= } | nil, err; missing: there is no such runbook */
int gw_cli_world_run(lua_State *L);

/* JSON texts, one a line, as a list. */
struct gw_value gw_cli_read_lines(const struct gw_buf *lines, struct gw_arena *arena);

/* The world at index 1; raises where it was closed. [-0, +0, v] */
struct gw_cli_world *gw_cli_check_world(lua_State *L);

#endif
