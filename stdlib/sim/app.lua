--- The program inside a container, as far as the outside can tell: when it answers, when it fails, what it logs.
---
--- A behaviour is data of the image it comes with:
---   starts_in      seconds until it listens (a pair: somewhere between)
---   fails_after    seconds until it answers errors only
---   flaps          { well, ill }: from when it listens it works so many seconds and fails so many, again and again for six hours
---   exits_after    seconds until the process ends, with exit_code (default 1)
---   leaks          MiB a minute that it takes and does not give back, until the container is killed for it
---   programs       what commands in the container answer: { ["ls /app"] = { stdout = "...", code = 0 } } (sim.shell)
---   no_shell       true: the image has none
---   stops_in       seconds from SIGTERM to a clean end (default 1)
---   routes         path -> { ok = { status, body }, failing = { status, body }, denied = { status, body } }; denied: what it needs is not
---                  there (sim.dependencies)
---   log            start = { { seconds, text }, ... }, serving and failing = { { every, text }, ... }, and one text each for
---                  fails, exits, stops

local clock = require "sim.clock"
local load = require "sim.load"
local probe = require "sim.probe"
local random = require "sim.random"
local streams = require "sim.logs.streams"

local app = {}

---@class App
---@field behaviour table
---@field started_at number
---@field phases Phase[]
---@field exits_at number?
---@field stream LogStream?

local FLAPS_FOR_S = 6 * 3600

local function add_flapping(phases, flaps, from)
  if not flaps then return end
  for at = from, from + FLAPS_FOR_S, flaps[1] + flaps[2] do
    phases[#phases + 1] = { at = at + flaps[1], state = "failing" }
    phases[#phases + 1] = { at = at + flaps[1] + flaps[2], state = "ok" }
  end
end

local function plan_phases(behaviour, started_at)
  local phases = { { at = started_at, state = "starting" } }
  local listens_at = started_at + random.between(behaviour.starts_in or 5)
  local fails_at = behaviour.fails_after and math.max(listens_at, started_at + random.between(behaviour.fails_after))
  local exits_at = behaviour.exits_after and started_at + random.between(behaviour.exits_after)
  if not fails_at or fails_at > listens_at then phases[#phases + 1] = { at = listens_at, state = "ok" } end
  if fails_at then phases[#phases + 1] = { at = fails_at, state = "failing" } end
  add_flapping(phases, behaviour.flaps, listens_at)
  return phases, exits_at
end

-- When the memory is used up.
local function killed_at(behaviour, started_at, memory)
  return behaviour.leaks and started_at + 60 * math.max(0, memory - load.IDLE_MEMORY_MB) / behaviour.leaks
end

local function write_series(stream, list, from, upto)
  for _, series in ipairs(list or {}) do
    local every = random.between(series[1])
    streams.write_series(stream, { from = from + random.between { 0, every }, upto = upto, every = every, text = series[2] })
  end
end

local function write_log(self)
  local log, stream = self.behaviour.log or {}, self.stream
  for _, line in ipairs(log.start or {}) do streams.write(stream, self.started_at + line[1], line[2]) end
  for i, phase in ipairs(self.phases) do
    local following = self.phases[i + 1]
    if phase.state == "failing" and log.fails then streams.write(stream, phase.at, log.fails) end
    local series = ({ ok = log.serving, failing = log.failing })[phase.state]
    write_series(stream, series, phase.at, following and following.at)
  end
end

---Starts the program now.
---@param behaviour table
---@param stream LogStream?
---@param memory number MiB that the container may use
---@return App
function app.start(behaviour, stream, memory)
  local self = { behaviour = behaviour, started_at = clock.now(), stream = stream }
  self.phases, self.exits_at = plan_phases(behaviour, self.started_at)
  self.exits_at = self.exits_at or killed_at(behaviour, self.started_at, memory)
  if stream then write_log(self) end
  return self
end

---@param self App
---@return "starting"|"ok"|"failing"|"gone"
function app.state(self)
  return probe.phase_at(self.phases, clock.now()).state
end

---MiB that it has leaked so far.
---@param self App
---@return number
function app.leaked(self)
  return (self.behaviour.leaks or 0) * (clock.now() - self.started_at) / 60
end

---Something that the program needs is not there (`what`), or all is there again (nil).
---@param self App
---@param what? string "google"
---@return boolean changed
function app.deny(self, what)
  if self.denied == what then return false end
  self.denied = what
  if self.complaint then self.complaint.upto = clock.now() end
  local said = what and ((self.behaviour.log or {}).denied or {})[what]
  self.complaint = said and self.stream and streams.write_series(self.stream, { from = clock.now(), every = said[1], text = said[2] }) or nil
  return true
end

---Whether it does for its users what it should.
---@param self App
---@return boolean
function app.works(self) return app.state(self) == "ok" and not self.denied end

---Ends the program now: what was planned from here on does not happen.
---@param self App
---@param last_words string?
function app.stop(self, last_words)
  local now, phases = clock.now(), {}
  for _, phase in ipairs(self.phases) do
    if phase.at < now then phases[#phases + 1] = phase end
  end
  phases[#phases + 1] = { at = now, state = "gone" }
  self.phases = phases
  if self.stream then
    streams.cut(self.stream, now)
    if last_words then streams.write(self.stream, now, last_words) end
  end
end

local JSON = { ["content-type"] = "application/json" }

---How the program answers a plain HTTP request; nil where nothing listens.
---@param self App
---@param path string
---@return table? response
function app.answer(self, path)
  local state = app.state(self)
  if state == "starting" or state == "gone" then return nil end
  local routes = self.behaviour.routes or {}
  local route = routes[path]
  if not route then return { status = 404, headers = JSON, body = '{"detail":"Not Found"}' } end
  local answer = state == "ok" and (self.denied and route.denied or route.ok) or route.failing
  return { status = answer[1], headers = JSON, body = answer[2] }
end

return app
