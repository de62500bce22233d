/* command_types: gwrun types DIR, annotations for the Lua language server. What they say is in
 * stdlib/types.lua; here is what it has of the program: the stdlib's sources, files, the terminal. */
#include <string.h>

#include "cli/internal.h"

#define BUSY_LIMIT_MS INT64_C(600000)
#define FIRST_LINE    "-- Made by 'gwrun types'; do not edit.\n"

/* ---- files ----------------------------------------------------------------------------------- */

/* What was not made by this command is somebody's work. */
static bool may_replace(const char *path, struct gw_err *err)
{
    char line[sizeof FIRST_LINE] = "";
    FILE *file = fopen(path, "rb");
    if (!file) {
        return true;
    }
    bool own = fgets(line, sizeof line, file) && strcmp(line, FIRST_LINE) == 0;
    fclose(file);
    return own || gw_fail(err, GW_ERR_IO,
                          "%s: was not made by 'gwrun types', and stays as it is; choose another "
                          "folder",
                          path);
}

/* write(path, text) -> true | nil, err; makes its folders */
static int types_write(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct gw_err err = {0};
    lua_pushstring(L, FIRST_LINE);
    lua_pushvalue(L, 2);
    lua_concat(L, 2);
    if (!gw_cli_make_folders(path, &err) || !may_replace(path, &err) ||
        !gw_cli_write_file(path, "wb", gw_check_view(L, -1), &err)) {
        return gw_push_fail(L, &err);
    }
    lua_pushboolean(L, true);
    return 1;
}

/* ---- host.types ------------------------------------------------------------------------------ */

/* modules() -> names of the stdlib's modules */
static int types_modules(lua_State *L)
{
    lua_newtable(L);
    for (lua_Integer i = 0; gw_stdlib_modules[i].name; i++) {
        lua_pushstring(L, gw_stdlib_modules[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* source(module) -> text */
static int types_source(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    for (const struct gw_script_module *module = gw_stdlib_modules; module->name; module++) {
        if (strcmp(module->name, name) == 0) {
            lua_pushlstring(L, module->source, module->source_len);
            return 1;
        }
    }
    return luaL_error(L, "no module '%s'", name);
}

/* is_command(name): one of gwrun's own */
static int types_is_command(lua_State *L)
{
    lua_pushboolean(L, gw_cli_is_command(luaL_checkstring(L, 1)));
    return 1;
}

/* clock() -> real seconds, for differences only */
static int types_clock(lua_State *L)
{
    lua_pushnumber(L, (double)gw_clock_monotonic_ms() / 1000.0);
    return 1;
}

/* progress(text): in place of the line before; "" takes it away */
static int types_progress(lua_State *L)
{
    gw_cli_progress(luaL_checkstring(L, 1));
    return 0;
}

/* print(text) */
static int types_print(lua_State *L)
{
    gw_cli_print(stdout, gw_check_view(L, 1));
    putchar('\n');
    return 0;
}

static void bind_types(struct gw_script *script)
{
    static const luaL_Reg functions[] = {
        {"write", types_write},       {"modules", types_modules},
        {"source", types_source},     {"clock", types_clock},
        {"progress", types_progress}, {"is_command", types_is_command},
        {"print", types_print},       {NULL, NULL}};
    luaL_newlib(gw_script_state(script), functions);
    gw_script_set_host(script, "types");
    gw_cli_bind_aws_facts(script);
}

/* ---- the command ----------------------------------------------------------------------------- */

struct request {
    const char *folder, *services; /* NULL: not given */
};

static bool read_arguments(const struct gw_cli_options *options, struct request *out,
                           struct gw_err *err)
{
    for (size_t i = 0; i < options->rest_count; i++) {
        const char *word = options->rest[i];
        if (strncmp(word, "--services=", 11) == 0) {
            out->services = word + 11;
        } else if (strcmp(word, "--services") == 0) {
            out->services = i + 1 < options->rest_count ? options->rest[++i] : "";
        } else if (word[0] == '-' || !word[0]) {
            return gw_fail(err, GW_ERR_INPUT,
                           "gwrun types: unknown option '%s'; there is --services", word);
        } else if (out->folder) {
            return gw_fail(err, GW_ERR_INPUT, "gwrun types: unexpected argument '%s'", word);
        } else {
            out->folder = word;
        }
    }
    if (!out->folder) {
        return gw_fail(err, GW_ERR_INPUT,
                       "gwrun types: into which folder? '.gwrun/types' is where the .luarc.json "
                       "of 'gwrun new' looks");
    }
    return true;
}

static bool write_types(struct gw_script *script, const struct request *request, struct gw_err *err)
{
    lua_State *L = gw_script_state(script);
    if (!gw_run_set_globals(script, err) ||
        !gw_script_load(script, GW_VIEW("return require 'types'"), "=gwrun", true, err) ||
        !gw_script_call(script, 0, 1, err)) {
        return false;
    }
    lua_pushstring(L, request->folder);
    lua_pushstring(L, request->services);
    return gw_script_call(script, 2, 0, err);
}

int gw_cli_types(const struct gw_cli_options *options)
{
    struct request request = {0};
    struct gw_err err = {0};
    if (!read_arguments(options, &request, &err)) {
        return gw_cli_fail(&err);
    }
    struct gw_loop_options clock = {.clock = GW_CLOCK_REAL};
    struct gw_loop *loop = gw_loop_new(&clock);
    struct gw_script_options settings = {.loop = loop,
                                         .folders = gw_cli_stdlib_folders(),
                                         .modules = gw_stdlib_modules,
                                         .busy_limit_ms = BUSY_LIMIT_MS,
                                         .seed = 1};
    struct gw_script *script = gw_script_new(&settings);
    bind_types(script);
    int exit_code = write_types(script, &request, &err) ? GW_EXIT_OK : gw_cli_fail(&err);
    gw_script_free(script);
    gw_loop_free(loop);
    return exit_code;
}
