/* keep: whole texts and files, under their SHA-256 in hex. */
#include "journal/internal.h"

#include <limits.h>

static void hash_of(struct gw_view bytes, struct gw_arena *arena, struct gw_view *hash)
{
    char hex[2 * GW_SHA256_LEN + 1];
    gw_sha256_hex(bytes, hex);
    *hash = gw_arena_dup(arena, gw_view_of(hex));
}

static bool check_size(struct gw_view bytes, const char *what, struct gw_err *err)
{
    return bytes.len <= GW_JOURNAL_MAX_FILE ||
           gw_fail(err, GW_ERR_LIMIT, "journal: a %s of %zu bytes is larger than 64 MiB", what,
                   bytes.len);
}

/* The one row's column, as what `stmt` asks for; `what` and `hash` name it in the message. */
static bool read_one(struct gw_journal *journal, sqlite3_stmt *stmt, const char *what,
                     struct gw_view hash, struct gw_arena *arena, struct gw_view *out,
                     struct gw_err *err)
{
    enum gw_sql_step step = gw_sql_step(journal, stmt, err);
    if (step == GW_SQL_DONE) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "journal '%s': no %s '%.*s'",
                       gw_journal_name(journal), what, GW_VIEW_ARGS(hash));
    }
    if (step == GW_SQL_ROW) {
        *out = gw_column_dup(stmt, 0, arena);
        sqlite3_reset(stmt);
    }
    return step == GW_SQL_ROW;
}

/* ---- texts ----------------------------------------------------------------------------------- */

bool gw_journal_keep_text(struct gw_journal *journal, struct gw_view text, struct gw_arena *arena,
                          struct gw_view *hash, struct gw_err *err)
{
    sqlite3_stmt *stmt =
        check_size(text, "text", err)
            ? gw_sql(journal,
                     "INSERT INTO text (hash, kept_ms, body) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT (hash) DO UPDATE SET kept_ms = excluded.kept_ms",
                     err)
            : NULL;
    if (!stmt) {
        return false;
    }
    hash_of(text, arena, hash);
    gw_bind_text(stmt, 1, *hash);
    sqlite3_bind_int64(stmt, 2, gw_clock_wall_ms());
    gw_bind_text(stmt, 3, text);
    return gw_sql_finish(journal, stmt, err);
}

bool gw_journal_text(struct gw_journal *journal, struct gw_view hash, struct gw_arena *arena,
                     struct gw_view *text, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(journal, "SELECT body FROM text WHERE hash = ?", err);
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, hash);
    return read_one(journal, stmt, "text", hash, arena, text, err);
}

/* ---- files ----------------------------------------------------------------------------------- */

bool gw_journal_keep_file(struct gw_journal *journal, struct gw_view run, struct gw_view name,
                          struct gw_view bytes, struct gw_arena *arena, struct gw_view *hash,
                          struct gw_err *err)
{
    sqlite3_stmt *stmt =
        check_size(bytes, "file", err)
            ? gw_sql(journal,
                     "INSERT OR IGNORE INTO file (run, hash, name, bytes) VALUES (?, ?, ?, ?)", err)
            : NULL;
    if (!stmt) {
        return false;
    }
    hash_of(bytes, arena, hash);
    gw_bind_text(stmt, 1, run);
    gw_bind_text(stmt, 2, *hash);
    gw_bind_text(stmt, 3, name);
    gw_bind_bytes(stmt, 4, bytes);
    if (gw_sql_finish(journal, stmt, err)) {
        return true;
    }
    bool lacks_run = sqlite3_extended_errcode(journal->db) == SQLITE_CONSTRAINT_FOREIGNKEY;
    return lacks_run && gw_fail(err, GW_ERR_NOT_FOUND, "journal '%s': no run '%.*s'",
                                gw_journal_name(journal), GW_VIEW_ARGS(run));
}

bool gw_journal_file(struct gw_journal *journal, struct gw_view run, struct gw_view hash,
                     struct gw_arena *arena, struct gw_view *bytes, struct gw_err *err)
{
    sqlite3_stmt *stmt =
        gw_sql(journal, "SELECT bytes FROM file WHERE run = ? AND hash = ? LIMIT 1", err);
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, run);
    gw_bind_text(stmt, 2, hash);
    return read_one(journal, stmt, "file", hash, arena, bytes, err);
}
