--- One call that a plan would make, as an operator thinks of it: what it is about, what is there now, what it makes of it.
---
--- What is there now comes from the reading that plan.reading finds, where the runbook's `needs` allow it. An answer is asked for
--- once in a plan, and what earlier calls of the plan would have changed of it counts as done. A reading that fails is a note.

local compare = require "plan.compare"
local exceptions = require "plan.exceptions"
local host = require "host.aws"
local names = require "plan.names"
local reading = require "plan.reading"
local unknown = require "plan.unknown"

local describe = {}

---@class PlannedCall
---@field action string
---@field effect "create"|"change"|"destroy"|"none" none: all is so already
---@field words string "update service"
---@field params table secrets as such
---@field target table<string, any> members that name what it is about
---@field changes Change[]
---@field reading string? the action that told what is there now
---@field assumes string? the step whose planned change what is there now contains
---@field note string? why it is not told, and what would help

-- Answers of this plan by what was asked for: what earlier calls would have made besides, and the step that changed them last.
local answers = {}

local function identity(candidate, params, client)
  local settings = client and ((client.region or "") .. "/" .. (client.profile or "")) or ""
  return candidate.operation.action .. " " .. settings .. " " .. (json.encode(params) or "")
end

-- Things that are not there: AWS says so, or an earlier call of the plan would have destroyed them.
local gone = setmetatable({}, { __mode = "k" })

local ABSENT = { "NotFound", "NoSuch", "NotExist" }

local function says_absent(action, err)
  if exceptions.absent[action] == err.code and err.code or err.http_status == 404 then return true end
  for _, word in ipairs(ABSENT) do
    if err.code and err.code:find(word, 1, true) then return true end
  end
  return false
end

local function ask(candidate, asked, client)
  local key = identity(candidate, asked, client)
  if not answers[key] then
    local operation = candidate.operation
    local answer, err = host.call(operation.service, operation.snake_name, asked, client)
    if err and err.kind == "cancelled" then error(err, 0) end
    if err and says_absent(operation.action, err) then
      answer, err = {}, nil
      gone[answer] = true
    end
    answers[key] = { answer = answer, err = err, made = {} }
  end
  return answers[key]
end

local function is_creating(operation)
  return operation.effect == "change" and (operation.name:find "^Create" or operation.name:find "^Register"
    or operation.name:find "^Run" or operation.name:find "^Allocate") ~= nil
end

local function undeclared_note(action)
  return ('what is there now is not read: add "%s" to needs.aws to see it'):format(action)
end

-- What was there, and what earlier calls of the plan would have made, without what they would have destroyed.
local function things_in(candidate, said, params)
  local there = {}
  for _, thing in ipairs(said.err and {} or reading.things(candidate, params, said.answer, said.made)) do
    if not gone[thing] then there[#there + 1] = thing end
  end
  return there
end

-- The first reading that fits and is allowed, and what it said; or a note. One answer can have the thing at several places.
local function look(operation, params, client)
  local best, answer, undeclared
  if operation.effect ~= "change" and operation.effect ~= "destroy" then return end
  for _, candidate in ipairs(reading.candidates(operation.service, operation.snake_name)) do
    local asked = reading.derive(candidate, params)
    local fits = asked and not unknown.origin(asked) and (not best or best.operation.action == candidate.operation.action)
    local said = fits and ask(candidate, asked, client)
    if said and said.err and said.err.kind == "denied" then
      undeclared = undeclared or candidate.operation.action
    elseif said then
      if #things_in(candidate, said, params) > 0 then return candidate, said end
      if not best then best, answer = candidate, said end
    end
  end
  if best then return best, answer end
  return nil, nil, undeclared and not is_creating(operation) and undeclared_note(undeclared) or nil
end

local function subject_of(operation, params)
  local subject = { operation = operation, params = params, named = {}, shapes = {} }
  local noun = names.noun(operation.name)
  local shape = host.shape(operation.service, operation.snake_name, "input")
  for _, member in ipairs(shape and shape.members or {}) do
    subject.shapes[member.name] = member.shape
    subject.named[member.name] = params[member.name] ~= nil and member.required and reading.names_it(noun, member) or nil
  end
  return subject
end

-- What the reading was asked by names the thing, too.
local function add_inputs(subject, candidate)
  for _, input in ipairs(candidate.inputs) do subject.named[input.given] = subject.params[input.given] ~= nil or nil end
end

local function target_of(subject)
  local target = {}
  for name in pairs(subject.named) do target[name] = subject.params[name] end
  return target
end

local function changes_anything(changes)
  for _, change in ipairs(changes) do
    if change.kind ~= "same" then return true end
  end
  return #changes == 0
end

local NONE = "there is none now"

-- What the call does, now that it is known what is there; and what is odd about it.
local function effect_on(operation, candidate, thing, changes)
  if candidate.makes_another then return "create" end
  if not thing then
    if is_creating(operation) or operation.name:find "^Put" then return "create" end
    return "change", NONE
  end
  if operation.name:find "^Create" then return "create", "there is one already" end
  return changes_anything(changes) and "change" or "none"
end

local NOTHING_TOLD = {}

local function of_destroyed(call, subject, thing, members)
  call.changes = compare.call(subject, NOTHING_TOLD, NOTHING_TOLD)
  if not thing then
    call.note = NONE
    return
  end
  compare.removed(call.changes, thing, members)
  gone[thing] = true
end

local function of_changed(call, subject, thing, candidate, said)
  call.changes = compare.call(subject, thing, candidate.members)
  call.effect, call.note = effect_on(subject.operation, candidate, thing, call.changes)
  local after = thing or {}
  if not thing then said.made[#said.made + 1] = after end
  compare.assume(subject.params, after, candidate.members, not thing)
end

local function of_thing(call, subject, candidate, said)
  local things = things_in(candidate, said, subject.params)
  if #things > 1 then
    call.note = candidate.operation.action .. " answers several that may be meant"
    call.changes = compare.call(subject, NOTHING_TOLD, NOTHING_TOLD)
    return
  end
  call.reading, call.assumes = candidate.operation.action, said.since
  if call.effect == "destroy" then of_destroyed(call, subject, things[1], candidate.members)
  else of_changed(call, subject, things[1], candidate, said) end
end

local function effect_of(operation)
  if operation.effect == "destroy" then return "destroy" end
  return is_creating(operation) and "create" or "change"
end

---Describes one call that would be made.
---@param operation table of host.aws
---@param params table secrets as such
---@param client? Client
---@param step? string the step that would make it
---@return PlannedCall
function describe.call(operation, params, client, step)
  local subject = subject_of(operation, params)
  local call = {
    action = operation.action, words = names.words(operation.name), params = params, effect = effect_of(operation),
  }
  local candidate, said, note = look(operation, params, client)
  if candidate and not said.err then
    add_inputs(subject, candidate)
    of_thing(call, subject, candidate, said)
    said.since = step or said.since
  else
    call.note = said and ("what is there now is not known: " .. said.err.message) or note
    call.changes = compare.call(subject, call.effect ~= "create" and NOTHING_TOLD or nil, NOTHING_TOLD)
  end
  call.target = target_of(subject)
  return call
end

---The step of the plan whose change an answer does not show that a script reads now; nil: none.
---@param operation table of host.aws
---@param params table
---@param client? Client
---@return string?
function describe.changed_by(operation, params, client)
  local said = answers[identity({ operation = operation }, params, client)]
  return said and said.since
end

return describe
