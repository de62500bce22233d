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

-- Answers of this plan by what was asked for, and which step of the plan has changed what is in them since.
local answers = {}

local function identity(candidate, params, client)
  local settings = client and ((client.region or "") .. "/" .. (client.profile or "")) or ""
  return candidate.operation.action .. " " .. settings .. " " .. (json.encode(params) or "")
end

local ABSENT = { "NotFound", "NoSuch", "NotExist", "Missing" }

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
    if err and says_absent(operation.action, err) then answer, err = {}, nil end
    answers[key] = { answer = answer, err = err }
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

local function things_in(candidate, said, params)
  if said.gone or said.err then return {} end
  return said.made and { said.made } or reading.things(candidate, params, said.answer)
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

local function targets(operation, params)
  local noun, target, skip = names.noun(operation.name), {}, {}
  local shapes = {}
  local shape = host.shape(operation.service, operation.snake_name, "input")
  for _, member in ipairs(shape and shape.members or {}) do
    shapes[member.name] = member.shape
    local value = params[member.name]
    if value ~= nil and member.required and reading.names_it(noun, member) then target[member.name], skip[member.name] = value, true end
  end
  return target, skip, shapes
end

-- What the reading was asked by names the thing, too.
local function add_inputs(candidate, params, target, skip)
  for _, input in ipairs(candidate.inputs) do
    if params[input.given] ~= nil then target[input.given], skip[input.given] = params[input.given], true end
  end
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

local function of_thing(call, operation, params, skip, shapes, candidate, said)
  local things = things_in(candidate, said, params)
  call.reading, call.assumes = candidate.operation.action, said.since
  if #things > 1 then
    call.reading, call.note = nil, candidate.operation.action .. " answers several that may be meant"
    call.changes = compare.call(operation, params, skip, {}, {}, shapes)
    return
  end
  local thing = things[1]
  if call.effect == "destroy" then
    call.changes = compare.call(operation, params, skip, {}, {}, shapes)
    if thing then compare.removed(call.changes, thing, candidate.members) end
    if not thing then call.note = NONE end
    said.gone = true
    return
  end
  call.changes = compare.call(operation, params, skip, thing, candidate.members, shapes)
  call.effect, call.note = effect_on(operation, candidate, thing, call.changes)
  said.made = not thing and {} or said.made
  compare.assume(params, thing or said.made, candidate.members)
end

---Describes one call that would be made.
---@param operation table of host.aws
---@param params table secrets as such
---@param client? Client
---@param step? string the step that would make it
---@return PlannedCall
function describe.call(operation, params, client, step)
  local target, skip, shapes = targets(operation, params)
  local call = {
    action = operation.action, words = names.words(operation.name), params = params, target = target,
    effect = operation.effect == "destroy" and "destroy" or is_creating(operation) and "create" or "change",
  }
  local candidate, said, note = look(operation, params, client)
  if candidate and not said.err then
    add_inputs(candidate, params, target, skip)
    of_thing(call, operation, params, skip, shapes, candidate, said)
    said.since = step or said.since
    return call
  end
  call.note = said and ("what is there now is not known: " .. said.err.message) or note
  call.changes = compare.call(operation, params, skip, call.effect ~= "create" and {} or nil, {}, shapes)
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
