/* read: runs and events. Rows are taken out before the caller sees them, so that it may use the
 * journal meanwhile, also to append. */
#include "journal/internal.h"

#include <inttypes.h>
#include <string.h>

#define EVENTS_AT_ONCE 64
#define NAMES_SHOWN    3

/* ---- runs ------------------------------------------------------------------------------------ */

struct rows {
    struct gw_run_row *items;
    size_t count, capacity;
};

static void add_row(struct rows *rows, struct gw_arena *arena, sqlite3_stmt *stmt)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? 2 * rows->capacity : 16;
        struct gw_run_row *items = gw_arena_alloc(arena, capacity * sizeof *items);
        if (rows->count > 0) {
            memcpy(items, rows->items, rows->count * sizeof *items);
        }
        rows->items = items;
        rows->capacity = capacity;
    }
    gw_run_read(stmt, arena, &rows->items[rows->count++]);
}

static bool collect(struct gw_journal *journal, sqlite3_stmt *stmt, struct gw_arena *arena,
                    struct rows *rows, struct gw_err *err)
{
    enum gw_sql_step step;
    while ((step = gw_sql_step(journal, stmt, err)) == GW_SQL_ROW) {
        add_row(rows, arena, stmt);
    }
    return step == GW_SQL_DONE;
}

/* A run that has no event yet has only its id: it is no run for readers. */
static bool select_runs(struct gw_journal *journal, const struct gw_journal_filter *filter,
                        struct gw_arena *arena, struct rows *rows, struct gw_err *err)
{
    sqlite3_stmt *stmt =
        gw_sql(journal,
               "SELECT " GW_RUN_COLUMNS "FROM run WHERE events > 0"
               " AND (?1 = '' OR runbook = ?1) AND (?2 = '' OR mode = ?2) AND started_ms >= ?3"
               " AND (NOT ?4 OR (mode = 'real' AND NOT simulated AND parent = '' AND outcome NOT "
               "IN ('ok', 'undone')))"
               " ORDER BY number DESC LIMIT ?5",
               err);
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, filter->runbook);
    gw_bind_text(stmt, 2, filter->mode);
    sqlite3_bind_int64(stmt, 3, filter->since_ms > 0 ? filter->since_ms : INT64_MIN);
    sqlite3_bind_int(stmt, 4, filter->open_only);
    sqlite3_bind_int(stmt, 5, filter->limit > 0 ? filter->limit : -1);
    return collect(journal, stmt, arena, rows, err);
}

bool gw_journal_is_open(const struct gw_journal_run *run)
{
    return gw_view_equal(run->mode, GW_VIEW("real")) && !run->simulated && run->parent.len == 0 &&
           !gw_view_equal(run->outcome, GW_VIEW("ok")) &&
           !gw_view_equal(run->outcome, GW_VIEW("undone"));
}

bool gw_journal_runs(struct gw_journal *journal, const struct gw_journal_filter *filter,
                     gw_journal_run_fn fn, void *ctx, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct rows rows = {0};
    bool ok = select_runs(journal, filter, arena, &rows, err);
    for (size_t i = 0; ok && i < rows.count; i++) {
        if (!fn(ctx, &rows.items[i].facts)) {
            break;
        }
    }
    gw_arena_free(arena);
    return ok;
}

/* ---- find ------------------------------------------------------------------------------------ */

static const char *const NEWEST =
    "SELECT " GW_RUN_COLUMNS "FROM run WHERE events > 0 AND parent = ''"
    " ORDER BY number DESC LIMIT 1";
static const char *const EXACT = "SELECT " GW_RUN_COLUMNS "FROM run WHERE events > 0 AND run = ?1";
static const char *const BY_ENDS =
    "SELECT " GW_RUN_COLUMNS "FROM run WHERE events > 0 AND (substr(run, 1, length(?1)) = ?1"
    " OR substr(run, -length(?1)) = ?1) ORDER BY number DESC";

static bool select_named(struct gw_journal *journal, const char *sql, struct gw_view name,
                         struct gw_arena *arena, struct rows *rows, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(journal, sql, err);
    if (!stmt) {
        return false;
    }
    if (sqlite3_bind_parameter_count(stmt) > 0) {
        gw_bind_text(stmt, 1, name);
    }
    return collect(journal, stmt, arena, rows, err);
}

static bool fail_many(const struct rows *rows, struct gw_view name, struct gw_err *err)
{
    struct gw_buf list;
    gw_buf_init(&list, sizeof err->message);
    for (size_t i = 0; i < rows->count && i < NAMES_SHOWN; i++) {
        gw_buf_addf(&list, "%s'%.*s'", i > 0 ? ", " : "", GW_VIEW_ARGS(rows->items[i].facts.id));
    }
    if (rows->count > NAMES_SHOWN) {
        gw_buf_addf(&list, " and %zu more", rows->count - NAMES_SHOWN);
    }
    gw_fail(err, GW_ERR_INPUT, "run '%.*s' may be %s; give more of its id", GW_VIEW_ARGS(name),
            list.data);
    gw_buf_clear(&list);
    return false;
}

bool gw_journal_find(struct gw_journal *journal, struct gw_view name, struct gw_arena *arena,
                     struct gw_journal_run *out, struct gw_err *err)
{
    struct rows rows = {0};
    bool is_last = gw_view_equal(name, GW_VIEW("last"));
    if (!select_named(journal, is_last ? NEWEST : EXACT, name, arena, &rows, err) ||
        (rows.count == 0 && name.len > 0 && !is_last &&
         !select_named(journal, BY_ENDS, name, arena, &rows, err))) {
        return false;
    }
    if (rows.count == 0) {
        return is_last ? gw_fail(err, GW_ERR_NOT_FOUND, "no run in journal '%s' yet",
                                 gw_journal_name(journal))
                       : gw_fail(err, GW_ERR_NOT_FOUND, "no run '%.*s' in journal '%s'",
                                 GW_VIEW_ARGS(name), gw_journal_name(journal));
    }
    if (rows.count > 1) {
        return fail_many(&rows, name, err);
    }
    *out = rows.items[0].facts;
    return true;
}

/* ---- events ---------------------------------------------------------------------------------- */

struct batch {
    int64_t seq[EVENTS_AT_ONCE];
    struct gw_view body[EVENTS_AT_ONCE];
    size_t count;
};

static bool read_batch(struct gw_journal *journal, struct gw_view run, int64_t after,
                       struct gw_arena *arena, struct batch *batch, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(
        journal, "SELECT seq, body FROM event WHERE run = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        err);
    enum gw_sql_step step;
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, run);
    sqlite3_bind_int64(stmt, 2, after);
    sqlite3_bind_int(stmt, 3, EVENTS_AT_ONCE);
    batch->count = 0;
    while ((step = gw_sql_step(journal, stmt, err)) == GW_SQL_ROW) {
        batch->seq[batch->count] = sqlite3_column_int64(stmt, 0);
        batch->body[batch->count++] = gw_column_dup(stmt, 1, arena);
    }
    return step == GW_SQL_DONE;
}

/* With its number behind its name, where the run's stream has it. */
static bool parse_event(struct gw_view body, int64_t seq, struct gw_arena *arena,
                        struct gw_value *out, struct gw_err *err)
{
    struct gw_value stored;
    if (!gw_json_parse(body, arena, &stored, err)) {
        return false;
    }
    *out = gw_value_map();
    *gw_map_add(arena, out, GW_VIEW("event")) =
        gw_value_string(gw_map_text(&stored, GW_VIEW("event")));
    *gw_map_add(arena, out, GW_VIEW("seq")) = gw_value_int(seq);
    for (size_t i = 0; stored.kind == GW_MAP && i < stored.as.map.count; i++) {
        const struct gw_entry *entry = &stored.as.map.entries[i];
        if (!gw_view_equal(entry->key, GW_VIEW("event"))) {
            *gw_map_add(arena, out, entry->key) = entry->value;
        }
    }
    return true;
}

/* False: a failure, or the reader wants no more. */
static bool tell_batch(struct gw_view run, const struct batch *batch, gw_journal_event_fn fn,
                       void *ctx, struct gw_err *err, bool *failed)
{
    struct gw_arena *arena = gw_arena_new();
    bool more = true;
    for (size_t i = 0; more && i < batch->count; i++) {
        struct gw_value event;
        gw_arena_clear(arena);
        *failed = !parse_event(batch->body[i], batch->seq[i], arena, &event, err);
        if (*failed) {
            gw_err_prefix(err, "event %" PRId64 " of run '%.*s'", batch->seq[i], GW_VIEW_ARGS(run));
        }
        more = !*failed && fn(ctx, &event);
    }
    gw_arena_free(arena);
    return more;
}

bool gw_journal_events(struct gw_journal *journal, struct gw_view run, int64_t after,
                       gw_journal_event_fn fn, void *ctx, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct batch batch = {.count = EVENTS_AT_ONCE};
    bool failed = false;
    while (!failed && batch.count == EVENTS_AT_ONCE) {
        gw_arena_clear(arena);
        failed = !read_batch(journal, run, after, arena, &batch, err);
        if (failed || !tell_batch(run, &batch, fn, ctx, err, &failed)) {
            break;
        }
        after = batch.count > 0 ? batch.seq[batch.count - 1] : after;
    }
    gw_arena_free(arena);
    return !failed;
}

/* ---- durations ------------------------------------------------------------------------------- */

/* One that was resumed took as long as somebody let it lie. */
bool gw_journal_durations(struct gw_journal *journal, struct gw_view runbook, int64_t *out_ms,
                          size_t capacity, size_t *count, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(
        journal,
        "SELECT took FROM (SELECT r.number, r.finished_ms - r.started_ms AS took FROM run r"
        " WHERE r.runbook = ?1 AND r.mode = 'real' AND r.outcome = 'ok' AND r.finished_ms > 0"
        " AND NOT EXISTS (SELECT 1 FROM event e WHERE e.run = r.run AND e.event = 'run.resumed')"
        " ORDER BY r.number DESC LIMIT ?2) ORDER BY number",
        err);
    enum gw_sql_step step;
    *count = 0;
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, runbook);
    sqlite3_bind_int64(stmt, 2, (int64_t)capacity);
    while ((step = gw_sql_step(journal, stmt, err)) == GW_SQL_ROW) {
        out_ms[(*count)++] = sqlite3_column_int64(stmt, 0);
    }
    return step == GW_SQL_DONE;
}
