--- The engine: what a declaration may say, and what `rb` can do for its `run` function.

local failure = require "failure"
local host = require "host.run"
local options = require "options"
local params = require "params"
local plan = require "plan.steps"
local planned = require "planned"
local preflight = require "runbook.preflight"

local runbook = {}

local DECLARATION = {
  title = "string", summary = "string", guide = "string", region = "string", params = "table", needs = "table",
  run = "function", preflight = "boolean", production = "table", targets = "function",
}
local NEEDS = { aws = "table", hosts = "table", read = "table", write = "table" }

---@class Needs "{name}" is the value of a parameter, but in `aws`
---@field aws? string[] actions: "ecs:Describe*"
---@field hosts? string[] of plain HTTP
---@field read? string[] files: "certs/*.pem", "{folder}/" for all that is below
---@field write? string[] likewise

---@class Declaration
---@field title string
---@field summary string one or two sentences
---@field guide? string the section of the operations guide that it carries out
---@field region? string where its service lives
---@field params? table<string, Param>
---@field needs? Needs what it may do; the rest is refused
---@field preflight? boolean false: nothing is looked at before the run
---@field production? string[] accounts that are named as such before anything changes
---@field targets? fun(p: table): Target[] what has to be there before anything changes
---@field run fun(rb: Run, p: table)

---Checks what a runbook file returned.
---@param declaration any
---@return Declaration
function runbook.check(declaration)
  if type(declaration) ~= "table" then
    error("a runbook returns a table { title=, summary=, run=, ... }, this one returned " .. type(declaration), 0)
  end
  options.check("runbook", declaration, DECLARATION)
  for _, field in ipairs { "title", "summary", "run" } do
    if declaration[field] == nil then error(("runbook: '%s' is missing"):format(field), 0) end
  end
  options.check("runbook.needs", declaration.needs or {}, NEEDS)
  params.check(declaration.params or {})
  return declaration
end

---The declaration as facts, for the catalogue and the help page.
---@param declaration Declaration
---@return table
function runbook.describe(declaration)
  local needs = declaration.needs or {}
  return {
    title = declaration.title, summary = declaration.summary, guide = declaration.guide, region = declaration.region,
    params = params.describe(declaration.params or {}),
    needs = {
      aws = json.array(needs.aws or {}), hosts = json.array(needs.hosts or {}),
      read = json.array(needs.read or {}), write = json.array(needs.write or {}),
    },
  }
end

---Finds the runbook's parameters.
---@param declaration Declaration
---@param args string[] the runbook's own part of the command line
---@param flags string[] options that are not the runbook's
---@param sources Sources
---@return table? values
---@return string? problem
function runbook.bind(declaration, args, flags, sources)
  return params.bind(declaration.params or {}, args, sources, flags)
end

---@class Run
---@field simulated boolean in the simulator
---@field planning boolean nothing is changed
local Run = {}
Run.__index = Run

local STEP = { change = "function", check = "function", confirm = "string|function", word = "string", assume = "any" }

local function next_id(self)
  self.steps = self.steps + 1
  return tostring(self.steps)
end

local function confirm_step(id, name, how, question)
  local answer, err = host.confirm { text = question, word = how.word }
  if err then error(err, 0) end
  if not answer then
    host.emit { event = "step.skipped", step = id, name = name, reason = "declined by the operator" }
    failure.raise("declined", "step %s '%s': declined by the operator", id, name)
  end
end

-- Whole milliseconds.
local function seconds_since(began)
  return math.floor((time.now() - began) * 1000 + 0.5) / 1000
end

local function change_step(id, name, how)
  local began = time.now()
  host.enter_step(id, name)
  local ok, result = pcall(how.change)
  host.leave_step(id)
  if not ok then
    host.emit { event = "step.failed", step = id, name = name, error = failure.plain(result) }
    error(result, 0)
  end
  host.emit { event = "step.finished", step = id, name = name, seconds = seconds_since(began) }
  return result
end

---Makes one change: looks whether it is needed, asks, does it, and tells what came of it.
---
---`check` answers whether things are already as they should be (any true value: the step is skipped and that value is its
---result). `confirm` is what the operator reads before it happens, `word` what must be typed for a destroying one. In plan
---mode `change` runs without its changing calls being sent, and the step's result is `assume`, else only known after apply.
---@param name string
---@param how { change: fun(): any, check?: fun(): any, confirm?: string|fun(): string, word?: string, assume?: any }
---@return any result of `change` or `check`
function Run:step(name, how)
  options.check("rb:step", how, STEP)
  local id = next_id(self)
  host.emit { event = "step.started", step = id, name = name }
  local so = how.check and how.check()
  if so then
    host.emit { event = "step.skipped", step = id, name = name, reason = type(so) == "string" and so or "already so" }
    return so
  end
  local question = type(how.confirm) == "function" and how.confirm() or how.confirm or name
  if self.planning then return plan.step(id, name, how, question) end
  confirm_step(id, name, how, question)
  return change_step(id, name, how)
end

local WAIT = { timeout = "number|string", every = "number|string" }

local function seconds_of(value, default)
  if type(value) == "string" then return assert(time.duration(value)) end
  return value or default
end

---Polls until the probe says "done" or "failed", or the time is over. The probe answers a state ("done", "failed", or
---anything else: not yet) and a text for the operator. A failure marks the run as a problem and is returned.
---@param name string
---@param probe fun(): string?, string?
---@param how? { timeout?: number|string, every?: number|string } seconds or durations; 10 minutes, 5 seconds
---@return boolean? done
---@return string? text why not
function Run:try_wait(name, probe, how)
  options.check("rb:wait", how or {}, WAIT)
  local timeout, every = seconds_of(how and how.timeout, 600), seconds_of(how and how.every, 5)
  self.waits = self.waits + 1
  local wait = tostring(self.waits)
  if self.planning then
    host.emit { event = "note", text = ("then waits, at most %s: %s"):format(time.format_duration(timeout), name) }
    return true
  end
  local began = time.now()
  host.emit { event = "wait.started", wait = wait, name = name, timeout = timeout }
  while true do
    local state, text = probe()
    local elapsed = time.now() - began
    if state == "done" then
      host.emit { event = "wait.finished", wait = wait, name = name, elapsed = elapsed, text = text }
      return true
    end
    if state ~= "failed" and elapsed + every > timeout then
      state, text = "failed", ("not within %s: %s"):format(time.format_duration(timeout), text or "")
    end
    if state == "failed" then
      host.emit { event = "wait.failed", wait = wait, name = name, elapsed = elapsed, text = text }
      self.problems[#self.problems + 1] = name .. ": " .. text
      return nil, text
    end
    host.emit { event = "wait.progress", wait = wait, name = name, text = text, elapsed = elapsed }
    sleep(every)
  end
end

---As try_wait, but a failure ends the run.
---@param name string
---@param probe fun(): string?, string?
---@param how? { timeout?: number|string, every?: number|string }
function Run:wait(name, probe, how)
  local done, text = self:try_wait(name, probe, how)
  if not done then failure.raise("problem", "%s: %s", name, text) end
end

local ITEM = { text = "string", probe = "function", manual = "boolean", within = "number|string", every = "number|string" }

-- Runs a probe until it is satisfied or its time is over: what it measures may lag behind the change.
local function settle(item)
  local deadline = time.now() + seconds_of(item.within, 0)
  local every = seconds_of(item.every, 5)
  while true do
    local ran, ok, note = pcall(item.probe)
    if ran and ok then return "ok", note end
    if time.now() + every > deadline then
      if not ran then return "unknown", tostring(ok) end
      return ok == nil and "unknown" or "failed", note
    end
    sleep(every)
  end
end

local function check_item(self, item)
  if item.manual then return "manual" end
  if self.planning then return "planned" end
  return settle(item)
end

---Goes through a checklist. An item is either probed (`probe` answers true, false, or nil for "cannot tell", and a note;
---repeated while not satisfied for as long as `within`) or manual: left for a person, and listed at the end of the run.
---@param title string
---@param items { text: string, probe?: (fun(): boolean?, string?), manual?: boolean, within?: number|string }[]
---@return table[] results { text, state, note } in order
function Run:checklist(title, items)
  local results = {}
  for i, item in ipairs(items) do
    options.check(("rb:checklist item %d"):format(i), item, ITEM)
    local state, note = check_item(self, item)
    host.emit { event = "check", list = title, item = i, text = item.text, state = state, note = note }
    results[i] = { text = item.text, state = state, note = note }
    if state == "failed" or state == "unknown" then
      self.problems[#self.problems + 1] = item.text .. (note and (": " .. note) or "")
    elseif state == "manual" then
      self.left[#self.left + 1] = item.text
    end
  end
  return results
end

-- A mistake in it is told where the runbook made it.
local function fill(method, format, ...)
  local filled, text = pcall(string.format, format, ...)
  if not filled then error(method .. ": " .. text, 3) end
  return text
end

---Tells the operator something.
---@param format string as for string.format
function Run:note(format, ...)
  host.emit { event = "note", text = fill("rb:note", format, ...) }
end

---Tells the operator something that should give pause.
---@param format string
function Run:warn(format, ...)
  host.emit { event = "warning", text = fill("rb:warn", format, ...) }
end

---Keeps a value with the run.
---@param name string
---@param value any
function Run:evidence(name, value)
  host.emit { event = "evidence", name = name, value = planned.plain(value) }
end

---Asks the operator for a text.
---@param text string
---@param how? { default?: string }
---@return string
function Run:ask(text, how)
  options.check("rb:ask", how or {}, { default = "string" })
  local answer, err = host.ask { text = text, default = how and how.default }
  if err then error(err, 2) end
  return answer
end

---Ends the run: what was asked for cannot be done.
---@param format string
function Run:refuse(format, ...)
  failure.raise("usage", "%s", fill("rb:refuse", format, ...))
end

-- What names a parameter that was not given is dropped: the rest of it would allow something else.
local function fill_needs(list, p)
  local filled = json.array {}
  for _, text in ipairs(list or {}) do
    local whole = true
    local result = text:gsub("{([a-z0-9_]+)}", function(name)
      whole = whole and p[name] ~= nil
      return tostring(p[name])
    end)
    if whole then filled[#filled + 1] = result end
  end
  return filled
end

local function finish(self, outcome, exit_code, text)
  host.emit {
    event = "run.finished", outcome = outcome, exit_code = exit_code, seconds = seconds_since(self.began), text = text,
    left = json.array(self.left),
  }
  return exit_code
end

local OUTCOME_OF_KIND = { problem = "problem", denied = "refused", declined = "refused", usage = "refused" }

local function finish_failed(self, err)
  if self.planning and plan.is_unforeseen(err) then return finish(self, plan.finish(err)) end
  local facts, text, exit_code = failure.plain(err), failure.text(err), failure.exit_code(err)
  if self.steps > 0 and facts.kind ~= "problem" and facts.kind ~= "script" then
    text = ("stopped in step %d: %s"):format(self.steps, text)
  end
  if exit_code == failure.exit.credentials and (err.credentials_source or "") ~= "" then
    text = ("%s; the credentials came from %s"):format(text, err.credentials_source)
  end
  return finish(self, OUTCOME_OF_KIND[facts.kind] or "failed", exit_code, text)
end

local function finish_whole(self)
  if self.planning then return finish(self, plan.finish()) end
  if #self.problems > 0 then
    return finish(self, "problem", failure.exit.problem, table.concat(self.problems, "; "))
  end
  return finish(self, "ok", failure.exit.ok)
end

---Runs it to its end.
---@param declaration Declaration
---@param p table the parameters, as `bind` gave them
---@param name string the runbook's name, for the record
---@return integer exit_code
function runbook.run(declaration, p, name)
  local self = setmetatable({
    simulated = host.simulated, planning = host.mode == "plan",
    began = time.now(), steps = 0, waits = 0, problems = {}, left = {},
  }, Run)
  local needs = declaration.needs or {}
  host.set_needs {
    aws = json.array(needs.aws or {}), hosts = fill_needs(needs.hosts, p),
    read = fill_needs(needs.read, p), write = fill_needs(needs.write, p),
  }
  host.emit {
    event = "run.started", run = host.id, runbook = name, title = declaration.title, mode = host.mode,
    simulated = host.simulated, region = host.region, params = params.written(declaration.params or {}, p),
  }
  local ok, err = pcall(function()
    preflight.run(self, declaration, p)
    declaration.run(self, p)
  end)
  if not ok then return finish_failed(self, err) end
  return finish_whole(self)
end

return runbook
