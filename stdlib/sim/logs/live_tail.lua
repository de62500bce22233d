--- Live Tail: what log groups get from now on, told once a second.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pattern = require "sim.logs.pattern"
local streams = require "sim.logs.streams"

local live_tail = {}

local SESSION_SECONDS = 3 * 3600
local INTERVAL = 1
local MOST_RESULTS = 500 -- of an update; what is more is sampled

local function check(input)
  if input.logStreamNames and input.logStreamNamePrefixes then
    fail("InvalidParameterException", "Cannot specify both logStreamNames and logStreamNamePrefixes.")
  end
  if (input.logStreamNames or input.logStreamNamePrefixes) and #input.logGroupIdentifiers > 1 then
    fail("InvalidParameterException", "Log streams can be specified for a single log group only.")
  end
  for _, identifier in ipairs(input.logGroupIdentifiers) do
    if identifier:sub(-1) == "*" then
      fail("InvalidParameterException", "The log group identifier must not end with '*'.")
    end
  end
end

local function groups_of(world, input)
  local groups = {}
  for _, identifier in ipairs(input.logGroupIdentifiers) do
    local group = world.logs.groups[identifier:match "([^:]+)$"]
    if not group then fail("ResourceNotFoundException", "The specified log group does not exist.") end
    groups[#groups + 1] = { identifier = identifier, group = group }
  end
  return groups
end

local function is_wanted(name, input)
  local prefixes = input.logStreamNamePrefixes
  if not input.logStreamNames and not prefixes then return true end
  for _, wanted in ipairs(input.logStreamNames or {}) do
    if name == wanted then return true end
  end
  for _, prefix in ipairs(prefixes or {}) do
    if name:sub(1, #prefix) == prefix then return true end
  end
  return false
end

-- Events between two times, oldest first.
local function collect(groups, input, matches, from, upto)
  local events = {}
  for _, tailed in ipairs(groups) do
    for name, stream in pairs(tailed.group.streams) do
      for _, event in ipairs(is_wanted(name, input) and streams.read(stream, from, upto) or {}) do
        if matches(event.text) then events[#events + 1] = { identifier = tailed.identifier, event = event } end
      end
    end
  end
  table.sort(events, function(a, b) return streams.is_before(a.event, b.event) end)
  return events
end

local function update_of(events)
  local results = host.array {}
  for i = 1, math.min(#events, MOST_RESULTS) do
    local event = events[i].event
    results[i] = {
      logGroupIdentifier = events[i].identifier, logStreamName = event.stream.name, message = event.text,
      timestamp = clock.ms(event.at), ingestionTime = clock.ms(event.at) + 900,
    }
  end
  return { sessionUpdate = { sessionMetadata = { sampled = #events > MOST_RESULTS }, sessionResults = results } }
end

local function start_of(input, call)
  return { sessionStart = {
    requestId = call.request_id, sessionId = host.uuid(), logGroupIdentifiers = input.logGroupIdentifiers,
    logStreamNames = input.logStreamNames, logStreamNamePrefixes = input.logStreamNamePrefixes,
    logEventFilterPattern = input.logEventFilterPattern,
  } }
end

---The operation StartLiveTail.
---@return table output
---@return fun(): table, number next_event
function live_tail.start(world, input, call)
  check(input)
  local groups = groups_of(world, input)
  local matches = pattern.compile(input.logEventFilterPattern)
  local started = clock.now()
  local seen = started
  local is_told = false
  return {}, function()
    if not is_told then
      is_told = true
      return start_of(input, call), INTERVAL
    end
    local now = clock.now()
    if now - started >= SESSION_SECONDS then fail("SessionTimeoutException", "The session has timed out.") end
    local events = collect(groups, input, matches, seen, now)
    seen = now
    return update_of(events), INTERVAL
  end
end

return live_tail
