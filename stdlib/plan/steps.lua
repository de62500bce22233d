--- The plan of a run: its steps, and how far it saw.

local failure = require "failure"
local host = require "host.run"
local planned = require "planned"
local unknown = require "plan.unknown"

local plan = {}

local counts = { steps = 0, calls = 0, create = 0, change = 0, destroy = 0, none = 0, known_later = 0 }
local unseen = json.array {}

local function count(calls)
  counts.steps = counts.steps + 1
  for _, call in ipairs(calls) do
    counts.calls = counts.calls + 1
    if counts[call.effect] then counts[call.effect] = counts[call.effect] + 1 end
    for _, change in ipairs(call.changes) do
      if change.kind == "known later" then counts.known_later = counts.known_later + 1 end
    end
  end
end

---Does the error say that a script needs what is only known after apply?
---@param err any
---@return boolean
function plan.is_unforeseen(err)
  err = unknown.explain(err)
  return type(err) == "table" and err.kind == "unforeseen"
end

local function result(id, name, how)
  if type(how.assume) == "function" then return how.assume() end
  if how.assume ~= nil then return how.assume end
  return unknown.new { step = id, name = name }
end

-- What a change function would do, as far as it came, and the error that ended it.
local function rehearse(id, name, how)
  host.enter_step(id, name)
  local ok, err = pcall(how.change)
  host.leave_step(id)
  local calls = json.array(planned.take(id))
  for _, call in ipairs(calls) do
    -- What must be typed is asked for because it destroys, whatever the model says.
    if how.word and call.effect == "change" then call.effect = "destroy" end
  end
  return calls, not ok and unknown.explain(err) or nil
end

---Plans one step: runs its change without what changes something, and tells what that is. A change function that needs what is
---only known later is planned as far as it came.
---@param id string
---@param name string
---@param how Step
---@param question string
---@return any result of the step: what it assumes, else unknown
function plan.step(id, name, how, question)
  local calls, err = rehearse(id, name, how)
  local unforeseen = err and plan.is_unforeseen(err)
  local assumed = (not err or unforeseen) and result(id, name, how)
  count(calls)
  host.emit {
    event = "step.planned", step = id, name = name, reason = question, calls = calls, destroys = how.word ~= nil,
    approval = how.approval and true or nil, assumes = how.assume ~= nil and planned.plain(assumed) or nil,
    incomplete = err and failure.text(err) or nil,
  }
  if err and not unforeseen then error(err, 0) end
  unseen[#unseen + 1] = err and failure.text(err) or nil
  return assumed
end

---Asks a function of a step that decides something (`confirm`). One that needs what is known only later has no answer yet.
---@param decide? fun(): any
---@return any
function plan.decide(decide)
  if not decide then return nil end
  local ok, answer = pcall(decide)
  if ok then return answer end
  if not plan.is_unforeseen(answer) then error(answer, 0) end
end

---Asks the check of a step. What it read of before a planned change does not prove that the step will be skipped.
---@param check? fun(): any
---@return any
function plan.is_so(check)
  local before = planned.stale_readings()
  local so = plan.decide(check)
  return planned.stale_readings() == before and so
end

local function sum_up()
  local event = { event = "plan.summary", complete = #unseen == 0, unseen = unseen }
  for name, value in pairs(counts) do event[name] = value end
  host.emit(event)
end

---Ends the plan, and sums it up.
---@param err? any what ended it before its end
---@return ("planned"|"problem")? outcome nil: as the error is
---@return integer? exit_code
---@return string? text
function plan.finish(err)
  local unforeseen = plan.is_unforeseen(err)
  if err then unseen[#unseen + 1] = failure.text(unknown.explain(err)) .. (unforeseen and "" or unknown.hint()) end
  sum_up()
  if err and not unforeseen then return nil end
  if #unseen == 0 then return "planned", failure.exit.ok, "nothing was changed" end
  local how_far = err and "the plan does not see the end of the runbook" or "the plan does not see all of the runbook"
  return "problem", failure.exit.problem, ("%s: %s; nothing was changed"):format(how_far, unseen[#unseen])
end

return plan
