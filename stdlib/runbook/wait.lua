--- Waiting for the world to be as it should.

local causes = require "causes"
local failure = require "failure"
local foreign = require "runbook.foreign"
local options = require "options"
local trouble = require "runbook.trouble"
local undo = require "runbook.undo"

---@class RunWaits
local wait = {}

local HOW = { timeout = "number|string", every = "number|string" }

local function plan(root, name, timeout)
  root:say { event = "note", text = ("then waits, at most %s: %s"):format(time.format_duration(timeout), name) }
  return true
end

-- An answer that a moment later may be there does not end a wait: it has a time of its own.
local function ask(probe)
  local ran, state, text = pcall(probe)
  if ran then return state, text end
  if not failure.passes(state) then error(state, 0) end
  return nil, failure.text(state)
end

-- What cannot be read now is looked at the next time.
local function look(root)
  local ran, problem = pcall(foreign.look, root)
  if not ran and not failure.passes(problem) then error(problem, 0) end
end

-- True, or nil and why not.
local function poll(self, id, name, probe, timeout, every)
  local root, began = self.root, time.now()
  root:tell { event = "wait.started", wait = id, name = name, timeout = timeout }
  while true do
    local state, text = ask(probe)
    local elapsed = time.now() - began
    if state == "done" then
      root:tell { event = "wait.finished", wait = id, name = name, elapsed = elapsed, text = text }
      return true
    end
    if state ~= "failed" and elapsed + every > timeout then
      state, text = "failed", ("not within %s: %s"):format(time.format_duration(timeout), text or "")
    end
    if state == "failed" then
      root:tell { event = "wait.failed", wait = id, name = name, elapsed = elapsed, text = text, cause = causes.line(text or "") }
      return nil, text
    end
    root:tell { event = "wait.progress", wait = id, name = name, text = text, elapsed = elapsed }
    look(root)
    sleep(every)
  end
end

-- A wait that is over already needs none; nil: it is to be done.
local function begin(self, name, how)
  local id = self:next_id("wait")
  local timeout, every = options.seconds(how.timeout, 600), options.seconds(how.every, 5)
  if self.root.undoing then return id, timeout, every, true end
  if self.planning then return id, timeout, every, plan(self.root, name, timeout) end
  if self.root.past:find("waits", id, name) then return id, timeout, every, true end
  self.root:begin_new()
  return id, timeout, every, false
end

---Polls until the probe says "done" or "failed", or the time is over. The probe answers a state ("done", "failed", or
---anything else: not yet) and a text for the operator; one that raises because AWS is overloaded or cannot be reached is asked
---again. A failure marks the run as a problem and is returned.
---@param name string
---@param probe fun(): string?, string?
---@param how? { timeout?: number|string, every?: number|string } seconds or durations; 10 minutes, 5 seconds
---@return boolean? done
---@return string? text why not
function wait:try_wait(name, probe, how)
  how = options.check("rb:try_wait", how or {}, HOW)
  local id, timeout, every, over = begin(self, name, how)
  if over then return true end
  local done, text = poll(self, id, name, probe, timeout, every)
  if not done then self.root:add_problem(name .. ": " .. text) end
  return done, text
end

---As try_wait, but a failure asks the operator: wait again, skip it with a reason, undo, or stop.
---@param name string
---@param probe fun(): string?, string?
---@param how? { timeout?: number|string, every?: number|string }
function wait:wait(name, probe, how)
  how = options.check("rb:wait", how or {}, HOW)
  local id, timeout, every, over = begin(self, name, how)
  if over then return end
  local subject = { what = name, wait = id }
  while true do
    local done, text = poll(self, id, name, probe, timeout, every)
    if done then return end
    local err = failure.new("problem", ("%s: %s"):format(name, text))
    local choice, reason = trouble.decide(self.root, subject, err)
    if choice == "skip" then
      self.root:add_problem(("%s: %s (skipped: %s)"):format(name, text, reason))
      return
    elseif choice == "undo" then
      undo.raise(err)
    elseif choice ~= "retry" then
      self.root:add_problem(err.message)
      error(err, 0)
    end
  end
end

return wait
