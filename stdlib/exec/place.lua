--- Where a command is run: the task and the container, and what stands against it before anything is sent.

local aws = require "aws"
local ecs = require "ecs"
local failure = require "failure"
local why = require "exec.why"

local place = {}

---@class ExecPlace
---@field cluster string
---@field service? string
---@field task table as DescribeTasks answers it
---@field container string
---@field target string what KMS is told of it
---@field note? string which of several tasks it is

local function agent_of(task)
  for _, container in ipairs(task.containers or {}) do
    for _, agent in ipairs(container.managedAgents or {}) do
      if agent.name == "ExecuteCommandAgent" then return agent end
    end
  end
end

-- Those that can be reached first, then the newest.
local function by_use(a, b)
  local a_runs, b_runs = (agent_of(a) or {}).lastStatus == "RUNNING", (agent_of(b) or {}).lastStatus == "RUNNING"
  if a_runs ~= b_runs then return a_runs end
  local a_since, b_since = a.startedAt or 0, b.startedAt or 0
  if a_since ~= b_since then return a_since > b_since end
  return a.taskArn < b.taskArn
end

local function running_task(which)
  local arns = ecs.all_pages("list_tasks", { cluster = which.cluster, serviceName = which.service, desiredStatus = "RUNNING" }, "taskArns")
  local running = {}
  for _, task in ipairs(#arns > 0 and ecs.describe_tasks(which.cluster, arns) or {}) do
    if task.lastStatus == "RUNNING" then running[#running + 1] = task end
  end
  if #running == 0 then
    failure.raise("problem", "exec: no task of service '%s' in cluster '%s' is running; see gwrun diagnose", which.service, which.cluster)
  end
  table.sort(running, by_use)
  local note = #running > 1
    and ("%d tasks run; this is in the newest, %s (--task chooses another)"):format(#running, ecs.task_id(running[1].taskArn)) or nil
  return running[1], note
end

local function named_task(which)
  local task = ecs.describe_tasks(which.cluster, { which.task })[1]
  if not task then failure.raise("usage", "exec: there is no task '%s' in cluster '%s'", which.task, which.cluster) end
  if task.lastStatus ~= "RUNNING" then
    local reason = task.stoppedReason and ": " .. task.stoppedReason or ""
    failure.raise("problem", "exec: task %s is %s%s", ecs.task_id(task.taskArn), task.lastStatus, reason)
  end
  return task
end

-- The container that the service's load balancer sends to, where nobody says which.
local function main_container(which)
  if not which.service then return nil end
  local answer = aws.ecs.try_describe_services { cluster = which.cluster, services = { which.service } }
  local described = answer and (answer.services or {})[1]
  return described and ((described.loadBalancers or {})[1] or {}).containerName
end

local function choose_container(which, task)
  local names = {}
  for _, container in ipairs(task.containers or {}) do names[#names + 1] = container.name end
  local wanted = which.container or #names == 1 and names[1] or main_container(which)
  for _, container in ipairs(task.containers or {}) do
    if container.name == wanted then return container end
  end
  local problem = wanted and ("there is no container '%s'"):format(wanted) or "say which container (--container)"
  failure.raise("usage", "exec: %s; the task has: %s", problem, table.concat(names, ", "))
end

---Finds the place. Raises where there is none, or where a command cannot be run there.
---@param which { cluster: string, service?: string, task?: string, container?: string }
---@return ExecPlace
function place.find(which)
  if not which.task and not which.service then failure.raise("usage", "exec: say which task, or which service's") end
  local task, note
  if which.task then task = named_task(which) else task, note = running_task(which) end
  local found = { cluster = which.cluster, service = which.service, task = task, note = note }
  local container = choose_container(which, task)
  found.container = container.name
  found.target = ("ecs:%s_%s_%s"):format(which.cluster:match "[^/]+$", ecs.task_id(task.taskArn), container.runtimeId or "")
  why.check(found)
  return found
end

return place
