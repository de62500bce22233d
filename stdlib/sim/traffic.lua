--- The load on the world: requests that arrive at a steady rate, counted as served or lost.
---
--- Nothing ticks. The share of requests that is served only changes when something happens to a task, so each change settles
--- what came before it. A request is served when it reaches a program that works. It goes to the tasks that discovery
--- names: those in service and healthy, or, when all are unhealthy, all of them. What is more than these can bear is lost.

local app = require "sim.app"
local clock = require "sim.clock"
local costs = require "sim.load"
local past = require "sim.past"
local record = require "sim.record"

local traffic = {}

---@param world table
---@param data { rate: number }?
function traffic.open(world, data)
  world.traffic = { rate = data and data.rate or 0, share = 0, working = 0, served = 0, lost = 0, since = clock.now(), settled = clock.now() }
end

---Begins to count anew.
---@param world table
function traffic.restart(world)
  traffic.update(world)
  local load = world.traffic
  load.served, load.lost, load.since = 0, 0, clock.now()
end

-- Of the requests, from 0 to 1: how many are served, and how many reach a program that works.
local function shares(world)
  local reached = world.tasks_in_service(true)
  if #reached == 0 then reached = world.tasks_in_service(false) end
  local served, working, each = 0, 0, world.traffic.rate / math.max(1, #reached) -- requests a second for each of them
  for _, task in ipairs(reached) do
    local borne = each > 0 and math.min(1, costs.capacity(tonumber(task.definition.cpu) or 1024) / each) or 1
    if app.works(task.app) then served, working = served + borne, working + 1 end
  end
  if #reached == 0 then return 0, 0 end
  return served / #reached, working / #reached
end

---Counts what arrived since the last change. To be called after every change.
---@param world table
function traffic.update(world)
  local load, now = world.traffic, clock.now()
  local arrived = (now - load.settled) * load.rate
  load.served = load.served + arrived * load.share
  load.lost = load.lost + arrived * (1 - load.share)
  load.settled = now
  load.share, load.working = shares(world)
  past.note(world)
  record.note(world)
end

---@param world table
---@return { requests_served: integer, requests_lost: integer, seconds: number }
function traffic.summary(world)
  traffic.update(world)
  local load = world.traffic
  return {
    requests_served = math.floor(load.served + 0.5), requests_lost = math.floor(load.lost + 0.5),
    seconds = clock.stamp(clock.now() - load.since),
  }
end

return traffic
