/* command_report: gwrun report RUN: one run as one document. stdlib/report.lua makes it of the events
 * that it is given here one by one (host.report). */
#include <string.h>

#include "cli/internal.h"

struct report {
    struct gw_journal *journal;
    struct gw_view run;
    struct gw_script *script;
    bool failed; /* what Lua raised is on its stack */
};

/* ---- host.report ----------------------------------------------------------------------------- */

static bool hand_over(void *ctx, const struct gw_value *event)
{
    struct report *report = ctx;
    lua_State *L = gw_script_state(report->script);
    lua_pushvalue(L, 1);
    gw_push_value(L, event);
    report->failed = lua_pcall(L, 1, 0, 0) != LUA_OK; /* not through the journal's reading */
    return !report->failed;
}

/* each(fn): calls it with each event, in their order */
static int report_each(lua_State *L)
{
    struct report *report = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_err err = {0};
    luaL_checktype(L, 1, LUA_TFUNCTION);
    bool ok = gw_journal_events(report->journal, report->run, 0, hand_over, report, &err);
    if (report->failed) {
        return lua_error(L);
    }
    return ok ? 0 : luaL_error(L, "%s", err.message);
}

static void bind_report(struct report *report, const char *form)
{
    lua_State *L = gw_script_state(report->script);
    lua_createtable(L, 0, 3);
    lua_pushlightuserdata(L, report);
    lua_pushcclosure(L, report_each, 1);
    lua_setfield(L, -2, "each");
    gw_push_view(L, report->run);
    lua_setfield(L, -2, "run");
    lua_pushstring(L, form);
    lua_setfield(L, -2, "form");
    gw_script_set_host(report->script, "report");
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool write_out(const char *path, struct gw_view text, struct gw_err *err)
{
    if (path) {
        return gw_cli_write_file(path, "wbx", text, err);
    }
    return (fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0) ||
           gw_fail(err, GW_ERR_CANCELLED, "standard output could not be written");
}

static bool make(struct report *report, const char *form, const char *path, struct gw_err *err)
{
    struct gw_loop *loop = gw_loop_new(NULL);
    report->script = gw_cli_new_tool(loop);
    bind_report(report, form);
    bool ok = gw_cli_run_tool(report->script, "return require('report').main()", err);
    if (ok) {
        struct gw_view text = {0};
        text.data = lua_tolstring(gw_script_state(report->script), -1, &text.len);
        ok = write_out(path, text, err);
    }
    gw_script_free(report->script);
    gw_loop_free(loop);
    return ok;
}

int gw_cli_report(const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    const char *name = NULL, *path = NULL;
    bool rehearsals = false, as_html = false, as_markdown = false, as_json = false;
    const struct gw_cli_word words[] = {
        {"--html", &as_html, NULL},          {"--json", &as_json, NULL},
        {"--md", &as_markdown, NULL},        {"--out", NULL, &path},
        {"--rehearsals", &rehearsals, NULL}, {NULL, NULL, NULL}};
    if (!gw_cli_read_words(options, words, &name, &err)) {
        return gw_cli_fail(&err);
    }
    if (as_html + as_markdown + (as_json || options->json) > 1) {
        return gw_cli_fail_with(GW_EXIT_USAGE, "gwrun report: one of --html, --md and --json");
    }
    struct report report = {0};
    struct gw_journal_run run;
    report.journal = gw_cli_open_journal(options, rehearsals || options->sim, true, &err);
    struct gw_arena *arena = gw_arena_new();
    bool ok = report.journal && gw_cli_find_run(options, name, report.journal, arena, &run, &err);
    if (ok) {
        report.run = run.id;
        ok = make(&report,
                  as_markdown                ? "md"
                  : as_json || options->json ? "json"
                                             : "html",
                  path, &err);
    }
    gw_journal_close(report.journal);
    gw_arena_free(arena);
    return ok ? GW_EXIT_OK : gw_cli_fail(&err);
}
