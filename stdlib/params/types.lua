--- The types of parameters: how a value of each is read from text or taken from JSON, and written again. Limits are
--- params.limits' matter.

local options = require "options"
local words = require "params.words"

local types = {}

---@class ParamType
---@field expected string what a message says was expected
---@field from table<string, fun(value: any, schema: Param): any, string?> by Lua type; nil for no value of this type, with
---  the problem where "expected ..." would not tell
---@field write? fun(value: any): any as a plain value that `from` takes again; without: the value itself

---@type table<string, ParamType>
local kinds = {}

-- A whole number is an integer, so that it is written the same after it has been through a journal.
local function whole(number)
  return number and (math.tointeger(number) or number)
end

local function itself(value) return value end

-- A number as text, digits first: no hexadecimal, no "nan".
local function to_number(text)
  return text:find "^[-+]?[%d.]+[eE%d+-]*$" and tonumber((text:gsub("^%+", ""))) or nil
end

local function to_integer(text)
  return text:find "^[-+]?%d+$" and math.tointeger(to_number(text)) or nil
end

local function finite(number)
  return number == number and math.abs(number) ~= math.huge and whole(number) or nil
end

kinds.string = { expected = "text", from = { string = itself } }

kinds.integer = { expected = "an integer", from = { string = to_integer, number = math.tointeger } }

kinds.number = {
  expected = "a number",
  from = {
    string = function(text)
      local number = to_number(text)
      return number and finite(number)
    end,
    number = finite,
  },
}

local TRUTH = {
  ["true"] = true, yes = true, y = true, ["1"] = true, ["false"] = false, no = false, n = false, ["0"] = false,
}

kinds.boolean = {
  expected = "true or false",
  from = { string = function(text) return TRUTH[text:lower()] end, boolean = itself },
}

kinds.enum = {
  from = {
    string = function(text, schema)
      for _, value in ipairs(schema.values) do
        if value == text then return value end
      end
      return nil, ("expected one of %s, got '%s'%s"):format(table.concat(schema.values, ", "), text,
        options.hint(text, schema.values))
    end,
  },
}

-- Exactly: a run that is resumed goes on with the same.
local function write_duration(seconds)
  local text = time.format_duration(seconds):gsub(" ", "")
  return time.duration(text) == seconds and text or ("%.17g"):format(seconds) .. "s"
end

local function span(seconds)
  return seconds and pcall(time.format_duration, seconds) and whole(seconds) or nil
end

kinds.duration = {
  expected = "a duration such as 90s, 10m or 1h30m",
  from = { string = function(text) return span(time.duration(text)) end, number = span },
  write = write_duration,
}

-- "1h" and "-1h" are that long ago, "+1h" is ahead, as operators read logs.
local function relative(text)
  local sign, span = text:match "^([-+]?)(%d.*%a)$"
  local seconds = span and time.duration(span)
  if not seconds then return nil end
  return time.now() + (sign == "+" and seconds or -seconds)
end

-- Seconds since 1970 have ten digits, milliseconds, as CloudWatch Logs counts them, thirteen; other numbers are mistakes.
local function epoch(text)
  local digits = text:match "^%d+$"
  if not digits or (#digits ~= 10 and #digits ~= 13) then return nil end
  return #digits == 10 and tonumber(digits) or tonumber(digits) / 1000
end

-- A date alone is its midnight; without a zone it is UTC.
local function calendar(text)
  if text:find "^%d%d%d%d%-%d%d%-%d%d$" then text = text .. "T00:00:00" end
  if text:find "^%d%d%d%d%-%d%d%-%d%d[Tt ]%d%d:%d%d$" then text = text .. ":00" end
  if text:find "^%d%d%d%d%-%d%d%-%d%d[Tt ]%d%d:%d%d:%d%d%.?%d*$" then text = text .. "Z" end
  if tonumber(text) then return nil end
  return (time.parse(text))
end

local function write_time(seconds)
  local text = time.iso(seconds)
  return time.parse(text) == seconds and text or seconds
end

-- Of a year that can be written.
local function instant(seconds)
  return seconds and pcall(time.iso, seconds) and whole(seconds) or nil
end

kinds.time = {
  expected = "a time such as 2025-11-12T03:00:00Z, 1h or -30m (that long ago), +30m or now",
  from = {
    string = function(text)
      return instant(text == "now" and time.now() or relative(text) or epoch(text) or calendar(text))
    end,
    number = instant,
  },
  write = write_time,
}

kinds.arn = {
  expected = "an ARN (arn:partition:service:region:account:resource)",
  from = { string = function(text) return text:match "^arn:[^:%s]+:[^:%s]+:[^:%s]*:[^:%s]*:.+$" end },
}

kinds.url = {
  expected = "a URL that begins with http:// or https://",
  from = { string = function(text) return text:match "^https?://[^/%s]+[^%s]*$" end },
}

-- In `needs` a star would stand for more than one.
kinds.file = {
  expected = "the path of one file",
  from = { string = function(text) return text ~= "" and not text:find "[%z*]" and text or nil end },
}

-- Only what the sources make: never a text that stood somewhere.
kinds.secret = {
  expected = "a secret",
  from = {
    userdata = function(value)
      if tostring(value) ~= "[secret]" then return nil end
      if value:is_blank() then return nil, "it is blank" end
      return value
    end,
  },
}

-- ---- lists and maps

local function of_elements(schema)
  return { type = schema.of or "string", values = schema.values }
end

---Where an element stands: "item 2", "key 'a'".
---@param key integer|string
---@return string
function types.place(key)
  return type(key) == "string" and ("key '%s'"):format(key) or ("item %d"):format(key)
end

local function list_of(items, schema)
  local element, list = of_elements(schema), json.array {}
  for i, item in ipairs(items) do
    local value, problem = types.parse(element, item)
    if value == nil then return nil, types.place(i) .. ": " .. problem end
    list[i] = value
  end
  return list
end

local function map_of(entries, schema)
  local element, map = of_elements(schema), {}
  for _, key in ipairs(options.sorted(entries)) do
    local value, problem = types.parse(element, entries[key])
    if value == nil then return nil, types.place(key) .. ": " .. problem end
    map[key] = value
  end
  return map
end

-- Text is taken apart first; what is wrong with it is told with the text.
local function from_text(split, build)
  return function(text, schema)
    local parts, problem = split(text)
    if not parts then return nil, ("%s (got '%s')"):format(problem, text) end
    return build(parts, schema)
  end
end

local function is_list(value)
  return getmetatable(value) == "array" or #value > 0 or next(value) == nil
end

local function is_map(value)
  if getmetatable(value) == "array" then return false end
  for key in pairs(value) do
    if type(key) ~= "string" then return false end
  end
  return true
end

kinds.list = {
  expected = "a list",
  from = {
    string = from_text(words.list, list_of),
    table = function(value, schema)
      if not is_list(value) then return nil end
      return list_of(value, schema)
    end,
  },
}

kinds.map = {
  expected = "a map",
  from = {
    string = from_text(words.map, map_of),
    table = function(value, schema)
      if not is_map(value) then return nil end
      return map_of(value, schema)
    end,
  },
}

local function write_into(written, value, schema)
  local element = of_elements(schema)
  for key, item in pairs(value) do written[key] = types.write(element, item) end
  return written
end

function kinds.list.write(value, schema) return write_into(json.array {}, value, schema) end
function kinds.map.write(value, schema) return write_into({}, value, schema) end

-- ---- all of them

---The names of the types, in the order of the alphabet.
---@return string[]
function types.names() return options.sorted(kinds) end

-- Types of which a list or a map may be.
local ELEMENTS = {
  string = true, integer = true, number = true, boolean = true, enum = true, duration = true, time = true, arn = true,
  url = true,
}

---@return string[]
function types.element_names() return options.sorted(ELEMENTS) end

---"integer", "list of integer"
---@param schema Param
---@return string
function types.title(schema)
  local name = schema.type
  if (name == "list" or name == "map") and schema.of then return ("%s of %s"):format(name, schema.of) end
  return name
end

---A value that somebody gave, in a message.
---@param value any
---@return string
function types.shown(value)
  if type(value) == "string" then return "'" .. value .. "'" end
  if type(value) == "table" then return is_list(value) and "a list" or "a map" end
  return type(value) == "userdata" and "null" or tostring(value)
end

---A value of the type, whatever its limits.
---@param schema Param
---@param value any text, or a value as JSON has it
---@return any value nil: it is none
---@return string? problem "expected an integer, got 'five'"; never with a secret in it
function types.parse(schema, value)
  local kind = kinds[schema.type]
  local reader = kind.from[type(value)]
  local result, problem
  if reader then result, problem = reader(value, schema) end
  if result ~= nil then return result end
  if schema.type == "secret" then return nil, problem or "expected a secret" end
  local expected = kind.expected or "one of " .. table.concat(schema.values, ", ")
  return nil, problem or ("expected %s, got %s"):format(expected, types.shown(value))
end

---The value as a plain one that `parse` takes again: a duration as "15m", a time in ISO 8601.
---@param schema Param
---@param value any
---@return any
function types.write(schema, value)
  local write = kinds[schema.type].write
  if write then return write(value, schema) end
  return value
end

return types
