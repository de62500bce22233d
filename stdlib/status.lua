--- How a service is: what ECS, the load balancer and service discovery say of it, and what of that is not as it should be.

local aws = require "aws"
local ecs = require "ecs"
local elb = require "elb"
local failure = require "failure"
local rollout = require "rollout"

local status = {}

---@class ServiceState
---@field service table as DescribeServices answers it
---@field tasks table[] that are wanted, as DescribeTasks answers them
---@field targets table[] as DescribeTargetHealth answers them
---@field instances table[]? of service discovery
---@field unread table<string, string> what could not be read, and why: "targets", "instances"

-- What others than ECS say: where it cannot be read, the rest is worth showing all the same.
local function try(state, name, read, ...)
  local ran, list = pcall(read, ...)
  if ran then return list end
  if failure.plain(list).kind ~= "service" or failure.exit_code(list) == failure.exit.credentials then error(list, 0) end
  state.unread[name] = failure.text(list)
  return {}
end

---Reads it all. A missing service is an error, a target group or an instance list that cannot be read is not.
---@param which ServiceName
---@param more { target_group: string, discovery_service?: string }
---@return ServiceState
function status.read(which, more)
  local state = { unread = {} }
  local read = parallel {
    service = function() return ecs.get_service(which) end,
    tasks = function() return ecs.list_tasks(which) end,
    targets = function() return try(state, "targets", elb.list_targets, more.target_group) end,
    instances = more.discovery_service and function() return try(state, "instances", status.instances, more.discovery_service) end or nil,
  }
  table.sort(read.tasks, function(a, b) return (a.createdAt or 0) < (b.createdAt or 0) end)
  for name, value in pairs(read) do state[name] = value end
  return state
end

---The instances of a Cloud Map service.
---@param discovery_service string its id
---@return table[]
function status.instances(discovery_service)
  local list = {}
  for instance in aws.servicediscovery.pages.list_instances { ServiceId = discovery_service } do list[#list + 1] = instance end
  return list
end

---The private address of a task; nil while it has none.
---@param task table
---@return string?
function status.address(task)
  for _, attachment in ipairs(task.attachments or {}) do
    for _, detail in ipairs(attachment.details or {}) do
      if detail.name == "privateIPv4Address" then return detail.value end
    end
  end
end

local function count(list, is_meant)
  local number = 0
  for _, item in ipairs(list) do number = number + (is_meant(item) and 1 or 0) end
  return number
end

---How many of the tasks answer their health checks; those without a check count while they run.
---@param state ServiceState
---@return integer
function status.healthy_tasks(state)
  local has_check = count(state.tasks, function(task) return task.healthStatus == "HEALTHY" or task.healthStatus == "UNHEALTHY" end) > 0
  return count(state.tasks, function(task)
    return task.lastStatus == "RUNNING" and (task.healthStatus == "HEALTHY" or not has_check and task.healthStatus ~= "UNHEALTHY")
  end)
end

---@param state ServiceState
---@return integer
function status.unhealthy_tasks(state)
  return count(state.tasks, function(task) return task.healthStatus == "UNHEALTHY" end)
end

---@param state ServiceState
---@return integer
function status.healthy_targets(state)
  return count(state.targets, function(target) return target.TargetHealth.State == "healthy" end)
end

---@param state ServiceState
---@return integer
function status.unhealthy_targets(state)
  return count(state.targets, function(target) return target.TargetHealth.State == "unhealthy" end)
end

local ROLLBACK_WINDOW_S = 3600

-- ECS's own rollback of the last hour, as its events tell it.
local function find_rollback(service)
  for _, event in ipairs(service.events or {}) do
    if time.now() - (event.createdAt or 0) < ROLLBACK_WINDOW_S and (event.message or ""):find "rolling back to" then return event end
  end
end

---@param state ServiceState
---@param add fun(finding: Finding)
local function judge_service(state, add)
  local service = state.service
  if service.status ~= "ACTIVE" then
    add { severity = "critical", text = "the service is " .. tostring(service.status), solution = "it was deleted, or is being: create it again" }
  end
  if service.runningCount == 0 and service.desiredCount > 0 then
    add { severity = "critical", text = ("no task runs, %d are wanted"):format(service.desiredCount), fix = "gwrun diagnose" }
  elseif service.runningCount < service.desiredCount then
    add {
      severity = "high", text = ("%d of %d tasks run, %d pending"):format(service.runningCount, service.desiredCount, service.pendingCount or 0),
      fix = "gwrun diagnose",
    }
  end
  for _, one in ipairs(service.deployments or {}) do
    if one.rolloutState ~= "COMPLETED" and (one.failedTasks or 0) > 0 then
      add {
        severity = "high", text = ("the deployment of %s fails: %d of its tasks have"):format(ecs.short(one.taskDefinition), one.failedTasks),
        evidence = one.rolloutStateReason, solution = "find out why, and roll back", fix = "gwrun diagnose --area start",
      }
    end
  end
  local event = find_rollback(service)
  if rollout.is_rolling_back(service) or event then
    add {
      severity = "high", text = "ECS has rolled a deployment back by itself", evidence = event and event.message or ecs.primary(service).rolloutStateReason,
      solution = "find out why the new revision failed before it is deployed again", fix = "gwrun diagnose",
    }
  end
end

---@param state ServiceState
---@param add fun(finding: Finding)
local function judge_health(state, add)
  for _, task in ipairs(state.tasks) do
    if task.healthStatus == "UNHEALTHY" then
      add { severity = "high", text = ("task %s is UNHEALTHY"):format(ecs.task_id(task.taskArn)), fix = "gwrun diagnose --area health" }
    end
  end
  if #state.targets == 0 and not state.unread.targets and state.service.desiredCount > 0 then
    add { severity = "critical", text = "the load balancer has no targets", fix = "gwrun diagnose --area access" }
  end
  for _, target in ipairs(state.targets) do
    local health = target.TargetHealth
    if health.State == "unhealthy" then
      add {
        severity = status.healthy_targets(state) > 0 and "high" or "critical", text = ("target %s is unhealthy"):format(target.Target.Id),
        evidence = ("%s: %s"):format(health.Reason or "no reason", health.Description or "-"), fix = "gwrun diagnose --area health",
      }
    end
  end
end

-- Addresses of service discovery that no task has: who resolves the name gets them all the same.
local function judge_discovery(state, add)
  if not state.instances or state.unread.instances then return end
  local of_tasks = {}
  for _, task in ipairs(state.tasks) do of_tasks[status.address(task) or ""] = true end
  local known = 0
  for _, instance in ipairs(state.instances) do
    local address = (instance.Attributes or {}).AWS_INSTANCE_IPV4
    if of_tasks[address] then known = known + 1 end
  end
  if known == 0 and state.service.runningCount > 0 then
    add {
      severity = "high", text = "service discovery knows none of the tasks", evidence = ("%d instances are registered"):format(#state.instances),
      fix = "gwrun diagnose --area access",
    }
  end
end

local UNREAD = { targets = "the load balancer's targets", instances = "service discovery" }

local function judge_unread(state, add)
  for _, name in ipairs { "targets", "instances" } do
    if state.unread[name] then
      add {
        severity = "medium", text = UNREAD[name] .. " could not be read", evidence = state.unread[name],
        solution = "see whether it is there, and may be read by you; its name is in service.lua",
      }
    end
  end
end

---What is not as it should be.
---@param state ServiceState
---@return Finding[]
function status.judge(state)
  local findings = {}
  local function add(finding) findings[#findings + 1] = finding end
  judge_service(state, add)
  judge_health(state, add)
  judge_discovery(state, add)
  judge_unread(state, add)
  return findings
end

return status
