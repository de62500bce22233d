/* command_check: gwrun check SCRIPT..., what is wrong with a runbook, without running it. The work
 * is stdlib/check.lua's. */
#include "cli/internal.h"

int gw_cli_check(const struct gw_cli_options *options)
{
    return gw_cli_run_module(options, "return require('check').main()");
}
