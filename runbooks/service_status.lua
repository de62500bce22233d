--- Service status: does it run, is it healthy, and what happened last?
---
--- Guide: Viewing Service Status (Quick Status Check, Detailed Service Information, Task Status, Health Check Status, ALB Target
--- Health, Service Discovery Status, CloudWatch Metrics).
---
--- Differs from the guide: deployments are called new and old, for PRIMARY is the newest one and not "the one that serves"; all tasks
--- are shown, not the first; a rollback that ECS did by itself is told. Whatever is not as it should be ends with exit code 3.

local aws = require "aws"
local ecs = require "ecs"
local metrics = require "metrics"
local revisions = require "revisions"
local service = require "service"
local status = require "status"

local function ago(at)
  return at and ("%s ago"):format(time.format_duration(math.max(0, math.floor(time.now() - at))))
end

local function show_service(rb, state, p)
  local now = state.service
  rb:table(("%s in %s"):format(p.service, p.cluster), { "status", "running", "desired", "pending", "healthy tasks", "healthy targets", "revision" }, { {
    now.status, now.runningCount, now.desiredCount, now.pendingCount or 0, status.healthy_tasks(state), state.unread.targets and "?" or status.healthy_targets(state),
    ecs.short(now.taskDefinition),
  } })
end

local function show_events(rb, state, p)
  local rows = {}
  for i = 1, math.min(p.events, #(state.service.events or {})) do
    local event = state.service.events[i]
    rows[i] = { time.iso(math.floor(event.createdAt)), ago(event.createdAt), (event.message:gsub("^%(service [^)]*%) ", "")) }
  end
  rb:table("Last events", { "when", "", "event" }, rows)
end

local SIDE = { PRIMARY = "new", ACTIVE = "old", INACTIVE = "gone", DRAINING = "old, draining" }

local function show_deployments(rb, state)
  local rows = {}
  for i, one in ipairs(state.service.deployments or {}) do
    rows[i] = {
      SIDE[one.status] or one.status, ecs.short(one.taskDefinition), one.rolloutState, ("%d/%d, %d pending, %d failed"):format(
        one.runningCount or 0, one.desiredCount or 0, one.pendingCount or 0, one.failedTasks or 0), ago(one.createdAt), one.rolloutStateReason,
    }
  end
  rb:table("Deployments", { "side", "revision", "rollout", "tasks", "begun", "reason" }, rows)
  local configuration = state.service.deploymentConfiguration or {}
  local breaker = configuration.deploymentCircuitBreaker or {}
  rb:note("a deployment keeps %d%% to %d%% of the tasks running; circuit breaker %s, rollback %s", configuration.minimumHealthyPercent or 100,
    configuration.maximumPercent or 200, breaker.enable and "on" or "off", breaker.rollback and "on" or "off")
end

local function show_definition(rb, state)
  local definition, rows = revisions.describe(state.service.taskDefinition), {}
  for i, container in ipairs(definition.containerDefinitions) do
    local check = container.healthCheck
    rows[i] = {
      container.name, container.image, check and ("every %ds, %d retries, startPeriod %ds"):format(check.interval or 30, check.retries or 3, check.startPeriod or 0),
      #(container.environment or {}), #(container.secrets or {}),
    }
  end
  rb:table(("Task definition %s: cpu %s, memory %s"):format(ecs.short(definition.taskDefinitionArn), definition.cpu or "-", definition.memory or "-"),
    { "container", "image", "health check", "variables", "secrets" }, rows)
end

local function show_tasks(rb, state)
  local rows = {}
  for i, task in ipairs(state.tasks) do
    rows[i] = {
      ecs.task_id(task.taskArn), ecs.short(task.taskDefinitionArn), task.lastStatus, task.healthStatus, status.address(task), task.cpu, task.memory,
      task.startedAt and time.iso(math.floor(task.startedAt)), ago(task.startedAt),
    }
  end
  rb:table("Tasks", { "task", "revision", "status", "health", "address", "cpu", "memory", "started", "" }, rows)
end

local function show_targets(rb, state)
  if state.unread.targets then return end
  local rows = {}
  for i, target in ipairs(state.targets) do
    local health = target.TargetHealth
    rows[i] = { target.Target.Id, target.Target.Port, target.HealthCheckPort, health.State, health.Reason, health.Description }
  end
  rb:table("Targets of the load balancer", { "address", "port", "checked on", "state", "reason", "description" }, rows)
end

local function show_discovery(rb, state, p)
  if state.unread.instances then return end
  local found, rows = aws.servicediscovery.get_service { Id = p.discovery_service }.Service, {}
  for i, instance in ipairs(state.instances or {}) do
    local attributes = instance.Attributes or {}
    rows[i] = { instance.Id, attributes.AWS_INSTANCE_IPV4, attributes.AWS_INSTANCE_PORT, attributes.AWS_INIT_HEALTH_STATUS }
  end
  rb:table(("Service discovery: %s, %d instances"):format(found.Name, found.InstanceCount or #rows), { "instance", "address", "port", "initial health" }, rows)
end

local function show_metrics(rb, p)
  local known = metrics.of_service { cluster = p.cluster, service = p.service }
  local range = { since = time.now() - p.metrics_of }
  for _, one in ipairs { { known.cpu, 70 }, { known.memory, 80 } } do
    local points, period = metrics.read(one[1], range)
    metrics.plot(rb, one[1], points, { since = range.since, period = period, limits = { { name = "high", value = one[2] } } })
  end
end

local function show(rb, p)
  local state = status.read({ cluster = p.cluster, service = p.service }, p)
  show_service(rb, state, p)
  if p.detail then show_deployments(rb, state) end
  if p.detail then show_definition(rb, state) end
  if p.detail or p.tasks then show_tasks(rb, state) end
  if p.detail then
    show_targets(rb, state)
    show_discovery(rb, state, p)
  end
  show_events(rb, state, p)
  if p.detail then show_metrics(rb, p) end
  return status.judge(state)
end

return {
  title   = "Service status",
  summary = "Shows whether the service runs and is healthy, and what happened last; with --detail all there is to see of it.",
  guide   = "Viewing Service Status",
  region  = service.region,

  params = service.params({ "cluster", "service", "target_group", "discovery_service" }, {
    detail     = { type = "boolean", default = false, help = "also deployments, task definition, tasks, targets, service discovery and metrics" },
    tasks      = { type = "boolean", default = false, help = "also the tasks" },
    events     = { type = "integer", min = 0, max = 100, default = 5, help = "how many of the last events" },
    metrics_of = { type = "duration", default = "1h", min = "5m", help = "of which time --detail shows metrics" },
    watch      = { type = "boolean", default = false, help = "again and again, in place, until Ctrl-C" },
    every      = { type = "duration", default = "5s", min = 1, help = "how often with --watch" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition", "elasticloadbalancing:DescribeTargetHealth",
      "servicediscovery:ListInstances", "servicediscovery:GetService", "cloudwatch:GetMetricStatistics",
    },
  },

  run = function(rb, p)
    if p.watch then
      return rb:live(function()
        for _, finding in ipairs(show(rb, p)) do rb:warn("%s", finding.text) end
      end, { every = p.every, redraw = true })
    end
    local findings = show(rb, p)
    for _, finding in ipairs(findings) do rb:found(finding) end
    if #findings == 0 then rb:note("all is as it should be") end
  end,
}
