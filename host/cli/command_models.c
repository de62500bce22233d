/* command_models: gwrun models, the models of the user's own beside those built in. What it does is
 * in host/models/user.lua, which runs in a state of its own with nothing but models in it. */
#include "cli/internal.h"

#define BUSY_LIMIT_MS INT64_C(3600000) /* a whole SDK takes its time */

/* Leaves the function of the module and its two arguments on the stack. */
static bool push_call(struct gw_script *script, const struct gw_cli_options *options,
                      struct gw_err *err)
{
    lua_State *L = gw_script_state(script);
    struct gw_view text = GW_VIEW("return require 'models.user'");
    if (!gw_script_load(script, text, "=gwrun", true, err) || !gw_script_call(script, 0, 1, err)) {
        return false;
    }
    lua_createtable(L, (int)options->rest_count, 0);
    for (size_t i = 0; i < options->rest_count; i++) {
        lua_pushstring(L, options->rest[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_createtable(L, 0, 2);
    lua_pushboolean(L, options->json);
    lua_setfield(L, -2, "json");
    lua_pushboolean(L, options->plan);
    lua_setfield(L, -2, "plan");
    return true;
}

static int execute(struct gw_script *script, const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    if (!push_call(script, options, &err) || !gw_script_call(script, 2, 1, &err)) {
        return gw_cli_fail(&err);
    }
    return lua_toboolean(gw_script_state(script), -1) ? GW_EXIT_OK : GW_EXIT_FAILED;
}

int gw_cli_models(const struct gw_cli_options *options)
{
    struct gw_loop_options clock = {.clock = GW_CLOCK_REAL};
    struct gw_loop *loop = gw_loop_new(&clock);
    struct gw_script_options settings = {
        .loop = loop, .modules = gw_models_modules, .busy_limit_ms = BUSY_LIMIT_MS, .seed = 1};
    struct gw_script *script = gw_script_new(&settings);
    gw_cli_bind_models(script);
    int exit_code = execute(script, options);
    gw_script_free(script);
    gw_loop_free(loop);
    return exit_code;
}
