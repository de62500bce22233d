/* lock: leases in the journal's file. A name keeps its row when it is released: its fence must go on
 * growing. */
#include "journal/internal.h"

#include <inttypes.h>

#define LOCK_COLUMNS "name, run, user, host, reason, pid, taken_ms, expires_ms, fence, process "

struct held {
    struct gw_lock lock;
    struct gw_view process;
};

static struct gw_journal *journal_of(struct gw_lock_store *store)
{
    return ((struct gw_journal_locks *)store)->journal;
}

static void read_row(sqlite3_stmt *stmt, struct gw_arena *arena, struct held *out)
{
    struct gw_lock *lock = &out->lock;
    int at = 0;
    lock->name = gw_column_dup(stmt, at++, arena);
    lock->run = gw_column_dup(stmt, at++, arena);
    lock->user = gw_column_dup(stmt, at++, arena);
    lock->host = gw_column_dup(stmt, at++, arena);
    lock->reason = gw_column_dup(stmt, at++, arena);
    lock->pid = sqlite3_column_int64(stmt, at++);
    lock->taken_ms = sqlite3_column_int64(stmt, at++);
    lock->expires_ms = sqlite3_column_int64(stmt, at++);
    lock->fence = sqlite3_column_int64(stmt, at++);
    out->process = gw_column_dup(stmt, at, arena);
}

/* A name that was never taken is a row of nobody. */
static bool find_row(struct gw_journal *journal, struct gw_view name, struct gw_arena *arena,
                     struct held *out, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(journal, "SELECT " LOCK_COLUMNS "FROM lock WHERE name = ?", err);
    *out = (struct held){0};
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, name);
    enum gw_sql_step step = gw_sql_step(journal, stmt, err);
    if (step == GW_SQL_ROW) {
        read_row(stmt, arena, out);
        sqlite3_reset(stmt);
    }
    return step != GW_SQL_FAILED;
}

static bool is_alive(const struct held *held, int64_t now_ms)
{
    return held->lock.run.len > 0 && held->lock.expires_ms > now_ms &&
           !gw_process_is_gone(held->process, held->lock.pid);
}

/* ---- take ------------------------------------------------------------------------------------ */

static bool write_row(struct gw_journal *journal, const struct gw_lock *lock,
                      struct gw_view process, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(journal,
                                "INSERT OR REPLACE INTO lock (" LOCK_COLUMNS
                                ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                err);
    if (!stmt) {
        return false;
    }
    int at = 1;
    gw_bind_text(stmt, at++, lock->name);
    gw_bind_text(stmt, at++, lock->run);
    gw_bind_text(stmt, at++, lock->user);
    gw_bind_text(stmt, at++, lock->host);
    gw_bind_text(stmt, at++, lock->reason);
    sqlite3_bind_int64(stmt, at++, lock->pid);
    sqlite3_bind_int64(stmt, at++, lock->taken_ms);
    sqlite3_bind_int64(stmt, at++, lock->expires_ms);
    sqlite3_bind_int64(stmt, at++, lock->fence);
    gw_bind_text(stmt, at, process);
    return gw_sql_finish(journal, stmt, err);
}

struct taking {
    struct gw_lock *lock, *holder;
    struct gw_arena *arena;
    int64_t now_ms;
    bool by_force;
};

/* The same process of the same run goes on with what it has; everybody else is a new holder. */
static enum gw_lock_answer try_to_take(struct gw_journal *journal, const struct taking *taking,
                                       struct gw_err *err)
{
    char process[GW_PROCESS_TEXT];
    struct held held;
    struct gw_lock *lock = taking->lock;
    if (!find_row(journal, lock->name, taking->arena, &held, err)) {
        return GW_LOCK_FAILED;
    }
    gw_process_name(lock->pid, process);
    bool alive = is_alive(&held, taking->now_ms);
    bool same_run = gw_view_equal(held.lock.run, lock->run);
    bool same_holder = alive && same_run && held.lock.pid == lock->pid &&
                       gw_view_equal(held.process, gw_view_of(process));
    if (alive && !same_holder) {
        *taking->holder = held.lock;
        if (!same_run && !taking->by_force) {
            return GW_LOCK_HELD;
        }
    }
    lock->fence = held.lock.fence + (same_holder ? 0 : 1);
    lock->taken_ms = same_holder ? held.lock.taken_ms : taking->now_ms;
    return write_row(journal, lock, gw_view_of(process), err) ? GW_LOCK_TAKEN : GW_LOCK_FAILED;
}

static enum gw_lock_answer take(struct gw_lock_store *store, struct gw_lock *lock, int64_t now_ms,
                                int64_t ttl_ms, bool by_force, struct gw_arena *arena,
                                struct gw_lock *holder, struct gw_err *err)
{
    struct gw_journal *journal = journal_of(store);
    const struct taking taking = {lock, holder, arena, now_ms, by_force};
    *holder = (struct gw_lock){0};
    if (lock->name.len == 0 || lock->run.len == 0) {
        gw_fail(err, GW_ERR_INPUT, "a lock needs a name, and a run that holds it");
        return GW_LOCK_FAILED;
    }
    if (!gw_sql_begin(journal, err)) {
        return GW_LOCK_FAILED;
    }
    lock->expires_ms = now_ms + ttl_ms;
    enum gw_lock_answer answer = try_to_take(journal, &taking, err);
    if (!gw_sql_end(journal, answer == GW_LOCK_TAKEN, err) && answer == GW_LOCK_TAKEN) {
        return GW_LOCK_FAILED;
    }
    return answer;
}

/* ---- keep ------------------------------------------------------------------------------------ */

static bool is_ours(const struct held *held, const struct gw_lock *lock)
{
    return gw_view_equal(held->lock.run, lock->run) && held->lock.fence == lock->fence;
}

static bool fail_lost(const struct held *held, const struct gw_lock *lock, struct gw_err *err)
{
    const struct gw_lock *has = &held->lock;
    if (has->run.len == 0) {
        return gw_fail(err, GW_ERR_DENIED,
                       "lock '%.*s': no longer held by run '%.*s': it was released",
                       GW_VIEW_ARGS(lock->name), GW_VIEW_ARGS(lock->run));
    }
    return gw_fail(err, GW_ERR_DENIED,
                   "lock '%.*s': no longer held by run '%.*s': run '%.*s' of '%.*s' on '%.*s' "
                   "(process %" PRId64 ") has it",
                   GW_VIEW_ARGS(lock->name), GW_VIEW_ARGS(lock->run), GW_VIEW_ARGS(has->run),
                   GW_VIEW_ARGS(has->user), GW_VIEW_ARGS(has->host), has->pid);
}

/* A lease that has run out but that nobody took may be renewed: its fence says that nobody was
 * there in between. */
static bool renew(struct gw_lock_store *store, const struct gw_lock *lock, int64_t now_ms,
                  int64_t ttl_ms, struct gw_err *err)
{
    struct gw_journal *journal = journal_of(store);
    sqlite3_stmt *stmt =
        gw_sql(journal,
               "UPDATE lock SET expires_ms = ?4 WHERE name = ?1 AND run = ?2 AND fence = ?3", err);
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, lock->name);
    gw_bind_text(stmt, 2, lock->run);
    sqlite3_bind_int64(stmt, 3, lock->fence);
    sqlite3_bind_int64(stmt, 4, now_ms + ttl_ms);
    if (!gw_sql_finish(journal, stmt, err)) {
        return false;
    }
    if (sqlite3_changes(journal->db) > 0) {
        return true;
    }
    struct gw_arena *arena = gw_arena_new();
    struct held held;
    if (find_row(journal, lock->name, arena, &held, err)) {
        fail_lost(&held, lock, err);
    }
    gw_arena_free(arena);
    return false;
}

static bool check(struct gw_lock_store *store, const struct gw_lock *lock, int64_t now_ms,
                  struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct held held;
    bool ok = find_row(journal_of(store), lock->name, arena, &held, err);
    if (ok && !is_ours(&held, lock)) {
        ok = fail_lost(&held, lock, err);
    } else if (ok && held.lock.expires_ms <= now_ms) {
        ok = gw_fail(err, GW_ERR_DENIED, "lock '%.*s': run '%.*s' did not renew it in time",
                     GW_VIEW_ARGS(lock->name), GW_VIEW_ARGS(lock->run));
    }
    gw_arena_free(arena);
    return ok;
}

static bool release(struct gw_lock_store *store, const struct gw_lock *lock, struct gw_err *err)
{
    struct gw_journal *journal = journal_of(store);
    sqlite3_stmt *stmt = gw_sql(journal,
                                "UPDATE lock SET run = '', expires_ms = 0"
                                " WHERE name = ?1 AND run = ?2 AND fence = ?3",
                                err);
    if (!stmt) {
        return false;
    }
    gw_bind_text(stmt, 1, lock->name);
    gw_bind_text(stmt, 2, lock->run);
    sqlite3_bind_int64(stmt, 3, lock->fence);
    return gw_sql_finish(journal, stmt, err);
}

/* ---- list ------------------------------------------------------------------------------------ */

static bool count_rows(struct gw_journal *journal, size_t *count, struct gw_err *err)
{
    sqlite3_stmt *stmt = gw_sql(journal, "SELECT count(*) FROM lock WHERE run != ''", err);
    if (!stmt || gw_sql_step(journal, stmt, err) != GW_SQL_ROW) {
        return false;
    }
    *count = (size_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return true;
}

static bool list(struct gw_lock_store *store, int64_t now_ms, struct gw_arena *arena,
                 struct gw_lock **locks, size_t *count, struct gw_err *err)
{
    struct gw_journal *journal = journal_of(store);
    size_t capacity;
    *count = 0;
    if (!count_rows(journal, &capacity, err)) {
        return false;
    }
    sqlite3_stmt *stmt = gw_sql(
        journal, "SELECT " LOCK_COLUMNS "FROM lock WHERE run != '' ORDER BY name LIMIT ?", err);
    enum gw_sql_step step;
    if (!stmt) {
        return false;
    }
    *locks = gw_arena_alloc(arena, (capacity + 1) * sizeof **locks);
    sqlite3_bind_int64(stmt, 1, (int64_t)capacity);
    while ((step = gw_sql_step(journal, stmt, err)) == GW_SQL_ROW) {
        struct held held;
        read_row(stmt, arena, &held);
        if (is_alive(&held, now_ms)) {
            (*locks)[(*count)++] = held.lock;
        }
    }
    return step == GW_SQL_DONE;
}

void gw_journal_init_locks(struct gw_journal *journal)
{
    journal->locks = (struct gw_journal_locks){{take, renew, check, release, list}, journal};
}

struct gw_lock_store *gw_journal_locks(struct gw_journal *journal)
{
    return &journal->locks.base;
}
