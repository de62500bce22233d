--- What ran in the world and how well, over the last weeks: noted at each change, read when somebody asks for metrics.

local app = require "sim.app"
local clock = require "sim.clock"
local steps = require "sim.steps"

local past = {}

local KEPT_S = 16 * 86400
local TIDIED_EVERY = 1000 -- changes

local function set(world, key, value)
  local series = world.past.series
  series[key] = series[key] or steps.new()
  steps.set(series[key], clock.now(), value)
end

local function note_service(world, service)
  local running, leaked = 0, 0
  for _, task in ipairs(service.cluster.task_order) do
    if task.service == service and task.last_status == "RUNNING" then
      running, leaked = running + 1, leaked + app.leaked(task.app)
    end
  end
  set(world, service.arn .. " leaked", leaked / math.max(running, 1))
  set(world, service.arn .. " running", running)
  set(world, service.arn .. " cpu", tonumber(service.definition.cpu))
  set(world, service.arn .. " memory", tonumber(service.definition.memory))
end

local function note_group(world, group)
  local count = { healthy = 0, unhealthy = 0 }
  for _, target in ipairs(group.targets) do
    if count[target.state] then count[target.state] = count[target.state] + 1 end
  end
  for state, number in pairs(count) do set(world, group.arn .. " " .. state, number) end
end

local function tidy(world)
  world.past.changes = world.past.changes + 1
  if world.past.changes % TIDIED_EVERY ~= 0 then return end
  for _, series in pairs(world.past.series) do steps.forget(series, clock.now() - KEPT_S) end
end

---To be called after every change.
---@param world table
function past.note(world)
  world.past = world.past or { series = {}, changes = 0 }
  set(world, "share", world.traffic.working)
  for _, cluster in pairs(world.ecs.clusters) do
    for _, service in pairs(cluster.services) do note_service(world, service) end
  end
  for _, group in ipairs(world.elb.groups) do note_group(world, group) end
  tidy(world)
end

---The mean of something noted: "share" of the requests that reach a program that works; of a service's ARN " running", " cpu", " memory",
---" leaked" (MiB, a task);
---of a target group's ARN " healthy", " unhealthy".
---@param world table
---@param key string
---@param from number
---@param upto number
---@return number
function past.mean(world, key, from, upto)
  local series = world.past and world.past.series[key]
  return series and steps.mean(series, from, upto) or 0
end

return past
