/* spec: host.spec, what Lua specs (stdlib/spec.lua) see of the program: worlds to run runbooks in,
 * and where to tell what came of each test. */
#include <string.h>
#include <sys/stat.h>

#include "bind/bind.h"
#include "cli/spec.h"

/* result{ claim=, line=, outcome=, seconds=, message=, ... }: to whoever runs the file */
static int spec_result(lua_State *L)
{
    const struct gw_cli_spec *spec = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value result;
    struct gw_err err = {0};
    if (!gw_to_value(L, 1, arena, &result, &err)) {
        return luaL_error(L, "result: %s", err.message);
    }
    spec->result(spec->ctx, &result);
    return 0;
}

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The length of the path's folder with its slash. */
static int folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path) + 1 : 0;
}

/* scale.lua of scale_test.lua */
static int push_subject(lua_State *L, struct gw_view path, struct gw_view ending)
{
    lua_pushlstring(L, path.data, path.len - ending.len);
    lua_pushfstring(L, "%s%s.lua", folder_len(path.data) ? "" : "./", lua_tostring(L, -1));
    return 1;
}

/* find(name) -> the runbook beside a NAME_test.lua where there is one of that name, else the name as
 * it is; without a name that which the test file is named after, or nil */
static int spec_find(lua_State *L)
{
    static const char *const endings[] = {".lua", ""};
    const struct gw_cli_spec *spec = lua_touserdata(L, lua_upvalueindex(1));
    const char *name = luaL_optstring(L, 1, NULL);
    struct gw_view own = gw_view_of(spec->path), ending = GW_VIEW("_test.lua");
    if (!gw_view_ends_with(own, ending)) {
        lua_settop(L, 1);
        return 1;
    }
    if (!name) {
        return push_subject(L, own, ending);
    }
    lua_pushlstring(L, spec->path, (size_t)folder_len(spec->path));
    const char *folder = folder_len(spec->path) ? lua_tostring(L, -1) : "./";
    for (size_t i = 0; !strchr(name, '/') && i < 2; i++) {
        if (is_file(lua_pushfstring(L, "%s%s%s", folder, name, endings[i]))) {
            return 1;
        }
    }
    lua_pushvalue(L, 1);
    return 1;
}

/* print(...): a line on standard error */
static int spec_print(lua_State *L)
{
    int count = lua_gettop(L);
    for (int i = 1; i <= count; i++) {
        luaL_tolstring(L, i, NULL);
        fputs(i > 1 ? " " : "", stderr);
        gw_cli_print(stderr, gw_check_view(L, -1));
    }
    fputc('\n', stderr);
    return 0;
}

/* clock() -> real seconds, for differences only */
static int spec_clock(lua_State *L)
{
    lua_pushnumber(L, (double)gw_clock_monotonic_ms() / 1000.0);
    return 1;
}

static void set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

/* ---- AWS as far as it only knows ------------------------------------------------------------- */

#define ASK_THE_WORLD "a test calls AWS in its world: run.world.ecs.describe_services{...}"

static enum gw_gate_answer refuse_act(struct gw_gate *self, struct gw_act *act, struct gw_err *err)
{
    (void)self;
    gw_fail(err, GW_ERR_DENIED, "%.*s: " ASK_THE_WORLD, GW_VIEW_ARGS(act->action));
    return GW_GATE_REFUSED;
}

static struct gw_client *refuse_client(struct gw_gate *self, struct gw_view region,
                                       struct gw_view profile, struct gw_err *err)
{
    (void)self, (void)region, (void)profile;
    gw_fail(err, GW_ERR_DENIED, ASK_THE_WORLD);
    return NULL;
}

void gw_cli_bind_aws_facts(struct gw_script *script)
{
    static struct gw_gate gate = {.ask = refuse_act, .client = refuse_client};
    lua_State *L = gw_script_state(script);
    gw_bind_aws(script, &gate);
    lua_newtable(L); /* host.run, as far as calls ask it: this is no plan */
    set_text(L, "mode", "real");
    gw_script_set_host(script, "run");
}

/* ---- the module ------------------------------------------------------------------------------ */

void gw_cli_bind_spec(struct gw_script *script, const struct gw_cli_spec *spec)
{
    static const luaL_Reg functions[] = {
        {"open", gw_cli_world_open},     {"close", gw_cli_world_close},
        {"call", gw_cli_world_call},     {"state", gw_cli_world_state},
        {"record", gw_cli_world_record}, {"calls", gw_cli_world_calls},
        {"pass", gw_cli_world_pass},     {"run", gw_cli_world_run},
        {"clock", spec_clock},           {NULL, NULL}};
    lua_State *L = gw_script_state(script);
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, (void *)spec);
    lua_pushcclosure(L, spec_result, 1);
    lua_setfield(L, -2, "result");
    lua_pushlightuserdata(L, (void *)spec);
    lua_pushcclosure(L, spec_find, 1);
    lua_setfield(L, -2, "find");
    set_text(L, "path", spec->path);
    set_text(L, "filter", spec->filter);
    gw_script_set_host(script, "spec");
    lua_pushcfunction(L, spec_print);
    gw_script_set_global(script, "print");
    gw_cli_bind_aws_facts(script);
}
