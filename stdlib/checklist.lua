--- Items of checklists about a service, for `rb:checklist`.

local ecs = require "ecs"
local elb = require "elb"
local http = require "http"
local logs = require "logs"

local checklist = {}

---@class CheckItem
---@field text string
---@field probe? fun(): boolean?, string?
---@field manual? boolean
---@field within? number|string

local function list_of(tasks)
  local lines = {}
  for i, task in ipairs(tasks) do
    lines[i] = ("%s (%s, %s)"):format(ecs.task_id(task.taskArn), ecs.short(task.taskDefinitionArn), task.healthStatus or "health unknown")
  end
  return table.concat(lines, ", ")
end

---Tasks in one line: id, revision, health.
---@param tasks table[]
---@return string
checklist.describe_tasks = list_of

---The service and all its tasks run a revision.
---@param which ServiceName
---@param task_definition string
---@param within? string
---@return CheckItem
function checklist.runs(which, task_definition, within)
  local short = ecs.short(task_definition)
  return {
    text = "the service and all its tasks run " .. short, within = within or "1m",
    probe = function()
      local found, others = ecs.short(ecs.get_service(which).taskDefinition), {}
      for _, task in ipairs(ecs.list_tasks(which)) do
        if ecs.short(task.taskDefinitionArn) ~= short then others[#others + 1] = task end
      end
      if #others > 0 then return false, "other tasks: " .. list_of(others) end
      return found == short, "service on " .. found
    end,
  }
end

---@param which ServiceName
---@param within? string
---@return CheckItem
function checklist.count(which, within)
  return {
    text = "running tasks match the desired count", within = within,
    probe = function()
      local now = ecs.get_service(which)
      return now.runningCount == now.desiredCount and (now.pendingCount or 0) == 0,
          ("%d running, %d desired, %d pending"):format(now.runningCount, now.desiredCount, now.pendingCount or 0)
    end,
  }
end

---@param which ServiceName
---@param within? string
---@return CheckItem
function checklist.healthy(which, within)
  return {
    text = "every task's health is HEALTHY", within = within,
    probe = function()
      local tasks = ecs.list_tasks(which)
      for _, task in ipairs(tasks) do
        if task.healthStatus ~= "HEALTHY" then return false, list_of(tasks) end
      end
      return #tasks >= ecs.get_service(which).desiredCount, ("%d healthy"):format(#tasks)
    end,
  }
end

---@param which ServiceName
---@param target_group string ARN
---@param within? string
---@return CheckItem
function checklist.targets(which, target_group, within)
  return {
    text = "the load balancer's targets are healthy", within = within,
    probe = elb.healthy(target_group, function() return ecs.get_service(which).desiredCount end),
  }
end

---@param url string
---@param within? string
---@return CheckItem
function checklist.answers(url, within)
  return { text = "the health endpoint answers", within = within or "1m", probe = http.answers(url) }
end

---The log streams of the tasks that run; those that have not got so far have none yet.
---@param which ServiceName
---@param task_definition table as DescribeTaskDefinition answers it
---@return string[]? nil: they cannot be told apart from others
function checklist.streams(which, task_definition)
  local started = {}
  for _, task in ipairs(ecs.list_tasks(which)) do
    if task.startedAt then started[#started + 1] = task end
  end
  local streams = ecs.log_streams(task_definition, started)
  return #streams > 0 and streams or nil
end

---The tasks that run now log no errors.
---@param which ServiceName
---@param log_group string
---@param task_definition table as DescribeTaskDefinition answers it
---@param since number
---@return CheckItem
function checklist.no_errors(which, log_group, task_definition, since)
  return {
    text = "the new tasks log no errors",
    probe = logs.no_errors(function()
      return { group = log_group, streams = checklist.streams(which, task_definition), since = since }
    end),
  }
end

---The automatic items of the guide's Rollback Checklist, which prove any deployment.
---@param which ServiceName
---@param p { target_group: string, log_group: string, health_url: string, settle?: number|string }
---@param task_definition table as DescribeTaskDefinition answers it
---@param since number from when on errors count
---@return CheckItem[]
function checklist.deployed(which, p, task_definition, since)
  return {
    checklist.runs(which, task_definition.taskDefinitionArn),
    checklist.count(which),
    checklist.healthy(which, p.settle),
    checklist.targets(which, p.target_group, p.settle),
    checklist.answers(p.health_url),
    checklist.no_errors(which, p.log_group, task_definition, since),
  }
end

---The guide's Rollback Checklist: those, and what only a person can do.
---@param which ServiceName
---@param p { target_group: string, log_group: string, health_url: string, settle?: number|string }
---@param task_definition table
---@param since number
---@return CheckItem[]
function checklist.rollback(which, p, task_definition, since)
  local items = checklist.deployed(which, p, task_definition, since)
  items[#items + 1] = { text = "document the incident and its root cause", manual = true }
  items[#items + 1] = { text = "plan a fix for what caused the rollback", manual = true }
  return items
end

---An item that is done when somebody has looked; what was seen is its note, whatever it is.
---@param text string
---@param probe fun(): boolean?, string?
---@return CheckItem
function checklist.looked(text, probe)
  return {
    text = text,
    probe = function()
      local ok, note = probe()
      return true, ("%s%s"):format(ok and "" or "NOT WELL: ", note or "looked at")
    end,
  }
end

---Whether nothing of a checklist failed; what a person has to do does not count.
---@param results { state: string }[] as `rb:checklist` answers
---@return boolean
function checklist.is_satisfied(results)
  for _, result in ipairs(results) do
    if result.state == "failed" or result.state == "unknown" then return false end
  end
  return true
end

return checklist
