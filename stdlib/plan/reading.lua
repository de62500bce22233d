--- Which reading operation describes what a changing call is about. Found in the API model alone: by the noun of its name
--- ("UpdateService", "DescribeServices"), by the members that the call and what is read have in common, and by whether the
--- call's parameters give what the reading must be asked for.

local exceptions = require "plan.exceptions"
local host = require "host.aws"
local names = require "plan.names"

local reading = {}

---@class Reading
---@field operation table of host.aws
---@field inputs { asked: string, given: string, way: "same"|"list"|"only"|"prefix" }[]
---@field path string[] where in the answer the thing is
---@field members table<string, table> of the thing's shape, by their names in lower case
---@field score integer
---@field makes_another boolean? see plan.exceptions

-- Readings that answer a description, the more telling the more; a query or a search costs, and finds something else.
-- What only lists tells less, but for the tags of a thing, which only lists tell.
local VERBS = {
  { "BatchDescribe", 7 }, { "BatchGet", 7 }, { "Describe", 9 }, { "Get", 8 }, { "Head", 7 }, { "List", 0 },
}

local function noun_of_reading(name)
  if name:find "^List.*Tags" then return "Tags", 7 end
  for _, verb in ipairs(VERBS) do
    if name:sub(1, #verb[1]) == verb[1] then return name:sub(#verb[1] + 1), verb[2] end
  end
end

local SCALARS = { list = false, map = false, structure = false }

-- Can a value of one be compared with a value of the other?
local function is_comparable(a, b)
  if SCALARS[a.type] == nil or SCALARS[b.type] == nil then return SCALARS[a.type] == SCALARS[b.type] end
  return a.type == b.type and (a.type ~= "list" or is_comparable(a.element, b.element))
end

-- The members of a thing by name, but for those that mean something else in the call.
local function members_of(shape, call)
  local by_name = {}
  for _, member in ipairs(shape.members) do by_name[member.name:lower()] = member end
  for _, given in ipairs(call.members) do
    local member = by_name[given.name:lower()]
    -- A policy is text where it is sent, and read already where it comes from.
    if member and not is_comparable(given.shape, member.shape) and given.shape.type ~= "string" then
      by_name[given.name:lower()] = nil
    end
  end
  return by_name
end

-- Bodies that are read to their end are no description.
local function is_heavy(output)
  for _, member in ipairs(output.members) do
    if member.streaming or member.shape.event_stream then return true end
  end
  return false
end

-- How a parameter of the call answers what a reading asks for.
local function way(noun, given, asked)
  local a, b = given.shape.type, asked.shape.type
  if a == "list" and b == "list" then return given.name:lower() == asked.name:lower() and "same" or nil end
  if a == "list" then return names.is_plural(asked.name, given.name) and "only" or nil end
  if b == "list" then
    return asked.shape.element.type == a and names.asks_for(noun, given.name, asked.name) and "list" or nil
  end
  if a ~= b then return nil end
  if names.asks_for(noun, given.name, asked.name) then return "same" end
  return names.is_prefix(given.name, asked.name) and "prefix" or nil
end

local TYPES = { string = true, integer = true, long = true, list = true }

-- What the call tells of the thing itself, and not of how it shall be.
local function is_identity(noun, given, thing)
  return TYPES[given.shape.type] and not given.name:find "^If%u" -- a condition of the call's own
    and (reading.names_it(noun, given) or not thing[given.name:lower()])
end

---Does a member of a call name the thing?
---@param noun string what the call is about
---@param member table of a shape
---@return boolean
function reading.names_it(noun, member)
  return names.is_id(member.shape.type == "string" and noun or "", member.name)
end

local function find_input(noun, call, asked, thing)
  for _, given in ipairs(call.members) do
    local found = way(noun, given, asked)
    if found and (asked.required or is_identity(noun, given, thing)) then
      return {
        asked = asked.name, given = given.name, way = found, required = given.required, of_many = asked.shape.type == "list",
      }
    end
  end
end

-- Whose name is asked for is not asked for by its beginning besides.
local function without_needless_prefix(inputs)
  local exact, left = {}, {}
  for _, input in ipairs(inputs) do exact[input.given] = exact[input.given] or input.way ~= "prefix" end
  for _, input in ipairs(inputs) do
    if input.way ~= "prefix" or not exact[input.given] then left[#left + 1] = input end
  end
  return left
end

-- nil: the call does not tell what the reading must be asked for.
local function find_inputs(noun, call, asked_shape, thing)
  local inputs = {}
  for _, asked in ipairs(asked_shape and asked_shape.members or {}) do
    local input = not asked.token and find_input(noun, call, asked, thing)
    if input then inputs[#inputs + 1] = input elseif asked.required then return nil end
  end
  return without_needless_prefix(inputs)
end

local UNDONE = { failures = true, errors = true, unprocessed = true }

-- Where a description can be in an answer: all of it, one member, or the elements of a list.
local function things(output, noun, asked)
  local list = {}
  local function add(path, member, depth)
    local shape = member.shape.type == "list" and member.shape.element or member.shape
    if shape.type ~= "structure" or UNDONE[member.name:lower()] then return end
    local here = table.move(path, 1, #path, 1, {})
    here[#here + 1] = member.name
    if depth == 1 or names.is_plural(noun, member.name) then
      list[#list + 1] = { path = here, shape = shape, name = member.name, many = member.shape.type == "list" }
    end
    if depth == 1 and member.shape.type == "list" then
      for _, inner in ipairs(shape.members) do add(here, inner, 2) end
    end
  end
  for _, member in ipairs(output.members) do add({}, member, 1) end
  local named = false
  for _, thing in ipairs(list) do
    named = named or names.is_plural(noun, thing.name) or names.is_plural(asked, thing.name)
  end
  list[#list + 1] = { path = {}, shape = output, name = "", around = named }
  return list
end

-- A structure of the call around members that the thing has: LifecycleConfiguration.Rules.
local function is_wrapper(member, thing)
  if member.shape.type ~= "structure" then return false end
  for _, inner in ipairs(member.shape.members) do
    if thing[inner.name:lower()] then return true end
  end
  return false
end

-- How many members of the call the thing tells of. An answer around the thing itself has nothing that is wrapped.
local function coverage(call, thing, members)
  local count = 0
  for _, member in ipairs(call.members) do
    if members[member.name:lower()] then
      count = count + (reading.names_it(call.noun, member) and 0 or 1)
    elseif not thing.around and is_wrapper(member, members) then
      count = count + 1
    end
  end
  return count
end

local function score(noun, exact, verb, thing, covered, inputs)
  local sum = (exact and 100 or 0) + verb + 3 * math.min(covered, 20)
  if names.is_plural(noun, thing.name) then sum = sum + 5 end
  for _, input in ipairs(inputs) do sum = sum + (input.required and 4 or 0) end
  return sum
end

-- Only what alters a thing may be described by a reading of another noun; what makes one has its own.
local ALTERS = { "Put", "Update", "Modify", "Set", "Change", "Tag", "Add", "Enable", "Disable" }

-- What takes parts of a thing away names them, and not how it shall be.
local TAKES_AWAY = { "Remove", "Untag", "Disassociate", "Detach", "Deregister", "Reset" }

local function begins_with(name, verbs)
  for _, verb in ipairs(verbs) do
    if name:sub(1, #verb) == verb then return true end
  end
  return false
end

-- Of many things the call must single one out: by a list of names that it asks for, or by the thing's own name.
local function singles_out(call, thing, members, inputs)
  local asked = {}
  for _, input in ipairs(inputs) do
    if input.of_many then return true end
    asked[input.given] = true
  end
  for _, given in ipairs(call.members) do
    local own = names.is_own(call.noun, given.name) or names.is_own(thing.name, given.name)
    local can = asked[given.name] or (given.required and members[given.name:lower()])
    if own and can and reading.names_it(call.noun, given) then return true end
  end
  return false
end

local function fits(call, verb, thing, members, covered, inputs)
  if not inputs or #inputs == 0 or (thing.around and covered == 0) then return false end
  if thing.many then return singles_out(call, thing, members, inputs) end
  return verb > 0 -- what only lists describes none of them
end

-- "Name" and "Id" name what the call is about, and nothing that another reading knows.
local function has_bare_name(inputs)
  for _, input in ipairs(inputs) do
    if names.is_bare(input.given) then return true end
  end
  return false
end

local function judge(call, operation, found, candidate)
  local noun, verb = noun_of_reading(candidate.name)
  local output = host.shape(candidate.service, candidate.snake_name, "output")
  if not output or is_heavy(output) then return end
  local exact = names.is_plural(call.noun, noun)
  local alters = operation.effect == "change" and begins_with(operation.name, ALTERS)
  if not exact and not (alters and verb > 0) then return end
  local asked = host.shape(candidate.service, candidate.snake_name, "input")
  local of_its_own = exact or names.begins_with(call.noun, noun)
  for _, thing in ipairs(things(output, call.noun, noun)) do
    local members = members_of(thing.shape, call)
    local covered = coverage(call, thing, members)
    local inputs = (covered > 0 or operation.effect == "destroy") and find_inputs(call.noun, call.shape, asked, members)
    if fits(call, verb, thing, members, covered, inputs) and (of_its_own or not has_bare_name(inputs)) then
      found[#found + 1] = {
        operation = candidate, inputs = inputs, path = thing.path, members = members,
        score = score(call.noun, exact, verb, thing, covered, inputs),
      }
    end
  end
end

local function exception(operation, call)
  local known = exceptions.readings[operation.action]
  if not known then return nil end
  local inputs = {}
  for asked, given in pairs(known.input) do inputs[#inputs + 1] = { asked = asked, given = given, way = "same" } end
  local candidate = host.operation(operation.service, known.operation)
  local best
  for _, thing in ipairs(things(host.shape(operation.service, known.operation, "output"), call.noun, call.noun)) do
    local members = members_of(thing.shape, call)
    local covered = coverage(call, thing, members)
    if not best or covered > best.score then
      best = {
        operation = candidate, inputs = inputs, path = thing.path, members = members, score = covered,
        makes_another = known.makes_another,
      }
    end
  end
  return { best }
end

local function search(operation)
  local shape = host.shape(operation.service, operation.snake_name, "input")
  if not shape or (operation.effect == "change" and begins_with(operation.name, TAKES_AWAY)) then return {} end
  local call = { shape = shape, members = shape.members, noun = names.noun(operation.name) }
  local found = exception(operation, call)
  if found then return found end
  found = {}
  for _, name in ipairs(host.operations(operation.service)) do
    local candidate = host.operation(operation.service, name)
    if candidate.effect == "read" and noun_of_reading(candidate.name) then judge(call, operation, found, candidate) end
  end
  table.sort(found, function(a, b)
    if a.score ~= b.score then return a.score > b.score end
    if #a.path ~= #b.path then return #a.path < #b.path end
    return a.operation.name < b.operation.name
  end)
  return found
end

local known = {}

---The readings that may describe what a call of this operation is about, the best first.
---@param service string
---@param name string "update_service"
---@return Reading[]
function reading.candidates(service, name)
  local key = service .. " " .. name
  known[key] = known[key] or search(assert(host.operation(service, name)))
  return known[key]
end

local function value_of(input, value)
  if input.way == "list" then return json.array { value } end
  if input.way ~= "only" then return value end
  return type(value) == "table" and #value == 1 and value[1] or nil
end

---What the reading is asked for; nil when the parameters do not tell enough.
---@param candidate Reading
---@param params table the call's
---@return table?
function reading.derive(candidate, params)
  local asked = {}
  for name, value in pairs(exceptions.input[candidate.operation.action] or {}) do asked[name] = value end
  local needed = false
  for _, input in ipairs(candidate.inputs) do
    local value = params[input.given]
    if value ~= nil then asked[input.asked] = value_of(input, value) end
    needed = needed or asked[input.asked] ~= nil
  end
  local _, problem = host.check(candidate.operation.service, candidate.operation.snake_name, asked)
  return needed and not problem and asked or nil
end

local function collect(value, path, at, items)
  if type(value) ~= "table" then return end
  if getmetatable(value) == "array" then
    for _, item in ipairs(value) do collect(item, path, at, items) end
  elseif at > #path then
    items[#items + 1] = value
  else
    collect(value[path[at]], path, at + 1, items)
  end
end

local function is_meant(candidate, params, item)
  for name, value in pairs(params) do
    local member = candidate.members[name:lower()]
    local there = member and item[member.name]
    local is_name = there ~= nil and type(value) ~= "table" and names.is_id("", name)
    if is_name and not names.same_id(value, there) then return false end
  end
  return true
end

---The things in an answer that the call's parameters name.
---@param candidate Reading
---@param params table the call's
---@param answer table
---@param made table[] things besides those of the answer
---@return table[]
function reading.things(candidate, params, answer, made)
  local items, meant = table.move(made, 1, #made, 1, {}), {}
  collect(answer, candidate.path, 1, items)
  for _, item in ipairs(items) do
    if is_meant(candidate, params, item) then meant[#meant + 1] = item end
  end
  return meant
end

return reading
