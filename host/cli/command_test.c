/* command_test: gwrun test FILE..., Lua specs. Each file runs in a state of its own on a virtual
 * clock; stdlib/spec.lua collects its tests, runs and tells them. */
#include "cli/internal.h"

struct tally {
    bool done;
    lua_Integer passed, failed;
    struct gw_err err;
};

static void on_done(void *ctx, lua_State *L, bool ok)
{
    struct tally *tally = ctx;
    tally->done = true;
    if (ok) {
        tally->passed = lua_tointeger(L, 1);
        tally->failed = lua_tointeger(L, 2);
    } else {
        gw_script_error_text(L, -1, &tally->err);
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

static bool run_spec(const char *path, struct gw_view text, struct tally *tally, struct gw_err *err)
{
    struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL};
    struct gw_loop *loop = gw_loop_new(&clock);
    struct gw_script_options options = {.loop = loop,
                                        .folders = gw_cli_stdlib_folders(),
                                        .modules = gw_stdlib_modules,
                                        .busy_limit_ms = 600000,
                                        .seed = 1};
    struct gw_script *script = gw_script_new(&options);
    gw_cli_bind_spec(script);
    bool ok = load_spec(script, path, text, err);
    if (ok) {
        gw_task_start(script, gw_script_state(script), 1, on_done, tally);
        while (!tally->done && gw_loop_step(loop)) {
        }
        ok = tally->done || gw_fail(err, GW_ERR_INPUT, "%s: waits for ever", path);
    }
    gw_script_free(script);
    gw_loop_free(loop);
    return ok;
}

static bool test_file(const char *path, lua_Integer *passed, lua_Integer *failed)
{
    struct gw_buf text;
    struct tally tally = {0};
    gw_buf_init(&text, 1u << 20);
    bool ok = read_spec(path, &text, &tally.err) &&
              run_spec(path, gw_buf_view(&text), &tally, &tally.err) &&
              tally.err.code == GW_ERR_NONE;
    gw_buf_clear(&text);
    if (!ok) {
        gw_cli_fail(&tally.err);
    }
    *passed += tally.passed;
    *failed += tally.failed;
    return ok;
}

int gw_cli_test(const struct gw_cli_options *options)
{
    lua_Integer passed = 0, failed = 0;
    bool ok = true;
    if (options->rest_count == 0) {
        return gw_cli_fail_with(GW_EXIT_USAGE, "gwrun test: which file?");
    }
    for (size_t i = 0; i < options->rest_count; i++) {
        ok = test_file(options->rest[i], &passed, &failed) && ok;
    }
    printf("%lld passed, %lld failed\n", (long long)passed, (long long)failed);
    if (!ok) {
        return GW_EXIT_SCRIPT;
    }
    return failed > 0 || passed == 0 ? GW_EXIT_FAILED : GW_EXIT_OK;
}
