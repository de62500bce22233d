--- What a runbook may declare of a parameter, and what the catalogue tells of it.

local limits = require "params.limits"
local options = require "options"
local types = require "params.types"

local schema = {}

---@class Param
---@field type "string"|"integer"|"number"|"boolean"|"enum"|"duration"|"time"|"arn"|"url"|"list"|"map"|"secret"|"file"
---@field required? boolean
---@field default? any a value, or function(the others) -> value
---@field min? number|string of a number, duration ("5m") or time ("-7d"); of a text, list or map: how long it is
---@field max? number|string
---@field pattern? string a Lua pattern that the whole text must match; in a list or map each
---@field values? string[] of an enum
---@field of? string the type of what a list or map holds; string unless given
---@field access? "read"|"write" what a file is for; read unless given
---@field prompt? string what is asked on a terminal where no value is given
---@field env? string the environment variable that gives it, GWRUN_...
---@field example? any a value for the help page
---@field help? string

-- Every parameter's fields, and those that only some types have. By Lua type, as options.check takes them.
local COMMON = {
  type = "string", required = "boolean", default = "any", prompt = "string", env = "string", example = "any",
  help = "string",
}
local PARTICULAR = {
  min = "number|string", max = "number|string", pattern = "string", values = "table", of = "string", access = "string",
}
local FIELDS_OF = {
  string = { "min", "max", "pattern" }, integer = { "min", "max" }, number = { "min", "max" }, boolean = {},
  enum = { "values" }, duration = { "min", "max" }, time = { "min", "max" }, arn = { "pattern" }, url = { "pattern" },
  list = { "of", "min", "max", "pattern", "values" }, map = { "of", "min", "max", "pattern", "values" }, secret = {},
  file = { "access" },
}

local function fail(name, format, ...)
  error(("params.%s: %s"):format(tostring(name), format:format(...)), 0)
end

local function is_one_of(value, list)
  for _, known in ipairs(list) do
    if known == value then return true end
  end
  return false
end

local function check_field(name, param, field, value)
  local of_type = FIELDS_OF[param.type]
  local lua_types = COMMON[field] or (is_one_of(field, of_type) and PARTICULAR[field])
  if not lua_types then
    if PARTICULAR[field] then fail(name, "field '%s' has no meaning for the type %s", field, param.type) end
    local known = options.sorted(COMMON)
    table.move(of_type, 1, #of_type, #known + 1, known)
    fail(name, "unknown field '%s'%s", tostring(field), options.hint(tostring(field), known))
  end
  if lua_types ~= "any" and not is_one_of(type(value), { lua_types:match "^(%a+)|?(%a*)$" }) then
    fail(name, "field '%s' must be a %s, got %s", field, lua_types:gsub("|", " or "), type(value))
  end
end

local function check_type(name, param)
  local known = types.names()
  if type(param.type) == "string" and FIELDS_OF[param.type] then return end
  if param.type == nil then fail(name, "field 'type' is missing, one of %s", table.concat(known, ", ")) end
  local hint = options.hint(tostring(param.type), known)
  fail(name, "unknown type '%s'%s", tostring(param.type), hint ~= "" and hint or ", expected one of " .. table.concat(known, ", "))
end

local function check_one_of(name, field, given, known)
  if given ~= nil and not is_one_of(given, known) then
    fail(name, "field '%s': expected one of %s, got '%s'%s", field, table.concat(known, ", "), given,
      options.hint(given, known))
  end
end

local function check_values(name, param)
  local is_enum = param.type == "enum" or param.of == "enum"
  if not is_enum then
    if param.values then fail(name, "field 'values' has no meaning without of = \"enum\"") end
    return
  end
  if not param.values or #param.values == 0 then fail(name, "an enum needs values") end
  for _, value in ipairs(param.values) do
    if type(value) ~= "string" then fail(name, "field 'values': expected texts, got a %s", type(value)) end
  end
end

local function check_bounds(name, param)
  local bounds = {}
  for _, field in ipairs { "min", "max" } do
    local bound = param[field]
    bounds[field] = bound and limits.bound(param, bound)
    if bound and not bounds[field] then
      local kind = (param.type == "duration" or param.type == "time") and param.type or "number"
      fail(name, "field '%s': expected a %s, got '%s'", field, kind, bound)
    end
  end
  if bounds.min and bounds.max and bounds.min > bounds.max then fail(name, "min is above max") end
end

local function check_pattern(name, param)
  local is_pattern, problem = pcall(string.find, "", param.pattern)
  if not is_pattern then fail(name, "field 'pattern': %s", (problem:gsub("^.-:%d+: ", ""))) end
end

-- A value in the declaration must be one that an operator could give, too.
local function check_value(name, param, field)
  local value = param[field]
  if value == nil or (field == "default" and type(value) == "function") then return end
  if param.type == "secret" then fail(name, "a secret has no %s; it would stand in the script", field) end
  local read, problem = limits.read(param, value)
  if read == nil then fail(name, "field '%s': %s", field, problem) end
end

local function check_param(name, param)
  if type(name) ~= "string" or not name:find "^[a-z][a-z0-9_]*$" then
    fail(name, "a parameter's name has lower-case letters, digits and _ only, a letter first")
  end
  if name == "params" then fail(name, "'--params' names files with parameters; another name is needed") end
  if type(param) ~= "table" then fail(name, "expected a table { type=, ... }, got %s", type(param)) end
  check_type(name, param)
  for _, field in ipairs(options.sorted(param)) do check_field(name, param, field, param[field]) end
  check_one_of(name, "of", param.of, types.element_names())
  check_one_of(name, "access", param.access, { "read", "write" })
  check_values(name, param)
  check_bounds(name, param)
  if param.pattern then check_pattern(name, param) end
  if param.env and not param.env:find "^GWRUN_[A-Z0-9_]+$" then
    fail(name, "field 'env': expected a name that begins with GWRUN_, got '%s'", param.env)
  end
  if param.required and param.default ~= nil then fail(name, "what is required has no default") end
  check_value(name, param, "default")
  check_value(name, param, "example")
end

---Raises for a schema with a mistake in it; the message names the parameter and the nearest right word.
---@param schemas table<string, Param>
function schema.check(schemas)
  for name, param in pairs(schemas) do check_param(name, param) end
  for name, param in pairs(schemas) do
    if param.type == "boolean" and schemas["no_" .. name] then
      fail("no_" .. name, "'--no-%s' already says no to '%s'", name, name)
    end
  end
end

---The option that sets a parameter: "target_group" -> "--target-group".
---@param name string
---@return string
function schema.flag(name)
  return "--" .. name:gsub("_", "-")
end

-- What is written behind the option of a secret.
local SECRET = "prompt://|file://PATH|env://GWRUN_NAME|-"

-- As an operator would write it.
local function in_words(param, value)
  if value == nil or type(value) == "string" then return value end
  return types.write(param, types.parse(param, value))
end

---What it takes, in the words of a help page: "integer", "slow|fast", "list of slow|fast".
---@param param Param
---@return string
function schema.takes(param)
  if param.access == "write" then return "file to write" end
  if not param.values then return types.title(param) end
  local values = table.concat(param.values, "|")
  return param.type == "enum" and values or param.type .. " of " .. values
end

---The parameters as facts for the catalogue and the help page, in the order in which people read them.
---@param schemas table<string, Param>
---@return table[]
function schema.describe(schemas)
  local list = json.array {}
  for i, name in ipairs(options.sorted(schemas)) do
    local param = schemas[name]
    local default = param.default
    if type(default) == "function" then default = "computed" else default = in_words(param, default) end
    list[i] = {
      name = name, flag = schema.flag(name), type = types.title(param),
      takes = param.type == "secret" and SECRET or schema.takes(param), required = param.required or false,
      default = default, env = param.env, help = param.help or param.prompt, values = param.values,
      range = limits.range(param), pattern = param.pattern, access = param.access, prompt = param.prompt,
      example = in_words(param, param.example),
    }
  end
  return list
end

return schema
