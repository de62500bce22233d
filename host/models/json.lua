--- JSON whose objects keep their order, for API models: what is read can be written again as it was.
---
--- An object is a table of its members that also lists their names: {"b":1,"a":2} is { "b", "a", b = 1, a = 2 }. An array is
--- a table marked as one; null is json.null. Plain Lua: the build's interpreter runs it as well as gwrun.
--- Limits: 256 levels.
local json = {}

local MAX_DEPTH = 256

local ARRAY = {}

json.null = setmetatable({}, { __tostring = function() return "null" end })

function json.is_array(value) return getmetatable(value) == ARRAY end

---Makes a list an array, also when it is empty.
function json.array(list) return setmetatable(list, ARRAY) end

function json.is_object(value) return type(value) == "table" and getmetatable(value) == nil end

---The object with this member set; a new name comes last.
function json.set(object, name, value)
  if object[name] == nil then object[#object + 1] = name end
  object[name] = value
end

function json.remove(object, name)
  object[name] = nil
  for i, other in ipairs(object) do
    if other == name then return table.remove(object, i) end
  end
end

---Puts `extra` over `base`: objects member by member, everything else whole.
function json.merge(base, extra)
  for _, name in ipairs(extra) do
    if json.is_object(base[name]) and json.is_object(extra[name]) then
      json.merge(base[name], extra[name])
    else
      json.set(base, name, extra[name])
    end
  end
end

-- ---- reading ---------------------------------------------------------------------------------------------------------

local ESCAPES = { n = "\n", t = "\t", r = "\r", b = "\b", f = "\f", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }
local WORDS = { ["true"] = true, ["false"] = false, null = json.null }

-- "3:14: what", for people and their editors.
local function fail(text, at, what)
  local line, start = 1, 1
  for newline in text:gmatch "()\n" do
    if newline >= at then break end
    line, start = line + 1, newline + 1
  end
  error(("%d:%d: %s"):format(line, at - start + 1, what), 0)
end

local function hex_digits(text, at)
  local digits = text:match("^%x%x%x%x", at) or fail(text, at, "expected four hexadecimal digits")
  return tonumber(digits, 16)
end

-- The character behind "\u", and where the text goes on. Half a surrogate pair is no character: U+FFFD.
local function read_unicode(text, at)
  local code = hex_digits(text, at)
  if code < 0xd800 or code > 0xdfff then return utf8.char(code), at + 4 end
  if code < 0xdc00 and text:find("^\\u[dD][c-fC-F]", at + 4) then
    local low = hex_digits(text, at + 6)
    return utf8.char(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)), at + 10
  end
  return "\u{FFFD}", at + 4
end

-- The string whose first character is at `at`, and the place behind its closing quote.
local function read_string(text, at)
  local parts, start = nil, at
  while true do
    local stop = text:find('["\\%c]', at) or fail(text, #text + 1, "the text ends inside a string")
    local char = text:sub(stop, stop)
    if char == '"' then
      local rest = text:sub(start, stop - 1)
      if not parts then return rest, stop + 1 end
      parts[#parts + 1] = rest
      return table.concat(parts), stop + 1
    elseif char ~= "\\" then
      if char ~= "\127" then fail(text, stop, "a control character inside a string") end
      at = stop + 1
    else
      parts = parts or {}
      parts[#parts + 1] = text:sub(start, stop - 1)
      local escape = text:sub(stop + 1, stop + 1)
      if escape == "u" then
        parts[#parts + 1], at = read_unicode(text, stop + 2)
      else
        parts[#parts + 1] = ESCAPES[escape] or fail(text, stop, "no such escape in a string")
        at = stop + 2
      end
      start = at
    end
  end
end

-- As read_string, for what is not wanted: models are mostly documentation.
local function skip_string(text, at)
  while true do
    local stop = text:find('["\\]', at) or fail(text, #text + 1, "the text ends inside a string")
    if text:byte(stop) == 34 then return stop + 1 end
    at = stop + 2
  end
end

local function read_number(text, at)
  local int = text:match("^-?0()", at) or text:match("^-?[1-9]%d*()", at) or fail(text, at, "expected a value")
  local stop = text:match("^%.%d+()", int) or int
  stop = text:match("^[eE][+-]?%d+()", stop) or stop
  return tonumber(text:sub(at, stop - 1)), stop
end

local function skip_space(text, at) return text:find("[^ \t\r\n]", at) or #text + 1 end

local read_value

local function read_array(text, at, skip, depth)
  local array, count = setmetatable({}, ARRAY), 0
  at = skip_space(text, at)
  if text:byte(at) == 93 then return array, at + 1 end
  while true do
    count = count + 1
    array[count], at = read_value(text, at, skip, depth)
    at = skip_space(text, at)
    local char = text:sub(at, at)
    if char == "]" then return array, at + 1 end
    if char ~= "," then fail(text, at, "expected ',' or ']'") end
    at = at + 1
  end
end

local function read_object(text, at, skip, depth)
  local object, count = {}, 0
  at = skip_space(text, at)
  if text:byte(at) == 125 then return object, at + 1 end
  while true do
    local name, value
    at = skip_space(text, at)
    if text:byte(at) ~= 34 then fail(text, at, "expected a member's name in quotes") end
    name, at = read_string(text, at + 1)
    at = skip_space(text, at)
    if text:byte(at) ~= 58 then fail(text, at, "expected ':'") end
    at = skip_space(text, at + 1)
    if name == skip and text:byte(at) == 34 then
      at = skip_string(text, at + 1)
    else
      value, at = read_value(text, at, skip, depth)
      if object[name] == nil then
        count = count + 1
        object[count] = name
      end
      object[name] = value
    end
    at = skip_space(text, at)
    local char = text:byte(at)
    if char == 125 then return object, at + 1 end
    if char ~= 44 then fail(text, at, "expected ',' or '}'") end
    at = at + 1
  end
end

function read_value(text, at, skip, depth)
  at = skip_space(text, at)
  local char = text:sub(at, at)
  if char == '"' then return read_string(text, at + 1) end
  if char == "{" or char == "[" then
    if depth == MAX_DEPTH then fail(text, at, ("deeper than %d levels"):format(MAX_DEPTH)) end
    if char == "{" then return read_object(text, at + 1, skip, depth + 1) end
    return read_array(text, at + 1, skip, depth + 1)
  end
  local word = text:match("^%a+", at)
  if word and WORDS[word] ~= nil then return WORDS[word], at + #word end
  return read_number(text, at)
end

---The value of one JSON text; raises "line:column: what was wrong".
---@param text string
---@param skip string? members of this name whose value is a string are left out
function json.read(text, skip)
  local value, at = read_value(text, 1, skip, 0)
  at = skip_space(text, at)
  if at <= #text then fail(text, at, "expected the end of the text") end
  return value
end

-- ---- writing ---------------------------------------------------------------------------------------------------------

local NAMED = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ["\b"] = "\\b", ["\f"] = "\\f", ['"'] = '\\"', ["\\"] = "\\\\" }

local function escape(char) return NAMED[char] or ("\\u%04x"):format(char:byte()) end

-- The shortest text that reads back the same.
local function number_text(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  local text = ("%.14g"):format(value)
  if tonumber(text) ~= value then text = ("%.17g"):format(value) end
  return text:find "[.e]" and text or text .. ".0"
end

function json.quote(text) return '"' .. text:gsub('[%z\1-\31"\\]', escape) .. '"' end

-- The parts of an array or object between its brackets, each on a line of its own where there is an indent.
local function enclose(open, parts, close, indent, depth)
  if not indent or #parts == 0 then return open .. table.concat(parts, ",") .. close end
  local line = "\n" .. (" "):rep(indent * (depth + 1))
  return open .. line .. table.concat(parts, "," .. line) .. "\n" .. (" "):rep(indent * depth) .. close
end

local function write(value, indent, depth)
  if type(value) == "string" then return json.quote(value) end
  if math.type(value) then return number_text(value) end
  if type(value) ~= "table" or value == json.null then return tostring(value) end
  local parts = {}
  if json.is_array(value) then
    for i, item in ipairs(value) do parts[i] = write(item, indent, depth + 1) end
    return enclose("[", parts, "]", indent, depth)
  end
  local colon = indent and ": " or ":"
  for i, name in ipairs(value) do parts[i] = json.quote(name) .. colon .. write(value[name], indent, depth + 1) end
  return enclose("{", parts, "}", indent, depth)
end

---The value as JSON: without a space in it, or indented.
---@param indent integer?
function json.write(value, indent) return write(value, indent, 0) end

return json
