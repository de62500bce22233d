/* parameters: what the engine's `bind` has to find a runbook's parameters: files, the environment,
 * the terminal. It runs as a task, so that it can ask, before anything of the run has begun.
 *
 * Only files that the operator's own arguments name are read: whatever a script gets hold of, it
 * reads no other file this way. What is secret goes into memory that is wiped.
 * Limits: 1 MiB a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "run/internal.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)

static struct gw_run *run_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* ---- files ----------------------------------------------------------------------------------- */

/* "--params=a.json" and "file:///run/token" name what they end in. */
static bool is_named(const struct gw_run *run, struct gw_view path)
{
    for (size_t i = 0; path.len > 0 && i < run->arg_count; i++) {
        if (gw_view_ends_with(gw_view_of(run->args[i]), path)) {
            return true;
        }
    }
    return false;
}

static bool read_stream(FILE *file, struct gw_buf *text, struct gw_err *err)
{
    bool read = gw_buf_add_file(text, file);
    if (text->full) {
        return gw_fail(err, GW_ERR_LIMIT, "larger than 1 MiB");
    }
    return read || gw_fail(err, GW_ERR_IO, "cannot be read (%s)", strerror(errno));
}

static bool read_input(struct gw_buf *text, struct gw_err *err)
{
    if (isatty(STDIN_FILENO)) {
        return gw_fail(err, GW_ERR_INPUT,
                       "is a terminal; give a file, or send the text through a pipe");
    }
    return read_stream(stdin, text, err);
}

/* The file at argument 1; "-" is standard input. Messages leave its name to the caller. */
static bool read_argument(lua_State *L, struct gw_buf *text, struct gw_err *err)
{
    struct gw_view path = gw_view_of(lua_tostring(L, 1));
    if (!is_named(run_of(L), path)) {
        return gw_fail(err, GW_ERR_DENIED, "not read: no argument of the run names it");
    }
    if (gw_view_equal(path, GW_VIEW("-"))) {
        return read_input(text, err);
    }
    FILE *file = fopen(path.data, "rb");
    if (!file) {
        return gw_fail(err, GW_ERR_IO, "cannot be opened (%s)", strerror(errno));
    }
    bool read = read_stream(file, text, err);
    fclose(file);
    return read;
}

/* Marks the members that argument 2 lists. */
static void mark_secrets(lua_State *L, struct gw_value *map)
{
    lua_Integer count = luaL_len(L, 2);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, 2, i);
        struct gw_view name = gw_view_of(lua_tostring(L, -1));
        for (size_t j = 0; j < map->as.map.count; j++) {
            if (gw_view_equal(map->as.map.entries[j].key, name)) {
                map->as.map.entries[j].value.secret = true;
            }
        }
        lua_pop(L, 1);
    }
}

/* read_params(path, secrets) -> the file's JSON object | nil, err without its name; members whose names are in the
 * list `secrets` are secrets */
static int read_params(lua_State *L)
{
    gw_check_view(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct gw_buf *text = gw_push_buf(L, MAX_FILE_BYTES);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value object;
    struct gw_err err = {0};
    if (!read_argument(L, text, &err) || !gw_json_parse(gw_buf_view(text), arena, &object, &err)) {
        gw_wipe(text->data, text->len);
        return gw_push_fail(L, &err);
    }
    gw_wipe(text->data, text->len);
    if (object.kind != GW_MAP) {
        gw_fail(&err, GW_ERR_INPUT, "expected a JSON object, { \"name\": value, ... }");
        return gw_push_fail(L, &err);
    }
    mark_secrets(L, &object);
    gw_push_value(L, &object);
    return 1;
}

/* The text without the newline at its end, as echo writes one. */
static struct gw_view without_newline(struct gw_view text)
{
    if (gw_view_ends_with(text, GW_VIEW("\n"))) {
        text.len--;
    }
    if (gw_view_ends_with(text, GW_VIEW("\r"))) {
        text.len--;
    }
    return text;
}

/* read_secret(path) -> what the file holds, as a secret | nil, err without its name */
static int read_secret(lua_State *L)
{
    gw_check_view(L, 1);
    struct gw_buf *text = gw_push_buf(L, MAX_FILE_BYTES);
    struct gw_err err = {0};
    bool read = read_argument(L, text, &err);
    if (read) {
        gw_push_secret(L, without_newline(gw_buf_view(text)));
    }
    gw_wipe(text->data, text->len);
    return read ? 1 : gw_push_fail(L, &err);
}

/* Of a file that is to be written: its folder, for it need not be there yet. */
static bool is_folder_writable(struct gw_view path)
{
    struct gw_buf folder;
    size_t len = path.len;
    while (len > 0 && path.data[len - 1] != '/') {
        len--;
    }
    gw_buf_init(&folder, path.len + 2);
    gw_buf_add(&folder, len > 0 ? gw_view_sub(path, 0, len) : GW_VIEW("."));
    bool writable = access(folder.data, W_OK | X_OK) == 0;
    gw_buf_clear(&folder);
    return writable;
}

static bool check_usable(struct gw_view path, bool writes, struct gw_err *err)
{
    struct stat there;
    bool exists = stat(path.data, &there) == 0;
    if (exists && S_ISDIR(there.st_mode)) {
        return gw_fail(err, GW_ERR_INPUT, "'%.*s' is a folder, not a file", GW_VIEW_ARGS(path));
    }
    bool usable = exists   ? access(path.data, writes ? W_OK : R_OK) == 0
                  : writes ? errno == ENOENT && is_folder_writable(path)
                           : false;
    return usable || gw_fail(err, GW_ERR_IO, "'%.*s' cannot be %s (%s)", GW_VIEW_ARGS(path),
                             writes ? "written" : "read", strerror(errno));
}

/* check_file(path, "read"|"write") -> true | nil, err */
static int check_file(lua_State *L)
{
    struct gw_view path = gw_check_view(L, 1), how = gw_check_view(L, 2);
    struct gw_err err = {0};
    if (!check_usable(path, gw_view_equal(how, GW_VIEW("write")), &err)) {
        return gw_push_fail(L, &err);
    }
    lua_pushboolean(L, true);
    return 1;
}

/* ---- secrets --------------------------------------------------------------------------------- */

/* secret_env(name) -> secret | nil; only GWRUN_* */
static int secret_env(lua_State *L)
{
    struct gw_view name = gw_check_view(L, 1);
    bool ours = gw_view_starts_with(name, GW_VIEW("GWRUN_"));
    const char *text = ours ? getenv(name.data) : NULL;
    if (!text || !text[0]) {
        lua_pushnil(L);
    } else {
        gw_push_secret(L, gw_view_of(text));
    }
    return 1;
}

/* lost_secret() -> one whose text is not known any more */
static int lost_secret(lua_State *L)
{
    gw_push_lost_secret(L);
    return 1;
}

/* ---- the binding ----------------------------------------------------------------------------- */

static void push_texts(lua_State *L, const char *const *texts, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, texts[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_flags(lua_State *L, const struct gw_run_options *options)
{
    lua_createtable(L, (int)options->flag_count, 0);
    for (size_t i = 0; i < options->flag_count; i++) {
        gw_push_view(L, options->flags[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* class Sources of stdlib/params/sources.lua */
static void push_sources(lua_State *L, struct gw_run *run)
{
    static const luaL_Reg functions[] = {{"env", gw_run_lua_env},      {"secret_env", secret_env},
                                         {"read_params", read_params}, {"read_secret", read_secret},
                                         {"check_file", check_file},   {"ask", gw_run_lua_ask},
                                         {"lost_secret", lost_secret}, {NULL, NULL}};
    bool terminal = gw_run_can_ask(run);
    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, run);
    luaL_setfuncs(L, functions, 1);
    lua_pushboolean(L, terminal);
    lua_setfield(L, -2, "terminal");
    lua_pushboolean(L, terminal && (!run->options.assume_yes || run->options.simulated));
    lua_setfield(L, -2, "asks");
}

struct binding {
    struct gw_run *run;
    const struct gw_value *written; /* of a run that goes on; else NULL */
    bool done;
    enum gw_exit exit_code;
    struct gw_err *err; /* filled where there are no parameters */
};

static void on_bound(void *ctx, lua_State *L, bool ok)
{
    struct binding *binding = ctx;
    binding->done = true;
    if (!ok) {
        gw_script_error_text(L, -1, binding->err);
        binding->exit_code = binding->err->code == GW_ERR_DENIED ? GW_EXIT_REFUSED : GW_EXIT_SCRIPT;
    } else if (lua_isnil(L, 1)) {
        gw_fail(binding->err, GW_ERR_INPUT, "%s: %s", binding->run->name, lua_tostring(L, 2));
        binding->exit_code = GW_EXIT_USAGE;
    } else {
        lua_pushvalue(L, 1);
        binding->run->params_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
}

static struct gw_task *start_binding(struct binding *binding)
{
    struct gw_run *run = binding->run;
    lua_State *L = gw_script_state(run->script);
    gw_run_push_engine_call(run, "bind");
    push_texts(L, run->args, run->arg_count);
    push_flags(L, &run->options);
    push_sources(L, run);
    if (binding->written) {
        gw_push_value(L, binding->written);
    } else {
        lua_pushnil(L);
    }
    return gw_task_start(run->script, L, 5, on_bound, binding);
}

/* Until it is done, cannot go on, or is interrupted. */
static void await(struct binding *binding)
{
    struct gw_run *run = binding->run;
    struct gw_task *task = start_binding(binding);
    while (!binding->done && run->interrupts == 0 && gw_loop_step(run->options.loop)) {
    }
    if (!binding->done) {
        gw_task_cancel(task);
        gw_fail(binding->err, GW_ERR_INPUT, "%s: the default of a parameter waits for ever",
                run->name);
        binding->exit_code = GW_EXIT_SCRIPT;
    }
    if (run->interrupts > 0) {
        gw_fail(binding->err, GW_ERR_CANCELLED, "interrupted; nothing was changed");
        binding->exit_code = GW_EXIT_INTERRUPTED;
    }
}

bool gw_run_bind_args(struct gw_run *run, const struct gw_run_arguments *arguments,
                      enum gw_exit *exit_code, struct gw_err *err)
{
    struct binding binding = {
        .run = run, .written = arguments->written, .exit_code = GW_EXIT_OK, .err = err};
    run->args = arguments->args;
    run->arg_count = arguments->count;
    gw_run_open_pipe(run);
    await(&binding);
    gw_run_close_pipe(run);
    run->args = NULL;
    run->arg_count = 0;
    *exit_code = binding.exit_code;
    return binding.exit_code == GW_EXIT_OK;
}

bool gw_run_bind_values(struct gw_run *run, const struct gw_value *values, struct gw_err *err)
{
    lua_State *L = gw_script_state(run->script);
    gw_run_push_engine_call(run, "take");
    gw_push_value(L, values);
    if (!gw_script_call(run->script, 2, 2, err)) {
        return false;
    }
    bool bound = !lua_isnil(L, -2);
    if (bound) {
        lua_pushvalue(L, -2);
        run->params_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    } else {
        gw_fail(err, GW_ERR_INPUT, "%s: %s", run->name, lua_tostring(L, -1));
    }
    lua_pop(L, 2);
    return bound;
}
