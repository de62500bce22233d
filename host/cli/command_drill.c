/* command_drill: gwrun drill: which drills there are, playing one, exploring a runbook. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/drill.h"

#define BUSY_LIMIT_MS INT64_C(600000)
#define MAX_FILE      ((size_t)1 << 20)
#define MAX_PATH      4096
#define MAX_FOLDERS   64

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

static bool read_drill(struct gw_cli_drill *drill, struct gw_buf *path, struct gw_buf *text,
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
    struct gw_cli_drill *drill = ctx;
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

static void push_request(lua_State *L, const struct gw_cli_drill *drill)
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
static void carry_out(struct gw_cli_drill *drill, struct gw_script *script, const char *path,
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

static void open_and_carry_out(struct gw_cli_drill *drill, const char *path, struct gw_view text)
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
    gw_cli_bind_drill(script, drill);
    carry_out(drill, script, path, text);
    gw_sim_listener_close(drill->listener);
    gw_script_free(script);
    gw_loop_free(loop);
}

static int exit_of(const struct gw_cli_drill *drill)
{
    if (drill->err.code == GW_ERR_NONE) {
        return drill->exit_code;
    }
    gw_cli_fail(&drill->err);
    return drill->err.code == GW_ERR_INPUT ? GW_EXIT_SCRIPT : gw_cli_exit_of(&drill->err);
}

static int list(const struct gw_cli_drill *drill)
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

static int run(struct gw_cli_drill *drill)
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

static bool read_courses(struct gw_cli_drill *drill, struct gw_err *err)
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

static int explore_part(const struct gw_cli_drill *drill, int part, int parts)
{
    struct gw_cli_drill own = *drill;
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
static int explore_all(const struct gw_cli_drill *drill)
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

static int play(struct gw_cli_drill *drill)
{
    if (drill->hands_on) {
        gw_cli_catch_end();
    }
    return run(drill);
}

/* A drill needs no keys of its operator's. They may be the world's own, of an earlier drill in the
 * same shell: those are to be shown. */
static void forget_keys(void)
{
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    unsetenv("AWS_SESSION_TOKEN");
}

int gw_cli_drill(const struct gw_cli_options *options)
{
    struct gw_cli_drill drill = {.options = options, .arena = gw_arena_new()};
    const struct gw_cli_word words[] = {
        {"--hands-on", &drill.hands_on, NULL}, {"--explore", NULL, &drill.explore},
        {"--from", NULL, &drill.from_text},    {"--port", NULL, &drill.port},
        {"--speed", NULL, &drill.speed},       {NULL, NULL, NULL}};
    struct gw_err err = {0};
    int exit_code;
    forget_keys();
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
