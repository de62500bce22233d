/* text: the rendering for people. One function an event; what it does not know it leaves out, so a
 * newer engine's events do no harm. State is told by a mark and a word, never by colour alone. */
#include <stdlib.h>

#include "report/internal.h"

#define STEP_INDENT 3

static struct gw_view mark(const struct gw_report *report, const char *utf8, const char *ascii)
{
    return gw_view_of(report->options.utf8 ? utf8 : ascii);
}

static bool is(struct gw_view text, const char *word)
{
    return gw_view_equal(text, gw_view_of(word));
}

/* ---- the beginning --------------------------------------------------------------------------- */

static bool flag(const struct gw_value *event, const char *key)
{
    const struct gw_value *value = gw_map_get(event, gw_view_of(key));
    return value && value->kind == GW_BOOL && value->as.boolean;
}

/* How a run that goes on goes on. */
static void show_way(struct gw_report *report, const struct gw_value *event)
{
    bool resumed = is(gw_map_text(event, GW_VIEW("event")), "run.resumed");
    if (flag(event, "undo")) {
        gw_report_line(report,
                       &(struct gw_line){.text = GW_VIEW("UNDO: what this run did is taken back"),
                                         .style = GW_STYLE_WARN});
    } else if (resumed) {
        gw_report_line(report, &(struct gw_line){.text = GW_VIEW("RESUMED: what is done stays"),
                                                 .style = GW_STYLE_WARN});
    }
}

static void show_banner(struct gw_report *report, const struct gw_value *event)
{
    bool plan = is(gw_map_text(event, GW_VIEW("mode")), "plan");
    if (plan) {
        gw_report_line(report, &(struct gw_line){.text = GW_VIEW("PLAN: nothing will be changed"),
                                                 .style = GW_STYLE_WARN});
    }
    if (flag(event, "simulated")) {
        gw_report_line(report,
                       &(struct gw_line){.text = GW_VIEW("SIMULATOR: a rehearsal; no AWS account "
                                                         "is touched"),
                                         .style = GW_STYLE_WARN});
    }
}

/* "region us-east-1, account 123456789012, run 20251112-031200-000" */
static void show_place(struct gw_report *report, const struct gw_value *event)
{
    static const char *const facts[] = {"region", "account", "run"};
    struct gw_view text = GW_VIEW("");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct gw_view fact = gw_report_text(report, event, facts[i]);
        if (fact.len > 0) {
            text = gw_arena_printf(report->arena, "%.*s%s%s %.*s", GW_VIEW_ARGS(text),
                                   text.len ? ", " : "", facts[i], GW_VIEW_ARGS(fact));
        }
    }
    if (text.len > 0) {
        gw_report_line(report, &(struct gw_line){.text = text});
    }
}

static void show_params(struct gw_report *report, const struct gw_value *event)
{
    const struct gw_value *params = gw_map_get(event, GW_VIEW("params"));
    size_t width = 0;
    if (!params || params->kind != GW_MAP) {
        return;
    }
    for (size_t i = 0; i < params->as.map.count; i++) {
        size_t len = gw_report_width(params->as.map.entries[i].key);
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < params->as.map.count; i++) {
        const struct gw_entry *entry = &params->as.map.entries[i];
        struct gw_view name = gw_report_safe(report, entry->key);
        struct gw_view text =
            gw_arena_printf(report->arena, "%-*.*s  %.*s", (int)width, GW_VIEW_ARGS(name),
                            GW_VIEW_ARGS(gw_report_value(report, &entry->value)));
        gw_report_line(report,
                       &(struct gw_line){
                           .indent = 2, .text = text, .style = GW_STYLE_DIM, .keep_whole = true});
    }
}

static void run_started(struct gw_report *report, const struct gw_value *event)
{
    free(report->title);
    report->title = gw_view_dup(gw_report_text(report, event, "title"));
    if (report->options.quiet) {
        return;
    }
    gw_report_line(report,
                   &(struct gw_line){.text = gw_view_of(report->title), .style = GW_STYLE_BOLD});
    show_way(report, event);
    show_banner(report, event);
    show_place(report, event);
    show_params(report, event);
    gw_report_blank(report);
}

/* ---- remarks --------------------------------------------------------------------------------- */

static void note(struct gw_report *report, const struct gw_value *event)
{
    gw_report_line(report, &(struct gw_line){.mark = GW_VIEW("-"),
                                             .mark_style = GW_STYLE_DIM,
                                             .text = gw_report_text(report, event, "text")});
}

static void warning(struct gw_report *report, const struct gw_value *event)
{
    gw_report_line(report, &(struct gw_line){.mark = GW_VIEW("! warning:"),
                                             .mark_style = GW_STYLE_WARN,
                                             .text = gw_report_text(report, event, "text")});
}

static void evidence(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view name = gw_report_text(report, event, "name");
    struct gw_view file = gw_report_text(report, event, "file");
    struct gw_view text =
        file.len > 0 ? gw_arena_printf(report->arena, "%.*s: file %.*s, %.*s bytes, kept",
                                       GW_VIEW_ARGS(name), GW_VIEW_ARGS(file),
                                       GW_VIEW_ARGS(gw_report_text(report, event, "size")))
                     : gw_arena_printf(report->arena, "%.*s: %.*s", GW_VIEW_ARGS(name),
                                       GW_VIEW_ARGS(gw_report_text(report, event, "value")));
    gw_report_line(
        report, &(struct gw_line){.mark = GW_VIEW("="), .mark_style = GW_STYLE_DIM, .text = text});
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void step_started(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view number = gw_report_text(report, event, "step");
    gw_report_blank(report);
    gw_report_line(report, &(struct gw_line){.mark = gw_arena_printf(report->arena, "%.*s.",
                                                                     GW_VIEW_ARGS(number)),
                                             .mark_style = GW_STYLE_BOLD,
                                             .text = gw_report_text(report, event, "name"),
                                             .style = GW_STYLE_BOLD});
}

static void step_line(struct gw_report *report, struct gw_view sign, enum gw_style style,
                      struct gw_view text)
{
    gw_report_line(
        report,
        &(struct gw_line){.indent = STEP_INDENT, .mark = sign, .mark_style = style, .text = text});
}

static void step_confirm(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view answered = gw_report_text(report, event, "answered");
    if (is(answered, "assumed")) {
        answered = GW_VIEW("yes, assumed");
    } else if (report->options.terminal) {
        return; /* question and answer stand there already */
    }
    struct gw_view text = gw_arena_printf(report->arena, "%.*s (confirmed: %.*s)",
                                          GW_VIEW_ARGS(gw_report_text(report, event, "text")),
                                          GW_VIEW_ARGS(answered));
    step_line(report, GW_VIEW("?"), GW_STYLE_DIM, text);
}

static void step_skipped(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view text = gw_arena_printf(report->arena, "skipped: %.*s",
                                          GW_VIEW_ARGS(gw_report_text(report, event, "reason")));
    step_line(report, GW_VIEW("-"), GW_STYLE_DIM, text);
}

static void step_finished(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view seconds = gw_report_duration(report, gw_report_number(event, "seconds"));
    step_line(report, mark(report, "\xe2\x9c\x93", "+"), GW_STYLE_GOOD,
              gw_arena_printf(report->arena, "done in %.*s", GW_VIEW_ARGS(seconds)));
}

static void step_failed(struct gw_report *report, const struct gw_value *event)
{
    const struct gw_value *error = gw_map_get(event, GW_VIEW("error"));
    bool quiet = report->options.quiet; /* then no line above names the step */
    struct gw_view name = quiet ? gw_report_text(report, event, "name") : GW_VIEW("");
    struct gw_view text = gw_arena_printf(report->arena, "%.*s%sfailed: %.*s", GW_VIEW_ARGS(name),
                                          name.len ? ": " : "",
                                          GW_VIEW_ARGS(gw_report_text(report, error, "message")));
    gw_report_line(report, &(struct gw_line){.indent = quiet ? 0 : STEP_INDENT,
                                             .mark = mark(report, "\xe2\x9c\x97", "x"),
                                             .mark_style = GW_STYLE_BAD,
                                             .text = text});
    gw_report_cause(report, event);
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* Reading calls are many and of no interest; what changed something always shows. */
static void call(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view effect = gw_map_text(event, GW_VIEW("effect"));
    bool changes = is(effect, "change") || is(effect, "destroy");
    if (!report->options.verbose && !changes) {
        return;
    }
    bool ok = is(gw_map_text(event, GW_VIEW("outcome")), "ok");
    int attempts = gw_report_int(event, "attempts");
    struct gw_view text = gw_report_text(report, event, "action");
    if (ok) {
        struct gw_view id = gw_report_text(report, event, "request_id");
        text = gw_arena_printf(report->arena, "%.*s ok in %d ms%s%.*s", GW_VIEW_ARGS(text),
                               gw_report_int(event, "ms"), id.len ? ", request " : "",
                               GW_VIEW_ARGS(id));
    } else {
        text = gw_report_text(report, gw_map_get(event, GW_VIEW("error")), "message");
    }
    if (attempts > 1) {
        text = gw_arena_printf(report->arena, "%.*s (%d attempts)", GW_VIEW_ARGS(text), attempts);
    }
    step_line(report, mark(report, "\xe2\x86\x92", ">"), ok ? GW_STYLE_DIM : GW_STYLE_BAD, text);
}

static void call_presigned(struct gw_report *report, const struct gw_value *event)
{
    if (report->options.verbose && is(gw_map_text(event, GW_VIEW("outcome")), "ok")) {
        struct gw_view action = gw_report_text(report, event, "action");
        step_line(report, mark(report, "\xe2\x86\x92", ">"), GW_STYLE_DIM,
                  gw_arena_printf(report->arena, "%.*s presigned", GW_VIEW_ARGS(action)));
    }
}

static void call_retry(struct gw_report *report, const struct gw_value *event)
{
    if (!report->options.verbose) {
        return;
    }
    struct gw_view text = gw_arena_printf(
        report->arena, "%.*s: attempt %d failed (%.*s), again in %d ms",
        GW_VIEW_ARGS(gw_report_text(report, event, "action")), gw_report_int(event, "attempt"),
        GW_VIEW_ARGS(gw_report_text(report, event, "cause")), gw_report_int(event, "delay_ms"));
    step_line(report, mark(report, "\xe2\x86\xbb", "~"), GW_STYLE_WARN, text);
}

/* ---- checklists ------------------------------------------------------------------------------ */

struct state {
    const char *name, *box;
    enum gw_style style;
    const char *remark;
};

static const struct state *state_of(struct gw_view name)
{
    static const struct state states[] = {{"ok", "[x]", GW_STYLE_GOOD, ""},
                                          {"failed", "[!]", GW_STYLE_BAD, ""},
                                          {"manual", "[ ]", GW_STYLE_WARN, " (for a person)"},
                                          {"planned", "[ ]", GW_STYLE_DIM, " (checked by the run)"},
                                          {"unknown", "[?]", GW_STYLE_WARN, ""}};
    size_t i = 0;
    while (i + 1 < sizeof states / sizeof *states && !is(name, states[i].name)) {
        i++;
    }
    return &states[i];
}

static void check(struct gw_report *report, const struct gw_value *event)
{
    const struct state *state = state_of(gw_map_text(event, GW_VIEW("state")));
    bool good = state->style == GW_STYLE_GOOD || state->style == GW_STYLE_DIM;
    struct gw_view list = gw_report_text(report, event, "list");
    struct gw_view item_note = gw_report_text(report, event, "note");
    if (report->options.quiet && (good || is(gw_map_text(event, GW_VIEW("state")), "manual"))) {
        return;
    }
    if (!report->list || !gw_view_equal(gw_view_of(report->list), list)) {
        free(report->list);
        report->list = gw_view_dup(list);
        gw_report_blank(report);
        gw_report_line(report, &(struct gw_line){.text = list, .style = GW_STYLE_BOLD});
    }
    struct gw_view text = gw_arena_printf(
        report->arena, "%.*s%s%s%.*s", GW_VIEW_ARGS(gw_report_text(report, event, "text")),
        state->remark, item_note.len ? ": " : "", GW_VIEW_ARGS(item_note));
    bool alert = flag(event, "alert"); /* it is good to go on, and dangerous all the same */
    gw_report_line(report, &(struct gw_line){.indent = 2,
                                             .mark = gw_view_of(state->box),
                                             .mark_style = state->style,
                                             .text = text,
                                             .style = alert ? GW_STYLE_BAD : GW_STYLE_PLAIN});
}

/* ---- dispatch -------------------------------------------------------------------------------- */

struct handler {
    const char *event;
    void (*show)(struct gw_report *report, const struct gw_value *event);
    bool when_quiet;
};

static const struct handler handlers[] = {
    {"run.started", run_started, true},
    {"run.resumed", run_started, true},
    {"note", note, false},
    {"warning", warning, true},
    {"evidence", evidence, false},
    {"step.started", step_started, false},
    {"step.planned", gw_report_step_planned, true},
    {"plan.summary", gw_report_plan_summary, true},
    {"step.confirm", step_confirm, false},
    {"step.skipped", step_skipped, false},
    {"step.finished", step_finished, false},
    {"step.failed", step_failed, true},
    {"step.recalled", gw_report_step_recalled, false},
    {"undo.started", gw_report_undo_started, true},
    {"failure.answered", gw_report_failure_answered, true},
    {"parameter.changed", gw_report_parameter_changed, true},
    {"approval.asked", gw_report_approval_asked, true},
    {"approval.given", gw_report_approval_given, true},
    {"lock.taken", gw_report_lock_taken, true},
    {"foreign.change", gw_report_foreign_change, true},
    {"foreign.answered", gw_report_foreign_answered, true},
    {"call", call, false},
    {"call.recalled", gw_report_call_recalled, false},
    {"call.settled", gw_report_call_settled, true},
    {"call.retry", call_retry, false},
    {"call.presigned", call_presigned, false},
    {"check", check, true},
    {"table", gw_report_table, false},
    {"plot", gw_report_plot, false},
    {"found", gw_report_found, true},
    {"output", gw_report_output, true},
    {"redrawn", gw_report_redrawn, true},
    {"run.finished", gw_report_finished, true},
};

void gw_report_text_event(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    if (gw_report_progress(report, name, event)) {
        return;
    }
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        const struct handler *handler = &handlers[i];
        if (is(name, handler->event) && (handler->when_quiet || !report->options.quiet)) {
            handler->show(report, event);
        }
    }
}
