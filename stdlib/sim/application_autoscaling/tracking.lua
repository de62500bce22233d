--- Target tracking: keeps the mean of a metric near its target by the number of tasks.

local alarms = require "sim.cloudwatch.alarms"
local clock = require "sim.clock"
local metrics = require "sim.cloudwatch.metrics"
local random = require "sim.random"
local services = require "sim.ecs.services"

local tracking = {
  DIMENSION = "ecs:service:DesiredCount",
  METRICS = { ECSServiceAverageCPUUtilization = "CPUUtilization", ECSServiceAverageMemoryUtilization = "MemoryUtilization" },
}

local MINUTE = 60
local HIGH_MINUTES, LOW_MINUTES = 3, 15
local LOW_PART = 0.9          -- of the target: what lies between leaves all as it is
local COOLDOWN_S = 300        -- where a policy does not say
local KEPT_ACTIVITIES = 200

---Gives a service so many tasks, and writes it down.
local function scale(world, target, count, cause)
  local now = clock.stamp(clock.now())
  services.update(target.service, { desiredCount = count })
  table.insert(world.scaling.activities, {
    ActivityId = random.uuid(), ServiceNamespace = "ecs", ResourceId = target.id, ScalableDimension = tracking.DIMENSION,
    Description = ("Setting desired count to %d."):format(count), Cause = cause, StartTime = now, EndTime = now, StatusCode = "Successful",
    StatusMessage = ("Successfully set desired count to %d. Change successfully fulfilled by ecs."):format(count),
  })
  if #world.scaling.activities > KEPT_ACTIVITIES then table.remove(world.scaling.activities, 1) end
end

---A desired count outside of the target's range is brought into it.
---@param world table
---@param target table
function tracking.keep_in_range(world, target)
  local desired = target.service.desired
  if desired < target.least then
    scale(world, target, target.least, "minimum capacity was set to " .. target.least)
  elseif desired > target.most then
    scale(world, target, target.most, "maximum capacity was set to " .. target.most)
  end
end

-- As many tasks as would have brought the metric to its target in the last minutes: its sum is that of all tasks.
local function wanted_count(world, policy, alarm, minutes)
  local shape, target, upto = alarm.shape, policy.target, math.floor(clock.now() / MINUTE) * MINUTE
  local metric = metrics.find(world, shape.Namespace, shape.MetricName, metrics.dimension_map(shape.Dimensions))
  local total = metrics.sum_up(world, metric, upto - minutes * MINUTE, upto)
  if not total then return target.service.desired end
  local count = math.ceil(total.sum / minutes / policy.configuration.TargetValue)
  return math.max(target.least, math.min(target.most, count))
end

local function cause(policy, alarm)
  return ("monitor alarm %s in state ALARM triggered policy %s"):format(alarm.shape.AlarmName, policy.name)
end

local function scale_out(world, policy, alarm)
  local desired, suspended = policy.target.service.desired, policy.target.suspended or {}
  local count = wanted_count(world, policy, alarm, HIGH_MINUTES)
  if count <= desired or clock.now() < (policy.target.out_again_at or 0) or suspended.DynamicScalingOutSuspended then return end
  scale(world, policy.target, count, cause(policy, alarm))
  local pause = policy.configuration.ScaleOutCooldown or COOLDOWN_S
  policy.target.out_again_at = clock.now() + pause
  policy.target.in_again_at = clock.now() + (policy.configuration.ScaleInCooldown or COOLDOWN_S)
end

local function scale_in(world, policy, alarm)
  local desired, suspended = policy.target.service.desired, policy.target.suspended or {}
  local count = wanted_count(world, policy, alarm, LOW_MINUTES)
  if count >= desired or clock.now() < (policy.target.in_again_at or 0) or suspended.DynamicScalingInSuspended then return end
  scale(world, policy.target, count, cause(policy, alarm))
  policy.target.in_again_at = clock.now() + (policy.configuration.ScaleInCooldown or COOLDOWN_S)
end

local function put_alarm(world, policy, side)
  local service = policy.target.service
  return alarms.put(world, {
    AlarmName = ("TargetTracking-%s-Alarm%s-%s"):format(policy.target.id, side.name, policy.token),
    AlarmDescription = ("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy %s."):format(policy.arn),
    AlarmActions = { policy.arn }, Namespace = "AWS/ECS", Statistic = "Average", Period = MINUTE, Unit = "Percent",
    MetricName = tracking.METRICS[policy.configuration.PredefinedMetricSpecification.PredefinedMetricType],
    Dimensions = metrics.dimension_list { ClusterName = service.cluster.name, ServiceName = service.name },
    EvaluationPeriods = side.minutes, Threshold = side.threshold, ComparisonOperator = side.comparison,
  }, function(alarm)
    if alarm.shape.StateValue == "ALARM" then side.act(world, policy, alarm) end
  end)
end

---Makes the policy's alarms; from then on it acts.
---@param world table
---@param policy table
function tracking.start(world, policy)
  local goal = policy.configuration.TargetValue
  policy.alarms = { put_alarm(world, policy, {
    name = "High", minutes = HIGH_MINUTES, threshold = goal, comparison = "GreaterThanThreshold", act = scale_out,
  }) }
  if not policy.configuration.DisableScaleIn then
    policy.alarms[2] = put_alarm(world, policy, {
      name = "Low", minutes = LOW_MINUTES, threshold = goal * LOW_PART, comparison = "LessThanThreshold", act = scale_in,
    })
  end
end

---@param world table
---@param policy table
function tracking.stop(world, policy)
  for _, alarm in ipairs(policy.alarms) do alarms.delete(world, alarm.shape.AlarmName) end
end

return tracking
