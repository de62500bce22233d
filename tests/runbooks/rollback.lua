local spec = require "spec"

local FAMILY = "busyb-google-workspace-mcp"
local CLUSTER, SERVICE = "busyb-cluster", "busyb-google-workspace-mcp-service"

local function run(params, more)
  local request = { runbook = "rollback", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

local function service_of(ended)
  return ended.world.ecs.describe_services { cluster = CLUSTER, services = { SERVICE } }.services[1]
end

local function revision_of(ended) return service_of(ended).taskDefinition:match "([^/]+)$" end

spec.test("the last deployments are shown, and the last revision proven good is put back", function()
  local ended = run()
  ended:expect_exit(0)
  local shown = ended:of "table"[1]
  spec.expect(shown.columns, { "when", "revision", "image", "outcome", "by" })
  spec.expect(shown.rows[1], { "2025-11-12T02:55:54Z", FAMILY .. ":3", "c3e1b7f09d5c", "good", "user/github-actions-google-workspace-mcp" })
  ended:expect_steps { { "Point the service at " .. FAMILY .. ":2", "finished" } }
  ended:expect_changes { { "ecs:UpdateService", forceNewDeployment = true, taskDefinition = function(arn) return arn:match "([^/]+)$" == FAMILY .. ":2" end } }
  spec.expect(revision_of(ended), FAMILY .. ":2")
  for _, check in ipairs(ended:of "check") do assert(check.state == "ok" or check.state == "manual", check.text .. ": " .. check.state) end
end)

spec.test("a tag that points elsewhere by now is pinned to the digest that ran, in a copy of the revision", function()
  local ended = run { to = "1" }
  ended:expect_exit(0)
  ended:expect_changes {
    { "ecs:RegisterTaskDefinition" },
    { "ecs:UpdateService", taskDefinition = function(arn) return arn:match "([^/]+)$" == FAMILY .. ":5" end },
  }
  local made = ended.world.ecs.describe_task_definition { taskDefinition = FAMILY .. ":5" }.taskDefinition
  spec.expect(made.containerDefinitions[1].image,
    "758888582357.dkr.ecr.us-east-1.amazonaws.com/" .. FAMILY .. "@sha256:a3e1b7f09d5c2a64a3e1b7f09d5c2a64a3e1b7f09d5c2a64a3e1b7f09d5c2a64")
  spec.expect(service_of(ended).runningCount, 1)
end)

spec.test("undo puts the present revision back, and takes the copy away", function()
  local ended = run { to = "1" }
  local undone = ended:undo {}
  undone:expect_exit(0)
  undone:expect_changes { { "ecs:UpdateService" }, { "ecs:DeregisterTaskDefinition" } }
  spec.expect(revision_of(undone), FAMILY .. ":3")
  spec.expect(undone.world.ecs.list_task_definitions { familyPrefix = FAMILY, sort = "DESC" }.taskDefinitionArns[1]:match "([^/]+)$", FAMILY .. ":3")
end)

spec.test("a copy that was made before is taken again, not made twice", function()
  local world = spec.world()
  world:run { runbook = "rollback", params = { to = "1" } }
  world:run { runbook = "rollback", params = { to = "2" } }
  local again = world:run { runbook = "rollback", params = { to = "1" } }
  again:expect_exit(0)
  again:expect_not_called "ecs:RegisterTaskDefinition"
  spec.expect(revision_of(again), FAMILY .. ":5")
end)

spec.test("a copy is as old as its image: what the service went back from is not chosen after it", function()
  local world = spec.world()
  world:run { runbook = "rollback", params = { to = "1" } }:expect_exit(0)
  local again = world:run { runbook = "rollback" }
  again:expect_exit(0)
  spec.expect(revision_of(again), FAMILY .. ":2")
end)

spec.test("an image can be named by its digest", function()
  local ended = run { to = "sha256:b3e1b7f0" }
  ended:expect_exit(0)
  spec.expect(revision_of(ended), FAMILY .. ":2")
  run({ to = "sha256:00000000" }):expect_exit(2)
end)

spec.test("one that was never steady is refused, and taken with --override", function()
  local world = { bad = "none", timeline = { { after = 10, deploy = "exits" } } }
  local function after_the_breaker(params)
    local w = spec.world { world = world }
    w:pass "15m"
    return w:run { runbook = "rollback", params = params }
  end
  local refused = after_the_breaker { to = "3" }
  refused:expect_exit(2)
  refused:expect_changes {}
  spec.expect(refused:finish().text, FAMILY .. ":3 was never proven good (its last deployment: rolled back); take " .. FAMILY .. ":1, or add --override")
  after_the_breaker({ to = "3", override = true }):expect_called { "ecs:UpdateService" }
end)

spec.test("a rollback that ECS takes back is a failure: the breaker, the first failed task with its last lines, cause and solution", function()
  local ended = run({ to = "3", override = true, settle = "20m" }, { world = { bad = "exits", deployed_ago = 3600 } })
  ended:expect_exit(3)
  assert(ended:finish().text:find("rolled back by the circuit breaker to " .. FAMILY .. ":2 (3 tasks failed; task ", 1, true), ended:finish().text)
  local explained = ended:of "table"[2]
  assert(explained.title:find "^The last %d+ lines of task ", explained.title)
  spec.expect(explained.rows[#explained.rows][2], "ModuleNotFoundError: No module named 'cachetools'")
  ended:expect_event("warning", { text = "likely cause: the image lacks a Python dependency; rebuild it with the right requirements.txt, and roll back until then" })
  ended:expect_event("wait.finished", { name = "ECS has gone back" })
end)

spec.test("the plan shows what the run does, and changes nothing", function()
  local plan = run({ to = "1" }, { plan = true })
  plan:expect_exit(0)
  plan:expect_planned { { "ecs:RegisterTaskDefinition" }, { "ecs:UpdateService" } }
  plan:expect_changes {}
end)

spec.test("on the target already: nothing to do", function()
  local world = spec.world { world = { bad = "none" } }
  local ended = world:run { runbook = "rollback", params = { to = "2" } }
  ended:expect_exit(0)
  ended:expect_changes {}
  ended:expect_event("note", { text = "the service is on it already: nothing to do" })
end)

spec.test("no such revision, no such service, a wish that is none, a no: nothing is changed", function()
  for _, case in ipairs {
    { { to = "99" }, 2 }, { { to = "yesterday" }, 2 }, { { service = "gone" }, 2 }, { { cluster = "gone" }, 2 },
  } do
    local ended = run(case[1])
    ended:expect_exit(case[2])
    ended:expect_changes {}
  end
  local declined = run(nil, { answers = { { "taskDefinition: " .. FAMILY .. ":3 -> " .. FAMILY .. ":2", "no" } } })
  declined:expect_exit(4)
  declined:expect_changes {}
end)

spec.test("without the right to deploy nothing is changed; throttled it goes on by itself", function()
  local denied = run(nil, { world = { policy = { { Effect = "Allow", NotAction = "ecs:UpdateService", Resource = "*" } } } })
  denied:expect_exit(6)
  spec.expect(revision_of(denied), FAMILY .. ":3")
  run(nil, { world = { faults = { "throttle ecs:* times=2" } } }):expect_exit(0)
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "rollback", params = { to = "1" }, runs = 20 }
end)
