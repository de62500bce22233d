/* command_locks: gwrun locks: who holds what, since when, for what. */
#include "cli/internal.h"
#include "codec/codec.h"

static struct gw_value row_of(const struct gw_lock *lock, struct gw_arena *arena)
{
    struct gw_view cells[] = {
        lock->name,
        gw_arena_printf(arena, "%.*s@%.*s", GW_VIEW_ARGS(lock->user), GW_VIEW_ARGS(lock->host)),
        gw_cli_instant(lock->taken_ms, arena),
        gw_cli_instant(lock->expires_ms, arena),
        lock->run,
        lock->reason,
    };
    struct gw_value row = gw_value_list();
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        *gw_list_add(arena, &row) = gw_value_string(cells[i]);
    }
    return row;
}

static struct gw_value facts_of(const struct gw_lock *lock, struct gw_arena *arena)
{
    struct gw_value out = gw_value_map();
    const struct {
        const char *name;
        struct gw_view text;
    } texts[] = {{"lock", lock->name},
                 {"run", lock->run},
                 {"user", lock->user},
                 {"host", lock->host},
                 {"reason", lock->reason},
                 {"taken", gw_cli_instant(lock->taken_ms, arena)},
                 {"expires", gw_cli_instant(lock->expires_ms, arena)}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *gw_map_add(arena, &out, gw_view_of(texts[i].name)) = gw_value_string(texts[i].text);
    }
    *gw_map_add(arena, &out, GW_VIEW("pid")) = gw_value_int(lock->pid);
    return out;
}

static void print(const struct gw_cli_options *options, const struct gw_lock *locks, size_t count,
                  struct gw_arena *arena)
{
    static const char *const columns[] = {"lock", "holder",       "since", "until",
                                          "run",  "what it does", NULL};
    struct gw_value rows = gw_value_list();
    for (size_t i = 0; i < count; i++) {
        if (!gw_view_starts_with(locks[i].name, GW_RUN_CLAIM)) {
            *gw_list_add(arena, &rows) =
                options->json ? facts_of(&locks[i], arena) : row_of(&locks[i], arena);
        }
    }
    if (options->json) {
        gw_cli_print_json(&rows);
    } else if (rows.as.list.count == 0) {
        puts("nothing is locked");
    } else {
        gw_cli_print_table(options, "Locks; each is renewed until its run ends", columns, &rows,
                           arena);
    }
}

int gw_cli_locks(const struct gw_cli_options *options)
{
    static const struct gw_cli_word none[] = {{NULL, NULL, NULL}};
    struct gw_err err = {0};
    const char *operand;
    if (!gw_cli_read_words(options, none, &operand, &err)) {
        return gw_cli_fail(&err);
    }
    if (operand) {
        return gw_cli_fail_with(GW_EXIT_USAGE, "gwrun locks: unexpected argument '%s'", operand);
    }
    struct gw_journal *journal = gw_cli_open_journal(options, false, true, &err);
    struct gw_arena *arena = gw_arena_new();
    struct gw_lock *locks = NULL;
    size_t count = 0;
    bool ok = journal || err.code == GW_ERR_NOT_FOUND;
    if (journal) {
        struct gw_lock_store *store = gw_journal_locks(journal);
        ok = store->list(store, gw_clock_wall_ms(), arena, &locks, &count, &err);
    }
    if (ok) {
        print(options, locks, count, arena);
    }
    gw_journal_close(journal);
    gw_arena_free(arena);
    return ok ? GW_EXIT_OK : gw_cli_fail(&err);
}
