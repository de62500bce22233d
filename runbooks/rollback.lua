--- Rollback: take the service back to a revision that is known to be good, with its image as it was.
---
--- Guide: Rollback Procedures > Automatic Rollback, Manual Rollback to Previous Revision, Rollback Verification.
---
--- Differs from the guide: it names a number; here the deployments that ended well say which revision was good last. A tag may point
--- to another image by now than the one that ran: then a copy of the revision is registered with the image's digest, and that is
--- deployed. "ECS automatically rolls back" is true only with the circuit breaker on; whether it is, is said.

local aws = require "aws"
local checklist = require "checklist"
local cloudtrail = require "cloudtrail"
local ecs = require "ecs"
local elb = require "elb"
local logs = require "logs"
local revisions = require "revisions"
local rollout = require "rollout"
local service = require "service"

local OUTCOMES = {
  SUCCESSFUL = "good", ROLLBACK_SUCCESSFUL = "rolled back", ROLLBACK_FAILED = "rollback failed", IN_PROGRESS = "in progress",
  ROLLBACK_IN_PROGRESS = "being rolled back", STOPPED = "stopped",
}

local function short_digest(deployment)
  local digest = (deployment.images[1] or {}).digest
  return digest and digest:sub(8, 19)
end

local function show_history(rb, which, history, proven)
  local good, rows = {}, {}
  for _, deployment in ipairs(proven) do good[deployment] = true end
  local who = cloudtrail.callers { action = "UpdateService", mentions = { which.cluster, which.service } }
  for i = 1, math.min(#history, 10) do
    local one = history[i]
    local outcome = OUTCOMES[one.status] or one.status
    if one.status == "SUCCESSFUL" and not good[one] then outcome = "steady, then left for an older one" end
    rows[i] = { time.iso(math.floor(one.created_at)), ecs.short(one.task_definition), short_digest(one), outcome, who(one.created_at) }
  end
  rb:table("The last deployments", { "when", "revision", "image", "outcome", "by" }, rows)
end

-- What --to names: a revision, or the one that ran with a digest.
local function find_named(rb, p, history, family)
  local digest = p.to:match "^sha256:(%x+)$"
  if digest then
    for _, one in ipairs(history) do
      for _, image in ipairs(one.images) do
        if (image.digest or ""):sub(8, 7 + #digest) == digest then return one.task_definition end
      end
    end
    rb:refuse("--to %s: no deployment of the last 90 days ran that image", p.to)
  end
  local number = p.to:match "^(%d+)$" or p.to:match("^" .. family:gsub("%p", "%%%0") .. ":(%d+)$")
  if not number then rb:refuse("--to %s: expected a revision of %s (\"5\") or a digest (\"sha256:9f3c...\")", p.to, family) end
  return revisions.get_deployable(("%s:%s"):format(family, number)).taskDefinitionArn
end

local function last_run(history, task_definition)
  for _, one in ipairs(history) do
    if ecs.short(one.task_definition) == ecs.short(task_definition) then return one end
  end
end

-- The revision to return to, and the deployment that ran it last.
local function choose(rb, p, current, history, proven)
  local good = revisions.last_good(proven, current)
  if not p.to then
    if good then return good.task_definition end
    rb:refuse("no deployment of another revision ended well in the last 90 days; name a revision with --to N --override")
  end
  local arn = find_named(rb, p, history, ecs.family(current))
  for _, one in ipairs(proven) do
    if ecs.short(one.task_definition) == ecs.short(arn) then return arn end
  end
  if p.override then
    rb:warn("%s was never proven good, and is taken all the same (--override)", ecs.short(arn))
    return arn
  end
  local ran = last_run(history, arn)
  rb:refuse("%s was never proven good (%s); take %s, or add --override", ecs.short(arn),
    ran and "its last deployment: " .. (OUTCOMES[ran.status] or ran.status) or "no deployment of it is known",
    good and ecs.short(good.task_definition) or "another")
end

-- The images whose tag points elsewhere than when the revision ran: container -> image by digest.
local function find_pins(rb, target, ran)
  local pins = {}
  for _, container in ipairs(target.containerDefinitions) do
    local digest
    for _, image in ipairs(ran and ran.images or {}) do
      if image.container == container.name then digest = image.digest end
    end
    local now, why, code = revisions.present_digest(container.image)
    if container.image:find("@sha256:", 1, true) then
      if code == "ImageNotFoundException" then rb:refuse("the image %s is not in the registry any more", container.image) end
    elseif digest and now ~= digest then
      local pinned = ("%s@%s"):format(container.image:match "^(.*):[^:/]+$" or container.image, digest)
      local _, problem, missing = revisions.present_digest(pinned)
      if missing == "ImageNotFoundException" then rb:refuse("the image that %s ran is not in the registry any more: %s", container.name, problem) end
      pins[container.name] = pinned
      rb:note("%s points to %s now; it ran with %s: pinned to that", container.image, now and now:sub(8, 19) or "no image", digest:sub(8, 19))
    elseif not now and code == "ImageNotFoundException" then
      rb:refuse("the image %s is not in the registry any more", container.image)
    elseif not now then
      rb:warn("image %s: %s", container.image, why)
    elseif not digest then
      rb:warn("image %s: with which digest it ran is not known; the tag is taken as it is", container.image)
    end
  end
  return pins
end

local function with_pins(target, pins)
  local input = revisions.registration(target)
  for _, container in ipairs(input.containerDefinitions) do container.image = pins[container.name] or container.image end
  return input
end

local function register_copy(rb, target, wanted)
  return rb:step("Register a copy of " .. ecs.short(target.taskDefinitionArn) .. " with its image pinned", {
    confirm = table.concat(revisions.lines(revisions.differences(target, wanted)), "; "),
    check = function() return revisions.find_same(wanted) end,
    change = function() return aws.ecs.register_task_definition(wanted).taskDefinition.taskDefinitionArn end,
    undo = function(arn)
      if arn then aws.ecs.deregister_task_definition { taskDefinition = arn } end
    end,
  })
end

return {
  title   = "Rollback",
  summary = "Takes the service back to the last revision proven good, or another, with the image that ran, and proves that it took.",
  guide   = "Rollback Procedures > Manual Rollback to Previous Revision",
  region  = service.region,
  production = service.production,

  params = service.params({ "cluster", "service", "target_group", "log_group", "health_url" }, {
    to       = { type = "string", help = "revision (5) or image (sha256:9f3c...); default: the last one proven good", example = "2" },
    override = { type = "boolean", default = false, help = "also one that was never proven good" },
    settle   = { type = "duration", default = "15m", min = 1, help = "how long to wait for the steady state" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListTasks", "ecs:DescribeTasks",
      "ecs:ListServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition",
      "ecs:UpdateService", "iam:PassRole", "ecr:DescribeImages", "cloudtrail:LookupEvents",
      "elasticloadbalancing:DescribeTargetHealth", "logs:DescribeLogGroups", "logs:FilterLogEvents", "logs:GetLogEvents",
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
    local before = rb:decide("What is there now", function() return rollout.present(which) end)
    rb:note("present: %s, %d of %d tasks running", ecs.short(before.revision), now.runningCount, now.desiredCount)
    if rollout.is_rolling_back(now) then rb:note("ECS is rolling back by itself: %s", ecs.primary(now).rolloutStateReason) end
    rollout.check_breaker(rb, now)

    local chosen = rb:decide("The revision to return to", function()
      local history = revisions.history(which)
      local proven = revisions.proven(which, history)
      show_history(rb, which, history, proven)
      local arn = choose(rb, p, before.revision, history, proven)
      return { arn = arn, pins = find_pins(rb, revisions.get_deployable(arn), last_run(history, arn)) }
    end)
    local target = revisions.get_deployable(chosen.arn)
    rb:note("target: %s", ecs.short(chosen.arn))
    if ecs.short(chosen.arn) == ecs.short(before.revision) and not next(chosen.pins) then
      rb:note("the service is on it already: nothing to do")
      return
    end
    rb:watch(ecs.watched(which))

    local wanted = with_pins(target, chosen.pins)
    local arn = next(chosen.pins) and register_copy(rb, target, wanted) or chosen.arn
    local deployment = rollout.deploy(rb, "Point the service at " .. ecs.short(arn), which, before, arn,
      { lines = revisions.lines(revisions.differences(revisions.describe(before.revision), wanted)) })
    if not rollout.watch(rb, which, deployment, { timeout = p.settle, log_group = p.log_group }) or rb.planning then return end
    rb:checklist("Rollback checklist", checklist.rollback(which, p, revisions.describe(arn), since))
  end,
}
