--- The AWS CLI's shorthand syntax: `Key=Value,List=a,b,Map={x=1,y=[2,3]}`, and `Key@=file://path` for a file's text.
---
--- It knows no model: every scalar is a text. call.values gives each its type. Limits: 64 levels.

local shorthand = {}

local MAX_DEPTH = 64

local KEY = "^[%w%-_%.#/:]*"
local SPACE = "^[ \t\n\r\v\f]*"

-- What a bare value may begin with, and what may follow: in a plain value, and in the later elements of a list.
local START = "[!#-&(-+--<>-Z\\-z|-\255]"
local FOLLOW = "[ \t\n\r\v\f!#-&(-+--\\^-|~-\255]"
local FOLLOW_LISTED = "[ \t\n\r\v\f!#-&(-+--<>-\255]"

---@class ShorthandReader
---@field text string
---@field at integer
---@field load fun(text: string): string
local Reader = {}
Reader.__index = Reader

-- Tells where, but not the text: it may hold a secret.
local function fail(reader, expected)
  local found = reader.at > #reader.text and "the end" or ("'%s'"):format(reader.text:sub(reader.at, reader.at))
  error({ syntax = ("expected %s, got %s (at character %d)"):format(expected, found, reader.at) }, 0)
end

function Reader:ended() return self.at > #self.text end
function Reader:current() return self.text:sub(self.at, self.at) end

function Reader:skip_space()
  local _, last = self.text:find(SPACE, self.at)
  self.at = last + 1
end

function Reader:expect(char, spaced)
  if spaced then self:skip_space() end
  if self:current() ~= char then fail(self, "'" .. char .. "'") end
  self.at = self.at + 1
  if spaced then self:skip_space() end
end

function Reader:key()
  local key = self.text:match(KEY, self.at)
  self.at = self.at + #key
  return key
end

-- The text between quotes; \" is a quote and \\ a backslash. Where no other quote closes, an escaped one does.
function Reader:quoted(quote)
  local at, escaped = self.at + 1, nil
  while self.text:sub(at, at) ~= quote do
    if at > #self.text then
      if not escaped then fail(self, "the closing " .. quote) end
      at = escaped
      break
    end
    local pair = self.text:sub(at, at + 1) == "\\" .. quote
    escaped = pair and at + 1 or escaped
    at = at + (pair and 2 or 1)
  end
  local inner = self.text:sub(self.at + 1, at - 1)
  self.at = at + 1
  return (inner:gsub("\\" .. quote, quote):gsub("\\\\", "\\"))
end

-- A bare value; nil where none begins here. "\," is a comma.
function Reader:bare(follow)
  local at, class = self.at, START
  while true do
    if self.text:sub(at, at + 1) == "\\," then
      at = at + 2
    elseif self.text:find("^" .. class, at) then
      at = at + 1
    else
      break
    end
    class = follow
  end
  if at == self.at then return nil end
  local value = self.text:sub(self.at, at - 1)
  self.at = at
  return (value:gsub("\\,", ","):gsub("[ \t\n\r\v\f]+$", ""))
end

function Reader:resolve(value)
  return self.resolves and self.load(value) or value
end

function Reader:first_value()
  local char = self:current()
  if char == "'" or char == '"' then return self:resolve(self:quoted(char)) end
  local value = self:bare(FOLLOW)
  return value and self:resolve(value) or ""
end

function Reader:later_value()
  local char = self:current()
  if char == "'" or char == '"' then return self:resolve(self:quoted(char)) end
  local value = self:bare(FOLLOW_LISTED)
  if not value then fail(self, "a value") end
  return self:resolve(value)
end

-- One later element and the comma behind it; whether more may follow.
local function later_element(reader, list)
  local value = reader:later_value()
  reader:skip_space()
  if reader:ended() then
    list[#list + 1] = value
    return false
  end
  reader:expect(",", true)
  list[#list + 1] = value
  return true
end

-- `a`, or `a,b,c`. Where what follows a comma turns out to be the next key, the comma was not this list's.
function Reader:csv()
  local first = self:first_value()
  self:skip_space()
  if self:current() ~= "," then return first end
  self:expect(",", true)
  local list = json.array { first }
  while true do
    local ok, more = pcall(later_element, self, list)
    if not ok then
      if type(more) ~= "table" or not more.syntax or self:ended() then error(more, 0) end
      while self:current() ~= "," do self.at = self.at - 1 end
      break
    end
    if not more then break end
  end
  return #list == 1 and first or list
end

function Reader:nested(depth)
  if depth > MAX_DEPTH then error({ syntax = ("nested deeper than %d levels"):format(MAX_DEPTH) }, 0) end
  if self:current() == "[" then return self:list(depth) end
  if self:current() == "{" then return self:map(depth) end
  return self:first_value()
end

function Reader:separate(close)
  self:skip_space()
  if self:current() ~= close then
    self:expect(",")
    self:skip_space()
  end
end

function Reader:list(depth)
  self:expect("[", true)
  local list = json.array {}
  while self:current() ~= "]" do
    if self:ended() then fail(self, "']'") end
    list[#list + 1] = self:nested(depth + 1)
    self:separate "]"
  end
  self:expect "]"
  return list
end

-- "key=" or "key@="; the latter says that values are files.
function Reader:key_and_sign()
  local key = self:key()
  self:skip_space()
  self.resolves = self:current() == "@"
  if self.resolves then self:expect("@", true) end
  self:expect("=", true)
  return key
end

function Reader:map(depth)
  self:expect("{", true)
  local map = {}
  while self:current() ~= "}" do
    if self:ended() then fail(self, "'}'") end
    local key = self:key_and_sign()
    map[key] = self:nested(depth + 1)
    self:separate "}"
  end
  self:expect "}"
  return map
end

function Reader:values()
  if self:ended() then return "" end
  local char = self:current()
  if char == "[" or char == "{" then return self:nested(1) end
  return self:csv()
end

function Reader:parameter()
  local map = {}
  while true do
    local start = self.at
    local key = self:key_and_sign()
    if map[key] ~= nil then
      error({ syntax = ("'%s' is given twice, often because there is a ',' where a space belongs (at character %d)"):format(
        key, start) }, 0)
    end
    map[key] = self:values()
    if self:ended() then return map end
    self:expect(",", true)
  end
end

---Reads one word of shorthand.
---@param text string
---@param load fun(text: string): string what stands for "file://..." behind "@="; raises where it cannot be read
---@return table? map
---@return string? problem
function shorthand.parse(text, load)
  local reader = setmetatable({ text = text, at = 1, load = load }, Reader)
  local ok, result = pcall(reader.parameter, reader)
  if ok then return result end
  if type(result) == "table" and result.syntax then return nil, result.syntax end
  error(result, 0)
end

return shorthand
