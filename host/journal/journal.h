/* journal: the run store. Everything that happens in a run is an event, appended here before it is
 * shown anywhere; resume, undo, history and reports read it back. SQLite, one file for many runs and
 * processes.
 *
 * Each event is chained to the one before it in its run: its hash is SHA-256 over the hash before,
 * the run's id, the number of the run in the store, that of the event, and its text. The first event
 * of a run is chained to the newest of the whole store, and runs are numbered without gaps, so that a
 * run taken out is missed too. docs/journal.md has the schema, and what this proves.
 *
 * Times are ms since 1970 UTC, of the caller's clock. Functions that fail fill `err`; texts that
 * come out live in the arena given. Functions that are called back may use the journal, also to
 * append. A journal belongs to the process that opened it, not to its forks. */
#ifndef GW_JOURNAL_H
#define GW_JOURNAL_H

#include "base/base.h"

struct gw_journal;

struct gw_journal_options {
    const char *path; /* of the file; NULL: in memory, for as long as it is open */
    bool read_only;   /* nothing is created or migrated; an absent file is GW_ERR_NOT_FOUND */
    int busy_ms;      /* how long to wait for other processes; 0: 5000 */
    /* Told in one line when a damaged file was set aside (renamed, never overwritten). May be NULL. */
    void (*warn)(void *ctx, const char *text);
    void *warn_ctx;
};

/* Makes folder and file where they lack: for the owner only, or for the group as well where the
 * folder is there and writable for its group (but not for everybody). A file of an older version is
 * migrated, one of a newer is refused, and so is a database of something else. A damaged one is set
 * aside as NAME.damaged-YYYYMMDD-HHMMSS. NULL with `err`: GW_ERR_INPUT where the file is refused,
 * GW_ERR_TIMEOUT where another process keeps it locked, else GW_ERR_IO. */
struct gw_journal *gw_journal_open(const struct gw_journal_options *options, struct gw_err *err);

/* Damage that was met since it was opened has failed what met it; the file is set aside now. NULL is
 * fine. */
void gw_journal_close(struct gw_journal *journal);

/* ---- writing --------------------------------------------------------------------------------- */

/* Reserves an id for a run: `wanted`, or where that is taken `wanted`-2, -3, ... It is of at most 200
 * bytes, without blanks and control characters, and not "last". A run is listed and found from its
 * first event on. */
bool gw_journal_begin(struct gw_journal *journal, struct gw_view wanted, struct gw_arena *arena,
                      struct gw_view *id, struct gw_err *err);

enum gw_journal_sync {
    GW_JOURNAL_SOON, /* survives the process; after a power cut the last ones may be missing */
    GW_JOURNAL_NOW   /* on disk when this returns, and with it all that came before */
};

/* Appends an event, a map with members `event` and `at` ("2025-11-12T03:12:00.250Z"); what it marks
 * secret is written as "[secret]". `seq` is its number in the run, from 1; a member `seq` is not kept.
 * What cannot be written whole (larger than 64 MiB, nested deeper than 256) keeps `event`, `at` and
 * `step`, and has `cut`: true. Other processes may append to the same run. The events run.started,
 * run.resumed and run.finished also fill the facts below. */
bool gw_journal_append(struct gw_journal *journal, struct gw_view run, const struct gw_value *event,
                       enum gw_journal_sync sync, int64_t *seq, struct gw_err *err);

/* Keeps a text (a script's source), at most 64 MiB, under its SHA-256 in hex; the same text is kept
 * once. */
bool gw_journal_keep_text(struct gw_journal *journal, struct gw_view text, struct gw_arena *arena,
                          struct gw_view *hash, struct gw_err *err);
bool gw_journal_text(struct gw_journal *journal, struct gw_view hash, struct gw_arena *arena,
                     struct gw_view *text, struct gw_err *err);

/* Keeps a run's file whole (evidence), at most 64 MiB; an event refers to it by its hash. */
bool gw_journal_keep_file(struct gw_journal *journal, struct gw_view run, struct gw_view name,
                          struct gw_view bytes, struct gw_arena *arena, struct gw_view *hash,
                          struct gw_err *err);
bool gw_journal_file(struct gw_journal *journal, struct gw_view run, struct gw_view hash,
                     struct gw_arena *arena, struct gw_view *bytes, struct gw_err *err);

/* ---- reading --------------------------------------------------------------------------------- */

/* A run's facts: of the members of these names in run.started; account, region, user, host and pid
 * also in run.resumed, which takes the end back; outcome and exit_code in run.finished. */
struct gw_journal_run {
    struct gw_view id, runbook, title;
    struct gw_view mode; /* "real", "plan" */
    bool simulated;
    struct gw_view account, region, user, host; /* each may be empty */
    struct gw_view parent;                      /* the run whose step it is; or empty */
    int64_t pid;                                /* of the process that runs it, or ran it last */
    int64_t started_ms, finished_ms;            /* the latter 0: it has not finished */
    struct gw_view outcome; /* "ok", "failed", "problem", "interrupted", ...; empty: not finished */
    int64_t exit_code, events;
};

struct gw_journal_filter {
    struct gw_view runbook; /* empty: all */
    struct gw_view mode;    /* likewise */
    bool open_only;         /* those that gw_journal_is_open */
    int64_t since_ms;       /* 0: all */
    int limit;              /* the newest so many; 0: all */
};

/* Can resume go on with it? Real runs that neither ended well nor were taken back, and are no step of
 * another. */
bool gw_journal_is_open(const struct gw_journal_run *run);

/* False ends the listing, which is no failure. */
typedef bool (*gw_journal_run_fn)(void *ctx, const struct gw_journal_run *run);
typedef bool (*gw_journal_event_fn)(void *ctx, const struct gw_value *event); /* with `seq` */

bool gw_journal_runs(struct gw_journal *journal, const struct gw_journal_filter *filter,
                     gw_journal_run_fn fn, void *ctx, struct gw_err *err); /* newest first */

/* By id, by what an id begins or ends with where only one does, or "last", the newest that is no
 * step of another. GW_ERR_NOT_FOUND; GW_ERR_INPUT names those that it may be. */
bool gw_journal_find(struct gw_journal *journal, struct gw_view name, struct gw_arena *arena,
                     struct gw_journal_run *out, struct gw_err *err);

/* The run's events after number `after`, in order. */
bool gw_journal_events(struct gw_journal *journal, struct gw_view run, int64_t after,
                       gw_journal_event_fn fn, void *ctx, struct gw_err *err);

/* Tells the run as lines of an export (docs/journal.md), maps without secrets: its head, its events as
 * they are chained, the texts and files that it names. `fn` must not use the journal. */
bool gw_journal_export(struct gw_journal *journal, struct gw_view run, gw_journal_event_fn fn,
                       void *ctx, struct gw_err *err);

/* How long finished runs of the runbook took, oldest first, at most the last `capacity` of them;
 * real ones that ended "ok" and were not resumed. */
bool gw_journal_durations(struct gw_journal *journal, struct gw_view runbook, int64_t *out_ms,
                          size_t capacity, size_t *count, struct gw_err *err);

/* ---- keeping house --------------------------------------------------------------------------- */

struct gw_journal_verdict {
    int64_t runs, events; /* looked at */
    bool intact;
    struct gw_view run, problem; /* of the first that is not: whose, and what */
    struct gw_view head;         /* the newest hash of the store in hex, to be kept elsewhere */
};
/* False where it could not be looked at; what was found is in the verdict. */
bool gw_journal_verify(struct gw_journal *journal, struct gw_arena *arena,
                       struct gw_journal_verdict *out, struct gw_err *err);

/* Takes out finished runs that ended before `before_ms`, their files, and texts that no event names
 * and that were last kept an hour ago or longer; what is left of a run is its id, its last hash and
 * when it was taken out. */
bool gw_journal_prune(struct gw_journal *journal, int64_t before_ms, int64_t now_ms, int64_t *count,
                      struct gw_err *err);

/* ---- locks -----------------------------------------------------------------------------------
 * Who may change a thing. A lock is a lease: it ends by itself when its holder no longer renews it.
 * `fence` grows with each holder of a name, so that a holder that slept too long can tell. */

struct gw_lock {
    struct gw_view name;                    /* "ecs:busyb-cluster/web" */
    struct gw_view run, user, host, reason; /* of the holder; reason: what it does, for people */
    int64_t pid, taken_ms, expires_ms, fence;
};

enum gw_lock_answer { GW_LOCK_TAKEN, GW_LOCK_HELD, GW_LOCK_FAILED };

/* An interface: SQLite here, a shared store elsewhere. */
struct gw_lock_store {
    /* Takes the lock for `ttl_ms` where it is free, expired, or held by the same run; with `by_force`
     * also where another holds it. `lock` is given with name, run, user, host, reason and pid; the
     * rest comes back. GW_LOCK_HELD fills `holder`; with GW_LOCK_TAKEN it is who was pushed aside,
     * if anybody (its run is not empty): the same run's other process is too. */
    enum gw_lock_answer (*take)(struct gw_lock_store *store, struct gw_lock *lock, int64_t now_ms,
                                int64_t ttl_ms, bool by_force, struct gw_arena *arena,
                                struct gw_lock *holder, struct gw_err *err);
    /* Both false with GW_ERR_DENIED where it is no longer ours, naming who has it. A lease that ran
     * out fails the check, but may be renewed as long as nobody else has taken it. */
    bool (*renew)(struct gw_lock_store *store, const struct gw_lock *lock, int64_t now_ms,
                  int64_t ttl_ms, struct gw_err *err);
    bool (*check)(struct gw_lock_store *store, const struct gw_lock *lock, int64_t now_ms,
                  struct gw_err *err);
    /* True also where it was no longer ours. */
    bool (*release)(struct gw_lock_store *store, const struct gw_lock *lock, struct gw_err *err);
    bool (*list)(struct gw_lock_store *store, int64_t now_ms, struct gw_arena *arena,
                 struct gw_lock **locks, size_t *count, struct gw_err *err);
};

/* The locks in the journal's file; lives as long as it. A holder on this machine whose process is
 * gone has lost its lock at once. */
struct gw_lock_store *gw_journal_locks(struct gw_journal *journal);

#endif
