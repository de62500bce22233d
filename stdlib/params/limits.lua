--- The limits of parameters: least and most, and the form of texts.

local options = require "options"
local types = require "params.types"

local limits = {}

local UNIT = { string = "character", list = "item", map = "entry" }
local UNITS = { string = "characters", list = "items", map = "entries" }

local function count_keys(map)
  local count = 0
  for _ in pairs(map) do count = count + 1 end
  return count
end

local function measure(schema, value)
  if schema.type == "string" then return utf8.len(value) or #value end
  if schema.type == "list" then return #value end
  if schema.type == "map" then return count_keys(value) end
  return value
end

---The bound as a number to compare with; of a time, at this moment.
---@param schema Param
---@param bound number|string "5m", "now"
---@return number? value nil: it makes no sense
function limits.bound(schema, bound)
  if schema.type ~= "duration" and schema.type ~= "time" then return math.type(bound) and bound end
  return (types.parse({ type = schema.type }, bound))
end

-- As people write it: 90 of a duration is "1m30s".
local function bound_text(schema, bound)
  if schema.type ~= "duration" and schema.type ~= "time" then return tostring(bound) end
  return type(bound) == "string" and bound or types.write({ type = schema.type }, bound)
end

local function with_unit(schema, text, bound)
  local unit = (bound == 1 and UNIT or UNITS)[schema.type]
  return unit and text .. " " .. unit or text
end

local function at_least(schema) return with_unit(schema, "at least " .. bound_text(schema, schema.min), schema.min) end
local function at_most(schema) return with_unit(schema, "at most " .. bound_text(schema, schema.max), schema.max) end

---"1 to 4", "at least 10s", "at most 64 characters"; nil where there is no limit.
---@param schema Param
---@return string?
function limits.range(schema)
  local min, max = schema.min, schema.max
  if min and max then
    return with_unit(schema, bound_text(schema, min) .. " to " .. bound_text(schema, max), max)
  end
  if min then return at_least(schema) end
  return max and at_most(schema)
end

local function has_form(pattern, text)
  local is_pattern, at = pcall(string.find, text, "^" .. pattern .. "$")
  if not is_pattern then error(("pattern '%s' of a parameter: %s"):format(pattern, at), 0) end
  return at ~= nil
end

local function form_problem(pattern, text)
  if has_form(pattern, text) then return nil end
  return ("expected text of the form %s, got '%s'"):format(pattern, text)
end

-- Of a text, or of each in a list or map.
local function pattern_problem(schema, value)
  if type(value) == "string" then return form_problem(schema.pattern, value) end
  for _, key in ipairs(options.sorted(value)) do
    local problem = type(value[key]) == "string" and form_problem(schema.pattern, value[key])
    if problem then return types.place(key) .. ": " .. problem end
  end
end

local function size_problem(schema, value)
  local size = measure(schema, value)
  local min, max = schema.min and limits.bound(schema, schema.min), schema.max and limits.bound(schema, schema.max)
  if min and size < min then return at_least(schema) end
  if max and size > max then return at_most(schema) end
end

---A value of the type and within its limits.
---@param schema Param
---@param value any text, or a value as JSON has it
---@return any value nil: it is none
---@return string? problem "expected at most 4, got '9'"
function limits.read(schema, value)
  local result, problem = types.parse(schema, value)
  if result == nil then return nil, problem end
  local expected = size_problem(schema, result)
  if expected then return nil, ("expected %s, got %s"):format(expected, types.shown(value)) end
  problem = schema.pattern and pattern_problem(schema, result)
  if problem then return nil, problem end
  return result
end

return limits
