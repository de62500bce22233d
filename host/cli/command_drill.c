/* command_drill: gwrun drill, what a world is drilled with. stdlib/drill.lua carries a drill out; here is
 * where it is found, who sees it, and where it is kept. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/spec.h"
#include "codec/codec.h"

#define BUSY_LIMIT_MS INT64_C(600000)
#define MAX_FILE      ((size_t)1 << 20)
#define MAX_PATH      4096
#define MAX_FOLDERS   64

struct drill {
    const struct gw_cli_options *options;
    const char *explore, *from_text, *port, *speed, *name;
    bool hands_on;
    int64_t runs, from; /* of an exploration: how many courses, the first */
    int64_t all_runs;   /* of all processes; 0: another one shows how far it is */
    struct gw_cli_audience audience;
    struct gw_report *report;
    struct gw_journal *journal; /* of rehearsals; NULL: it is not kept */
    struct gw_arena *arena;     /* as long as the drill */
    struct gw_view id, run;     /* of the drill, and of the run under way in it */
    int64_t seq;
    struct gw_sim_listener *listener;
    bool done;
    int exit_code;
    struct gw_err err;
};

static volatile sig_atomic_t told_to_end;

static void on_signal(int number)
{
    (void)number;
    told_to_end = 1;
}

/* ---- who sees it, and where it is kept ------------------------------------------------------- */

static struct gw_value without_seq(const struct gw_value *event, struct gw_arena *arena)
{
    struct gw_value out = gw_value_map();
    for (size_t i = 0; i < event->as.map.count; i++) {
        if (!gw_view_equal(event->as.map.entries[i].key, GW_VIEW("seq"))) {
            *gw_map_add(arena, &out, event->as.map.entries[i].key) = event->as.map.entries[i].value;
        }
    }
    return out;
}

/* What cannot be kept is said once. */
static void keep(struct drill *drill, struct gw_view run, const struct gw_value *event)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value plain = without_seq(event, arena);
    struct gw_err err = {0};
    int64_t seq;
    if (drill->journal &&
        !gw_journal_append(drill->journal, run, &plain, GW_JOURNAL_SOON, &seq, &err)) {
        gw_log(GW_LOG_WARN, "this drill is not kept: %s", err.message);
        gw_journal_close(drill->journal);
        drill->journal = NULL;
    }
    gw_arena_free(arena);
}

static struct gw_view reserve(struct drill *drill, struct gw_view wanted)
{
    struct gw_view id = wanted;
    struct gw_err err = {0};
    if (drill->journal && !gw_journal_begin(drill->journal, wanted, drill->arena, &id, &err)) {
        gw_log(GW_LOG_WARN, "this drill is not kept: %s", err.message);
        gw_journal_close(drill->journal);
        drill->journal = NULL;
        id = wanted;
    }
    return gw_arena_dup(drill->arena, id);
}

static struct gw_value facts_of_run(void *ctx, struct gw_arena *arena)
{
    const struct drill *drill = ctx;
    struct gw_value facts = gw_value_map();
    *gw_map_add(arena, &facts, GW_VIEW("parent")) = gw_value_string(drill->id);
    return facts;
}

/* An event of a run in the drill; `run` empty: it did not begin. */
static void on_run_event(void *ctx, struct gw_view run, const struct gw_value *event)
{
    struct drill *drill = ctx;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value shown = gw_value_map();
    if (gw_view_equal(gw_map_text(event, GW_VIEW("event")), GW_VIEW("run.started"))) {
        drill->run = reserve(drill, gw_arena_printf(drill->arena, "%.*s.%.*s",
                                                    GW_VIEW_ARGS(drill->id), GW_VIEW_ARGS(run)));
    }
    keep(drill, drill->run, event);
    for (size_t i = 0; i < event->as.map.count; i++) {
        *gw_map_add(arena, &shown, event->as.map.entries[i].key) = event->as.map.entries[i].value;
        if (i == 0) {
            *gw_map_add(arena, &shown, GW_VIEW("child")) = gw_value_string(drill->run);
        }
    }
    gw_report_event(drill->report, &shown);
    gw_arena_free(arena);
}

/* ---- host.drill ------------------------------------------------------------------------------ */

static struct drill *drill_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* tell(world, event): dated by the world's clock, numbered, shown and kept */
static int drill_tell(lua_State *L)
{
    struct drill *drill = drill_of(L);
    struct gw_cli_world *world = gw_cli_check_world(L);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value given, event = gw_value_map();
    struct gw_err err = {0};
    if (!gw_to_value(L, 2, arena, &given, &err)) {
        return luaL_error(L, "tell: %s", err.message);
    }
    int64_t now_ms = gw_loop_wall_ms(gw_cli_session_loop(world->session));
    bool begins = gw_view_equal(gw_map_text(&given, GW_VIEW("event")), GW_VIEW("run.started"));
    if (begins) {
        drill->id = reserve(drill, gw_arena_printf(arena, "drill-%s-%03d",
                                                   gw_cli_instant(now_ms, arena).data,
                                                   (int)(now_ms % 1000)));
    }
    *gw_map_add(arena, &event, GW_VIEW("event")) =
        gw_value_string(gw_map_text(&given, GW_VIEW("event")));
    *gw_map_add(arena, &event, GW_VIEW("seq")) = gw_value_int(++drill->seq);
    *gw_map_add(arena, &event, GW_VIEW("at")) = gw_value_string(gw_cli_instant(now_ms, arena));
    if (begins) {
        *gw_map_add(arena, &event, GW_VIEW("run")) = gw_value_string(drill->id);
    }
    for (size_t i = 0; i < given.as.map.count; i++) {
        if (!gw_view_equal(given.as.map.entries[i].key, GW_VIEW("event"))) {
            *gw_map_add(arena, &event, given.as.map.entries[i].key) = given.as.map.entries[i].value;
        }
    }
    keep(drill, drill->id, &event);
    if (!gw_report_event(drill->report, &event)) {
        return luaL_error(L, "the output could not be written");
    }
    return 0;
}

/* watch(world): its runs are shown and kept as part of the drill */
static int drill_watch(lua_State *L)
{
    struct drill *drill = drill_of(L);
    gw_cli_check_world(L)->audience = &drill->audience;
    return 0;
}

/* listen(world, port) -> port, { name = value } of the environment | nil, err */
static int drill_listen(lua_State *L)
{
    struct drill *drill = drill_of(L);
    struct gw_cli_world *world = gw_cli_check_world(L);
    struct gw_sim *sim = gw_cli_session_sim(world->session);
    struct gw_credentials keys = gw_sim_credentials(sim);
    struct gw_sim_listen_options listen = {.sim = sim, .port = (int)luaL_checkinteger(L, 2)};
    struct gw_err err = {0};
    drill->listener = gw_sim_listen(&listen, &err);
    if (!drill->listener) {
        return gw_push_fail(L, &err);
    }
    lua_pushinteger(L, gw_sim_listener_port(drill->listener));
    lua_createtable(L, 0, 4);
    gw_push_view(L, keys.access_key_id);
    lua_setfield(L, -2, "AWS_ACCESS_KEY_ID");
    gw_push_view(L, keys.secret_access_key);
    lua_setfield(L, -2, "AWS_SECRET_ACCESS_KEY");
    gw_push_view(L, gw_sim_region(sim));
    lua_setfield(L, -2, "AWS_REGION");
    return 2;
}

static int drill_unlisten(lua_State *L)
{
    struct drill *drill = drill_of(L);
    gw_sim_listener_close(drill->listener);
    drill->listener = NULL;
    return 0;
}

static int drill_is_told_to_end(lua_State *L)
{
    lua_pushboolean(L, told_to_end);
    return 1;
}

/* progress(done): of this process's courses */
static int drill_progress(lua_State *L)
{
    const struct drill *drill = drill_of(L);
    char text[80];
    if (drill->all_runs > 0) {
        int64_t done = luaL_checkinteger(L, 1) * drill->all_runs / drill->runs;
        snprintf(text, sizeof text, "about %" PRId64 " of %" PRId64 " courses", done,
                 drill->all_runs);
        gw_cli_progress(text);
    }
    return 0;
}

/* say(text): on standard output */
static int drill_say(lua_State *L)
{
    gw_cli_progress("");
    gw_cli_print(stdout, gw_check_view(L, 1));
    putchar('\n');
    fflush(stdout);
    return 0;
}

struct listing {
    lua_State *L;
    struct gw_journal *journal;
    lua_Integer count;
};

static bool keep_score(void *ctx, const struct gw_value *event)
{
    struct gw_value *score = ctx;
    const struct gw_value *world = gw_map_get(event, GW_VIEW("world"));
    const struct gw_value *points = world ? gw_map_get(world, GW_VIEW("points")) : NULL;
    if (points && points->kind == GW_INT) {
        *score = *points;
    }
    return true;
}

static bool add_earlier(void *ctx, const struct gw_journal_run *run)
{
    struct listing *listing = ctx;
    struct gw_value score = {0};
    struct gw_err err = {0};
    if (run->parent.len == 0 && run->finished_ms > 0 &&
        gw_journal_events(listing->journal, run->id, 0, keep_score, &score, &err) &&
        score.kind == GW_INT) {
        lua_pushinteger(listing->L, score.as.integer);
        lua_rawseti(listing->L, -2, ++listing->count);
    }
    return true;
}

/* earlier(runbook) -> the points of earlier attempts, newest first */
static int drill_earlier(lua_State *L)
{
    struct drill *drill = drill_of(L);
    struct gw_journal_filter filter = {.runbook = gw_check_view(L, 1), .limit = 100};
    struct listing listing = {.L = L, .journal = drill->journal};
    struct gw_err err = {0};
    lua_newtable(L);
    if (drill->journal && !gw_journal_runs(drill->journal, &filter, add_earlier, &listing, &err)) {
        gw_log(GW_LOG_WARN, "earlier attempts: %s", err.message);
    }
    return 1;
}

static void bind(struct drill *drill, struct gw_script *script)
{
    static const luaL_Reg functions[] = {{"tell", drill_tell},
                                         {"watch", drill_watch},
                                         {"listen", drill_listen},
                                         {"unlisten", drill_unlisten},
                                         {"earlier", drill_earlier},
                                         {"is_told_to_end", drill_is_told_to_end},
                                         {"progress", drill_progress},
                                         {"say", drill_say},
                                         {NULL, NULL}};
    lua_State *L = gw_script_state(script);
    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, drill);
    luaL_setfuncs(L, functions, 1);
    gw_script_set_host(script, "drill");
}

/* ---- where drills are ------------------------------------------------------------------------ */

/* "drills" below each folder of runbooks. */
static const char *const *drill_folders(struct gw_arena *arena)
{
    const char *const *runbooks = gw_cli_runbook_folders(arena);
    const char **folders = gw_arena_alloc(arena, (MAX_FOLDERS + 2) * sizeof *folders);
    for (size_t i = 0; i <= MAX_FOLDERS && runbooks[i]; i++) {
        folders[i] = gw_arena_printf(arena, "%s/drills", runbooks[i]).data;
    }
    return folders;
}

static bool read_drill(struct drill *drill, struct gw_buf *path, struct gw_buf *text,
                       struct gw_err *err)
{
    if (!gw_run_find(drill_folders(drill->arena), drill->name, path, err)) {
        gw_fail(err, GW_ERR_NOT_FOUND, "no drill '%s'; 'gwrun drill' lists them", drill->name);
        return false;
    }
    FILE *file = fopen(path->data, "rb");
    bool read = file && gw_buf_add_file(text, file);
    if (file) {
        fclose(file);
    }
    return (read && !text->full) ||
           gw_fail(err, GW_ERR_IO, "%s: cannot be read, or is larger than 1 MiB", path->data);
}

/* ---- carrying it out ------------------------------------------------------------------------- */

static void on_done(void *ctx, lua_State *L, bool ok)
{
    struct drill *drill = ctx;
    drill->done = true;
    if (ok) {
        drill->exit_code = (int)lua_tointeger(L, 1);
    } else {
        gw_script_error_text(L, -1, &drill->err);
    }
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void push_request(lua_State *L, const struct drill *drill)
{
    lua_newtable(L);
    set_text(L, "name", drill->name);
    lua_pushinteger(L, drill->runs);
    lua_setfield(L, -2, "runs");
    lua_pushinteger(L, drill->from);
    lua_setfield(L, -2, "from");
    set_text(L, "port", drill->port);
    set_text(L, "speed", drill->speed);
    lua_pushboolean(L, drill->hands_on);
    lua_setfield(L, -2, "hands_on");
    lua_pushinteger(L, (lua_Integer)drill->options->seed);
    lua_setfield(L, -2, "seed");
}

/* `text` empty: it needs no file. */
static void carry_out(struct drill *drill, struct gw_script *script, const char *path,
                      struct gw_view text)
{
    lua_State *L = gw_script_state(script);
    const char *entry =
        drill->explore ? "return require('drill').explore" : "return require('drill').main";
    int arguments = drill->explore ? 1 : 2;
    if (!gw_run_set_globals(script, &drill->err) ||
        !gw_script_load(script, gw_view_of(entry), "=gwrun", true, &drill->err) ||
        !gw_script_call(script, 0, 1, &drill->err) ||
        (!drill->explore && !gw_script_load(script, text, path, false, &drill->err))) {
        return;
    }
    push_request(L, drill);
    gw_task_start(script, L, arguments, on_done, drill);
    while (!drill->done && gw_loop_step(gw_script_loop(script))) {
    }
}

/* What lies beside the drill may be required. */
static const char *folder_of(const char *path, struct gw_arena *arena)
{
    const char *slash = strrchr(path, '/');
    return slash ? gw_arena_dup(arena, (struct gw_view){path, (size_t)(slash - path)}).data : NULL;
}

static void open_and_carry_out(struct drill *drill, const char *path, struct gw_view text)
{
    struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL};
    struct gw_loop *loop = gw_loop_new(&clock);
    struct gw_script_options options = {.loop = loop,
                                        .own_folder = folder_of(path, drill->arena),
                                        .folders = gw_cli_stdlib_folders(),
                                        .modules = gw_stdlib_modules,
                                        .busy_limit_ms = BUSY_LIMIT_MS,
                                        .seed = 1};
    struct gw_cli_spec spec = {.path = path};
    struct gw_script *script = gw_script_new(&options);
    gw_cli_bind_spec(script, &spec);
    bind(drill, script);
    carry_out(drill, script, path, text);
    gw_sim_listener_close(drill->listener);
    gw_script_free(script);
    gw_loop_free(loop);
}

static int exit_of(const struct drill *drill)
{
    if (drill->err.code == GW_ERR_NONE) {
        return drill->exit_code;
    }
    gw_cli_fail(&drill->err);
    return drill->err.code == GW_ERR_INPUT ? GW_EXIT_SCRIPT : gw_cli_exit_of(&drill->err);
}

static int list(const struct drill *drill)
{
    const char *const *folders = drill_folders(drill->arena);
    struct gw_value seen = gw_value_map();
    for (size_t i = 0; folders[i]; i++) {
        struct gw_value names = gw_run_list(folders[i], drill->arena);
        for (size_t j = 0; j < names.as.list.count; j++) {
            struct gw_view name = names.as.list.items[j].as.string;
            if (!gw_map_get(&seen, name)) {
                *gw_map_add(drill->arena, &seen, name) = gw_value_bool(true);
                printf("%.*s\n", GW_VIEW_ARGS(name));
            }
        }
    }
    return GW_EXIT_OK;
}

static int run(struct drill *drill)
{
    struct gw_buf path, text;
    struct gw_err problem = {0};
    gw_buf_init(&path, MAX_PATH);
    gw_buf_init(&text, MAX_FILE);
    if (drill->explore || read_drill(drill, &path, &text, &drill->err)) {
        drill->journal =
            drill->explore ? NULL : gw_cli_open_journal(drill->options, true, false, &problem);
        if (problem.code != GW_ERR_NONE) {
            gw_log(GW_LOG_WARN, "this drill is not kept: %s", problem.message);
        }
        drill->report = gw_cli_open_report(drill->options);
        open_and_carry_out(drill, path.data ? path.data : "drill", gw_buf_view(&text));
        gw_report_free(drill->report);
        gw_journal_close(drill->journal);
    }
    gw_buf_clear(&path);
    gw_buf_clear(&text);
    return exit_of(drill);
}

/* ---- exploring ------------------------------------------------------------------------------- */

#define MAX_PROCESSES 64
#define MAX_RUNS      100000000

static bool read_courses(struct drill *drill, struct gw_err *err)
{
    drill->from = 1;
    if (!gw_view_to_int64(gw_view_of(drill->explore), &drill->runs) || drill->runs < 1 ||
        drill->runs > MAX_RUNS) {
        return gw_fail(err, GW_ERR_INPUT, "gwrun drill: --explore takes how many courses, got '%s'",
                       drill->explore);
    }
    if (drill->from_text &&
        (!gw_view_to_int64(gw_view_of(drill->from_text), &drill->from) || drill->from < 1)) {
        return gw_fail(err, GW_ERR_INPUT, "gwrun drill: --from takes the first course, got '%s'",
                       drill->from_text);
    }
    return drill->name || gw_fail(err, GW_ERR_INPUT,
                                  "gwrun drill: which runbook? gwrun drill --explore N RUNBOOK");
}

static int explore_part(const struct drill *drill, int part, int parts)
{
    struct drill own = *drill;
    own.arena = gw_arena_new();
    own.from = drill->from + drill->runs * part / parts;
    own.runs = drill->from + drill->runs * (part + 1) / parts - own.from;
    own.all_runs = part == 0 ? drill->runs : 0;
    int exit_code = run(&own);
    gw_cli_progress("");
    gw_arena_free(own.arena);
    fflush(NULL);
    return exit_code;
}

/* The worst of the exit codes of the processes. */
static int await_parts(const pid_t *pids, int count)
{
    int worst = 0;
    for (int i = 0; i < count; i++) {
        int status = 0;
        pid_t ended = waitpid(pids[i], &status, 0);
        int code = ended == pids[i] && WIFEXITED(status) ? WEXITSTATUS(status) : GW_EXIT_INTERNAL;
        worst = code > worst ? code : worst;
    }
    return worst;
}

/* A process for each processor: courses know nothing of each other. */
static int explore_all(const struct drill *drill)
{
    pid_t pids[MAX_PROCESSES];
    int64_t began_ms = gw_clock_monotonic_ms();
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int parts = processors < 1 ? 1 : processors > MAX_PROCESSES ? MAX_PROCESSES : (int)processors;
    parts = parts > drill->runs ? (int)drill->runs : parts;
    for (int i = 0; i < parts; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            _exit(explore_part(drill, i, parts));
        }
    }
    int exit_code = await_parts(pids, parts);
    double seconds = (double)(gw_clock_monotonic_ms() - began_ms) / 1000;
    if (exit_code == GW_EXIT_OK) {
        printf("%s: %" PRId64 " courses of faults, all come to the same end (%.1f s)\n",
               drill->name, drill->runs, seconds);
    }
    return exit_code;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int play(struct drill *drill)
{
    struct sigaction stopping = {.sa_handler = on_signal};
    if (drill->hands_on) {
        sigaction(SIGINT, &stopping, NULL);
    }
    return run(drill);
}

int gw_cli_drill(const struct gw_cli_options *options)
{
    struct drill drill = {.options = options, .arena = gw_arena_new()};
    const struct gw_cli_word words[] = {
        {"--hands-on", &drill.hands_on, NULL}, {"--explore", NULL, &drill.explore},
        {"--from", NULL, &drill.from_text},    {"--port", NULL, &drill.port},
        {"--speed", NULL, &drill.speed},       {NULL, NULL, NULL}};
    struct gw_err err = {0};
    int exit_code;
    drill.audience = (struct gw_cli_audience){facts_of_run, on_run_event, &drill};
    if (!gw_cli_read_words(options, words, &drill.name, &err) ||
        (drill.explore && !read_courses(&drill, &err))) {
        exit_code = gw_cli_fail(&err);
    } else if (drill.explore) {
        exit_code = explore_all(&drill);
    } else {
        exit_code = drill.name ? play(&drill) : list(&drill);
    }
    gw_arena_free(drill.arena);
    return exit_code;
}
