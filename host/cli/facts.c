/* facts: a runbook looked at, not run. */
#include "cli/internal.h"

bool gw_cli_read_facts(const char *path, struct gw_arena *arena, struct gw_value *out,
                       struct gw_err *err)
{
    struct gw_loop *loop = gw_loop_new(NULL);
    struct gw_run_options options = {.loop = loop,
                                     .folders = gw_cli_stdlib_folders(),
                                     .modules = gw_stdlib_modules,
                                     .terminal_fd = -1};
    struct gw_run *run = gw_run_new(&options);
    bool ok = gw_run_load(run, path, err) && gw_run_describe(run, arena, out, err);
    gw_run_free(run);
    gw_loop_free(loop);
    return ok;
}

bool gw_cli_check_flags(const char *name, const struct gw_value *facts, struct gw_err *err)
{
    const struct gw_view *taken;
    size_t taken_count = gw_cli_option_names(&taken);
    const struct gw_value *params = gw_map_get(facts, GW_VIEW("params"));
    for (size_t i = 0; params && i < params->as.list.count; i++) {
        struct gw_view flag = gw_map_text(&params->as.list.items[i], GW_VIEW("flag"));
        for (size_t j = 0; j < taken_count; j++) {
            if (gw_view_equal(flag, taken[j])) {
                return gw_fail(err, GW_ERR_INPUT,
                               "%s: parameter '%.*s' could never be given: gwrun has an option of "
                               "that name",
                               name, GW_VIEW_ARGS(flag));
            }
        }
    }
    return true;
}
