/* event: the run's one stream. What scripts emit and what C adds (calls, the end of an interrupted
 * run) is numbered, dated and handed to the renderer in one place. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "run/internal.h"

static void add(struct gw_arena *arena, struct gw_value *map, const char *key,
                struct gw_value value)
{
    *gw_map_add(arena, map, gw_view_of(key)) = value;
}

static void add_text(struct gw_arena *arena, struct gw_value *map, const char *key,
                     struct gw_view text)
{
    if (text.len > 0) {
        add(arena, map, key, gw_value_string(text));
    }
}

/* "2025-11-12T03:12:00.250Z" */
static struct gw_view iso_time(int64_t epoch_ms, struct gw_arena *arena)
{
    time_t seconds = (time_t)(epoch_ms / 1000);
    struct tm utc;
    char text[24];
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    return gw_arena_printf(arena, "%s.%03dZ", text, (int)(epoch_ms % 1000));
}

/* ---- the stream ------------------------------------------------------------------------------ */

static void follow_step(struct gw_run *run, struct gw_view name, const struct gw_value *event)
{
    bool starts = gw_view_equal(name, GW_VIEW("step.started"));
    bool ends = gw_view_equal(name, GW_VIEW("step.finished")) ||
                gw_view_equal(name, GW_VIEW("step.skipped")) ||
                gw_view_equal(name, GW_VIEW("step.planned"));
    if (!starts && !ends) {
        return; /* a failed step stays: the run ended in it */
    }
    free(run->step_id);
    free(run->step_name);
    run->step_id = run->step_name = NULL;
    if (starts) {
        run->step_id = gw_view_dup(gw_map_text(event, GW_VIEW("step")));
        run->step_name = gw_view_dup(gw_map_text(event, GW_VIEW("name")));
    }
}

static void add_facts(struct gw_run *run, struct gw_view name, struct gw_value *out)
{
    struct gw_arena *arena = run->event_arena;
    struct gw_value world;
    if (gw_view_equal(name, GW_VIEW("run.started"))) {
        add_text(arena, out, "account", run->target.account);
    }
    if (gw_view_equal(name, GW_VIEW("run.finished")) && run->target.world &&
        run->target.world(run->target.ctx, arena, &world)) {
        add(arena, out, "world", world);
    }
}

void gw_run_emit(struct gw_run *run, const struct gw_value *event)
{
    struct gw_arena *arena = run->event_arena;
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    struct gw_value out = gw_value_map();
    gw_arena_clear(arena);
    add(arena, &out, "event", gw_value_string(name));
    add(arena, &out, "seq", gw_value_int(++run->seq));
    add(arena, &out, "at", gw_value_string(iso_time(gw_loop_wall_ms(run->options.loop), arena)));
    for (size_t i = 0; i < event->as.map.count; i++) {
        const struct gw_entry *entry = &event->as.map.entries[i];
        if (!gw_view_equal(entry->key, GW_VIEW("event"))) {
            *gw_map_add(arena, &out, entry->key) = entry->value;
        }
    }
    add_facts(run, name, &out);
    follow_step(run, name, event);
    run->finished_told = run->finished_told || gw_view_equal(name, GW_VIEW("run.finished"));
    if (run->options.on_event) {
        run->options.on_event(run->options.on_event_ctx, &out);
    }
    if (run->options.report && !run->output_failed && !gw_report_event(run->options.report, &out)) {
        run->output_failed = true;
        gw_run_begin_stop(run, GW_STOP_OUTPUT);
    }
}

void gw_run_emit_text(struct gw_run *run, const char *event, struct gw_view text)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text(event));
    add(arena, &map, "text", gw_value_string(text));
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}

void gw_run_emit_finished(struct gw_run *run, const char *outcome, enum gw_exit exit_code,
                          struct gw_view text)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    double seconds = (double)(gw_loop_now_ms(run->options.loop) - run->began_ms) / 1000;
    add(arena, &map, "event", gw_value_text("run.finished"));
    add(arena, &map, "outcome", gw_value_text(outcome));
    add(arena, &map, "exit_code", gw_value_int(exit_code));
    add(arena, &map, "seconds", gw_value_double(seconds));
    add(arena, &map, "text", gw_value_string(text));
    add(arena, &map, "left", gw_value_list());
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static const char *kind_name(enum gw_err_code code)
{
    static const char *const names[] = {[GW_ERR_NONE] = "none",
                                        [GW_ERR_INPUT] = "input",
                                        [GW_ERR_LIMIT] = "limit",
                                        [GW_ERR_NOT_FOUND] = "not_found",
                                        [GW_ERR_IO] = "io",
                                        [GW_ERR_NETWORK] = "network",
                                        [GW_ERR_TIMEOUT] = "timeout",
                                        [GW_ERR_PROTOCOL] = "protocol",
                                        [GW_ERR_CREDENTIALS] = "credentials",
                                        [GW_ERR_DENIED] = "denied",
                                        [GW_ERR_SERVICE] = "service",
                                        [GW_ERR_CANCELLED] = "cancelled",
                                        [GW_ERR_INTERNAL] = "internal"};
    return names[code];
}

static const char *effect_name(enum gw_effect effect)
{
    static const char *const names[] = {"read", "read_secret", "change", "destroy"};
    return names[effect];
}

static void add_act(struct gw_arena *arena, struct gw_value *map, const struct gw_act *act)
{
    const struct gw_run_step *step = gw_run_step_of(act->context);
    if (step) {
        add(arena, map, "step", gw_value_text(step->id));
    }
    add(arena, map, "action", gw_value_string(act->action));
    add(arena, map, "effect", gw_value_text(effect_name(act->effect)));
}

static void add_error(struct gw_arena *arena, struct gw_value *map,
                      const struct gw_outcome *outcome)
{
    struct gw_value error = gw_value_map();
    add(arena, &error, "kind", gw_value_text(kind_name(outcome->err->code)));
    add(arena, &error, "message", gw_value_text(outcome->err->message));
    add_text(arena, &error, "code", outcome->code);
    add_text(arena, &error, "request_id", outcome->request_id);
    add(arena, map, "error", error);
}

void gw_run_emit_call(struct gw_run *run, const struct gw_act *act,
                      const struct gw_outcome *outcome)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text(act->presigns ? "call.presigned" : "call"));
    add_act(arena, &map, act);
    add(arena, &map, "outcome", gw_value_text(outcome->err ? "failed" : "ok"));
    add_text(arena, &map, "request_id", outcome->request_id);
    add(arena, &map, "attempts", gw_value_int(outcome->attempts));
    add(arena, &map, "ms", gw_value_int(outcome->duration_ms));
    if (outcome->err) {
        add_error(arena, &map, outcome);
    }
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}

void gw_run_emit_stream(struct gw_run *run, const struct gw_act *act,
                        const struct gw_outcome *outcome)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text("call.stream"));
    add_act(arena, &map, act);
    add(arena, &map, "outcome", gw_value_text(outcome->err ? "failed" : "ok"));
    add(arena, &map, "events", gw_value_int(outcome->events));
    add(arena, &map, "ms", gw_value_int(outcome->duration_ms));
    if (outcome->err) {
        add_error(arena, &map, outcome);
    }
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}

void gw_run_emit_retry(struct gw_run *run, const struct gw_act *act,
                       const struct gw_setback *setback)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text("call.retry"));
    add_act(arena, &map, act);
    add(arena, &map, "attempt", gw_value_int(setback->attempt));
    add_text(arena, &map, "cause", setback->cause);
    add(arena, &map, "delay_ms", gw_value_int(setback->delay_ms));
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}

void gw_run_emit_progress(struct gw_run *run, const struct gw_act *act,
                          const struct gw_transfer *transfer)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text("call.progress"));
    add_act(arena, &map, act);
    add(arena, &map, "seconds", gw_value_int(transfer->seconds));
    add(arena, &map, "done_bytes", gw_value_int((int64_t)transfer->done_bytes));
    if (transfer->total_bytes > 0) {
        add(arena, &map, "total_bytes", gw_value_int((int64_t)transfer->total_bytes));
    }
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}

void gw_run_emit_planned_call(struct gw_run *run, const struct gw_act *act)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text("call.planned"));
    add_act(arena, &map, act);
    if (act->params) {
        add(arena, &map, "params", *act->params);
    }
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}
