--- Targets of a target group: registration, health checks, draining.

local clock = require "sim.clock"
local probe = require "sim.probe"

local targets = {}

-- Registering takes a moment, and the first check follows it.
local REGISTRATION_S = 3

---@class TargetGroup
---@field name string
---@field arn string
---@field port integer
---@field health table { path, every, timeout, good, bad, matcher }
---@field deregistration_delay number
---@field targets Target[]

---@class Target
---@field id string address
---@field port integer
---@field state "initial"|"healthy"|"unhealthy"|"draining"
---@field reason string?
---@field description string?
---@field watched { phases: fun(): Phase[], changed: fun(target: Target) }

-- Why a check failed depends on what it met.
local FAILURES = {
  failing = { "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]" },
  starting = { "Target.FailedHealthChecks", "Health checks failed" },
  gone = { "Target.Timeout", "Request timed out" },
}

local function set_state(target, state, reason, description)
  target.state, target.reason, target.description = state, reason, description
end

local plan

local function apply(target, series, good)
  local phase = probe.phase_at(target.watched.phases(), clock.now())
  local why = FAILURES[phase and phase.state] or FAILURES.starting
  if good then
    set_state(target, "healthy")
  else
    set_state(target, "unhealthy", why[1], why[2])
  end
  target.watched.changed(target)
  if target.state ~= "draining" then plan(target, series) end
end

-- A new target is healthy after one good check; after that the thresholds hold.
plan = function(target, series)
  local group = target.group
  local verdict = ({ healthy = "good", unhealthy = "bad" })[target.state]
  series.good = verdict == nil and 1 or group.health.good
  local at, good = probe.next_change(series, target.watched.phases(), verdict, clock.now())
  target.next_change = at and clock.at(at, function() apply(target, series, good) end)
end

---@param group TargetGroup
---@param id string
---@param port integer
---@param watched { phases: (fun(): Phase[]), changed: fun(target: Target) }
---@return Target
function targets.register(group, id, port, watched)
  local target = { id = id, port = port, group = group, watched = watched }
  set_state(target, "initial", "Elb.RegistrationInProgress", "Target registration is in progress")
  group.targets[#group.targets + 1] = target
  local first = clock.now() + REGISTRATION_S
  target.next_change = clock.at(first - REGISTRATION_S / 2, function()
    set_state(target, "initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
    plan(target, { first = first, every = group.health.every, good = 1, bad = group.health.bad })
  end)
  return target
end

local function remove(target)
  for i, other in ipairs(target.group.targets) do
    if other == target then table.remove(target.group.targets, i) end
  end
end

---Takes a target out of service; it drains and then vanishes.
---@param target Target
function targets.deregister(target)
  if target.state == "draining" then return end
  clock.cancel(target.next_change)
  set_state(target, "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
  clock.after(target.group.deregistration_delay, function() remove(target) end)
end

return targets
