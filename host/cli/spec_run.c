/* spec_run: one run of a runbook in a test's world, and what is known of it afterwards: its events,
 * the calls that came to the world, what it asked, and what an operator would have read. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/spec.h"
#include "codec/codec.h"

#define MAX_ARGS         64
#define MAX_EVENTS_BYTES ((size_t)64 << 20)
#define COLUMNS          100 /* of what an operator would have read */

struct rehearsal {
    struct gw_cli_world *world;
    struct gw_arena *arena;
    const char *args[MAX_ARGS];
    enum gw_preflight preflight;
    const char *past;       /* a run of this world that goes on; NULL: a new one */
    struct gw_value params; /* as its journal has them */
    bool undo, engine;
    const struct gw_value
        *interrupt; /* the event at which it is interrupted: members that it has */
    struct gw_run *run;
    struct gw_view id;    /* the run's; empty: it has not begun */
    struct gw_buf events; /* one JSON text a line */
    struct gw_report *report;
    FILE *out; /* of the report */
    char *text;
    size_t text_len;
    enum gw_exit exit_code;
    struct gw_err err; /* filled when it could not begin */
};

/* ---- the request ----------------------------------------------------------------------------- */

static bool is_true(const struct gw_value *map, const char *key)
{
    const struct gw_value *value = gw_map_get(map, gw_view_of(key));
    return value && value->kind == GW_BOOL && value->as.boolean;
}

/* A list of texts; false: it is something else. */
static bool read_texts(const struct gw_value *request, const char *key, size_t limit,
                       const struct gw_value **out)
{
    static const struct gw_value none = {.kind = GW_LIST};
    const struct gw_value *list = gw_map_get(request, gw_view_of(key));
    *out = list ? list : &none;
    bool ok = (*out)->kind == GW_LIST && (*out)->as.list.count <= limit;
    for (size_t i = 0; ok && i < (*out)->as.list.count; i++) {
        ok = (*out)->as.list.items[i].kind == GW_STRING;
    }
    return ok || (list && list->kind == GW_MAP && list->as.map.count == 0);
}

static size_t count_of(const struct gw_value *list)
{
    return list->kind == GW_LIST ? list->as.list.count : 0;
}

/* Tests look at what a runbook does, and want none; those of the preflight itself say so. */
static enum gw_preflight read_preflight(const struct gw_value *request)
{
    const struct gw_value *wanted = gw_map_get(request, GW_VIEW("preflight"));
    if (!wanted || wanted->kind != GW_BOOL) {
        return GW_PREFLIGHT_NONE;
    }
    return wanted->as.boolean ? GW_PREFLIGHT_WANTED : GW_PREFLIGHT_LEFT_OUT;
}

static bool read_request(const struct gw_value *request, struct rehearsal *out, struct gw_err *err)
{
    struct gw_cli_world *world = out->world;
    struct gw_cli_options *options = &world->options;
    const struct gw_value *args, *answers;
    if (!read_texts(request, "args", MAX_ARGS, &args)) {
        return gw_fail(err, GW_ERR_INPUT, "spec: 'args' must be at most %d strings", MAX_ARGS);
    }
    if (!read_texts(request, "answers", SIZE_MAX, &answers)) {
        return gw_fail(err, GW_ERR_INPUT, "spec: 'answers' must be strings");
    }
    options->name = gw_map_text(request, GW_VIEW("runbook")).data;
    if (!options->name) {
        return gw_fail(err, GW_ERR_INPUT, "spec: which runbook? name one with 'runbook'");
    }
    options->plan = is_true(request, "plan");
    options->ask = is_true(request, "ask");
    options->on_foreign_change = gw_map_text(request, GW_VIEW("on_foreign_change")).data;
    options->on_failure = gw_map_text(request, GW_VIEW("on_failure")).data;
    options->on_uncertain = gw_map_text(request, GW_VIEW("uncertain")).data;
    out->preflight = read_preflight(request);
    out->past = gw_map_text(request, GW_VIEW("past")).data;
    out->undo = is_true(request, "undo");
    out->engine = is_true(request, "engine");
    out->interrupt = gw_map_get(request, GW_VIEW("interrupt"));
    options->rest = out->args;
    options->rest_count = count_of(args);
    for (size_t i = 0; i < options->rest_count; i++) {
        out->args[i] = args->as.list.items[i].as.string.data;
    }
    for (size_t i = 0; i < count_of(answers); i++) {
        gw_buf_add(&world->answers, answers->as.list.items[i].as.string);
        gw_buf_add_char(&world->answers, '\n');
    }
    world->left = gw_buf_view(&world->answers);
    return true;
}

/* ---- the operator ---------------------------------------------------------------------------- */

static bool answer(void *ctx, struct gw_view text, struct gw_buf *line)
{
    struct rehearsal *rehearsal = ctx;
    struct gw_cli_world *world = rehearsal->world;
    struct gw_value question = gw_value_map();
    struct gw_view given;
    bool answered = world->left.len > 0 && gw_view_next(&world->left, '\n', &given);
    *gw_map_add(rehearsal->arena, &question, GW_VIEW("text")) = gw_value_string(text);
    *gw_map_add(rehearsal->arena, &question, GW_VIEW("answered")) = gw_value_bool(answered);
    gw_json_write(&question, NULL, &world->questions);
    gw_buf_add_char(&world->questions, '\n');
    return answered && gw_buf_add(line, given);
}

/* Has it all members that are asked for, with these texts? */
static bool fits(const struct gw_value *event, const struct gw_value *wanted)
{
    bool ok = wanted && wanted->kind == GW_MAP;
    for (size_t i = 0; ok && i < wanted->as.map.count; i++) {
        const struct gw_entry *entry = &wanted->as.map.entries[i];
        ok = entry->value.kind == GW_STRING &&
             gw_view_equal(gw_map_text(event, entry->key), entry->value.as.string);
    }
    return ok;
}

static void show(struct rehearsal *rehearsal, const struct gw_value *event)
{
    const struct gw_cli_audience *audience = rehearsal->world->audience;
    struct gw_view id = gw_map_text(event, GW_VIEW("run"));
    if (id.len > 0 && gw_view_starts_with(gw_map_text(event, GW_VIEW("event")), GW_VIEW("run."))) {
        rehearsal->id = gw_arena_dup(rehearsal->arena, id);
    }
    if (audience) {
        audience->event(audience->ctx, rehearsal->id, event);
    }
}

static void on_event(void *ctx, const struct gw_value *event)
{
    struct rehearsal *rehearsal = ctx;
    if (fits(event, rehearsal->interrupt)) {
        rehearsal->interrupt = NULL;
        gw_run_interrupt(rehearsal->run);
    }
    show(rehearsal, event);
    gw_json_write(event, NULL, &rehearsal->events);
    gw_buf_add_char(&rehearsal->events, '\n');
}

static bool open_report(struct rehearsal *rehearsal)
{
    rehearsal->out = open_memstream(&rehearsal->text, &rehearsal->text_len);
    struct gw_report_options report = {
        .kind = GW_REPORT_TEXT, .out = rehearsal->out, .utf8 = true, .columns = COLUMNS};
    rehearsal->report = rehearsal->out ? gw_report_new(&report) : NULL;
    return rehearsal->report ||
           gw_fail(&rehearsal->err, GW_ERR_INTERNAL, "no memory for the run's text");
}

static void close_report(struct rehearsal *rehearsal)
{
    gw_report_free(rehearsal->report);
    if (rehearsal->out) {
        fclose(rehearsal->out);
    }
}

static bool keep_params(void *ctx, const struct gw_value *event)
{
    struct rehearsal *rehearsal = ctx;
    const struct gw_value *params = gw_map_get(event, GW_VIEW("params"));
    if (params && gw_view_starts_with(gw_map_text(event, GW_VIEW("event")), GW_VIEW("run."))) {
        rehearsal->params = gw_value_copy(rehearsal->arena, params);
    }
    return true;
}

static bool prepare(struct rehearsal *rehearsal)
{
    struct gw_cli_world *world = rehearsal->world;
    struct gw_cli_past past = {
        .run = rehearsal->past, .undo = rehearsal->undo, .params = &rehearsal->params};
    if (rehearsal->past && !gw_journal_events(world->journal, gw_view_of(rehearsal->past), 0,
                                              keep_params, rehearsal, &rehearsal->err)) {
        return false;
    }
    return gw_cli_prepare(world->session, rehearsal->run, &world->options,
                          rehearsal->past ? &past : NULL, rehearsal->arena, &rehearsal->exit_code,
                          &rehearsal->err);
}

static void rehearse(struct rehearsal *rehearsal)
{
    struct gw_cli_world *world = rehearsal->world;
    struct gw_run_options options = {
        .loop = gw_cli_session_loop(world->session),
        .folders = gw_cli_stdlib_folders(),
        .modules = gw_stdlib_modules,
        .mode = world->options.plan ? GW_RUN_PLAN : GW_RUN_REAL,
        .simulated = true,
        .engine = rehearsal->engine,
        .preflight = rehearsal->preflight,
        .answers = {.on_foreign_change = world->options.on_foreign_change,
                    .on_failure = world->options.on_failure,
                    .on_uncertain = world->options.on_uncertain},
        .assume_yes = !world->options.ask,
        .terminal_fd = -1,
        .seed = world->options.seed,
        .report = rehearsal->report,
        .journal = world->journal,
        .locks = gw_journal_locks(world->journal),
        .runbooks = gw_cli_runbook_folders(rehearsal->arena),
        .past = rehearsal->past,
        .undo = rehearsal->undo,
        .user = GW_VIEW("simulator"),
        .host = GW_VIEW("simulator"),
        .on_event = on_event,
        .on_event_ctx = rehearsal,
        .answer = world->answers.len > 0 ? answer : NULL,
        .answer_ctx = rehearsal};
    struct gw_value facts;
    if (world->audience) {
        facts = world->audience->facts(world->audience->ctx, rehearsal->arena);
        options.facts = &facts;
    }
    rehearsal->run = gw_run_new(&options);
    if (prepare(rehearsal)) {
        rehearsal->exit_code = gw_run_execute(rehearsal->run);
    }
    gw_run_free(rehearsal->run);
}

/* ---- what came of it ------------------------------------------------------------------------- */

struct gw_value gw_cli_read_lines(const struct gw_buf *lines, struct gw_arena *arena)
{
    struct gw_view rest = gw_buf_view(lines), line;
    struct gw_value list = gw_value_list();
    while (gw_view_next(&rest, '\n', &line)) {
        struct gw_value item;
        if (line.len > 0 && gw_json_parse(line, arena, &item, NULL)) {
            *gw_list_add(arena, &list) = item;
        }
    }
    return list;
}

static void add_lines(const struct gw_buf *lines, const char *name, struct gw_arena *arena,
                      struct gw_value *out)
{
    *gw_map_add(arena, out, gw_view_of(name)) = gw_cli_read_lines(lines, arena);
}

static struct gw_value outcome_of(const struct rehearsal *rehearsal)
{
    struct gw_arena *arena = rehearsal->arena;
    struct gw_value out = gw_value_map();
    struct gw_view text = {rehearsal->text, rehearsal->text_len};
    *gw_map_add(arena, &out, GW_VIEW("exit")) = gw_value_int(rehearsal->exit_code);
    *gw_map_add(arena, &out, GW_VIEW("output")) =
        gw_value_string(gw_arena_dup(arena, text.data ? text : GW_VIEW("")));
    if (rehearsal->err.code != GW_ERR_NONE) {
        bool missing = rehearsal->err.code == GW_ERR_NOT_FOUND;
        *gw_map_add(arena, &out, GW_VIEW("error")) = gw_value_text(rehearsal->err.message);
        *gw_map_add(arena, &out, GW_VIEW("missing")) = gw_value_bool(missing);
    }
    add_lines(&rehearsal->events, "events", arena, &out);
    add_lines(&rehearsal->world->calls, "calls", arena, &out);
    add_lines(&rehearsal->world->questions, "questions", arena, &out);
    return out;
}

static void forget_last_run(struct gw_cli_world *world)
{
    gw_buf_reset(&world->calls);
    gw_buf_reset(&world->answers);
    gw_buf_reset(&world->questions);
}

int gw_cli_world_run(lua_State *L)
{
    struct gw_cli_world *world = gw_cli_check_world(L);
    struct gw_arena *arena = gw_push_arena(L);
    struct rehearsal *rehearsal = gw_arena_alloc(arena, sizeof *rehearsal);
    struct gw_value request;
    struct gw_err err = {0};
    rehearsal->world = world;
    rehearsal->arena = arena;
    forget_last_run(world);
    if (!gw_to_value(L, 2, arena, &request, &err) || !read_request(&request, rehearsal, &err)) {
        return gw_push_fail(L, &err);
    }
    gw_buf_init(&rehearsal->events, MAX_EVENTS_BYTES);
    if (open_report(rehearsal)) {
        rehearse(rehearsal);
    }
    close_report(rehearsal);
    struct gw_value out = outcome_of(rehearsal);
    gw_buf_clear(&rehearsal->events);
    free(rehearsal->text);
    gw_push_value(L, &out);
    return 1;
}
