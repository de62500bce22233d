--- How bad it is: what is read of a service for it, and the guide's four levels.

local elb = require "elb"
local http = require "http"
local logs = require "logs"
local metrics = require "metrics"
local rollout = require "rollout"
local status = require "status"

local severity = {}

---By level; 5: nothing is wrong.
severity.NAMES = {
  "critical: the service is completely down", "high: the service is degraded", "medium: the service is impacted", "low: monitoring alerts",
  "none",
}

---@class SeverityFacts
---@field running integer
---@field desired integer
---@field unhealthy_tasks integer
---@field healthy_targets integer
---@field unhealthy_targets integer
---@field answers boolean
---@field restarts integer
---@field errors integer
---@field oauth_errors integer
---@field error_rate? number
---@field cpu_high? boolean
---@field memory_high? boolean

local function count_lines(p, pattern, since)
  local events = logs.find({ group = p.log_group, pattern = pattern, since = since }, 1000)
  return #events
end

local function error_rate(p, since)
  local balancer = elb.load_balancer(p.target_group)
  if not balancer then return nil end
  local known, range = metrics.of_target_group(p.target_group, balancer), { since = since, period = 60 }
  local share = metrics.share(metrics.read(known.errors, range), metrics.read(known.requests, range))
  return share[#share] and share[#share][2]
end

---What tells how bad it is, in the last ten minutes.
---@param which ServiceName
---@param p { target_group: string, log_group: string, health_url: string } and what status.read takes
---@return SeverityFacts
function severity.read(which, p)
  local now, since = time.now(), time.now() - 600
  local state, known = status.read(which, p), metrics.of_service(which)
  local failed = 0
  for _, task in ipairs(rollout.stopped(which)) do
    local is_wanted = task.stopCode == "ServiceSchedulerInitiated" or task.stopCode == "UserInitiated"
    if now - (task.stoppedAt or now) < 1800 and not is_wanted then failed = failed + 1 end
  end
  return {
    running = state.service.runningCount, desired = state.service.desiredCount, unhealthy_tasks = status.unhealthy_tasks(state),
    healthy_targets = status.healthy_targets(state), unhealthy_targets = status.unhealthy_targets(state),
    answers = http.answers(p.health_url)() == true, restarts = failed, errors = count_lines(p, logs.ERRORS, since),
    oauth_errors = count_lines(p, "?invalid_client ?invalid_grant", since), error_rate = error_rate(p, since),
    cpu_high = metrics.consistently(metrics.read(known.cpu, { since = since, period = 60 }), "above", 70) == true,
    memory_high = metrics.consistently(metrics.read(known.memory, { since = since, period = 60 }), "above", 80) == true,
  }
end

---@class Assessment
---@field severity integer 1 (critical) to 4 (low); 5: nothing is wrong
---@field reasons string[] why

---The severity of what is, by the guide's four levels.
---@param facts SeverityFacts
---@return Assessment
function severity.assess(facts)
  local levels = { {}, {}, {}, {} }
  local function add(level, format, ...) table.insert(levels[level], format:format(...)) end
  if facts.running == 0 and facts.desired > 0 then add(1, "all tasks are stopped") end
  if facts.desired > 0 and facts.healthy_targets == 0 then add(1, "no target is healthy: no traffic can be served") end
  if facts.running > 0 and facts.running < facts.desired then add(2, "%d of %d tasks run", facts.running, facts.desired) end
  if facts.unhealthy_tasks > 0 then add(2, "%d of %d tasks are unhealthy", facts.unhealthy_tasks, facts.running) end
  if facts.healthy_targets > 0 and facts.unhealthy_targets > 0 then add(2, "%d targets are unhealthy", facts.unhealthy_targets) end
  if facts.error_rate and facts.error_rate >= 0.05 then add(2, "%.0f%% of the requests end in errors", 100 * facts.error_rate) end
  if facts.restarts > 0 then add(3, "%d tasks failed in the last half hour", facts.restarts) end
  if facts.oauth_errors > 0 then add(3, "OAuth fails: %d lines", facts.oauth_errors) end
  if facts.errors > 0 then add(facts.errors >= 10 and 3 or 4, "%d lines of the log look like errors", facts.errors) end
  if facts.cpu_high then add(4, "CPU is consistently high") end
  if facts.memory_high then add(4, "memory is consistently high") end
  if not facts.answers then add(4, "the health endpoint did not answer from here") end
  for severity = 1, 4 do
    if #levels[severity] > 0 then return { severity = severity, reasons = levels[severity] } end
  end
  return { severity = 5, reasons = { "nothing is wrong that this knows of" } }
end

return severity
