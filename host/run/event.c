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

/* "2025-11-12T03:12:00.250Z" */
struct gw_view gw_run_iso_time(int64_t epoch_ms, struct gw_arena *arena)
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

static void add_beginning(struct gw_run *run, struct gw_value *out)
{
    struct gw_arena *arena = run->event_arena;
    const struct gw_value *facts = run->options.facts;
    gw_map_add_text(arena, out, "account", run->target.account);
    gw_map_add_text(arena, out, "user", run->options.user);
    gw_map_add_text(arena, out, "host", run->options.host);
    for (size_t i = 0; facts && i < facts->as.map.count; i++) {
        *gw_map_add(arena, out, facts->as.map.entries[i].key) = facts->as.map.entries[i].value;
    }
    if (run->sources.kind == GW_LIST) {
        add(arena, out, "sources", run->sources);
    }
}

/* Is there something to go on with? */
static bool can_resume(const struct gw_run *run, const struct gw_value *event)
{
    struct gw_view outcome = gw_map_text(event, GW_VIEW("outcome"));
    bool over = gw_view_equal(outcome, GW_VIEW("ok")) || gw_view_equal(outcome, GW_VIEW("undone"));
    return run->options.journal && !run->journal_failed && !run->options.simulated &&
           run->options.mode == GW_RUN_REAL && run->has_begun && !over && !run->parent;
}

static void add_ending(struct gw_run *run, const struct gw_value *event, struct gw_value *out)
{
    struct gw_arena *arena = run->event_arena;
    struct gw_value world;
    if (can_resume(run, event)) {
        add(arena, out, "resume",
            gw_value_string(gw_arena_printf(arena, "gwrun %s %s",
                                            run->options.undo ? "undo" : "resume", run->id)));
    }
    if (run->target.world && run->target.world(run->target.ctx, arena, &world)) {
        add(arena, out, "world", world);
    }
}

/* A bucket's name is also a variable of the container, and AWS marks all of those. */
static void open_params(const struct gw_value *params)
{
    for (size_t i = 0; params && params->kind == GW_MAP && i < params->as.map.count; i++) {
        const struct gw_value *value = &params->as.map.entries[i].value;
        if (value->kind == GW_STRING && !value->secret) {
            gw_secret_open(value->as.string);
        }
    }
}

static void add_facts(struct gw_run *run, struct gw_view name, const struct gw_value *event,
                      struct gw_value *out)
{
    if (gw_view_equal(name, GW_VIEW("run.started")) ||
        gw_view_equal(name, GW_VIEW("run.resumed"))) {
        open_params(gw_map_get(event, GW_VIEW("params")));
        add_beginning(run, out);
    }
    if (gw_view_equal(name, GW_VIEW("run.finished"))) {
        add_ending(run, event, out);
    }
    run->has_begun = run->has_begun || gw_view_equal(name, GW_VIEW("step.started"));
}

/* Members that a run wants back when it goes on; evidence is for people. */
static bool is_result(struct gw_view event, struct gw_view name)
{
    return gw_view_equal(name, GW_VIEW("result")) || gw_view_equal(name, GW_VIEW("answer")) ||
           gw_view_equal(name, GW_VIEW("output")) ||
           (gw_view_equal(name, GW_VIEW("value")) && !gw_view_equal(event, GW_VIEW("evidence")));
}

static struct gw_value dated(struct gw_run *run, const struct gw_value *event)
{
    struct gw_arena *arena = run->event_arena;
    struct gw_value out = gw_value_map();
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    int64_t now_ms = gw_loop_wall_ms(run->options.loop);
    add(arena, &out, "event", gw_value_string(name));
    add(arena, &out, "at", gw_value_string(gw_run_iso_time(now_ms, arena)));
    for (size_t i = 0; i < event->as.map.count; i++) {
        const struct gw_entry *entry = &event->as.map.entries[i];
        if (!gw_view_equal(entry->key, GW_VIEW("event"))) {
            struct gw_value value =
                is_result(name, entry->key) ? gw_run_kept(&entry->value, arena) : entry->value;
            *gw_map_add(arena, &out, entry->key) = gw_redact_value(arena, &value);
        }
    }
    return out;
}

/* The number comes first in what is shown, behind the name. */
static struct gw_value numbered(struct gw_run *run, const struct gw_value *event, int64_t seq)
{
    struct gw_value out = gw_value_map();
    *gw_map_add(run->event_arena, &out, GW_VIEW("event")) = event->as.map.entries[0].value;
    add(run->event_arena, &out, "seq", gw_value_int(seq));
    if (run->parent) {
        add(run->event_arena, &out, "child", gw_value_text(run->id));
    }
    for (size_t i = 1; i < event->as.map.count; i++) {
        *gw_map_add(run->event_arena, &out, event->as.map.entries[i].key) =
            event->as.map.entries[i].value;
    }
    return out;
}

void gw_run_show(struct gw_run *run, const struct gw_value *event)
{
    if (run->options.on_event) {
        run->options.on_event(run->options.on_event_ctx, event);
    }
    if (run->options.report && !run->output_failed &&
        !gw_report_event(run->options.report, event)) {
        run->output_failed = true;
        gw_run_begin_stop(run, GW_STOP_OUTPUT);
    }
}

int64_t gw_run_emit(struct gw_run *run, const struct gw_value *event)
{
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    gw_arena_clear(run->event_arena);
    struct gw_value out = dated(run, event);
    add_facts(run, name, event, &out);
    follow_step(run, name, event);
    run->finished_told = run->finished_told || gw_view_equal(name, GW_VIEW("run.finished"));
    int64_t seq = gw_run_journal(run, &out);
    out = numbered(run, &out, seq);
    gw_run_show(run, &out);
    return seq;
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
    gw_map_add_text(arena, &error, "code", outcome->code);
    gw_map_add_text(arena, &error, "request_id", outcome->request_id);
    add(arena, map, "error", error);
}

#define MAX_OUTPUT_BYTES ((size_t)1 << 20) /* of an answer that is kept */

static bool is_small(const struct gw_value *value)
{
    struct gw_buf text;
    struct gw_json_options plain = {0};
    gw_buf_init(&text, MAX_OUTPUT_BYTES);
    bool small = gw_json_write(value, &plain, &text);
    gw_buf_clear(&text);
    return small;
}

/* What a step that runs again must know of a change. */
static void add_change(struct gw_arena *arena, struct gw_value *map, const struct gw_act *act,
                       const struct gw_outcome *outcome)
{
    add(arena, map, "call", gw_value_int(act->number));
    if (gw_run_is_uncertain(outcome)) {
        add(arena, map, "uncertain", gw_value_bool(true));
    }
    if (outcome->err || !outcome->output || outcome->output->kind == GW_NULL) {
        return;
    }
    if (is_small(outcome->output)) {
        add(arena, map, "output", *outcome->output);
    } else {
        add(arena, map, "output_cut", gw_value_bool(true));
    }
}

void gw_run_emit_call(struct gw_run *run, const struct gw_act *act,
                      const struct gw_outcome *outcome)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text(act->presigns ? "call.presigned" : "call"));
    add_act(arena, &map, act);
    add(arena, &map, "outcome", gw_value_text(outcome->err ? "failed" : "ok"));
    gw_map_add_text(arena, &map, "request_id", outcome->request_id);
    add(arena, &map, "attempts", gw_value_int(outcome->attempts));
    add(arena, &map, "ms", gw_value_int(outcome->duration_ms));
    if (outcome->err) {
        add_error(arena, &map, outcome);
    }
    if (act->number > 0) { /* its call.intent has the parameters */
        add_change(arena, &map, act, outcome);
    } else if (act->params && is_small(act->params)) {
        add(arena, &map, "params", *act->params);
    }
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}

void gw_run_emit_intent(struct gw_run *run, const struct gw_act *act, const char *digest)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text("call.intent"));
    add_act(arena, &map, act);
    add(arena, &map, "call", gw_value_int(act->number));
    gw_map_add_text(arena, &map, "region", act->region);
    gw_map_add_text(arena, &map, "profile", act->profile);
    if (act->params) {
        add(arena, &map, "params", *act->params);
    }
    add(arena, &map, "digest", gw_value_text(digest));
    if (act->takes_token) {
        add(arena, &map, "token", gw_value_text(act->token));
    }
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}

void gw_run_emit_recalled(struct gw_run *run, const struct gw_act *act)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text("call.recalled"));
    add_act(arena, &map, act);
    add(arena, &map, "call", gw_value_int(act->number));
    gw_run_emit(run, &map);
    gw_arena_free(arena);
}

void gw_run_emit_settled(struct gw_run *run, const char *step, const char *action, int number,
                         struct gw_view as, struct gw_view by)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    add(arena, &map, "event", gw_value_text("call.settled"));
    add(arena, &map, "step", gw_value_text(step));
    add(arena, &map, "action", gw_value_text(action));
    add(arena, &map, "call", gw_value_int(number));
    add(arena, &map, "as", gw_value_string(as));
    gw_map_add_text(arena, &map, "by", by);
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
    gw_map_add_text(arena, &map, "cause", setback->cause);
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
