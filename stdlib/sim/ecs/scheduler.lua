--- The service scheduler: compares what a service should run with what it runs, and starts and stops tasks.
---
--- As AWS documents it: never more than maximumPercent of the desired count wanted at once, never fewer than
--- minimumHealthyPercent healthy by its own doing; an unhealthy task is replaced first and stopped after, when there is
--- room; a stopped task is replaced with the revision that is configured now.

local clock = require "sim.clock"
local deployments = require "sim.ecs.deployments"
local health = require "sim.ecs.health"
local lifecycle = require "sim.ecs.lifecycle"
local random = require "sim.random"

local scheduler = {}

-- Between launches after several in a row that failed: doubles from the first to the last.
local FIRST_PAUSE_S, LONGEST_PAUSE_S = 15, 900
local CALM_FAILURES = 2 -- this many are retried at once
local PLACED_AGAIN_AFTER_S = 60

local reconcile

---Looks at the service soon.
---@param service table
function scheduler.wake(service)
  if service.next_look and service.next_look.action then return end
  service.next_look = clock.after(random.between(service.world.pace.scheduling), function() reconcile(service) end)
end

-- ---- looking --------------------------------------------------------------------------------------

local function is_wanted(task)
  return task.desired_status == "RUNNING"
end

local function is_starting(task)
  return task.last_status ~= "RUNNING"
end

---In service: its container and its target are healthy, as far as they are checked.
---@param task Task
---@return boolean
function scheduler.is_healthy(task)
  return is_wanted(task) and not is_starting(task)
      and (task.health == "HEALTHY" or not health.is_defined(task))
      and (not task.target or task.target.state == "healthy")
end

local function tasks_of(service, accept)
  local list = {}
  for _, task in ipairs(service.cluster.task_order) do
    if task.service == service and accept(task) then list[#list + 1] = task end
  end
  return list
end

---@param service table
---@return Task[]
function scheduler.wanted_tasks(service)
  return tasks_of(service, is_wanted)
end

local function count(tasks, accept)
  local n = 0
  for _, task in ipairs(tasks) do
    if accept(task) then n = n + 1 end
  end
  return n
end

local function ids(tasks)
  local texts = {}
  for i, task in ipairs(tasks) do texts[i] = ("(task %s)"):format(task.id) end
  return table.concat(texts, " ")
end

-- ---- what tasks report ----------------------------------------------------------------------------

local function target_group_of(service)
  return service.load_balancers[1] and service.load_balancers[1].targetGroupArn
end

local function notice_registration(service, task)
  if task.target and not task.registration_noted then
    task.registration_noted = true
    service:add_event("(service %s) registered 1 targets in (target-group %s)", service.name, target_group_of(service))
  end
end

local function problem_of(service, task)
  if task.health == "UNHEALTHY" then
    return "Task failed container health checks", ("(service %s) (task %s) failed container health checks."):format(service.name, task.id)
  end
  if task.target and task.target.state == "unhealthy" then
    local group = target_group_of(service)
    return ("Task failed ELB health checks in (target-group %s)"):format(group),
        ("(service %s) (task %s) (port %d) is unhealthy in (target-group %s) due to (reason %s)")
        :format(service.name, task.id, task.target.port, group, task.target.description)
  end
end

-- Failures in the grace period count when they outlast it.
local function notice_problem(service, task)
  if task.problem or not is_wanted(task) or is_starting(task) then return end
  local problem, event = problem_of(service, task)
  if not problem then return end
  local grace_ends = task.started_at + service.grace_period
  if clock.now() < grace_ends then
    clock.at(grace_ends, function() notice_problem(service, task) end)
    return
  end
  task.problem = problem
  scheduler.wake(service)
  service.steady = false
  service:add_event("%s", event)
end

local function notice_end(service, task)
  if task.last_status ~= "STOPPED" or task.end_noted then return end
  task.end_noted = true
  local own_fault = task.stop_code == "TaskFailedToStart" or task.stop_code == "EssentialContainerExited" or task.problem ~= nil
  if own_fault and not task.was_healthy then deployments.count_failure(service, task.deployment) end
  if task.stop_code == "TaskFailedToStart" then
    task.deployment.launch_failures = task.deployment.launch_failures + 1
    task.deployment.last_failure_at = clock.now()
  end
end

---What a service's watcher does with a task's news.
---@param service table
---@param task Task
function scheduler.notice(service, task)
  notice_registration(service, task)
  notice_problem(service, task)
  notice_end(service, task)
  if scheduler.is_healthy(task) and not task.was_healthy then
    task.was_healthy = true
    deployments.prove(task.deployment)
  end
  scheduler.wake(service)
end

-- ---- stopping -------------------------------------------------------------------------------------

local function stop(service, tasks, reason_of)
  if #tasks == 0 then return end
  local drained = 0
  for _, task in ipairs(tasks) do
    if task.target then drained = drained + 1 end
    lifecycle.stop(task, "ServiceSchedulerInitiated", reason_of(task))
  end
  service.steady = false
  service:add_event("(service %s) has stopped %d running tasks: %s.", service.name, #tasks, ids(tasks))
  if drained > 0 then
    service:add_event("(service %s) deregistered %d targets in (target-group %s)", service.name, drained, target_group_of(service))
    service:add_event("(service %s) has begun draining connections on %d tasks.", service.name, drained)
  end
end

local function reason_of(task)
  return task.problem or ("Scaling activity initiated by (deployment %s)"):format(deployments.primary(task.service).id)
end

-- The order in which tasks are given up: those that do not run yet, those that are ill, then the oldest.
local function is_given_up_before(a, b)
  local a_rank = is_starting(a) and 0 or a.problem and 1 or 2
  local b_rank = is_starting(b) and 0 or b.problem and 1 or 2
  if a_rank ~= b_rank then return a_rank < b_rank end
  if a.created_at ~= b.created_at then return a.created_at < b.created_at end
  return a.id < b.id
end

-- More tasks of the primary than desired: a scale-in, or unhealthy ones whose replacements are there.
local function surplus_of_primary(service, own)
  local sound = count(own, function(task) return not task.problem end)
  local excess, healthy, surplus = #own - service.desired, count(own, scheduler.is_healthy), {}
  table.sort(own, is_given_up_before)
  for _, task in ipairs(own) do
    local replaced = task.problem and healthy >= service.desired
    local too_many = not task.problem and sound > service.desired
    if #surplus < excess and (replaced or too_many) then
      surplus[#surplus + 1] = task
      if too_many then sound = sound - 1 end
    end
  end
  return surplus
end

-- Old tasks go as far as the minimum of healthy tasks allows; those that do not run yet serve nobody.
local function surplus_of_others(others, healthy, least)
  local surplus = {}
  table.sort(others, is_given_up_before)
  for _, task in ipairs(others) do
    local is_healthy = scheduler.is_healthy(task)
    if is_starting(task) or healthy - (is_healthy and 1 or 0) >= least then
      surplus[#surplus + 1] = task
      if is_healthy then healthy = healthy - 1 end
    end
  end
  return surplus
end

-- Ill tasks that stand in the way of new ones: one at a time, those of old deployments first.
local function make_room(service, own, others)
  for _, list in ipairs { others, own } do
    for _, task in ipairs(list) do
      if task.problem and is_wanted(task) then
        stop(service, { task }, reason_of)
        return
      end
    end
  end
end

-- ---- starting -------------------------------------------------------------------------------------

local function pause_of(deployment)
  local beyond = deployment.launch_failures - CALM_FAILURES
  if beyond <= 0 then return 0 end
  return math.min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ^ (beyond - 1))
end

-- Waits when launches keep failing; says so once.
local function is_paused(service, deployment)
  local pause = pause_of(deployment)
  local ends_at = pause > 0 and deployment.last_failure_at + pause or 0
  if ends_at <= clock.now() then return false end
  if not deployment.impaired then
    deployment.impaired = true
    service:add_event("(service %s) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
      service.name)
  end
  clock.at(ends_at, function() scheduler.wake(service) end)
  return true
end

-- How many of them there is a place for; where it is fewer it says so, and looks again later.
local function placeable(service, missing)
  local world, used = service.world, 0
  if not world.capacity then return missing end
  for _, cluster in pairs(world.ecs.clusters) do used = used + count(cluster.task_order, function(task) return task.last_status ~= "STOPPED" end) end
  local places = math.max(0, math.min(missing, world.capacity - used))
  if places < missing then
    service.steady = false
    service:add_event("(service %s) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different "
      .. "availability zone. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.", service.name)
    clock.after(PLACED_AGAIN_AFTER_S, function() scheduler.wake(service) end)
  end
  return places
end

local function start(service, deployment, missing, ill)
  local tasks = {}
  for i = 1, missing do tasks[i] = lifecycle.start(service, deployment) end
  local replaced = math.min(missing, ill)
  service.steady = false
  service:add_event("(service %s) has started %d tasks: %s.%s", service.name, missing, ids(tasks),
    replaced > 0 and (" Amazon ECS replaced %d tasks due to an unhealthy status."):format(replaced) or "")
end

-- ---- the whole ------------------------------------------------------------------------------------

local function still_runs(task)
  return task.last_status ~= "STOPPED" and task.last_status ~= "DEPROVISIONING"
end

local function settle(service, own)
  deployments.drop_empty(service, function(deployment)
    return #tasks_of(service, function(task) return task.deployment == deployment and still_runs(task) end) > 0
  end)
  local primary = deployments.primary(service)
  local leaving = tasks_of(service, function(task) return not is_wanted(task) and still_runs(task) end)
  local all_healthy = #own == service.desired and count(own, scheduler.is_healthy) == #own
  if not all_healthy or #service.deployments > 1 or #leaving > 0 then return end
  if primary.rollout == "IN_PROGRESS" then deployments.complete(service) end
  if not service.steady then
    service.steady = true
    service:add_event("(service %s) has reached a steady state.", service.name)
  end
end

local function split(service, primary)
  local own, others = {}, {}
  for _, task in ipairs(scheduler.wanted_tasks(service)) do
    table.insert(task.deployment == primary and own or others, task)
  end
  return own, others
end

local function stop_surplus(service, primary)
  local own, others = split(service, primary)
  local healthy = count(own, scheduler.is_healthy) + count(others, scheduler.is_healthy)
  local least = math.ceil(service.desired * service.configuration.minimum_healthy_percent / 100)
  local surplus = surplus_of_primary(service, own)
  for _, task in ipairs(surplus) do
    if scheduler.is_healthy(task) then healthy = healthy - 1 end
  end
  for _, task in ipairs(surplus_of_others(others, healthy, least)) do surplus[#surplus + 1] = task end
  stop(service, surplus, reason_of)
end

local function start_missing(service, primary)
  local own, others = split(service, primary)
  local ill = count(own, function(task) return task.problem ~= nil end)
  local missing = service.desired - (#own - ill)
  if missing <= 0 or not deployments.may_start(primary) or is_paused(service, primary) then return end
  local most = math.floor(service.desired * service.configuration.maximum_percent / 100)
  local room = most - #own - #others
  if room <= 0 then
    make_room(service, own, others)
    scheduler.wake(service)
  else
    local places = placeable(service, math.min(missing, room))
    if places > 0 then start(service, primary, places, ill) end
  end
end

reconcile = function(service)
  local primary = deployments.primary(service)
  stop_surplus(service, primary)
  start_missing(service, primary)
  settle(service, (split(service, primary)))
end

return scheduler
