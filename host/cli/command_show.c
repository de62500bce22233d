/* command_show: gwrun show RUN: the events of a run through the renderers that showed it when it ran;
 * and what was kept with it, taken out. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/internal.h"
#include "codec/codec.h"

struct request {
    const char *run, *file, *to, *step, *export;
    bool rehearsals;
};

/* ---- events ---------------------------------------------------------------------------------- */

struct showing {
    struct gw_report *report;
    struct gw_view step; /* only of this one and what is in it; empty: all */
    bool is_written;
};

static bool is_of_step(const struct gw_value *event, struct gw_view step)
{
    struct gw_view of = gw_map_text(event, GW_VIEW("step"));
    return gw_view_equal(of, step) ||
           (gw_view_starts_with(of, step) && of.len > step.len && of.data[step.len] == '/');
}

static bool show_event(void *ctx, const struct gw_value *event)
{
    struct showing *showing = ctx;
    if (showing->step.len == 0 || is_of_step(event, showing->step)) {
        showing->is_written = gw_report_event(showing->report, event);
    }
    return showing->is_written;
}

static void tell_open(const struct gw_journal_run *run)
{
    printf("\nNot finished: process %" PRId64 " on ", run->pid);
    gw_cli_print(stdout, run->host);
    printf(" ran it last. Go on with: gwrun resume %.*s\n", GW_VIEW_ARGS(run->id));
}

static bool show(const struct gw_cli_options *options, const struct request *request,
                 struct gw_journal *journal, const struct gw_journal_run *run, struct gw_err *err)
{
    struct showing showing = {.report = gw_cli_open_report(options),
                              .step = gw_view_of(request->step ? request->step : ""),
                              .is_written = true};
    bool ok = gw_journal_events(journal, run->id, 0, show_event, &showing, err);
    gw_report_free(showing.report);
    if (ok && !options->json && run->outcome.len == 0 && gw_journal_is_open(run)) {
        tell_open(run);
    }
    return ok && (showing.is_written ||
                  gw_fail(err, GW_ERR_CANCELLED, "standard output could not be written"));
}

/* ---- files ----------------------------------------------------------------------------------- */

struct search {
    struct gw_view name;
    struct gw_arena *arena;
    struct gw_view hash;
};

/* The last of that name counts. */
static bool find_file(void *ctx, const struct gw_value *event)
{
    struct search *search = ctx;
    if (gw_view_equal(gw_map_text(event, GW_VIEW("event")), GW_VIEW("evidence")) &&
        gw_view_equal(gw_map_text(event, GW_VIEW("name")), search->name) &&
        gw_map_text(event, GW_VIEW("hash")).len > 0) {
        search->hash = gw_arena_dup(search->arena, gw_map_text(event, GW_VIEW("hash")));
    }
    return true;
}

static bool take_file(const struct request *request, struct gw_journal *journal, struct gw_view run,
                      struct gw_arena *arena, struct gw_err *err)
{
    struct search search = {.name = gw_view_of(request->file), .arena = arena};
    struct gw_view bytes;
    if (!gw_journal_events(journal, run, 0, find_file, &search, err)) {
        return false;
    }
    if (search.hash.len == 0) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "run %.*s keeps no file as evidence '%s'",
                       GW_VIEW_ARGS(run), request->file);
    }
    if (!gw_journal_file(journal, run, search.hash, arena, &bytes, err)) {
        return false;
    }
    if (request->to) {
        return gw_cli_write_file(request->to, "wbx", bytes, err);
    }
    return fwrite(bytes.data, 1, bytes.len, stdout) == bytes.len ||
           gw_fail(err, GW_ERR_CANCELLED, "standard output could not be written");
}

/* ---- export ---------------------------------------------------------------------------------- */

struct export
{
    FILE *out;
    struct gw_buf line;
};

static bool write_line(void *ctx, const struct gw_value *line)
{
    struct export *export = ctx;
    gw_buf_reset(&export->line);
    return gw_json_write(line, NULL, &export->line) && gw_buf_add_char(&export->line, '\n') &&
           fwrite(export->line.data, 1, export->line.len, export->out) == export->line.len;
}

static bool write_export(const char *path, struct gw_journal *journal, struct gw_view run,
                         struct gw_err *err)
{
    struct export export = {.out = fopen(path, "wbx")};
    if (!export.out) {
        return gw_fail(err, GW_ERR_IO, "%s: cannot be made (%s)", path, strerror(errno));
    }
    gw_buf_init(&export.line, (size_t)256 << 20);
    bool ok = gw_journal_export(journal, run, write_line, &export, err);
    gw_buf_clear(&export.line);
    bool lost = ferror(export.out) != 0;
    lost = fclose(export.out) != 0 || lost;
    return ok && (!lost || gw_fail(err, GW_ERR_IO, "%s: cannot be written", path));
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool act(const struct gw_cli_options *options, const struct request *request,
                struct gw_journal *journal, struct gw_arena *arena, struct gw_err *err)
{
    struct gw_journal_run run;
    if (!gw_cli_find_run(options, request->run, journal, arena, &run, err)) {
        return false;
    }
    if (request->export) {
        return write_export(request->export, journal, run.id, err);
    }
    return request->file ? take_file(request, journal, run.id, arena, err)
                         : show(options, request, journal, &run, err);
}

int gw_cli_show(const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    struct request request = {0};
    const struct gw_cli_word words[] = {{"--export", NULL, &request.export},
                                        {"--file", NULL, &request.file},
                                        {"--rehearsals", &request.rehearsals, NULL},
                                        {"--step", NULL, &request.step},
                                        {"--to", NULL, &request.to},
                                        {NULL, NULL, NULL}};
    if (!gw_cli_read_words(options, words, &request.run, &err)) {
        return gw_cli_fail(&err);
    }
    struct gw_journal *journal =
        gw_cli_open_journal(options, request.rehearsals || options->sim, true, &err);
    struct gw_arena *arena = gw_arena_new();
    bool ok = journal && act(options, &request, journal, arena, &err);
    gw_journal_close(journal);
    gw_arena_free(arena);
    return ok ? GW_EXIT_OK : gw_cli_fail(&err);
}
