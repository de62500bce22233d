--- What the engine of runbooks (stdlib/runbook.lua, stdlib/runbook/) lets a script do: the methods of `rb` and their options, read
--- from its own source, so that there is no second list; and what its methods do with functions.

local host = require "host.check"
local parser = require "syntax.parser"
local values = require "check.values"

local engine = {}

-- ---- reading its source

local LEAVES = { variable = true, variables = true, parameters = true, environment = true }

---Calls `visit` for each node of a tree, parents first.
---@param node table
---@param visit fun(node: Node)
local function each_node(node, visit)
  if node.kind and node.line then visit(node) end
  for name, child in pairs(node) do
    if type(child) == "table" and not LEAVES[name] then each_node(child, visit) end
  end
end

local function types_of(node)
  local types = {}
  for _, item in ipairs(node.items or {}) do
    if item.kind == "field" and item.key.kind == "String" and item.value.kind == "String" then
      types[item.key.value] = item.value.value
    end
  end
  return types
end

-- "rb:step" of a text, or of ("rb:checklist item %d"):format(i)
local function subject_of(node)
  if node.kind == "String" then return node.value end
  if node.kind == "Method" and node.object.kind == "Paren" then return subject_of(node.object.inner) end
end

-- Which argument of the method is checked: its position, and the field of it; 0: the last, and without a field its items.
local function target_of(node, parameters)
  if node.kind == "Binary" then return target_of(node.left, parameters) end
  if node.kind == "Index" and node.key.kind == "String" then
    return target_of(node.object, parameters), node.key.value
  end
  for i, parameter in ipairs(parameters) do
    if node.variable == parameter then return i - 1 end
  end
  return 0
end

local function is_options_check(node)
  local callee = node.kind == "Call" and node.callee
  return callee and callee.kind == "Index" and callee.object.name == "options" and callee.key.value == "check"
      and #node.arguments == 3
end

local function read_check(found, node, parameters, tables)
  local subject = subject_of(node.arguments[1])
  local list = node.arguments[3]
  if list.kind == "Name" then list = tables[list.variable] end
  if not (subject and list and list.kind == "Table") then return end
  local method = subject:match "^rb:([%w_]+)"
  if not method then return end
  local position, field = target_of(node.arguments[2], parameters)
  found.options[method] = found.options[method] or {}
  table.insert(found.options[method], { subject = subject:gsub(" %%d$", ""), position = position, field = field, types = types_of(list) })
end

local function read_module(found, chunk)
  local tables = {}
  each_node(chunk, function(node)
    if node.kind == "Local" and node.values[1] and node.values[1].kind == "Table" then
      tables[node.variables[1]] = node.values[1]
    end
  end)
  each_node(chunk, function(node)
    if is_options_check(node) and node.arguments[1].value == "runbook" then
      found.declaration = types_of(tables[node.arguments[3].variable] or node.arguments[3])
    end
    if is_options_check(node) and node.arguments[2].kind == "Index" then read_check(found, node, {}, tables) end
    if node.kind == "FunctionStatement" and node.is_method then
      found.methods[node.target.key.value] = true
      each_node(node.body, function(inner)
        if is_options_check(inner) then read_check(found, inner, node.body.parameters, tables) end
      end)
    end
  end)
end

engine.each_node = each_node

local known

---What the engine's source says: the names of the methods, and what is checked of the arguments of each.
---@return { methods: table<string, true>, options: table<string, table[]>, declaration: table<string, string> }
function engine.read()
  if known then return known end
  known = { methods = {}, options = {}, declaration = {} }
  for _, name in ipairs(host.modules()) do
    if name:find "^runbook%." then
      local chunk = parser.parse(host.module(name))
      if chunk then read_module(known, chunk) end
    end
  end
  return known
end

-- ---- what its methods do

local CHANGING = { change = true, undo = true }

-- One with a check of its own.
local function call_undo(self, step, fields, result)
  if fields.check then self:call_in(fields.check, { values.unknown, result }, { step = step, part = "check" }) end
  if fields.change then self:call_in(fields.change, { result }, { step = step, part = "undo" }) end
end

local function call_fields(self, step, how)
  local results
  for _, part in ipairs { "when", "check", "confirm", "change", "undo", "assume" } do
    local field = how.fields[part]
    if field and field.is == "function" then
      local arguments = part == "undo" and { results or values.unknown } or { part == "check" and values.unknown or nil }
      local answer = self:call_in(field, arguments, { step = step, part = part })
      if not CHANGING[part] or part == "change" then
        if part ~= "when" and part ~= "confirm" then results = values.join(results, answer[1] or values.none) end
      end
    elseif field and part == "assume" then
      results = values.join(results, field)
    elseif field and part == "undo" and field.is == "table" then
      call_undo(self, step, field.fields, results or values.unknown)
    end
  end
  return { results or values.unknown, open = true }
end

local function call_step(self, arguments, node, file)
  local how = arguments[2]
  local step = { node = node, file = file, name = values.text(arguments[1]), how = how, certain = self.context.certain }
  self:found("step", { of = step, node = node, file = file })
  if not how or how.is ~= "table" then
    self:escape(arguments)
    return { values.unknown, open = true }
  end
  return call_fields(self, step, how)
end

---Calls the probes in a list of items.
---@param self Walker
---@param list Value
function engine.call_probes(self, list)
  for _, one in ipairs(values.each(list)) do
    if one.is == "table" then
      for _, item in ipairs(one.items) do
        for _, each in ipairs(values.each(item)) do
          local probe = each.is == "table" and each.fields.probe
          if probe then self:call_in(probe, {}) end
        end
      end
      if one.element then self:escape { one.element } end
    end
  end
end

-- Functions among the arguments, and in tables among them, are called where the method is. A branch is given an `rb`.
local function call_all(self, arguments)
  local result
  local function try(value)
    for _, one in ipairs(values.each(value)) do
      if one.is == "function" then
        local answer = self:call_in(one, { values.new "rb", open = true })
        result = values.join(result, answer[1] or values.unknown)
      end
    end
  end
  for _, argument in ipairs(arguments) do
    try(argument)
    if argument.is == "table" then try(values.element(argument) or values.none) end
  end
  return { result or values.unknown, open = true }
end

local FORMATS = { note = true, warn = true, refuse = true }

---Calls a method of `rb`.
---@return Value[] results
function engine.call(self, name, arguments, node, file)
  self:found("method", { name = name, arguments = arguments, node = node, file = file })
  if FORMATS[name] then
    self:found("format", {
      method = "rb:" .. name, format = arguments[1], count = #arguments - 1, open = arguments.open, node = node, file = file,
    })
  end
  if name == "notify" then self:found("may call", { action = "sns:Publish" }) end -- where to, the parameters say
  if name == "step" then return call_step(self, arguments, node, file) end
  if name == "checklist" then
    engine.call_probes(self, arguments[2] or values.none)
    return { values.unknown }
  end
  return call_all(self, arguments)
end

return engine
