/* fuzz: files that are called a journal. Whatever is in one, it is read, verified, written to, pruned
 * or set aside. */
#include "journal/journal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], path[128];

static void remove_folder(void)
{
    rmdir(folder);
}

static void make_folder(void)
{
    bool in_memory = access("/dev/shm", W_OK) == 0;
    snprintf(folder, sizeof folder, "%s/gw_fuzz_XXXXXX", in_memory ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder)) {
        abort();
    }
    snprintf(path, sizeof path, "%s/j.db", folder);
    atexit(remove_folder);
}

static void empty_folder(void)
{
    DIR *listing = opendir(folder);
    struct dirent *entry;
    while (listing && (entry = readdir(listing))) {
        if (entry->d_name[0] != '.') {
            unlinkat(dirfd(listing), entry->d_name, 0);
        }
    }
    closedir(listing);
}

static void write_file(const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "w");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        abort();
    }
}

static bool use_event(void *ctx, const struct gw_value *event)
{
    *(size_t *)ctx += gw_map_text(event, GW_VIEW("event")).len;
    return true;
}

static bool use_run(void *ctx, const struct gw_journal_run *run)
{
    struct gw_err err;
    size_t sum = 0;
    gw_journal_events(ctx, run->id, 0, use_event, &sum, &err);
    return true;
}

static void read_all(struct gw_journal *journal, struct gw_arena *arena)
{
    const struct gw_journal_filter all = {0};
    struct gw_lock_store *store = gw_journal_locks(journal);
    struct gw_journal_verdict verdict;
    struct gw_journal_run run;
    struct gw_lock *locks;
    struct gw_err err;
    int64_t took[4];
    size_t count;
    gw_journal_runs(journal, &all, use_run, journal, &err);
    gw_journal_find(journal, GW_VIEW("r"), arena, &run, &err);
    gw_journal_find(journal, GW_VIEW("last"), arena, &run, &err);
    gw_journal_durations(journal, GW_VIEW("scale"), took, 4, &count, &err);
    gw_journal_verify(journal, arena, &verdict, &err);
    store->list(store, 0, arena, &locks, &count, &err);
}

static void write_some(struct gw_journal *journal, struct gw_arena *arena)
{
    struct gw_lock_store *store = gw_journal_locks(journal);
    struct gw_lock lock = {.name = GW_VIEW("l"), .run = GW_VIEW("r"), .pid = 1}, holder;
    struct gw_value event = gw_value_map();
    struct gw_view id;
    struct gw_err err;
    int64_t count;
    *gw_map_add(arena, &event, GW_VIEW("event")) = gw_value_text("run.resumed");
    *gw_map_add(arena, &event, GW_VIEW("at")) = gw_value_text("2025-11-12T03:12:00Z");
    if (gw_journal_begin(journal, GW_VIEW("r"), arena, &id, &err)) {
        gw_journal_append(journal, id, &event, GW_JOURNAL_SOON, NULL, &err);
    }
    gw_journal_append(journal, GW_VIEW("r"), &event, GW_JOURNAL_SOON, NULL, &err);
    store->take(store, &lock, 0, 1000, false, arena, &holder, &err);
    gw_journal_prune(journal, INT64_MAX, 0, &count, &err);
}

static void use_file(bool read_only)
{
    const struct gw_journal_options options = {.path = path, .read_only = read_only, .busy_ms = 1};
    struct gw_arena *arena = gw_arena_new();
    struct gw_err err;
    struct gw_journal *journal = gw_journal_open(&options, &err);
    if (journal) {
        read_all(journal, arena);
    }
    if (journal && !read_only) {
        write_some(journal, arena);
    }
    gw_journal_close(journal);
    gw_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!folder[0]) {
        make_folder();
    }
    write_file(data, size);
    use_file(true);
    use_file(false);
    empty_folder();
    return 0;
}
