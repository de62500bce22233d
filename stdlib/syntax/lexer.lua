--- The words of Lua 5.4: source text becomes tokens, one at a time, each with its line and column (in bytes, from 1).
---
--- A mistake raises { line=, column=, message= }. Comments are kept by line, for those who look for instructions in them.

local lexer = {}

local RESERVED = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while")
  :gmatch "%a+" do
  RESERVED[word] = true
end

-- Longest first.
local SYMBOLS = { "...", "..", "==", "~=", "<=", ">=", "//", "<<", ">>", "::" }

local ESCAPES = {
  a = "\a", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", v = "\v", ["\\"] = "\\", ['"'] = '"', ["'"] = "'",
}

---@class Token
---@field kind string "name", "string", "number", "end of file", or the word or symbol itself
---@field value any of a name, string or number
---@field line integer
---@field column integer
---@field text string as it stands in the source; of a string, its beginning

---@class Lexer
---@field comments table<integer, string> the text of the comment that begins on that line, the last one
local Lexer = {}
Lexer.__index = Lexer

---Raises a mistake at a place.
---@param place { line: integer, column: integer }
---@param format string
function lexer.fail(place, format, ...)
  error({ line = place.line, column = place.column, message = format:format(...) }, 0)
end

local function here(self, at)
  return { line = self.line, column = at - self.line_start + 1 }
end

-- A line ends with "\n", "\r", or the two in either order. Returns the position behind it.
local function skip_newline(self, at)
  local pair = self.text:sub(at, at + 1)
  at = at + ((pair == "\r\n" or pair == "\n\r") and 2 or 1)
  self.line, self.line_start = self.line + 1, at
  return at
end

local function count_lines(self, from, upto)
  local at = self.text:find("[\r\n]", from)
  while at and at < upto do
    at = self.text:find("[\r\n]", skip_newline(self, at))
  end
end

-- ---- long brackets

-- The level of the "[==[" at `at`, or nil; the second result tells of "[=" that goes no further.
local function bracket_level(self, at)
  local equals, second = self.text:match("^%[(=*)(%[?)", at)
  if second == "[" then return #equals end
  return nil, equals ~= nil and equals ~= ""
end

-- Each end of a line as "\n".
local function plain_newlines(content)
  if not content:find("\r", 1, true) then return content end
  local parts, at = {}, 1
  while true do
    local part, stop = content:match("^([^\r\n]*)()", at)
    parts[#parts + 1] = part
    if stop > #content then return table.concat(parts, "\n") end
    local pair = content:sub(stop, stop + 1)
    at = stop + ((pair == "\r\n" or pair == "\n\r") and 2 or 1)
  end
end

-- The content between brackets of that level, and the position behind them.
local function read_long(self, at, level, what)
  local begin = here(self, at)
  local first = at + level + 2
  local close = "]" .. ("="):rep(level) .. "]"
  local stop = self.text:find(close, first, true)
  if not stop then lexer.fail(begin, "unfinished long %s", what) end
  local ahead = self.text:match("^\r\n()", first) or self.text:match("^\n\r()", first) or self.text:match("^[\r\n]()", first)
  local content = self.text:sub(ahead or first, stop - 1)
  count_lines(self, first, stop)
  return plain_newlines(content), stop + #close
end

-- ---- blanks and comments

local function skip_comment(self, at)
  local line = self.line
  local level = bracket_level(self, at + 2)
  if level then
    local text, after = read_long(self, at + 2, level, "comment")
    self.comments[line] = text
    return after
  end
  local stop = self.text:find("[\r\n]", at) or #self.text + 1
  self.comments[line] = self.text:sub(at + 2, stop - 1)
  return stop
end

local function skip_blanks(self, at)
  while true do
    at = self.text:match("^[ \t\f\v]*()", at)
    local char = self.text:sub(at, at)
    if char == "\n" or char == "\r" then
      at = skip_newline(self, at)
    elseif self.text:sub(at, at + 1) == "--" then
      at = skip_comment(self, at)
    else
      return at
    end
  end
end

-- ---- strings

local function read_utf8(self, at)
  local digits, after = self.text:match("^{(%x+)}()", at)
  if not digits then lexer.fail(here(self, at - 2), "invalid escape sequence: expected \\u{XXX}") end
  local significant = digits:gsub("^0+", "")
  local code = #significant <= 8 and tonumber("0" .. significant, 16)
  if not code or code > 0x7fffffff then lexer.fail(here(self, at - 2), "UTF-8 value too large in escape sequence") end
  return utf8.char(code), after
end

local function read_decimal(self, at)
  local digits = self.text:match("^%d%d?%d?", at)
  if tonumber(digits) > 255 then lexer.fail(here(self, at - 1), "decimal escape too large") end
  return string.char(tonumber(digits)), at + #digits
end

-- All blanks after "\z", lines too.
local function skip_z(self, at)
  while true do
    at = self.text:match("^[ \t\f\v]*()", at)
    if not self.text:find("^[\r\n]", at) then return "", at end
    at = skip_newline(self, at)
  end
end

-- `at` is behind the backslash.
local function read_escape(self, at)
  local char = self.text:sub(at, at)
  if ESCAPES[char] then return ESCAPES[char], at + 1 end
  if char == "\n" or char == "\r" then return "\n", skip_newline(self, at) end
  if char == "z" then return skip_z(self, at + 1) end
  if char == "u" then return read_utf8(self, at + 1) end
  if char:find "%d" then return read_decimal(self, at) end
  if char == "x" then
    local digits = self.text:match("^%x%x", at + 1)
    if not digits then lexer.fail(here(self, at - 1), "invalid escape sequence: expected two hexadecimal digits after \\x") end
    return string.char(tonumber(digits, 16)), at + 3
  end
  lexer.fail(here(self, at - 1), "invalid escape sequence '\\%s'", char)
end

local function read_string(self, at, quote)
  local begin = here(self, at)
  local parts = {}
  at = at + 1
  while true do
    local plain, stop = self.text:match("^([^\\\r\n\"']*)()", at)
    parts[#parts + 1] = plain
    local char = self.text:sub(stop, stop)
    if char == quote then return table.concat(parts), stop + 1 end
    if char == "" or char == "\n" or char == "\r" then lexer.fail(begin, "unfinished string") end
    if char == "\\" then
      parts[#parts + 1], at = read_escape(self, stop + 1)
    else
      parts[#parts + 1], at = char, stop + 1
    end
  end
end

-- ---- numbers

local function read_number(self, at)
  local begin, mark = at, "[eE]"
  if self.text:find("^0[xX]", at) then
    mark = "[pP]"
    at = at + 2
  end
  while true do
    local sign = self.text:match("^" .. mark .. "[+-]?()", at)
    if sign then
      at = sign
    elseif self.text:find("^[%x.]", at) then
      at = at + 1
    else
      break
    end
  end
  if self.text:find("^[%a_]", at) then at = at + 1 end
  local text = self.text:sub(begin, at - 1)
  local value = tonumber(text)
  if not value then lexer.fail(here(self, begin), "malformed number '%s'", text) end
  return value, at
end

-- ---- tokens

-- kind, value and the position behind.
local function read(self, at)
  local text = self.text
  local word = text:match("^[%a_][%w_]*", at)
  if word then return RESERVED[word] and word or "name", word, at + #word end
  local char = text:sub(at, at)
  if char == "" then return "end of file", nil, at end
  if char:find "%d" or text:find("^%.%d", at) then
    local value, after = read_number(self, at)
    return "number", value, after
  end
  if char == '"' or char == "'" then
    local value, after = read_string(self, at, char)
    return "string", value, after
  end
  if char == "[" then
    local level, broken = bracket_level(self, at)
    if broken then lexer.fail(here(self, at), "invalid long string delimiter") end
    if level then
      local value, after = read_long(self, at, level, "string")
      return "string", value, after
    end
  end
  for _, symbol in ipairs(SYMBOLS) do
    if text:sub(at, at + #symbol - 1) == symbol then return symbol, nil, at + #symbol end
  end
  return char, nil, at + 1
end

---The next token; at the end "end of file", again and again.
---@return Token
function Lexer:next()
  local at = skip_blanks(self, self.at)
  local token = here(self, at)
  token.kind, token.value, self.at = read(self, at)
  token.text = self.text:sub(at, math.min(self.at - 1, at + 39))
  return token
end

---@param text string Lua source
---@return Lexer
function lexer.new(text)
  return setmetatable({ text = text, at = 1, line = 1, line_start = 1, comments = {} }, Lexer)
end

return lexer
