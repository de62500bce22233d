--- ECS for runbooks: services, tasks, and how their names are read. Shapes keep AWS's spelling. Revisions have a module of their
--- own (revisions), and so have deployments (rollout).

local aws = require "aws"
local failure = require "failure"
local planned = require "planned"

local ecs = {}

local HINDRANCE_S = 300 -- so long an event counts as news

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

---Raises where an answer lacks what ECS always tells of a thing: it is no ground to act on.
---@param action string "ecs:DescribeServices"
---@param thing table
---@param names string[] of members
---@return table thing
function ecs.check_members(action, thing, names)
  for _, name in ipairs(names) do
    if thing[name] == nil then failure.raise("protocol", "%s: the answer lacks '%s'", action, name) end
  end
  return thing
end

---Describes one service; raises when it is not there.
---@param which ServiceName
---@return table service as DescribeServices answers it
function ecs.get_service(which)
  local answer, err = aws.ecs.try_describe_services { cluster = which.cluster, services = { which.service } }
  if err and err.code == "ClusterNotFoundException" then failure.raise("usage", "cluster '%s': not found (%s)", which.cluster, err.code) end
  if err then error(err, 0) end
  local service, missing = (answer.services or {})[1], (answer.failures or {})[1]
  if service then
    ecs.check_members("ecs:DescribeServices", service, { "taskDefinition", "desiredCount", "runningCount" })
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

---The items of all pages of an operation whose token is called nextToken.
---@param operation string "list_tasks"
---@param params table
---@param member string the list in an answer
---@return any[]
function ecs.all_pages(operation, params, member)
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
      tasks[#tasks + 1] = ecs.check_members("ecs:DescribeTasks", task, { "taskArn", "taskDefinitionArn" })
    end
  end
  return tasks
end

---The service's tasks that are wanted ("RUNNING", the default) or stopped ("STOPPED").
---@param which ServiceName
---@param desired_status? "RUNNING"|"STOPPED"
---@return table[] tasks as DescribeTasks answers them
function ecs.list_tasks(which, desired_status)
  local arns = ecs.all_pages("list_tasks", {
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

---What stands in the way of starting tasks, as the newest event tells that came lately: "unable to place a task. Reason: ...". Nil: nothing.
---@param service table as DescribeServices answers it
---@return string?
function ecs.hindrance(service)
  local event = (service.events or {})[1]
  if not event or time.now() - (event.createdAt or 0) > HINDRANCE_S then return nil end
  local text = (event.message or ""):match "(unable to .-)%.%s+For more information" or (event.message or ""):match "(unable to .*)"
  return text and (text:gsub("%.$", "")) or nil
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
