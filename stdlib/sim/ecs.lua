--- Elastic Container Service, simulated: Fargate services with rolling deployments.

local definitions = require "sim.ecs.task_definitions"
local exec = require "sim.ecs.exec"
local health = require "sim.ecs.health"
local history = require "sim.ecs.history"
local scheduler = require "sim.ecs.scheduler"
local services = require "sim.ecs.services"
local tasks = require "sim.ecs.tasks"

local operations = {}
for _, part in ipairs { definitions, exec, history, services, tasks } do
  for name, operation in pairs(part.operations) do operations[name] = operation end
end

local function is_sound(task)
  return task.health == "HEALTHY" or not health.is_defined(task)
end

-- Tasks that discovery names: RUNNING, and with or without a good health check.
local function tasks_in_service(world, sound)
  local list = {}
  for _, cluster in pairs(world.ecs.clusters) do
    for _, task in ipairs(cluster.task_order) do
      if task.last_status == "RUNNING" and is_sound(task) == sound then list[#list + 1] = task end
    end
  end
  return list
end

return {
  operations = operations,
  create_service = services.create,
  register = definitions.register,
  deregister = definitions.deregister,
  wanted_tasks = scheduler.wanted_tasks,
  ---What each service is to run, and how many revisions there are of each task definition.
  ---@param world table
  state = function(world)
    local all = {}
    for name, family in pairs(world.ecs.families) do all["revisions of " .. name] = family.last end
    for _, cluster in pairs(world.ecs.clusters) do
      for name, service in pairs(cluster.services) do
        all[cluster.name .. "/" .. name] = {
          definition = ("%s:%d"):format(service.definition.family, service.definition.revision), desired = service.desired,
        }
      end
    end
    return all
  end,
  ---@param world table
  ---@param data { clusters?: string[] }
  open = function(world, data)
    world.ecs = { clusters = {}, families = {} }
    world.tasks_in_service = function(sound) return tasks_in_service(world, sound) end
    for _, name in ipairs(data and data.clusters or {}) do services.create_cluster(world, name) end
  end,
}
