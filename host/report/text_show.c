/* text_show: events by which a runbook shows what it has found: findings, lines of output, a fresh screen. */
#include "report/internal.h"

static bool is(struct gw_view text, const char *word)
{
    return gw_view_equal(text, gw_view_of(word));
}

static enum gw_style style_of(struct gw_view emphasis)
{
    return is(emphasis, "bad") || is(emphasis, "critical") || is(emphasis, "high") ? GW_STYLE_BAD
           : is(emphasis, "warn") || is(emphasis, "medium")                        ? GW_STYLE_WARN
           : is(emphasis, "good")                                                  ? GW_STYLE_GOOD
           : is(emphasis, "dim")                                                   ? GW_STYLE_DIM
                                                                                   : GW_STYLE_PLAIN;
}

void gw_report_found(struct gw_report *report, const struct gw_value *event)
{
    static const struct {
        const char *member, *label;
    } parts[] = {{"evidence", "evidence:"},
                 {"cause", "likely cause:"},
                 {"solution", "solution:"},
                 {"fix", "run:"}};
    struct gw_view severity = gw_report_text(report, event, "severity");
    gw_report_blank(report);
    gw_report_line(report, &(struct gw_line){.mark = gw_arena_printf(
                                                 report->arena, "! %.*s:", GW_VIEW_ARGS(severity)),
                                             .mark_style = style_of(severity),
                                             .text = gw_report_text(report, event, "text"),
                                             .style = GW_STYLE_BOLD});
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct gw_view text = gw_report_text(report, event, parts[i].member);
        if (text.len > 0) {
            gw_report_line(report, &(struct gw_line){.indent = 4,
                                                     .mark = gw_view_of(parts[i].label),
                                                     .mark_style = GW_STYLE_DIM,
                                                     .text = text});
        }
    }
}

void gw_report_output(struct gw_report *report, const struct gw_value *event)
{
    gw_report_line(report,
                   &(struct gw_line){.text = gw_report_text(report, event, "text"),
                                     .style = style_of(gw_map_text(event, GW_VIEW("emphasis"))),
                                     .keep_whole = true});
}

/* Elsewhere than on a terminal a blank line parts one picture from the next. */
void gw_report_redrawn(struct gw_report *report, const struct gw_value *event)
{
    (void)event;
    if (report->options.terminal) {
        gw_report_erase(report);
        gw_buf_add_text(&report->buf, "\033[H\033[2J");
        report->after_blank = true;
    } else {
        gw_report_blank(report);
    }
}
