/* text_plan: a planned step: what the operator would be asked, and each call with its parameters.
 * "~" changes something, "-" destroys. */
#include "report/internal.h"

#define MAX_DEPTH 8

static struct gw_view path_of(struct gw_report *report, struct gw_view base, struct gw_view key)
{
    return base.len == 0
               ? key
               : gw_arena_printf(report->arena, "%.*s.%.*s", GW_VIEW_ARGS(base), GW_VIEW_ARGS(key));
}

/* Nested maps are flattened: "networkConfiguration.awsvpcConfiguration.subnets: [...]". */
static void show_params(struct gw_report *report, const struct gw_value *params,
                        struct gw_view base, int depth)
{
    for (size_t i = 0; i < params->as.map.count; i++) {
        const struct gw_entry *entry = &params->as.map.entries[i];
        struct gw_view path = path_of(report, base, gw_report_safe(report, entry->key));
        if (entry->value.kind == GW_MAP && entry->value.as.map.count > 0 && depth < MAX_DEPTH) {
            show_params(report, &entry->value, path, depth + 1);
            continue;
        }
        struct gw_view text = gw_arena_printf(report->arena, "%.*s: %.*s", GW_VIEW_ARGS(path),
                                              GW_VIEW_ARGS(gw_report_value(report, &entry->value)));
        gw_report_line(report, &(struct gw_line){.indent = 7, .text = text, .style = GW_STYLE_DIM});
    }
}

static void show_calls(struct gw_report *report, const struct gw_value *event, bool destroys)
{
    const struct gw_value *calls = gw_map_get(event, GW_VIEW("calls"));
    for (size_t i = 0; calls && calls->kind == GW_LIST && i < calls->as.list.count; i++) {
        const struct gw_value *call = &calls->as.list.items[i];
        const struct gw_value *params = gw_map_get(call, GW_VIEW("params"));
        gw_report_line(report, &(struct gw_line){
                                   .indent = 3,
                                   .mark = destroys ? GW_VIEW("-") : GW_VIEW("~"),
                                   .mark_style = destroys ? GW_STYLE_BAD : GW_STYLE_WARN,
                                   .text = gw_report_text(report, call, "action"),
                               });
        if (params && params->kind == GW_MAP) {
            show_params(report, params, GW_VIEW(""), 0);
        }
        report->planned_changes += !destroys;
        report->planned_destroys += destroys;
    }
}

void gw_report_step_planned(struct gw_report *report, const struct gw_value *event)
{
    const struct gw_value *destroys = gw_map_get(event, GW_VIEW("destroys"));
    struct gw_view reason = gw_report_text(report, event, "reason");
    struct gw_view name = gw_report_text(report, event, "name");
    if (report->options.quiet) {
        gw_report_line(report, &(struct gw_line){.text = name, .style = GW_STYLE_BOLD});
    }
    if (!gw_view_equal(reason, name)) {
        gw_report_line(report,
                       &(struct gw_line){.indent = 3, .mark = GW_VIEW("?"), .text = reason});
    }
    show_calls(report, event, destroys && destroys->kind == GW_BOOL && destroys->as.boolean);
}
