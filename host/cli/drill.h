/* cli/drill: what the files of gwrun drill share. */
#ifndef GW_CLI_DRILL_H
#define GW_CLI_DRILL_H

#include "cli/spec.h"

/* A drill, or an exploration, that is asked for, and what came of it. */
struct gw_cli_drill {
    const struct gw_cli_options *options;
    const char *explore, *from_text, *port, *speed, *name;
    bool hands_on;
    int64_t runs, from; /* of an exploration: how many courses, the first */
    int64_t all_runs;   /* of all processes; 0: another one shows how far it is */
    struct gw_cli_audience audience;
    struct gw_report *report;
    struct gw_journal *journal; /* of rehearsals; NULL: it is not kept */
    struct gw_arena *arena;     /* as long as the drill */
    struct gw_view id, run;     /* of the drill, and of the run under way in it */
    int64_t seq;
    struct gw_sim_listener *listener;
    bool done;
    int exit_code;
    struct gw_err err;
};

/* drill_host.c: host.drill [-0, +0, m], and the audience of its runs. */
void gw_cli_bind_drill(struct gw_script *script, struct gw_cli_drill *drill);
/* Ctrl-C ends a drill by hand, with its score, instead of the program. */
void gw_cli_catch_end(void);

#endif
