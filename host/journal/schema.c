/* schema: the tables and views of a store, as steps from one version to the next. A new file takes
 * all of them; what is released is never changed, only followed by another step. */
#include "journal/internal.h"

#include <inttypes.h>

#define APPLICATION_ID 0x67777275 /* "gwru" */

/* Hashes are bytes, times ms since 1970 UTC unless they are text. */
static const char *const TABLES =
    "CREATE TABLE run ("
    " number INTEGER PRIMARY KEY," /* 1, 2, ... in the store, without gaps */
    " run TEXT NOT NULL UNIQUE,"
    " runbook TEXT NOT NULL DEFAULT '', title TEXT NOT NULL DEFAULT '',"
    " mode TEXT NOT NULL DEFAULT '', simulated INTEGER NOT NULL DEFAULT 0,"
    " account TEXT NOT NULL DEFAULT '', region TEXT NOT NULL DEFAULT '',"
    " user TEXT NOT NULL DEFAULT '', host TEXT NOT NULL DEFAULT '',"
    " parent TEXT NOT NULL DEFAULT '', pid INTEGER NOT NULL DEFAULT 0,"
    " started_ms INTEGER NOT NULL DEFAULT 0, finished_ms INTEGER NOT NULL DEFAULT 0,"
    " outcome TEXT NOT NULL DEFAULT '', exit_code INTEGER NOT NULL DEFAULT 0,"
    " events INTEGER NOT NULL DEFAULT 0,"
    " root BLOB NOT NULL DEFAULT x'', hash BLOB NOT NULL DEFAULT x''"
    ") STRICT;"
    "CREATE TABLE event ("
    " number INTEGER PRIMARY KEY," /* in the store */
    " run TEXT NOT NULL REFERENCES run(run) ON DELETE CASCADE,"
    " seq INTEGER NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL, step TEXT,"
    " body TEXT NOT NULL, hash BLOB NOT NULL,"
    " UNIQUE (run, seq)"
    ") STRICT;"
    "CREATE TABLE text ("
    " hash TEXT PRIMARY KEY, kept_ms INTEGER NOT NULL, body TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE file ("
    " run TEXT NOT NULL REFERENCES run(run) ON DELETE CASCADE,"
    " hash TEXT NOT NULL, name TEXT NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY (run, hash, name)"
    ") STRICT;"
    "CREATE TABLE lock ("
    " name TEXT PRIMARY KEY," /* stays when it is released, for its fence */
    " run TEXT NOT NULL, user TEXT NOT NULL, host TEXT NOT NULL, reason TEXT NOT NULL,"
    " pid INTEGER NOT NULL, process TEXT NOT NULL,"
    " taken_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, fence INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE pruned ("
    " number INTEGER PRIMARY KEY," /* of the run */
    " run TEXT NOT NULL UNIQUE, events INTEGER NOT NULL,"
    " last_event INTEGER NOT NULL," /* its number in the store */
    " hash BLOB NOT NULL, pruned_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX pruned_last_event ON pruned (last_event);";

/* For people and their tools; gwrun itself does not read them. */
static const char *const VIEWS =
    "CREATE VIEW step AS"
    " SELECT run, step, body->>'name' AS name,"
    "  CASE event WHEN 'step.started' THEN 'running' ELSE substr(event, 6) END AS state,"
    "  body->>'seconds' AS seconds, at, body->>'reason' AS reason,"
    "  body->>'$.error.message' AS error, max(seq) AS seq"
    " FROM event WHERE event IN ('step.started', 'step.planned', 'step.skipped',"
    "  'step.finished', 'step.failed')"
    " GROUP BY run, step;"
    "CREATE VIEW call AS"
    " SELECT c.run, c.seq, c.at, c.step, c.body->>'action' AS action,"
    "  c.body->>'effect' AS effect, c.body->>'outcome' AS outcome,"
    "  c.body->>'uncertain' AS uncertain, c.body->>'request_id' AS request_id,"
    "  c.body->>'attempts' AS attempts, c.body->>'ms' AS ms,"
    "  coalesce(c.body->'params', (SELECT i.body->'params' FROM event i"
    "   WHERE i.run = c.run AND i.event = 'call.intent' AND i.seq < c.seq AND i.step IS c.step"
    "   AND i.body->>'call' = c.body->>'call' ORDER BY i.seq DESC LIMIT 1)) AS params,"
    "  c.body->>'$.error.message' AS error"
    " FROM event c WHERE c.event = 'call'"
    " UNION ALL" /* what was meant, and nothing says what came of it */
    " SELECT i.run, i.seq, i.at, i.step, i.body->>'action', i.body->>'effect', 'open', 1,"
    "  NULL, NULL, NULL, i.body->'params', NULL"
    " FROM event i WHERE i.event = 'call.intent' AND NOT EXISTS (SELECT 1 FROM event c"
    "  WHERE c.run = i.run AND c.event IN ('call', 'call.settled') AND c.seq > i.seq"
    "  AND c.step IS i.step AND c.body->>'call' = i.body->>'call');"
    "CREATE VIEW note AS"
    " SELECT run, seq, at, step, event AS kind, body->>'text' AS text"
    " FROM event WHERE event IN ('note', 'warning');";

static const char *const *const STEPS[] = {&TABLES, &VIEWS};
#define VERSION ((int64_t)(sizeof STEPS / sizeof STEPS[0]))

static bool read_number(struct gw_journal *journal, const char *sql, int64_t *out,
                        struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(journal, sql, err);
    if (!stmt || gw_sql_step(journal, stmt, err) != GW_SQL_ROW) {
        return false;
    }
    *out = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return true;
}

/* Goes down to the newest of each table, so that a damaged page there is met at once. */
static bool touch_tables(struct gw_journal *journal, struct gw_err *err)
{
    int64_t count;
    bool sound =
        read_number(journal,
                    "SELECT (SELECT max(number) FROM run) + (SELECT max(number) FROM event)"
                    " + (SELECT length(run) FROM event ORDER BY run DESC, seq DESC LIMIT 1)"
                    " + (SELECT count(*) FROM lock) + (SELECT max(number) FROM pruned)"
                    " + (SELECT length(hash) FROM text ORDER BY hash DESC LIMIT 1)"
                    " + (SELECT length(run) FROM file ORDER BY run DESC LIMIT 1)",
                    &count, err);
    if (!sound && sqlite3_errcode(journal->db) == SQLITE_ERROR) {
        journal->is_damaged = true; /* a table lacks */
        gw_fail(err, GW_ERR_IO, "journal '%s': damaged (%s)", gw_journal_name(journal),
                sqlite3_errmsg(journal->db));
    }
    return sound;
}

enum gw_schema_state gw_schema_state(struct gw_journal *journal, struct gw_err *err)
{
    const char *name = gw_journal_name(journal);
    int64_t id, version, tables;
    if (!read_number(journal, "PRAGMA application_id", &id, err) ||
        !read_number(journal, "PRAGMA user_version", &version, err) ||
        !read_number(journal, "SELECT count(*) FROM sqlite_schema", &tables, err)) {
        return GW_SCHEMA_FAILED;
    }
    if (id == 0 && version == 0 && tables == 0) {
        return GW_SCHEMA_EMPTY;
    }
    if (id != APPLICATION_ID || version < 1) {
        gw_fail(err, GW_ERR_INPUT, "journal '%s': a database of something else", name);
        return GW_SCHEMA_REFUSED;
    }
    if (version > VERSION) {
        gw_fail(err, GW_ERR_INPUT,
                "journal '%s': of a newer gwrun (version %" PRId64 ", this one knows %" PRId64
                "); use that one, or another state folder",
                name, version, VERSION);
        return GW_SCHEMA_REFUSED;
    }
    if (version < VERSION) {
        return GW_SCHEMA_OLDER;
    }
    return touch_tables(journal, err) ? GW_SCHEMA_READY : GW_SCHEMA_FAILED;
}

static bool take_steps(struct gw_journal *journal, struct gw_err *err)
{
    int64_t version;
    char mark[96];
    if (!read_number(journal, "PRAGMA user_version", &version, err)) {
        return false;
    }
    for (; version < VERSION; version++) {
        if (!gw_sql_run(journal, *STEPS[version], err)) {
            return false;
        }
    }
    snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
             APPLICATION_ID, version);
    return gw_sql_run(journal, mark, err);
}

bool gw_schema_migrate(struct gw_journal *journal, struct gw_err *err)
{
    return gw_sql_begin(journal, err) && gw_sql_end(journal, take_steps(journal, err), err);
}
