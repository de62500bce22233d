--- Tests of maintenance.lua, in the simulator: gwrun test docs/examples

local spec = require "spec"

local which = { cluster = "busyb-cluster", services = { "busyb-google-workspace-mcp-service" } }
local settled = { desired_count = 2, deployed_ago = 3600 }

spec.test("the service goes to zero and comes back as it was", function()
  local run = spec.run { world = settled }
  run:expect_exit(0)
  run:expect_changes { { "ecs:UpdateService", desiredCount = 0 }, { "ecs:UpdateService", desiredCount = 2 } }
  run:expect_event("wait.finished", { name = "No task runs" })
  spec.expect_match(run.world.ecs.describe_services(which).services[1], { desiredCount = 2, runningCount = 2 })
end)

spec.test("a plan shows both changes, although nothing is at zero yet", function()
  local run = spec.run { world = settled, plan = true }
  run:expect_exit(0)
  run:expect_planned { { "ecs:UpdateService", desiredCount = 0 }, { "ecs:UpdateService", desiredCount = 2 } }
  run:expect_changes {}
end)

spec.test("a service at zero is refused", function()
  local world = spec.world { world = settled }
  world.ecs.update_service { cluster = which.cluster, service = which.services[1], desiredCount = 0 }
  world:pass "5m"
  local run = world:run {}
  run:expect_exit(2)
  run:expect_not_called "ecs:UpdateService"
end)

spec.test("the operator may say no", function()
  local run = spec.run { world = settled, answers = { { "desiredCount: 2 -> 0", "no" } } }
  run:expect_exit(4)
  run:expect_changes {}
end)
