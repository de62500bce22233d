--- Application Auto Scaling of ECS services for runbooks.

local aws = require "aws"

local autoscaling = {}

autoscaling.DIMENSION = "ecs:service:DesiredCount"

local api = aws["application-autoscaling"]

---What scales, in the words of Application Auto Scaling: what its calls about a service have in common.
---@param which ServiceName
---@return { ServiceNamespace: string, ResourceId: string, ScalableDimension: string }
function autoscaling.subject(which)
  return {
    ServiceNamespace = "ecs", ResourceId = ("service/%s/%s"):format(which.cluster, which.service), ScalableDimension = autoscaling.DIMENSION,
  }
end

---Adds to the parameters of a call which service it is about.
---@param which ServiceName
---@param params table
---@return table params
function autoscaling.params(which, params)
  local subject = autoscaling.subject(which)
  params.ServiceNamespace, params.ResourceId, params.ScalableDimension = subject.ServiceNamespace, subject.ResourceId, subject.ScalableDimension
  return params
end

---The service's scalable target; nil where it is not registered.
---@param which ServiceName
---@return table? as DescribeScalableTargets answers it
function autoscaling.target(which)
  local subject = autoscaling.subject(which)
  local answer = api.describe_scalable_targets {
    ServiceNamespace = "ecs", ResourceIds = { subject.ResourceId }, ScalableDimension = subject.ScalableDimension,
  }
  return (answer.ScalableTargets or {})[1]
end

local function list(pages, params, limit)
  local all = {}
  for item in pages(params, { limit = limit }) do all[#all + 1] = item end
  return all
end

---Its scaling policies.
---@param which ServiceName
---@return table[] as DescribeScalingPolicies answers them
function autoscaling.policies(which)
  return list(api.pages.describe_scaling_policies, autoscaling.subject(which))
end

---Its scheduled actions: deregistering the target deletes them.
---@param which ServiceName
---@return table[] as DescribeScheduledActions answers them
function autoscaling.scheduled(which)
  return list(api.pages.describe_scheduled_actions, autoscaling.subject(which))
end

---What it did last, the newest first.
---@param which ServiceName
---@param limit? integer default 10
---@return table[] as DescribeScalingActivities answers them
function autoscaling.activities(which, limit)
  return list(api.pages.describe_scaling_activities, autoscaling.subject(which), limit or 10)
end

---A policy as PutScalingPolicy takes it, to put it back.
---@param policy table as DescribeScalingPolicies answers it
---@return table params
function autoscaling.policy_params(policy)
  return {
    ServiceNamespace = policy.ServiceNamespace, ResourceId = policy.ResourceId, ScalableDimension = policy.ScalableDimension,
    PolicyName = policy.PolicyName, PolicyType = policy.PolicyType,
    TargetTrackingScalingPolicyConfiguration = policy.TargetTrackingScalingPolicyConfiguration,
    StepScalingPolicyConfiguration = policy.StepScalingPolicyConfiguration, PredictiveScalingPolicyConfiguration = policy.PredictiveScalingPolicyConfiguration,
  }
end

---A scalable target as RegisterScalableTarget takes it, to put it back.
---@param target table as DescribeScalableTargets answers it
---@return table params
function autoscaling.target_params(target)
  return {
    ServiceNamespace = target.ServiceNamespace, ResourceId = target.ResourceId, ScalableDimension = target.ScalableDimension,
    MinCapacity = target.MinCapacity, MaxCapacity = target.MaxCapacity, SuspendedState = target.SuspendedState,
  }
end

---A scheduled action as PutScheduledAction takes it, to put it back.
---@param action table as DescribeScheduledActions answers it
---@return table params
function autoscaling.scheduled_params(action)
  return {
    ServiceNamespace = action.ServiceNamespace, ResourceId = action.ResourceId, ScalableDimension = action.ScalableDimension,
    ScheduledActionName = action.ScheduledActionName, Schedule = action.Schedule, Timezone = action.Timezone, StartTime = action.StartTime,
    EndTime = action.EndTime, ScalableTargetAction = action.ScalableTargetAction,
  }
end

---A policy in one line.
---@param policy table
---@return string
function autoscaling.describe_policy(policy)
  local tracking = policy.TargetTrackingScalingPolicyConfiguration
  if not tracking then return policy.PolicyType end
  local metric = (tracking.PredefinedMetricSpecification or {}).PredefinedMetricType or "a metric of its own"
  return ("keeps %s at %g, cool-down %s s out, %s s in"):format(metric, tracking.TargetValue, tracking.ScaleOutCooldown or "default", tracking.ScaleInCooldown or "default")
end

return autoscaling
