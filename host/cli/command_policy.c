/* command_policy: gwrun policy SCRIPT, the least-privilege IAM policy of a runbook. The work is
 * stdlib/policy.lua's. */
#include "cli/internal.h"

int gw_cli_policy(const struct gw_cli_options *options)
{
    return gw_cli_run_module(options, "return require('policy').main()");
}
