/* check_host: host.check, what `gwrun check` and `gwrun policy` (stdlib/check.lua, stdlib/policy.lua)
 * have of the program: its words, the runbooks and their texts, standard output. Nothing that acts
 * is bound beside it: the gate of host.aws refuses every call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"
#include "cli/internal.h"
#include "codec/codec.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)
#define BUSY_LIMIT_MS  INT64_C(300000)

/* ---- sources --------------------------------------------------------------------------------- */

/* read(path) -> text | nil, problem */
static int check_read(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct gw_buf *text = gw_push_buf(L, MAX_FILE_BYTES);
    if (!gw_buf_add_path(text, path)) {
        int reason = errno;
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path, text->full ? "larger than 1 MiB" : strerror(reason));
        return 2;
    }
    gw_push_view(L, gw_buf_view(text));
    return 1;
}

/* module(name) -> text of the built-in module, and whether runbooks may require it; or nil */
static int check_module(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    for (const struct gw_script_module *module = gw_stdlib_modules; module->name; module++) {
        if (strcmp(module->name, name) == 0) {
            lua_pushlstring(L, module->source, module->source_len);
            lua_pushboolean(L, gw_run_is_common_module(name));
            return 2;
        }
    }
    lua_pushnil(L);
    return 1;
}

/* modules() -> names of the built-in modules */
static int check_modules(lua_State *L)
{
    lua_newtable(L);
    for (lua_Integer i = 0; gw_stdlib_modules[i].name; i++) {
        lua_pushstring(L, gw_stdlib_modules[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* ---- runbooks -------------------------------------------------------------------------------- */

/* find(name) -> path | nil, problem */
static int check_find(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_buf *path = gw_push_buf(L, 4096);
    struct gw_err err = {0};
    if (!gw_run_find(gw_cli_runbook_folders(arena), name, path, &err)) {
        lua_pushnil(L);
        lua_pushstring(L, err.message);
        return 2;
    }
    gw_push_view(L, gw_buf_view(path));
    return 1;
}

/* runbooks() -> paths of all runbooks in the folders, and the folders */
static int check_runbooks(lua_State *L)
{
    struct gw_arena *arena = gw_push_arena(L);
    const char *const *folders = gw_cli_runbook_folders(arena);
    struct gw_value paths = gw_value_list();
    for (const char *const *folder = folders; *folder; folder++) {
        struct gw_value names = gw_run_list(*folder, arena);
        for (size_t i = 0; i < names.as.list.count; i++) {
            struct gw_view name = names.as.list.items[i].as.string;
            struct gw_view path =
                gw_arena_printf(arena, "%s/%.*s.lua", *folder, GW_VIEW_ARGS(name));
            *gw_list_add(arena, &paths) = gw_value_string(path);
        }
    }
    gw_push_value(L, &paths);
    return 1;
}

/* facts(path) -> the declaration, as for `gwrun help` | nil, problem */
static int check_facts(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value facts = {0};
    struct gw_err err = {0};
    if (!gw_cli_read_facts(path, arena, &facts, &err)) {
        lua_pushnil(L);
        lua_pushstring(L, err.message);
        return 2;
    }
    gw_push_value(L, &facts);
    return 1;
}

/* ---- words and output ------------------------------------------------------------------------ */

/* env(name) -> text | nil */
static int check_env(lua_State *L)
{
    lua_pushstring(L, getenv(luaL_checkstring(L, 1)));
    return 1;
}

/* print(text): lines on standard output; their colours stay, other control characters do not */
static int check_print(lua_State *L)
{
    struct gw_view text = gw_check_view(L, 1);
    fwrite(text.data, 1, text.len, stdout);
    putchar('\n');
    return 0;
}

/* plain(text) -> the text with control characters made harmless */
static int check_plain(lua_State *L)
{
    struct gw_view text = gw_check_view(L, 1);
    struct gw_buf *safe = gw_push_buf(L, MAX_FILE_BYTES * 16);
    gw_report_plain(text, safe);
    gw_push_view(L, gw_buf_view(safe));
    return 1;
}

/* say(text): one line on standard error */
static int check_say(lua_State *L)
{
    gw_cli_fail_with(GW_EXIT_OK, "%s", luaL_checkstring(L, 1));
    return 0;
}

static void set_words(lua_State *L, const struct gw_cli_options *options)
{
    lua_createtable(L, (int)options->rest_count, 0);
    for (size_t i = 0; i < options->rest_count; i++) {
        lua_pushstring(L, options->rest[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "args");
    lua_pushstring(L, options->region);
    lua_setfield(L, -2, "region");
    lua_pushboolean(L, options->json);
    lua_setfield(L, -2, "json");
    lua_pushboolean(L, gw_cli_colour(options, stdout));
    lua_setfield(L, -2, "colour");
    lua_pushboolean(L, options->plan);
    lua_setfield(L, -2, "plan");
    lua_pushboolean(L, options->sim);
    lua_setfield(L, -2, "sim");
}

static void bind_check(struct gw_script *script, const struct gw_cli_options *options)
{
    static const luaL_Reg functions[] = {{"read", check_read},
                                         {"module", check_module},
                                         {"modules", check_modules},
                                         {"find", check_find},
                                         {"facts", check_facts},
                                         {"runbooks", check_runbooks},
                                         {"env", check_env},
                                         {"print", check_print},
                                         {"plain", check_plain},
                                         {"say", check_say},
                                         {NULL, NULL}};
    lua_State *L = gw_script_state(script);
    luaL_newlib(L, functions);
    set_words(L, options);
    gw_script_set_host(script, "check");
    lua_pushcfunction(L, check_say); /* a global of runbooks, and so known */
    gw_script_set_global(script, "print");
}

/* ---- the command ----------------------------------------------------------------------------- */

static enum gw_gate_answer refuse(struct gw_gate *self, struct gw_act *act, struct gw_err *err)
{
    (void)self;
    gw_fail(err, GW_ERR_DENIED, "%.*s: nothing is called here", GW_VIEW_ARGS(act->action));
    return GW_GATE_REFUSED;
}

struct gw_script *gw_cli_new_tool(struct gw_loop *loop)
{
    static struct gw_gate gate = {.ask = refuse};
    struct gw_script_options settings = {.loop = loop,
                                         .folders = gw_cli_stdlib_folders(),
                                         .modules = gw_stdlib_modules,
                                         .busy_limit_ms = BUSY_LIMIT_MS,
                                         .seed = 1};
    struct gw_script *script = gw_script_new(&settings);
    gw_bind_aws(script, &gate);
    return script;
}

bool gw_cli_run_tool(struct gw_script *script, const char *chunk, struct gw_err *err)
{
    struct gw_view aws = GW_VIEW("return require 'aws'");
    if (!gw_run_set_globals(script, err) || !gw_script_load(script, aws, "=gwrun", true, err) ||
        !gw_script_call(script, 0, 1, err)) {
        return false;
    }
    gw_script_set_global(script, "aws");
    return gw_script_load(script, gw_view_of(chunk), "=gwrun", true, err) &&
           gw_script_call(script, 0, 1, err);
}

int gw_cli_run_module(const struct gw_cli_options *options, const char *chunk)
{
    struct gw_err err = {0};
    struct gw_loop *loop = gw_loop_new(NULL);
    struct gw_script *script = gw_cli_new_tool(loop);
    bind_check(script, options);
    int exit_code = gw_cli_run_tool(script, chunk, &err)
                        ? (int)lua_tointeger(gw_script_state(script), -1)
                        : gw_cli_fail_with(GW_EXIT_INTERNAL, "%s", err.message);
    gw_script_free(script);
    gw_loop_free(loop);
    return exit_code;
}
