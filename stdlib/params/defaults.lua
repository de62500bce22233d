--- Defaults: a value, or a function of the other parameters.

local options = require "options"
local schema = require "params.schema"

local defaults = {}

---@class Defaults
---@field schemas table<string, Param>
---@field read fun(param: Param, value: any): any, string?
---@field values table<string, any>
---@field problems string[]
---@field state table<string, "asked"|"known">
---@field others table what a function sees: the parameters, each worked out when it is asked for
local Defaults = {}
Defaults.__index = Defaults

local function default_of(self, name)
  local param = self.schemas[name]
  local value, problem = param.default, nil
  if type(value) == "function" then value = value(self.others) end
  if value ~= nil then value, problem = self.read(param, value) end
  if problem then
    self.problems[#self.problems + 1] = ("%s: its default: %s"):format(schema.flag(name), problem)
  end
  return value
end

function Defaults:resolve(name)
  if self.values[name] ~= nil or self.state[name] == "known" then return self.values[name] end
  if self.state[name] == "asked" then error(("params.%s: its default asks for itself"):format(name), 0) end
  self.state[name] = "asked"
  self.values[name], self.state[name] = default_of(self, name), "known"
  return self.values[name]
end

-- The functions' view of the parameters, so that the order in which they are worked out does not matter.
local function view(self)
  return setmetatable({}, {
    __index = function(_, name)
      if self.schemas[name] then return self:resolve(name) end
      local hint = options.hint(tostring(name), options.sorted(self.schemas))
      error(("a default asks for the unknown parameter '%s'%s"):format(tostring(name), hint), 0)
    end,
    __newindex = function() error("a default cannot set another parameter", 0) end,
  })
end

---Adds the defaults of what has no value yet.
---@param schemas table<string, Param>
---@param read fun(param: Param, value: any): any, string?
---@param values table<string, any>
---@param problems string[]
function defaults.add(schemas, read, values, problems)
  local self = setmetatable({ schemas = schemas, read = read, values = values, problems = problems, state = {} }, Defaults)
  self.others = view(self)
  for _, name in ipairs(options.sorted(schemas)) do self:resolve(name) end
end

return defaults
