--- Scale: run so many tasks, or ask how many there should be (`--advise`).
---
--- Guide: Scaling the Service > Manual Scaling, Monitor Scaling, Scaling Considerations.
---
--- Differs from the guide: where automatic scaling is on it has the last word, with the next alarm. A count outside of its range stays until
--- then, and is refused all the same (Amazon ECS Developer Guide, "Automatically scale your Amazon ECS service"). "Consistently" is every minute
--- of the time looked at.

local autoscaling = require "autoscaling"
local aws = require "aws"
local checklist = require "checklist"
local ecs = require "ecs"
local elb = require "elb"
local metrics = require "metrics"
local service = require "service"

-- ---- advice

local INCREASING = 1.5 -- the last third of the time against the first
local ERRORS_THAT_COUNT = 0.01

local function consider_level(add, name, points, high, low)
  local mean, highest = metrics.mean(points), metrics.highest(points)
  local text = mean and ("%.1f%% on average, %.1f%% at most"):format(mean, highest) or "nothing was measured"
  if metrics.consistently(points, "above", high) then
    add(name, text, "up", ("consistently above %d%%"):format(high))
  elseif metrics.consistently(points, "below", low) then
    add(name, text, "down", ("consistently below %d%%"):format(low))
  else
    add(name, text, "stay", mean and ("neither consistently above %d%% nor below %d%%"):format(high, low) or "no data")
  end
  return mean
end

local function consider_trend(add, name, series, unit, counts)
  local trend, last = metrics.trend(series), series[#series] and series[#series][2]
  local times = trend == math.huge and "none before" or trend and ("%.1f times what it was"):format(trend)
  local text = trend and ("%s now, %s"):format(unit(last), times) or "too little was measured"
  if trend and trend >= INCREASING and counts(last) then
    add(name, text, "up", "increasing")
  else
    add(name, text, "stay", trend and "not increasing" or "no data")
  end
end

local function read_all(p)
  local which, range = { cluster = p.cluster, service = p.service }, { since = time.now() - p.period, period = 60 }
  local of_service, balancer = metrics.of_service(which), elb.load_balancer(p.target_group)
  local of_group = balancer and metrics.of_target_group(p.target_group, balancer) or {}
  local function read(metric) return metric and metrics.read(metric, range) or {} end
  return {
    cpu = read(of_service.cpu), memory = read(of_service.memory), latency = read(of_group.latency), errors = read(of_group.errors),
    requests = read(of_group.requests),
  }
end

-- As target tracking works it out: so many that the mean would be at the limit.
local function wanted_count(p, desired, cpu, memory, verdict)
  local needed = math.ceil(desired * math.max((cpu or 0) / 70, (memory or 0) / 80))
  if verdict == "up" then return math.min(p.max, math.max(desired + 1, needed)) end
  if verdict == "down" then return math.max(p.min, math.min(desired - 1, math.max(needed, 1))) end
  return desired
end

local function advise(rb, p, desired)
  local rows, ups, downs, seen = {}, {}, 0, read_all(p)
  local function add(name, figure, verdict, why)
    rows[#rows + 1] = { name, figure, verdict, why }
    if verdict == "up" then ups[#ups + 1] = name end
    if verdict == "down" then downs = downs + 1 end
  end
  local cpu = consider_level(add, "CPU", seen.cpu, 70, 30)
  local memory = consider_level(add, "memory", seen.memory, 80, 40)
  consider_trend(add, "request latency", metrics.series(seen.latency, "Average"), function(v) return ("%.2f s"):format(v) end, function() return true end)
  consider_trend(add, "error rate", metrics.share(seen.errors, seen.requests), function(v) return ("%.1f%%"):format(100 * v) end,
    function(v) return v >= ERRORS_THAT_COUNT end)
  rb:table(("The guide's considerations, over %s"):format(time.format_duration(math.floor(p.period))), { "what", "figure", "says", "because" }, rows)

  local verdict = #ups > 0 and "up" or downs == 2 and "down" or "stay"
  local count = wanted_count(p, desired, cpu, memory, verdict)
  if count == desired and verdict ~= "stay" then
    rb:note("advice: stay at %d, the %s; %s", desired, verdict == "up" and "maximum" or "minimum", verdict == "up" and "more needs --max, or larger tasks" or "smaller tasks would cost less")
  elseif verdict == "up" then
    rb:note("advice: scale up to %d, for %s; gwrun scale --count %d", count, table.concat(ups, ", "), count)
    if ups[1] == "error rate" then rb:warn("errors that come with a deployment do not go away with more tasks: see gwrun diagnose first") end
  elseif verdict == "down" then
    rb:note("advice: scale down to %d, CPU and memory are consistently low; gwrun scale --count %d", count, count)
  else
    rb:note("advice: stay at %d", desired)
  end
end

-- ---- scaling

local function check_automatic(rb, p, which)
  local target = autoscaling.target(which)
  if not target then return end
  local suspended = target.SuspendedState or {}
  if suspended.DynamicScalingInSuspended and suspended.DynamicScalingOutSuspended then
    rb:note("automatic scaling is suspended: its policies do not change the count")
    return
  end
  if p.count < target.MinCapacity or p.count > target.MaxCapacity then
    local text = ("outside of the %d to %d tasks of automatic scaling, which goes there with the next alarm"):format(target.MinCapacity, target.MaxCapacity)
    if not p.override then
      rb:refuse("--count %d: %s; move its limits with gwrun autoscaling --action set, or add --override", p.count, text)
    end
    rb:warn("%d is %s", p.count, text)
  end
  for _, policy in ipairs(autoscaling.policies(which)) do
    rb:warn("automatic scaling is on and may change the count again: policy %s %s", policy.PolicyName, autoscaling.describe_policy(policy))
  end
end

local function describe_size(definition, count)
  local cpu, memory = tonumber(definition.cpu), tonumber(definition.memory)
  if not cpu or not memory then return ("%d tasks"):format(count) end
  return ("%d x %g vCPU and %g GB = %g vCPU and %g GB"):format(count, cpu / 1024, memory / 1024, count * cpu / 1024, count * memory / 1024)
end

local function set_count(rb, p, which, before)
  local definition = aws.ecs.describe_task_definition { taskDefinition = before.revision }.taskDefinition
  local function desired() return ecs.get_service(which).desiredCount end
  local function set(count) aws.ecs.update_service { cluster = which.cluster, service = which.service, desiredCount = count } end
  rb:step(("Scale to %d"):format(p.count), {
    confirm = ("desiredCount: %d -> %d (%s)"):format(before.count, p.count, describe_size(definition, p.count)),
    check = function() return desired() == p.count end,
    change = function() set(p.count) end,
    undo = { check = function() return desired() == before.count end, change = function() set(before.count) end },
  })
end

return {
  title   = "Scale",
  summary = "Sets how many tasks run and watches until they do; or, with --advise, says from live metrics how many there should be.",
  guide   = "Scaling the Service > Manual Scaling",
  region  = service.region,
  production = service.production,

  params = service.params({ "cluster", "service", "target_group", "min", "max" }, {
    count    = { type = "integer", min = 0, help = "tasks wanted", example = "2" },
    advise   = { type = "boolean", default = false, help = "apply the guide's considerations to live metrics, and say why" },
    period   = { type = "duration", default = "30m", min = "6m", max = "1d", help = "of which time --advise looks at the metrics" },
    override = { type = "boolean", default = false, help = "also against the limits of automatic scaling" },
    settle   = { type = "duration", default = "15m", min = 1, help = "how long to wait until they run" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:UpdateService",
      "elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTargetGroups", "cloudwatch:GetMetricStatistics",
      "application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies",
    },
  },

  lock = "ecs:{cluster}/{service}",

  targets = function(p) return { ecs.exists { cluster = p.cluster, service = p.service }, elb.exists(p.target_group) } end,

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    if not p.count and not p.advise then rb:refuse("say how many (--count N), or ask (--advise)") end
    if p.count and (p.count < p.min or p.count > p.max) then
      rb:refuse("--count %d: outside of %d to %d; --min and --max move the limits", p.count, p.min, p.max)
    end
    local now = ecs.get_service(which)
    rb:note("present: %d desired, %d running, %d pending", now.desiredCount, now.runningCount, now.pendingCount or 0)
    if p.advise then advise(rb, p, now.desiredCount) end
    if not p.count then return end

    local before = rb:decide("What is there now", function() return { count = now.desiredCount, revision = now.taskDefinition } end)
    check_automatic(rb, p, which)
    rb:watch(ecs.watched(which))
    set_count(rb, p, which, before)
    rb:try_wait(("%d tasks run"):format(p.count), function()
      local service_now = ecs.get_service(which)
      local text = ("%d running, %d desired, %d pending"):format(service_now.runningCount, service_now.desiredCount, service_now.pendingCount or 0)
      local hindrance = ecs.hindrance(service_now)
      if hindrance then text = ("%s; %s"):format(text, hindrance) end
      local is_so = service_now.runningCount == p.count and service_now.desiredCount == p.count and (service_now.pendingCount or 0) == 0
      return is_so and "done" or "waiting", text
    end, { timeout = p.settle })
    rb:checklist("After scaling", { checklist.count(which), checklist.healthy(which, p.settle), checklist.targets(which, p.target_group, p.settle) })
  end,
}
