local spec = require "spec"

local function on(world, params)
  return world:run { runbook = "routine", params = params }
end

local function fresh(more)
  local settings = { bad = "none" }
  for key, value in pairs(more or {}) do settings[key] = value end
  return spec.world { world = settings }
end

local function found(ended, text)
  for _, finding in ipairs(ended:of "found") do
    if finding.text:find(text, 1, true) then return finding end
  end
  local texts = {}
  for i, finding in ipairs(ended:of "found") do texts[i] = finding.text end
  error(("nothing found with '%s', only: %s"):format(text, table.concat(texts, "; ")), 2)
end

local function states(ended)
  local list = {}
  for i, check in ipairs(ended:of "check") do list[i] = check.state end
  return list
end

spec.test("daily: alarms, health, error rates; a sound service ends with 0", function()
  local ended = on(fresh())
  ended:expect_exit(0)
  spec.expect(states(ended), { "ok", "ok", "ok" })
  spec.expect(ended:of "check"[3].note, "0 error lines in the last day, 0 the day before")
end)

spec.test("daily: what is wrong is a finding with the runbook that mends it, and exit code 3", function()
  local ended = on(spec.world(), { daily = true })
  ended:expect_exit(3)
  spec.expect(found(ended, "more errors are logged than the day before").fix, "gwrun logs --errors --since 1d")
  found(ended, "is UNHEALTHY")
end)

spec.test("daily: an alarm that fires is named, with what to run", function()
  local world = fresh { requests_per_second = 40 }
  world.cloudwatch.put_metric_alarm {
    AlarmName = "cpu-high", Namespace = "AWS/ECS", MetricName = "CPUUtilization", Statistic = "Average", Period = 60, EvaluationPeriods = 1, Threshold = 50,
    ComparisonOperator = "GreaterThanThreshold",
    Dimensions = { { Name = "ClusterName", Value = "busyb-cluster" }, { Name = "ServiceName", Value = "busyb-google-workspace-mcp-service" } },
  }
  world:pass "5m"
  spec.expect(found(on(world), "1 alarms are firing").fix, "gwrun incident_response --alarm cpu-high")
end)

spec.test("weekly: trends, new revisions, retention", function()
  local ended = on(fresh(), { weekly = true })
  ended:expect_exit(0)
  assert(ended:of "check"[1].note:find "^CPU [%d.]+%% after [%d.]+%%, Memory", ended:of "check"[1].note)
  spec.expect(ended:of "check"[2].note, "new since a week: busyb-google-workspace-mcp:2; in force: busyb-google-workspace-mcp:2")
  spec.expect(ended:of "check"[3].note, "30 days, 0.0 MiB stored")
  local world = fresh()
  world.logs.delete_retention_policy { logGroupName = "/ecs/busyb-google-workspace-mcp" }
  spec.expect(found(on(world, { weekly = true }), "the log is kept for ever").fix, "gwrun log_retention --days 60")
end)

spec.test("monthly: old tokens, key ages, policies that allow too much", function()
  local ended = on(fresh(), { monthly = true })
  ended:expect_exit(3)
  spec.expect(found(ended, "2 tokens are older than 90 days").fix, "gwrun s3_cleanup --expire-after 90")
  spec.expect(ended:finish().left, { "update dependencies (security patches)" })
  local world = fresh()
  world.iam.put_role_policy {
    RoleName = "busyb-google-workspace-mcp-task-role", PolicyName = "busyb-google-workspace-mcp-policy",
    PolicyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
  }
  found(on(world, { monthly = true }), "the role busyb-google-workspace-mcp-task-role allows more than it names")
end)

spec.test("quarterly: what a person does; several at once", function()
  local ended = on(fresh(), { quarterly = true, daily = true })
  ended:expect_exit(0)
  spec.expect(states(ended), { "ok", "ok", "ok", "manual", "manual", "manual", "manual" })
end)

spec.test("no such service: 2; an item that may not be looked at is not known, and the others are done; throttled it goes on", function()
  on(fresh(), { service = "gone" }):expect_exit(2)
  local ended = on(fresh { policy = { { Effect = "Allow", NotAction = "cloudwatch:*", Resource = "*" } } })
  ended:expect_exit(3)
  spec.expect(states(ended), { "unknown", "ok", "ok" })
  on(fresh { faults = { "throttle * times=2" } }):expect_exit(0)
end)
