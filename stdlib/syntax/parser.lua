--- The grammar of Lua 5.4: source text becomes a tree, or one mistake with its place.
---
--- A node is a table with `kind`, `line` and `column`; see the functions below for what else it has. Names are resolved: the
--- `variable` of a Name is its local (syntax/scope.lua), nil for a global. Depth of nesting: 190.

local lexer = require "syntax.lexer"
local scope = require "syntax.scope"

local parser = {}

local MOST_LEVELS = 190

-- Left and right priority.
local BINARY = {
  ["or"] = { 1, 1 }, ["and"] = { 2, 2 },
  ["<"] = { 3, 3 }, [">"] = { 3, 3 }, ["<="] = { 3, 3 }, [">="] = { 3, 3 }, ["~="] = { 3, 3 }, ["=="] = { 3, 3 },
  ["|"] = { 4, 4 }, ["~"] = { 5, 5 }, ["&"] = { 6, 6 }, ["<<"] = { 7, 7 }, [">>"] = { 7, 7 }, [".."] = { 9, 8 },
  ["+"] = { 10, 10 }, ["-"] = { 10, 10 }, ["*"] = { 11, 11 }, ["/"] = { 11, 11 }, ["//"] = { 11, 11 }, ["%"] = { 11, 11 },
  ["^"] = { 14, 13 },
}
local UNARY = { ["not"] = true, ["-"] = true, ["~"] = true, ["#"] = true }
local UNARY_PRIORITY = 12

---@class Node
---@field kind string
---@field line integer
---@field column integer

local Parser = {}
Parser.__index = Parser

-- ---- tokens

local function fail_near(token, format, ...)
  local what = token.kind == "end of file" and "<eof>" or token.text:match("^[^\r\n]*")
  lexer.fail(token, "%s near '%s'", format:format(...), what)
end

function Parser:advance()
  local token = self.token
  self.token, self.ahead = self.ahead or self.source:next(), nil
  return token
end

function Parser:peek()
  self.ahead = self.ahead or self.source:next()
  return self.ahead
end

function Parser:accept(kind)
  if self.token.kind == kind then return self:advance() end
end

function Parser:expect(kind)
  if self.token.kind ~= kind then
    fail_near(self.token, "%s expected", kind == "name" and "<name>" or "'" .. kind .. "'")
  end
  return self:advance()
end

-- The end of what `open` began.
function Parser:expect_close(kind, open)
  if self.token.kind == kind then return self:advance() end
  if self.token.line == open.line then fail_near(self.token, "'%s' expected", kind) end
  fail_near(self.token, "'%s' expected (to close '%s' at line %d)", kind, open.kind, open.line)
end

function Parser:enter(place)
  self.level = self.level + 1
  if self.level > MOST_LEVELS then lexer.fail(place, "nested too deeply (the limit is %d levels)", MOST_LEVELS) end
end

function Parser:leave()
  self.level = self.level - 1
end

local function node(kind, place, fields)
  fields = fields or {}
  fields.kind, fields.line, fields.column = kind, place.line, place.column
  return fields
end

-- ---- expressions

function Parser:name_node(token)
  local found = node("Name", token, { name = token.value, variable = self.scope:find(token.value, token) })
  if not found.variable then found.environment = self.scope:find("_ENV", token) end
  return found
end

local function string_node(token)
  return node("String", token, { value = token.value })
end

-- Table: items, each { kind = "item"|"field", key = Node?, value = Node, line, column }
function Parser:table_constructor()
  local open = self:expect "{"
  local items = {}
  while self.token.kind ~= "}" do
    local place = self.token
    local item
    if place.kind == "name" and self:peek().kind == "=" then
      self:advance()
      self:advance()
      item = node("field", place, { key = string_node(place), named = true })
    elseif place.kind == "[" then
      self:advance()
      item = node("field", place, { key = self:expression() })
      self:expect "]"
      self:expect "="
    else
      item = node("item", place)
    end
    item.value = self:expression()
    items[#items + 1] = item
    if not (self:accept "," or self:accept ";") then break end
  end
  local close = self:expect_close("}", open)
  return node("Table", open, { items = items, last_line = close.line })
end

function Parser:parameters()
  local names, is_vararg = {}, false
  self:expect "("
  if self.token.kind ~= ")" then
    repeat
      if self:accept "..." then
        is_vararg = true
        break
      end
      names[#names + 1] = self:expect "name"
    until not self:accept ","
  end
  self:expect ")"
  return names, is_vararg
end

-- Function: parameters (Variables; `self` first where it is a method), is_vararg, body
function Parser:function_body(place, is_method)
  self.scope:open_function(false)
  local parameters = {}
  if is_method then
    parameters[1] = self.scope:new_variable({ value = "self", line = place.line, column = place.column }, "self")
    self.scope:declare(parameters[1])
  end
  local names, is_vararg = self:parameters()
  self.scope.current.is_vararg = is_vararg
  for _, token in ipairs(names) do
    parameters[#parameters + 1] = self.scope:new_variable(token, "parameter")
    self.scope:declare(parameters[#parameters])
  end
  local made = node("Function", place, { parameters = parameters, is_vararg = is_vararg })
  made.body = self:statements()
  made.last_line = self:expect_close("end", { kind = "function", line = place.line }).line
  self.scope:close_function()
  return made
end

function Parser:primary()
  local token = self.token
  if token.kind == "name" then return self:name_node(self:advance()) end
  if token.kind == "(" then
    self:advance()
    local inner = self:expression()
    self:expect_close(")", token)
    return node("Paren", token, { inner = inner })
  end
  fail_near(token, "unexpected symbol")
end

function Parser:arguments()
  local token = self.token
  if token.kind == "string" then return { string_node(self:advance()) } end
  if token.kind == "{" then return { self:table_constructor() } end
  if token.kind ~= "(" then fail_near(token, "function arguments expected") end
  self:advance()
  local list = {}
  if self.token.kind ~= ")" then list = self:expressions() end
  self:expect_close(")", token)
  return list
end

local CALLS = { ["("] = true, ["{"] = true, string = true }

-- Index: object, key, dotted. Call: callee, arguments. Method: object, name (a String), arguments
function Parser:suffixed()
  local found = self:primary()
  while true do
    local token = self.token
    if token.kind == "." then
      self:advance()
      local name = self:expect "name"
      found = node("Index", name, { object = found, key = string_node(name), dotted = true })
    elseif token.kind == "[" then
      self:advance()
      local key = self:expression()
      self:expect "]"
      found = node("Index", token, { object = found, key = key })
    elseif token.kind == ":" then
      self:advance()
      local name = string_node(self:expect "name")
      found = node("Method", name, { object = found, name = name, arguments = self:arguments() })
    elseif CALLS[token.kind] then
      found = node("Call", found, { callee = found, arguments = self:arguments() })
    else
      return found
    end
  end
end

local CONSTANTS = { ["nil"] = "Nil", ["true"] = "True", ["false"] = "False" }

function Parser:simple()
  local token = self.token
  if CONSTANTS[token.kind] then return node(CONSTANTS[token.kind], self:advance()) end
  if token.kind == "number" then return node("Number", self:advance(), { value = token.value }) end
  if token.kind == "string" then return string_node(self:advance()) end
  if token.kind == "{" then return self:table_constructor() end
  if token.kind == "function" then
    self:advance()
    return self:function_body(token, false)
  end
  if token.kind == "..." then
    if not self.scope.current.is_vararg then fail_near(token, "cannot use '...' outside a vararg function") end
    return node("Vararg", self:advance())
  end
  return self:suffixed()
end

-- Binary: operator, left, right. Unary: operator, operand
function Parser:expression(limit)
  limit = limit or 0
  self:enter(self.token)
  local found
  if UNARY[self.token.kind] then
    local operator = self:advance()
    found = node("Unary", operator, { operator = operator.kind, operand = self:expression(UNARY_PRIORITY) })
  else
    found = self:simple()
  end
  while true do
    local priority = BINARY[self.token.kind]
    if not priority or priority[1] <= limit then break end
    local operator = self:advance()
    found = node("Binary", found, { operator = operator.kind, left = found, right = self:expression(priority[2]) })
  end
  self:leave()
  return found
end

function Parser:expressions()
  local list = { self:expression() }
  while self:accept "," do list[#list + 1] = self:expression() end
  return list
end

-- ---- statements

local BLOCK_ENDS = { ["else"] = true, ["elseif"] = true, ["end"] = true, ["end of file"] = true, ["until"] = true }

function Parser:block_ends(with_until)
  local kind = self.token.kind
  return BLOCK_ENDS[kind] and (with_until or kind ~= "until") or false
end

function Parser:statements()
  local list = {}
  while not self:block_ends(true) do
    local kind = self.token.kind
    list[#list + 1] = self:statement()
    if kind == "return" then break end
  end
  return list
end

function Parser:block(is_loop)
  self.scope:open_block(is_loop)
  local list = self:statements()
  self.scope:close_block()
  return list
end

local readers = {}

-- Do: body
readers["do"] = function(self, token)
  local body = self:block(false)
  self:expect_close("end", token)
  return node("Do", token, { body = body })
end

-- While: condition, body
readers["while"] = function(self, token)
  local condition = self:expression()
  self:expect "do"
  local body = self:block(true)
  self:expect_close("end", token)
  return node("While", token, { condition = condition, body = body })
end

-- Repeat: body, condition, which sees the locals of the body
readers["repeat"] = function(self, token)
  self.scope:open_block(true)
  self.scope:open_block(false)
  local body = self:statements()
  self:expect_close("until", token)
  local condition = self:expression()
  self.scope:close_block()
  self.scope:close_block()
  return node("Repeat", token, { body = body, condition = condition })
end

-- If: clauses { condition, body }, otherwise
readers["if"] = function(self, token)
  local clauses, otherwise = {}, nil
  repeat
    local condition = self:expression()
    self:expect "then"
    clauses[#clauses + 1] = { condition = condition, body = self:block(false) }
  until not self:accept "elseif"
  if self:accept "else" then otherwise = self:block(false) end
  self:expect_close("end", token)
  return node("If", token, { clauses = clauses, otherwise = otherwise })
end

-- The variables of a loop, and its body.
function Parser:loop_body(names, hidden)
  self.scope:hide(hidden)
  self:expect "do"
  self.scope:open_block(false)
  local variables = {}
  for i, name in ipairs(names) do
    variables[i] = self.scope:new_variable(name, "loop")
    self.scope:declare(variables[i])
  end
  local body = self:statements()
  self.scope:close_block()
  return variables, body
end

-- ForNumber: variables (one), from, to, step, body. ForIn: variables, values, body
readers["for"] = function(self, token)
  self.scope:open_block(true)
  local names = { self:expect "name" }
  local made
  if self:accept "=" then
    made = node("ForNumber", token, { from = self:expression() })
    self:expect ","
    made.to = self:expression()
    made.step = self:accept "," and self:expression()
    made.variables, made.body = self:loop_body(names, 3)
  else
    while self:accept "," do names[#names + 1] = self:expect "name" end
    if self.token.kind ~= "in" then fail_near(self.token, "'=' or 'in' expected") end
    self:advance()
    made = node("ForIn", token, { values = self:expressions() })
    made.variables, made.body = self:loop_body(names, 4)
  end
  self:expect_close("end", token)
  self.scope:close_block()
  return made
end

-- Function statement: FunctionStatement: target (Name or Index), function, is_method
readers["function"] = function(self, token)
  local target = self:name_node(self:expect "name")
  local is_method = false
  while self.token.kind == "." or self.token.kind == ":" do
    is_method = self:advance().kind == ":"
    local name = self:expect "name"
    target = node("Index", name, { object = target, key = string_node(name), dotted = true })
    if is_method then break end
  end
  local body = self:function_body(token, is_method)
  self.scope:check_assignable(target)
  return node("FunctionStatement", token, { target = target, body = body, is_method = is_method })
end

local function read_attribute(self, variable)
  if not self:accept "<" then return end
  local token = self:expect "name"
  self:expect ">"
  if token.value ~= "const" and token.value ~= "close" then
    lexer.fail(token, "unknown attribute '%s'", token.value)
  end
  variable.attribute = token.value
  return token
end

local function local_function(self, token)
  local variable = self.scope:new_variable(self:expect "name", "function")
  self.scope:declare(variable)
  return node("LocalFunction", token, { variable = variable, body = self:function_body(token, false) })
end

-- Local: variables, values. LocalFunction: variable, body
readers["local"] = function(self, token)
  if self:accept "function" then return local_function(self, token) end
  local variables, values, closing = {}, {}, nil
  repeat
    local variable = self.scope:new_variable(self:expect "name", "local")
    local attribute = read_attribute(self, variable)
    if variable.attribute == "close" then
      if closing then lexer.fail(attribute, "multiple to-be-closed variables in local list") end
      closing = true
    end
    variables[#variables + 1] = variable
  until not self:accept ","
  if self:accept "=" then values = self:expressions() end
  for _, variable in ipairs(variables) do self.scope:declare(variable) end
  return node("Local", token, { variables = variables, values = values })
end

-- Return: values
readers["return"] = function(self, token)
  local values = {}
  if not self:block_ends(true) and self.token.kind ~= ";" then values = self:expressions() end
  self:accept ";"
  return node("Return", token, { values = values })
end

readers["break"] = function(self, token)
  if not self.scope:in_loop() then lexer.fail(token, "break outside a loop") end
  return node("Break", token)
end

-- Goto: name
readers["goto"] = function(self, token)
  local name = self:expect "name"
  self.scope:add_goto(name)
  return node("Goto", token, { name = name.value })
end

-- Label: name. What does nothing behind it belongs to it, so that it may stand at the end of its block.
readers["::"] = function(self, token)
  local name = self:expect "name"
  self:expect "::"
  local made = node("Label", token, { name = name.value, also = {} })
  while self.token.kind == ";" or self.token.kind == "::" do made.also[#made.also + 1] = self:statement() end
  self.scope:check_label(name)
  self.scope:add_label(name, self:block_ends(false))
  return made
end

readers[";"] = function(_, token) return node("Empty", token) end

local function count_write(target)
  if target.kind == "Name" and target.variable then target.variable.writes = target.variable.writes + 1 end
end

local function check_target(self, target, token)
  if target.kind ~= "Name" and target.kind ~= "Index" then fail_near(token, "syntax error") end
  self.scope:check_assignable(target)
  count_write(target)
end

-- Assign: targets, values. CallStatement: call
function Parser:expression_statement()
  local token = self.token
  local first = self:suffixed()
  if self.token.kind ~= "=" and self.token.kind ~= "," then
    if first.kind ~= "Call" and first.kind ~= "Method" then fail_near(self.token, "syntax error") end
    return node("CallStatement", token, { call = first })
  end
  check_target(self, first, self.token)
  local targets = { first }
  while self:accept "," do
    targets[#targets + 1] = self:suffixed()
    check_target(self, targets[#targets], self.token)
  end
  self:expect "="
  return node("Assign", token, { targets = targets, values = self:expressions() })
end

function Parser:statement()
  self:enter(self.token)
  local reader = readers[self.token.kind]
  local made
  if reader then
    made = reader(self, self:advance())
  else
    made = self:expression_statement()
  end
  self:leave()
  return made
end

---@param text string
---@return Node chunk a Function without parameters
---@return table<integer, string> comments by the line on which each begins
local function parse(text)
  local self = setmetatable({ source = lexer.new(text), scope = scope.new(), level = 0 }, Parser)
  self:advance()
  self.scope:open_function(true)
  local chunk = node("Function", { line = 1, column = 1 }, { parameters = {}, is_vararg = true })
  chunk.body = self:statements()
  if self.token.kind ~= "end of file" then self:expect "end of file" end
  self.scope:close_function()
  return chunk, self.source.comments
end

---Parses one file.
---@param text string
---@return Node? chunk
---@return table comments_or_mistake the comments, or { line=, column=, message= }
function parser.parse(text)
  local ok, chunk, comments = pcall(parse, text)
  if ok then return chunk, comments end
  if type(chunk) ~= "table" or not chunk.line then error(chunk, 0) end
  return nil, chunk
end

---The same, with the mistake in one line: "file:line:column: what".
---@param text string
---@param file string
---@return Node? chunk
---@return table|string comments_or_message
function parser.parse_file(text, file)
  local chunk, found = parser.parse(text)
  if chunk then return chunk, found end
  return nil, ("%s:%d:%d: %s"):format(file, found.line, found.column, found.message)
end

return parser
