--- Doing one step: is it wanted, is it so already, may it be, do it, and what when it fails.

local approval = require "runbook.approval"
local causes = require "causes"
local failure = require "failure"
local foreign = require "runbook.foreign"
local host = require "host.run"
local options = require "options"
local plan = require "plan.steps"
local task = require "host.task"
local trouble = require "runbook.trouble"
local undo = require "runbook.undo"

local perform = {}

-- Whole milliseconds.
local function seconds_since(began)
  return math.floor((time.now() - began) * 1000 + 0.5) / 1000
end

local function skip(self, id, name, reason, result)
  self.root:tell { event = "step.skipped", step = id, name = name, reason = reason, result = result }
  return result
end

local function in_step(self, id, name, work)
  local root = self.root
  root.steps_open = root.steps_open + 1
  host.enter_step(id, name)
  local results = table.pack(pcall(work))
  host.leave_step(id)
  root.steps_open = root.steps_open - 1
  return table.unpack(results, 1, results.n)
end

-- ---- doing

local function confirm(self, id, name, how, question)
  if how.unasked then return end -- what it calls asks for itself
  local answer, err = host.confirm { text = question, word = how.word }
  if err then error(err, 0) end
  if not answer then
    self.root:tell { event = "step.skipped", step = id, name = name, reason = "declined by the operator", declined = true }
    failure.raise("declined", "step %s '%s': declined by the operator", id, name)
  end
end

local SETTLE = { { key = "a", name = "applied" }, { key = "s", name = "send again" }, { key = "q", name = "stop" } }

local function ask_whether_applied(id, call)
  if host.on_uncertain then return host.on_uncertain, "flag" end
  local text = ("%s in step %s: sent at %s, and not known whether it took effect"):format(call.action, id, call.at)
  if not host.interactive then
    failure.raise("uncertain", "%s; look, then resume with --uncertain applied or --uncertain again", text)
  end
  local choice, err = host.choose { text = text .. ". Look at it. Was it applied, or is it to be sent again?", choices = SETTLE }
  if err then error(err, 0) end
  if choice == "stop" then failure.raise("uncertain", "%s", text) end
  return choice == "applied" and "applied" or "again", host.user
end

local function newest_uncertain(id)
  local calls = host.uncertain(id)
  return calls[#calls]
end

-- Calls of an earlier try of this step that may or may not have taken effect: the step's check says whether they did, of the
-- newest it has already. With a token they may just be sent again.
local function settle(id, how, newest_applied)
  local calls = host.uncertain(id)
  for i, call in ipairs(calls) do
    if how.check then
      local applied = newest_applied
      if i < #calls then applied = select(2, how.check(call)) end
      host.settle(id, call.number, applied and "applied" or "again", "check")
    elseif call.resendable then
      host.settle(id, call.number, "again", "token")
    else
      host.settle(id, call.number, ask_whether_applied(id, call))
    end
  end
end

local function finish(self, id, name, result, began)
  local event = { event = "step.finished", step = id, name = name, seconds = seconds_since(began), result = result }
  local told, problem = pcall(self.root.tell, self.root, event)
  if told then return result end
  event.result = nil
  self.root:tell(event)
  failure.raise("script", "step %s '%s' is done, but its result cannot be kept: %s", id, name, tostring(problem))
end

local function attempt(self, id, name, how)
  local began, timeout = time.now(), options.seconds(how.timeout)
  local work = how.change
  if timeout then
    work = function() return task.timeout(timeout, how.change) end
  end
  local ok, result = in_step(self, id, name, work)
  if host.changed(id) then foreign.accept(self.root) end
  if not ok then error(result, 0) end
  return finish(self, id, name, result, began)
end

local function retries(how)
  if type(how.retry) == "table" then
    local retry = options.check("rb:step retry", how.retry, { attempts = "number", every = "number|string" })
    return retry.attempts or 3, options.seconds(retry.every, 10)
  end
  return how.retry or 1, 10
end

-- Looks whether it is so already. Answers true and the result where nothing is left to do; otherwise whether the uncertain
-- call at least took effect.
local function already_so(self, id, name, how)
  if not how.check then return false end
  local uncertain = newest_uncertain(id)
  local so, applied = how.check(uncertain)
  if not so then return false, applied end
  if not host.changed(id) then -- an earlier try may have died after its change, and then it is this step's, and can be undone
    skip(self, id, name, type(so) == "string" and so or "already so", so)
    return true, so, false
  end
  for _, call in ipairs(host.uncertain(id)) do host.settle(id, call.number, "applied", "check") end
  return true, finish(self, id, name, so, time.now()), true
end

-- One try, with those that the step itself asks for. `asked` is true once the operator has agreed.
local function try(self, id, name, how, state)
  local attempts, every = retries(how)
  for number = 1, attempts do
    local so, result, changed = already_so(self, id, name, how)
    if so then return result, changed end
    settle(id, how, result)
    if not state.agreed then
      confirm(self, id, name, how, state.question())
      if how.approval then approval.await(self, id, name, how.approval, state.question()) end
      state.agreed = true
    end
    foreign.look(self.root)
    local ok, value = pcall(attempt, self, id, name, how)
    if ok then return value, true end
    self.root:tell { event = "step.failed", step = id, name = name, error = failure.plain(value), cause = causes.line(value) }
    if number == attempts or not trouble.may_pass(value) then error(value, 0) end
    self.root:tell {
      event = "note", text = ("try %d of %d failed, the next in %s"):format(number, attempts, time.format_duration(every)),
    }
    sleep(every)
  end
end

local function question_of(how, name)
  if type(how.confirm) == "function" then return how.confirm end
  return function() return how.confirm or name end
end

local function is_wanted(how)
  if how.when == nil then return true end
  if type(how.when) ~= "function" then return how.when, "not wanted" end
  local wanted, reason = how.when()
  return wanted, reason or "not wanted"
end

-- A step that is a runbook of its own has made no call itself.
local function has_changed(how, id)
  if how.changed then return how.changed() end
  return host.changed(id)
end

---Does the step, asking the operator each time that it fails.
---@param self table the run or branch that it belongs to
---@param id string
---@param name string
---@param how Step
---@return any result
---@return boolean changed whether something was changed by it
function perform.step(self, id, name, how)
  local root = self.root
  root.last_step = id
  root:tell { event = "step.started", step = id, name = name }
  local wanted, reason = is_wanted(how)
  if not wanted then return skip(self, id, name, reason), false end
  local state, subject = { question = question_of(how, name) }, { what = ("step %s '%s'"):format(id, name), step = id }
  if self.planning then
    local so = plan.is_so(how.check)
    if so then return skip(self, id, name, type(so) == "string" and so or "already so", so), false end
    return plan.step(id, name, how, plan.decide(state.question) or name), true
  end
  while true do
    local ok, result, changed = pcall(try, self, id, name, how, state)
    if ok then return result, changed end
    local choice, why = trouble.decide(root, subject, result)
    if choice == "skip" then return skip(self, id, name, why), has_changed(how, id) end
    if choice ~= "retry" then
      if has_changed(how, id) then undo.remember(self, id, name, how.undo) end
      if choice == "undo" then undo.raise(result) end
      error(result, 0)
    end
  end
end

return perform
