/* text_past: events of a run that goes on, and of what people decide in it: what was done before, what
 * was settled, who agreed, who holds what. */
#include "report/internal.h"

#define STEP_INDENT 3

static void remark(struct gw_report *report, struct gw_view text)
{
    gw_report_line(report, &(struct gw_line){.indent = STEP_INDENT,
                                             .mark = GW_VIEW("-"),
                                             .mark_style = GW_STYLE_DIM,
                                             .text = text});
}

static void alert(struct gw_report *report, const char *mark, struct gw_view text)
{
    gw_report_line(
        report,
        &(struct gw_line){.mark = gw_view_of(mark), .mark_style = GW_STYLE_WARN, .text = text});
}

static struct gw_view member(struct gw_report *report, const struct gw_value *event,
                             const char *name)
{
    return gw_report_text(report, event, name);
}

void gw_report_cause(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view cause = member(report, event, "cause");
    if (cause.len > 0) {
        remark(report, cause);
    }
}

void gw_report_step_recalled(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view text = gw_arena_printf(report->arena, "%.*s (done before)",
                                          GW_VIEW_ARGS(member(report, event, "name")));
    struct gw_view number =
        gw_arena_printf(report->arena, "%.*s.", GW_VIEW_ARGS(member(report, event, "step")));
    gw_report_line(report, &(struct gw_line){.mark = number,
                                             .mark_style = GW_STYLE_DIM,
                                             .text = text,
                                             .style = GW_STYLE_DIM});
}

void gw_report_call_recalled(struct gw_report *report, const struct gw_value *event)
{
    remark(report, gw_arena_printf(report->arena, "%.*s: made before, not sent again",
                                   GW_VIEW_ARGS(member(report, event, "action"))));
}

void gw_report_call_settled(struct gw_report *report, const struct gw_value *event)
{
    bool applied = gw_view_equal(gw_map_text(event, GW_VIEW("as")), GW_VIEW("applied"));
    remark(report, gw_arena_printf(report->arena,
                                   "%.*s: it was not known whether it took effect; %s (%.*s)",
                                   GW_VIEW_ARGS(member(report, event, "action")),
                                   applied ? "it did" : "it is sent again",
                                   GW_VIEW_ARGS(member(report, event, "by"))));
}

void gw_report_failure_answered(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view reason = member(report, event, "reason");
    remark(report, gw_arena_printf(report->arena, "chosen: %.*s%s%.*s",
                                   GW_VIEW_ARGS(member(report, event, "answer")),
                                   reason.len ? ", " : "", GW_VIEW_ARGS(reason)));
}

void gw_report_parameter_changed(struct gw_report *report, const struct gw_value *event)
{
    remark(report, gw_arena_printf(report->arena, "parameter %.*s is now %.*s",
                                   GW_VIEW_ARGS(member(report, event, "name")),
                                   GW_VIEW_ARGS(member(report, event, "value"))));
}

void gw_report_undo_started(struct gw_report *report, const struct gw_value *event)
{
    int steps = gw_report_int(event, "steps");
    gw_report_blank(report);
    alert(report, "<",
          gw_arena_printf(report->arena, "taking back %d step%s, the last first", steps,
                          steps == 1 ? "" : "s"));
}

void gw_report_approval_asked(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view text = gw_arena_printf(
        report->arena, "waiting for a second person: %.*s; ask them for: gwrun approve %.*s",
        GW_VIEW_ARGS(member(report, event, "text")), GW_VIEW_ARGS(member(report, event, "run")));
    alert(report, "?", text);
}

void gw_report_approval_given(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view note = member(report, event, "note");
    remark(report, gw_arena_printf(report->arena, "approved by %.*s%s%.*s",
                                   GW_VIEW_ARGS(member(report, event, "by")), note.len ? ": " : "",
                                   GW_VIEW_ARGS(note)));
}

void gw_report_lock_taken(struct gw_report *report, const struct gw_value *event)
{
    const struct gw_value *from = gw_map_get(event, GW_VIEW("from"));
    if (!from) {
        return;
    }
    alert(report, "! lock:",
          gw_arena_printf(report->arena, "'%.*s' taken over from %.*s@%.*s, run %.*s: %.*s",
                          GW_VIEW_ARGS(member(report, event, "lock")),
                          GW_VIEW_ARGS(member(report, from, "user")),
                          GW_VIEW_ARGS(member(report, from, "host")),
                          GW_VIEW_ARGS(member(report, from, "run")),
                          GW_VIEW_ARGS(member(report, event, "reason"))));
}

void gw_report_foreign_change(struct gw_report *report, const struct gw_value *event)
{
    alert(report, "! changed:", member(report, event, "text"));
}

void gw_report_foreign_answered(struct gw_report *report, const struct gw_value *event)
{
    remark(report, gw_arena_printf(report->arena, "chosen: %.*s (%.*s)",
                                   GW_VIEW_ARGS(member(report, event, "answer")),
                                   GW_VIEW_ARGS(member(report, event, "by"))));
}
