/* sql: SQLite in few words: statements kept, errors as ours, transactions. */
#include "journal/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct gw_kept_statement {
    const char *sql; /* the literal itself: compared by address */
    sqlite3_stmt *stmt;
};

/* ---- errors ---------------------------------------------------------------------------------- */

static bool is_full(sqlite3 *db, int code)
{
    int cause = sqlite3_system_errno(db);
    return code == SQLITE_FULL || (code == SQLITE_IOERR && (cause == ENOSPC || cause == EDQUOT));
}

bool gw_sql_fail(struct gw_journal *journal, struct gw_err *err)
{
    int code = sqlite3_errcode(journal->db) & 0xff;
    const char *name = gw_journal_name(journal), *why = sqlite3_errmsg(journal->db);
    if (is_full(journal->db, code)) {
        return gw_fail(err, GW_ERR_IO, "journal '%s': no room left on its disk; make some", name);
    }
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return gw_fail(err, GW_ERR_TIMEOUT,
                       "journal '%s': another process keeps it locked; end that one or try again",
                       name);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        journal->is_damaged = true;
        return gw_fail(err, GW_ERR_IO, "journal '%s': damaged (%s)", name, why);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_IOERR: {
        int cause = sqlite3_system_errno(journal->db);
        return gw_fail(err, GW_ERR_IO, "journal '%s': %s%s%s", name, why, cause ? ": " : "",
                       cause ? strerror(cause) : "");
    }
    default:
        return gw_fail(err, GW_ERR_INTERNAL, "journal '%s': %s", name, why);
    }
}

bool gw_sql_run(struct gw_journal *journal, const char *sql, struct gw_err *err)
{
    return sqlite3_exec(journal->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           gw_sql_fail(journal, err);
}

/* ---- statements ------------------------------------------------------------------------------ */

sqlite3_stmt *gw_sql(struct gw_journal *journal, const char *sql, struct gw_err *err)
{
    for (size_t i = 0; i < journal->kept_count; i++) {
        if (journal->kept[i].sql == sql) {
            sqlite3_reset(journal->kept[i].stmt);
            sqlite3_clear_bindings(journal->kept[i].stmt);
            return journal->kept[i].stmt;
        }
    }
    struct gw_kept_statement kept = {sql, NULL};
    if (sqlite3_prepare_v3(journal->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &kept.stmt, NULL)) {
        gw_sql_fail(journal, err);
        return NULL;
    }
    size_t bytes = (journal->kept_count + 1) * sizeof kept;
    journal->kept = gw_realloc(journal->kept, bytes);
    journal->kept[journal->kept_count++] = kept;
    return kept.stmt;
}

void gw_sql_release(struct gw_journal *journal)
{
    for (size_t i = 0; i < journal->kept_count; i++) {
        sqlite3_finalize(journal->kept[i].stmt);
    }
    free(journal->kept);
    journal->kept = NULL;
    journal->kept_count = 0;
}

enum gw_sql_step gw_sql_step(struct gw_journal *journal, sqlite3_stmt *stmt, struct gw_err *err)
{
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        return GW_SQL_ROW;
    }
    if (code != SQLITE_DONE) {
        gw_sql_fail(journal, err);
    }
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? GW_SQL_DONE : GW_SQL_FAILED;
}

bool gw_sql_finish(struct gw_journal *journal, sqlite3_stmt *stmt, struct gw_err *err)
{
    return gw_sql_step(journal, stmt, err) == GW_SQL_DONE;
}

void gw_bind_text(sqlite3_stmt *stmt, int at, struct gw_view text)
{
    const char *data = text.data ? text.data : "";
    sqlite3_bind_text64(stmt, at, data, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void gw_bind_bytes(sqlite3_stmt *stmt, int at, struct gw_view bytes)
{
    sqlite3_bind_blob64(stmt, at, bytes.data ? bytes.data : "", bytes.len, SQLITE_STATIC);
}

struct gw_view gw_column(sqlite3_stmt *stmt, int at)
{
    const char *data = sqlite3_column_blob(stmt, at); /* of a text its bytes, without a copy */
    return (struct gw_view){data, (size_t)sqlite3_column_bytes(stmt, at)};
}

struct gw_view gw_column_dup(sqlite3_stmt *stmt, int at, struct gw_arena *arena)
{
    return gw_arena_dup(arena, gw_column(stmt, at));
}

/* ---- transactions ---------------------------------------------------------------------------- */

bool gw_sql_begin(struct gw_journal *journal, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(journal, "BEGIN IMMEDIATE", err);
    return stmt && gw_sql_finish(journal, stmt, err);
}

bool gw_sql_end(struct gw_journal *journal, bool done, struct gw_err *err)
{
    sqlite3_stmt *stmt = done ? gw_sql(journal, "COMMIT", err) : NULL;
    if (stmt && gw_sql_finish(journal, stmt, err)) {
        return true;
    }
    if (!sqlite3_get_autocommit(journal->db)) { /* a grave failure has undone it already */
        sqlite3_exec(journal->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return false;
}
