--- What a test knows of a run that has ended, and what it may claim of it.

local calls = require "spec.calls"
local claim = require "spec.claim"
local compare = require "spec.compare"

---@class Rehearsal
---@field exit integer the exit code
---@field error string? why it could not begin
---@field output string what an operator would have read
---@field events table[] as docs/host-api.md has them
---@field calls { action: string, effect: string, params: table }[] that came to AWS, as it read them; a retry is one more
---@field questions { text: string, answered: boolean }[] that were asked, where the test answers them
---@field world World in which it ran; ask it what became of things
local Rehearsal = {}
Rehearsal.__index = Rehearsal

-- ---- looking ---------------------------------------------------------------------------------------------------------

---The events of a kind, in order.
---@param kind string
---@return table[]
function Rehearsal:of(kind)
  local found = {}
  for _, event in ipairs(self.events) do
    if event.event == kind then found[#found + 1] = event end
  end
  return found
end

---The last event: how the run ended.
---@return table
function Rehearsal:finish()
  return self.events[#self.events]
end

---The actions that changed something, in order, each once however often it was tried.
---@return string[]
function Rehearsal:changes()
  local actions = {}
  for _, event in ipairs(self:of "call") do
    if event.effect == "change" or event.effect == "destroy" then actions[#actions + 1] = event.action end
  end
  return actions
end

local STEP_STATES = {
  ["step.planned"] = "planned", ["step.skipped"] = "skipped", ["step.finished"] = "finished", ["step.failed"] = "failed",
}

---@class SpecStep
---@field id string
---@field name string
---@field state "started"|"planned"|"skipped"|"finished"|"failed"
---@field reason string? of one that was skipped or planned

---The steps in the order in which they began.
---@return SpecStep[]
function Rehearsal:steps()
  local steps, by_id = {}, {}
  for _, event in ipairs(self.events) do
    if event.event == "step.started" then
      by_id[event.step] = { id = event.step, name = event.name, state = "started" }
      steps[#steps + 1] = by_id[event.step]
    elseif STEP_STATES[event.event] and by_id[event.step] then
      by_id[event.step].state, by_id[event.step].reason = STEP_STATES[event.event], event.reason
    end
  end
  return steps
end

-- ---- claiming --------------------------------------------------------------------------------------------------------

-- Why a run ended as it did, for messages.
local function ending(self)
  local last = self:finish()
  return "the run " .. (self.error and "did not begin: " .. self.error or
    last and ("ended %s%s"):format(last.outcome or "?", last.text and ": " .. last.text or "") or "left no event")
end

---It ended with this exit code (README, "Exit codes").
---@param code integer
function Rehearsal:expect_exit(code)
  claim.same(code, self.exit, "exit code", false, ending(self))
end

---AWS was called like this, at least once, or exactly so many times.
---@param pattern CallPattern
---@param times? integer
function Rehearsal:expect_called(pattern, times)
  local wanted, count = calls.pattern(pattern), 0
  for _, call in ipairs(self.calls) do
    if calls.fits(wanted, call) then count = count + 1 end
  end
  if times and count ~= times then
    claim.fail("calls of " .. calls.text(wanted), {
      expected = tostring(times), got = tostring(count), more = calls.list(self.calls),
    })
  elseif count == 0 then
    claim.fail("never called: " .. calls.text(wanted), calls.explain(wanted, self.calls))
  end
end

---AWS was never called like this.
---@param pattern CallPattern
function Rehearsal:expect_not_called(pattern)
  local wanted = calls.pattern(pattern)
  for _, call in ipairs(self.calls) do
    if calls.fits(wanted, call) then claim.fail("called, and should not be: " .. calls.text(call)) end
  end
end

---AWS was called like this, one after the other; other calls may lie between.
---@param patterns CallPattern[]
function Rehearsal:expect_order(patterns)
  local at = 1
  for i, pattern in ipairs(patterns) do
    local wanted = calls.pattern(pattern)
    while self.calls[at] and not calls.fits(wanted, self.calls[at]) do at = at + 1 end
    if not self.calls[at] then
      local what = i == 1 and "never called: " .. calls.text(wanted) or
        ("not called after %s: %s"):format(calls.text(calls.pattern(patterns[i - 1])), calls.text(wanted))
      claim.fail(what, { more = calls.list(self.calls) })
    end
    at = at + 1
  end
end

local function expect_list(what, patterns, list)
  for i = 1, math.max(#patterns, #list) do
    local wanted, call = patterns[i] and calls.pattern(patterns[i]), list[i]
    if not (wanted and call and calls.fits(wanted, call)) then
      claim.fail(("%s %d"):format(what, i), {
        expected = wanted and calls.text(wanted) or "nothing", got = call and calls.text(call) or "nothing",
        more = calls.list(list),
      })
    end
  end
end

---These calls changed something, in this order, and no others.
---@param patterns CallPattern[] {}: nothing was changed
function Rehearsal:expect_changes(patterns)
  local list = {}
  for _, call in ipairs(self.calls) do
    if call.effect == "change" or call.effect == "destroy" then list[#list + 1] = call end
  end
  expect_list("change", patterns, list)
end

---The plan shows these changing calls, in this order, and no others.
---@param patterns CallPattern[]
function Rehearsal:expect_planned(patterns)
  local list = {}
  for _, step in ipairs(self:of "step.planned") do
    for _, call in ipairs(step.calls or {}) do
      list[#list + 1] = { action = call.action, params = call.params or {}, effect = "change" }
    end
  end
  expect_list("planned change", patterns, list)
end

---These steps began, in this order, and came to these states.
---@param expected { [1]: string, [2]: string }[] { "Scale to 2", "finished" }: finished, skipped, planned, failed or started
function Rehearsal:expect_steps(expected)
  local got = {}
  for i, step in ipairs(self:steps()) do got[i] = { step.name, step.state } end
  claim.same(expected, got, "steps", false, ending(self))
end

---At least one event of this kind has these members.
---@param kind string
---@param members? table
function Rehearsal:expect_event(kind, members)
  local lines = {}
  for i, event in ipairs(self:of(kind)) do
    if not compare.difference(members or {}, event, true) then return end
    lines[i] = "  " .. compare.text(event)
  end
  claim.fail(("no event '%s' like %s"):format(kind, compare.text(members or {})), {
    more = #lines > 0 and "those there are:\n" .. table.concat(lines, "\n") or ("there is no '%s' at all; %s"):format(kind, ending(self)),
  })
end

---An operator would have read this text.
---@param text string plain, in one line of the output
function Rehearsal:expect_output(text)
  if not self.output:find(text, 1, true) then
    claim.fail("not in the output: " .. compare.text(text), { more = "output:\n" .. self.output })
  end
end

---An operator would not have read this text.
---@param text string plain
function Rehearsal:expect_no_output(text)
  for line in self.output:gmatch "[^\n]+" do
    if line:find(text, 1, true) then claim.fail("in the output: " .. compare.text(text), { more = "  " .. line }) end
  end
end

---These questions were asked, in this order, and no others.
---@param parts string[] of each a text that is in it
function Rehearsal:expect_questions(parts)
  for i = 1, math.max(#parts, #self.questions) do
    local question = self.questions[i]
    if not (question and parts[i] and question.text:find(parts[i], 1, true)) then
      claim.fail(("question %d"):format(i), {
        expected = parts[i] and compare.text(parts[i]) or "nothing",
        got = question and compare.text(question.text) or "nothing", more = ending(self),
      })
    end
  end
end

return Rehearsal
