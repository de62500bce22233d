--- What a test of a runbook can say of its resume and undo.

local spec = require "spec"

local services = { cluster = "busyb-cluster", services = { "busyb-google-workspace-mcp-service" } }

local function desired(world) return world.ecs.describe_services(services).services[1].desiredCount end

local function run(how)
  how.runbook = "tests/lua/runbooks/watched.lua"
  how.world = { deployed_ago = 60 }
  return spec.run(how)
end

spec.test("a run that was interrupted goes on: finished steps are not done again", function()
  local stopped = run { interrupt = { event = "wait.started" } }
  stopped:expect_exit(130)
  stopped:expect_changes { { "ecs:UpdateService", desiredCount = 2 } }
  local resumed = stopped:resume()
  resumed:expect_exit(0)
  resumed:expect_event("step.recalled", { name = "Scale to 2" })
  resumed:expect_changes { { "ecs:UpdateService", desiredCount = 3 } }
  spec.expect(desired(resumed.world), 3)
end)

spec.test("undo takes back what was done, the last first", function()
  local done = run {}
  done:expect_exit(0)
  local undone = done:undo()
  undone:expect_exit(0)
  undone:expect_steps { { "Undo: Scale to 3", "finished" }, { "Undo: Scale to 2", "finished" } }
  spec.expect(desired(undone.world), 1)
end)

spec.test("a plan of an undo changes nothing", function()
  local done = run {}
  done:undo { plan = true }:expect_changes {}
  spec.expect(desired(done.world), 3)
end)

spec.test("a misspelt option is named", function()
  local done = run {}
  spec.expect_error(function() done:resume { on_failrue = "stop" } end, "run:resume: unknown option 'on_failrue', did you mean 'on_failure'?")
end)
