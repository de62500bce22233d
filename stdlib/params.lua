--- The parameters of a runbook: one schema that makes the command line, the help text and the validation.
---
--- A parameter: { type=, required=, default=, min=, max=, pattern=, values=, env=, help= }. `default` may be a function of the
--- parameters already known. On the command line `target_group` is `--target-group`.

local options = require "options"

local params = {}

---@class Param
---@field type "string"|"integer"|"number"|"boolean"|"enum"|"duration"|"arn"|"url"|"list"
---@field required? boolean
---@field default? any a value, or function(parameters so far) -> value
---@field min? number of the number, or of the seconds of a duration
---@field max? number
---@field pattern? string a Lua pattern that the whole text must match
---@field values? string[] of an enum
---@field env? string the environment variable that gives it, GWRUN_...
---@field help? string

local FIELDS = {
  type = "string", required = "boolean", default = "any", min = "number", max = "number", pattern = "string",
  values = "table", env = "string", help = "string",
}

-- Each reads the text of one type, or says what was expected.
local readers = {}

function readers.string(text) return text end

function readers.integer(text)
  local number = text:match("^[-+]?%d+$") and math.tointeger(tonumber(text))
  return number, "an integer"
end

function readers.number(text)
  local number = text:match("^[-+]?[%d.]+[eE%d+-]*$") and tonumber(text)
  return number or nil, "a number"
end

function readers.boolean(text)
  local known = { ["true"] = true, yes = true, ["1"] = true, ["false"] = false, no = false, ["0"] = false }
  return known[text:lower()], "true or false"
end

function readers.duration(text)
  return time.duration(text), "a duration such as 90s, 10m or 1h30m"
end

function readers.arn(text)
  return text:match("^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$"), "an ARN (arn:partition:service:region:account:resource)"
end

function readers.url(text)
  return text:match("^https?://[^/%s]+[^%s]*$"), "a URL that begins with http:// or https://"
end

function readers.list(text)
  local items = {}
  for item in text:gmatch("[^,]+") do items[#items + 1] = item end
  return items
end

function readers.enum(text, schema)
  for _, value in ipairs(schema.values) do
    if value == text then return value end
  end
  return nil, "one of " .. table.concat(schema.values, ", ") .. options.hint(text, schema.values)
end

---The option that sets a parameter: "target_group" -> "--target-group".
---@param name string
---@return string
function params.flag(name)
  return "--" .. name:gsub("_", "-")
end

local function range_problem(value, schema)
  if type(value) ~= "number" then return nil end
  local unit = schema.type == "duration" and " seconds" or ""
  if schema.min and value < schema.min then return ("at least %s%s"):format(schema.min, unit) end
  if schema.max and value > schema.max then return ("at most %s%s"):format(schema.max, unit) end
end

local function read(schema, text)
  local value, expected = readers[schema.type](text, schema)
  if value == nil then return nil, expected end
  if schema.pattern and not (type(value) == "string" and value:match("^" .. schema.pattern .. "$")) then
    return nil, "text of the form " .. schema.pattern
  end
  local problem = range_problem(value, schema)
  if problem then return nil, problem end
  return value
end

---Raises for a schema with a mistake in it.
---@param schemas table<string, Param>
function params.check(schemas)
  for name, schema in pairs(schemas) do
    local subject = ("params.%s"):format(tostring(name))
    if type(name) ~= "string" or not name:match("^[a-z][a-z0-9_]*$") then
      error(subject .. ": a parameter's name has lower-case letters, digits and _ only", 0)
    end
    options.check(subject, schema, FIELDS)
    if not readers[schema.type] then
      local types = {}
      for known in pairs(readers) do types[#types + 1] = known end
      table.sort(types)
      error(("%s: unknown type '%s', expected one of %s"):format(subject, tostring(schema.type), table.concat(types, ", ")), 0)
    end
    if schema.type == "enum" and (not schema.values or #schema.values == 0) then
      error(subject .. ": an enum needs values", 0)
    end
  end
end

---The parameters' names in the order in which people read them.
---@param schemas table<string, Param>
---@return string[]
function params.names(schemas)
  local names = {}
  for name in pairs(schemas) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function flags_of(schemas, others)
  local flags, names = {}, table.move(others, 1, #others, 1, {})
  for name, schema in pairs(schemas) do
    flags[params.flag(name)] = { name = name, schema = schema }
    names[#names + 1] = params.flag(name)
    if schema.type == "boolean" then
      flags["--no-" .. params.flag(name):sub(3)] = { name = name, schema = schema, negated = true }
    end
  end
  table.sort(names)
  return flags, names
end

-- One option with its value off the list at position i; returns the next position, or nil and the problem.
local function take_option(args, i, flags, names, texts)
  local flag, text = args[i]:match("^(%-%-[^=]+)=(.*)$")
  flag = flag or args[i]
  local known = flags[flag]
  if not known then
    if flag:sub(1, 1) ~= "-" then return nil, ("unexpected argument '%s'"):format(flag) end
    return nil, ("unknown option '%s'%s"):format(flag, options.hint(flag, names))
  end
  if texts[known.name] then return nil, ("option '%s' is given twice"):format(flag) end
  if known.schema.type == "boolean" and text == nil then
    texts[known.name] = known.negated and "false" or "true"
    return i + 1
  end
  if text == nil then
    i = i + 1
    text = args[i]
    if text == nil then return nil, ("option '%s' needs a value"):format(flag) end
  end
  texts[known.name] = text
  return i + 1
end

local function parse(schemas, args, others)
  local flags, names = flags_of(schemas, others)
  local texts, i = {}, 1
  while i <= #args do
    local problem
    i, problem = take_option(args, i, flags, names, texts)
    if not i then return nil, problem end
  end
  return texts
end

local function value_of(name, schema, text, getenv, known)
  local origin = params.flag(name)
  if text == nil and schema.env then
    text = getenv(schema.env)
    if text == "" then text = nil end -- set but blank is how shells say "not given"
    origin = text and schema.env or origin
  end
  if text ~= nil then
    local value, expected = read(schema, text)
    if value == nil then
      return nil, ("%s: expected %s, got '%s'"):format(origin, expected, text)
    end
    return value
  end
  if schema.required then
    return nil, ("%s: required%s"):format(origin, schema.help and (" (" .. schema.help .. ")") or "")
  end
  if type(schema.default) == "function" then return schema.default(known) end
  if schema.type == "duration" and type(schema.default) == "string" then return time.duration(schema.default) end
  return schema.default
end

---Reads the runbook's own arguments.
---@param schemas table<string, Param>
---@param args string[] for example { "--revision", "2", "--order=stop-first" }
---@param getenv fun(name: string): string?
---@param others? string[] options that are somebody else's, for "did you mean"
---@return table? values
---@return string? problem one line
function params.bind(schemas, args, getenv, others)
  local texts, problem = parse(schemas, args, others or {})
  if not texts then return nil, problem end
  local values = {}
  for _, computed in ipairs { false, true } do -- functions of the others come last
    for _, name in ipairs(params.names(schemas)) do
      local schema = schemas[name]
      if (type(schema.default) == "function") == computed then
        values[name], problem = value_of(name, schema, texts[name], getenv, values)
        if problem then return nil, problem end
      end
    end
  end
  return values
end

return params
