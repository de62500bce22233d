--- What the world was like, moment by moment: for whoever judges afterwards what a person or a runbook did in it.

local clock = require "sim.clock"

local record = {}

local function service_now(service)
  local running, healthy = 0, 0
  for _, task in ipairs(service.cluster.task_order) do
    if task.service == service and task.last_status == "RUNNING" then
      running = running + 1
      if task.health == "HEALTHY" then healthy = healthy + 1 end
    end
  end
  return {
    desired = service.desired, running = running, healthy = healthy, deployments = #service.deployments,
    revision = ("%s:%d"):format(service.definition.family, service.definition.revision),
  }
end

local function services_now(world)
  local all = {}
  for _, cluster in pairs(world.ecs.clusters) do
    for name, service in pairs(cluster.services) do all[name] = service_now(service) end
  end
  return all
end

local function keys_now(world)
  local all = {}
  for id, key in pairs(world.iam.keys) do
    all[id] = key.status == "Active" and clock.now() < (key.known_at or 0) and "New" or key.status or "Active"
  end
  return all
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for name, value in pairs(a) do
    if not same(value, b[name]) then return false end
  end
  for name in pairs(b) do
    if a[name] == nil then return false end
  end
  return true
end

local function moment(world)
  return {
    at = clock.stamp(clock.now() - world.met_at), share = world.traffic.share, lost = world.traffic.lost, load = world.traffic.rate,
    services = services_now(world), keys = keys_now(world), answers = world.answers_now(),
  }
end

-- How long nothing changed does not make another moment.
local function is_new(one, last)
  return not last or one.share ~= last.share or one.load ~= last.load or not same(one.services, last.services) or not same(one.keys, last.keys)
      or not same(one.answers, last.answers)
end

---Notes what is now, where it is another than before. To be called after every change.
---@param world table
function record.note(world)
  local moments = world.moments
  if not moments then return end
  local one = moment(world)
  if is_new(one, moments[#moments]) then moments[#moments + 1] = one end
end

---Begins.
---@param world table
function record.open(world)
  world.moments = {}
  record.note(world)
end

---@param world table
---@return { moments: Moment[], now: Moment }
function record.take(world)
  return { moments = world.moments or {}, now = moment(world) }
end

return record
