/* command_resume: gwrun resume RUN and gwrun undo RUN. The run's own journal says which script it
 * was, with which parameters, where; the command line may only say how questions are answered, and where
 * secrets are. */

#include "cli/internal.h"
#include "codec/codec.h"

#define MAX_SCRIPT_BYTES ((size_t)1 << 20)

/* What the events tell, the later ones overriding. */
struct record {
    struct gw_arena *arena;
    struct gw_value params, session, sources;
    struct gw_view stdlib, version;
    struct gw_value children; /* ids of the runs that were its steps */
    bool reached_undo;
};

/* ---- reading the journal --------------------------------------------------------------------- */

static void keep(struct record *record, const struct gw_value *event, const char *name,
                 struct gw_value *out)
{
    const struct gw_value *value = gw_map_get(event, gw_view_of(name));
    if (value) {
        *out = gw_value_copy(record->arena, value);
    }
}

static void set_param(struct record *record, const struct gw_value *event)
{
    struct gw_view name = gw_map_text(event, GW_VIEW("name"));
    const struct gw_value *value = gw_map_get(event, GW_VIEW("value"));
    struct gw_value *old = (struct gw_value *)gw_map_get(&record->params, name);
    if (!old) {
        old = gw_map_add(record->arena, &record->params, gw_arena_dup(record->arena, name));
    }
    *old = value ? gw_value_copy(record->arena, value) : (struct gw_value){0};
}

static void add_source(struct record *record, const struct gw_value *event)
{
    struct gw_value source = gw_value_map();
    static const char *const names[] = {"path", "hash"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        *gw_map_add(record->arena, &source, gw_view_of(names[i])) =
            gw_value_string(gw_arena_dup(record->arena, gw_map_text(event, gw_view_of(names[i]))));
    }
    *gw_list_add(record->arena, &record->sources) = source;
}

static void note_child(struct record *record, const struct gw_value *event)
{
    if (gw_view_equal(gw_map_text(event, GW_VIEW("event")), GW_VIEW("child.started"))) {
        *gw_list_add(record->arena, &record->children) =
            gw_value_string(gw_arena_dup(record->arena, gw_map_text(event, GW_VIEW("run"))));
    }
}

static bool read_event(void *ctx, const struct gw_value *event)
{
    struct record *record = ctx;
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    bool starts = gw_view_equal(name, GW_VIEW("run.started"));
    if (starts || gw_view_equal(name, GW_VIEW("run.resumed"))) {
        keep(record, event, "params", &record->params);
        keep(record, event, "session", &record->session);
        keep(record, event, "sources", &record->sources);
        record->stdlib = gw_arena_dup(record->arena, gw_map_text(event, GW_VIEW("stdlib")));
        record->version = gw_arena_dup(record->arena, gw_map_text(event, GW_VIEW("version")));
    } else if (gw_view_equal(name, GW_VIEW("parameter.changed"))) {
        set_param(record, event);
    } else if (gw_view_equal(name, GW_VIEW("source"))) {
        add_source(record, event);
    } else if (gw_view_equal(name, GW_VIEW("undo.started"))) {
        record->reached_undo = true;
    }
    note_child(record, event);
    return true;
}

/* The scripts of its steps count as its own. */
static bool read_child(void *ctx, const struct gw_value *event)
{
    struct record *record = ctx;
    struct gw_view name = gw_map_text(event, GW_VIEW("event"));
    const struct gw_value *sources = gw_map_get(event, GW_VIEW("sources"));
    if (gw_view_equal(name, GW_VIEW("source"))) {
        add_source(record, event);
    }
    for (size_t i = 0; sources && sources->kind == GW_LIST && i < sources->as.list.count; i++) {
        add_source(record, &sources->as.list.items[i]);
    }
    note_child(record, event);
    return true;
}

/* The list grows while it is read: steps have steps of their own. */
static bool read_children(struct gw_journal *journal, struct record *record, struct gw_err *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < record->children.as.list.count; i++) {
        struct gw_view id = record->children.as.list.items[i].as.string;
        ok = gw_journal_events(journal, id, 0, read_child, record, err);
    }
    return ok;
}

static bool has_outcome(const struct gw_journal_run *run, const char *outcome)
{
    return gw_view_equal(run->outcome, gw_view_of(outcome));
}

static bool check_run(const struct gw_journal_run *run, const struct record *record, bool undo,
                      struct gw_err *err)
{
    if (!gw_view_equal(run->mode, GW_VIEW("real"))) {
        return gw_fail(err, GW_ERR_INPUT, "run %.*s was a plan: it changed nothing",
                       GW_VIEW_ARGS(run->id));
    }
    if (run->parent.len > 0) {
        return gw_fail(err, GW_ERR_INPUT, "run %.*s is a step of another: gwrun %s %.*s",
                       GW_VIEW_ARGS(run->id), undo ? "undo" : "resume", GW_VIEW_ARGS(run->parent));
    }
    if (has_outcome(run, "undone") && (!undo || run->exit_code == GW_EXIT_OK)) {
        return gw_fail(err, GW_ERR_INPUT, "run %.*s is undone already", GW_VIEW_ARGS(run->id));
    }
    if (!undo && has_outcome(run, "ok")) {
        return gw_fail(err, GW_ERR_INPUT, "run %.*s has ended well: there is nothing to go on with",
                       GW_VIEW_ARGS(run->id));
    }
    if (!undo && record->reached_undo) {
        return gw_fail(err, GW_ERR_INPUT,
                       "run %.*s has begun to be undone; go on with: gwrun undo %.*s",
                       GW_VIEW_ARGS(run->id), GW_VIEW_ARGS(run->id));
    }
    return record->sources.kind == GW_LIST && record->sources.as.list.count > 0
               ? true
               : gw_fail(err, GW_ERR_INPUT, "run %.*s was no script that can be run again",
                         GW_VIEW_ARGS(run->id));
}

/* ---- has the script changed? ----------------------------------------------------------------- */

/* Shows how one text of the run differs from what is there now. */
static void show_difference(struct gw_journal *journal, struct gw_view path, struct gw_view hash,
                            struct gw_view now, struct gw_arena *arena)
{
    struct gw_view then;
    struct gw_err err = {0};
    if (!gw_journal_text(journal, hash, arena, &then, &err)) {
        gw_cli_fail(&err);
        return;
    }
    gw_cli_print_difference(stderr, path, then, now);
}

static bool is_changed(struct gw_journal *journal, const struct gw_value *source,
                       struct gw_arena *arena)
{
    struct gw_view path = gw_map_text(source, GW_VIEW("path"));
    struct gw_view hash = gw_map_text(source, GW_VIEW("hash"));
    char now[2 * GW_SHA256_LEN + 1];
    struct gw_buf text;
    gw_buf_init(&text, MAX_SCRIPT_BYTES);
    gw_buf_add_path(&text, gw_arena_dup(arena, path).data);
    gw_sha256_hex(gw_buf_view(&text), now);
    bool changed = !gw_view_equal(hash, gw_view_of(now));
    if (changed) {
        show_difference(journal, path, hash, gw_buf_view(&text), arena);
    }
    gw_buf_clear(&text);
    return changed;
}

static bool check_sources(const struct gw_cli_options *options, struct gw_journal *journal,
                          const struct record *record, struct gw_err *err)
{
    struct gw_value facts = gw_cli_run_facts(options, record->arena);
    size_t changed = 0;
    for (size_t i = 0; i < record->sources.as.list.count; i++) {
        changed += is_changed(journal, &record->sources.as.list.items[i], record->arena);
    }
    if (!gw_view_equal(record->stdlib, gw_map_text(&facts, GW_VIEW("stdlib")))) {
        gw_log(GW_LOG_WARN, "this gwrun has other built-in modules than the one of the run (%.*s)",
               GW_VIEW_ARGS(record->version));
        changed++;
    }
    return changed == 0 || options->accept_changes ||
           gw_fail(err, GW_ERR_DENIED,
                   "the script has changed since the run began; look at the difference, then add "
                   "--accept-changes");
}

/* ---- going on -------------------------------------------------------------------------------- */

static const char *session_text(const struct record *record, const char *given, const char *name)
{
    struct gw_view text = gw_map_text(&record->session, gw_view_of(name));
    return given ? given : text.len > 0 ? text.data : NULL;
}

static int go_on(const struct gw_cli_options *options, const struct record *record,
                 struct gw_view run, bool undo)
{
    const struct gw_value *unsigned_calls =
        gw_map_get(&record->session, GW_VIEW("no_sign_request"));
    struct gw_cli_options whole = *options;
    struct gw_cli_past past = {.run = run.data, .undo = undo, .params = &record->params};
    whole.name = gw_map_text(&record->sources.as.list.items[0], GW_VIEW("path")).data;
    whole.rest++; /* behind the run's id: where its secrets are */
    whole.rest_count--;
    whole.region = session_text(record, options->region, "region");
    whole.profile = session_text(record, options->profile, "profile");
    whole.endpoint_url = session_text(record, options->endpoint_url, "endpoint_url");
    whole.ca_bundle = session_text(record, options->ca_bundle, "ca_bundle");
    whole.no_sign_request =
        options->no_sign_request || (unsigned_calls && unsigned_calls->as.boolean);
    return gw_cli_execute(&whole, &past);
}

/* ---- which run ------------------------------------------------------------------------------- */

struct search {
    struct gw_journal *journal;
    struct gw_arena *arena;
    struct gw_view id; /* empty: not found yet */
};

static bool is_no_step(void *ctx, const struct gw_value *event)
{
    bool *begun = ctx;
    *begun = gw_view_equal(gw_map_text(event, GW_VIEW("event")), GW_VIEW("step.started"));
    return !*begun;
}

/* One that was refused before its first step, at a lock for example, is not what is meant. */
static bool try_run(void *ctx, const struct gw_journal_run *run)
{
    struct search *search = ctx;
    struct gw_err ignored = {0};
    bool begun = false;
    gw_journal_events(search->journal, run->id, 0, is_no_step, &begun, &ignored);
    if (begun) {
        search->id = gw_arena_dup(search->arena, run->id);
    }
    return !begun;
}

/* "last" is the newest that can be gone on with; to be undone, the newest of all. */
static bool find_run(struct gw_journal *journal, struct gw_view name, bool undo,
                     struct gw_arena *arena, struct gw_journal_run *run, struct gw_err *err)
{
    struct search search = {.journal = journal, .arena = arena};
    struct gw_journal_filter open = {.open_only = true};
    if (!undo && gw_view_equal(name, GW_VIEW("last")) &&
        !gw_journal_runs(journal, &open, try_run, &search, err)) {
        return false;
    }
    return gw_journal_find(journal, search.id.len > 0 ? search.id : name, arena, run, err);
}

/* Fills the record of the run that is named; its id lives in the record's arena. */
static bool read_run(const struct gw_cli_options *options, bool undo, struct record *record,
                     struct gw_view *id, struct gw_err *err)
{
    struct gw_journal_run run;
    struct gw_journal *journal = gw_cli_open_journal(options, false, false, err);
    bool ok = journal &&
              find_run(journal, gw_view_of(options->rest[0]), undo, record->arena, &run, err) &&
              gw_journal_events(journal, run.id, 0, read_event, record, err) &&
              read_children(journal, record, err) && check_run(&run, record, undo, err) &&
              check_sources(options, journal, record, err);
    gw_journal_close(journal);
    *id = ok ? run.id : GW_VIEW_NONE;
    return ok;
}

static int command(const struct gw_cli_options *options, bool undo)
{
    struct gw_err err = {0};
    struct record record = {
        .arena = gw_arena_new(), .params = gw_value_map(), .children = gw_value_list()};
    struct gw_view id;
    int exit_code;
    if (options->rest_count == 0) {
        exit_code = gw_cli_fail_with(GW_EXIT_USAGE,
                                     "%s: which run? 'gwrun history' shows them; 'last' is the "
                                     "newest",
                                     options->name);
    } else if (options->sim) {
        exit_code = gw_cli_fail_with(GW_EXIT_USAGE, "%s: the world of a rehearsal ends with it",
                                     options->name);
    } else if (!read_run(options, undo, &record, &id, &err)) {
        exit_code = gw_cli_fail(&err);
    } else {
        exit_code = go_on(options, &record, id, undo);
    }
    gw_arena_free(record.arena);
    return exit_code;
}

int gw_cli_resume(const struct gw_cli_options *options)
{
    return command(options, false);
}

int gw_cli_undo(const struct gw_cli_options *options)
{
    return command(options, true);
}
