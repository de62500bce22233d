--- The container health check: interval, retries and start period, as the task definition gives them.

local clock = require "sim.clock"
local probe = require "sim.probe"

local health = {}

local VERDICT = { HEALTHY = "good", UNHEALTHY = "bad" }

local function plan(task, series, changed)
  local at, good = probe.next_change(series, task.app.phases, VERDICT[task.health], clock.now())
  task.next_health = at and clock.at(at, function()
    task.health = good and "HEALTHY" or "UNHEALTHY"
    changed()
    if task.last_status == "RUNNING" then plan(task, series, changed) end
  end)
end

---Whether a task's definition has a health check at all.
---@param task Task
---@return boolean
function health.is_defined(task)
  return task.definition.containerDefinitions[1].healthCheck ~= nil
end

---Watches a task that runs from now on; calls `changed` when its health changes.
---@param task Task
---@param changed fun()
function health.watch(task, changed)
  local check = task.definition.containerDefinitions[1].healthCheck
  if not check then return end
  local every = check.interval or 30
  plan(task, {
    first = task.started_at + every, every = every, good = 1, bad = check.retries or 3,
    grace_until = task.started_at + (check.startPeriod or 0),
  }, changed)
end

return health
