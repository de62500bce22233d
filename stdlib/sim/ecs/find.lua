--- Finds clusters, services and tasks by the names and ARNs that callers use, and refuses as ECS does.

local fail = require "sim.fail"

local find = {}

local function last_part(name)
  return name:match("([^/]+)$") or name
end

---@param world table
---@param name string? name or ARN; nil: "default"
---@return table cluster
function find.cluster(world, name)
  local cluster = world.ecs.clusters[last_part(name or "default")]
  if not cluster then fail("ClusterNotFoundException", "Cluster not found.") end
  return cluster
end

---@param cluster table
---@param name string name or ARN
---@return table? service
function find.service_in(cluster, name)
  return cluster.services[last_part(name)]
end

---@param world table
---@param cluster_name string?
---@param name string
---@return table service
function find.service(world, cluster_name, name)
  local service = find.service_in(find.cluster(world, cluster_name), name)
  if not service then fail("ServiceNotFoundException", "Service not found.") end
  return service
end

---@param cluster table
---@param name string id or ARN
---@return Task? task
function find.task_in(cluster, name)
  return cluster.tasks[last_part(name)]
end

---The services of all clusters, in the order of their ARNs.
---@param world table
---@return table[]
function find.all_services(world)
  local list = {}
  for _, cluster in pairs(world.ecs.clusters) do
    for _, service in pairs(cluster.services) do list[#list + 1] = service end
  end
  table.sort(list, function(a, b) return a.arn < b.arn end)
  return list
end

---Refuses an empty list and one that is too long.
---@param list any[]?
---@param most integer
---@param what string "Services"
function find.check_list(list, most, what)
  if not list or #list == 0 then fail("InvalidParameterException", "%s cannot be empty.", what) end
  if #list > most then fail("InvalidParameterException", "%s cannot have more than %d elements.", what, most) end
end

return find
