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
local checklist = require "checklist"
local ecs = require "ecs"
local elb = require "elb"
local logs = require "logs"
local revisions = require "revisions"
local rollout = require "rollout"
local service = require "service"

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
    confirm = function() return ("stop %d: %s"):format(#tasks, checklist.describe_tasks(tasks)) end,
    change = function()
      for _, task in ipairs(tasks) do
        aws.ecs.stop_task { cluster = p.cluster, task = task.taskArn, reason = p.reason }
      end
    end,
  })
end

-- The revision to return to.
local function choose_target(rb, which, p, current)
  local family = ecs.family(current)
  if p.revision then
    rb:note("target: %s:%d, as asked for", family, p.revision)
    return p.revision
  end
  local arn, why = revisions.choose(which, current)
  if not arn then rb:refuse("no revision to return to: %s; name one with --revision", why) end
  rb:note("target: %s, %s", ecs.short(arn), why)
  return ecs.revision(arn)
end

local function warn_of_risks(rb, p, now, target)
  rollout.check_breaker(rb, now)
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

return {
  title   = "Emergency rollback",
  summary = "Points the service at the last revision proven good, stops the tasks of the bad one, and proves that it took.",
  guide   = "Rollback Procedures > Emergency Rollback (Immediate)",
  region  = service.region,
  production = service.production,

  params = service.notifying({ "cluster", "service", "target_group", "log_group", "health_url" }, {
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
      "elasticloadbalancing:DescribeTargetHealth", "logs:DescribeLogGroups", "logs:FilterLogEvents", "logs:GetLogEvents",
    },
    aws_if = { sns = { "sns:Publish" } },
    http = { "{health_url}", table.unpack(service.message_hosts) },
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
    local before = rb:decide("What is there now", function() return rollout.present(which) end)
    local revision = rb:decide("The revision to return to", function() return choose_target(rb, which, p, before.revision) end)
    local target = revisions.get_deployable(("%s:%d"):format(ecs.family(before.revision), revision))
    local arn = target.taskDefinitionArn
    warn_of_risks(rb, p, now, target)
    rb:watch(ecs.watched(which))
    local told = { title = "Emergency rollback", service = p.service }
    told.text = ("%s -> %s"):format(ecs.short(before.revision), ecs.short(arn))
    rb:notify(service.message(p, "begun", told, { severity = "critical", key = p.service }))

    local deployment
    if p.order == "stop-first" then
      stop_tasks(rb, which, p, nil)
      deployment = rollout.deploy(rb, "Point the service at " .. ecs.short(arn), which, before, arn)
    else
      deployment = rollout.deploy(rb, "Point the service at " .. ecs.short(arn), which, before, arn)
      stop_tasks(rb, which, p, arn)
    end

    local steady = rollout.watch(rb, which, deployment, { timeout = p.settle, log_group = p.log_group })
    local results = rb:checklist("Rollback checklist", checklist.rollback(which, p, target, since))
    local is_well = steady and checklist.is_satisfied(results)
    rb:notify(service.message(p, is_well and "done" or "failed", told, { severity = is_well and "info" or "critical", key = p.service, resolved = is_well }))
  end,
}
