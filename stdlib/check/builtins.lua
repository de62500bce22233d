--- Lua's own functions, and gwrun's globals, as far as it matters what they do with functions and tables.

local values = require "check.values"

local builtins = {}

local UNKNOWN = { values.unknown, open = true }

local function builtin(call)
  return values.new("function", { call = call })
end

-- Calls functions among its arguments, here and now.
local function call_first(self, arguments)
  local results = self:call_in(arguments[1] or values.unknown, { open = arguments.open, table.unpack(arguments, 2) })
  return { { is = "boolean" }, open = results.open, table.unpack(results) }
end

local function each_function(self, list)
  local results = values.table()
  results.open = true
  for _, one in ipairs(values.each(list)) do
    if one.is == "table" then
      for _, item in ipairs(one.items) do
        results.items[#results.items + 1] = self:call_in(item, {})[1] or values.none
      end
      for name, field in pairs(one.fields) do results.fields[name] = self:call_in(field, {})[1] or values.none end
      if one.element then self:call_in(one.element, {}) end
    end
  end
  return results
end

local function map(self, arguments)
  local element = values.unknown
  for _, one in ipairs(values.each(arguments[1] or values.unknown)) do
    if one.is == "table" then element = values.element(one) or values.none end
  end
  local results = self:call_in(arguments[2] or values.unknown, { element, { is = "number" } })
  local made = values.table()
  made.element, made.open = results[1] or values.none, true
  return { made, values.unknown }
end

local function first_argument(_, arguments) return { arguments[1] or values.unknown } end

local function set_metatable(self, arguments)
  for _, one in ipairs(values.each(arguments[1] or values.unknown)) do
    if one.is == "table" then one.open = true end
  end
  self:escape { arguments[2] or values.none }
  return { arguments[1] or values.unknown }
end

local function iterate(keyed)
  return function(_, arguments)
    return { values.new("iterate", { of = arguments[1] or values.unknown, keyed = keyed }) }
  end
end

local function require_module(self, arguments)
  local name = values.text(arguments[1])
  return { name and require "check.calls".module(self, name) or values.unknown }
end

local function insert(_, arguments)
  local value = arguments[3] or arguments[2] or values.unknown
  for _, one in ipairs(values.each(arguments[1] or values.unknown)) do
    if one.is == "table" then one.element = values.join(one.element, value) end
  end
  return {}
end

local function move(_, arguments)
  local made = values.table()
  for _, one in ipairs(values.each(arguments[1] or values.unknown)) do
    local element = one.is == "table" and values.element(one) or values.unknown
    made.element = values.join(made.element, element)
  end
  local target = arguments[5]
  for _, one in ipairs(target and values.each(target) or {}) do
    if one.is == "table" then one.element = values.join(one.element, made.element) end
  end
  return { target or made }
end

-- The pieces of a format: texts and the arguments in their places.
local function format(_, arguments, node, file)
  local pattern = values.text(arguments[1])
  if not pattern then return { { is = "string", parts = { values.unknown }, node = node, file = file } } end
  local parts, next_argument, at = {}, 2, 1
  while at <= #pattern do
    local plain, stop = pattern:match("^([^%%]*)()", at)
    if plain ~= "" then parts[#parts + 1] = { is = "string", value = plain } end
    local directive, after = pattern:match("^%%[-+ #0-9.]*(.)()", stop)
    if directive == "%" then
      parts[#parts + 1] = { is = "string", value = "%" }
    elseif directive then
      parts[#parts + 1], next_argument = arguments[next_argument] or values.unknown, next_argument + 1
    end
    at = after or #pattern + 1
  end
  return { { is = "string", parts = parts, node = node, file = file } }
end

local function opaque(self, arguments)
  self:escape(arguments)
  return UNKNOWN
end

-- Reads its arguments and keeps none.
local function harmless() return UNKNOWN end

local function text(_, _, node, file) return { { is = "string", parts = { values.unknown }, node = node, file = file } } end

builtins.globals = {
  require = builtin(require_module), pcall = builtin(call_first), xpcall = builtin(call_first), assert = builtin(first_argument),
  setmetatable = builtin(set_metatable), ipairs = builtin(iterate(false)), pairs = builtin(iterate(true)),
  error = builtin(harmless), print = builtin(harmless), select = builtin(harmless), type = builtin(harmless),
  tostring = builtin(text), tonumber = builtin(harmless), next = builtin(harmless), rawget = builtin(harmless), rawlen = builtin(harmless),
  rawequal = builtin(harmless), rawset = builtin(opaque), sleep = builtin(harmless), getmetatable = builtin(harmless),
  parallel = values.new("function", {
    call = function(self, arguments) return { each_function(self, arguments[1] or values.unknown) } end,
    members = { map = builtin(map) },
  }),
}
for _, name in ipairs { "string", "table", "math", "utf8", "coroutine", "json", "time" } do
  builtins.globals[name] = values.new("library", { name = name })
end

local MEMBERS = {
  ["options.check"] = builtin(function(_, arguments) return { arguments[2] or values.unknown } end),
  ["table.insert"] = builtin(insert), ["table.move"] = builtin(move), ["string.format"] = builtin(format),
  ["json.array"] = builtin(first_argument), ["table.sort"] = builtin(opaque), ["string.gsub"] = builtin(opaque),
  ["coroutine.wrap"] = builtin(opaque), ["coroutine.create"] = builtin(opaque),
}
local HARMLESS = builtin(harmless)

---A function of one of Lua's libraries.
---@param library string
---@param name string
---@return Value
function builtins.member(library, name)
  return MEMBERS[library .. "." .. name] or HARMLESS
end

---Calls a method of a text.
---@return Value[] results
function builtins.call_text(self, object, name, arguments, node, file)
  if name == "format" then
    self:found("format", { method = "string.format", format = object, count = #arguments, open = arguments.open, node = node, file = file })
    return format(self, { object, table.unpack(arguments) }, node, file)
  end
  self:escape(arguments)
  return UNKNOWN
end

return builtins
