--- Conditions of filter patterns, as JSON and space-delimited patterns share them: comparisons, && and ||, parentheses.
--- https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html

local regex = require "sim.logs.regex"

local conditions = {}

---@class ConditionReader
---@field text string
---@field at integer
local Reader = {}
Reader.__index = Reader

---@param text string
---@return ConditionReader
function conditions.read(text) return setmetatable({ text = text, at = 1 }, Reader) end

---@param what string
function Reader:fail(what) error({ malformed = ("Invalid filter pattern: expected %s at position %d"):format(what, self.at) }, 0) end

function Reader:skip() self.at = self.text:find("%S", self.at) or #self.text + 1 end

---Takes what the pattern matches at the present place, past blanks; nil: it does not.
---@param pattern string
---@return string?
function Reader:take(pattern)
  self:skip()
  local first, last, captured = self.text:find("^(" .. pattern .. ")", self.at)
  if not first then return nil end
  self.at = last + 1
  return captured
end

---@param pattern string
---@param what string
---@return string
function Reader:expect(pattern, what) return self:take(pattern) or self:fail(what) end

local function wildcard(text)
  local escaped = text:gsub("[^%w*]", "%%%0"):gsub("%*", ".*")
  return function(value) return tostring(value):find("^" .. escaped .. "$") ~= nil end
end

local ORDER = {
  ["<"] = function(a, b) return a < b end, [">"] = function(a, b) return a > b end,
  ["<="] = function(a, b) return a <= b end, [">="] = function(a, b) return a >= b end,
}

-- The right side of = and !=: a test for values.
local function equality(self)
  local expression = self:take "%%[^%%]+%%"
  if expression then
    local ran, matches = pcall(regex.compile, expression:sub(2, -2))
    if not ran then self:fail "a regular expression" end
    return function(value) return matches(tostring(value)) and true or false end
  end
  local quoted = self:take '"[^"]*"'
  if quoted then return wildcard(quoted:sub(2, -2)) end
  local word = self:expect("[^%s,&|)}%]]+", "a value")
  local number = tonumber(word)
  if number then return function(value) return tonumber(value) == number end end
  return wildcard(word)
end

---One comparison behind what it is about; `value_of(subject)` finds that in an event, nil where there is none.
---@param subject any
---@param value_of fun(subject: any, event: any): any
---@return fun(event: any): boolean
function Reader:comparison(subject, value_of)
  local operator = self:take "[<>!]?=" or self:expect("[<>]", "an operator")
  if operator == "=" or operator == "!=" then
    local fits = equality(self)
    return function(event)
      local value = value_of(subject, event)
      return value ~= nil and fits(value) == (operator == "=")
    end
  end
  local limit = tonumber(self:expect("[%d.eE+-]+", "a number"))
  return function(event)
    local value = tonumber(value_of(subject, event))
    return value ~= nil and limit ~= nil and ORDER[operator](value, limit)
  end
end

---A whole expression of `primary`s.
---@param primary fun(): fun(event: any): boolean
---@return fun(event: any): boolean
function Reader:expression(primary)
  local function operand()
    if not self:take "%(" then return primary() end
    local inner = self:expression(primary)
    self:expect("%)", "')'")
    return inner
  end
  local function all()
    local left = operand()
    while self:take "&&" do
      local before, right = left, operand()
      left = function(event) return before(event) and right(event) end
    end
    return left
  end
  local left = all()
  while self:take "||" do
    local before, right = left, all()
    left = function(event) return before(event) or right(event) end
  end
  return left
end

---@param last string a pattern of what ends it
---@param what string
function Reader:finish(last, what)
  self:expect(last, what)
  self:skip()
  if self.at <= #self.text then self:fail "the end" end
end

return conditions
