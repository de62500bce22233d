--- What a call would make of what is there now, member by member.
---
--- Members are matched by name, whatever their case. Structures are compared as far as the call speaks of them: what it leaves
--- out AWS keeps or fills in, and which of the two no model says. Lists of named things ("name", "Key", ...) and maps are compared
--- entry by entry.

local names = require "plan.names"
local unknown = require "plan.unknown"

local compare = {}

---@class Change
---@field path string "containerDefinitions[web].image"
---@field from any what is there now; nil: nothing, or not told
---@field to any what the call sends
---@field kind "same"|"changed"|"added"|"removed"|"known later"|"set" set: the reading does not tell what it is now
---@field secret boolean? both are "[secret]"

local SECRET = "[secret]"

-- Operations that leave entries alone which they do not name.
local MERGES = { Tag = true, Add = true, Set = true, Modify = true, Associate = true }

local function is_secret(value)
  return type(value) == "userdata" and getmetatable(value) == "secret"
end

local COMPARABLE = { string = true, number = true, userdata = true }

-- The model marks what is sent, or what is read; one of the two is enough. Text joined with a secret can be compared with secrets.
local function same_secret(a, b)
  if not (COMPARABLE[type(a)] and COMPARABLE[type(b)]) or b == json.null then return false end
  local secret = is_secret(a) and a or b
  return a .. secret == b .. secret
end

local function shown(value)
  if value == nil or value == json.null then return nil end
  if is_secret(value) then return SECRET end
  if unknown.is(value) then return unknown.TEXT end
  if type(value) == "userdata" then return "(a file)" end
  if type(value) ~= "table" then return value end
  local copy = getmetatable(value) == "array" and json.array {} or {}
  for key, member in next, value do copy[key] = shown(member) end
  return copy
end

local function hide(value) return value ~= nil and SECRET or nil end

local function add(state, path, kind, from, to)
  local change = { path = path, kind = kind, from = shown(from), to = shown(to) }
  -- Where secrets inside are all that differs, both look the same.
  if is_secret(from) or is_secret(to) or (kind == "changed" and json.encode(change.from) == json.encode(change.to)) then
    change.secret, change.from, change.to = true, hide(change.from), hide(change.to)
  end
  state.changes[#state.changes + 1] = change
end

local function is_list(value)
  return type(value) == "table" and (getmetatable(value) == "array" or #value > 0)
end

-- A policy comes back with other spaces, in another order, or read already. It is sent whole: what is not in it goes.
local DOCUMENT = { type = "map" }
DOCUMENT.value, DOCUMENT.element = DOCUMENT, DOCUMENT

local function document(value)
  if type(value) == "table" then return value end
  if type(value) ~= "string" or not value:find "^%s*{" then return nil end
  local ok, decoded = pcall(json.decode, value)
  return ok and type(decoded) == "table" and decoded or nil
end

local function equal(a, b)
  if type(a) == "table" and type(b) == "table" then
    for key, value in next, a do
      if not equal(value, b[key]) then return false end
    end
    for key in next, b do
      if a[key] == nil then return false end
    end
    return true
  end
  if is_secret(a) or is_secret(b) then return same_secret(a, b) end
  if a == b then return true end
  if type(a) == "table" or type(b) == "table" or a == nil or b == nil then return false end
  return names.same_id(a, b)
end

local function sorted_texts(list)
  local texts = {}
  for i, item in ipairs(list) do
    if type(item) == "table" or is_secret(item) then return nil end
    texts[i] = tostring(item)
  end
  table.sort(texts)
  return texts
end

-- Lists of plain values are sets to AWS: subnets, security groups, actions.
local function same_list(a, b)
  if #a ~= #b then return false end
  local first, second = sorted_texts(a), sorted_texts(b)
  return equal(first and second and first or a, first and second and second or b)
end

local KEYS = { "key", "name", "id", "sid", "containerName", "ContainerName", "Key", "Name", "Id", "ID", "Sid", "attributeName" }

-- The member that tells the elements of both lists apart.
local function key_of(want, have)
  for _, key in ipairs(KEYS) do
    local all = true
    local seen = {}
    for _, list in ipairs { want, have } do
      for _, item in ipairs(list) do
        local value = type(item) == "table" and item[key]
        local twice = value and list == want and seen[value]
        all = all and type(value) == "string" and not twice
        if type(value) == "string" and list == want then seen[value] = true end
      end
    end
    if all and #want > 0 then return key end
  end
end

local visit

local function visit_list(state, path, want, have, shape)
  local key = key_of(want, have or {})
  if not key then
    local kind = not have and "added" or same_list(want, have) and "same" or "changed"
    return add(state, path, kind, have, want)
  end
  local there, named = {}, {}
  for _, item in ipairs(have or {}) do there[item[key]] = item end
  for _, item in ipairs(want) do
    named[item[key]] = true
    visit(state, ("%s[%s]"):format(path, item[key]), item, there[item[key]], shape and shape.element)
  end
  for _, item in ipairs(not state.merges and have or {}) do
    if not named[item[key]] then add(state, ("%s[%s]"):format(path, item[key]), "removed", item, nil) end
  end
end

local function sorted_keys(value)
  local keys = {}
  for key in next, value do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

local function by_lower_case(value)
  local lower = {}
  for key, member in next, value do lower[tostring(key):lower()] = member end
  return lower
end

local function shapes_of(shape)
  local shapes = {}
  for _, member in ipairs(shape and shape.type == "structure" and shape.members or {}) do shapes[member.name] = member.shape end
  return shapes
end

local function visit_map(state, path, want, have, shape)
  local is_map = shape and shape.type == "map"
  local there, shapes = is_map and have or by_lower_case(have or {}), shapes_of(shape)
  for _, key in ipairs(sorted_keys(want)) do
    local name = tostring(key)
    local now = have and there[is_map and key or name:lower()]
    visit(state, path .. "." .. name, want[key], now, is_map and shape.value or shapes[key])
  end
  for _, key in ipairs(is_map and have and not state.merges and sorted_keys(have) or {}) do
    if want[key] == nil then add(state, path .. "." .. key, "removed", have[key], nil) end
  end
end

function visit(state, path, want, have, shape)
  if (type(want) ~= "table" or unknown.is(want)) and unknown.origin(want) then
    return add(state, path, "known later", have, want)
  end
  if is_secret(want) or is_secret(have) then
    local kind = have == nil and "added" or same_secret(want, have) and "same" or "changed"
    return add(state, path, kind, have, want)
  end
  if have == json.null then have = nil end
  local now, new = document(have), type(want) == "string" and document(want)
  if now and new then return visit_map(state, path, new, now, DOCUMENT) end
  if type(want) ~= "table" or next(want) == nil or (have ~= nil and type(have) ~= "table") then
    local kind = have == nil and "added" or equal(want, have) and "same" or "changed"
    return add(state, path, kind, have, want)
  end
  if is_list(want) then return visit_list(state, path, want, have, shape) end
  return visit_map(state, path, want, have, shape)
end

-- The members of a structure around them that only the call has: LifecycleConfiguration.Rules.
local function visit_wrapped(state, name, want, thing, members, shape)
  local shapes, any = shapes_of(shape), false
  for _, key in ipairs(sorted_keys(want)) do
    local member = members[tostring(key):lower()]
    if member then
      visit(state, name .. "." .. key, want[key], thing[member.name], shapes[key])
      any = true
    end
  end
  return any
end

---@class Subject a call as it is compared
---@field operation table of host.aws
---@field params table secrets as such
---@field named table<string, boolean> members that only name the thing
---@field shapes table<string, table> of the call's members

local function visit_member(state, subject, name, thing, members)
  local want, member, shape = subject.params[name], members[name:lower()], subject.shapes[name]
  if not thing then return visit(state, name, want, nil, shape) end
  if member then return visit(state, name, want, thing[member.name], shape) end
  local can_wrap = type(want) == "table" and not unknown.is(want)
  if can_wrap and visit_wrapped(state, name, want, thing, members, shape) then return end
  add(state, name, unknown.origin(want) and "known later" or "set", nil, want)
end

---Compares the parameters of a call with the thing that it is about.
---@param subject Subject
---@param thing? table as a reading answers it; nil: there is none
---@param members table<string, table> of the thing's shape, in lower case
---@return Change[]
function compare.call(subject, thing, members)
  local state = { changes = {}, merges = MERGES[subject.operation.name:match "^%u%l+"] }
  for _, name in ipairs(sorted_keys(subject.params)) do
    if not subject.named[name] then visit_member(state, subject, name, thing, members) end
  end
  return state.changes
end

-- What tells most of a thing comes first.
local TELLING = { "status$", "state$", "name$", "version$", "image$", "type$", "class$", "count$" }

local function rank(name, value)
  if type(value) ~= "string" or value:find "^arn:" then return #TELLING + 2 end
  for i, ending in ipairs(TELLING) do
    if name:lower():find(ending) then return i end
  end
  return #TELLING + 1
end

---Adds what goes with a thing that is destroyed: its plain members, the most telling first.
---@param changes Change[]
---@param thing table
---@param members table<string, table>
function compare.removed(changes, thing, members)
  local state, keys, ranks = { changes = changes }, {}, {}
  for _, name in ipairs(sorted_keys(thing)) do
    local value = thing[name]
    if type(value) ~= "table" and value ~= json.null then keys[#keys + 1], ranks[name] = name, rank(name, value) end
  end
  table.sort(keys, function(a, b) return ranks[a] < ranks[b] or (ranks[a] == ranks[b] and a < b) end)
  for _, name in ipairs(keys) do
    local value, member = thing[name], members[name:lower()]
    if member and member.shape.type == "timestamp" and math.type(value) then value = time.iso(value) end
    add(state, name, "removed", value, nil)
  end
end

---The thing as it is after the call, as far as the call tells: what a later change of the same plan is compared with.
---@param params table
---@param thing table changed
---@param members table<string, table>
---@param is_new boolean the call has made it: it has the names that the call gives, too
function compare.assume(params, thing, members, is_new)
  for name, want in next, params do
    local member = members[name:lower()]
    local tells = type(want) ~= "table" or is_list(want) or unknown.is(want)
    if member and tells and (is_new or not names.is_id("", name)) then thing[member.name] = want end
  end
end

return compare
