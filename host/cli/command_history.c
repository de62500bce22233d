/* command_history: gwrun history: which runs there were, newest first; whether the journal is what was
 * written; and what is taken out of it. */
#include <inttypes.h>
#include <math.h>

#include "cli/internal.h"
#include "codec/codec.h"

#define DEFAULT_LIMIT 50

struct request {
    const char *runbook, *since, *limit, *prune;
    bool open, all, rehearsals, verify;
};

/* ---- listing --------------------------------------------------------------------------------- */

struct listing {
    struct gw_arena *arena;
    struct gw_value rows; /* of the table, or the runs as maps */
};

static struct gw_view duration_of(const struct gw_journal_run *run, struct gw_arena *arena)
{
    struct gw_buf text;
    gw_buf_init(&text, 64);
    if (run->finished_ms > 0) {
        gw_duration_write(floor((double)(run->finished_ms - run->started_ms) / 1000), &text);
    }
    struct gw_view out = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return out;
}

static struct gw_view place_of(const struct gw_journal_run *run, struct gw_arena *arena)
{
    const char *between = run->account.len > 0 && run->region.len > 0 ? "/" : "";
    return gw_arena_printf(arena, "%.*s%s%.*s", GW_VIEW_ARGS(run->account), between,
                           GW_VIEW_ARGS(run->region));
}

/* "failed, open": resume can go on with it. */
static struct gw_view outcome_of(const struct gw_journal_run *run, struct gw_arena *arena)
{
    struct gw_view outcome = run->outcome.len > 0 ? run->outcome : GW_VIEW("not finished");
    return gw_arena_printf(arena, "%.*s%s", GW_VIEW_ARGS(outcome),
                           gw_journal_is_open(run) ? ", open" : "");
}

static bool add_row(void *ctx, const struct gw_journal_run *run)
{
    struct listing *listing = ctx;
    struct gw_arena *arena = listing->arena;
    struct gw_view cells[] = {
        run->id,
        run->runbook,
        gw_view_equal(run->mode, GW_VIEW("plan")) ? GW_VIEW("plan")
        : run->parent.len > 0                     ? GW_VIEW("step")
                                                  : GW_VIEW("run"),
        outcome_of(run, arena),
        gw_cli_instant(run->started_ms, arena),
        duration_of(run, arena),
        gw_arena_printf(arena, "%.*s@%.*s", GW_VIEW_ARGS(run->user), GW_VIEW_ARGS(run->host)),
        place_of(run, arena),
    };
    struct gw_value row = gw_value_list();
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        *gw_list_add(arena, &row) = gw_value_string(gw_arena_dup(arena, cells[i]));
    }
    *gw_list_add(arena, &listing->rows) = row;
    return true;
}

static bool add_facts(void *ctx, const struct gw_journal_run *run)
{
    struct listing *listing = ctx;
    struct gw_value facts = gw_cli_run_as_value(run, listing->arena);
    *gw_list_add(listing->arena, &listing->rows) = facts;
    return true;
}

static void print_table(const struct gw_cli_options *options, struct listing *listing)
{
    static const char *const columns[] = {"run",  "runbook", "what",  "outcome", "started",
                                          "took", "who",     "where", NULL};
    gw_cli_print_table(options, "Runs, the newest first", columns, &listing->rows, listing->arena);
}

static bool read_limit(const struct request *request, int *limit, struct gw_err *err)
{
    int64_t number = DEFAULT_LIMIT;
    if (request->limit && (!gw_view_to_int64(gw_view_of(request->limit), &number) || number < 1 ||
                           number > INT32_MAX)) {
        return gw_fail(err, GW_ERR_INPUT, "option '--limit': expected a positive number, got '%s'",
                       request->limit);
    }
    *limit = request->all ? 0 : (int)number;
    return true;
}

static bool read_filter(const struct request *request, struct gw_journal_filter *filter,
                        struct gw_err *err)
{
    double seconds;
    filter->runbook = gw_view_of(request->runbook ? request->runbook : "");
    filter->open_only = request->open;
    if (request->since) {
        if (!gw_cli_read_duration("--since", request->since, &seconds, err)) {
            return false;
        }
        filter->since_ms = gw_clock_wall_ms() - (int64_t)(1000 * seconds);
    }
    return read_limit(request, &filter->limit, err);
}

static bool list(const struct gw_cli_options *options, const struct request *request,
                 struct gw_journal *journal, struct gw_err *err)
{
    struct listing listing = {.arena = gw_arena_new(), .rows = gw_value_list()};
    struct gw_journal_filter filter = {0};
    bool ok = read_filter(request, &filter, err) &&
              gw_journal_runs(journal, &filter, options->json ? add_facts : add_row, &listing, err);
    if (ok && options->json) {
        gw_cli_print_json(&listing.rows);
    } else if (ok && listing.rows.as.list.count == 0) {
        puts("no such runs");
    } else if (ok) {
        print_table(options, &listing);
    }
    gw_arena_free(listing.arena);
    return ok;
}

/* ---- keeping house --------------------------------------------------------------------------- */

static void tell_verdict(const struct gw_cli_options *options,
                         const struct gw_journal_verdict *verdict, struct gw_arena *arena)
{
    if (options->json) {
        struct gw_value out = gw_value_map();
        *gw_map_add(arena, &out, GW_VIEW("intact")) = gw_value_bool(verdict->intact);
        *gw_map_add(arena, &out, GW_VIEW("runs")) = gw_value_int(verdict->runs);
        *gw_map_add(arena, &out, GW_VIEW("events")) = gw_value_int(verdict->events);
        gw_map_add_text(arena, &out, "run", verdict->run);
        gw_map_add_text(arena, &out, "problem", verdict->problem);
        gw_map_add_text(arena, &out, "head", verdict->head);
        gw_cli_print_json(&out);
    } else if (verdict->intact) {
        printf("intact: %" PRId64 " runs, %" PRId64 " events, head %.*s\n", verdict->runs,
               verdict->events, GW_VIEW_ARGS(verdict->head));
    }
}

static int verify(const struct gw_cli_options *options, struct gw_journal *journal)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_journal_verdict verdict = {0};
    struct gw_err err = {0};
    int exit_code = GW_EXIT_OK;
    if (!gw_journal_verify(journal, arena, &verdict, &err)) {
        exit_code = gw_cli_fail(&err);
    } else {
        tell_verdict(options, &verdict, arena);
    }
    if (exit_code == GW_EXIT_OK && !verdict.intact) {
        exit_code =
            gw_cli_fail_with(GW_EXIT_PROBLEM, "the journal is not what was written: run %.*s: %.*s",
                             GW_VIEW_ARGS(verdict.run), GW_VIEW_ARGS(verdict.problem));
    }
    gw_arena_free(arena);
    return exit_code;
}

static bool prune(const struct gw_cli_options *options, const char *age, struct gw_journal *journal,
                  struct gw_err *err)
{
    double seconds;
    int64_t count = 0, now_ms = gw_clock_wall_ms();
    char question[128];
    if (!gw_cli_read_duration("--prune", age, &seconds, err)) {
        return false;
    }
    snprintf(question, sizeof question,
             "Take out of the journal all finished runs that ended more than %.40s ago?", age);
    if (!gw_cli_consents(options, question, err) ||
        !gw_journal_prune(journal, now_ms - (int64_t)(1000 * seconds), now_ms, &count, err)) {
        return false;
    }
    printf("%" PRId64 " run%s taken out\n", count, count == 1 ? "" : "s");
    return true;
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool read_request(const struct gw_cli_options *options, struct request *out,
                         struct gw_err *err)
{
    const struct gw_cli_word words[] = {{"--all", &out->all, NULL},
                                        {"--limit", NULL, &out->limit},
                                        {"--open", &out->open, NULL},
                                        {"--prune", NULL, &out->prune},
                                        {"--rehearsals", &out->rehearsals, NULL},
                                        {"--runbook", NULL, &out->runbook},
                                        {"--since", NULL, &out->since},
                                        {"--verify", &out->verify, NULL},
                                        {NULL, NULL, NULL}};
    const char *operand;
    if (!gw_cli_read_words(options, words, &operand, err)) {
        return false;
    }
    return !operand ||
           gw_fail(err, GW_ERR_INPUT,
                   "gwrun history: unexpected argument '%s'; 'gwrun show %s' shows one run",
                   operand, operand);
}

int gw_cli_history(const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    struct request request = {0};
    if (!read_request(options, &request, &err)) {
        return gw_cli_fail(&err);
    }
    struct gw_journal *journal =
        gw_cli_open_journal(options, request.rehearsals || options->sim, !request.prune, &err);
    if (!journal && err.code == GW_ERR_NOT_FOUND) {
        puts(options->json ? "[]" : "no runs yet");
        return GW_EXIT_OK;
    }
    int exit_code = GW_EXIT_OK;
    if (journal && request.verify) {
        exit_code = verify(options, journal);
    } else if (!journal || !(request.prune ? prune(options, request.prune, journal, &err)
                                           : list(options, &request, journal, &err))) {
        exit_code = gw_cli_fail(&err);
    }
    gw_journal_close(journal);
    return exit_code;
}
