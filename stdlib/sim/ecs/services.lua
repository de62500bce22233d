--- ECS services and clusters, simulated: making, describing, updating.

local clock = require "sim.clock"
local definitions = require "sim.ecs.task_definitions"
local deployments = require "sim.ecs.deployments"
local fail = require "sim.fail"
local find = require "sim.ecs.find"
local host = require "host.sim"
local pages = require "sim.pages"
local random = require "sim.random"
local scheduler = require "sim.ecs.scheduler"
local views = require "sim.ecs.views"

local services = { operations = {} }

local KEPT_EVENTS = 200
local MOST_DEPLOYMENTS = 5

local Service = {}
Service.__index = Service

---Adds a line to what DescribeServices shows as events.
---@param format string
function Service:add_event(format, ...)
  table.insert(self.events, { id = random.uuid(), at = clock.now(), message = format:format(...) })
  if #self.events > KEPT_EVENTS then table.remove(self.events, 1) end
end

-- ---- making ---------------------------------------------------------------------------------------

---@param world table
---@param name string
---@return table cluster
function services.create_cluster(world, name)
  local prefix = ("arn:aws:ecs:%s:%s:"):format(world.region, world.account)
  local cluster = {
    name = name, arn = prefix .. "cluster/" .. name, service_arn_prefix = prefix .. "service/" .. name .. "/",
    task_arn_prefix = prefix .. "task/" .. name .. "/", services = {}, tasks = {}, task_order = {},
  }
  world.ecs.clusters[name] = cluster
  return cluster
end

---Makes a service and begins its first deployment.
---@param world table
---@param data { name: string, cluster: string, definition: string, desired: integer, subnet: table, configuration: table, load_balancers?: table[], registries?: table[], security_groups?: string[], grace_period?: number, created_by: string }
---@return table service
function services.create(world, data)
  local cluster = find.cluster(world, data.cluster)
  local service = setmetatable({
    world = world, cluster = cluster, name = data.name, arn = cluster.service_arn_prefix .. data.name, desired = data.desired,
    subnet = data.subnet, configuration = data.configuration, load_balancers = data.load_balancers or {},
    registries = data.registries or {}, security_groups = data.security_groups or {}, grace_period = data.grace_period or 0,
    platform_version = "1.4.0", execute_command = true, created_at = clock.now(), created_by = data.created_by,
    role_arn = ("arn:aws:iam::%s:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"):format(world.account),
    deployments = {}, records = {}, revisions = {}, events = {}, steady = false,
  }, Service)
  service.watcher = function(task) scheduler.notice(service, task) end
  cluster.services[data.name] = service
  deployments.begin(service, definitions.find_startable(world, data.definition))
  scheduler.wake(service)
  return service
end

-- ---- updating -------------------------------------------------------------------------------------

local function check_percents(least, most)
  if most <= least then
    fail("InvalidParameterException", "maximumPercent must be greater than minimumHealthyPercent.")
  end
end

local function update_configuration(service, input)
  local now = service.configuration
  local least = input.minimumHealthyPercent or now.minimum_healthy_percent
  local most = input.maximumPercent or now.maximum_percent
  local breaker = input.deploymentCircuitBreaker or now.breaker
  check_percents(least, most)
  service.configuration = {
    minimum_healthy_percent = least, maximum_percent = most, breaker = { enable = breaker.enable, rollback = breaker.rollback },
  }
end

-- Everything is checked before anything is changed.
local function definition_to_deploy(service, input)
  local definition = service.definition
  if input.taskDefinition then definition = definitions.find_startable(service.world, input.taskDefinition) end
  if definition == service.definition and not input.forceNewDeployment then return nil end
  if definition.status ~= "ACTIVE" then fail("ClientException", "TaskDefinition is inactive") end
  if #service.deployments >= MOST_DEPLOYMENTS then
    fail("InvalidParameterException", "%d active deployments exist, unable to create new deployment.", #service.deployments)
  end
  return definition
end

---As UpdateService does.
---@param service table
---@param input table
function services.update(service, input)
  if input.desiredCount and input.desiredCount < 0 then
    fail("InvalidParameterException", "Desired count cannot be negative.")
  end
  local definition = definition_to_deploy(service, input)
  if input.deploymentConfiguration then update_configuration(service, input.deploymentConfiguration) end
  service.desired = input.desiredCount or service.desired
  service.grace_period = input.healthCheckGracePeriodSeconds or service.grace_period
  if input.enableExecuteCommand ~= nil then service.execute_command = input.enableExecuteCommand end
  service.steady = false
  if definition then deployments.begin(service, definition) end
  scheduler.wake(service)
end

-- ---- operations -----------------------------------------------------------------------------------

local operations = services.operations

function operations.describe_services(world, input)
  find.check_list(input.services, 10, "Services")
  local cluster = find.cluster(world, input.cluster)
  local answer = { services = host.array {}, failures = host.array {} }
  for _, name in ipairs(input.services) do
    local service = find.service_in(cluster, name)
    if service then
      table.insert(answer.services, views.service(service))
    else
      local arn = name:match("^arn:") and name or cluster.service_arn_prefix .. name
      table.insert(answer.failures, { arn = arn, reason = "MISSING" })
    end
  end
  return answer
end

function operations.update_service(world, input)
  local service = find.service(world, input.cluster, input.service)
  services.update(service, input)
  return { service = views.service(service) }
end

function operations.list_services(world, input)
  local cluster, arns = find.cluster(world, input.cluster), {}
  for _, service in pairs(cluster.services) do
    if (input.launchType or "FARGATE") == "FARGATE" and (input.schedulingStrategy or "REPLICA") == "REPLICA" then
      arns[#arns + 1] = service.arn
    end
  end
  local page, token = pages.cut(arns, { size = input.maxResults, token = input.nextToken, most = input.maxResults and 100 or 10 })
  return { serviceArns = host.array(page), nextToken = token }
end

function operations.list_clusters(world, input)
  local arns = {}
  for _, cluster in pairs(world.ecs.clusters) do arns[#arns + 1] = cluster.arn end
  local page, token = pages.cut(arns, { size = input.maxResults, token = input.nextToken, most = 100 })
  return { clusterArns = host.array(page), nextToken = token }
end

function operations.describe_clusters(world, input)
  local answer = { clusters = host.array {}, failures = host.array {} }
  for _, name in ipairs(input.clusters and #input.clusters > 0 and input.clusters or { "default" }) do
    local cluster = world.ecs.clusters[name:match("([^/]+)$")]
    if cluster then
      table.insert(answer.clusters, views.cluster(cluster))
    else
      local arn = name:match("^arn:") and name or ("arn:aws:ecs:%s:%s:cluster/%s"):format(world.region, world.account, name)
      table.insert(answer.failures, { arn = arn, reason = "MISSING" })
    end
  end
  return answer
end

return services
