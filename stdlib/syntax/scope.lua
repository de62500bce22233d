--- What names mean while a Lua file is parsed: locals and their blocks, attributes, labels, gotos, upvalues.
---
--- Refuses what the Lua compiler refuses: a jump into the scope of a local, an assignment to a constant, a label that comes
--- twice, more locals or upvalues than a function may have.

local lexer = require "syntax.lexer"

local scope = {}

local MOST_LOCALS = 200
local MOST_UPVALUES = 255

---@class Variable
---@field name string
---@field line integer where it is declared
---@field column integer
---@field kind "local"|"parameter"|"loop"|"function"|"self"
---@field attribute string? "const" or "close"
---@field owner table the function whose it is
---@field reads integer
---@field writes integer assignments behind its declaration
---@field captured boolean? an inner function uses it

---@class Scope
local Scope = {}
Scope.__index = Scope

---@return Scope
function scope.new()
  return setmetatable({ active = {} }, Scope)
end

-- ---- functions and blocks

---Enters a function; its parameters are declared next.
---@param is_vararg boolean
function Scope:open_function(is_vararg)
  self.current = {
    outer = self.current, is_vararg = is_vararg, base = #self.active, labels = {}, gotos = {}, upvalues = {}, upvalue_count = 0,
    hidden = 0,
  }
  self:open_block(false)
end

---@param is_loop boolean
function Scope:open_block(is_loop)
  local f = self.current
  f.block = {
    outer = f.block, is_loop = is_loop, base = #self.active, hidden = f.hidden, label_base = #f.labels, goto_base = #f.gotos,
  }
end

-- A goto that leaves a block can no longer see its locals.
local function move_gotos_out(f, block)
  for i = block.goto_base + 1, #f.gotos do
    f.gotos[i].level = math.min(f.gotos[i].level, block.base)
  end
end

function Scope:close_block()
  local f = self.current
  local block = f.block
  for i = #f.labels, block.label_base + 1, -1 do f.labels[i] = nil end
  move_gotos_out(f, block)
  for i = #self.active, block.base + 1, -1 do self.active[i] = nil end
  f.block, f.hidden = block.outer, block.hidden
end

function Scope:close_function()
  local pending = self.current.gotos[1]
  self:close_block()
  if pending then
    lexer.fail(pending, "no visible label '%s' for goto", pending.name)
  end
  self.current = self.current.outer
end

---Is there a loop that a break could leave?
---@return boolean
function Scope:in_loop()
  local block = self.current.block
  while block do
    if block.is_loop then return true end
    block = block.outer
  end
  return false
end

-- ---- variables

---The names that a loop keeps for itself count, too.
---@param count integer
function Scope:hide(count)
  self.current.hidden = self.current.hidden + count
end

---Makes a variable that is not seen yet.
---@param token Token its name
---@param kind string
---@return Variable
function Scope:new_variable(token, kind)
  return {
    name = token.value, line = token.line, column = token.column, kind = kind, owner = self.current, reads = 0, writes = 0,
  }
end

---From here on it is seen.
---@param variable Variable
function Scope:declare(variable)
  local f = self.current
  if #self.active - f.base + f.hidden >= MOST_LOCALS then
    lexer.fail(variable, "too many local variables (the limit of a function is %d)", MOST_LOCALS)
  end
  self.active[#self.active + 1] = variable
end

local function capture(f, variable, place)
  while f ~= variable.owner do
    if not f.upvalues[variable] then
      f.upvalues[variable] = true
      f.upvalue_count = f.upvalue_count + 1
      if f.upvalue_count > MOST_UPVALUES then
        lexer.fail(place, "too many upvalues (the limit of a function is %d)", MOST_UPVALUES)
      end
    end
    f = f.outer
  end
end

---The variable of that name; nil: a global.
---@param name string
---@param place table
---@return Variable?
function Scope:find(name, place)
  for i = #self.active, 1, -1 do
    local variable = self.active[i]
    if variable.name == name then
      if variable.owner ~= self.current then
        variable.captured = true
        capture(self.current, variable, place)
      end
      return variable
    end
  end
end

---Raises for an assignment to a constant.
---@param node table what is assigned to
function Scope:check_assignable(node)
  if node.kind == "Name" and node.variable and node.variable.attribute then
    lexer.fail(node, "attempt to assign to const variable '%s'", node.name)
  end
end

-- ---- labels

local function find_label(f, name)
  for _, label in ipairs(f.labels) do
    if label.name == name then return label end
  end
end

-- The gotos of this block that waited for the label.
local function solve_gotos(self, f, label)
  local i = f.block.goto_base + 1
  while i <= #f.gotos do
    local jump = f.gotos[i]
    if jump.name == label.name then
      if jump.level < label.level then
        lexer.fail(jump, "goto '%s' jumps into the scope of local '%s'", jump.name, self.active[jump.level + 1].name)
      end
      table.remove(f.gotos, i)
    else
      i = i + 1
    end
  end
end

---Raises for a second label of the name.
---@param token Token
function Scope:check_label(token)
  local other = find_label(self.current, token.value)
  if other then
    lexer.fail(token, "label '%s' already defined on line %d", token.value, other.line)
  end
end

---@param token Token
---@param ends_block boolean nothing comes behind it in its block: locals are gone already
function Scope:add_label(token, ends_block)
  local f = self.current
  local label = { name = token.value, line = token.line, level = ends_block and f.block.base or #self.active }
  f.labels[#f.labels + 1] = label
  solve_gotos(self, f, label)
end

---@param token Token the label's name
function Scope:add_goto(token)
  local f = self.current
  if find_label(f, token.value) then return end
  f.gotos[#f.gotos + 1] = { name = token.value, line = token.line, column = token.column, level = #self.active }
end

return scope
