/* run: the life of a run. */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "run/internal.h"

/* "20251112-031200-250": sorts by time, and a rehearsal always has the same. */
static void write_id(struct gw_run *run)
{
    int64_t now_ms = gw_loop_wall_ms(run->options.loop);
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;
    char text[20];
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y%m%d-%H%M%S", &utc);
    snprintf(run->id, sizeof run->id, "%s-%03d", text, (int)(now_ms % 1000));
}

struct gw_run *gw_run_new(const struct gw_run_options *options)
{
    struct gw_run *run = gw_alloc(sizeof *run);
    run->options = *options;
    run->needs_arena = gw_arena_new();
    run->needs = gw_value_map();
    run->event_arena = gw_arena_new();
    run->calls_arena = gw_arena_new();
    run->engine_ref = run->declaration_ref = run->params_ref = run->host_ref = LUA_NOREF;
    run->pipe[0] = run->pipe[1] = -1;
    write_id(run);
    gw_run_open_gate(run);
    return run;
}

static void free_steps(struct gw_run *run)
{
    while (run->steps) {
        struct gw_run_step *step = run->steps;
        run->steps = step->next;
        free(step->id);
        free(step->name);
        free(step);
    }
}

void gw_run_free(struct gw_run *run)
{
    if (!run) {
        return;
    }
    run->executing = false;
    gw_script_free(run->script);
    gw_run_free_children(run);
    free_steps(run);
    gw_arena_free(run->needs_arena);
    gw_arena_free(run->event_arena);
    gw_run_free_calls(run);
    gw_arena_free(run->calls_arena);
    free(run->step_id);
    free(run->step_name);
    free(run->name);
    free(run->path);
    free(run);
}

void gw_run_set_target(struct gw_run *run, const struct gw_run_target *target)
{
    run->target = *target;
}

bool gw_run_output_failed(const struct gw_run *run)
{
    return run->output_failed;
}
