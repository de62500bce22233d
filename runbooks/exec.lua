--- A program inside a running container: `gwrun exec`, which the command line and docs/exec.md explain.
---
--- Guide: Troubleshooting > Health Checks Failing ("Test health endpoint from task").

local exec = require "exec"
local service = require "service"

return {
  title   = "Run a program in a container",
  summary = "Opens a terminal in a running container of the service, or runs one command there (gwrun exec [SERVICE] -- COMMAND).",
  region  = service.region,
  production = service.production,
  preflight = false,

  params = service.params({ "cluster", "service" }, {
    task      = { type = "string", help = "id or ARN of the task; default: one that runs, the newest of several" },
    container = { type = "string", help = "the container, where the task has several" },
    record    = { type = "boolean", default = false, help = "keep what is put out in the journal, without secrets that are known" },
    shell     = { type = "boolean", default = true, help = "--no-shell: for images without one; the exit status is not known then" },
  }),

  needs = {
    aws = {
      "ecs:ExecuteCommand", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeServices", "ecs:DescribeTaskDefinition",
      "iam:SimulatePrincipalPolicy", "ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints",
    },
    exec = { "*" },
  },

  run = function(rb, p) exec.command(rb, p, service.production) end,
}
