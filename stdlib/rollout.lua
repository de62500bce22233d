--- Deployments of a service: begun by a step, watched by their id, judged, and explained when their tasks fail.

local aws = require "aws"
local causes = require "causes"
local ecs = require "ecs"
local elb = require "elb"
local failure = require "failure"
local logs = require "logs"
local revisions = require "revisions"

local rollout = {}

---The deployment that an UpdateService has begun.
---@param answer table as UpdateService answers
---@return string id
function rollout.begun(answer)
  local deployment = ecs.primary(answer.service or {})
  if not deployment then
    failure.raise("protocol", "ecs:UpdateService: the answer lacks the deployment; whether it has begun is not known")
  end
  return deployment.id
end

---Whether a deployment of the revision has begun since another one, told by its id: UpdateService takes no token by which a call
---of which nobody knows the outcome could be told.
---@param which ServiceName
---@param revision string task definition ARN
---@param deployment? string the id of the one before
---@return string|false id false: there is none, the service is as it was
function rollout.since(which, revision, deployment)
  local primary = ecs.primary(ecs.get_service(which)) or {}
  if primary.id == deployment then return false end
  if ecs.short(primary.taskDefinition or "") == ecs.short(revision) then return primary.id end
  failure.raise("uncertain", "service '%s': deployment %s of %s has begun meanwhile; look what it is before going on",
    which.service, tostring(primary.id), ecs.short(primary.taskDefinition or "?"))
end

-- ---- beginning one

---What a service runs now, for `rb:decide` before it is changed.
---@param which ServiceName
---@return { revision: string, deployment?: string }
function rollout.present(which)
  local service = ecs.get_service(which)
  return { revision = service.taskDefinition, deployment = (ecs.primary(service) or {}).id }
end

---A step that deploys a revision to the service, with a forced new deployment; its undo deploys what was there before. The same
---revision anew has none unless it is given: what its tag pointed to before is gone.
---@param rb Run
---@param name string of the step
---@param which ServiceName
---@param before { revision: string, deployment?: string } as `rollout.present` tells
---@param target string task definition ARN
---@param more? { lines?: string[], undo?: Undo } for the operator, besides what changes; the undo of the same revision anew
---@return string id of the deployment
function rollout.deploy(rb, name, which, before, target, more)
  more = more or {}
  local function deploy(revision)
    return rollout.begun(aws.ecs.update_service {
      cluster = which.cluster, service = which.service, taskDefinition = revision, forceNewDeployment = true,
    })
  end
  -- Only after a crash: the service may be on the target already and still be told to deploy it anew.
  local function has_begun(uncertain, revision, deployment)
    return uncertain and rollout.since(which, revision, deployment)
  end
  local is_same = ecs.short(before.revision) == ecs.short(target)
  local confirm = is_same and ("taskDefinition stays %s; a forced new deployment replaces every task"):format(ecs.short(target))
      or ("taskDefinition: %s -> %s, with a forced new deployment"):format(ecs.short(before.revision), ecs.short(target))
  if more.lines and #more.lines > 0 then confirm = confirm .. "; " .. table.concat(more.lines, "; ") end
  return rb:step(name, {
    confirm = confirm,
    check = function(uncertain) return has_begun(uncertain, target, before.deployment) end,
    change = function() return deploy(target) end,
    undo = is_same and more.undo or not is_same and {
      check = function(uncertain, begun) return has_begun(uncertain, before.revision, begun) end,
      change = function() deploy(before.revision) end,
    } or nil,
  })
end

---Deploys what the service has anew, so that its tasks read their secrets and settings again. Inside a step, or an undo.
---@param which ServiceName
---@return string id of the deployment
function rollout.redeploy(which)
  return rollout.begun(aws.ecs.update_service { cluster = which.cluster, service = which.service, forceNewDeployment = true })
end

---Warns where ECS would not roll back by itself: the circuit breaker is something that has to be turned on.
---@param rb Run
---@param service table as DescribeServices answers it
---@return boolean on
function rollout.check_breaker(rb, service)
  local breaker = (service.deploymentConfiguration or {}).deploymentCircuitBreaker
  if breaker and breaker.enable and breaker.rollback then return true end
  rb:warn("the deployment circuit breaker is %s: ECS does not roll back by itself",
    breaker and breaker.enable and "on without rollback" or "off")
  return false
end

-- ---- tasks that failed

---The tasks of a deployment that stopped, the newest first.
---@param which ServiceName
---@param deployment_id? string nil: of all
---@return table[] tasks
function rollout.stopped(which, deployment_id)
  local list = {}
  for _, task in ipairs(ecs.list_tasks(which, "STOPPED")) do
    if not deployment_id or task.startedBy == deployment_id then list[#list + 1] = task end
  end
  table.sort(list, function(a, b) return (a.stoppedAt or math.huge) > (b.stoppedAt or math.huge) end)
  return list
end

---Why a task stopped, in one line.
---@param task table
---@return string
function rollout.describe_stop(task)
  local text = ("task %s stopped: %s"):format(ecs.task_id(task.taskArn), task.stoppedReason or "no reason given")
  for _, container in ipairs(task.containers or {}) do
    if container.exitCode or container.reason then
      text = ("%s; container %s exit %s %s"):format(text, container.name, container.exitCode or "-", container.reason or "")
    end
  end
  return text
end

---Why the newest stopped task of a deployment stopped; nil when none did.
---@param which ServiceName
---@param deployment_id string
---@return string?
function rollout.explain_stopped(which, deployment_id)
  local newest = rollout.stopped(which, deployment_id)[1]
  return newest and rollout.describe_stop(newest)
end

---The last lines that a task logged; none where it did not get so far.
---@param task table
---@param task_definition table
---@param log_group string
---@param limit? integer default 20
---@return LogEvent[]
function rollout.last_lines(task, task_definition, log_group, limit)
  local lines = {}
  for _, stream in ipairs(ecs.log_streams(task_definition, { task })) do
    local ran, events = pcall(logs.tail, log_group, stream, limit or 20)
    if not ran and failure.plain(events).code ~= "ResourceNotFoundException" then error(events, 0) end
    for _, event in ipairs(ran and events or {}) do lines[#lines + 1] = event end
  end
  return lines
end

---What is probably behind a task that stopped: its log knows more than its reason.
---@param task table
---@param lines LogEvent[]
---@return Cause?
function rollout.cause_of(task, lines)
  for i = #lines, 1, -1 do
    local cause = causes.of(lines[i].message)
    if cause then return cause end
  end
  return causes.of(rollout.describe_stop(task))
end

---Shows a task that failed: reason, exit code, its last lines, what is probably the cause and what to do.
---@param rb Run
---@param task table
---@param log_group? string nil: without its lines
---@return Cause?
function rollout.show_failed(rb, task, log_group)
  local lines = log_group and rollout.last_lines(task, revisions.describe(task.taskDefinitionArn), log_group) or {}
  rb:warn("%s", rollout.describe_stop(task))
  local rows = {}
  for i, event in ipairs(lines) do rows[i] = { time.iso(event.timestamp // 1000), (event.message:gsub("%s*\n%s*", " | ")) } end
  if #rows > 0 then rb:table(("The last %d lines of task %s"):format(#rows, ecs.task_id(task.taskArn)), { "time", "line" }, rows) end
  local cause = rollout.cause_of(task, lines)
  if cause then rb:warn("likely cause: %s; %s", cause.cause, cause.advice) end
  return cause
end

-- ---- judging one

local function describe(service, mine)
  local old = 0
  for _, deployment in ipairs(service.deployments or {}) do
    if deployment.id ~= mine.id then old = old + (deployment.runningCount or 0) end
  end
  local text = ("new %d/%d running, %d pending, %d failed; old %d; rollout %s"):format(mine.runningCount or 0,
    mine.desiredCount or 0, mine.pendingCount or 0, mine.failedTasks or 0, old, mine.rolloutState or "not told")
  local hindrance = ecs.hindrance(service)
  return hindrance and ("%s; %s"):format(text, hindrance) or text
end

local function find_deployment(service, id)
  for _, deployment in ipairs(service.deployments or {}) do
    if deployment.id == id then return deployment end
  end
end

---Whether ECS goes, or went, back by itself to what is PRIMARY now.
---@param service table as DescribeServices answers it
---@return boolean
function rollout.is_rolling_back(service)
  return ((ecs.primary(service) or {}).rolloutStateReason or ""):find "rolling back" ~= nil
end

-- Another deployment took its place: the circuit breaker's rollback, a colleague, or a pipeline.
local function explain_replaced(which, service, id)
  local primary, why = ecs.primary(service), rollout.explain_stopped(which, id)
  local revision = primary and ecs.short(primary.taskDefinition) or "unknown"
  local tasks = why and ("; " .. why) or ""
  if rollout.is_rolling_back(service) then
    local mine = find_deployment(service, id) or {}
    return ("rolled back by the circuit breaker to %s (%d tasks failed%s)"):format(revision, mine.failedTasks or 0, tasks)
  end
  return ("deployment %s was replaced by %s (%s)%s"):format(id, primary and primary.id or "another", revision, tasks)
end

local function is_settled(service, mine)
  return #(service.deployments or {}) == 1 and service.runningCount == service.desiredCount
      and (mine.rolloutState == nil or mine.rolloutState == "COMPLETED")
end

---A probe for rb:wait: is this deployment, by its id, the steady state? The task definition alone proves nothing: a
---forced redeploy keeps it, and the circuit breaker makes the service steady again on the old one.
---@param which ServiceName
---@param deployment_id string
---@return fun(): string?, string?
function rollout.probe(which, deployment_id)
  return function()
    local service = ecs.get_service(which)
    local mine = find_deployment(service, deployment_id)
    if not mine or mine.status ~= "PRIMARY" then
      return "failed", explain_replaced(which, service, deployment_id)
    end
    if mine.rolloutState == "FAILED" then
      return "failed", ("deployment %s failed: %s; %s"):format(deployment_id, mine.rolloutStateReason or "no reason given",
        rollout.explain_stopped(which, deployment_id) or "no stopped task is on record")
    end
    local text = describe(service, mine)
    if is_settled(service, mine) then return "done", text end
    if (mine.failedTasks or 0) > 0 then
      text = text .. "; " .. (rollout.explain_stopped(which, deployment_id) or "")
    end
    return "waiting", text
  end
end

local STEP_OF_STATE = {
  { "initial", "new targets pass the load balancer's health checks" }, { "draining", "old targets finish their requests" },
}

-- "targets: 1 healthy, 1 initial: new targets pass the load balancer's health checks"
local function describe_targets(target_group)
  local counts, parts = {}, {}
  for _, target in ipairs(elb.list_targets(target_group)) do
    local state = target.TargetHealth.State
    counts[state] = (counts[state] or 0) + 1
  end
  for state, count in pairs(counts) do parts[#parts + 1] = ("%d %s"):format(count, state) end
  table.sort(parts)
  local text = "targets: " .. (#parts > 0 and table.concat(parts, ", ") or "none")
  for _, step in ipairs(STEP_OF_STATE) do
    if counts[step[1]] then return text .. ": " .. step[2] end
  end
  return text
end

---Watches a deployment to its end. The first task of it that fails is explained at once, not when the time is over. Where ECS goes
---back by itself the run ends as a problem, and waits until that is done: what serves then is known.
---@param rb Run
---@param which ServiceName
---@param deployment_id string
---@param how { timeout: number|string, log_group?: string, target_group?: string } with the target group the steps of the guide's zero-downtime deployment are told
---@return boolean? steady
function rollout.watch(rb, which, deployment_id, how)
  local probe, explained = rollout.probe(which, deployment_id), false
  local function explaining()
    local state, text = probe()
    if state == "waiting" and how.target_group then text = ("%s; %s"):format(text, describe_targets(how.target_group)) end
    local failed = not explained and state ~= "done" and rollout.stopped(which, deployment_id)[1]
    if failed then
      explained = true
      rollout.show_failed(rb, failed, how.log_group)
    end
    return state, text
  end
  local steady = rb:try_wait("The new deployment is steady", explaining, { timeout = how.timeout })
  if not steady and rollout.is_rolling_back(ecs.get_service(which)) then
    rb:accept_changes()
    rb:try_wait("ECS has gone back", function()
      local service = ecs.get_service(which)
      local primary = ecs.primary(service) or {}
      return is_settled(service, primary) and "done" or "waiting", describe(service, primary)
    end, { timeout = how.timeout })
  end
  return steady
end

return rollout
