/* command_link: gwrun link RUNBOOK NAME=VALUE...: the line to paste into an alert. The work is
 * stdlib/link.lua's. */
#include "cli/internal.h"

int gw_cli_link(const struct gw_cli_options *options)
{
    return gw_cli_run_module(options, "return require('link').main()");
}
