--- ECS for runbooks: services, task definitions, tasks, rollouts. Shapes keep AWS's spelling.

local aws = require "aws"
local failure = require "failure"
local planned = require "planned"

local ecs = {}

---@class ServiceName
---@field cluster string
---@field service string

---The revision number in a task definition's ARN or "family:revision".
---@param task_definition string
---@return integer?
function ecs.revision(task_definition)
  return math.tointeger(tonumber(tostring(task_definition):match(":(%d+)$")))
end

---The family in a task definition's ARN or "family:revision".
---@param task_definition string
---@return string?
function ecs.family(task_definition)
  return tostring(task_definition):match("([^/:]+):%d+$")
end

---"family:revision" of an ARN: short enough for a line.
---@param task_definition string
---@return string
function ecs.short(task_definition)
  return tostring(task_definition):match("([^/:]+:%d+)$") or tostring(task_definition)
end

---The last part of a task's ARN, cut to what people compare.
---@param task_arn string
---@return string
function ecs.task_id(task_arn)
  return task_arn:match("([^/]+)$")
end

-- What ECS always tells of a thing. An answer without it is no ground to act on.
local function check_members(action, thing, names)
  for _, name in ipairs(names) do
    if thing[name] == nil then failure.raise("protocol", "%s: the answer lacks '%s'", action, name) end
  end
  return thing
end

---Describes one service; raises when it is not there.
---@param which ServiceName
---@return table service as DescribeServices answers it
function ecs.get_service(which)
  local answer = aws.ecs.describe_services { cluster = which.cluster, services = { which.service } }
  local service, missing = (answer.services or {})[1], (answer.failures or {})[1]
  if service then
    check_members("ecs:DescribeServices", service, { "taskDefinition", "desiredCount", "runningCount" })
    if not ecs.revision(service.taskDefinition) then
      failure.raise("protocol", "ecs:DescribeServices: '%s' is no revision of a task definition", service.taskDefinition)
    end
    return service
  end
  if not missing then failure.raise("protocol", "ecs:DescribeServices: the answer has no services and no failures") end
  failure.raise("usage", "service '%s' in cluster '%s': not found (%s)", which.service, which.cluster,
    missing.reason or "no reason given")
end

---A target for a preflight: the service is there and not being deleted.
---@param which ServiceName
---@return Target
function ecs.exists(which)
  return {
    text = ("service %s in cluster %s is there"):format(which.service, which.cluster),
    probe = function()
      local answer, err = aws.ecs.try_describe_services { cluster = which.cluster, services = { which.service } }
      if not answer and err.code == "ClusterNotFoundException" then return false, "there is no such cluster" end
      if not answer then error(err, 0) end
      local service = (answer.services or {})[1]
      if not service then return false, "there is no such service" end
      return service.status == "ACTIVE", service.status ~= "ACTIVE" and ("it is " .. tostring(service.status)) or nil
    end,
    arns = function(place)
      local prefix = ("arn:aws:ecs:%s:%s:"):format(place.region, place.account)
      return {
        ("%sservice/%s/%s"):format(prefix, which.cluster, which.service), prefix .. "cluster/" .. which.cluster,
        ("%stask/%s/%s"):format(prefix, which.cluster, ("0"):rep(32)),
        ("%scontainer-instance/%s/%s"):format(prefix, which.cluster, ("0"):rep(32)),
      }
    end,
  }
end

local MOST_PAGES = 1000

-- All pages of an operation whose token is called nextToken.
local function all_pages(operation, params, member)
  local all = {}
  for _ = 1, MOST_PAGES do
    local page = aws.ecs[operation](params)
    for _, item in ipairs(page[member] or {}) do all[#all + 1] = item end
    if not page.nextToken then return all end
    if page.nextToken == params.nextToken then failure.raise("protocol", "ecs.%s: the same page came twice", operation) end
    params.nextToken = page.nextToken
  end
  failure.raise("protocol", "ecs.%s: no end after %d pages", operation, MOST_PAGES)
end

---Describes tasks, 100 at a time as the API allows.
---@param cluster string
---@param arns string[]
---@return table[]
function ecs.describe_tasks(cluster, arns)
  local tasks = {}
  for first = 1, #arns, 100 do
    local chunk = table.move(arns, first, math.min(first + 99, #arns), 1, {})
    local answer = aws.ecs.describe_tasks { cluster = cluster, tasks = chunk }
    for _, task in ipairs(answer.tasks or {}) do
      tasks[#tasks + 1] = check_members("ecs:DescribeTasks", task, { "taskArn", "taskDefinitionArn" })
    end
  end
  return tasks
end

---The service's tasks that are wanted ("RUNNING", the default) or stopped ("STOPPED").
---@param which ServiceName
---@param desired_status? "RUNNING"|"STOPPED"
---@return table[] tasks as DescribeTasks answers them
function ecs.list_tasks(which, desired_status)
  local arns = all_pages("list_tasks", {
    cluster = which.cluster, serviceName = which.service, desiredStatus = desired_status or "RUNNING",
  }, "taskArns")
  return ecs.describe_tasks(which.cluster, arns)
end

---The deployment that the service is moving to.
---@param service table
---@return table? deployment none while ECS has not recorded it
function ecs.primary(service)
  if planned.is_unknown(service) then return service.deployments[1] end
  for _, deployment in ipairs(service.deployments or {}) do
    if deployment.status == "PRIMARY" then return deployment end
  end
end

---The deployment that an UpdateService has begun.
---@param answer table as UpdateService answers
---@return string id
function ecs.begun_deployment(answer)
  local deployment = ecs.primary(answer.service or {})
  if not deployment then
    failure.raise("protocol", "ecs:UpdateService: the answer lacks the deployment; whether it has begun is not known")
  end
  return deployment.id
end

---What nobody else should change of a service while a run works on it, for `rb:watch(ecs.watched(which))`: how many tasks are
---wanted (automatic scaling changes that too), the revision, the deployment.
---@param which ServiceName
---@return string name
---@return fun(): table facts
---@return { mentions: string[] } how
function ecs.watched(which)
  return "service " .. which.service, function()
    local service = ecs.get_service(which)
    local primary = ecs.primary(service) or {}
    return { desiredCount = service.desiredCount, taskDefinition = ecs.short(service.taskDefinition), deployment = primary.id }
  end, { mentions = { which.service } }
end

---Whether a deployment of the revision has begun since another one, told by its id: UpdateService takes no token by which a call
---of which nobody knows the outcome could be told.
---@param which ServiceName
---@param revision string task definition ARN
---@param deployment? string the id of the one before
---@return string|false id false: there is none, the service is as it was
function ecs.deployment_since(which, revision, deployment)
  local primary = ecs.primary(ecs.get_service(which)) or {}
  if primary.id == deployment then return false end
  if ecs.short(primary.taskDefinition or "") == ecs.short(revision) then return primary.id end
  failure.raise("uncertain", "service '%s': deployment %s of %s has begun meanwhile; look what it is before going on",
    which.service, tostring(primary.id), ecs.short(primary.taskDefinition or "?"))
end

local function describe_revisions(arns)
  local by_arn = {}
  for first = 1, #arns, 20 do
    local chunk = table.move(arns, first, math.min(first + 19, #arns), 1, {})
    local answer = aws.ecs.describe_service_revisions { serviceRevisionArns = chunk }
    for _, revision in ipairs(answer.serviceRevisions or {}) do by_arn[revision.serviceRevisionArn] = revision end
  end
  return by_arn
end

local PROVEN = { SUCCESSFUL = true, ROLLBACK_SUCCESSFUL = true }

-- What a finished deployment left running: its target, or what ECS rolled back to.
local function outcome_arn(brief)
  if brief.status == "ROLLBACK_SUCCESSFUL" then
    return brief.rollback and brief.rollback.serviceRevisionArn
  end
  return brief.targetServiceRevisionArn
end

-- Each service revision that a deployment came to, or was to come to, once.
local function outcomes(briefs)
  local arns, seen = {}, {}
  for _, brief in ipairs(briefs) do
    local arn = outcome_arn(brief)
    if arn and not seen[arn] then
      seen[arn] = true
      arns[#arns + 1] = arn
    end
  end
  return arns
end

local function as_proven(brief, revision)
  local digests = {}
  for i, image in ipairs(revision.containerImages or {}) do digests[i] = image.imageDigest or image.image end
  return { task_definition = revision.taskDefinition, finished_at = brief.finishedAt or brief.createdAt, digests = digests }
end

-- Whether the service went on from a revision, rather than back to a lower one of its family: then that it was steady once is no
-- proof any more, whatever became of going back. The last time it was deployed decides. To be asked newest first.
local function went_on()
  local newer, answers = {}, {}
  return function(task_definition)
    local family, number = ecs.family(task_definition), ecs.revision(task_definition)
    if answers[task_definition] == nil then answers[task_definition] = number <= (newer[family] or number) end
    newer[family] = number
    return answers[task_definition]
  end
end

---The deployments of the last 90 days that ended well, newest first, without those of revisions that the service went back from.
---@param which ServiceName
---@return { task_definition: string, finished_at: number, digests: string[] }[]
function ecs.list_proven(which)
  local briefs = all_pages("list_service_deployments", { cluster = which.cluster, service = which.service }, "serviceDeployments")
  table.sort(briefs, function(a, b) return (a.createdAt or 0) > (b.createdAt or 0) end)
  local revisions, proven, stands = describe_revisions(outcomes(briefs)), {}, went_on()
  for _, brief in ipairs(briefs) do
    local revision = revisions[outcome_arn(brief)]
    if revision and stands(revision.taskDefinition) and PROVEN[brief.status] then proven[#proven + 1] = as_proven(brief, revision) end
  end
  return proven
end

---The family's ACTIVE revisions, newest first.
---@param family string
---@return string[] arns
function ecs.list_active_revisions(family)
  local arns = all_pages("list_task_definitions", {
    familyPrefix = family, status = "ACTIVE", sort = "DESC",
  }, "taskDefinitionArns")
  local own = {}
  for _, arn in ipairs(arns) do
    if ecs.family(arn) == family then own[#own + 1] = arn end
  end
  table.sort(own, function(a, b) return ecs.revision(a) > ecs.revision(b) end)
  return own
end

---Describes one revision that may be deployed; raises for one that does not exist or is not ACTIVE.
---@param family string
---@param revision integer
---@return table task_definition
function ecs.get_deployable(family, revision)
  local name = ("%s:%d"):format(family, revision)
  local answer, err = aws.ecs.try_describe_task_definition { taskDefinition = name }
  if not answer then
    if err.code == "ClientException" or err.code == "InvalidParameterException" then
      failure.raise("usage", "revision %d: task definition '%s' does not exist (%s)", revision, name, err.code)
    end
    error(err, 2)
  end
  local found = check_members("ecs:DescribeTaskDefinition", answer.taskDefinition or {},
    { "taskDefinitionArn", "status", "containerDefinitions" })
  if found.status ~= "ACTIVE" then
    failure.raise("usage", "revision %d: task definition '%s' is %s and cannot be deployed", revision, name, found.status)
  end
  return found
end

-- What nobody could ask about is not taken for inactive: the next one would be chosen, and be an older one.
local function is_active(arn)
  local answer, err = aws.ecs.try_describe_task_definition { taskDefinition = arn }
  if err and err.code ~= "ClientException" and err.code ~= "InvalidParameterException" then error(err, 0) end
  return answer ~= nil and (answer.taskDefinition or {}).status == "ACTIVE"
end

-- Nil and why, where it cannot be had at all: not allowed, not known to what answers. What a moment later may be had is raised.
local function proven_or_why(which)
  local ran, proven = pcall(ecs.list_proven, which)
  if ran then return proven end
  local facts = failure.plain(proven)
  if failure.passes(proven) and facts.kind ~= "protocol" or (facts.code or ""):find "^Expired" then error(proven, 0) end
  return nil, failure.text(proven)
end

---The revision to return to: the last one that a deployment of this service proved good and that is not the present one;
---without a usable history the highest ACTIVE revision below the present one.
---@param which ServiceName
---@param current string the task definition in force
---@return string? arn
---@return string why how it was chosen, or why there is none
function ecs.choose_rollback(which, current)
  local proven, problem = proven_or_why(which)
  for _, deployment in ipairs(proven or {}) do
    if ecs.short(deployment.task_definition) ~= ecs.short(current) and is_active(deployment.task_definition) then
      return deployment.task_definition,
          "the last revision before the present one that a deployment brought to a steady state, on "
          .. time.iso(math.floor(deployment.finished_at))
    end
  end
  local history = proven and "no earlier deployment of the last 90 days ended well" or
      ("the deployment history could not be read: " .. problem)
  for _, arn in ipairs(ecs.list_active_revisions(ecs.family(current))) do
    if ecs.revision(arn) < ecs.revision(current) then
      return arn, "the previous ACTIVE revision, not proven good (" .. history .. ")"
    end
  end
  return nil, "the family has no earlier ACTIVE revision, and " .. history
end

local function describe_rollout(service, mine)
  local old = 0
  for _, deployment in ipairs(service.deployments or {}) do
    if deployment.id ~= mine.id then old = old + (deployment.runningCount or 0) end
  end
  return ("new %d/%d running, %d pending, %d failed; old %d; rollout %s"):format(mine.runningCount or 0,
    mine.desiredCount or 0, mine.pendingCount or 0, mine.failedTasks or 0, old, mine.rolloutState or "not told")
end

---Why the newest stopped task of a deployment stopped; nil when none did.
---@param which ServiceName
---@param deployment_id string
---@return string?
function ecs.explain_stopped(which, deployment_id)
  local newest
  for _, task in ipairs(ecs.list_tasks(which, "STOPPED")) do
    if task.startedBy == deployment_id and (not newest or (task.stoppedAt or 0) > (newest.stoppedAt or 0)) then
      newest = task
    end
  end
  if not newest then return nil end
  local text = ("task %s stopped: %s"):format(ecs.task_id(newest.taskArn), newest.stoppedReason or "no reason given")
  for _, container in ipairs(newest.containers or {}) do
    if container.exitCode or container.reason then
      text = ("%s; container %s exit %s %s"):format(text, container.name, container.exitCode or "-", container.reason or "")
    end
  end
  return text
end

local function find_deployment(service, id)
  for _, deployment in ipairs(service.deployments or {}) do
    if deployment.id == id then return deployment end
  end
end

-- Another deployment took its place: a colleague, a pipeline, or the circuit breaker.
local function explain_replaced(which, service, id)
  local primary = ecs.primary(service)
  local why = ecs.explain_stopped(which, id)
  return ("deployment %s was replaced by %s (%s)%s"):format(id, primary and primary.id or "another",
    primary and ecs.short(primary.taskDefinition) or "unknown", why and ("; " .. why) or "")
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
function ecs.rollout(which, deployment_id)
  return function()
    local service = ecs.get_service(which)
    local mine = find_deployment(service, deployment_id)
    if not mine or mine.status ~= "PRIMARY" then
      return "failed", explain_replaced(which, service, deployment_id)
    end
    if mine.rolloutState == "FAILED" then
      return "failed", ("deployment %s failed: %s; %s"):format(deployment_id, mine.rolloutStateReason or "no reason given",
        ecs.explain_stopped(which, deployment_id) or "no stopped task is on record")
    end
    local text = describe_rollout(service, mine)
    if is_settled(service, mine) then return "done", text end
    if (mine.failedTasks or 0) > 0 then
      text = text .. "; " .. (ecs.explain_stopped(which, deployment_id) or "")
    end
    return "waiting", text
  end
end

---Where a container writes its log: the stream of each task when the awslogs driver is used.
---@param task_definition table as DescribeTaskDefinition answers it
---@param tasks table[]
---@return string[] streams empty when they cannot be told
function ecs.log_streams(task_definition, tasks)
  local streams = {}
  for _, container in ipairs(task_definition.containerDefinitions or {}) do
    local log = container.logConfiguration
    local prefix = log and log.logDriver == "awslogs" and log.options and log.options["awslogs-stream-prefix"]
    for _, task in ipairs(prefix and tasks or {}) do
      streams[#streams + 1] = ("%s/%s/%s"):format(prefix, container.name, ecs.task_id(task.taskArn))
    end
  end
  return streams
end

return ecs
