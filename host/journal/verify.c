/* verify: works the chain out again, and what stands beside it: columns, facts of runs, hashes of what
 * is kept. The first thing that does not fit is told. */
#include "journal/internal.h"

#include <inttypes.h>
#include <string.h>

struct verifying {
    struct gw_journal *journal;
    struct gw_arena *arena; /* of the verdict */
    struct gw_journal_verdict *verdict;
    struct gw_err *err;
};

/* Always false, so that the walk ends; no error, it is the verdict. */
static bool found(struct verifying *v, struct gw_view run, struct gw_view problem)
{
    v->verdict->intact = false;
    v->verdict->run = gw_arena_dup(v->arena, run);
    v->verdict->problem = problem;
    return false;
}

/* ---- one run --------------------------------------------------------------------------------- */

struct walk {
    const struct gw_run_row *row;
    struct gw_journal_run facts; /* as the events have them */
    struct gw_arena *kept;       /* what facts point to */
    struct gw_view before;
    unsigned char hash[GW_CHAIN_LEN];
    int64_t seq, number; /* of the event before, in the run and in the store */
};

static struct gw_view bytes_of(const unsigned char hash[GW_CHAIN_LEN])
{
    return (struct gw_view){(const char *)hash, GW_CHAIN_LEN};
}

/* What is told of the run is taken over; texts last as long as the walk. */
static void follow(struct walk *walk, struct gw_view body)
{
    struct gw_err ignored;
    struct gw_value event;
    if (gw_json_parse(gw_arena_dup(walk->kept, body), walk->kept, &event, &ignored)) {
        gw_facts_follow(&walk->facts, &event);
    }
}

static const char *wrong_column(sqlite3_stmt *stmt, const struct gw_value *event)
{
    static const struct {
        const char *name;
        int at;
    } columns[] = {{"at", 2}, {"event", 3}, {"step", 4}};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        struct gw_view text = gw_map_text(event, gw_view_of(columns[i].name));
        if (!gw_view_equal(text, gw_column(stmt, columns[i].at))) {
            return columns[i].name;
        }
    }
    return NULL;
}

/* The columns beside an event are for queries; its body is what is chained. */
static bool check_columns(struct verifying *v, struct walk *walk, sqlite3_stmt *stmt)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_journal_run ignored = {0};
    struct gw_value event;
    struct gw_err parse_err;
    struct gw_view body = gw_column(stmt, 5), id = walk->row->facts.id;
    bool readable = gw_json_parse(body, arena, &event, &parse_err);
    const char *wrong = readable ? wrong_column(stmt, &event) : NULL;
    if (readable && !wrong && gw_facts_follow(&ignored, &event)) {
        follow(walk, body);
    }
    gw_arena_free(arena);
    if (!readable) {
        return found(v, id,
                     gw_arena_printf(v->arena, "event %" PRId64 " cannot be read", walk->seq));
    }
    return !wrong || found(v, id,
                           gw_arena_printf(v->arena, "column '%s' of event %" PRId64 " was changed",
                                           wrong, walk->seq));
}

static bool check_event(struct verifying *v, struct walk *walk, sqlite3_stmt *stmt)
{
    struct gw_view id = walk->row->facts.id;
    int64_t seq = sqlite3_column_int64(stmt, 1);
    walk->seq++;
    if (seq != walk->seq) {
        return found(v, id, gw_arena_printf(v->arena, "event %" PRId64 " is missing", walk->seq));
    }
    const struct gw_chain_link link = {walk->before, id, walk->row->number, seq,
                                       gw_column(stmt, 5)};
    gw_chain_hash(v->journal, &link, walk->hash);
    walk->before = bytes_of(walk->hash);
    if (!gw_view_equal(gw_column(stmt, 6), walk->before)) {
        return found(v, id, gw_arena_printf(v->arena, "event %" PRId64 " was changed", seq));
    }
    int64_t number = sqlite3_column_int64(stmt, 0);
    if (number <= walk->number) {
        return found(v, id, gw_arena_printf(v->arena, "event %" PRId64 " was moved", seq));
    }
    walk->number = number;
    v->verdict->events++;
    return check_columns(v, walk, stmt);
}

static bool check_end(struct verifying *v, const struct walk *walk)
{
    const struct gw_journal_run *facts = &walk->row->facts;
    if (walk->seq < facts->events) {
        return found(v, facts->id,
                     gw_arena_printf(v->arena, "event %" PRId64 " is missing", walk->seq + 1));
    }
    if (walk->seq != facts->events ||
        (walk->seq > 0 && !gw_view_equal(walk->before, walk->row->hash))) {
        return found(v, facts->id, GW_VIEW("its end is not that of its events"));
    }
    const char *difference = gw_facts_difference(facts, &walk->facts);
    return !difference ||
           found(v, facts->id,
                 gw_arena_printf(v->arena, "'%s' is not what its events say", difference));
}

static bool walk_events(struct verifying *v, struct walk *walk)
{
    sqlite3_stmt *stmt = gw_sql(v->journal,
                                "SELECT number, seq, at, event, step, body, hash FROM event"
                                " WHERE run = ? ORDER BY seq",
                                v->err);
    enum gw_sql_step step;
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, walk->row->facts.id);
    while ((step = gw_sql_step(v->journal, stmt, v->err)) == GW_SQL_ROW) {
        if (!check_event(v, walk, stmt)) {
            sqlite3_reset(stmt);
            return false;
        }
    }
    return step == GW_SQL_DONE && check_end(v, walk);
}

static bool check_run(struct verifying *v, const struct gw_run_row *row)
{
    struct walk walk = {.row = row, .before = row->root, .kept = gw_arena_new()};
    walk.facts.id = row->facts.id;
    v->verdict->runs++;
    bool ok = walk_events(v, &walk);
    gw_arena_free(walk.kept);
    return ok;
}

/* ---- the store as a whole -------------------------------------------------------------------- */

/* Runs, those taken out too, are numbered without gaps. */
static bool check_runs(struct verifying *v)
{
    sqlite3_stmt *stmt =
        gw_sql(v->journal, "SELECT " GW_RUN_COLUMNS "FROM run ORDER BY number", v->err);
    struct gw_arena *arena = gw_arena_new();
    enum gw_sql_step step = stmt ? GW_SQL_ROW : GW_SQL_FAILED;
    bool sound = true;
    while (sound && step == GW_SQL_ROW &&
           (step = gw_sql_step(v->journal, stmt, v->err)) == GW_SQL_ROW) {
        struct gw_run_row row;
        gw_arena_clear(arena);
        gw_run_read(stmt, arena, &row);
        sound = check_run(v, &row);
    }
    sqlite3_reset(stmt);
    gw_arena_free(arena);
    return sound && step == GW_SQL_DONE;
}

/* The first row of a query, if it has one, is a problem: its run, and what. */
static bool check_none(struct verifying *v, const char *sql)
{
    sqlite3_stmt *stmt = gw_sql(v->journal, sql, v->err);
    enum gw_sql_step step = stmt ? gw_sql_step(v->journal, stmt, v->err) : GW_SQL_FAILED;
    if (step != GW_SQL_ROW) {
        return step == GW_SQL_DONE;
    }
    found(v, gw_column(stmt, 0), gw_column_dup(stmt, 1, v->arena));
    sqlite3_reset(stmt);
    return false;
}

static const char *const MISSING_RUN =
    "WITH known AS (SELECT number, run FROM run UNION ALL SELECT number, run FROM pruned)"
    "SELECT run, CASE WHEN was < number - 1"
    "  THEN printf('run number %d of the store, before it, is missing', was + 1)"
    "  ELSE 'there is another run with its number' END FROM ("
    " SELECT number, run, lag(number, 1, 0) OVER (ORDER BY number) AS was FROM known)"
    "WHERE was != number - 1 LIMIT 1";

/* Events are numbered through the whole store; those of runs taken out lack. */
static const char *const MISSING_EVENTS =
    "SELECT '', printf('%d events are missing', last - here - gone) FROM ("
    " SELECT (SELECT count(*) FROM event) AS here,"
    "  (SELECT coalesce(sum(events), 0) FROM pruned) AS gone,"
    "  max(coalesce((SELECT max(number) FROM event), 0),"
    "   coalesce((SELECT max(last_event) FROM pruned), 0)) AS last)"
    "WHERE here + gone != last";

static const char *const STRAY_EVENT = "SELECT run, 'it has events, but is missing' FROM event"
                                       " WHERE run NOT IN (SELECT run FROM run) LIMIT 1";

/* What a run's first event was chained to is the event before it, unless that was taken out. */
static const char *const WRONG_ROOT =
    "SELECT r.run, 'what came before its first event was changed'"
    " FROM run r JOIN event e ON e.run = r.run AND e.seq = 1"
    " LEFT JOIN event b ON b.number = e.number - 1"
    " WHERE length(r.root) != 32 OR (b.hash IS NOT NULL AND b.hash != r.root)"
    "  OR (e.number = 1 AND r.root != zeroblob(32))"
    "  OR (b.hash IS NULL AND e.number > 1 AND NOT EXISTS"
    "   (SELECT 1 FROM pruned WHERE last_event >= e.number - 1)) LIMIT 1";

/* ---- what is kept ---------------------------------------------------------------------------- */

static bool check_hashes(struct verifying *v, const char *sql)
{
    sqlite3_stmt *stmt = gw_sql(v->journal, sql, v->err);
    enum gw_sql_step step = stmt ? GW_SQL_ROW : GW_SQL_FAILED;
    while (step == GW_SQL_ROW && (step = gw_sql_step(v->journal, stmt, v->err)) == GW_SQL_ROW) {
        char hex[2 * GW_SHA256_LEN + 1];
        gw_sha256_hex(gw_column(stmt, 3), hex);
        if (!gw_view_equal(gw_view_of(hex), gw_column(stmt, 2))) {
            found(v, gw_column(stmt, 0),
                  gw_arena_printf(v->arena, "%.*s was changed", GW_VIEW_ARGS(gw_column(stmt, 1))));
            sqlite3_reset(stmt);
            return false;
        }
    }
    return step == GW_SQL_DONE;
}

static bool verify(struct verifying *v)
{
    return check_none(v, MISSING_RUN) && check_none(v, STRAY_EVENT) && check_runs(v) &&
           check_none(v, MISSING_EVENTS) && check_none(v, WRONG_ROOT) &&
           check_hashes(v, "SELECT '', 'text ' || hash, hash, body FROM text") &&
           check_hashes(v, "SELECT run, 'file ''' || name || '''', hash, bytes FROM file") &&
           gw_chain_head(v->journal, v->arena, &v->verdict->head, v->err);
}

static struct gw_view to_hex(struct gw_view bytes, struct gw_arena *arena)
{
    char hex[2 * GW_CHAIN_LEN];
    gw_hex_write((const unsigned char *)bytes.data, bytes.len, hex);
    return gw_arena_dup(arena, (struct gw_view){hex, 2 * bytes.len});
}

/* In one transaction: what other processes append meanwhile is not looked at. */
bool gw_journal_verify(struct gw_journal *journal, struct gw_arena *arena,
                       struct gw_journal_verdict *out, struct gw_err *err)
{
    struct gw_err failure = {0};
    struct verifying v = {journal, arena, out, &failure};
    *out = (struct gw_journal_verdict){.intact = true};
    if (!gw_sql_run(journal, "BEGIN", err)) {
        return false;
    }
    bool sound = verify(&v);
    sqlite3_exec(journal->db, "ROLLBACK", NULL, NULL, NULL);
    if (sound) {
        out->head = to_hex(out->head, arena);
    } else if (out->intact) { /* it ended for another reason */
        return gw_fail(err, failure.code, "%s", failure.message);
    }
    return true;
}
