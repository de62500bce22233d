/* facts: what a run's row says of it. They come from three kinds of events alone, so that verify can
 * work them out again. */
#include "journal/internal.h"

#include <math.h>

bool gw_event_time(const struct gw_value *event, int64_t *ms)
{
    double seconds;
    if (!gw_time_read(gw_map_text(event, GW_VIEW("at")), &seconds)) {
        return false;
    }
    *ms = llround(seconds * 1000);
    return true;
}

/* ---- from events ----------------------------------------------------------------------------- */

static void take_text(struct gw_view *fact, const struct gw_value *event, const char *member)
{
    struct gw_view text = gw_map_text(event, gw_view_of(member));
    if (text.len > 0) {
        *fact = text;
    }
}

static void take_int(int64_t *fact, const struct gw_value *event, const char *member)
{
    const struct gw_value *value = gw_map_get(event, gw_view_of(member));
    if (value && value->kind == GW_INT) {
        *fact = value->as.integer;
    }
}

static void take_process(struct gw_journal_run *facts, const struct gw_value *event)
{
    take_text(&facts->account, event, "account");
    take_text(&facts->region, event, "region");
    take_text(&facts->user, event, "user");
    take_text(&facts->host, event, "host");
    take_int(&facts->pid, event, "pid");
}

static void start(struct gw_journal_run *facts, const struct gw_value *event)
{
    const struct gw_value *simulated = gw_map_get(event, GW_VIEW("simulated"));
    take_text(&facts->runbook, event, "runbook");
    take_text(&facts->title, event, "title");
    take_text(&facts->mode, event, "mode");
    take_text(&facts->parent, event, "parent");
    facts->simulated = simulated && simulated->kind == GW_BOOL && simulated->as.boolean;
    take_process(facts, event);
    gw_event_time(event, &facts->started_ms);
}

static void resume(struct gw_journal_run *facts, const struct gw_value *event)
{
    take_process(facts, event);
    facts->finished_ms = facts->exit_code = 0;
    facts->outcome = GW_VIEW("");
}

static void finish(struct gw_journal_run *facts, const struct gw_value *event)
{
    take_text(&facts->outcome, event, "outcome");
    take_int(&facts->exit_code, event, "exit_code");
    gw_event_time(event, &facts->finished_ms);
}

bool gw_facts_follow(struct gw_journal_run *facts, const struct gw_value *event)
{
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    if (gw_view_equal(name, GW_VIEW("run.started"))) {
        start(facts, event);
    } else if (gw_view_equal(name, GW_VIEW("run.resumed"))) {
        resume(facts, event);
    } else if (gw_view_equal(name, GW_VIEW("run.finished"))) {
        finish(facts, event);
    } else {
        return false;
    }
    return true;
}

const char *gw_facts_difference(const struct gw_journal_run *a, const struct gw_journal_run *b)
{
    const struct {
        const char *name;
        struct gw_view a, b;
    } texts[] = {
        {"runbook", a->runbook, b->runbook}, {"title", a->title, b->title},
        {"mode", a->mode, b->mode},          {"account", a->account, b->account},
        {"region", a->region, b->region},    {"user", a->user, b->user},
        {"host", a->host, b->host},          {"parent", a->parent, b->parent},
        {"outcome", a->outcome, b->outcome},
    };
    const struct {
        const char *name;
        int64_t a, b;
    } numbers[] = {
        {"simulated", a->simulated, b->simulated},
        {"pid", a->pid, b->pid},
        {"started_ms", a->started_ms, b->started_ms},
        {"finished_ms", a->finished_ms, b->finished_ms},
        {"exit_code", a->exit_code, b->exit_code},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!gw_view_equal(texts[i].a, texts[i].b)) {
            return texts[i].name;
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].a != numbers[i].b) {
            return numbers[i].name;
        }
    }
    return NULL;
}

/* ---- the row --------------------------------------------------------------------------------- */

void gw_run_read(sqlite3_stmt *stmt, struct gw_arena *arena, struct gw_run_row *out)
{
    struct gw_journal_run *facts = &out->facts;
    int at = 0;
    out->number = sqlite3_column_int64(stmt, at++);
    facts->id = gw_column_dup(stmt, at++, arena);
    facts->runbook = gw_column_dup(stmt, at++, arena);
    facts->title = gw_column_dup(stmt, at++, arena);
    facts->mode = gw_column_dup(stmt, at++, arena);
    facts->simulated = sqlite3_column_int(stmt, at++) != 0;
    facts->account = gw_column_dup(stmt, at++, arena);
    facts->region = gw_column_dup(stmt, at++, arena);
    facts->user = gw_column_dup(stmt, at++, arena);
    facts->host = gw_column_dup(stmt, at++, arena);
    facts->parent = gw_column_dup(stmt, at++, arena);
    facts->pid = sqlite3_column_int64(stmt, at++);
    facts->started_ms = sqlite3_column_int64(stmt, at++);
    facts->finished_ms = sqlite3_column_int64(stmt, at++);
    facts->outcome = gw_column_dup(stmt, at++, arena);
    facts->exit_code = sqlite3_column_int64(stmt, at++);
    facts->events = sqlite3_column_int64(stmt, at++);
    out->root = gw_column_dup(stmt, at++, arena);
    out->hash = gw_column_dup(stmt, at, arena);
}

bool gw_run_write(struct gw_journal *journal, const struct gw_run_row *row, struct gw_err *err)
{
    const struct gw_journal_run *facts = &row->facts;
    sqlite3_stmt *stmt =
        gw_sql(journal,
               "UPDATE run SET runbook = ?2, title = ?3, mode = ?4, simulated = ?5, account = ?6,"
               " region = ?7, user = ?8, host = ?9, parent = ?10, pid = ?11, started_ms = ?12,"
               " finished_ms = ?13, outcome = ?14, exit_code = ?15 WHERE number = ?1",
               err);
    if (!stmt) {
        return false;
    }
    int at = 1;
    sqlite3_bind_int64(stmt, at++, row->number);
    gw_bind_text(stmt, at++, facts->runbook);
    gw_bind_text(stmt, at++, facts->title);
    gw_bind_text(stmt, at++, facts->mode);
    sqlite3_bind_int(stmt, at++, facts->simulated);
    gw_bind_text(stmt, at++, facts->account);
    gw_bind_text(stmt, at++, facts->region);
    gw_bind_text(stmt, at++, facts->user);
    gw_bind_text(stmt, at++, facts->host);
    gw_bind_text(stmt, at++, facts->parent);
    sqlite3_bind_int64(stmt, at++, facts->pid);
    sqlite3_bind_int64(stmt, at++, facts->started_ms);
    sqlite3_bind_int64(stmt, at++, facts->finished_ms);
    gw_bind_text(stmt, at++, facts->outcome);
    sqlite3_bind_int64(stmt, at, facts->exit_code);
    return gw_sql_finish(journal, stmt, err);
}
