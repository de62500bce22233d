/* open: a store from its file, or in memory. A damaged file is set aside when it is opened, or, when
 * the damage is met later, when it is closed. */
#include "journal/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_VALUE_BYTES   (128 << 20)
#define MAX_ADDRESS_BYTES (16u << 10)
#define BUSY_MS           5000

/* No schema that somebody put into the file may act, and a damaged page is seen where it is read. */
static const char *const SETTINGS = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                                    "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL";

/* As SQLite's "file:" address: a plain name could mean something else to it. */
static void write_address(struct gw_journal *journal, struct gw_buf *out)
{
    gw_buf_add_text(out, "file:");
    gw_percent_write(gw_view_of(journal->path), true, out);
    if (journal->read_only && gw_place_is_at_rest(journal->path)) {
        gw_buf_add_text(out, "?immutable=1");
    }
}

static bool open_database(struct gw_journal *journal, struct gw_err *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    struct gw_buf address;
    gw_buf_init(&address, MAX_ADDRESS_BYTES);
    if (journal->path) {
        write_address(journal, &address);
    } else {
        gw_buf_add_text(&address, ":memory:");
    }
    flags |= journal->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int code = sqlite3_open_v2(address.data, &journal->db, flags, NULL);
    gw_buf_clear(&address);
    return code == SQLITE_OK || gw_sql_fail(journal, err);
}

static bool connect_file(struct gw_journal *journal, struct gw_err *err)
{
    if (!open_database(journal, err)) {
        return false;
    }
    sqlite3_busy_timeout(journal->db, journal->busy_ms);
    sqlite3_limit(journal->db, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
    sqlite3_db_config(journal->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(journal->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    return gw_sql_run(journal, SETTINGS, err);
}

static void disconnect(struct gw_journal *journal)
{
    gw_sql_release(journal);
    sqlite3_close(journal->db);
    journal->db = NULL;
}

/* ---- ready for use --------------------------------------------------------------------------- */

static bool prepare_to_write(struct gw_journal *journal, struct gw_err *err)
{
    enum gw_schema_state state = gw_schema_state(journal, err);
    if (state == GW_SCHEMA_REFUSED || state == GW_SCHEMA_FAILED) {
        return false;
    }
    return gw_sql_run(journal, "PRAGMA journal_mode = WAL", err) &&
           (state == GW_SCHEMA_READY || gw_schema_migrate(journal, err));
}

static bool prepare_to_read(struct gw_journal *journal, struct gw_err *err)
{
    switch (gw_schema_state(journal, err)) {
    case GW_SCHEMA_EMPTY:
        return gw_fail(err, GW_ERR_NOT_FOUND, "journal '%s': empty", gw_journal_name(journal));
    case GW_SCHEMA_READY:
    case GW_SCHEMA_OLDER: /* so far all versions have the same tables */
        return true;
    default:
        return false;
    }
}

static bool open_ready(struct gw_journal *journal, struct gw_err *err)
{
    if (connect_file(journal, err) &&
        (journal->read_only ? prepare_to_read(journal, err) : prepare_to_write(journal, err))) {
        return true;
    }
    disconnect(journal);
    return false;
}

/* ---- damage ---------------------------------------------------------------------------------- */

static bool set_aside(struct gw_journal *journal, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view aside;
    bool done = gw_place_set_aside(journal->path, arena, &aside, err);
    journal->is_damaged = false;
    if (done && journal->warn) {
        struct gw_view text =
            gw_arena_printf(arena, "journal '%s': damaged; kept as '%s', and a new one begun",
                            journal->path, aside.data);
        journal->warn(journal->warn_ctx, text.data);
    }
    gw_arena_free(arena);
    return done;
}

/* Whether SQLite finds the damage again in the file as it is now. */
static bool is_still_damaged(struct gw_journal *journal)
{
    bool sound = false;
    struct gw_err ignored;
    if (connect_file(journal, &ignored)) {
        sqlite3_stmt *stmt = gw_sql(journal, "PRAGMA quick_check(1)", &ignored);
        sound = stmt && gw_sql_step(journal, stmt, &ignored) == GW_SQL_ROW &&
                gw_view_equal(gw_column(stmt, 0), GW_VIEW("ok"));
    }
    disconnect(journal);
    return !sound;
}

static void set_aside_if_damaged(struct gw_journal *journal)
{
    struct gw_err ignored;
    int fd = gw_place_enter(journal->path, journal->busy_ms, &ignored);
    if (fd >= 0) {
        if (is_still_damaged(journal)) {
            set_aside(journal, &ignored);
        }
        close(fd);
    }
}

/* ---- open and close -------------------------------------------------------------------------- */

static bool open_for_reading(struct gw_journal *journal, struct gw_err *err)
{
    struct stat facts;
    if (stat(journal->path, &facts) != 0) {
        enum gw_err_code code = errno == ENOENT ? GW_ERR_NOT_FOUND : GW_ERR_IO;
        return gw_fail(err, code, "journal '%s': %s", journal->path, strerror(errno));
    }
    return open_ready(journal, err);
}

static bool open_for_writing(struct gw_journal *journal, struct gw_err *err)
{
    if (!gw_place_make(journal->path, err)) {
        return false;
    }
    int fd = gw_place_enter(journal->path, journal->busy_ms, err);
    if (fd < 0) {
        return false;
    }
    bool opened =
        open_ready(journal, err) || (journal->is_damaged && set_aside(journal, err) &&
                                     gw_place_make(journal->path, err) && open_ready(journal, err));
    if (opened) {
        gw_place_share(journal->path);
    }
    close(fd);
    return opened;
}

/* Behind a link SQLite keeps its other files where the file itself is. */
static char *dup_path(const char *path)
{
    char *real = path ? realpath(path, NULL) : NULL;
    return real || !path ? real : gw_view_dup(gw_view_of(path));
}

struct gw_journal *gw_journal_open(const struct gw_journal_options *options, struct gw_err *err)
{
    struct gw_journal *journal = gw_alloc(sizeof *journal);
    journal->path = dup_path(options->path);
    journal->read_only = options->path && options->read_only;
    journal->busy_ms = options->busy_ms > 0 ? options->busy_ms : BUSY_MS;
    journal->warn = options->warn;
    journal->warn_ctx = options->warn_ctx;
    gw_buf_init(&journal->body, GW_JOURNAL_MAX_EVENT);
    journal->digest = gw_checksum_new(GW_CHECKSUM_SHA256);
    gw_journal_init_locks(journal);
    bool opened = !journal->path       ? open_ready(journal, err)
                  : journal->read_only ? open_for_reading(journal, err)
                                       : open_for_writing(journal, err);
    if (!opened) {
        journal->is_damaged = false; /* what could be done is done */
        gw_journal_close(journal);
        return NULL;
    }
    return journal;
}

void gw_journal_close(struct gw_journal *journal)
{
    if (!journal) {
        return;
    }
    disconnect(journal);
    if (journal->is_damaged && journal->path && !journal->read_only) {
        set_aside_if_damaged(journal);
    }
    gw_checksum_free(journal->digest);
    gw_buf_clear(&journal->body);
    free(journal->path);
    free(journal);
}
