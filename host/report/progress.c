/* progress: waits and streams. On a terminal one line, redrawn in place; elsewhere a plain line when the text
 * changes, at most every ten seconds of the run's own time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

#define PLAIN_INTERVAL_S 10

static struct gw_report_wait *wait_of(struct gw_report *report, struct gw_view id)
{
    struct gw_report_wait *unused = &report->waits[0];
    for (size_t i = 0; i < GW_REPORT_MAX_WAITS; i++) {
        struct gw_report_wait *wait = &report->waits[i];
        if (gw_view_equal(gw_view_of(wait->id), id)) {
            return wait;
        }
        unused = wait->id[0] ? unused : wait;
    }
    free(unused->text);
    *unused = (struct gw_report_wait){.text = NULL};
    snprintf(unused->id, sizeof unused->id, "%.*s", GW_VIEW_ARGS(id));
    return unused;
}

static void forget(struct gw_report_wait *wait)
{
    free(wait->text);
    *wait = (struct gw_report_wait){.text = NULL};
}

void gw_report_erase(struct gw_report *report)
{
    if (report->line_open) {
        gw_buf_add_text(&report->buf, "\r\033[K");
        report->line_open = false;
    }
}

static struct gw_view describe(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view name = gw_report_text(report, event, "name");
    struct gw_view text = gw_report_text(report, event, "text");
    struct gw_view elapsed = gw_report_duration(report, gw_report_number(event, "elapsed"));
    return gw_arena_printf(report->arena, "%.*s (%.*s): %.*s", GW_VIEW_ARGS(name),
                           GW_VIEW_ARGS(elapsed), GW_VIEW_ARGS(text));
}

static void redraw(struct gw_report *report, struct gw_view text)
{
    text = gw_report_cut(report, text, gw_report_columns(report) - 3);
    gw_report_erase(report);
    gw_report_styled(report, GW_STYLE_WARN, GW_VIEW("~ "));
    gw_buf_add(&report->buf, text);
    report->line_open = true;
}

static void show_progress(struct gw_report *report, const struct gw_value *event)
{
    struct gw_report_wait *wait = wait_of(report, gw_map_text(event, GW_VIEW("wait")));
    struct gw_view text = gw_map_text(event, GW_VIEW("text"));
    double elapsed = gw_report_number(event, "elapsed");
    if (report->options.quiet) {
        return;
    }
    if (report->options.terminal) {
        redraw(report, describe(report, event));
        return;
    }
    bool first = wait->text == NULL;
    bool changed = first || !gw_view_equal(gw_view_of(wait->text), text);
    if (changed && (first || elapsed - wait->elapsed >= PLAIN_INTERVAL_S)) {
        free(wait->text);
        wait->text = gw_view_dup(text);
        wait->elapsed = elapsed;
        gw_report_line(report, &(struct gw_line){.mark = GW_VIEW("~"),
                                                 .mark_style = GW_STYLE_WARN,
                                                 .text = describe(report, event)});
    }
}

static void show_start(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view timeout = gw_report_duration(report, gw_report_number(event, "timeout"));
    struct gw_view text =
        gw_arena_printf(report->arena, "%.*s (at most %.*s)",
                        GW_VIEW_ARGS(gw_report_text(report, event, "name")), GW_VIEW_ARGS(timeout));
    if (!report->options.quiet) {
        gw_report_blank(report);
        gw_report_line(report, &(struct gw_line){.mark = GW_VIEW("~"),
                                                 .mark_style = GW_STYLE_WARN,
                                                 .text = text,
                                                 .style = GW_STYLE_BOLD});
    }
}

static void show_end(struct gw_report *report, const struct gw_value *event, bool ok)
{
    bool utf8 = report->options.utf8;
    forget(wait_of(report, gw_map_text(event, GW_VIEW("wait"))));
    if (ok && report->options.quiet) {
        return;
    }
    struct gw_view elapsed = gw_report_duration(report, gw_report_number(event, "elapsed"));
    struct gw_view why = gw_report_text(report, event, "text");
    struct gw_view text =
        gw_arena_printf(report->arena, "%s after %.*s%s%.*s", ok ? "done" : "failed",
                        GW_VIEW_ARGS(elapsed), why.len ? ": " : "", GW_VIEW_ARGS(why));
    if (report->options.quiet) {
        text = gw_arena_printf(report->arena, "%.*s: %.*s",
                               GW_VIEW_ARGS(gw_report_text(report, event, "name")),
                               GW_VIEW_ARGS(text));
    }
    gw_report_line(report, &(struct gw_line){
                               .indent = report->options.quiet ? 0 : 3,
                               .mark = gw_view_of(ok ? (utf8 ? "\xe2\x9c\x93" : "+")
                                                     : (utf8 ? "\xe2\x9c\x97" : "x")),
                               .mark_style = ok ? GW_STYLE_GOOD : GW_STYLE_BAD,
                               .text = text,
                           });
}

/* ---- streams --------------------------------------------------------------------------------- */

static struct gw_view describe_bytes(struct gw_report *report, double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++) {
        bytes /= 1024;
    }
    return gw_arena_printf(report->arena, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

static struct gw_view describe_transfer(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view action = gw_report_text(report, event, "action");
    double done = gw_report_number(event, "done_bytes");
    double total = gw_report_number(event, "total_bytes");
    struct gw_view bytes = describe_bytes(report, done);
    if (total <= 0) {
        return gw_arena_printf(report->arena, "%.*s: %.*s", GW_VIEW_ARGS(action),
                               GW_VIEW_ARGS(bytes));
    }
    return gw_arena_printf(report->arena, "%.*s: %.*s of %.*s (%.0f%%)", GW_VIEW_ARGS(action),
                           GW_VIEW_ARGS(bytes), GW_VIEW_ARGS(describe_bytes(report, total)),
                           100 * done / total);
}

static void show_transfer(struct gw_report *report, const struct gw_value *event)
{
    if (report->options.quiet) {
        return;
    }
    if (report->options.terminal) {
        redraw(report, describe_transfer(report, event));
    } else if (gw_report_int(event, "seconds") % PLAIN_INTERVAL_S == 0) {
        gw_report_line(report, &(struct gw_line){.mark = GW_VIEW("~"),
                                                 .mark_style = GW_STYLE_WARN,
                                                 .text = describe_transfer(report, event)});
    }
}

bool gw_report_progress(struct gw_report *report, struct gw_view name, const struct gw_value *event)
{
    if (gw_view_equal(name, GW_VIEW("wait.progress"))) {
        show_progress(report, event);
    } else if (gw_view_equal(name, GW_VIEW("wait.started"))) {
        show_start(report, event);
    } else if (gw_view_equal(name, GW_VIEW("wait.finished"))) {
        show_end(report, event, true);
    } else if (gw_view_equal(name, GW_VIEW("wait.failed"))) {
        show_end(report, event, false);
        gw_report_cause(report, event);
    } else if (gw_view_equal(name, GW_VIEW("call.progress"))) {
        show_transfer(report, event);
    } else {
        return false;
    }
    return true;
}
