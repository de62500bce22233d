--- Triage of logs: lines of the same kind are one, with how often and when.

local causes = require "causes"

local triage = {}

local MOST_KINDS = 500 -- beyond these the memory would grow with the log

-- What differs between lines of one kind: times, addresses, ids, numbers.
local VARIABLES = {
  { "%d%d%d%d%-%d%d%-%d%d[T ]%d%d:%d%d:%d%d[%d.,]*Z?", "<time>" },
  { "%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x+", "<id>" },
  { "%d+%.%d+%.%d+%.%d+:?%d*", "<address>" },
  { "0x%x+", "<n>" },
  { "%f[%w]%x*%d%x*%f[%W]", function(word) return #word >= 8 and "<id>" or nil end },
  { "%d+", "<n>" },
}

---The kind of a line: the line without what differs from one to the next.
---@param line string
---@return string
function triage.kind(line)
  for _, variable in ipairs(VARIABLES) do line = line:gsub(variable[1], variable[2]) end
  return (line:gsub("%s+", " "):sub(1, 200))
end

---@class LineKind
---@field kind string
---@field count integer
---@field first number epoch seconds
---@field last number
---@field example string the last line of the kind
---@field cause? Cause

---@class Triage
---@field total integer lines
---@field left_out integer lines of kinds beyond the first 500
local Triage = {}
Triage.__index = Triage

---@return Triage
function triage.new()
  return setmetatable({ total = 0, left_out = 0, count = 0, kinds = {} }, Triage)
end

---Counts an event.
---@param event LogEvent
---@return LineKind? kind nil: one too many
function Triage:add(event)
  local name, at = triage.kind(event.message), event.timestamp / 1000
  local kind = self.kinds[name]
  self.total = self.total + 1
  if not kind then
    if self.count == MOST_KINDS then
      self.left_out = self.left_out + 1
      return nil
    end
    self.count = self.count + 1
    kind = { kind = name, count = 0, first = at, last = at, cause = causes.of(event.message) }
    self.kinds[name] = kind
  end
  kind.count, kind.first, kind.last = kind.count + 1, math.min(kind.first, at), math.max(kind.last, at)
  kind.example = event.message
  return kind
end

---The kinds, the most frequent first.
---@return LineKind[]
function Triage:list()
  local list = {}
  for _, kind in pairs(self.kinds) do list[#list + 1] = kind end
  table.sort(list, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.kind < b.kind
  end)
  return list
end

return triage
