--- Cloud Map, simulated: private DNS namespaces, services, and the instances that ECS registers there for its tasks.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"

local operations = {}

---@class SimDiscoveryService
---@field id string "srv-..."
---@field name string
---@field namespace table
---@field ecs_service string the ECS service whose tasks are its instances
---@field ttl integer

local function find_service(world, id)
  local service = world.discovery.services[id:match "[^/]+$"]
  if not service then fail("ServiceNotFound", "Service not found") end
  return service
end

local function find_namespace(world, id)
  local namespace = world.discovery.namespaces[id:match "[^/]+$"]
  if not namespace then fail("NamespaceNotFound", "Namespace not found") end
  return namespace
end

-- Those of the tasks that run. ECS tells Cloud Map of their health by its custom health check.
local function instances_of(world, service)
  local list = {}
  for _, sound in ipairs { true, false } do
    for _, task in ipairs(world.tasks_in_service(sound)) do
      if task.service.name == service.ecs_service then
        list[#list + 1] = {
          id = task.id, status = sound and "HEALTHY" or "UNHEALTHY",
          attributes = {
            AVAILABILITY_ZONE = task.service.subnet.zone, AWS_INIT_HEALTH_STATUS = "UNHEALTHY", AWS_INSTANCE_IPV4 = task.address,
            ECS_CLUSTER_NAME = task.service.cluster.name, ECS_SERVICE_NAME = task.service.name,
            ECS_TASK_DEFINITION_FAMILY = task.definition.family, REGION = world.region,
          },
        }
      end
    end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

local function arn(world, kind, id)
  return ("arn:aws:servicediscovery:%s:%s:%s/%s"):format(world.region, world.account, kind, id)
end

local function describe(world, service)
  return {
    Id = service.id, Arn = arn(world, "service", service.id), Name = service.name, Type = "DNS_HTTP",
    Description = service.description, InstanceCount = #instances_of(world, service),
    DnsConfig = {
      NamespaceId = service.namespace.id, RoutingPolicy = "MULTIVALUE", DnsRecords = { { Type = "A", TTL = service.ttl } },
    },
    HealthCheckCustomConfig = { FailureThreshold = 1 }, CreateDate = clock.stamp(service.created_at),
  }
end

function operations.get_service(world, input)
  local service = find_service(world, input.Id)
  local shape = describe(world, service)
  shape.NamespaceId, shape.CreatorRequestId = service.namespace.id, service.id
  return { Service = shape }
end

local function cut(list, input, key_of)
  local page, token = pages.cut(list, {
    size = input.MaxResults, token = input.NextToken, most = 100, key = key_of, invalid = "InvalidInput",
  })
  return host.array(page), token
end

local function id_of(shape) return shape.Id end

local function fits(service, filters)
  for _, filter in ipairs(filters or {}) do
    if filter.Name == "NAMESPACE_ID" and service.namespace.id ~= filter.Values[1] then return false end
  end
  return true
end

function operations.list_services(world, input)
  local list = {}
  for _, service in pairs(world.discovery.services) do
    if fits(service, input.Filters) then list[#list + 1] = describe(world, service) end
  end
  local page, token = cut(list, input, id_of)
  return { Services = page, NextToken = token }
end

function operations.list_instances(world, input)
  local list = {}
  for i, instance in ipairs(instances_of(world, find_service(world, input.ServiceId))) do
    list[i] = { Id = instance.id, Attributes = instance.attributes }
  end
  local page, token = cut(list, input, id_of)
  return { Instances = page, NextToken = token }
end

function operations.get_instance(world, input)
  for _, instance in ipairs(instances_of(world, find_service(world, input.ServiceId))) do
    if instance.id == input.InstanceId then return { Instance = { Id = instance.id, Attributes = instance.attributes } } end
  end
  fail("InstanceNotFound", "Instance not found")
end

function operations.get_instances_health_status(world, input)
  local list, status = {}, {}
  for i, instance in ipairs(instances_of(world, find_service(world, input.ServiceId))) do
    list[i] = { Id = instance.id, status = instance.status }
  end
  local page, token = cut(list, input, id_of)
  for _, instance in ipairs(page) do status[instance.Id] = instance.status end
  return { Status = status, NextToken = token }
end

local function wanted_status(given, is_any_healthy)
  if given == "ALL" then return nil end
  if given == "HEALTHY_OR_ELSE_ALL" or not given then return is_any_healthy and "HEALTHY" or nil end
  return given
end

function operations.discover_instances(world, input)
  for _, service in pairs(world.discovery.services) do
    if service.name == input.ServiceName and service.namespace.name == input.NamespaceName then
      local all, list = instances_of(world, service), host.array {}
      local is_any_healthy = false
      for _, instance in ipairs(all) do is_any_healthy = is_any_healthy or instance.status == "HEALTHY" end
      local wanted = wanted_status(input.HealthStatus, is_any_healthy)
      for _, instance in ipairs(all) do
        if not wanted or instance.status == wanted then
          list[#list + 1] = {
            InstanceId = instance.id, NamespaceName = service.namespace.name, ServiceName = service.name, HealthStatus = instance.status,
            Attributes = instance.attributes,
          }
        end
      end
      return { Instances = list, InstancesRevision = world.discovery.revision }
    end
  end
  fail("ServiceNotFound", "Service not found")
end

local function describe_namespace(world, namespace)
  local count = 0
  for _, service in pairs(world.discovery.services) do
    if service.namespace == namespace then count = count + 1 end
  end
  return {
    Id = namespace.id, Arn = arn(world, "namespace", namespace.id), Name = namespace.name, Type = "DNS_PRIVATE", ServiceCount = count,
    Properties = { DnsProperties = { HostedZoneId = namespace.zone, SOA = { TTL = 15 } }, HttpProperties = { HttpName = namespace.name } },
    CreateDate = clock.stamp(namespace.created_at),
  }
end

function operations.get_namespace(world, input)
  return { Namespace = describe_namespace(world, find_namespace(world, input.Id)) }
end

function operations.list_namespaces(world, input)
  local list = {}
  for _, namespace in pairs(world.discovery.namespaces) do list[#list + 1] = describe_namespace(world, namespace) end
  local page, token = cut(list, input, id_of)
  return { Namespaces = page, NextToken = token }
end

return {
  operations = operations,
  ---@param world table
  ---@param data { id: string, name: string, zone: string, services: { id: string, name: string, ecs_service: string, ttl: integer, description?: string }[] }[] namespaces
  open = function(world, data)
    world.discovery = { namespaces = {}, services = {}, revision = 1 }
    for _, one in ipairs(data or {}) do
      local namespace = { id = one.id, name = one.name, zone = one.zone, created_at = clock.now() }
      world.discovery.namespaces[one.id] = namespace
      for _, given in ipairs(one.services) do
        local service = { namespace = namespace, created_at = clock.now() }
        for name, value in pairs(given) do service[name] = value end
        world.discovery.services[given.id] = service
      end
    end
  end,
}
