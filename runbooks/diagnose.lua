--- Diagnose: what is wrong, by what is it seen, what is probably behind it, and what mends it.
---
--- Guide: Troubleshooting (Task Fails to Start, Health Checks Failing, Service Not Accessible, OAuth/Authentication Errors, High
--- CPU/Memory Usage, Log Errors and Stack Traces).
---
--- Differs from the guide: all stopped tasks are looked at, by time and by reason, not the first of the list; a secret's value is never
--- shown, only whether it has the right form and when it was changed; what roles may do IAM's simulator says.

local diagnosis = require "diagnosis"
local service = require "service"

local STATES = { ok = "no", failed = "yes", unknown = "not known" }

return {
  title   = "Diagnose",
  summary = "Looks at everything that the guide's troubleshooting names, and tells what is wrong, the worst first, with cause, solution and the runbook that mends it.",
  guide   = "Troubleshooting",
  region  = service.region,

  params = service.params({
    "cluster", "service", "target_group", "log_group", "health_url", "discovery_service", "token_bucket", "client_id_secret", "client_secret_secret",
  }, {
    area  = { type = "list", of = "enum", values = diagnosis.areas(), help = "only these; default: all" },
    since = { type = "time", default = "30m", help = "from when on what happened counts" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTasks", "ecs:DescribeTasks", "ecr:DescribeImages",
      "elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeLoadBalancers",
      "servicediscovery:ListInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute",
      "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "s3:HeadBucket", "s3:ListObjectsV2", "s3:GetObject",
      "iam:SimulatePrincipalPolicy", "cloudwatch:GetMetricStatistics", "logs:FilterLogEvents", "logs:GetLogEvents",
      "ecs:ExecuteCommand",
    },
    exec = { "read: curl *" },
    http = { "{health_url}" },
  },

  run = function(rb, p)
    local findings, looked = diagnosis.run(p, { since = p.since, areas = p.area })
    for _, finding in ipairs(findings) do rb:found(finding) end
    local rows = {}
    for i, one in ipairs(looked) do
      rows[i] = { one.area, one.title, STATES[one.state], one.note }
      if one.state == "unknown" then rb:found { severity = "low", text = ("area %s could not be looked at"):format(one.area), evidence = one.note } end
    end
    rb:table("What was looked at", { "area", "trouble", "found", "" }, rows)
    if #findings == 0 then rb:note("nothing is wrong that this knows of") end
  end,
}
