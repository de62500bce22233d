/* command_test: gwrun test [PATH...], Lua specs. Each file runs in a state of its own on a virtual
 * clock; stdlib/spec.lua collects its tests and runs them, each in worlds of its own. */
#include <string.h>

#include "cli/internal.h"

#define BUSY_LIMIT_MS INT64_C(600000)

struct command {
    const struct gw_cli_options *options;
    const char **paths;
    size_t path_count;
    const char *filter, *junit; /* NULL: not given */
    struct gw_cli_test_report *report;
    bool broken; /* a file could not be run */
};

/* ---- one file -------------------------------------------------------------------------------- */

struct test_file {
    struct command *command;
    const char *path;
    bool done;
    struct gw_err err;
};

static void on_result(void *ctx, const struct gw_value *result)
{
    struct test_file *file = ctx;
    gw_cli_test_report_result(file->command->report, file->path, result);
}

static void on_done(void *ctx, lua_State *L, bool ok)
{
    struct test_file *file = ctx;
    file->done = true;
    if (!ok) {
        gw_script_error_text(L, -1, &file->err);
    }
}

static bool read_spec(const char *path, struct gw_buf *text, struct gw_err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "%s: cannot be opened", path);
    }
    bool read = gw_buf_add_file(text, file);
    fclose(file);
    if (text->full) {
        return gw_fail(err, GW_ERR_LIMIT, "%s: larger than 1 MiB", path);
    }
    return read || gw_fail(err, GW_ERR_IO, "%s: cannot be read", path);
}

/* Leaves spec.main and the file's chunk on the stack. */
static bool load_spec(struct gw_script *script, const char *path, struct gw_view text,
                      struct gw_err *err)
{
    return gw_run_set_globals(script, err) &&
           gw_script_load(script, GW_VIEW("return require('spec').main"), "=gwrun", true, err) &&
           gw_script_call(script, 0, 1, err) && gw_script_load(script, text, path, false, err);
}

/* What lies beside a NAME_test.lua may be required; NULL: none. */
static const char *folder_of(const char *path, struct gw_arena *arena)
{
    if (!gw_view_ends_with(gw_view_of(path), GW_VIEW("_test.lua"))) {
        return NULL;
    }
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    return len > 0 ? gw_arena_dup(arena, (struct gw_view){path, len}).data : slash ? "/" : ".";
}

static void run_tests(struct test_file *file, struct gw_script *script, struct gw_view text)
{
    struct gw_loop *loop = gw_script_loop(script);
    if (!load_spec(script, file->path, text, &file->err)) {
        return;
    }
    gw_task_start(script, gw_script_state(script), 1, on_done, file);
    while (!file->done && gw_loop_step(loop)) {
    }
    if (!file->done) {
        gw_fail(&file->err, GW_ERR_INPUT, "%s: waits for ever", file->path);
    }
}

static void open_and_run(struct test_file *file, struct gw_view text)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL};
    struct gw_loop *loop = gw_loop_new(&clock);
    struct gw_script_options options = {.loop = loop,
                                        .own_folder = folder_of(file->path, arena),
                                        .folders = gw_cli_stdlib_folders(),
                                        .modules = gw_stdlib_modules,
                                        .busy_limit_ms = BUSY_LIMIT_MS,
                                        .seed = 1};
    struct gw_cli_spec spec = {
        .path = file->path, .filter = file->command->filter, .result = on_result, .ctx = file};
    struct gw_script *script = gw_script_new(&options);
    gw_cli_bind_spec(script, &spec);
    run_tests(file, script, text);
    gw_script_free(script);
    gw_loop_free(loop);
    gw_arena_free(arena);
}

static void test_file(struct command *command, const char *path)
{
    struct gw_buf text;
    struct test_file file = {.command = command, .path = path};
    gw_buf_init(&text, 1u << 20);
    if (read_spec(path, &text, &file.err)) {
        open_and_run(&file, gw_buf_view(&text));
    }
    gw_buf_clear(&text);
    if (file.err.code != GW_ERR_NONE) {
        command->broken = true;
        gw_cli_test_report_broken(command->report, path, file.err.message);
    }
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool take_value(const struct gw_cli_options *options, size_t *i, const char *name,
                       const char **value, struct gw_err *err)
{
    const char *given = options->rest[*i], *equals = strchr(given, '=');
    *value = equals ? equals + 1 : *i + 1 < options->rest_count ? options->rest[++*i] : "";
    return **value || gw_fail(err, GW_ERR_INPUT, "option '%s' needs a value", name);
}

static bool fail_unknown(struct gw_view name, struct gw_err *err)
{
    const struct gw_view known[] = {GW_VIEW("--filter"), GW_VIEW("--junit"), GW_VIEW("--output"),
                                    GW_VIEW("--quiet")};
    struct gw_view near = gw_view_nearest(name, known, sizeof known / sizeof *known);
    return near.len > 0
               ? gw_fail(err, GW_ERR_INPUT,
                         "gwrun test: unknown option '%.*s', did you mean '%.*s'?",
                         GW_VIEW_ARGS(name), GW_VIEW_ARGS(near))
               : gw_fail(err, GW_ERR_INPUT,
                         "gwrun test: unknown option '%.*s'; there are --filter and --junit",
                         GW_VIEW_ARGS(name));
}

static bool read_arguments(struct command *command, struct gw_err *err)
{
    const struct gw_cli_options *options = command->options;
    for (size_t i = 0; i < options->rest_count; i++) {
        struct gw_view name = gw_view_of(options->rest[i]);
        name.len = strcspn(name.data, "=");
        bool ok = true;
        if (gw_view_equal(name, GW_VIEW("--filter"))) {
            ok = take_value(options, &i, "--filter", &command->filter, err);
        } else if (gw_view_equal(name, GW_VIEW("--junit"))) {
            ok = take_value(options, &i, "--junit", &command->junit, err);
        } else if (name.data[0] == '-') {
            ok = fail_unknown(name, err);
        } else {
            command->paths[command->path_count++] = options->rest[i];
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

static int exit_code_of(const struct command *command)
{
    size_t passed, failed;
    gw_cli_test_report_count(command->report, &passed, &failed);
    if (command->broken) {
        return GW_EXIT_SCRIPT;
    }
    if (failed > 0) {
        return GW_EXIT_FAILED;
    }
    if (passed == 0) {
        return command->filter
                   ? gw_cli_fail_with(GW_EXIT_USAGE, "gwrun test: no test says '%s'",
                                      command->filter)
                   : gw_cli_fail_with(GW_EXIT_USAGE, "gwrun test: no test is declared there; "
                                                     "spec.test(claim, function) declares one");
    }
    return GW_EXIT_OK;
}

static int test_all(struct command *command, const struct gw_value *files)
{
    struct gw_err err = {0};
    int64_t began_ms = gw_clock_monotonic_ms();
    for (size_t i = 0; i < files->as.list.count; i++) {
        test_file(command, files->as.list.items[i].as.string.data);
    }
    gw_cli_test_report_end(command->report, gw_clock_monotonic_ms() - began_ms);
    fflush(stdout);
    if (command->junit && !gw_cli_test_report_junit(command->report, command->junit, &err)) {
        return gw_cli_fail(&err);
    }
    return exit_code_of(command);
}

int gw_cli_test(const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    struct gw_arena *arena = gw_arena_new();
    struct gw_value files;
    struct command command = {
        .options = options,
        .paths = gw_arena_alloc(arena, (options->rest_count + 1) * sizeof *command.paths)};
    int exit_code;
    if (!read_arguments(&command, &err) ||
        !gw_cli_find_tests(command.paths, command.path_count, arena, &files, &err)) {
        exit_code = gw_cli_fail(&err);
    } else {
        command.report = gw_cli_test_report_new(options);
        exit_code = test_all(&command, &files);
        gw_cli_test_report_free(command.report);
    }
    gw_arena_free(arena);
    return exit_code;
}
