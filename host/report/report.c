/* report: one event in, its rendering out, flushed: what an operator sees has happened. Secrets are
 * taken out of the event before it is rendered: escaped, wrapped or cut they would not be found. */
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

/* ---- secrets --------------------------------------------------------------------------------- */

/* The event's own name and those of its members are the engine's: a secret that happens to be one
 * of these words must not hide what happened. */
static struct gw_value redacted_event(struct gw_arena *arena, const struct gw_value *event)
{
    struct gw_value copy = gw_value_map();
    for (size_t i = 0; i < event->as.map.count; i++) {
        const struct gw_entry *entry = &event->as.map.entries[i];
        bool is_name = gw_view_equal(entry->key, GW_VIEW("event"));
        *gw_map_add(arena, &copy, entry->key) =
            is_name ? entry->value : gw_redact_value(arena, &entry->value);
    }
    return copy;
}

/* ---- output ---------------------------------------------------------------------------------- */

/* An event that cannot be written whole, for its size or depth, keeps only what tells which it was:
 * half a line would be none to its reader. */
static void write_json(struct gw_report *report, const struct gw_value *event)
{
    static const struct gw_view head[] = {{"event", 5}, {"seq", 3}, {"at", 2}};
    struct gw_json_options compact = {.indent = 0};
    struct gw_value rest = gw_value_map();
    if (!gw_json_write(event, &compact, &report->buf)) {
        for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
            const struct gw_value *member = gw_map_get(event, head[i]);
            *gw_map_add(report->arena, &rest, head[i]) = member ? *member : (struct gw_value){0};
        }
        *gw_map_add(report->arena, &rest, GW_VIEW("cut")) = gw_value_bool(true);
        gw_buf_reset(&report->buf);
        gw_json_write(&rest, &compact, &report->buf);
    }
    gw_buf_add_char(&report->buf, '\n');
}

static void write_out(struct gw_report *report)
{
    struct gw_view text = gw_buf_view(&report->buf);
    if (text.len > 0 && !report->failed) {
        report->failed = fwrite(text.data, 1, text.len, report->options.out) != text.len ||
                         fflush(report->options.out) != 0;
    }
}

/* A bar before each line of a run that is a step of another. */
static void mark_lines(struct gw_report *report)
{
    struct gw_view text = gw_arena_dup(report->arena, gw_buf_view(&report->buf)), line;
    gw_buf_reset(&report->buf);
    while (text.len > 0 && gw_view_next(&text, '\n', &line)) {
        gw_buf_addf(&report->buf, "%s%.*s\n", line.len > 0 ? "| " : "|", GW_VIEW_ARGS(line));
    }
}

bool gw_report_event(struct gw_report *report, const struct gw_value *event)
{
    struct gw_value clean = redacted_event(report->arena, event);
    gw_buf_reset(&report->buf);
    if (report->options.kind == GW_REPORT_JSON) {
        write_json(report, &clean);
    } else {
        gw_report_text_event(report, &clean);
        if (gw_map_get(&clean, GW_VIEW("child"))) {
            mark_lines(report);
        }
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
