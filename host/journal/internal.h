/* journal/internal: what the files of this folder share. */
#ifndef GW_JOURNAL_INTERNAL_H
#define GW_JOURNAL_INTERNAL_H

#include "codec/codec.h"
#include "journal/journal.h"

#include <sqlite3.h>

#define GW_JOURNAL_MAX_EVENT GW_JSON_MAX_BYTES
#define GW_JOURNAL_MAX_FILE  ((size_t)64 << 20)
#define GW_PROCESS_TEXT      512

struct gw_kept_statement;

struct gw_journal_locks {
    struct gw_lock_store base;
    struct gw_journal *journal;
};

struct gw_journal {
    sqlite3 *db;
    char *path; /* NULL: in memory */
    bool read_only, is_damaged;
    int busy_ms;
    enum gw_journal_sync sync; /* as the connection is set now */
    struct gw_kept_statement *kept;
    size_t kept_count;
    struct gw_buf body;               /* of the event being appended */
    struct gw_checksum_state *digest; /* SHA-256, for the chain */
    struct gw_journal_locks locks;
    void (*warn)(void *ctx, const char *text);
    void *warn_ctx;
};

/* ---- place.c: the folder, the file, who may read them --------------------------------------- */

/* How a store is called in messages. */
const char *gw_journal_name(const struct gw_journal *journal);

/* Makes what lacks of folder and file, empty. */
bool gw_place_make(const char *path, struct gw_err *err);

/* In a folder that we may not write, and nobody has it open: SQLite can then be told to go without
 * the files that it keeps beside, which it could not make. */
bool gw_place_is_at_rest(const char *path);

/* Only one process at a time makes, migrates or sets aside the files of a folder. The descriptor is
 * to be closed; negative with `err`. */
int gw_place_enter(const char *path, int busy_ms, struct gw_err *err);

/* Opens the file and what SQLite keeps beside it for the folder's group, where that shares it. */
void gw_place_share(const char *path);

/* Renames the file and what belongs to it; `aside` is its new name. */
bool gw_place_set_aside(const char *path, struct gw_arena *arena, struct gw_view *aside,
                        struct gw_err *err);

/* ---- schema.c ------------------------------------------------------------------------------- */

enum gw_schema_state {
    GW_SCHEMA_READY,
    GW_SCHEMA_EMPTY,   /* a new file */
    GW_SCHEMA_OLDER,   /* to be migrated */
    GW_SCHEMA_REFUSED, /* newer, or no journal at all; with `err` */
    GW_SCHEMA_FAILED   /* with `err` */
};
enum gw_schema_state gw_schema_state(struct gw_journal *journal, struct gw_err *err);
bool gw_schema_migrate(struct gw_journal *journal, struct gw_err *err); /* in one transaction */

/* ---- sql.c: SQLite in few words -------------------------------------------------------------- */

/* What SQLite says went wrong, as our error; always false. */
bool gw_sql_fail(struct gw_journal *journal, struct gw_err *err);
bool gw_sql_run(struct gw_journal *journal, const char *sql, struct gw_err *err);

/* The statement of a literal, prepared once and kept; reset, without bindings. NULL with `err`. */
sqlite3_stmt *gw_sql(struct gw_journal *journal, const char *sql, struct gw_err *err);
void gw_sql_release(struct gw_journal *journal);

enum gw_sql_step { GW_SQL_ROW, GW_SQL_DONE, GW_SQL_FAILED };
/* After the last row the statement is reset; who stops before resets it. */
enum gw_sql_step gw_sql_step(struct gw_journal *journal, sqlite3_stmt *stmt, struct gw_err *err);
/* For a statement without rows. */
bool gw_sql_finish(struct gw_journal *journal, sqlite3_stmt *stmt, struct gw_err *err);

/* Bindings borrow: they are to live until the statement is reset. */
void gw_bind_text(sqlite3_stmt *stmt, int at, struct gw_view text);
void gw_bind_bytes(sqlite3_stmt *stmt, int at, struct gw_view bytes);
struct gw_view gw_column(sqlite3_stmt *stmt, int at); /* of text or bytes; valid until the step */
struct gw_view gw_column_dup(sqlite3_stmt *stmt, int at, struct gw_arena *arena);

/* A transaction that writes. The end commits what was `done`, else undoes it; its answer is whether
 * all is in the store. */
bool gw_sql_begin(struct gw_journal *journal, struct gw_err *err);
bool gw_sql_end(struct gw_journal *journal, bool done, struct gw_err *err);

/* ---- append.c: the chain --------------------------------------------------------------------- */

#define GW_CHAIN_LEN GW_SHA256_LEN

struct gw_chain_link {
    struct gw_view before; /* GW_CHAIN_LEN bytes */
    struct gw_view run;
    int64_t number, seq; /* of the run in the store, of the event in the run */
    struct gw_view body;
};
void gw_chain_hash(struct gw_journal *journal, const struct gw_chain_link *link,
                   unsigned char out[GW_CHAIN_LEN]);
/* The newest hash of the store. */
bool gw_chain_head(struct gw_journal *journal, struct gw_arena *arena, struct gw_view *hash,
                   struct gw_err *err);
extern const unsigned char gw_chain_start[GW_CHAIN_LEN]; /* before the first event of a store */

/* ---- facts.c --------------------------------------------------------------------------------- */

/* What a run's row says of its events. */
struct gw_run_row {
    int64_t number;
    struct gw_view root, hash; /* the hash before the first event, and of the last */
    struct gw_journal_run facts;
};

#define GW_RUN_COLUMNS                                                                             \
    "number, run, runbook, title, mode, simulated, account, region, user, host, parent, pid, "     \
    "started_ms, finished_ms, outcome, exit_code, events, root, hash "
void gw_run_read(sqlite3_stmt *stmt, struct gw_arena *arena, struct gw_run_row *out);
bool gw_run_write(struct gw_journal *journal, const struct gw_run_row *row, struct gw_err *err);

/* Whether the event is one of those that fill facts; if so they are taken over. Texts are borrowed
 * of the event. */
bool gw_facts_follow(struct gw_journal_run *facts, const struct gw_value *event);
/* Name of the first fact that differs; NULL: none. */
const char *gw_facts_difference(const struct gw_journal_run *a, const struct gw_journal_run *b);
bool gw_event_time(const struct gw_value *event, int64_t *ms);

void gw_journal_init_locks(struct gw_journal *journal); /* lock.c */

/* ---- process.c: who holds a lock --------------------------------------------------------------- */

/* A text that names one process of one boot of one machine; "" where /proc does not tell. */
void gw_process_name(int64_t pid, char out[GW_PROCESS_TEXT]);
/* True only where it is sure: it ran on this machine and does no more. */
bool gw_process_is_gone(struct gw_view name, int64_t pid);

#endif
