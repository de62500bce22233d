--- Another runbook as a step: a run of its own, with its own parameters, needs, locks, steps and journal.

local failure = require "failure"
local host = require "host.run"
local perform = require "runbook.perform"
local undo = require "runbook.undo"
local unknown = require "plan.unknown"

---@class RunChildren
local child = {}

local KIND = {
  [failure.exit.usage] = "usage", [failure.exit.problem] = "problem", [failure.exit.refused] = "denied",
  [failure.exit.script] = "script", [failure.exit.credentials] = "credentials", [failure.exit.unreachable] = "network",
}

local function check_declared(root, name)
  for _, declared in ipairs(root.declaration.runbooks or {}) do
    if declared == name then return end
  end
  failure.raise("denied", "runbook '%s': not declared in this runbook's runbooks; add \"%s\"", name, name)
end

-- Carries it out; `state.run` is the run that goes on, where there is one.
local function carry_out(id, name, params, state)
  local ending, err = host.child {
    runbook = name, params = params, step = id:match "^[^/]+", past = state.run, undo = state.undo,
  }
  if not ending then failure.raise("usage", "%s", failure.text(err)) end
  state.run = ending.run
  local is_good = ending.exit_code == failure.exit.ok or state.undo and ending.outcome == "undone"
  if is_good then return ending.result end
  error(failure.new(KIND[ending.exit_code] or "child", ("%s, run %s: %s"):format(name, ending.run, ending.text or ending.outcome)), 0)
end

local function plan(id, title, name, params)
  host.child { runbook = name, params = params, step = id }
  return unknown.new { step = id, name = title }
end

---Runs another runbook as a step. It is found beside this one or where the command line looks, and has to be among
---`runbooks` of the declaration. What its `run` returns comes back, plain data; a secret in it is lost. A runbook that does not
---end well is a failed step, and `retry` goes on with it. Resume and undo of this run are also its.
---@param name string
---@param params? table<string, any>
---@return any result
function child:run(name, params)
  if type(name) ~= "string" then error("rb:run: expected the name of a runbook, got " .. type(name), 2) end
  local root, id, title = self.root, self:next_id("step"), "Run " .. name
  local known, state = root.past:find("steps", id, title), { run = root.past.children[id] }
  local take_back = { change = function() return carry_out(id, name, params, { run = state.run, undo = true }) end }
  check_declared(root, name)
  if known and known.ended then
    if known.changed and state.run then undo.remember(self, id, title, take_back) end
    root:tell { event = "step.recalled", step = id, name = title }
    return known.result
  end
  if root.undoing then
    if state.run then undo.remember(self, id, title, take_back) end
    error(undo.REACHED, 0)
  end
  root:begin_new()
  if self.planning then return plan(id, title, name, params) end
  local how = {
    unasked = true, changed = function() return state.run ~= nil end,
    change = function() return carry_out(id, name, params, state) end,
    undo = take_back,
  }
  local result, changed = perform.step(self, id, title, how)
  if changed and state.run then undo.remember(self, id, title, take_back) end
  return result
end

return child
