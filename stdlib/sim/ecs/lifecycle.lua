--- The life of a Fargate task: PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED.
---
--- The service that a task belongs to hears of every change (`service.watcher`); it decides what to do about it.
--- Limit: a task is its first container.

local app = require "sim.app"
local clock = require "sim.clock"
local exec = require "sim.ecs.exec"
local health = require "sim.ecs.health"
local images = require "sim.images"
local random = require "sim.random"
local streams = require "sim.logs.streams"
local targets = require "sim.elbv2.targets"
local traffic = require "sim.traffic"

local lifecycle = {}

-- Stopped tasks can be described for an hour.
local REMEMBERED_S = 3600
local DEFAULT_STOP_TIMEOUT_S = 30
local EXIT_KILLED = 137
local OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
local LEAK_NOTED_EVERY_S = 30

---@class Task
---@field id string
---@field arn string
---@field definition table
---@field deployment table
---@field service table
---@field desired_status "RUNNING"|"STOPPED"
---@field last_status string
---@field health "UNKNOWN"|"HEALTHY"|"UNHEALTHY"
---@field container { name: string, image: string, digest: string?, exit_code: integer?, reason: string? }
---@field app App?
---@field target Target?
---@field problem string? why the scheduler should replace it

local function changed(task)
  traffic.update(task.service.world)
  task.service.watcher(task)
end

local function set_status(task, status)
  task.last_status = status
  task.version = task.version + 1
  changed(task)
end

local function then_after(task, range, action)
  clock.cancel(task.next_step)
  task.next_step = clock.after(random.between(range), function() action(task) end)
end

local function pace(task, name)
  return task.service.world.pace[name]
end

-- ---- the way down ---------------------------------------------------------------------------------

local function forget(task)
  local cluster = task.service.cluster
  cluster.tasks[task.id] = nil
  for i, other in ipairs(cluster.task_order) do
    if other == task then
      table.remove(cluster.task_order, i)
      break
    end
  end
end

local function finish(task)
  task.stopped_at = clock.now()
  task.connected = false
  set_status(task, "STOPPED")
  clock.after(REMEMBERED_S, function() forget(task) end)
end

local function deprovision(task)
  set_status(task, "DEPROVISIONING")
  then_after(task, pace(task, "deprovisioning"), finish)
end

local function container_ended(task, exit_code, last_words)
  app.stop(task.app, last_words)
  exec.task_ended(task)
  task.container.exit_code = exit_code
  task.execution_stopped_at = clock.now()
  clock.cancel(task.next_health)
  deprovision(task)
end

-- SIGTERM, and SIGKILL when the program takes longer than its definition allows.
local function terminate(task)
  set_status(task, "STOPPING")
  local patience = task.definition.containerDefinitions[1].stopTimeout or DEFAULT_STOP_TIMEOUT_S
  local needed = random.between(task.app.behaviour.stops_in or 1)
  local killed = needed > patience
  then_after(task, math.min(needed, patience), function()
    local log = task.app.behaviour.log or {}
    container_ended(task, killed and EXIT_KILLED or 0, not killed and log.stops or nil)
  end)
end

local function leave_target_group(task)
  if not task.target or task.target.state == "draining" then return 0 end
  targets.deregister(task.target)
  return task.target.group.deregistration_delay
end

local function deactivate(task)
  local drains_for = leave_target_group(task)
  set_status(task, "DEACTIVATING")
  then_after(task, drains_for, terminate)
end

local function begin_stop(task, code, reason)
  task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", code, reason
  task.stopping_at = clock.now()
  task.service.watcher(task)
end

---Asks a task to stop; one that is stopping already keeps its first reason.
---@param task Task
---@param code string AWS's stopCode
---@param reason string
function lifecycle.stop(task, code, reason)
  if task.desired_status == "STOPPED" then return end
  begin_stop(task, code, reason)
  if task.last_status == "RUNNING" then
    then_after(task, pace(task, "stopping"), deactivate)
  else
    if task.app then app.stop(task.app) end
    deprovision(task)
  end
end

-- The program ended by itself: nobody asked for it, unless the task is stopping anyway.
local function exited(task)
  if app.state(task.app) == "gone" then return end
  local behaviour = task.app.behaviour
  if task.desired_status == "RUNNING" then
    begin_stop(task, "EssentialContainerExited", "Essential container in task exited")
  end
  leave_target_group(task)
  task.container.reason = behaviour.leaks and OUT_OF_MEMORY or nil
  container_ended(task, behaviour.leaks and EXIT_KILLED or behaviour.exit_code or 1, behaviour.log and behaviour.log.exits)
end

local function fail_to_start(task, reason)
  begin_stop(task, "TaskFailedToStart", reason)
  task.container.reason = reason
  task.execution_stopped_at = clock.now()
  deprovision(task)
end

-- ---- the way up -----------------------------------------------------------------------------------

local function open_log_stream(task)
  local log = task.definition.containerDefinitions[1].logConfiguration
  local group = log and log.logDriver == "awslogs" and task.service.world.logs.groups[log.options["awslogs-group"]]
  if not group then return nil end
  return streams.create(group, ("%s/%s/%s"):format(log.options["awslogs-stream-prefix"], task.container.name, task.id))
end

local function join_target_group(task)
  local balancer = task.service.load_balancers[1]
  if not balancer then return end
  local group = task.service.world.elb.groups[balancer.targetGroupArn]
  task.target = targets.register(group, task.address, balancer.containerPort, {
    phases = function() return task.app.phases end,
    changed = function() changed(task) end,
  })
end

local function watch_phases(task)
  for i = 2, #task.app.phases do
    clock.at(task.app.phases[i].at, function() traffic.update(task.service.world) end)
  end
  if task.app.exits_at then clock.at(task.app.exits_at, function() exited(task) end) end
end

-- A leak changes nothing but the figures, which have to be looked at again and again.
local function note_leak(task)
  if app.state(task.app) == "gone" then return end
  traffic.update(task.service.world)
  clock.after(LEAK_NOTED_EVERY_S, function() note_leak(task) end)
end

local function run(task)
  task.started_at = clock.now()
  join_target_group(task)
  set_status(task, "RUNNING")
  health.watch(task, function() changed(task) end)
  if task.app.behaviour.leaks then note_leak(task) end
end

local function activate(task)
  task.pull_stopped_at = clock.now()
  task.container.digest = task.image.digest
  task.container.runtime_id = task.id .. "-" .. random.digits(10)
  task.app = app.start(task.image.behaviour, open_log_stream(task), tonumber(task.definition.memory))
  task.service.world.look_at_needs()
  watch_phases(task)
  set_status(task, "ACTIVATING")
  then_after(task, pace(task, "activating"), run)
end

-- What the container gets of the secrets that its definition names; nil and ECS's words where one cannot be had.
local function fetch_secrets(task)
  local values = {}
  for _, one in ipairs(task.definition.containerDefinitions[1].secrets or {}) do
    local id, key = one.valueFrom:match "^(arn:aws:secretsmanager:[^:]*:%d+:secret:[^:]+):?([^:]*)"
    local value, problem = task.service.world.read_secret(id or one.valueFrom, key)
    if not value then
      return nil, ("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: "
        .. "service call has been retried 1 time(s): %s"):format(problem)
    end
    values[one.name] = value
  end
  return values
end

local function pull(task)
  local problem
  task.values, problem = fetch_secrets(task)
  if not task.values then return fail_to_start(task, problem) end
  task.image = images.find(task.service.world, task.container.image)
  if task.image then return activate(task) end
  fail_to_start(task, ("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref %s: %s: not found")
    :format(task.container.image, task.container.image))
end

local function begin_pull(task)
  task.pull_started_at = clock.now()
  set_status(task, "PENDING")
  then_after(task, pace(task, "pulling"), pull)
end

local function free_address(service)
  local address = random.address(service.subnet.network)
  for _, other in ipairs(service.cluster.task_order) do
    if other.address == address and other.last_status ~= "STOPPED" then return free_address(service) end
  end
  return address
end

---Starts one task of a service.
---@param service table
---@param deployment table
---@return Task
function lifecycle.start(service, deployment)
  local container = deployment.definition.containerDefinitions[1]
  local id = random.hex(32)
  local task = {
    id = id, arn = service.cluster.task_arn_prefix .. id, service = service, deployment = deployment,
    definition = deployment.definition, desired_status = "RUNNING", last_status = "PROVISIONING", health = "UNKNOWN",
    execute_command = service.execute_command, created_at = clock.now(), version = 1, connected = true, address = free_address(service),
    interface = "eni-" .. random.hex(17), mac = ("0a:%s:%s:%s:%s:%s"):format(random.hex(2), random.hex(2), random.hex(2),
      random.hex(2), random.hex(2)), attachment = random.uuid(),
    container = { id = random.uuid(), name = container.name, image = container.image },
  }
  service.cluster.tasks[id] = task
  table.insert(service.cluster.task_order, task)
  then_after(task, pace(task, "provisioning"), begin_pull)
  return task
end

return lifecycle
