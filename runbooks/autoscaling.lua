--- Automatic scaling: set it up, look at it, take it away.
---
--- Guide: Scaling the Service > Auto Scaling Setup.
---
--- Differs from the guide: deregistering the target deletes every policy and scheduled action of it, not only the guide's. Where there
--- are others, `--action disable` refuses unless `--all` is given; undo puts each back as it was.

local autoscaling = require "autoscaling"
local aws = require "aws"
local ecs = require "ecs"
local service = require "service"

local api = aws["application-autoscaling"]

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b or tonumber(a) ~= nil and tonumber(a) == tonumber(b) end
  for name, value in pairs(b) do
    if not same(a[name], value) then return false end
  end
  return true
end

local function find_policy(which, name)
  for _, policy in ipairs(autoscaling.policies(which)) do
    if policy.PolicyName == name then return policy end
  end
end

local function is_policy(which, wanted)
  local found = find_policy(which, wanted.PolicyName)
  local now = found and autoscaling.policy_params(found)
  return now ~= nil and same(now, wanted) and same(wanted, now)
end

-- An update leaves what it does not name as it was, so that what is there goes first.
local function restore_policy(which, before)
  if find_policy(which, before.PolicyName) then
    api.delete_scaling_policy(autoscaling.params(which, { PolicyName = before.PolicyName }))
  end
  api.put_scaling_policy(before)
end

-- ---- show

local function show(rb, which, target)
  if not target then
    rb:note("automatic scaling is off: the service is no scalable target")
    return
  end
  local suspended = target.SuspendedState or {}
  rb:note("on: %d to %d tasks%s", target.MinCapacity, target.MaxCapacity,
    (suspended.DynamicScalingInSuspended or suspended.DynamicScalingOutSuspended) and ", suspended in part" or "")
  local rows = {}
  for i, policy in ipairs(autoscaling.policies(which)) do
    local alarms = {}
    for k, alarm in ipairs(policy.Alarms or {}) do alarms[k] = alarm.AlarmName:match "Alarm(%a+)" or alarm.AlarmName end
    rows[i] = { policy.PolicyName, policy.PolicyType, autoscaling.describe_policy(policy), table.concat(alarms, ", ") }
  end
  rb:table("Policies", { "name", "type", "what", "alarms" }, rows)
  local read, list = pcall(autoscaling.activities, which)
  if not read then return rb:warn("what it did last is not told: %s", tostring(list)) end
  local activities = {}
  for i, activity in ipairs(list) do
    activities[i] = { time.iso(math.floor(activity.StartTime)), activity.StatusCode, activity.Description, (activity.Cause or ""):gsub("TargetTracking%S*%-Alarm(%a+)%S*", "%1") }
  end
  if #activities > 0 then
    rb:table("Last activities", { "when", "status", "what", "cause" }, activities)
  else
    rb:note("it has not scaled anything yet")
  end
end

-- ---- set

local function register(rb, p, which, before)
  local function is(min, max)
    local now = autoscaling.target(which)
    return now ~= nil and now.MinCapacity == min and now.MaxCapacity == max
  end
  rb:step("Register the service as a scalable target", {
    confirm = before and ("capacity: %d to %d -> %d to %d"):format(before.MinCapacity, before.MaxCapacity, p.min, p.max)
        or ("new scalable target, %d to %d tasks"):format(p.min, p.max),
    check = function() return is(p.min, p.max) end,
    change = function() api.register_scalable_target(autoscaling.params(which, { MinCapacity = p.min, MaxCapacity = p.max })) end,
    undo = {
      check = function()
        if before then return is(before.MinCapacity, before.MaxCapacity) end
        return autoscaling.target(which) == nil
      end,
      change = function()
        if before then
          api.register_scalable_target(before)
        else
          api.deregister_scalable_target(autoscaling.subject(which))
        end
      end,
    },
  })
end

local function put_policy(rb, p, which, before)
  local wanted = {
    TargetValue = p.target, ScaleOutCooldown = math.floor(p.scale_out_cooldown), ScaleInCooldown = math.floor(p.scale_in_cooldown),
    PredefinedMetricSpecification = { PredefinedMetricType = p.metric == "cpu" and "ECSServiceAverageCPUUtilization" or "ECSServiceAverageMemoryUtilization" },
  }
  local params = autoscaling.params(which, { PolicyName = p.policy, PolicyType = "TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration = wanted })
  rb:step("Put the scaling policy " .. p.policy, {
    confirm = ("%s -> %s"):format(before and autoscaling.describe_policy(before) or "no policy of that name", autoscaling.describe_policy(params)),
    check = function()
      local now = find_policy(which, p.policy)
      return now ~= nil and same(now.TargetTrackingScalingPolicyConfiguration or {}, wanted)
    end,
    change = function() api.put_scaling_policy(params) end,
    undo = {
      check = function()
        if before then return is_policy(which, before) end
        return find_policy(which, p.policy) == nil
      end,
      change = function()
        if before then
          restore_policy(which, before)
        else
          api.delete_scaling_policy(autoscaling.params(which, { PolicyName = p.policy }))
        end
      end,
    },
  })
end

-- ---- disable

local function delete_policy(rb, which, policy)
  rb:step("Delete the scaling policy " .. policy.PolicyName, {
    confirm = autoscaling.describe_policy(policy),
    check = function() return find_policy(which, policy.PolicyName) == nil end,
    change = function() api.delete_scaling_policy(autoscaling.params(which, { PolicyName = policy.PolicyName })) end,
    undo = {
      check = function() return is_policy(which, policy) end,
      change = function() restore_policy(which, policy) end,
    },
  })
end

local function delete_scheduled(rb, which, action)
  local function is_there()
    for _, one in ipairs(autoscaling.scheduled(which)) do
      if one.ScheduledActionName == action.ScheduledActionName then return true end
    end
    return false
  end
  rb:step("Delete the scheduled action " .. action.ScheduledActionName, {
    confirm = action.Schedule,
    check = function() return not is_there() end,
    change = function() api.delete_scheduled_action(autoscaling.params(which, { ScheduledActionName = action.ScheduledActionName })) end,
    undo = { check = is_there, change = function() api.put_scheduled_action(action) end },
  })
end

-- Its undo comes before those of the policies, which need the target.
local function deregister(rb, which, target)
  rb:step("Deregister the scalable target", {
    confirm = ("automatic scaling off; capacity was %d to %d, the desired count stays as it is"):format(target.MinCapacity, target.MaxCapacity),
    check = function() return autoscaling.target(which) == nil end,
    change = function() api.deregister_scalable_target(autoscaling.subject(which)) end,
    undo = {
      check = function() return autoscaling.target(which) ~= nil end,
      change = function() api.register_scalable_target(target) end,
    },
  })
end

local function check_others(rb, p, before)
  local others = {}
  for _, policy in ipairs(before.policies) do
    if policy.PolicyName ~= p.policy then others[#others + 1] = "policy " .. policy.PolicyName end
  end
  for _, action in ipairs(before.scheduled) do others[#others + 1] = "scheduled action " .. action.ScheduledActionName end
  if #others > 0 and not p.all then
    rb:refuse("deregistering the target deletes these too: %s; add --all where that is meant", table.concat(others, ", "))
  end
end

local function disable(rb, p, which, before)
  if not before.target then
    rb:note("automatic scaling is off already: nothing to do")
    return
  end
  check_others(rb, p, before)
  for _, policy in ipairs(before.policies) do delete_policy(rb, which, policy) end
  for _, action in ipairs(before.scheduled) do delete_scheduled(rb, which, action) end
  deregister(rb, which, before.target)
end

return {
  title   = "Automatic scaling",
  summary = "Shows the automatic scaling of the service with what it did last, sets it up, or takes it away.",
  guide   = "Scaling the Service > Auto Scaling Setup",
  region  = service.region,
  production = service.production,

  params = service.params({ "cluster", "service", "min", "max" }, {
    action = { type = "enum", values = { "show", "set", "disable" }, default = "show", help = "what to do" },
    target = { type = "number", default = 70.0, min = 1, max = 100, help = "percent at which the metric is kept" },
    metric = { type = "enum", values = { "cpu", "memory" }, default = "cpu", help = "what is kept there" },
    scale_out_cooldown = { type = "duration", default = "60s", help = "pause after tasks were added" },
    scale_in_cooldown  = { type = "duration", default = "180s", help = "pause after tasks were taken away" },
    policy = { type = "string", default = "busyb-google-workspace-cpu-scaling", env = "GWRUN_SCALING_POLICY", help = "name of the policy" },
    all    = { type = "boolean", default = false, help = "disable: also what others have set up" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies",
      "application-autoscaling:DescribeScalingActivities", "application-autoscaling:DescribeScheduledActions",
      "application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy",
      "application-autoscaling:DeleteScalingPolicy", "application-autoscaling:DeregisterScalableTarget",
      "application-autoscaling:PutScheduledAction", "application-autoscaling:DeleteScheduledAction",
    },
  },

  lock = "autoscaling:{cluster}/{service}",

  targets = function(p) return { ecs.exists { cluster = p.cluster, service = p.service } } end,

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    if p.min > p.max then rb:refuse("--min %d is more than --max %d", p.min, p.max) end
    ecs.get_service(which)
    if p.action == "show" then return show(rb, which, autoscaling.target(which)) end
    local before = rb:decide("What is there now", function()
      local target, policies, scheduled = autoscaling.target(which), {}, {}
      for i, policy in ipairs(target and autoscaling.policies(which) or {}) do policies[i] = autoscaling.policy_params(policy) end
      for i, action in ipairs(target and autoscaling.scheduled(which) or {}) do scheduled[i] = autoscaling.scheduled_params(action) end
      return { target = target and autoscaling.target_params(target), policies = json.array(policies), scheduled = json.array(scheduled) }
    end)
    if p.action == "disable" then return disable(rb, p, which, before) end
    local policy
    for _, one in ipairs(before.policies) do
      if one.PolicyName == p.policy then policy = one end
    end
    register(rb, p, which, before.target)
    put_policy(rb, p, which, policy)
    if not rb.planning then show(rb, which, autoscaling.target(which)) end
  end,
}
