/* prune: old runs go, their numbers, ids and last hashes stay, so that verify knows that they were
 * taken out in order. */
#include "journal/internal.h"

/* A text is kept before the event that refers to it is appended. */
#define TEXT_GRACE_MS INT64_C(3600000)

static bool mark(struct gw_journal *journal, int64_t before_ms, int64_t now_ms, int64_t *count,
                 struct gw_err *err)
{
    sqlite3_stmt *stmt =
        gw_sql(journal,
               "INSERT INTO pruned (number, run, events, last_event, hash, pruned_ms)"
               " SELECT r.number, r.run, r.events, e.number, r.hash, ?2"
               " FROM run r JOIN event e ON e.run = r.run AND e.seq = r.events"
               " WHERE r.finished_ms > 0 AND r.finished_ms < ?1",
               err);
    if (!stmt) {
        return false;
    }
    sqlite3_bind_int64(stmt, 1, before_ms);
    sqlite3_bind_int64(stmt, 2, now_ms);
    if (!gw_sql_finish(journal, stmt, err)) {
        return false;
    }
    *count = sqlite3_changes64(journal->db);
    return true;
}

/* Whatever in an event looks like a hash may be one. */
static bool drop_texts(struct gw_journal *journal, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(journal,
                                "DELETE FROM text WHERE kept_ms < ?1 AND hash NOT IN ("
                                " SELECT part.atom FROM event, json_tree(event.body) part"
                                " WHERE part.type = 'text' AND length(part.atom) = 64)",
                                err);
    if (!stmt) {
        return false;
    }
    sqlite3_bind_int64(stmt, 1, gw_clock_wall_ms() - TEXT_GRACE_MS);
    return gw_sql_finish(journal, stmt, err);
}

static bool prune(struct gw_journal *journal, int64_t before_ms, int64_t now_ms, int64_t *count,
                  struct gw_err *err)
{
    /* with its events and files */
    static const char *const drop_runs =
        "DELETE FROM run WHERE number IN (SELECT number FROM pruned)";
    return mark(journal, before_ms, now_ms, count, err) &&
           (*count == 0 || gw_sql_run(journal, drop_runs, err)) && drop_texts(journal, err);
}

bool gw_journal_prune(struct gw_journal *journal, int64_t before_ms, int64_t now_ms, int64_t *count,
                      struct gw_err *err)
{
    *count = 0;
    return gw_sql_begin(journal, err) &&
           gw_sql_end(journal, prune(journal, before_ms, now_ms, count, err), err);
}
