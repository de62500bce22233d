--- Emergency rollback: the service is in a critical state, put the last good revision back now.
---
--- Guide: Rollback Procedures > Emergency Rollback (Immediate), and its Rollback Checklist.
---
--- Differs from the guide in the order. The guide stops every task first and changes the service after; but ECS replaces a
--- stopped task with the revision that is still configured, the bad one, and a healthy old task would be stopped too. Here
--- the service is pointed at the good revision first, so that whatever ECS starts from then on is good, and only tasks of
--- other revisions are stopped. The guide's order is there as `--order stop-first`. What the simulator measures
--- (tests/runbooks/rollback_order.lua, 5 requests a second): with one healthy old task left update-first loses no request,
--- stop-first about 150; with nothing but bad tasks left both lose the same.

local aws = require "aws"
local ecs = require "ecs"
local elb = require "elb"
local http = require "http"
local logs = require "logs"
local service = require "service"

local function task_list(tasks)
  local lines = {}
  for i, task in ipairs(tasks) do
    lines[i] = ("%s (%s, %s)"):format(ecs.task_id(task.taskArn), ecs.short(task.taskDefinitionArn), task.healthStatus or "health unknown")
  end
  return table.concat(lines, ", ")
end

-- With the service already on the target, a task of the target's revision is what we want to keep.
local function tasks_to_stop(which, keep)
  local tasks = {}
  for _, task in ipairs(ecs.list_tasks(which)) do
    if not keep or ecs.short(task.taskDefinitionArn) ~= ecs.short(keep) then tasks[#tasks + 1] = task end
  end
  return tasks
end

local function stop_tasks(rb, which, p, keep)
  local tasks = tasks_to_stop(which, keep)
  rb:step(keep and "Stop the tasks of other revisions" or "Stop every task", {
    check = function() return #tasks == 0 and "no such task is running" end,
    confirm = function() return ("stop %d: %s"):format(#tasks, task_list(tasks)) end,
    change = function()
      for _, task in ipairs(tasks) do
        aws.ecs.stop_task { cluster = p.cluster, task = task.taskArn, reason = p.reason }
      end
    end,
  })
end

local function update_service(rb, which, p, before, target)
  local function deploy(revision)
    return ecs.begun_deployment(aws.ecs.update_service {
      cluster = p.cluster, service = p.service, taskDefinition = revision, forceNewDeployment = true,
    })
  end
  -- Only after a crash: the service may be on the target already and still be told to deploy it anew.
  local function has_begun(uncertain, revision, deployment)
    return uncertain and ecs.deployment_since(which, revision, deployment)
  end
  return rb:step("Point the service at " .. ecs.short(target), {
    confirm = ("taskDefinition: %s -> %s, with a forced new deployment"):format(ecs.short(before.revision), ecs.short(target)),
    check = function(uncertain) return has_begun(uncertain, target, before.deployment) end,
    change = function() return deploy(target) end,
    undo = {
      check = function(uncertain, begun) return has_begun(uncertain, before.revision, begun) end,
      change = function() deploy(before.revision) end,
    },
  })
end

-- The revision to return to.
local function choose_target(rb, which, p, current)
  local family = ecs.family(current)
  if p.revision then
    rb:note("target: %s:%d, as asked for", family, p.revision)
    return p.revision
  end
  local arn, why = ecs.choose_rollback(which, current)
  if not arn then rb:refuse("no revision to return to: %s; name one with --revision", why) end
  rb:note("target: %s, %s", ecs.short(arn), why)
  return ecs.revision(arn)
end

local function warn_of_risks(rb, p, now, target)
  local breaker = (now.deploymentConfiguration or {}).deploymentCircuitBreaker
  if not (breaker and breaker.enable and breaker.rollback) then
    rb:warn("the deployment circuit breaker is off: ECS does not roll back by itself")
  end
  if p.order == "stop-first" then
    rb:warn("stop-first: until the service is updated ECS replaces each stopped task with the present revision %s, and healthy tasks are stopped too",
      ecs.short(now.taskDefinition))
  end
  for _, container in ipairs(target.containerDefinitions) do
    if container.image:match(":latest$") or not container.image:match("[:@][^/]+$") then
      rb:warn("image %s has a tag that moves: it may be another image than the one that ran before", container.image)
    end
  end
end

local function verify(rb, which, p, target, since)
  local function service_now() return ecs.get_service(which) end
  local function desired() return service_now().desiredCount end
  local short = ecs.short(target.taskDefinitionArn)

  rb:checklist("Rollback checklist", {
    {
      text = "the service and all its tasks run " .. short,
      within = "1m",
      probe = function()
        local found = ecs.short(service_now().taskDefinition)
        local others = tasks_to_stop(which, target.taskDefinitionArn)
        if #others > 0 then return false, "other tasks: " .. task_list(others) end
        return found == short, "service on " .. found
      end,
    },
    {
      text = "running tasks match the desired count",
      probe = function()
        local now = service_now()
        return now.runningCount == now.desiredCount and (now.pendingCount or 0) == 0,
            ("%d running, %d desired, %d pending"):format(now.runningCount, now.desiredCount, now.pendingCount or 0)
      end,
    },
    {
      text = "every task's health is HEALTHY",
      within = p.settle,
      probe = function()
        local tasks = ecs.list_tasks(which)
        for _, task in ipairs(tasks) do
          if task.healthStatus ~= "HEALTHY" then return false, task_list(tasks) end
        end
        return #tasks >= desired(), ("%d healthy"):format(#tasks)
      end,
    },
    { text = "the load balancer's targets are healthy", within = p.settle, probe = elb.healthy(p.target_group, desired) },
    { text = "the health endpoint answers", within = "1m", probe = http.answers(p.health_url) },
    {
      text = "the new tasks log no errors",
      probe = logs.no_errors(function()
        local streams = ecs.log_streams(target, ecs.list_tasks(which))
        return { group = p.log_group, streams = #streams > 0 and streams or nil, since = since }
      end),
    },
    { text = "document the incident and its root cause", manual = true },
    { text = "plan a fix for what caused the rollback", manual = true },
  })
end

return {
  title   = "Emergency rollback",
  summary = "Points the service at the last revision proven good, stops the tasks of the bad one, and proves that it took.",
  guide   = "Rollback Procedures > Emergency Rollback (Immediate)",
  region  = service.region,
  production = service.production,

  params = service.params({ "cluster", "service", "target_group", "log_group", "health_url" }, {
    revision = {
      type = "integer", min = 1,
      help = "revision to return to; default: the last one proven good",
    },
    order = {
      type = "enum", values = { "update-first", "stop-first" }, default = "update-first",
      help = "update-first is safer; stop-first is the guide's order",
    },
    reason = { type = "string", default = "Emergency rollback", help = "reason that ECS records with each stopped task" },
    settle = { type = "duration", default = "15m", min = 1, help = "how long to wait for the steady state" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListTasks", "ecs:DescribeTasks",
      "ecs:ListServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:UpdateService", "ecs:StopTask",
      "elasticloadbalancing:DescribeTargetHealth", "logs:DescribeLogGroups", "logs:FilterLogEvents",
    },
    http = { "{health_url}" },
  },

  lock = "ecs:{cluster}/{service}",

  targets = function(p)
    return { ecs.exists { cluster = p.cluster, service = p.service }, elb.exists(p.target_group), logs.exists(p.log_group) }
  end,

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    local now = ecs.get_service(which)
    local since = rb:decide("When it began", time.now)
    rb:note("present: %s, %d of %d tasks running", ecs.short(now.taskDefinition), now.runningCount, now.desiredCount)

    -- After the change the service has another revision; a run that goes on must not choose again.
    local before = rb:decide("What is there now", function()
      return { revision = now.taskDefinition, deployment = (ecs.primary(now) or {}).id }
    end)
    local revision = rb:decide("The revision to return to", function() return choose_target(rb, which, p, before.revision) end)
    local target = ecs.get_deployable(ecs.family(before.revision), revision)
    warn_of_risks(rb, p, now, target)
    rb:watch(ecs.watched(which))

    local deployment
    if p.order == "stop-first" then
      stop_tasks(rb, which, p, nil)
      deployment = update_service(rb, which, p, before, target.taskDefinitionArn)
    else
      deployment = update_service(rb, which, p, before, target.taskDefinitionArn)
      stop_tasks(rb, which, p, target.taskDefinitionArn)
    end

    rb:try_wait("The new deployment is steady", ecs.rollout(which, deployment), { timeout = p.settle })
    verify(rb, which, p, target, since)
  end,
}
