/* load: a runbook file becomes a declaration. The engine (stdlib/runbook.lua) judges it; here is
 * only the way to it. The chunk runs outside any task: it can neither wait nor call anything.
 * Limits: 1 MiB a file. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/internal.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)

static bool read_file(const char *path, struct gw_buf *text, struct gw_err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return gw_fail(err, GW_ERR_IO, "%s: cannot be opened (%s)", path, strerror(errno));
    }
    bool read = gw_buf_add_file(text, file);
    fclose(file);
    if (text->full) {
        return gw_fail(err, GW_ERR_LIMIT, "%s: larger than 1 MiB", path);
    }
    return read || gw_fail(err, GW_ERR_IO, "%s: cannot be read", path);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static struct gw_view stem(const char *path)
{
    struct gw_view name = gw_view_of(base_name(path));
    if (gw_view_ends_with(name, GW_VIEW(".lua"))) {
        name.len -= 4;
    }
    return name;
}

/* ---- the script ------------------------------------------------------------------------------ */

/* Leaves the stdlib module on the stack. */
static bool require_module(struct gw_script *script, const char *name, struct gw_err *err)
{
    char text[96];
    snprintf(text, sizeof text, "return require '%s'", name);
    return gw_script_load(script, gw_view_of(text), "=gwrun", true, err) &&
           gw_script_call(script, 0, 1, err);
}

/* Makes the module, or one member of it, a global of every chunk. */
static bool set_global(struct gw_script *script, const char *module, const char *member,
                       const char *global, struct gw_err *err)
{
    if (!require_module(script, module, err)) {
        return false;
    }
    if (member) {
        lua_getfield(gw_script_state(script), -1, member);
        lua_remove(gw_script_state(script), -2);
    }
    gw_script_set_global(script, global);
    return true;
}

bool gw_run_set_globals(struct gw_script *script, struct gw_err *err)
{
    gw_bind_json(script);
    gw_bind_task(script);
    gw_bind_time(script);
    return set_global(script, "host.json", NULL, "json", err) &&
           set_global(script, "host.time", NULL, "time", err) &&
           set_global(script, "host.task", "sleep", "sleep", err) &&
           set_global(script, "parallel", NULL, "parallel", err);
}

/* The folder of the file. */
static const char *folder_of(const char *path, struct gw_arena *arena)
{
    size_t len = (size_t)(base_name(path) - path);
    return len > 1 ? gw_arena_dup(arena, (struct gw_view){path, len - 1}).data : len ? "/" : ".";
}

/* What the stdlib has for runbooks; its other modules are the engine. */
static const char *const open_modules[] = {
    "autoscaling", "aws",       "causes",   "checklist", "cloudtrail", "diagnosis", "ecs",
    "elb",         "elb_rules", "env",      "exec",      "failure",    "fargate",   "file",
    "github",      "http",      "iam_keys", "incident",  "logs",       "metrics",   "notify",
    "process",     "revisions", "rollout",  "s3",        "secrets",    "severity",  "status",
    "timelines",   "triage",    NULL};

bool gw_run_is_common_module(const char *name)
{
    const char *const *module = open_modules;
    while (*module && strcmp(*module, name) != 0) {
        module++;
    }
    return *module != NULL;
}

/* `own` is the runbook's folder; NULL: it has none. */
static void open_script(struct gw_run *run, const char *own)
{
    struct gw_script_options options = {.loop = run->options.loop,
                                        .own_folder = own,
                                        .folders = run->options.folders,
                                        .modules = run->options.modules,
                                        .open = run->options.engine ? NULL : open_modules,
                                        .busy_limit_ms = run->options.busy_limit_ms,
                                        .loaded = gw_run_loaded,
                                        .loaded_ctx = run,
                                        .seed = run->options.seed};
    run->script = gw_script_new(&options);
}

static bool open_stdlib(struct gw_run *run, const char *own, struct gw_err *err)
{
    open_script(run, own);
    gw_bind_aws(run->script, &run->gate);
    gw_bind_http(run->script, &run->gate);
    gw_bind_file(run->script, &run->gate);
    gw_bind_process(run->script, &run->gate);
    gw_bind_exec(run->script, &run->gate);
    gw_bind_env(run->script, &run->gate);
    gw_bind_box(run->script);
    gw_run_bind_host(run);
    if (run->options.bind) {
        run->options.bind(run->options.bind_ctx, run->script);
    }
    if (!gw_run_set_globals(run->script, err) ||
        !set_global(run->script, "aws", NULL, "aws", err) ||
        !require_module(run->script, "runbook", err)) {
        return false;
    }
    run->engine_ref = luaL_ref(gw_script_state(run->script), LUA_REGISTRYINDEX);
    return true;
}

/* ---- the engine ------------------------------------------------------------------------------ */

void gw_run_push_engine_call(struct gw_run *run, const char *function)
{
    lua_State *L = gw_script_state(run->script);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->engine_ref);
    lua_getfield(L, -1, function);
    lua_remove(L, -2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->declaration_ref);
}

/* Whatever goes wrong while it loads is the file's fault, and names it. */
static bool blame(const char *file, struct gw_err *err)
{
    if (!gw_view_starts_with(gw_view_of(err->message), gw_view_of(file))) {
        gw_err_prefix(err, "%s", file);
    }
    err->code = GW_ERR_INPUT;
    return false;
}

static bool check_declaration(struct gw_run *run, const char *file, struct gw_err *err)
{
    lua_State *L = gw_script_state(run->script);
    run->declaration_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    gw_run_push_engine_call(run, "check");
    if (!gw_script_call(run->script, 1, 1, err)) {
        return blame(file, err);
    }
    luaL_unref(L, LUA_REGISTRYINDEX, run->declaration_ref);
    run->declaration_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return true;
}

bool gw_run_load_text(struct gw_run *run, struct gw_view text, const char *path, struct gw_err *err)
{
    const char *file = base_name(path);
    struct gw_arena *arena = gw_arena_new();
    run->name = gw_view_dup(stem(path));
    bool opened = open_stdlib(run, folder_of(path, arena), err);
    gw_arena_free(arena);
    if (!opened) {
        return false;
    }
    if (!gw_script_load(run->script, text, file, false, err) ||
        !gw_script_call(run->script, 0, 1, err)) {
        return blame(file, err);
    }
    return check_declaration(run, file, err);
}

bool gw_run_load(struct gw_run *run, const char *path, struct gw_err *err)
{
    struct gw_buf text;
    gw_buf_init(&text, MAX_FILE_BYTES);
    bool ok = read_file(path, &text, err);
    if (ok) {
        char real[PATH_MAX];
        run->path = gw_view_dup(gw_view_of(realpath(path, real) ? real : path));
        gw_run_loaded(run, path, gw_buf_view(&text));
        ok = gw_run_load_text(run, gw_buf_view(&text), path, err);
    }
    gw_buf_clear(&text);
    return ok;
}

bool gw_run_load_module(struct gw_run *run, const char *module, struct gw_err *err)
{
    run->name = gw_view_dup(gw_view_of(module));
    return open_stdlib(run, NULL, err) && require_module(run->script, module, err) &&
           check_declaration(run, module, err);
}

bool gw_run_describe(struct gw_run *run, struct gw_arena *arena, struct gw_value *out,
                     struct gw_err *err)
{
    lua_State *L = gw_script_state(run->script);
    gw_run_push_engine_call(run, "describe");
    if (!gw_script_call(run->script, 1, 1, err)) {
        return false;
    }
    bool ok = gw_to_value(L, -1, arena, out, err);
    lua_pop(L, 1);
    return ok;
}
