/* report: one event in, its rendering out, flushed: what an operator sees has happened. */
#include "report/report.h"

#include <stdlib.h>

#include "report/internal.h"

#define MAX_EVENT_BYTES ((size_t)64 << 20)

struct gw_report *gw_report_new(const struct gw_report_options *options)
{
    struct gw_report *report = gw_alloc(sizeof *report);
    report->options = *options;
    report->arena = gw_arena_new();
    gw_buf_init(&report->buf, MAX_EVENT_BYTES);
    return report;
}

void gw_report_free(struct gw_report *report)
{
    if (!report) {
        return;
    }
    for (size_t i = 0; i < GW_REPORT_MAX_WAITS; i++) {
        free(report->waits[i].text);
    }
    gw_buf_clear(&report->buf);
    gw_arena_free(report->arena);
    free(report->list);
    free(report->title);
    free(report);
}

static void write_out(struct gw_report *report)
{
    struct gw_view text = gw_redact(report->arena, gw_buf_view(&report->buf));
    if (text.len > 0 && !report->failed) {
        report->failed = fwrite(text.data, 1, text.len, report->options.out) != text.len ||
                         fflush(report->options.out) != 0;
    }
}

bool gw_report_event(struct gw_report *report, const struct gw_value *event)
{
    gw_buf_reset(&report->buf);
    if (report->options.kind == GW_REPORT_JSON) {
        gw_json_write(event, &(struct gw_json_options){.indent = 0}, &report->buf);
        gw_buf_add_char(&report->buf, '\n');
    } else {
        gw_report_text_event(report, event);
    }
    write_out(report);
    gw_arena_clear(report->arena);
    return !report->failed;
}

void gw_report_settle(struct gw_report *report)
{
    gw_buf_reset(&report->buf);
    gw_report_erase(report);
    write_out(report);
}
