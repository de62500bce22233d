--- Application Auto Scaling, simulated, for the desired count of ECS services: target tracking on the service's mean CPU or
--- memory, with two alarms a policy as AWS makes them: three minutes above the target add tasks, fifteen minutes below nine
--- tenths of it take some away.
--- Limits: step and predictive scaling and other namespaces are refused; scheduled actions are kept, and never due.

local clock = require "sim.clock"
local fail = require "sim.fail"
local find = require "sim.ecs.find"
local host = require "host.sim"
local pages = require "sim.pages"
local random = require "sim.random"
local tracking = require "sim.application_autoscaling.tracking"

local operations = {}

local MOST = 50

local function check_subject(input)
  if input.ServiceNamespace ~= "ecs" then
    fail("ValidationException", "The simulator scales ECS services only, not '%s'.", input.ServiceNamespace)
  end
  if input.ScalableDimension and input.ScalableDimension ~= tracking.DIMENSION then
    fail("ValidationException", "Unsupported service namespace, resource type or scalable dimension")
  end
end

-- "service/CLUSTER/SERVICE"
local function service_or_fail(world, id)
  local cluster, name = id:match "^service/([^/]+)/([^/]+)$"
  local service = cluster and world.ecs.clusters[cluster] and find.service_in(world.ecs.clusters[cluster], name)
  if not service then fail("ValidationException", "ECS service doesn't exist: %s", id) end
  return service
end

local function target_or_fail(world, input)
  check_subject(input)
  local target = world.scaling.targets[input.ResourceId]
  if not target then
    fail("ObjectNotFoundException", "No scalable target registered for service namespace: %s, resource ID: %s, scalable dimension: %s",
      input.ServiceNamespace, input.ResourceId, input.ScalableDimension)
  end
  return target
end

local function page(list, input, member, describe, key)
  return pages.answer(list, {
    size = input.MaxResults, token = input.NextToken, most = MOST, invalid = "InvalidNextTokenException", key = key,
  }, member, describe)
end

local function contains(list, item)
  for _, one in ipairs(list) do
    if one == item then return true end
  end
  return false
end

-- ---- targets --------------------------------------------------------------------------------------

local function target_arn(world, target)
  return ("arn:aws:application-autoscaling:%s:%s:scalable-target/%s"):format(world.region, world.account, target.token)
end

function operations.register_scalable_target(world, input)
  check_subject(input)
  local service, before = service_or_fail(world, input.ResourceId), world.scaling.targets[input.ResourceId]
  local least, most = input.MinCapacity or before and before.least, input.MaxCapacity or before and before.most
  if not least or not most then fail("ValidationException", "MinCapacity and MaxCapacity are required for a new scalable target") end
  if least < 0 or least > most then fail("ValidationException", "Maximum capacity cannot be less than minimum capacity") end
  local target = before or { id = input.ResourceId, created_at = clock.now(), token = "0ec5" .. random.hex(32), policies = {}, scheduled = {} }
  target.service, target.least, target.most = service, least, most
  target.suspended = input.SuspendedState or target.suspended
  world.scaling.targets[input.ResourceId] = target
  tracking.keep_in_range(world, target)
  return { ScalableTargetARN = target_arn(world, target) }
end

function operations.describe_scalable_targets(world, input)
  check_subject(input)
  local wanted, list = input.ResourceIds or {}, {}
  for _, target in pairs(world.scaling.targets) do
    if #wanted == 0 or contains(wanted, target.id) then list[#list + 1] = target end
  end
  return page(list, input, "ScalableTargets", function(target)
    local suspended = target.suspended or {}
    return {
      ServiceNamespace = "ecs", ResourceId = target.id, ScalableDimension = tracking.DIMENSION, MinCapacity = target.least,
      MaxCapacity = target.most, CreationTime = clock.stamp(target.created_at), ScalableTargetARN = target_arn(world, target),
      RoleARN = ("arn:aws:iam::%s:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/" ..
        "AWSServiceRoleForApplicationAutoScaling_ECSService"):format(world.account),
      SuspendedState = {
        DynamicScalingInSuspended = suspended.DynamicScalingInSuspended == true,
        DynamicScalingOutSuspended = suspended.DynamicScalingOutSuspended == true,
        ScheduledScalingSuspended = suspended.ScheduledScalingSuspended == true,
      },
    }
  end, function(target) return target.id end)
end

function operations.deregister_scalable_target(world, input)
  local target = target_or_fail(world, input)
  for _, policy in pairs(target.policies) do tracking.stop(world, policy) end
  world.scaling.targets[target.id] = nil
  return {}
end

-- ---- policies -------------------------------------------------------------------------------------

local function describe_alarms(policy)
  local list = host.array {}
  for i, alarm in ipairs(policy.alarms) do list[i] = { AlarmName = alarm.shape.AlarmName, AlarmARN = alarm.shape.AlarmArn } end
  return list
end

local function configuration_or_fail(input)
  local configuration = input.TargetTrackingScalingPolicyConfiguration
  if (input.PolicyType or "TargetTrackingScaling") ~= "TargetTrackingScaling" or not configuration then
    fail("ValidationException", "The simulator has policies of type TargetTrackingScaling only.")
  end
  local kind = (configuration.PredefinedMetricSpecification or {}).PredefinedMetricType
  if not tracking.METRICS[kind] then
    fail("ValidationException", "The simulator tracks ECSServiceAverageCPUUtilization and ECSServiceAverageMemoryUtilization only.")
  end
  if configuration.TargetValue <= 0 then fail("ValidationException", "TargetValue must be greater than 0") end
  return configuration
end

function operations.put_scaling_policy(world, input)
  local target, configuration = target_or_fail(world, input), configuration_or_fail(input)
  local policy = target.policies[input.PolicyName]
  if policy then
    tracking.stop(world, policy)
  else
    policy = { name = input.PolicyName, created_at = clock.now(), target = target, token = random.uuid() }
    policy.arn = ("arn:aws:autoscaling:%s:%s:scalingPolicy:%s:resource/ecs/%s:policyName/%s"):format(
      world.region, world.account, policy.token, target.id, policy.name)
    target.policies[policy.name] = policy
  end
  policy.configuration = configuration
  tracking.start(world, policy)
  return { PolicyARN = policy.arn, Alarms = describe_alarms(policy) }
end

function operations.describe_scaling_policies(world, input)
  check_subject(input)
  local names, list = input.PolicyNames or {}, {}
  for _, target in pairs(world.scaling.targets) do
    for _, policy in pairs(target.policies) do
      if (input.ResourceId or target.id) == target.id and (#names == 0 or contains(names, policy.name)) then
        list[#list + 1] = policy
      end
    end
  end
  return page(list, input, "ScalingPolicies", function(policy)
    return {
      PolicyARN = policy.arn, PolicyName = policy.name, ServiceNamespace = "ecs", ResourceId = policy.target.id,
      ScalableDimension = tracking.DIMENSION, PolicyType = "TargetTrackingScaling", CreationTime = clock.stamp(policy.created_at),
      TargetTrackingScalingPolicyConfiguration = policy.configuration, Alarms = describe_alarms(policy),
    }
  end, function(policy) return policy.arn end)
end

function operations.delete_scaling_policy(world, input)
  local target = target_or_fail(world, input)
  local policy = target.policies[input.PolicyName]
  if not policy then
    fail("ObjectNotFoundException", "No scaling policy found for service namespace: ecs, resource ID: %s, scalable dimension: %s: %s",
      target.id, tracking.DIMENSION, input.PolicyName)
  end
  tracking.stop(world, policy)
  target.policies[policy.name] = nil
  return {}
end

-- ---- scheduled actions ----------------------------------------------------------------------------

local function is_schedule(text)
  return text:match "^at%(%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%)$" or text:match "^rate%(%d+ %a+%)$" or text:match "^cron%(%S+ %S+ %S+ %S+ %S+ %S+%)$"
end

function operations.put_scheduled_action(world, input)
  local target = target_or_fail(world, input)
  local before = target.scheduled[input.ScheduledActionName] or {}
  local schedule, action = input.Schedule or before.Schedule, input.ScalableTargetAction or before.ScalableTargetAction
  if not schedule or not is_schedule(schedule) then fail("ValidationException", "Schedule expression '%s' is not valid", tostring(schedule)) end
  if not action or not action.MinCapacity and not action.MaxCapacity then
    fail("ValidationException", "ScalableTargetAction must have MinCapacity, MaxCapacity or both")
  end
  target.scheduled[input.ScheduledActionName] = {
    ScheduledActionName = input.ScheduledActionName, ServiceNamespace = "ecs", ResourceId = target.id, ScalableDimension = tracking.DIMENSION,
    Schedule = schedule, ScalableTargetAction = action, Timezone = input.Timezone or before.Timezone, StartTime = input.StartTime or before.StartTime,
    EndTime = input.EndTime or before.EndTime, CreationTime = before.CreationTime or clock.stamp(clock.now()),
    ScheduledActionARN = before.ScheduledActionARN or ("arn:aws:autoscaling:%s:%s:scheduledAction:%s:resource/ecs/%s:scheduledActionName/%s"):format(
      world.region, world.account, random.uuid(), target.id, input.ScheduledActionName),
  }
  return {}
end

function operations.delete_scheduled_action(world, input)
  local target = target_or_fail(world, input)
  if not target.scheduled[input.ScheduledActionName] then
    fail("ObjectNotFoundException", "No scheduled action found for service namespace: ecs, resource ID: %s, scalable dimension: %s: %s",
      target.id, tracking.DIMENSION, input.ScheduledActionName)
  end
  target.scheduled[input.ScheduledActionName] = nil
  return {}
end

function operations.describe_scheduled_actions(world, input)
  check_subject(input)
  local names, list = input.ScheduledActionNames or {}, {}
  for _, target in pairs(world.scaling.targets) do
    for _, action in pairs(target.scheduled) do
      if (input.ResourceId or target.id) == target.id and (#names == 0 or contains(names, action.ScheduledActionName)) then list[#list + 1] = action end
    end
  end
  return page(list, input, "ScheduledActions", function(action) return action end, function(action) return action.ScheduledActionARN end)
end

-- ---- what it did ----------------------------------------------------------------------------------

function operations.describe_scaling_activities(world, input)
  check_subject(input)
  local list = {}
  for i = #world.scaling.activities, 1, -1 do
    local activity = world.scaling.activities[i]
    if (input.ResourceId or activity.ResourceId) == activity.ResourceId then list[#list + 1] = activity end
  end
  return page(list, input, "ScalingActivities", function(activity) return activity end, function(activity) return activity.ActivityId end)
end

return {
  operations = operations,
  open = function(world)
    world.scaling = { targets = {}, activities = {} }
  end,
}
