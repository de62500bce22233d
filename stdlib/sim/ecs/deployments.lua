--- Rolling deployments of a service: their states, the circuit breaker, rollbacks, and the history that ECS keeps of them as
--- service deployments and service revisions.

local clock = require "sim.clock"
local images = require "sim.images"
local random = require "sim.random"

local deployments = {}

local LEAST_FAILURES, MOST_FAILURES = 3, 200
local BREAKER = "ECS deployment circuit breaker: "

---@class Deployment
---@field id string "ecs-svc/<19 digits>"
---@field definition table
---@field status "PRIMARY"|"ACTIVE"
---@field rollout "IN_PROGRESS"|"COMPLETED"|"FAILED"
---@field reason string
---@field failed integer tasks that failed in a row
---@field proven boolean a task of it became healthy: failures are not counted any more
---@field record table the service deployment it is the rolling part of
---@field revision table its service revision

local function note(service, format, ...)
  service:add_event(format, ...)
end

local function images_of(service, definition)
  local list = {}
  for i, container in ipairs(definition.containerDefinitions) do
    local image = images.find(service.world, container.image)
    list[i] = { containerName = container.name, image = container.image, imageDigest = image and image.digest }
  end
  return list
end

local function add_revision(service, definition)
  local revision = {
    arn = ("%s/%s"):format(service.arn:gsub(":service/", ":service-revision/"), random.digits(19)),
    definition = definition, created_at = clock.now(), images = images_of(service, definition),
  }
  table.insert(service.revisions, revision)
  return revision
end

local function add_record(service, revision, sources)
  local record = {
    arn = ("%s/%s"):format(service.arn:gsub(":service/", ":service-deployment/"), random.name(21)),
    created_at = clock.now(), started_at = clock.now(), updated_at = clock.now(), status = "IN_PROGRESS",
    target = revision, sources = sources, breaker_failures = 0,
  }
  table.insert(service.records, record)
  return record
end

local function finish_record(record, status, reason)
  record.status, record.reason = status, reason
  record.updated_at, record.finished_at = clock.now(), clock.now()
end

---@param service table
---@return Deployment
function deployments.primary(service)
  return service.deployments[1]
end

---How many failures in a row trip the breaker.
---@param service table
---@return integer
function deployments.threshold(service)
  return math.max(LEAST_FAILURES, math.min(MOST_FAILURES, math.ceil(service.desired / 2)))
end

---Whether the breaker watches this deployment.
local function is_watched(service, deployment)
  return service.configuration.breaker.enable and deployment.rollout == "IN_PROGRESS" and not deployment.proven
end

local function revisions_in_force(service)
  local list = {}
  for i, deployment in ipairs(service.deployments) do list[i] = deployment.revision end
  return list
end

-- A deployment, or a rollback, that is superseded before it was complete is over.
local function supersede(service)
  local old = deployments.primary(service)
  if not old then return end
  old.status, old.updated_at = "ACTIVE", clock.now()
  local record = old.rolled_back or old.record
  if not record.finished_at then
    finish_record(record, "STOPPED", "Service deployment stopped because a new service deployment started.")
    record.stopped_at = clock.now()
  end
  old.rolled_back = nil
end

---Begins to roll out a revision; what runs now becomes the old side.
---@param service table
---@param definition table
---@return Deployment
function deployments.begin(service, definition)
  local sources = revisions_in_force(service)
  supersede(service)
  local revision = add_revision(service, definition)
  local deployment = {
    id = "ecs-svc/" .. random.digits(19), definition = definition, status = "PRIMARY", created_at = clock.now(),
    updated_at = clock.now(), failed = 0, launch_failures = 0, proven = false, rollout = "IN_PROGRESS", revision = revision,
    record = add_record(service, revision, sources),
  }
  deployment.reason = ("ECS deployment %s in progress."):format(deployment.id)
  table.insert(service.deployments, 1, deployment)
  service.definition = definition
  return deployment
end

---The primary deployment runs as it should, and nothing else does.
---@param service table
function deployments.complete(service)
  local deployment = deployments.primary(service)
  deployment.rollout, deployment.updated_at = "COMPLETED", clock.now()
  deployment.reason = ("ECS deployment %s completed."):format(deployment.id)
  service.last_completed = deployment
  if deployment.rolled_back then
    finish_record(deployment.rolled_back, "ROLLBACK_SUCCESSFUL", deployment.rolled_back.reason)
    deployment.rolled_back = nil
  else
    finish_record(deployment.record, "SUCCESSFUL")
  end
  note(service, "(service %s) (%s) deployment completed.", service.name, "deployment " .. deployment.id)
end

-- The last deployment that completed becomes the primary again; its tasks that still run are kept.
local function roll_back(service, failed, why, status_reason)
  local target = service.last_completed
  local record = failed.record
  record.status, record.reason, record.updated_at = "ROLLBACK_IN_PROGRESS", status_reason, clock.now()
  record.rollback = { reason = status_reason, started_at = clock.now(), revision = target.revision }
  for i, deployment in ipairs(service.deployments) do
    if deployment == target then table.remove(service.deployments, i) end
  end
  failed.status = "ACTIVE"
  table.insert(service.deployments, 1, target)
  target.status, target.rollout, target.updated_at, target.failed = "PRIMARY", "IN_PROGRESS", clock.now(), 0
  target.reason = ("%srolling back to deploymentId %s."):format(why, target.id)
  target.rolled_back = record
  service.definition = target.definition
  note(service, "(service %s) rolling back to deployment %s.", service.name, target.id)
end

local function trip(service, deployment)
  deployment.rollout, deployment.updated_at = "FAILED", clock.now()
  deployment.reason = BREAKER .. "tasks failed to start."
  deployment.record.tripped = true
  note(service, "(service %s) (deployment %s) deployment failed: tasks failed to start.", service.name, deployment.id)
  if service.configuration.breaker.rollback and service.last_completed and service.last_completed ~= deployment then
    roll_back(service, deployment, BREAKER, "Service deployment rolled back because the circuit breaker threshold was exceeded.")
  else
    finish_record(deployment.record, "STOPPED", "Service deployment stopped because the circuit breaker threshold was exceeded.")
  end
end

---A task of the deployment failed before any of them had become healthy.
---@param service table
---@param deployment Deployment
function deployments.count_failure(service, deployment)
  if deployment.rollout ~= "IN_PROGRESS" or deployment.proven then return end
  deployment.failed = deployment.failed + 1
  deployment.record.breaker_failures = deployment.failed
  if deployment.status == "PRIMARY" and is_watched(service, deployment)
      and deployment.failed >= deployments.threshold(service) then
    trip(service, deployment)
  end
end

---A task of the deployment is healthy: the count of failures begins anew and is not looked at again.
---@param deployment Deployment
function deployments.prove(deployment)
  deployment.failed, deployment.launch_failures, deployment.proven = 0, 0, true
end

---Stops the rollout in progress and goes back, as StopServiceDeployment asks; false when there is nothing to go back to.
---@param service table
---@return boolean
function deployments.stop_and_roll_back(service)
  local deployment = deployments.primary(service)
  if not service.last_completed or service.last_completed == deployment then return false end
  deployment.updated_at = clock.now()
  deployment.record.stopped_at = clock.now()
  roll_back(service, deployment, "ECS deployment stopped by user: ", "Rollback initiated by StopServiceDeployment.")
  return true
end

---Whether a deployment may start tasks.
---@param deployment Deployment
---@return boolean
function deployments.may_start(deployment)
  return deployment.rollout ~= "FAILED"
end

---Drops old deployments that have no tasks left.
---@param service table
---@param has_tasks fun(deployment: Deployment): boolean
function deployments.drop_empty(service, has_tasks)
  for i = #service.deployments, 2, -1 do
    if not has_tasks(service.deployments[i]) then table.remove(service.deployments, i) end
  end
end

---The breaker's state for a service deployment, as DescribeServiceDeployments shows it.
---@param service table
---@param record table
---@return string
function deployments.breaker_state(service, record)
  if not service.configuration.breaker.enable then return "DISABLED" end
  if record.tripped then return "TRIGGERED" end
  return record.finished_at and "MONITORING_COMPLETE" or "MONITORING"
end

return deployments
