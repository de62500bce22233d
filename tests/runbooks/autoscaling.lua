local spec = require "spec"

local CLUSTER, SERVICE = "busyb-cluster", "busyb-google-workspace-mcp-service"
local ID = "service/" .. CLUSTER .. "/" .. SERVICE
local POLICY = "busyb-google-workspace-cpu-scaling"

local function on(world, params, more)
  local request = { runbook = "autoscaling", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return world:run(request)
end

local function fresh(more)
  local settings = { bad = "none" }
  for key, value in pairs(more or {}) do settings[key] = value end
  return spec.world { world = settings }
end

local function state(world)
  local api = world["application-autoscaling"]
  local target = api.describe_scalable_targets { ServiceNamespace = "ecs", ResourceIds = { ID } }.ScalableTargets[1]
  local policies = {}
  for i, policy in ipairs(api.describe_scaling_policies { ServiceNamespace = "ecs", ResourceId = ID }.ScalingPolicies) do
    local tracking = policy.TargetTrackingScalingPolicyConfiguration
    policies[i] = { policy.PolicyName, tracking.TargetValue, tracking.ScaleOutCooldown, tracking.ScaleInCooldown }
  end
  return { target and { target.MinCapacity, target.MaxCapacity }, policies }
end

local SET_UP = { { 1, 4 }, { { POLICY, 70, 60, 180 } } }

spec.test("set: the guide's target and policy, and a second time nothing to do", function()
  local world = fresh()
  local ended = on(world, { action = "set" })
  ended:expect_exit(0)
  ended:expect_changes { { "application-autoscaling:RegisterScalableTarget", MinCapacity = 1, MaxCapacity = 4 }, { "application-autoscaling:PutScalingPolicy" } }
  spec.expect(state(world), SET_UP)
  local again = on(world, { action = "set" })
  again:expect_exit(0)
  again:expect_changes {}
end)

spec.test("what it set up scales: out under load, as the activities tell", function()
  local world = fresh { requests_per_second = 30 }
  on(world, { action = "set" })
  world:pass "20m"
  local shown = on(world, {})
  shown:expect_exit(0)
  local rows = shown:of "table"[2].rows
  spec.expect({ rows[1][2], rows[1][3] }, { "Successful", "Setting desired count to " .. world.ecs.describe_services { cluster = CLUSTER, services = { SERVICE } }.services[1].desiredCount .. "." })
end)

spec.test("undo of set leaves things as they were: nothing, or what was there", function()
  local world = fresh()
  on(world, { action = "set" }):undo {}
  spec.expect(state(world), { nil, {} })
  on(world, { action = "set" })
  local changed = on(world, { action = "set", max = 6, target = 50, scale_in_cooldown = "300s" })
  spec.expect(state(world), { { 1, 6 }, { { POLICY, 50, 60, 300 } } })
  changed:undo {}
  spec.expect(state(world), SET_UP)
end)

spec.test("half done before: only what is missing is done", function()
  local world = fresh()
  world["application-autoscaling"].register_scalable_target {
    ServiceNamespace = "ecs", ResourceId = ID, ScalableDimension = "ecs:service:DesiredCount", MinCapacity = 1, MaxCapacity = 4,
  }
  on(world, { action = "set" }):expect_changes { { "application-autoscaling:PutScalingPolicy" } }
end)

spec.test("disable: both are gone, a second time nothing to do, and undo brings them back", function()
  local world = fresh()
  on(world, { action = "set" })
  local ended = on(world, { action = "disable" })
  ended:expect_changes { { "application-autoscaling:DeleteScalingPolicy" }, { "application-autoscaling:DeregisterScalableTarget" } }
  spec.expect(state(world), { nil, {} })
  local again = on(world, { action = "disable" })
  again:expect_exit(0)
  again:expect_event("note", { text = "automatic scaling is off already: nothing to do" })
  ended:undo {}
  spec.expect(state(world), SET_UP)
end)

spec.test("what others have set up is not deleted with it unless --all, and comes back with undo", function()
  local world = fresh()
  on(world, { action = "set" })
  on(world, { action = "set", policy = "of-others", metric = "memory", target = 75 })
  local refused = on(world, { action = "disable" })
  refused:expect_exit(2)
  refused:expect_changes {}
  spec.expect(refused:finish().text, "deregistering the target deletes these too: policy of-others; add --all where that is meant")
  local all = on(world, { action = "disable", all = true })
  spec.expect(state(world), { nil, {} })
  all:undo {}
  spec.expect(#state(world)[2], 2)
end)

spec.test("undo puts back exactly what was there: no cool-downs, what is suspended, what is scheduled", function()
  local world = fresh()
  local api = world["application-autoscaling"]
  local function with(params)
    params.ServiceNamespace, params.ResourceId, params.ScalableDimension = "ecs", ID, "ecs:service:DesiredCount"
    return params
  end
  api.register_scalable_target(with { MinCapacity = 2, MaxCapacity = 3, SuspendedState = { DynamicScalingInSuspended = true } })
  api.put_scaling_policy(with { PolicyName = POLICY, PolicyType = "TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration = {
    TargetValue = 70, PredefinedMetricSpecification = { PredefinedMetricType = "ECSServiceAverageCPUUtilization" } } })
  api.put_scheduled_action(with { ScheduledActionName = "nights", Schedule = "cron(0 22 * * ? *)", Timezone = "Europe/Vienna",
    ScalableTargetAction = { MinCapacity = 1, MaxCapacity = 1 } })
  local function all()
    local scheduled = api.describe_scheduled_actions { ServiceNamespace = "ecs", ResourceId = ID }.ScheduledActions
    local target = api.describe_scalable_targets { ServiceNamespace = "ecs", ResourceIds = { ID } }.ScalableTargets[1]
    return {
      state(world), target and target.SuspendedState,
      scheduled[1] and { scheduled[1].ScheduledActionName, scheduled[1].Schedule, scheduled[1].Timezone, scheduled[1].ScalableTargetAction },
    }
  end
  local before = all()
  local set = on(world, { action = "set" })
  spec.expect(state(world), SET_UP)
  set:undo({}):expect_exit(0)
  spec.expect(all(), before)
  local disabled = on(world, { action = "disable", all = true })
  disabled:expect_changes {
    { "application-autoscaling:DeleteScalingPolicy" }, { "application-autoscaling:DeleteScheduledAction" }, { "application-autoscaling:DeregisterScalableTarget" },
  }
  disabled:undo({}):expect_exit(0)
  spec.expect(all(), before)
end)

spec.test("show: off, or on with policies", function()
  local world = fresh()
  on(world, {}):expect_event("note", { text = "automatic scaling is off: the service is no scalable target" })
  on(world, { action = "set" })
  local shown = on(world, {})
  spec.expect(shown:of "table"[1].rows[1],
    { POLICY, "TargetTrackingScaling", "keeps ECSServiceAverageCPUUtilization at 70, cool-down 60 s out, 180 s in", "High, Low" })
end)

spec.test("the plan shows what the run does; a no, a wrong range, no service, no rights change nothing; throttled it goes on", function()
  local plan = on(fresh(), { action = "set" }, { plan = true })
  plan:expect_planned { { "application-autoscaling:RegisterScalableTarget" }, { "application-autoscaling:PutScalingPolicy" } }
  plan:expect_changes {}
  on(fresh(), { action = "set" }, { answers = { { "new scalable target", "no" } } }):expect_exit(4)
  on(fresh(), { action = "set", min = 5 }):expect_exit(2)
  on(fresh(), { action = "set", service = "gone" }):expect_exit(2)
  local denied = fresh { policy = { { Effect = "Allow", Action = "ecs:*", Resource = "*" } } }
  on(denied, { action = "set" }):expect_exit(6)
  on(fresh { faults = { "throttle * times=2" } }, { action = "set" }):expect_exit(0)
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "autoscaling", params = { action = "set" }, world = { bad = "none" }, runs = 20 }
end)
