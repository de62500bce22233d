/* runs: what the commands over the journal share: finding a run, and telling it and a table of them. */
#include <math.h>

#include "cli/internal.h"
#include "codec/codec.h"

struct gw_view gw_cli_instant(int64_t epoch_ms, struct gw_arena *arena)
{
    struct gw_buf text;
    gw_buf_init(&text, 64);
    gw_time_write(floor((double)epoch_ms / 1000), GW_TIME_ISO8601, &text);
    struct gw_view out = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return out;
}

struct gw_value gw_cli_run_as_value(const struct gw_journal_run *run, struct gw_arena *arena)
{
    struct gw_value out = gw_value_map();
    const struct {
        const char *name;
        struct gw_view text;
    } texts[] = {{"run", run->id},         {"runbook", run->runbook}, {"title", run->title},
                 {"mode", run->mode},      {"account", run->account}, {"region", run->region},
                 {"user", run->user},      {"host", run->host},       {"parent", run->parent},
                 {"outcome", run->outcome}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        gw_map_add_text(arena, &out, texts[i].name, gw_arena_dup(arena, texts[i].text));
    }
    gw_map_add_text(arena, &out, "started", gw_cli_instant(run->started_ms, arena));
    if (run->finished_ms > 0) {
        gw_map_add_text(arena, &out, "finished", gw_cli_instant(run->finished_ms, arena));
        *gw_map_add(arena, &out, GW_VIEW("exit_code")) = gw_value_int(run->exit_code);
    }
    *gw_map_add(arena, &out, GW_VIEW("simulated")) = gw_value_bool(run->simulated);
    *gw_map_add(arena, &out, GW_VIEW("events")) = gw_value_int(run->events);
    *gw_map_add(arena, &out, GW_VIEW("can_resume")) = gw_value_bool(gw_journal_is_open(run));
    return out;
}

bool gw_cli_find_run(const struct gw_cli_options *options, const char *name,
                     struct gw_journal *journal, struct gw_arena *arena, struct gw_journal_run *run,
                     struct gw_err *err)
{
    return name ? gw_journal_find(journal, gw_view_of(name), arena, run, err)
                : gw_fail(err, GW_ERR_INPUT,
                          "gwrun %s: which run? 'gwrun history' shows them; 'last' is the newest",
                          options->name);
}

void gw_cli_print_json(const struct gw_value *value)
{
    struct gw_buf out;
    gw_buf_init(&out, (size_t)256 << 20);
    gw_json_write(value, NULL, &out);
    gw_buf_add_char(&out, '\n');
    fwrite(out.data, 1, out.len, stdout);
    gw_buf_clear(&out);
}

void gw_cli_print_table(const struct gw_cli_options *options, const char *title,
                        const char *const *columns, const struct gw_value *rows,
                        struct gw_arena *arena)
{
    struct gw_value event = gw_value_map(), names = gw_value_list();
    struct gw_report *report = gw_cli_open_report(options);
    for (const char *const *column = columns; *column; column++) {
        *gw_list_add(arena, &names) = gw_value_text(*column);
    }
    *gw_map_add(arena, &event, GW_VIEW("event")) = gw_value_text("table");
    *gw_map_add(arena, &event, GW_VIEW("title")) = gw_value_text(title);
    *gw_map_add(arena, &event, GW_VIEW("columns")) = names;
    *gw_map_add(arena, &event, GW_VIEW("rows")) = *rows;
    gw_report_event(report, &event);
    gw_report_free(report);
}
