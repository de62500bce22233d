/* append: a run's id and its events. An event is one transaction: its row and the run's newest hash. */
#include "journal/internal.h"

#include <inttypes.h>
#include <string.h>

#define MAX_ID_BYTES 200

const unsigned char gw_chain_start[GW_CHAIN_LEN];

/* ---- begin ----------------------------------------------------------------------------------- */

static bool is_id(struct gw_view text)
{
    if (text.len == 0 || text.len > MAX_ID_BYTES || !gw_utf8_valid(text)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == 0x7f) {
            return false;
        }
    }
    return !gw_view_equal(text, GW_VIEW("last")); /* it means the newest */
}

enum answer { NO, YES, FAILED };

static enum answer is_taken(struct gw_journal *journal, struct gw_view id, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(
        journal, "SELECT 1 FROM run WHERE run = ?1 UNION ALL SELECT 1 FROM pruned WHERE run = ?1",
        err);
    if (!stmt) {
        return FAILED;
    }
    gw_bind_text(stmt, 1, id);
    enum gw_sql_step step = gw_sql_step(journal, stmt, err);
    sqlite3_reset(stmt);
    return step == GW_SQL_FAILED ? FAILED : step == GW_SQL_ROW ? YES : NO;
}

static bool reserve(struct gw_journal *journal, struct gw_view wanted, struct gw_arena *arena,
                    struct gw_view *id, struct gw_err *err)
{
    enum answer taken;
    *id = gw_arena_dup(arena, wanted);
    for (int i = 2; (taken = is_taken(journal, *id, err)) == YES; i++) {
        *id = gw_arena_printf(arena, "%.*s-%d", GW_VIEW_ARGS(wanted), i);
    }
    sqlite3_stmt *stmt = taken == NO ? gw_sql(journal,
                                              "INSERT INTO run (number, run) VALUES (1 + max("
                                              "coalesce((SELECT max(number) FROM run), 0),"
                                              "coalesce((SELECT max(number) FROM pruned), 0)), ?)",
                                              err)
                                     : NULL;
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, *id);
    return gw_sql_finish(journal, stmt, err);
}

bool gw_journal_begin(struct gw_journal *journal, struct gw_view wanted, struct gw_arena *arena,
                      struct gw_view *id, struct gw_err *err)
{
    if (!is_id(wanted)) {
        return gw_fail(err, GW_ERR_INPUT, "'%.*s' cannot be the id of a run", GW_VIEW_ARGS(wanted));
    }
    return gw_sql_begin(journal, err) &&
           gw_sql_end(journal, reserve(journal, wanted, arena, id, err), err);
}

/* ---- the text -------------------------------------------------------------------------------- */

static bool write_members(const struct gw_value *event, bool whole, struct gw_buf *out)
{
    static const struct gw_json_options compact = {0};
    bool is_first = true;
    gw_buf_reset(out);
    for (size_t i = 0; i < event->as.map.count; i++) {
        const struct gw_entry *entry = &event->as.map.entries[i];
        bool is_head = gw_view_equal(entry->key, GW_VIEW("event")) ||
                       gw_view_equal(entry->key, GW_VIEW("at")) ||
                       gw_view_equal(entry->key, GW_VIEW("step"));
        if (gw_view_equal(entry->key, GW_VIEW("seq")) || !(whole || is_head)) {
            continue; /* the number is the journal's to give */
        }
        gw_buf_add_char(out, is_first ? '{' : ',');
        gw_json_write_string(entry->key, out);
        gw_buf_add_char(out, ':');
        gw_json_write(&entry->value, &compact, out);
        is_first = false;
    }
    return gw_buf_add_text(out, whole ? "}" : ",\"cut\":true}") && !out->full;
}

/* What is too large or too deep keeps its head, as renderers have it. */
static struct gw_view write_body(struct gw_journal *journal, const struct gw_value *event)
{
    if (!write_members(event, true, &journal->body)) {
        write_members(event, false, &journal->body);
    }
    return gw_buf_view(&journal->body);
}

/* ---- the chain ------------------------------------------------------------------------------- */

void gw_chain_hash(struct gw_journal *journal, const struct gw_chain_link *link,
                   unsigned char out[GW_CHAIN_LEN])
{
    char numbers[64];
    unsigned char value[GW_CHECKSUM_MAX_LEN];
    snprintf(numbers, sizeof numbers, "\n%" PRId64 "\n%" PRId64 "\n", link->number, link->seq);
    gw_checksum_reset(journal->digest);
    gw_checksum_add(journal->digest, link->before);
    gw_checksum_add(journal->digest, link->run);
    gw_checksum_add(journal->digest, gw_view_of(numbers));
    gw_checksum_add(journal->digest, link->body);
    gw_checksum_finish(journal->digest, value);
    memcpy(out, value, GW_CHAIN_LEN);
}

bool gw_chain_head(struct gw_journal *journal, struct gw_arena *arena, struct gw_view *hash,
                   struct gw_err *err)
{
    sqlite3_stmt *stmt =
        gw_sql(journal, "SELECT hash FROM event ORDER BY number DESC LIMIT 1", err);
    enum gw_sql_step step = stmt ? gw_sql_step(journal, stmt, err) : GW_SQL_FAILED;
    *hash = step == GW_SQL_ROW ? gw_column_dup(stmt, 0, arena)
                               : (struct gw_view){(const char *)gw_chain_start, GW_CHAIN_LEN};
    sqlite3_reset(stmt);
    return step != GW_SQL_FAILED;
}

/* ---- append ---------------------------------------------------------------------------------- */

struct append {
    struct gw_journal *journal;
    struct gw_arena *arena;
    const struct gw_value *event;
    struct gw_view body;
    int64_t number, seq;        /* of the run, of the event */
    struct gw_view run, before; /* the hash */
    unsigned char hash[GW_CHAIN_LEN];
};

static bool find_end(struct append *append, struct gw_err *err)
{
    sqlite3_stmt *stmt =
        gw_sql(append->journal, "SELECT number, events, hash FROM run WHERE run = ?", err);
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, append->run);
    enum gw_sql_step step = gw_sql_step(append->journal, stmt, err);
    if (step != GW_SQL_ROW) {
        return step == GW_SQL_DONE &&
               gw_fail(err, GW_ERR_NOT_FOUND, "journal '%s': no run '%.*s'",
                       gw_journal_name(append->journal), GW_VIEW_ARGS(append->run));
    }
    append->number = sqlite3_column_int64(stmt, 0);
    append->seq = sqlite3_column_int64(stmt, 1) + 1;
    append->before = gw_column_dup(stmt, 2, append->arena);
    sqlite3_reset(stmt);
    return append->seq > 1 || gw_chain_head(append->journal, append->arena, &append->before, err);
}

static bool insert_event(struct append *append, struct gw_err *err)
{
    sqlite3_stmt *stmt =
        gw_sql(append->journal,
               "INSERT INTO event (number, run, seq, at, event, step, body, hash) VALUES (1 + max("
               "coalesce((SELECT max(number) FROM event), 0),"
               "coalesce((SELECT max(last_event) FROM pruned), 0)), ?, ?, ?, ?, ?, ?, ?)",
               err);
    if (!stmt) {
        return false;
    }
    struct gw_view step = gw_map_text(append->event, GW_VIEW("step"));
    gw_bind_text(stmt, 1, append->run);
    sqlite3_bind_int64(stmt, 2, append->seq);
    gw_bind_text(stmt, 3, gw_map_text(append->event, GW_VIEW("at")));
    gw_bind_text(stmt, 4, gw_map_text(append->event, GW_VIEW("event")));
    if (step.len > 0) {
        gw_bind_text(stmt, 5, step);
    }
    gw_bind_text(stmt, 6, append->body);
    gw_bind_bytes(stmt, 7, (struct gw_view){(const char *)append->hash, GW_CHAIN_LEN});
    return gw_sql_finish(append->journal, stmt, err);
}

static bool move_end(struct append *append, struct gw_err *err)
{
    sqlite3_stmt *stmt =
        append->seq > 1
            ? gw_sql(append->journal, "UPDATE run SET events = ?2, hash = ?3 WHERE number = ?1",
                     err)
            : gw_sql(append->journal,
                     "UPDATE run SET events = ?2, hash = ?3, root = ?4 WHERE number = ?1", err);
    if (!stmt) {
        return false;
    }
    sqlite3_bind_int64(stmt, 1, append->number);
    sqlite3_bind_int64(stmt, 2, append->seq);
    gw_bind_bytes(stmt, 3, (struct gw_view){(const char *)append->hash, GW_CHAIN_LEN});
    if (append->seq == 1) {
        gw_bind_bytes(stmt, 4, append->before);
    }
    return gw_sql_finish(append->journal, stmt, err);
}

static bool follow_facts(struct append *append, struct gw_err *err)
{
    struct gw_run_row row;
    struct gw_journal_run none = {.id = append->run};
    if (!gw_facts_follow(&none, append->event)) {
        return true;
    }
    sqlite3_stmt *stmt =
        gw_sql(append->journal, "SELECT " GW_RUN_COLUMNS "FROM run WHERE number = ?", err);
    if (!stmt) {
        return false;
    }
    sqlite3_bind_int64(stmt, 1, append->number);
    if (gw_sql_step(append->journal, stmt, err) != GW_SQL_ROW) {
        return false;
    }
    gw_run_read(stmt, append->arena, &row);
    sqlite3_reset(stmt);
    gw_facts_follow(&row.facts, append->event);
    return gw_run_write(append->journal, &row, err);
}

static bool append_event(struct append *append, struct gw_err *err)
{
    if (!find_end(append, err)) {
        return false;
    }
    const struct gw_chain_link link = {append->before, append->run, append->number, append->seq,
                                       append->body};
    gw_chain_hash(append->journal, &link, append->hash);
    return insert_event(append, err) && move_end(append, err) && follow_facts(append, err);
}

/* With FULL a commit syncs the whole log, and so also what was committed before. */
static bool set_sync(struct gw_journal *journal, enum gw_journal_sync sync, struct gw_err *err)
{
    const char *sql =
        sync == GW_JOURNAL_NOW ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
    if (journal->sync != sync && !gw_sql_run(journal, sql, err)) {
        return false;
    }
    journal->sync = sync;
    return true;
}

bool gw_journal_append(struct gw_journal *journal, struct gw_view run, const struct gw_value *event,
                       enum gw_journal_sync sync, int64_t *seq, struct gw_err *err)
{
    int64_t at_ms;
    if (gw_map_text(event, GW_VIEW("event")).len == 0 || !gw_event_time(event, &at_ms)) {
        return gw_fail(err, GW_ERR_INPUT, "journal: an event needs its members 'event' and 'at'");
    }
    struct append append = {.journal = journal, .event = event, .run = run};
    append.body = write_body(journal, event);
    append.arena = gw_arena_new();
    bool done = set_sync(journal, sync, err) && gw_sql_begin(journal, err) &&
                gw_sql_end(journal, append_event(&append, err), err);
    if (done && seq) {
        *seq = append.seq;
    }
    gw_arena_free(append.arena);
    return done;
}
