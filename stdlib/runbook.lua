--- The engine: what `rb` can do for a runbook's `run` function, and the life of a run. Its parts are in runbook/.
---
--- A run that goes on after a crash runs its script again from the top: what was finished answers from the journal
--- (runbook/past.lua), so that the code between the steps runs again and the changes do not.

local branches = require "runbook.branches"
local child = require "runbook.child"
local checklist = require "runbook.checklist"
local declaration = require "runbook.declaration"
local failure = require "failure"
local foreign = require "runbook.foreign"
local front = require "runbook.front"
local host = require "host.run"
local locks = require "runbook.locks"
local notices = require "runbook.notices"
local options = require "options"
local params = require "params"
local needs = require "runbook.needs"
local past = require "runbook.past"
local perform = require "runbook.perform"
local planned = require "planned"
local plan = require "plan.steps"
local preflight = require "runbook.preflight"
local show = require "runbook.show"
local step = require "runbook.step"
local talk = require "runbook.talk"
local task = require "host.task"
local undo = require "runbook.undo"
local wait = require "runbook.wait"
local watch = require "runbook.watch"

local runbook = { check = declaration.check, describe = declaration.describe }

---Finds the runbook's parameters.
---@param given Declaration
---@param args string[] the runbook's own part of the command line
---@param flags string[] options that are not the runbook's
---@param sources Sources
---@param written? table of a run that goes on: as the journal has them
---@return table? values
---@return string? problem
function runbook.bind(given, args, flags, sources, written)
  local schemas = given.params or {}
  if written then return params.resume(schemas, written, args, sources, flags, host.undoing) end
  return params.bind(schemas, args, sources, flags)
end

---Finds the parameters of a runbook that is a step of another.
---@param given Declaration
---@param values table<string, any>
---@return table? values
---@return string? problem
function runbook.take(given, values)
  return params.take(given.params or {}, values, { env = host.env })
end

---@class Run: RunSteps, RunWaits, RunChecklists, RunTalk, RunShows, RunNotices, RunBranches, RunWatches, RunChildren
---@field simulated boolean in the simulator
---@field planning boolean nothing is changed
---@field user string who runs it
local Run = {}
Run.__index = Run

for _, part in ipairs { step, wait, checklist, talk, show, notices, branches, watch, child } do
  for name, method in pairs(part) do Run[name] = method end
  front.show(part)
end

-- "1", "2", ... for each kind of thing; a branch puts its own name before.
function Run:next_id(kind)
  self.counts[kind] = (self.counts[kind] or 0) + 1
  return self.prefix .. self.counts[kind]
end

-- A part of the run that counts for itself.
function Run:branch(prefix)
  local part = setmetatable({
    root = self.root, prefix = prefix, counts = {}, simulated = self.simulated, planning = self.planning, user = self.user,
  }, Run)
  part.front = front.of(part)
  return part
end

-- ---- what only the root of a run does

-- An event; its number in the journal.
function Run:tell(event)
  if not self.silent then return host.emit(event) end
end

-- Remarks, which a resumed run has made already.
function Run:say(event)
  if not self.replaying then self:tell(event) end
end

-- Here begins what the journal does not have yet.
function Run:begin_new()
  if self.undoing then error(undo.REACHED, 0) end
  self.replaying = false
end

function Run:add_problem(text)
  self.problems[#self.problems + 1] = text
end

-- Whole milliseconds.
local function seconds_since(began)
  return math.floor((time.now() - began) * 1000 + 0.5) / 1000
end

local function finish(self, outcome, exit_code, text)
  host.emit {
    event = "run.finished", title = self.declaration.title, outcome = outcome, exit_code = exit_code,
    seconds = seconds_since(self.began), text = text, left = json.array(self.left), result = self.result,
  }
  return exit_code
end

local OUTCOME_OF_KIND = { problem = "problem", denied = "refused", declined = "refused", foreign = "refused", usage = "refused" }

local function failed_text(self, err)
  local facts, text = failure.plain(err), failure.text(err)
  if self.last_step and facts.kind ~= "problem" and facts.kind ~= "script" then
    text = ("stopped in step %s: %s"):format(self.last_step, text)
  end
  if failure.exit_code(err) == failure.exit.credentials and (err.credentials_source or "") ~= "" then
    text = ("%s; the credentials came from %s"):format(text, err.credentials_source)
  end
  return text
end

local function finish_failed(self, err)
  local outcome, exit_code, text
  if self.planning then outcome, exit_code, text = plan.finish(err) end
  if outcome then return finish(self, outcome, exit_code, text) end
  return finish(self, OUTCOME_OF_KIND[failure.plain(err).kind] or "failed", failure.exit_code(err), failed_text(self, err))
end

-- All are shown above: the end names the first.
local function problems_text(problems)
  if #problems == 1 then return problems[1] end
  return ("%s; and %d more"):format(problems[1], #problems - 1)
end

local function finish_whole(self)
  if self.planning then return finish(self, plan.finish()) end
  if #self.problems > 0 then
    return finish(self, "problem", failure.exit.problem, problems_text(self.problems))
  end
  return finish(self, "ok", failure.exit.ok)
end

-- ---- taking back

local function describe_undone(taken_back, stays)
  local text = ("%d step%s taken back"):format(taken_back, taken_back == 1 and "" or "s")
  if stays > 0 then text = ("%s, %d without an undo: what they did stays"):format(text, stays) end
  return text
end

-- `cause` is what failed, where the undo is the operator's answer to a failure.
local function finish_undo(self, cause)
  if #self.undos == 0 and not cause then
    return finish(self, "refused", failure.exit.usage, "nothing was done in this run: there is nothing to take back")
  end
  self.taking_back = true
  self:tell { event = "undo.started", steps = #self.undos }
  local ok, taken_back, stays = pcall(undo.all, self, perform.step)
  if not ok then return finish_failed(self, taken_back) end
  local text = describe_undone(taken_back, stays)
  if cause then
    return finish(self, "undone", failure.exit_code(cause), failed_text(self, cause) .. "; " .. text)
  end
  if self.planning then return finish(self, plan.finish()) end
  return finish(self, "undone", stays > 0 and failure.exit.problem or failure.exit.ok, text)
end

-- All that the journal says was changed must have been met again, else something would be left out without a word.
local function unmet_step(self)
  local met = {}
  for _, entry in ipairs(self.undos) do met[entry.id] = true end
  for id, known in pairs(self.past.steps) do
    if known.changed and not id:find("/undo", 1, true) and not met[id] then return id end
  end
end

local function run_undo(self)
  self.silent = true
  local ok, err = pcall(self.declaration.run, self.front, self.p)
  self.silent = false
  local unmet = unmet_step(self)
  if unmet then
    return finish_failed(self, ok and failure.new("usage", ("step %s is not met again: nothing was undone"):format(unmet)) or err)
  end
  return finish_undo(self)
end

-- ---- the run

local function new_run(given, p)
  local events = host.past()
  local self = setmetatable({
    simulated = host.simulated, planning = host.mode == "plan", user = host.user, undoing = host.undoing, replaying = events ~= nil,
    declaration = given, p = p, prefix = "", counts = {}, began = time.now(), problems = {}, left = {}, undos = {},
    watches = {}, steps_open = 0,
    past = past.read(events), resumed = events ~= nil,
  }, Run)
  self.root, self.front = self, front.of(self)
  return self
end

local function work(self)
  locks.take(self)
  preflight.run(self, self.declaration, self.p)
  local limit = options.seconds(self.declaration.timeout)
  local function carry_out()
    local result = self.declaration.run(self.front, self.p)
    if host.is_child then self.result = planned.plain(result) end -- nobody else wants it
    foreign.look_at_end(self)
  end
  if not limit then return carry_out() end
  return task.timeout(limit, carry_out)
end

---Runs it to its end.
---@param given Declaration
---@param p table the parameters, as `bind` gave them
---@param name string the runbook's name, for the record
---@return integer exit_code
function runbook.run(given, p, name)
  local self = new_run(given, p)
  self:tell {
    event = self.resumed and "run.resumed" or "run.started", run = host.id, runbook = name, title = given.title,
    mode = host.mode, undo = host.undoing or nil, simulated = host.simulated, region = host.region,
    params = params.written(given.params or {}, p),
  }
  local declared, mistake = pcall(needs.declare, given.needs or {}, p)
  if not declared then return finish_failed(self, mistake) end
  if self.undoing then
    local ok, err = pcall(locks.take, self)
    if not ok then return finish_failed(self, err) end
    return run_undo(self)
  end
  local ok, err = pcall(work, self)
  if ok then return finish_whole(self) end
  if undo.is_asked_for(err) then return finish_undo(self, err) end
  return finish_failed(self, err)
end

return runbook
