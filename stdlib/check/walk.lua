--- Walks through a script without running it: every branch once, every function with what is known of its arguments. What is
--- found on the way (calls of AWS, steps, names that do not exist) goes to the `trace`.
---
--- It sees through locals, tables, closures and the functions of the stdlib, and gives up gracefully: what it cannot follow is
--- unknown, and nothing is claimed of it. Limits: 60 calls deep, 20,000 functions entered, 100,000 findings.

local calls = require "check.calls"
local values = require "check.values"

local walk = {}

local MOST_DEEP = 60
local MOST_ENTERED = 20000
local MOST_FOUND = 100000

---@class Frame the variables of one activation of a function
---@field variables table<table, Value>
---@field outer Frame?
---@field file string

---@class Context what is known of the moment
---@field step table? the step whose function runs
---@field part string? "change", "undo", ...
---@field certain boolean it will happen, if its condition holds

---@class Walker
---@field script string the file that findings are blamed on
---@field trace table[] findings in order
local Walker = {}
Walker.__index = Walker

---@param options { script: string, load: fun(name: string): Node?, string? }
---@return Walker
function walk.new(options)
  return setmetatable({
    script = options.script, load = options.load, trace = {}, modules = {}, stack = {}, entered = 0, reached = {},
    context = { certain = true }, memory = {}, ids = {}, next_id = 0, active = {}, functions = {},
  }, Walker)
end

-- ---- findings

-- The innermost place in the script that has led here, and how deep it is on the stack.
local function blame(self)
  for i = #self.stack, 1, -1 do
    if self.stack[i].file == self.script then return self.stack[i].node, i end
  end
  return nil, 0
end

---@param kind string
---@param finding table
function Walker:found(kind, finding)
  if #self.trace >= MOST_FOUND then return end
  finding.kind, finding.step, finding.part, finding.certain = kind, self.context.step, self.context.part, self.context.certain
  finding.blame, finding.depth = blame(self)
  self.trace[#self.trace + 1] = finding
end

-- A function that was walked with the same arguments finds the same again, for another caller, in another step.
local function repeat_findings(self, known)
  for i = known.first, known.last do
    if #self.trace >= MOST_FOUND then return end
    local copy = {}
    for name, value in pairs(self.trace[i]) do copy[name] = value end
    if copy.step == known.step and copy.part == known.part then
      copy.step, copy.part = self.context.step, self.context.part
    end
    if copy.depth <= known.depth then
      copy.blame, copy.depth = blame(self)
    else
      copy.depth = copy.depth - known.depth + #self.stack
    end
    self.trace[#self.trace + 1] = copy
  end
end

-- ---- variables

local function cell(frame, variable)
  while frame do
    if frame.variables[variable] then return frame end
    frame = frame.outer
  end
end

local function get(frame, variable)
  local holder = cell(frame, variable)
  return holder and holder.variables[variable] or values.unknown
end

-- A variable without a value so far takes it; later ones stand beside the first.
local function set(frame, variable, value)
  local holder = cell(frame, variable) or frame
  local before = holder.variables[variable]
  holder.variables[variable] = values.join(before, value)
end

-- ---- expressions

local evaluate = {}

function Walker:evaluate(node, frame)
  return evaluate[node.kind](self, node, frame)
end

-- The values of a list, the last of which may be many.
function Walker:evaluate_list(nodes, frame)
  local list = {}
  for i, node in ipairs(nodes) do
    local is_last = i == #nodes
    if is_last and (node.kind == "Call" or node.kind == "Method") then
      local results = self:call_node(node, frame)
      for _, result in ipairs(results) do list[#list + 1] = result end
      list.open = results.open
    elseif is_last and node.kind == "Vararg" then
      for _, value in ipairs(frame.rest or {}) do list[#list + 1] = value end
      list.open = not frame.rest or frame.rest.open
    else
      list[#list + 1] = self:evaluate(node, frame)
    end
  end
  return list
end

function evaluate.Nil() return values.none end
function evaluate.True(_, node, frame) return { is = "boolean", value = true, node = node, file = frame.file } end
function evaluate.False(_, node, frame) return { is = "boolean", value = false, node = node, file = frame.file } end

function evaluate.Number(_, node, frame)
  return { is = "number", value = node.value, node = node, file = frame.file }
end

function evaluate.String(_, node, frame)
  return { is = "string", value = node.value, node = node, file = frame.file }
end

function evaluate.Vararg(_, _, frame)
  return frame.rest and frame.rest[1] or values.unknown
end

function evaluate.Function(self, node, frame)
  local made = { is = "function", node = node, frame = frame, file = frame.file }
  if frame.file == self.script then self.functions[#self.functions + 1] = made end
  return made
end

function evaluate.Paren(self, node, frame) return self:evaluate(node.inner, frame) end

function evaluate.Name(self, node, frame)
  if node.variable then return get(frame, node.variable) end
  if node.environment then return values.unknown end
  return calls.global(self, node.name) or values.unknown
end

function evaluate.Index(self, node, frame)
  local object, key = self:evaluate(node.object, frame), self:evaluate(node.key, frame)
  self.stack[#self.stack + 1] = { node = node, file = frame.file }
  local found
  for _, one in ipairs(values.each(object)) do
    found = values.join(found, calls.index(self, one, key, { node = node, file = frame.file }))
  end
  self.stack[#self.stack] = nil
  return found
end

function evaluate.Table(self, node, frame)
  local made = values.table(node, frame.file)
  for i, item in ipairs(node.items) do
    if item.kind == "field" then
      local key = self:evaluate(item.key, frame)
      values.assign(made, key, self:evaluate(item.value, frame), { file = frame.file, node = item })
    elseif i == #node.items then
      local rest = self:evaluate_list({ item.value }, frame)
      for _, value in ipairs(rest) do made.items[#made.items + 1] = value end
      if rest.open then made.open = true end
    else
      made.items[#made.items + 1] = self:evaluate(item.value, frame)
    end
  end
  return made
end

local function parts_of(value)
  return value.is == "string" and value.parts or { value }
end

local function concatenate(left, right, node, frame)
  if values.text(left) and values.text(right) then
    return { is = "string", value = left.value .. right.value, node = node, file = frame.file }
  end
  local parts = {}
  for _, part in ipairs(parts_of(left)) do parts[#parts + 1] = part end
  for _, part in ipairs(parts_of(right)) do parts[#parts + 1] = part end
  return { is = "string", parts = parts, node = node, file = frame.file }
end

local COMPARES = { ["=="] = true, ["~="] = true, ["<"] = true, [">"] = true, ["<="] = true, [">="] = true }

-- A parameter held against a text: of a secret that is never true.
function Walker:note_comparison(left, right, node, frame)
  local param = left.is == "param" and left or right
  local text = param == left and right or left
  if param.is == "param" and text.is == "string" then
    self:found("compared", { name = param.name, node = node, file = frame.file })
  end
end

function evaluate.Binary(self, node, frame)
  local left = self:evaluate(node.left, frame)
  local right = self:evaluate(node.right, frame)
  local operator = node.operator
  if operator == "and" then return right end
  if operator == "or" then
    local kept = values.truthy(left)
    return kept and values.join(kept, right) or right
  end
  if operator == ".." then return concatenate(left, right, node, frame) end
  if operator == "==" or operator == "~=" then self:note_comparison(left, right, node, frame) end
  if COMPARES[operator] then return { is = "boolean", node = node, file = frame.file } end
  return { is = "number", node = node, file = frame.file }
end

function evaluate.Unary(self, node, frame)
  local operand = self:evaluate(node.operand, frame)
  if node.operator == "not" then return { is = "boolean", node = node, file = frame.file } end
  local value = node.operator == "-" and operand.is == "number" and operand.value and -operand.value or nil
  return { is = "number", value = value, node = node, file = frame.file }
end

function evaluate.Call(self, node, frame) return self:call_node(node, frame)[1] or values.none end
evaluate.Method = evaluate.Call

-- ---- calls

function Walker:call_node(node, frame)
  local callee, object
  if node.kind == "Method" then
    object = self:evaluate(node.object, frame)
  else
    callee = self:evaluate(node.callee, frame)
  end
  local arguments = self:evaluate_list(node.arguments, frame)
  self.stack[#self.stack + 1] = { node = node, file = frame.file }
  local results
  if object then
    results = calls.method(self, object, node, arguments, frame.file)
  else
    results = self:call(callee, arguments, node, frame.file)
  end
  self.stack[#self.stack] = nil
  if #results == 0 and results.open then results[1] = values.unknown end
  return results
end

local function join_lists(a, b)
  if not a then return b end
  local joined = { open = a.open or b.open }
  for i = 1, math.max(#a, #b) do joined[i] = values.join(a[i] or values.none, b[i] or values.none) end
  return joined
end

---Calls whatever it is.
---@param callee Value
---@param arguments Value[]
---@param node Node
---@param file string
---@return Value[] results
function Walker:call(callee, arguments, node, file)
  local results
  for _, one in ipairs(values.each(callee)) do
    local these
    if one.is == "function" then
      these = one.call and one.call(self, arguments, node, file) or self:enter(one, arguments)
    else
      these = calls.call(self, one, arguments, node, file)
    end
    results = join_lists(results, these)
  end
  return results
end

---Calls what may be called, in a context that is changed so far.
---@param callee Value
---@param arguments Value[]
---@param context? table fields in place of the present ones
---@return Value[] results
function Walker:call_in(callee, arguments, context)
  local outer = self.context
  self.context = setmetatable(context or {}, { __index = outer })
  local top = self.stack[#self.stack] or {}
  local results = self:call(callee, arguments, top.node, top.file)
  self.context = outer
  return results
end

---Something is done with these values that cannot be seen: functions among them may be called, tables changed.
---@param list Value[]
function Walker:escape(list)
  for _, value in ipairs(list) do
    for _, one in ipairs(values.each(value)) do
      if one.is == "function" and one.node then
        self:call_in(one, { open = true }, { certain = false })
      elseif one.is == "table" and not one.open then
        one.open = true
        self:escape { values.element(one) or values.none }
      elseif one.is == "params" then
        self.all_params_used = true
      end
    end
  end
end

local function identify(self, value)
  if value.is == "string" and value.value and not value.node then return "s" .. value.value end
  if not self.ids[value] then
    self.next_id = self.next_id + 1
    self.ids[value] = self.next_id
  end
  return self.ids[value]
end

local function memory_key(self, callee, arguments)
  local parts = {
    identify(self, callee.node), identify(self, callee.frame), tostring(arguments.open), tostring(self.context.certain),
  }
  for _, argument in ipairs(arguments) do parts[#parts + 1] = identify(self, argument) end
  return table.concat(parts, " ")
end

local function bind(callee, arguments)
  local node = callee.node
  local frame = { variables = {}, outer = callee.frame, file = callee.file }
  local missing = arguments.open and values.unknown or values.none
  for i, parameter in ipairs(node.parameters) do frame.variables[parameter] = arguments[i] or missing end
  if node.is_vararg then
    frame.rest = { open = arguments.open, table.unpack(arguments, #node.parameters + 1) }
  end
  return frame
end

---Walks through a function.
---@param callee Value
---@param arguments Value[]
---@return Value[] results
function Walker:enter(callee, arguments)
  local node = callee.node
  local key = memory_key(self, callee, arguments)
  local known = self.memory[key]
  self.reached[node] = true
  if known then
    repeat_findings(self, known)
    return known.results
  end
  if self.active[node] or #self.stack >= MOST_DEEP or self.entered >= MOST_ENTERED then
    self:found("unseen", {})
    return { values.unknown, open = true }
  end
  self.active[node], self.entered = true, self.entered + 1
  local entry = { first = #self.trace + 1, depth = #self.stack, step = self.context.step, part = self.context.part }
  local frame = bind(callee, arguments)
  self:execute(node.body, frame)
  self.active[node] = nil
  entry.last, entry.results = #self.trace, frame.results or {}
  self.memory[key] = entry
  return entry.results
end

-- ---- statements

local execute = {}

function Walker:execute(statements, frame)
  for _, statement in ipairs(statements) do
    local act = execute[statement.kind]
    if act then act(self, statement, frame) end
  end
end

function execute.Local(self, node, frame)
  local list = self:evaluate_list(node.values, frame)
  for i, variable in ipairs(node.variables) do
    frame.variables[variable] = list[i] or (list.open and values.unknown) or values.none
  end
end

function execute.LocalFunction(self, node, frame)
  frame.variables[node.variable] = values.none
  frame.variables[node.variable] = self:evaluate(node.body, frame)
end

local function assign(self, target, value, frame)
  if target.kind == "Name" then
    if target.variable then
      set(frame, target.variable, value)
    elseif not target.environment then
      self:found("global", { name = target.name, node = target, file = frame.file })
    end
    return
  end
  local object, key = self:evaluate(target.object, frame), self:evaluate(target.key, frame)
  for _, one in ipairs(values.each(object)) do
    if one.is == "table" then values.assign(one, key, value, { file = frame.file, node = target }) end
  end
end

function execute.Assign(self, node, frame)
  local list = self:evaluate_list(node.values, frame)
  for i, target in ipairs(node.targets) do
    assign(self, target, list[i] or (list.open and values.unknown) or values.none, frame)
  end
end

function execute.FunctionStatement(self, node, frame)
  assign(self, node.target, self:evaluate(node.body, frame), frame)
end

function execute.CallStatement(self, node, frame) self:evaluate(node.call, frame) end
function execute.Do(self, node, frame) self:execute(node.body, frame) end

function execute.While(self, node, frame)
  self:evaluate(node.condition, frame)
  self:execute(node.body, frame)
end

function execute.Repeat(self, node, frame)
  self:execute(node.body, frame)
  self:evaluate(node.condition, frame)
end

function execute.If(self, node, frame)
  for _, clause in ipairs(node.clauses) do
    self:evaluate(clause.condition, frame)
    self:execute(clause.body, frame)
  end
  if node.otherwise then self:execute(node.otherwise, frame) end
end

function execute.ForNumber(self, node, frame)
  self:evaluate(node.from, frame)
  self:evaluate(node.to, frame)
  if node.step then self:evaluate(node.step, frame) end
  frame.variables[node.variables[1]] = { is = "number", node = node, file = frame.file }
  self:execute(node.body, frame)
end

function execute.ForIn(self, node, frame)
  local list = self:evaluate_list(node.values, frame)
  local each = calls.iterate(self, list, node, frame.file)
  for i, variable in ipairs(node.variables) do
    frame.variables[variable] = each[i] or (each.open and values.unknown) or values.none
  end
  self:execute(node.body, frame)
end

function execute.Return(self, node, frame)
  local list = self:evaluate_list(node.values, frame)
  local f = frame
  f.results = join_lists(f.results, list)
end

-- ---- modules

---What `require name` answers.
---@param name string
---@return Value
function Walker:open_module(name)
  if not self.modules[name] then
    self.modules[name] = values.unknown -- while it is loaded
    local chunk, file = self.load(name)
    if chunk then
      local outer = self.context
      self.context = { certain = true }
      self.modules[name] = self:walk_chunk(chunk, file)
      self.context = outer
      if self.modules[name].is == "table" then self.modules[name].module = name end
    end
  end
  return self.modules[name]
end

---Walks through a file.
---@param chunk Node
---@param file string
---@return Value what it returns
function Walker:walk_chunk(chunk, file)
  local frame = { variables = {}, file = file, rest = {} }
  self:execute(chunk.body, frame)
  return frame.results and frame.results[1] or values.none
end

---Walks through the functions of the script that nothing has called: with what, nobody knows.
function Walker:walk_rest()
  local at = 1
  while self.functions[at] do
    local one = self.functions[at]
    if not self.reached[one.node] then
      self.left_out = true
      self:call_in(one, { open = true }, { certain = false })
    end
    at = at + 1
  end
end

return walk
