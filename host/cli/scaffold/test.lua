--- Tests of @NAME@.lua, in the simulator: gwrun test @PATH@_test.lua

local spec = require "spec"

local which = { cluster = "busyb-cluster", services = { "busyb-google-workspace-mcp-service" } }

spec.test("as many tasks run in the end, and nothing else was changed", function()
  local run = spec.run { params = { count = 2 } }
  run:expect_exit(0)
  run:expect_steps { { "Scale to 2", "finished" } }
  run:expect_changes { { "ecs:UpdateService", desiredCount = 2 } }
  spec.expect_match(run.world.ecs.describe_services(which).services[1], { desiredCount = 2, runningCount = 2 })
end)

spec.test("the operator reads what will change, and may say no", function()
  local run = spec.run { params = { count = 2 }, answers = { { "desiredCount: 1 -> 2", "no" } } }
  run:expect_exit(4)
  run:expect_changes {}
end)

spec.test("a plan shows the change and makes none", function()
  local run = spec.run { params = { count = 2 }, plan = true }
  run:expect_planned { { "ecs:UpdateService", desiredCount = 2 } }
  run:expect_changes {}
end)
