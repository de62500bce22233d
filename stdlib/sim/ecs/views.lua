--- The shapes in which ECS answers.

local clock = require "sim.clock"
local deployments = require "sim.ecs.deployments"
local exec = require "sim.ecs.exec"
local host = require "host.sim"

local views = {}

local MOST_EVENTS = 100
local UP = { PROVISIONING = true, PENDING = true, ACTIVATING = true }

local function list(items, view)
  local shapes = host.array {}
  for i, item in ipairs(items) do shapes[i] = view(item) end
  return shapes
end

local function counts(service, deployment)
  local running, pending = 0, 0
  for _, task in ipairs(service.cluster.task_order) do
    if task.service == service and (not deployment or task.deployment == deployment) then
      if task.last_status == "RUNNING" then running = running + 1 end
      if UP[task.last_status] and task.desired_status == "RUNNING" then pending = pending + 1 end
    end
  end
  return running, pending
end

local function network_configuration(service)
  local subnet = service.subnet
  return {
    awsvpcConfiguration = {
      subnets = { subnet.id }, securityGroups = host.array(service.security_groups), assignPublicIp = "DISABLED",
    },
  }
end

local function deployment_configuration(service)
  local configuration = service.configuration
  return {
    deploymentCircuitBreaker = { enable = configuration.breaker.enable, rollback = configuration.breaker.rollback },
    maximumPercent = configuration.maximum_percent, minimumHealthyPercent = configuration.minimum_healthy_percent,
    strategy = "ROLLING", bakeTimeInMinutes = 0,
  }
end

local function deployment(service, one)
  local running, pending = counts(service, one)
  return {
    id = one.id, status = one.status, taskDefinition = one.definition.taskDefinitionArn,
    desiredCount = one.status == "PRIMARY" and service.desired or 0, pendingCount = pending, runningCount = running,
    failedTasks = one.failed, createdAt = clock.stamp(one.created_at), updatedAt = clock.stamp(one.updated_at),
    launchType = "FARGATE", platformVersion = service.platform_version, platformFamily = "Linux",
    networkConfiguration = network_configuration(service), rolloutState = one.rollout, rolloutStateReason = one.reason,
  }
end

local function events(service)
  local shapes = host.array {}
  for i = #service.events, math.max(1, #service.events - MOST_EVENTS + 1), -1 do
    local event = service.events[i]
    shapes[#shapes + 1] = { id = event.id, createdAt = clock.stamp(event.at), message = event.message }
  end
  return shapes
end

local function current_revisions(service)
  return list(service.deployments, function(one)
    local running, pending = counts(service, one)
    return {
      arn = one.revision.arn, requestedTaskCount = one.status == "PRIMARY" and service.desired or 0, runningTaskCount = running,
      pendingTaskCount = pending,
    }
  end)
end

local function current_record(service)
  local primary = deployments.primary(service)
  return (primary.rolled_back or primary.record).arn
end

---@param service table
---@return table
function views.service(service)
  local running, pending = counts(service)
  return {
    serviceArn = service.arn, serviceName = service.name, clusterArn = service.cluster.arn, status = "ACTIVE",
    desiredCount = service.desired, runningCount = running, pendingCount = pending, launchType = "FARGATE",
    platformVersion = service.platform_version, platformFamily = "Linux",
    taskDefinition = service.definition.taskDefinitionArn, deploymentConfiguration = deployment_configuration(service),
    deployments = list(service.deployments, function(one) return deployment(service, one) end), events = events(service),
    loadBalancers = host.array(service.load_balancers), serviceRegistries = host.array(service.registries),
    roleArn = service.role_arn, createdAt = clock.stamp(service.created_at), createdBy = service.created_by,
    currentServiceDeployment = current_record(service), currentServiceRevisions = current_revisions(service),
    placementConstraints = host.array {}, placementStrategy = host.array {},
    networkConfiguration = network_configuration(service), healthCheckGracePeriodSeconds = service.grace_period,
    schedulingStrategy = "REPLICA", deploymentController = { type = "ECS" }, enableECSManagedTags = true,
    propagateTags = "NONE", enableExecuteCommand = service.execute_command, availabilityZoneRebalancing = "ENABLED",
  }
end

local CONTAINER_STATUS = {
  PROVISIONING = "PENDING", PENDING = "PENDING", ACTIVATING = "RUNNING", RUNNING = "RUNNING", DEACTIVATING = "RUNNING",
  STOPPING = "RUNNING", DEPROVISIONING = "STOPPED", STOPPED = "STOPPED",
}

local function container(task)
  local one = task.container
  local definition = task.definition.containerDefinitions[1]
  return {
    containerArn = ("%s/%s"):format(task.arn:gsub(":task/", ":container/"), one.id), taskArn = task.arn, name = one.name,
    image = one.image, imageDigest = one.digest, runtimeId = one.runtime_id, lastStatus = CONTAINER_STATUS[task.last_status],
    exitCode = one.exit_code, reason = one.reason, networkBindings = host.array {},
    networkInterfaces = { { attachmentId = task.attachment, privateIpv4Address = task.address } },
    healthStatus = task.health, cpu = tostring(definition.cpu or 0),
    memory = definition.memory and tostring(definition.memory) or nil, managedAgents = exec.agents(task),
  }
end

local ATTACHMENT_STATUS = { PROVISIONING = "PRECREATED", DEPROVISIONING = "DETACHING", STOPPED = "DELETED" }

local function attachment(task)
  local details = host.array { { name = "subnetId", value = task.service.subnet.id } }
  if task.last_status ~= "PROVISIONING" then
    details[2] = { name = "networkInterfaceId", value = task.interface }
    details[3] = { name = "macAddress", value = task.mac }
    details[4] = { name = "privateIPv4Address", value = task.address }
  end
  return {
    id = task.attachment, type = "ElasticNetworkInterface", status = ATTACHMENT_STATUS[task.last_status] or "ATTACHED",
    details = details,
  }
end

---@param task Task
---@return table
function views.task(task)
  return {
    taskArn = task.arn, taskDefinitionArn = task.definition.taskDefinitionArn, clusterArn = task.service.cluster.arn,
    availabilityZone = task.service.subnet.zone, attachments = { attachment(task) }, attributes = host.array {},
    connectivity = task.connected and "CONNECTED" or nil, connectivityAt = task.connected and clock.stamp(task.pull_started_at) or nil,
    containers = { container(task) }, cpu = task.definition.cpu, memory = task.definition.memory,
    createdAt = clock.stamp(task.created_at), desiredStatus = task.desired_status, lastStatus = task.last_status,
    enableExecuteCommand = task.execute_command, group = "service:" .. task.service.name, healthStatus = task.health,
    launchType = "FARGATE", platformVersion = task.service.platform_version, platformFamily = "Linux",
    overrides = { containerOverrides = { { name = task.container.name } }, inferenceAcceleratorOverrides = host.array {} },
    pullStartedAt = clock.stamp(task.pull_started_at), pullStoppedAt = clock.stamp(task.pull_stopped_at),
    startedAt = clock.stamp(task.started_at), startedBy = task.deployment.id, stopCode = task.stop_code,
    stoppedReason = task.stopped_reason, stoppingAt = clock.stamp(task.stopping_at),
    executionStoppedAt = clock.stamp(task.execution_stopped_at), stoppedAt = clock.stamp(task.stopped_at),
    tags = host.array {}, version = task.version, ephemeralStorage = { sizeInGiB = 20 },
  }
end

---@param service table
---@param record table
---@return table
function views.brief(service, record)
  return {
    serviceDeploymentArn = record.arn, serviceArn = service.arn, clusterArn = service.cluster.arn,
    createdAt = clock.stamp(record.created_at), startedAt = clock.stamp(record.started_at),
    finishedAt = clock.stamp(record.finished_at), targetServiceRevisionArn = record.target.arn, status = record.status,
    statusReason = record.reason,
  }
end

local function summary(service, revision)
  for _, one in ipairs(service.deployments) do
    if one.revision == revision then
      local running, pending = counts(service, one)
      return {
        arn = revision.arn, requestedTaskCount = one.status == "PRIMARY" and service.desired or 0, runningTaskCount = running,
        pendingTaskCount = pending,
      }
    end
  end
  return { arn = revision.arn, requestedTaskCount = 0, runningTaskCount = 0, pendingTaskCount = 0 }
end

---@param service table
---@param record table
---@return table
function views.record(service, record)
  local shape = views.brief(service, record)
  shape.targetServiceRevisionArn = nil
  shape.targetServiceRevision = summary(service, record.target)
  shape.sourceServiceRevisions = list(record.sources, function(revision) return summary(service, revision) end)
  shape.updatedAt, shape.stoppedAt = clock.stamp(record.updated_at), clock.stamp(record.stopped_at)
  shape.deploymentConfiguration = deployment_configuration(service)
  shape.deploymentCircuitBreaker = {
    status = deployments.breaker_state(service, record), failureCount = record.breaker_failures,
    threshold = deployments.threshold(service),
  }
  if record.rollback then
    shape.rollback = {
      reason = record.rollback.reason, startedAt = clock.stamp(record.rollback.started_at),
      serviceRevisionArn = record.rollback.revision.arn,
    }
  end
  return shape
end

---@param service table
---@param revision table
---@return table
function views.revision(service, revision)
  return {
    serviceRevisionArn = revision.arn, serviceArn = service.arn, clusterArn = service.cluster.arn,
    taskDefinition = revision.definition.taskDefinitionArn, launchType = "FARGATE", platformVersion = service.platform_version,
    platformFamily = "Linux", loadBalancers = host.array(service.load_balancers),
    serviceRegistries = host.array(service.registries), networkConfiguration = network_configuration(service),
    containerImages = host.array(revision.images), guardDutyEnabled = false, createdAt = clock.stamp(revision.created_at),
  }
end

---@param cluster table
---@return table
function views.cluster(cluster)
  local running, pending, active = 0, 0, 0
  for _, service in pairs(cluster.services) do
    local service_running, service_pending = counts(service)
    running, pending, active = running + service_running, pending + service_pending, active + 1
  end
  return {
    clusterArn = cluster.arn, clusterName = cluster.name, status = "ACTIVE", registeredContainerInstancesCount = 0,
    runningTasksCount = running, pendingTasksCount = pending, activeServicesCount = active, statistics = host.array {},
    tags = host.array {}, settings = { { name = "containerInsights", value = "disabled" } },
    capacityProviders = { "FARGATE", "FARGATE_SPOT" }, defaultCapacityProviderStrategy = host.array {},
  }
end

return views
