local spec = require "spec"

local FAMILY = "busyb-google-workspace-mcp"
local CLUSTER, SERVICE = "busyb-cluster", "busyb-google-workspace-mcp-service"
local REPOSITORY = "758888582357.dkr.ecr.us-east-1.amazonaws.com/" .. FAMILY
local GOOD = { bad = "none" }

local function run(params, more)
  local request = { runbook = "deploy", params = params, world = GOOD }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

local function service_of(ended)
  return ended.world.ecs.describe_services { cluster = CLUSTER, services = { SERVICE } }.services[1]
end

local function definition_of(ended)
  return ended.world.ecs.describe_task_definition { taskDefinition = service_of(ended).taskDefinition }.taskDefinition
end

local function changed_to(number)
  return function(arn) return arn:match ":(%d+)$" == tostring(number) end
end

local function assert_sound(ended)
  ended:expect_exit(0)
  for _, check in ipairs(ended:of "check") do assert(check.state == "ok", check.text .. ": " .. check.state) end
end

spec.test("without anything it deploys the same revision anew, and judges that by the new deployment", function()
  local ended = run()
  assert_sound(ended)
  ended:expect_changes { { "ecs:UpdateService", forceNewDeployment = true, taskDefinition = changed_to(2) } }
  ended:expect_event("step.confirm", { text = "taskDefinition stays " .. FAMILY .. ":2; a forced new deployment replaces every task" })
  assert(#service_of(ended).deployments == 1, "not settled")
end)

spec.test("an image by its digest becomes a new revision", function()
  local ended = run { image = "sha256:a3e1b7f09d5c2a64a3e1b7f09d5c2a64a3e1b7f09d5c2a64a3e1b7f09d5c2a64" }
  assert_sound(ended)
  ended:expect_changes { { "ecs:RegisterTaskDefinition" }, { "ecs:UpdateService", taskDefinition = changed_to(3) } }
  spec.expect(definition_of(ended).containerDefinitions[1].image,
    REPOSITORY .. "@sha256:a3e1b7f09d5c2a64a3e1b7f09d5c2a64a3e1b7f09d5c2a64a3e1b7f09d5c2a64")
end)

spec.test("the same image that runs: nothing to do", function()
  local ended = run { image = "9f3c2ab" }
  ended:expect_exit(0)
  ended:expect_changes {}
  ended:expect_event("note", { text = "that is what runs already: nothing to do" })
end)

spec.test("an image that is not in the registry is refused before anything changes", function()
  local ended = run { image = "no-such-tag" }
  ended:expect_exit(2)
  ended:expect_changes {}
  assert(ended:finish().text:find("image " .. REPOSITORY .. ":no-such-tag is not in the registry: push it, or name another", 1, true), ended:finish().text)
end)

spec.test("variables are set, removed and taken from secrets; the difference is shown first", function()
  local arn = "arn:aws:secretsmanager:us-east-1:758888582357:secret:busyb/google-oauth-client-id-x7Kq2M"
  local ended = run { set = { LOG_LEVEL = "debug" }, unset = { "MCP_TRANSPORT" }, secret = { CLIENT = arn } }
  assert_sound(ended)
  local path = "containerDefinitions[" .. FAMILY .. "]"
  spec.expect(ended:of "table"[1].rows, {
    { path .. ".environment[LOG_LEVEL]", "-", "debug" },
    { path .. ".environment[[secret]]", "[secret]", "-" },
    { path .. ".secrets[CLIENT]", "-", arn },
  })
  spec.expect(#definition_of(ended).containerDefinitions[1].secrets, 3)
end)

spec.test("what is set to what it is already is no difference", function()
  local ended = run { set = { PORT = "8000" } }
  ended:expect_exit(0)
  ended:expect_changes {}
end)

spec.test("a secret that does not exist, and a variable that is named twice, are refused", function()
  run({ secret = { A = "arn:aws:secretsmanager:us-east-1:758888582357:secret:gone" } }):expect_exit(2)
  run({ set = { A = "1" }, unset = { "A" }, secret = { A = "x" } }):expect_exit(2)
end)

spec.test("another size is held against Fargate's table", function()
  local ended = run { cpu = 1024, memory = 2048 }
  assert_sound(ended)
  spec.expect({ definition_of(ended).cpu, definition_of(ended).memory }, { "1024", "2048" })
  local refused = run { cpu = 1024 }
  refused:expect_exit(2)
  spec.expect(refused:finish().text, "memory 1024: with cpu 1024 Fargate has 2048 to 8192 in steps of 1024")
  spec.expect(run({ cpu = 300, memory = 512 }):finish().text, "cpu 300: Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384")
end)

spec.test("a deployment that ECS rolls back is a failure, explained by its first failed task, and the service is on the old one", function()
  local ended = run({ image = "c41d7e0" }, { world = { bad = "exits", deployed_ago = 3600 } })
  ended:expect_exit(3)
  assert(ended:finish().text:find("rolled back by the circuit breaker to " .. FAMILY .. ":2", 1, true), ended:finish().text)
  local explained
  for _, shown in ipairs(ended:of "table") do
    if shown.title:find "^The last" then explained = shown end
  end
  spec.expect(explained.rows[#explained.rows][2], "ModuleNotFoundError: No module named 'cachetools'")
  spec.expect(service_of(ended).taskDefinition:match ":(%d+)$", "2")
end)

spec.test("the first failed task is explained within one poll", function()
  local ended = run({ image = "c41d7e0" }, { world = { bad = "exits", deployed_ago = 3600 } })
  local task = ended.world.ecs.list_tasks { cluster = CLUSTER, serviceName = SERVICE, desiredStatus = "STOPPED" }.taskArns
  local first
  for _, one in ipairs(ended.world.ecs.describe_tasks { cluster = CLUSTER, tasks = task }.tasks) do
    if one.createdAt > 1762917120 and one.stoppedAt and (not first or one.stoppedAt < first) then first = one.stoppedAt end
  end
  for _, event in ipairs(ended:of "warning") do
    if event.text:find "^task %x+ stopped" then
      local seen = event.at
      local function seconds(text)
        return tonumber(text:sub(12, 13)) * 3600 + tonumber(text:sub(15, 16)) * 60 + tonumber(text:sub(18, 23))
      end
      local late = seconds(seen) - first % 86400
      assert(late <= 7, "told " .. late .. " s after it had stopped")
      return
    end
  end
  error "no failed task was explained"
end)

spec.test("the breaker's state is told, and --breaker turns it on, and undo off again", function()
  local world = { bad = "none", circuit_breaker = false }
  run({}, { world = world }):expect_event("warning", { text = "the deployment circuit breaker is off: ECS does not roll back by itself" })
  local ended = run({ breaker = true }, { world = world })
  ended:expect_exit(0)
  spec.expect(service_of(ended).deploymentConfiguration.deploymentCircuitBreaker, { enable = true, rollback = true })
  ended:undo {}
  spec.expect(service_of(ended).deploymentConfiguration.deploymentCircuitBreaker, { enable = false, rollback = false })
end)

spec.test("undo deploys what was there before, and takes the new revision away", function()
  local ended = run { set = { LOG_LEVEL = "debug" } }
  local undone = ended:undo {}
  undone:expect_exit(0)
  spec.expect(service_of(undone).taskDefinition:match ":(%d+)$", "2")
  spec.expect(undone.world.ecs.list_task_definitions { familyPrefix = FAMILY, sort = "DESC" }.taskDefinitionArns[1]:match ":(%d+)$", "2")
end)

spec.test("the plan shows what the run does, and changes nothing", function()
  local plan = run({ set = { LOG_LEVEL = "debug" } }, { plan = true })
  plan:expect_exit(0)
  plan:expect_planned { { "ecs:RegisterTaskDefinition" }, { "ecs:UpdateService" } }
  plan:expect_changes {}
end)

spec.test("a task definition from a file has to be one, of this family", function()
  run({ file = "tests/runbooks/deploy.lua" }):expect_exit(2)
  local ended = run({ file = "docs/unsupported.txt" })
  ended:expect_exit(2)
  ended:expect_changes {}
end)

spec.test("a no, no such service, no rights: nothing is changed; throttled it goes on by itself", function()
  local declined = run({}, { answers = { { "taskDefinition stays", "no" } } })
  declined:expect_exit(4)
  declined:expect_changes {}
  run({ service = "gone" }):expect_exit(2)
  local denied = run({ set = { A = "b" } }, { world = { bad = "none", policy = { { Effect = "Allow", NotAction = "ecs:RegisterTaskDefinition", Resource = "*" } } } })
  denied:expect_exit(6)
  spec.expect(service_of(denied).taskDefinition:match ":(%d+)$", "2")
  run({}, { world = { bad = "none", faults = { "throttle ecs:* times=2" } } }):expect_exit(0)
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "deploy", params = { set = { LOG_LEVEL = "debug" } }, world = GOOD, runs = 15 }
end)
