local spec = require "spec"

local FAMILY = "busyb-google-workspace-mcp"

local function rehearse(args, world, more)
  local request = { runbook = "emergency_rollback", args = args, world = world }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

local function states(run)
  local list = {}
  for i, check in ipairs(run:of "check") do list[i] = check.state end
  return list
end

local PROVEN = { "ok", "ok", "ok", "ok", "ok", "ok", "manual", "manual" }

spec.test("the last revision proven good is put back, and every automatic check is satisfied", function()
  local run = rehearse()
  spec.expect(run.exit, 0)
  spec.expect(run:finish().outcome, "ok")
  spec.expect(run:of "note"[1].text, "present: " .. FAMILY .. ":3, 1 of 1 tasks running")
  spec.expect(run:of "note"[2].text:match("^target: ([^,]+), the last revision before the present one that a deployment"),
    FAMILY .. ":2")
  spec.expect(run:changes()[1], "ecs:UpdateService")
  spec.expect(states(run), PROVEN)
  spec.expect(run:finish().left, { "document the incident and its root cause", "plan a fix for what caused the rollback" })
end)

spec.test("update-first changes the service before it stops a task, stop-first after", function()
  spec.expect(rehearse({ "--order", "update-first" }):of "step.started"[1].name, "Point the service at " .. FAMILY .. ":2")
  local run = rehearse { "--order", "stop-first" }
  spec.expect(run:of "step.started"[1].name, "Stop every task")
  spec.expect(run:changes()[1], "ecs:StopTask")
  spec.expect(run.exit, 0)
end)

spec.test("--revision overrides the choice", function()
  local run = rehearse { "--revision", "1" }
  spec.expect(run.exit, 0)
  spec.expect(run:of "check"[1].text, "the service and all its tasks run " .. FAMILY .. ":1")
end)

spec.test("a revision that does not exist is refused before anything changes", function()
  local run = rehearse { "--revision", "99" }
  spec.expect(run.exit, 2)
  spec.expect(run:changes(), {})
  spec.expect(run:finish().text,
    "revision 99: task definition '" .. FAMILY .. ":99' does not exist (ClientException)")
end)

spec.test("an inactive revision is refused before anything changes", function()
  local run = rehearse { "--revision", "4" }
  spec.expect(run.exit, 2)
  spec.expect(run:changes(), {})
  spec.expect(run:finish().text, "revision 4: task definition '" .. FAMILY .. ":4' is INACTIVE and cannot be deployed")
end)

spec.test("a plan reads, shows the changes, and changes nothing", function()
  local run = rehearse(nil, nil, { plan = true })
  spec.expect(run.exit, 0)
  spec.expect(run:finish().outcome, "planned")
  spec.expect(run:changes(), {})
  local step = run:of "step.planned"[1]
  spec.expect(step.calls[1].action, "ecs:UpdateService")
  spec.expect(step.reason, "taskDefinition: " .. FAMILY .. ":3 -> " .. FAMILY .. ":2, with a forced new deployment")
  local family = "arn:aws:ecs:us-east-1:758888582357:task-definition/" .. FAMILY
  spec.expect(step.calls[1].changes, {
    { path = "forceNewDeployment", kind = "set", to = true },
    { path = "taskDefinition", kind = "changed", from = family .. ":3", to = family .. ":2" },
  })
  local stop = run:of "step.planned"[2].calls[1]
  spec.expect({ stop.action, stop.effect }, { "ecs:StopTask", "destroy" })
  local sum = run:of "plan.summary"[1]
  spec.expect({ sum.change, sum.destroy, sum.complete }, { 1, 2, true })
end)

spec.test("a rollback to a revision that never becomes steady is a problem, not a success", function()
  local run = rehearse({ "--revision", "1", "--settle", "10m" }, { bad = "exits", deployed_ago = 60 })
  spec.expect(run.exit, 3)
  spec.expect(run:finish().outcome, "problem")
  spec.expect(#run:of "wait.failed", 1)
end)

spec.test("without a terminal a change that was not agreed to is refused", function()
  local run = rehearse(nil, nil, { ask = true })
  spec.expect(run.exit, 4)
  spec.expect(run:changes(), {})
  spec.expect(run:finish().outcome, "refused")
end)

spec.test("a misspelt parameter names the nearest one", function()
  local run = rehearse { "--revison", "2" }
  spec.expect(run.exit, 2)
  spec.expect(run.error, "emergency_rollback: unknown option '--revison', did you mean '--revision'?")
end)

spec.test("the same seed gives the same run, event for event", function()
  spec.expect(rehearse(nil, nil, { seed = 7 }).events, rehearse(nil, nil, { seed = 7 }).events)
end)

spec.test("a revision that the service went back from is not proven any more, although it was steady once", function()
  local world = spec.world { world = { bad = "none", timeline = { { after = 60, deploy = "degrades" }, { after = 310, deploy = "degrades" } } } }
  world:pass "285s"
  world:run { runbook = "emergency_rollback" }:expect_exit(3) -- the pipeline deploys over it
  local again = world:run { runbook = "emergency_rollback" }
  again:expect_exit(0)
  spec.expect(again:of "note"[1].text, "present: " .. FAMILY .. ":4, 1 of 1 tasks running")
  spec.expect(again:of "check"[1].text, "the service and all its tasks run " .. FAMILY .. ":2")
end)
