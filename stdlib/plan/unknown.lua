--- Values that only the real change would give. What is made of one is unknown too: its members, sums and differences, what
--- its methods answer. A text joined with one says "(known after apply)" where the value would stand. A list is walked once,
--- for one unknown element that stands for all of them. Only what decides the way of a script cannot go on: "<", and what
--- needs a real number or text. Then one line names the step and what to do.

local failure = require "failure"

local unknown = {}

unknown.TEXT = "(known after apply)"

---@class Origin where an unknown comes from
---@field step? string id of the step that makes it
---@field name? string of that step
---@field action? string whose answer it is; none: the step's result

local ABOUT = "known only after apply"

-- Of each unknown: its origin, and its place in what the origin gives. Weak, so that they go with it.
local facts = setmetatable({}, { __mode = "k" })

-- The origin of the value that a script has last made something of.
local used

local function subject(origin)
  local step = origin.step and ("step %s '%s'"):format(origin.step, origin.name)
  if origin.action then return origin.action .. (step and (" in " .. step) or "") end
  return step or "a step"
end

local function advice(origin)
  if origin.action then return "plan it after the step, which 'assume' gives a result" end
  return "give the step 'assume' to plan past it"
end

local function fail(value, use)
  local fact = facts[value]
  local member = fact.path ~= "" and ("'%s' of its answer"):format(fact.path) or "its answer"
  failure.raise("unforeseen", "%s: %s is %s and cannot be %s; %s", subject(fact.origin), member, ABOUT, use,
    advice(fact.origin))
end

local function either(a, b)
  return facts[a] and a or b
end

local function origin_of(value)
  used = facts[value].origin
  return used
end

local function pass(a, b) return unknown.new(origin_of(either(a, b))) end

local function compare(a, b) fail(either(a, b), "compared in a plan") end

local function index(value, key)
  local fact = facts[value]
  if math.type(key) == "integer" and key ~= 1 then return nil end
  local place = type(key) == "string" and key or "[]"
  return unknown.new(origin_of(value), fact.path == "" and place or fact.path .. "." .. place)
end

local PASSED = { "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "bnot", "shl", "shr", "call" }

-- Lua's own messages name a value by the __name of its metatable: it tells the step there too.
local function new_meta(origin)
  local meta = {
    __name = ("%s: %s; %s"):format(subject(origin), ABOUT, advice(origin)),
    __metatable = "unknown", __index = index, __lt = compare, __le = compare, __eq = compare,
    __newindex = function(value) fail(value, "written to in a plan") end,
    __tostring = function() return unknown.TEXT end,
    __concat = function(a, b) return tostring(a) .. tostring(b) end,
    __len = function() return 1 end,
    __pairs = function(value)
      return function(_, key)
        if key == nil then return unknown.TEXT, index(value, "[]") end
      end
    end,
  }
  for _, event in ipairs(PASSED) do meta["__" .. event] = pass end
  return meta
end

local metas = setmetatable({}, { __mode = "k" })

---A value of that origin.
---@param origin Origin
---@param path? string its place there: "service.desiredCount"
---@return table
function unknown.new(origin, path)
  metas[origin] = metas[origin] or new_meta(origin)
  local value = {}
  facts[value] = { origin = origin, path = path or "" }
  return setmetatable(value, metas[origin])
end

---Is this one?
---@param value any
---@return boolean
function unknown.is(value)
  return facts[value] ~= nil
end

local NOWHERE = {}

---Where the first unknown in the value comes from; nil when all of it is known.
---@param value any
---@return Origin?
function unknown.origin(value)
  if type(value) == "string" then return value:find(unknown.TEXT, 1, true) and NOWHERE or nil end
  if type(value) ~= "table" then return nil end
  if facts[value] then return facts[value].origin end
  for _, member in next, value do
    local origin = unknown.origin(member)
    if origin then return origin end
  end
end

-- What Lua says where it cannot name the value: tonumber of an unknown is nil, table.concat tells no type.
local NAMELESS = { "a nil value", "in table for 'concat'" }

---What to add to an error that an unknown value may be behind, for "==" with one is false; empty where the script made nothing of any.
---@return string
function unknown.hint()
  if not used then return "" end
  return (", perhaps for want of what is %s; %s: %s"):format(ABOUT, subject(used), advice(used))
end

---Lua's own complaint of an unknown value as an error of kind "unforeseen"; any other error as it is.
---@param err any whatever was raised
---@return any
function unknown.explain(err)
  if type(err) ~= "string" then return err end
  if err:find(ABOUT, 1, true) then return failure.new("unforeseen", err) end
  for _, words in ipairs(used and NAMELESS or {}) do
    if err:find(words, 1, true) then return failure.new("unforeseen", err .. unknown.hint()) end
  end
  return err
end

return unknown
