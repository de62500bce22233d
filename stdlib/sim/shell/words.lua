--- The words of a line as a POSIX shell reads them, as far as the played shell goes: quotes, escapes, variables, `;`, `&&`, `||`, and
--- redirections, which are dropped. Pipes, loops and substitutions are refused.

local words = {}

---@class ShellWord
---@field text string without quotes
---@field kept table<integer, boolean> places of `text` that were quoted, so that a `$` there is one

---@class ShellPart
---@field words ShellWord[]
---@field after string what it stands behind: ";", "&&", "||"

local function reader(text)
  local self = { at = 1, text = text }
  function self:peek(count) return self.text:sub(self.at, self.at + (count or 1) - 1) end
  function self:take(count)
    local piece = self:peek(count)
    self.at = self.at + #piece
    return piece
  end
  return self
end

local function add(word, text, is_kept)
  for i = 1, #text do word.kept[#word.text + i] = is_kept or nil end
  word.text = word.text .. text
end

local function read_single(input, word)
  local close = input.text:find("'", input.at, true)
  if not close then return "unterminated quoted string" end
  add(word, input.text:sub(input.at, close - 1), true)
  input.at = close + 1
end

local function read_double(input, word)
  while true do
    local c = input:take()
    if c == "" then return "unterminated quoted string" end
    if c == '"' then return nil end
    if c == "\\" and input:peek():find '[\\"$`]' then add(word, input:take(), true) else add(word, c, false) end
  end
end

-- A word, "" where none begins here; nil and what is wrong.
local function read_word(input)
  local word, found = { text = "", kept = {} }, false
  while true do
    local c = input:peek()
    if c == "" or c:find "[%s;&|<>()]" then break end
    found = true
    input:take()
    local problem
    if c == "'" then
      problem = read_single(input, word)
    elseif c == '"' then
      problem = read_double(input, word)
    elseif c == "\\" then
      add(word, input:take(), true)
    else
      add(word, c, false)
    end
    if problem then return nil, problem end
  end
  return found and word or ""
end

-- "2>/dev/null", ">file", "</dev/null": where it leads nobody asks.
local function skip_redirection(input)
  if not input.text:find("^%d?[<>]", input.at) then return false end
  input.at = select(2, input.text:find("^%d?[<>]+&?%s*", input.at)) + 1
  read_word(input)
  return true
end

local function operator(input)
  local two = input:peek(2)
  if two == "&&" or two == "||" then return input:take(2) end
  if input:peek():find "[;\n]" then return input:take() and ";" end
end

---@param text string
---@return ShellPart[]? parts
---@return string? problem
function words.split(text)
  local input, parts, part = reader(text), {}, { words = {}, after = ";" }
  while true do
    input.at = input.text:find("[^ \t]", input.at) or #text + 1
    local between = operator(input)
    if between or input:peek() == "" then
      if #part.words > 0 then parts[#parts + 1] = part end
      if not between then return parts end
      part = { words = {}, after = between }
    elseif not skip_redirection(input) then
      local word, problem = read_word(input)
      if not word then return nil, problem end
      if word == "" then return nil, ('"%s" is not simulated'):format(input:peek()) end
      part.words[#part.words + 1] = word
    end
  end
end

-- "$NAME", "${NAME}", "$?" where they are not quoted away.
local function expand(word, variables)
  local out, at = {}, 1
  while at <= #word.text do
    local name, past = word.text:match("^%${([%w_?]+)}()", at)
    if not name then name, past = word.text:match("^%$([%a_][%w_]*)()", at) end
    if not name then name, past = word.text:match("^%$(%?)()", at) end
    if name and not word.kept[at] then
      out[#out + 1], at = variables[name] or "", past
    else
      out[#out + 1], at = word.text:sub(at, at), at + 1
    end
  end
  return table.concat(out)
end

---@param list ShellWord[]
---@param variables table<string, string>
---@return string[]
function words.expand(list, variables)
  local texts = {}
  for i, word in ipairs(list) do texts[i] = expand(word, variables) end
  return texts
end

return words
