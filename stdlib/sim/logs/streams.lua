--- Log groups and their streams. What a program will write is planned when it starts: lines at their times, and series
--- that repeat (access lines). They are written out only when somebody reads, so a quiet day costs nothing.

local clock = require "sim.clock"
local random = require "sim.random"

local streams = {}

-- Series are kept for this long; a world that ran for weeks still answers at once. Single lines are kept.
local SERIES_KEPT_S = 6 * 3600

---@class LogGroup
---@field name string
---@field created_at number
---@field retention_days? integer
---@field streams table<string, LogStream>

---@class LogStream
---@field name string
---@field created_at number
---@field token string 56 digits
---@field lines { at: number, text: string, order: integer }[]
---@field written integer lines so far
---@field series { from: number, upto: number, every: number, text: string }[]

---@param world table
---@param data { name: string, retention_days?: integer, created_at?: number }
---@return LogGroup
function streams.create_group(world, data)
  local group = {
    name = data.name, retention_days = data.retention_days, created_at = data.created_at or clock.now(), streams = {},
  }
  world.logs.groups[data.name] = group
  return group
end

---@param group LogGroup
---@param name string
---@return LogStream
function streams.create(group, name)
  local stream = {
    name = name, created_at = clock.now(), lines = {}, series = {}, written = 0, token = random.digits(56),
  }
  group.streams[name] = stream
  return stream
end

---Plans one line; a text of several lines becomes as many events, as the awslogs driver does.
---@param stream LogStream
---@param at number
---@param text string
function streams.write(stream, at, text)
  for line in (text .. "\n"):gmatch("(.-)\n") do
    stream.written = stream.written + 1
    stream.lines[#stream.lines + 1] = { at = clock.stamp(at), text = line, order = stream.written }
  end
end

---Adds one event as it is.
---@param stream LogStream
---@param at number
---@param text string
function streams.put(stream, at, text)
  stream.written = stream.written + 1
  stream.lines[#stream.lines + 1] = { at = clock.stamp(at), text = text, order = stream.written }
end

---Plans a text that repeats. `{n}` in it becomes a number that differs from line to line.
---@param stream LogStream
---@param series { from: number, upto?: number, every: number, text: string }
---@return table? planned whose `upto` may be moved
function streams.write_series(stream, series)
  if series.upto and series.upto <= series.from then return end
  local planned = { from = series.from, upto = series.upto or math.huge, every = series.every, text = series.text }
  stream.series[#stream.series + 1] = planned
  return planned
end

---Forgets what was planned from `at` on: the program is gone.
---@param stream LogStream
---@param at number
function streams.cut(stream, at)
  local kept = {}
  for _, line in ipairs(stream.lines) do
    if line.at < at then kept[#kept + 1] = line end
  end
  stream.lines = kept
  for _, series in ipairs(stream.series) do series.upto = math.min(series.upto, at) end
end

-- Series sort behind lines of the same time; each has room for a thousand lines a turn.
local function add_series(events, stream, index, from, upto)
  local series = stream.series[index]
  local first = math.max(from, clock.now() - SERIES_KEPT_S)
  local n = math.max(0, math.ceil((first - series.from) / series.every))
  local at = series.from + n * series.every
  while at < math.min(series.upto, upto) do
    local text = series.text:gsub("{n}", tostring(30000 + n * 7919 % 30000))
    local order = 100000 + index * 1000
    for line in (text .. "\n"):gmatch("(.-)\n") do
      order = order + 1
      events[#events + 1] = { at = clock.stamp(at), text = line, stream = stream, order = order }
    end
    n = n + 1
    at = series.from + n * series.every
  end
end

---What the stream holds, oldest first, in from <= time < upto; nothing from the future.
---@param stream LogStream
---@param from number
---@param upto number
---@return { at: number, text: string, stream: LogStream, order: integer }[]
function streams.read(stream, from, upto)
  upto = math.min(upto, clock.now())
  local events = {}
  for _, line in ipairs(stream.lines) do
    if line.at >= from and line.at < upto then
      events[#events + 1] = { at = line.at, text = line.text, stream = stream, order = line.order }
    end
  end
  for index in ipairs(stream.series) do add_series(events, stream, index, from, upto) end
  table.sort(events, streams.is_before)
  return events
end

---@return boolean
function streams.is_before(a, b)
  if a.at ~= b.at then return a.at < b.at end
  if a.stream ~= b.stream then return a.stream.name < b.stream.name end
  return a.order < b.order
end

---The times of the first and the last event; nil for a stream without any.
---@param stream LogStream
---@return number? first
---@return number? last
function streams.bounds(stream)
  local first, last
  local function note(at)
    if at >= clock.now() then return end
    first = math.min(first or at, at)
    last = math.max(last or at, at)
  end
  for _, line in ipairs(stream.lines) do note(line.at) end
  for _, series in ipairs(stream.series) do
    note(series.from)
    local until_then = math.min(series.upto, clock.now())
    if until_then > series.from then
      note(series.from + (math.ceil((until_then - series.from) / series.every) - 1) * series.every)
    end
  end
  return first, last
end

return streams
