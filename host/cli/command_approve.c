/* command_approve: gwrun approve RUN: a second person's word on a step that waits for it. Who one is,
 * the system says (the effective user), not the environment. */
#include "cli/internal.h"
#include "codec/codec.h"

struct request {
    const char *run, *step, *note;
    bool refuse;
};

/* The newest question of the run that nobody has answered yet. */
struct question {
    struct gw_arena *arena;
    struct gw_view only; /* the step that was named; empty: any */
    struct gw_value asked;
    bool is_open;
};

static bool follow(void *ctx, const struct gw_value *event)
{
    struct question *question = ctx;
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    struct gw_view step = gw_map_text(event, GW_VIEW("step"));
    if (question->only.len > 0 && !gw_view_equal(step, question->only)) {
        return true;
    }
    if (gw_view_equal(name, GW_VIEW("approval.asked"))) {
        question->asked = gw_value_copy(question->arena, event);
        question->is_open = true;
    } else if (gw_view_starts_with(name, GW_VIEW("approval.")) &&
               gw_view_equal(step, gw_map_text(&question->asked, GW_VIEW("step")))) {
        question->is_open = false;
    }
    return true;
}

static bool is_expired(const struct gw_value *asked)
{
    double until_s;
    return gw_time_read(gw_map_text(asked, GW_VIEW("expires")), &until_s) &&
           until_s * 1000 < (double)gw_clock_wall_ms();
}

static bool check(const struct question *question, const struct gw_journal_run *run,
                  struct gw_view user, struct gw_err *err)
{
    if (!question->is_open || run->finished_ms > 0) {
        return gw_fail(err, GW_ERR_INPUT, "run %.*s asks for no approval now",
                       GW_VIEW_ARGS(run->id));
    }
    if (is_expired(&question->asked)) {
        return gw_fail(
            err, GW_ERR_INPUT, "run %.*s: the time to approve step %.*s was over at %.*s",
            GW_VIEW_ARGS(run->id), GW_VIEW_ARGS(gw_map_text(&question->asked, GW_VIEW("step"))),
            GW_VIEW_ARGS(gw_map_text(&question->asked, GW_VIEW("expires"))));
    }
    struct gw_view by = gw_map_text(&question->asked, GW_VIEW("by"));
    return !gw_view_equal(by, user) ||
           gw_fail(err, GW_ERR_DENIED, "run %.*s is %.*s's own: somebody else has to approve it",
                   GW_VIEW_ARGS(run->id), GW_VIEW_ARGS(user));
}

static bool confirm(const struct gw_cli_options *options, const struct request *request,
                    const struct gw_journal_run *run, const struct gw_value *asked,
                    struct gw_arena *arena, struct gw_err *err)
{
    struct gw_view text = gw_arena_printf(
        arena, "%s: %.*s, run %.*s by %.*s@%.*s, account %.*s %.*s, step %.*s '%.*s': %.*s.",
        request->refuse ? "Refuse" : "Approve", GW_VIEW_ARGS(run->title), GW_VIEW_ARGS(run->id),
        GW_VIEW_ARGS(run->user), GW_VIEW_ARGS(run->host), GW_VIEW_ARGS(run->account),
        GW_VIEW_ARGS(run->region), GW_VIEW_ARGS(gw_map_text(asked, GW_VIEW("step"))),
        GW_VIEW_ARGS(gw_map_text(asked, GW_VIEW("name"))),
        GW_VIEW_ARGS(gw_map_text(asked, GW_VIEW("text"))));
    return gw_cli_consents(options, text.data, err);
}

static bool answer(const struct request *request, struct gw_journal *journal,
                   const struct gw_journal_run *run, const struct gw_value *asked,
                   struct gw_view user, struct gw_arena *arena, struct gw_err *err)
{
    struct gw_value event = gw_value_map();
    int64_t seq;
    gw_map_add_text(arena, &event, "event",
                    request->refuse ? GW_VIEW("approval.refused") : GW_VIEW("approval.given"));
    gw_map_add_text(arena, &event, "at", gw_cli_instant(gw_clock_wall_ms(), arena));
    gw_map_add_text(arena, &event, "step", gw_map_text(asked, GW_VIEW("step")));
    gw_map_add_text(arena, &event, "by", user);
    gw_map_add_text(arena, &event, "host", gw_cli_host(arena));
    gw_map_add_text(arena, &event, "note", gw_view_of(request->note ? request->note : ""));
    return gw_journal_append(journal, run->id, &event, GW_JOURNAL_NOW, &seq, err);
}

static bool act(const struct gw_cli_options *options, const struct request *request,
                struct gw_journal *journal, struct gw_arena *arena, struct gw_err *err)
{
    struct gw_journal_run run;
    struct question question = {.arena = arena,
                                .only = gw_view_of(request->step ? request->step : "")};
    struct gw_view user = gw_cli_user(arena);
    if (!gw_cli_find_run(options, request->run, journal, arena, &run, err) ||
        !gw_journal_events(journal, run.id, 0, follow, &question, err) ||
        !check(&question, &run, user, err) ||
        !confirm(options, request, &run, &question.asked, arena, err) ||
        !answer(request, journal, &run, &question.asked, user, arena, err)) {
        return false;
    }
    printf("%s step %.*s of run %.*s\n", request->refuse ? "refused" : "approved",
           GW_VIEW_ARGS(gw_map_text(&question.asked, GW_VIEW("step"))), GW_VIEW_ARGS(run.id));
    return true;
}

int gw_cli_approve(const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    struct request request = {0};
    const struct gw_cli_word words[] = {{"--note", NULL, &request.note},
                                        {"--refuse", &request.refuse, NULL},
                                        {"--step", NULL, &request.step},
                                        {NULL, NULL, NULL}};
    if (!gw_cli_read_words(options, words, &request.run, &err)) {
        return gw_cli_fail(&err);
    }
    struct gw_journal *journal = gw_cli_open_journal(options, false, false, &err);
    struct gw_arena *arena = gw_arena_new();
    bool ok = journal && act(options, &request, journal, arena, &err);
    gw_journal_close(journal);
    gw_arena_free(arena);
    return ok ? GW_EXIT_OK : gw_cli_fail(&err);
}
