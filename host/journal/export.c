/* export: one run as lines that another tool can read and hold against the chain; docs/journal.md has
 * the format. */
#include "journal/internal.h"

#include <inttypes.h>

struct exporting {
    struct gw_journal *journal;
    struct gw_arena *arena; /* of one line */
    gw_journal_event_fn fn;
    void *ctx;
    struct gw_err *err;
};

static void add(struct exporting *e, struct gw_value *line, const char *name, struct gw_value value)
{
    *gw_map_add(e->arena, line, gw_view_of(name)) = value;
}

static void add_column(struct exporting *e, struct gw_value *line, const char *name,
                       sqlite3_stmt *stmt, int at)
{
    struct gw_value value = sqlite3_column_type(stmt, at) == SQLITE_INTEGER
                                ? gw_value_int(sqlite3_column_int64(stmt, at))
                                : gw_value_string(gw_column_dup(stmt, at, e->arena));
    add(e, line, name, value);
}

static void add_base64(struct exporting *e, struct gw_value *line, sqlite3_stmt *stmt, int at)
{
    struct gw_buf text;
    gw_buf_init(&text, 2 * GW_JOURNAL_MAX_FILE);
    gw_base64_write(gw_column(stmt, at), &text);
    add(e, line, "base64", gw_value_string(gw_arena_dup(e->arena, gw_buf_view(&text))));
    gw_buf_clear(&text);
}

/* A line of each row: the columns under these names; "base64" takes bytes. */
static bool tell_rows(struct exporting *e, const char *sql, struct gw_view run,
                      const char *const *names)
{
    sqlite3_stmt *stmt = gw_sql(e->journal, sql, e->err);
    enum gw_sql_step step = GW_SQL_FAILED;
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, run);
    while ((step = gw_sql_step(e->journal, stmt, e->err)) == GW_SQL_ROW) {
        struct gw_value line = gw_value_map();
        gw_arena_clear(e->arena);
        for (int i = 0; names[i]; i++) {
            if (gw_view_equal(gw_view_of(names[i]), GW_VIEW("base64"))) {
                add_base64(e, &line, stmt, i);
            } else {
                add_column(e, &line, names[i], stmt, i);
            }
        }
        if (!e->fn(e->ctx, &line)) {
            sqlite3_reset(stmt);
            return true;
        }
    }
    return step == GW_SQL_DONE;
}

bool gw_journal_export(struct gw_journal *journal, struct gw_view run, gw_journal_event_fn fn,
                       void *ctx, struct gw_err *err)
{
    static const char *const heads[] = {"export", "run", "number", "events", "root", NULL};
    static const char *const events[] = {"seq", "hash", "body", NULL};
    static const char *const texts[] = {"text", "body", NULL};
    static const char *const files[] = {"file", "hash", "base64", NULL};
    struct exporting e = {
        .journal = journal, .arena = gw_arena_new(), .fn = fn, .ctx = ctx, .err = err};
    bool ok =
        tell_rows(&e, "SELECT 1, run, number, events, lower(hex(root)) FROM run WHERE run = ?1",
                  run, heads) &&
        tell_rows(&e, "SELECT seq, lower(hex(hash)), body FROM event WHERE run = ?1 ORDER BY seq",
                  run, events) &&
        tell_rows(&e,
                  "SELECT hash, body FROM text t WHERE EXISTS (SELECT 1 FROM event e"
                  " WHERE e.run = ?1 AND instr(e.body, t.hash) > 0) ORDER BY hash",
                  run, texts) &&
        tell_rows(&e, "SELECT name, hash, bytes FROM file WHERE run = ?1 ORDER BY name, hash", run,
                  files);
    gw_arena_free(e.arena);
    return ok;
}
