--- What a run has behind it: its own journal, read for a resume or an undo. Of a run that has just begun it is empty.
---
--- Things are found by their ids, which come of the order in which the script asks for them; a name that differs means that
--- the script has taken another way than the first time, and the run cannot go on.

local failure = require "failure"

local past = {}

---@class Past
local Past = {}
Past.__index = Past

local readers = {}

readers["step.started"] = function(self, event)
  self.steps[event.step] = self.steps[event.step] or { name = event.name }
end

readers["step.finished"] = function(self, event)
  self.steps[event.step] = { name = event.name, ended = true, changed = true, result = event.result }
end

readers["step.skipped"] = function(self, event)
  if event.declined then return end
  self.steps[event.step] = { name = event.name, ended = true, result = event.result }
end

readers["decided"] = function(self, event) self.decisions[event.id] = { name = event.name, value = event.value } end

readers["answered"] = function(self, event) self.answers[event.id] = { name = event.text, value = event.answer } end

readers["wait.finished"] = function(self, event) self.waits[event.wait] = { name = event.name } end

readers["check"] = function(self, event)
  if event.by then self.checks[event.id] = { name = event.text, value = event } end
end

readers["watched"] = function(self, event)
  self.watches[event.id] = { name = event.name, facts = event.facts, at = event.at }
end

-- What was watched may since have been changed by the run itself.
readers["call.intent"] = function(self)
  for _, watch in pairs(self.watches) do watch.stale = true end
end

readers["child.started"] = function(self, event) self.children[event.step] = event.run end

---Reads the events of the run's journal.
---@param events? table[]
---@return Past
function past.read(events)
  local self = setmetatable({ steps = {}, decisions = {}, answers = {}, waits = {}, checks = {}, watches = {}, children = {} }, Past)
  for _, event in ipairs(events or {}) do
    local reader = readers[event.event]
    if reader then reader(self, event) end
  end
  return self
end

---What the journal has under this id, or nil.
---@param kind "steps"|"decisions"|"answers"|"waits"|"checks"|"watches"
---@param id string
---@param name string as the script says it now
---@return table?
function Past:find(kind, id, name)
  local found = self[kind][id]
  if found and found.name ~= name then
    failure.raise("usage", "%s %s was '%s' in this run's journal and is '%s' now: the script took another way; " ..
      "what it reads before its first change belongs in rb:decide", kind:sub(1, -2), id, found.name, name)
  end
  return found
end

return past
