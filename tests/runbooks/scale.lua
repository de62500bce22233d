local spec = require "spec"

local CLUSTER, SERVICE = "busyb-cluster", "busyb-google-workspace-mcp-service"
local GOOD = { bad = "none" }

local function run(params, more)
  local request = { runbook = "scale", params = params, world = GOOD }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

local function counts(world)
  local service = world.ecs.describe_services { cluster = CLUSTER, services = { SERVICE } }.services[1]
  return { service.desiredCount, service.runningCount }
end

local function advice(ended)
  for _, note in ipairs(ended:of "note") do
    local text = note.text:match "^advice: (.*)$"
    if text then return text end
  end
end

spec.test("the count is set, and the run ends when so many run and are healthy", function()
  local ended = run { count = 2 }
  ended:expect_exit(0)
  ended:expect_changes { { "ecs:UpdateService", desiredCount = 2 } }
  ended:expect_event("step.confirm", { text = "desiredCount: 1 -> 2 (2 x 0.5 vCPU and 1 GB = 1 vCPU and 2 GB)" })
  spec.expect(counts(ended.world), { 2, 2 })
  for _, check in ipairs(ended:of "check") do spec.expect(check.state, "ok", check.text) end
end)

spec.test("undo scales back; so many already: nothing to do", function()
  local world = spec.world { world = GOOD }
  local ended = world:run { runbook = "scale", params = { count = 3 } }
  ended:undo {}:expect_changes { { "ecs:UpdateService", desiredCount = 1 } }
  world:pass "5m"
  spec.expect(counts(world), { 1, 1 })
  local again = world:run { runbook = "scale", params = { count = 1 } }
  again:expect_exit(0)
  again:expect_changes {}
end)

spec.test("limits: 1 to 4 unless they are moved; a count or advice has to be asked for", function()
  local ended = run { count = 5 }
  ended:expect_exit(2)
  spec.expect(ended:finish().text, "--count 5: outside of 1 to 4; --min and --max move the limits")
  run({ count = 0 }):expect_exit(2)
  run({ count = 5, max = 5 }):expect_exit(0)
  run({}):expect_exit(2)
end)

spec.test("the plan shows the change and makes none; a no changes nothing", function()
  local plan = run({ count = 2 }, { plan = true })
  plan:expect_planned { { "ecs:UpdateService", desiredCount = 2 } }
  plan:expect_changes {}
  local declined = run({ count = 2 }, { answers = { { "desiredCount: 1 -> 2", "no" } } })
  declined:expect_exit(4)
  spec.expect(counts(declined.world), { 1, 1 })
end)

spec.test("automatic scaling is told of, and a count outside of its range refused without --override", function()
  local world = spec.world { world = GOOD }
  world:run { runbook = "autoscaling", params = { action = "set", max = 2 } }
  local inside = world:run { runbook = "scale", params = { count = 2 } }
  inside:expect_event("warning", { text = "automatic scaling is on and may change the count again: policy busyb-google-workspace-cpu-scaling "
    .. "keeps ECSServiceAverageCPUUtilization at 70, cool-down 60 s out, 180 s in" })
  local outside = world:run { runbook = "scale", params = { count = 3 } }
  outside:expect_exit(2)
  outside:expect_changes {}
  world:run({ runbook = "scale", params = { count = 3, override = true } }):expect_called { "ecs:UpdateService", desiredCount = 3 }
end)

spec.test("automatic scaling that is suspended leaves the count alone, which is said", function()
  local world = spec.world { world = { bad = "none" } }
  world["application-autoscaling"].register_scalable_target {
    ServiceNamespace = "ecs", ResourceId = "service/busyb-cluster/busyb-google-workspace-mcp-service", ScalableDimension = "ecs:service:DesiredCount",
    MinCapacity = 1, MaxCapacity = 2, SuspendedState = { DynamicScalingInSuspended = true, DynamicScalingOutSuspended = true },
  }
  local ended = world:run { runbook = "scale", params = { count = 3 } }
  ended:expect_exit(0)
  ended:expect_event("note", { text = "automatic scaling is suspended: its policies do not change the count" })
end)

spec.test("advice: up when CPU is consistently above 70%, with the count that would bring it there, within the limits", function()
  local world = spec.world { world = { bad = "none", requests_per_second = 35 } }
  local ended = world:run { runbook = "scale", params = { advise = true } }
  ended:expect_exit(0)
  ended:expect_changes {}
  spec.expect(ended:of "table"[1].rows[1][3], "up")
  spec.expect(advice(ended), "scale up to 2, for CPU; gwrun scale --count 2")
end)

spec.test("advice: down when CPU and memory are consistently low, never below the minimum", function()
  local world = spec.world { world = { bad = "none", requests_per_second = 1, desired_count = 2 } }
  local ended = world:run { runbook = "scale", params = { advise = true } }
  spec.expect({ ended:of "table"[1].rows[1][3], ended:of "table"[1].rows[2][3] }, { "down", "down" })
  spec.expect(advice(ended), "scale down to 1, CPU and memory are consistently low; gwrun scale --count 1")
  local alone = run({ advise = true }, { world = { bad = "none", requests_per_second = 1 } })
  spec.expect(advice(alone), "stay at 1, the minimum; smaller tasks would cost less")
end)

spec.test("advice: an increasing error rate is told, with a word on what does not help", function()
  local ended = run({ advise = true }, { world = {} })
  spec.expect(ended:of "table"[1].rows[4][3], "up")
  ended:expect_event("warning", { text = "errors that come with a deployment do not go away with more tasks: see gwrun diagnose first" })
end)

spec.test("tasks that never run are a problem; no such service: 2; no rights: 6; throttled it goes on by itself", function()
  run({ count = 2, settle = "1m" }, { world = { bad = "exits", circuit_breaker = false, deployed_ago = 3600, desired_count = 1 } })
  run({ count = 2, service = "gone" }):expect_exit(2)
  local denied = run({ count = 2 }, { world = { bad = "none", policy = { { Effect = "Allow", NotAction = "ecs:UpdateService", Resource = "*" } } } })
  denied:expect_exit(6)
  spec.expect(counts(denied.world), { 1, 1 })
  run({ count = 2 }, { world = { bad = "none", faults = { "throttle * times=2" } } }):expect_exit(0)
  local never = run({ count = 2, settle = "5s" })
  never:expect_exit(3)
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "scale", params = { count = 2 }, world = GOOD, runs = 15 }
end)
