/* text_end: the last thing an operator reads: what came of it, what is left to do, and what the
 * exit code says to the shell. */
#include <stdio.h>

#include "report/internal.h"

struct outcome {
    const char *name, *word;
    enum gw_style style;
};

static const struct outcome *outcome_of(struct gw_view name)
{
    static const struct outcome outcomes[] = {
        {"ok", "OK", GW_STYLE_GOOD},           {"planned", "PLANNED", GW_STYLE_GOOD},
        {"undone", "UNDONE", GW_STYLE_GOOD},   {"problem", "PROBLEM", GW_STYLE_BAD},
        {"refused", "REFUSED", GW_STYLE_WARN}, {"interrupted", "INTERRUPTED", GW_STYLE_WARN},
        {"failed", "FAILED", GW_STYLE_BAD}};
    size_t i = 0;
    while (i + 1 < sizeof outcomes / sizeof *outcomes &&
           !gw_view_equal(name, gw_view_of(outcomes[i].name))) {
        i++;
    }
    return &outcomes[i];
}

static const char *meaning(int exit_code)
{
    switch (exit_code) {
    case 1:
        return "a step failed; the run stopped there";
    case 2:
        return "what was asked for cannot be done";
    case 3:
        return "it ran, but something is not as it should be";
    case 4:
        return "a change was not confirmed, or something was not declared";
    case 5:
        return "the runbook itself is broken";
    case 6:
        return "the credentials are missing, expired or not allowed to do this";
    case 7:
        return "AWS could not be reached, or what answered is not AWS";
    case 70:
        return "a defect in gwrun; please report it";
    case 130:
        return "interrupted";
    default:
        return "unknown";
    }
}

static void show_outcome(struct gw_report *report, const struct gw_value *event)
{
    const struct outcome *outcome = outcome_of(gw_map_text(event, GW_VIEW("outcome")));
    struct gw_view seconds = gw_report_duration(report, gw_report_number(event, "seconds"));
    struct gw_view why = gw_report_text(report, event, "text");
    struct gw_view told = gw_report_text(report, event, "title");
    struct gw_view title = told.len > 0 ? told : gw_view_of(report->title);
    struct gw_view text = gw_arena_printf(
        report->arena, "%.*s%safter %.*s%s%.*s", GW_VIEW_ARGS(title), title.len ? ", " : "",
        GW_VIEW_ARGS(seconds), why.len ? ": " : "", GW_VIEW_ARGS(why));
    gw_report_line(report, &(struct gw_line){.mark = gw_view_of(outcome->word),
                                             .mark_style = outcome->style,
                                             .text = text});
}

static void show_left(struct gw_report *report, const struct gw_value *event)
{
    const struct gw_value *left = gw_map_get(event, GW_VIEW("left"));
    if (!left || left->kind != GW_LIST || left->as.list.count == 0) {
        return;
    }
    gw_report_line(
        report, &(struct gw_line){.text = GW_VIEW("Left for a person:"), .style = GW_STYLE_BOLD});
    for (size_t i = 0; i < left->as.list.count; i++) {
        gw_report_line(report,
                       &(struct gw_line){.indent = 2,
                                         .mark = GW_VIEW("[ ]"),
                                         .mark_style = GW_STYLE_WARN,
                                         .text = gw_report_value(report, &left->as.list.items[i])});
    }
}

/* "requests_lost" as a person reads it. */
static struct gw_view words(struct gw_report *report, struct gw_view key)
{
    char *text = gw_arena_alloc(report->arena, key.len + 1);
    for (size_t i = 0; i < key.len; i++) {
        text[i] = key.data[i] == '_' ? ' ' : key.data[i];
    }
    return gw_report_safe(report, (struct gw_view){text, key.len});
}

static void show_world(struct gw_report *report, const struct gw_value *event)
{
    const struct gw_value *world = gw_map_get(event, GW_VIEW("world"));
    struct gw_view text = GW_VIEW("");
    if (!world || world->kind != GW_MAP || world->as.map.count == 0 || report->options.quiet) {
        return;
    }
    for (size_t i = 0; i < world->as.map.count; i++) {
        const struct gw_entry *fact = &world->as.map.entries[i];
        text = gw_arena_printf(report->arena, "%.*s%s%.*s %.*s", GW_VIEW_ARGS(text),
                               text.len ? ", " : "", GW_VIEW_ARGS(words(report, fact->key)),
                               GW_VIEW_ARGS(gw_report_value(report, &fact->value)));
    }
    gw_report_line(report,
                   &(struct gw_line){.text = gw_arena_printf(report->arena, "Simulated world: %.*s",
                                                             GW_VIEW_ARGS(text))});
}

static void show_resume(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view command = gw_report_text(report, event, "resume");
    if (command.len > 0) {
        gw_report_line(report,
                       &(struct gw_line){.text = gw_arena_printf(report->arena, "Go on with: %.*s",
                                                                 GW_VIEW_ARGS(command)),
                                         .keep_whole = true});
    }
}

void gw_report_finished(struct gw_report *report, const struct gw_value *event)
{
    int exit_code = gw_report_int(event, "exit_code");
    if (!report->options.quiet) {
        gw_report_blank(report);
    }
    show_outcome(report, event);
    show_left(report, event);
    show_world(report, event);
    show_resume(report, event);
    if (exit_code != 0) {
        const char *what = report->is_plan && exit_code == 3
                               ? "the plan does not see all of the runbook"
                               : meaning(exit_code);
        gw_report_line(report,
                       &(struct gw_line){.text = gw_arena_printf(report->arena, "Exit code %d: %s.",
                                                                 exit_code, what),
                                         .style = GW_STYLE_DIM});
    }
}
