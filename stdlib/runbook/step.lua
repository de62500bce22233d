--- A step: the one place where a runbook changes something.

local host = require "host.run"
local options = require "options"
local perform = require "runbook.perform"
local undo = require "runbook.undo"

---@class RunSteps
local step = {}

---@class Uncertain a call that was sent, and nobody knows whether it took effect
---@field action string
---@field params table
---@field at string when, in ISO 8601

---@class Undo
---@field change fun(result: any): any
---@field check? fun(uncertain?: Uncertain, result: any): any, boolean? as that of a step

---@class Step
---@field change fun(): any makes the change; what it returns is the step's result, plain data
---@field check? fun(uncertain?: Uncertain): any, boolean? true: it is so already, and the value is the result. After a crash or a
---lost answer it is told the call of which nobody knows whether it took effect, and decides; of a step that makes several, the
---second value is true where that one did although the step is not done
---@field undo? Undo|fun(result: any) takes the change back; the result is nil where the change failed half-way
---@field when? boolean|fun(): boolean|nil, string? false: the step is skipped, for the reason that follows
---@field confirm? string|fun(): string what the operator reads before it happens
---@field word? string what must be typed, of a change that destroys
---@field approval? boolean|number|string a second person must approve; within so many seconds (30 minutes)
---@field retry? integer|{ attempts: integer, every: number|string } how often `change` is tried when the world fails it; 10 s apart
---@field timeout? number|string of one attempt
---@field assume? any what a plan takes for the result: a value, or a function that gives it

local OPTIONS = {
  change = "function", check = "function", undo = "function|table", when = "boolean|function", confirm = "string|function",
  word = "string", approval = "boolean|number|string", retry = "number|table", timeout = "number|string", assume = "any",
}

local UNDO = { change = "function", check = "function" }

local function done_before(self, id, name, how, known)
  if known.changed then undo.remember(self, id, name, how.undo, known.result) end
  self.root:tell { event = "step.recalled", step = id, name = name }
  return known.result
end

-- An undo goes as far as the first step that never began.
local function reached(self, id, name, how, known)
  if known and host.changed(id) then undo.remember(self, id, name, how.undo) end
  error(undo.REACHED, 0)
end

---Makes one change: looks whether it is needed, asks, does it, and keeps what came of it, so that a run that is resumed does
---not do it again. When it fails the operator chooses: retry, skip, edit a parameter, undo, stop.
---@param name string
---@param how Step
---@return any result of `change`, or of `check` where it was so already; nil where the step was skipped
function step:step(name, how)
  how = options.check("rb:step", how, OPTIONS)
  if type(how.undo) == "table" then how.undo = options.check("rb:step undo", how.undo, UNDO) end
  if not how.change or type(how.undo) == "table" and not how.undo.change then error("rb:step: 'change' is missing", 2) end
  local id = self:next_id("step")
  local known = self.root.past:find("steps", id, name)
  if known and known.ended then return done_before(self, id, name, how, known) end
  if self.root.undoing then reached(self, id, name, how, known) end
  self.root:begin_new()
  local result, changed = perform.step(self, id, name, how)
  if changed and not self.planning then undo.remember(self, id, name, how.undo, result) end
  return result
end

return step
