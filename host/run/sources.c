/* sources: the texts that a run is made of: the script, and each module that it takes from a folder.
 * The journal keeps them, so that a run which goes on can tell what has changed since.
 *
 * What is loaded before the run begins is part of its first event; what comes later is an event of
 * its own. */
#include <limits.h>
#include <stdlib.h>

#include "run/internal.h"

static struct gw_value describe(struct gw_run *run, const char *path, struct gw_view text,
                                struct gw_arena *arena)
{
    struct gw_value source = gw_value_map();
    char real[PATH_MAX], hash[2 * GW_SHA256_LEN + 1];
    struct gw_view kept = GW_VIEW_NONE;
    struct gw_err err = {0};
    gw_sha256_hex(text, hash);
    if (run->options.journal &&
        !gw_journal_keep_text(run->options.journal, text, arena, &kept, &err)) {
        gw_log(GW_LOG_WARN, "%s: not kept with the run: %s", path, err.message);
    }
    *gw_map_add(arena, &source, GW_VIEW("path")) =
        gw_value_string(gw_arena_dup(arena, gw_view_of(realpath(path, real) ? real : path)));
    *gw_map_add(arena, &source, GW_VIEW("hash")) =
        gw_value_string(gw_arena_dup(arena, gw_view_of(hash)));
    return source;
}

static void tell(struct gw_run *run, const char *path, struct gw_view text)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value event = describe(run, path, text, arena);
    *gw_map_add(arena, &event, GW_VIEW("event")) = gw_value_text("source");
    gw_run_emit(run, &event);
    gw_arena_free(arena);
}

void gw_run_loaded(void *ctx, const char *path, struct gw_view text)
{
    struct gw_run *run = ctx;
    if (run->executing) {
        tell(run, path, text);
        return;
    }
    if (run->sources.kind == GW_NULL) {
        run->sources = gw_value_list();
    }
    struct gw_value source = describe(run, path, text, run->calls_arena);
    *gw_list_add(run->calls_arena, &run->sources) = source;
}
