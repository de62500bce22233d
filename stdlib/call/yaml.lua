--- The yaml format of the AWS CLI, version 2: block style, keys in order of their bytes, lines folded at 80 columns.

local documents = require "call.documents"
local text = require "call.text"

local yaml = {}

local WIDTH = 80

local is_list, keys_of = documents.is_list, documents.keys

-- ---- scalars

-- What YAML 1.1 would read as something else than text.
local WORDS = {
  [""] = true, ["~"] = true, ["="] = true, ["<<"] = true, null = true, yes = true, no = true, on = true, off = true,
  ["true"] = true, ["false"] = true,
}

local function is_word(value)
  local lower = value:lower()
  if not WORDS[lower] then return false end
  return value == lower or value == lower:upper() or value == lower:sub(1, 1):upper() .. lower:sub(2)
end

local NUMBERS = {
  "^[-+]?0b[01_]+$", "^[-+]?0[0-7_]+$", "^[-+]?0$", "^[-+]?[1-9][%d_]*$", "^[-+]?0x[%x_]+$",
  "^[-+]?%d[%d_]*%.[%d_]*$", "^[-+]?%d[%d_]*%.[%d_]*[eE][-+]%d+$", "^[-+]?%.[%d][%d_]*$",
  "^[-+]?%.[%d_]+[eE][-+]%d+$", "^[-+]?%.[iI][nN][fF]$", "^%.[nN][aA][nN]$",
  "^[-+]?[1-9][%d_]*:[0-5]?%d$", "^[-+]?[1-9][%d_]*:[0-5]?%d:[0-5]?%d$", "^%d%d%d%d%-%d%d%-%d%d$",
  "^%d%d%d%d%-%d%d?%-%d%d?[Tt%s]%s*%d%d?:%d%d:%d%d.*$",
}

local function is_number(value)
  for _, pattern in ipairs(NUMBERS) do
    if value:find(pattern) then return true end
  end
  return false
end

local function is_plain(value)
  if is_word(value) or is_number(value) then return false end
  if value:find "^[-?:,%[%]{}#&*!|>'\"%%@`]" then
    if not value:find "^[-?:][^%s]" then return false end
  end
  if value:find "^%s" or value:find "%s$" or value:find "^%-%-%-" or value:find "^%.%.%." then return false end
  return not value:find ": " and not value:find ":$" and not value:find " #" and not value:find "\n"
end

local ESCAPES = {
  ["\0"] = "\\0", ["\a"] = "\\a", ["\b"] = "\\b", ["\t"] = "\\t", ["\n"] = "\\n", ["\v"] = "\\v", ["\f"] = "\\f",
  ["\r"] = "\\r", ["\27"] = "\\e", ['"'] = '\\"', ["\\"] = "\\\\",
}

local function escape(char)
  return ESCAPES[char] or ("\\x%02X"):format(utf8.codepoint(char))
end

-- U+0080 to U+009F, which steer terminals, as the control characters of ASCII do.
local UPPER_CONTROL = "\xC2[\x80-\x9F]"

-- The words of a text put on lines that end before the width: a single space may become a line's end.
local function fold(value, indent, column, quote)
  local out, at = {}, 1
  column = column + #quote
  for word, space in value:gmatch "([^ ]*)( *)" do
    local behind = at + #word + #space
    out[#out + 1] = word
    column = column + (utf8.len(word) or #word)
    at = behind
    if #space == 1 and column > WIDTH and at <= #value then
      out[#out + 1] = "\n" .. (" "):rep(indent)
      column = indent
    else
      out[#out + 1] = space
      column = column + #space
    end
  end
  return quote .. table.concat(out) .. quote
end

local function scalar(value, indent, column)
  if value == nil or value == json.null then return "null" end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) == "number" then return (text.scalar(value):gsub("^(-?%d+)e", "%1.0e")) end
  value = tostring(value)
  if value:find "[%z\1-\9\11-\31\127]" or value:find(UPPER_CONTROL) then
    return '"' .. value:gsub('[%z\1-\31\127"\\]', escape):gsub(UPPER_CONTROL, escape) .. '"'
  end
  if is_plain(value) then return fold(value, indent, column, "") end
  if value:find "\n" then
    local quoted = value:gsub("'", "''"):gsub("\n+", function(breaks) return "\n" .. breaks .. (" "):rep(indent) end)
    return "'" .. quoted .. "'"
  end
  return fold(value:gsub("'", "''"), indent, column, "'")
end

-- ---- lists and maps

local write

local function write_inner(out, value, indent, column, in_map)
  if type(value) ~= "table" then
    out[#out + 1] = " " .. scalar(value, indent + 2, column + 1) .. "\n"
  elseif next(value) == nil then
    out[#out + 1] = is_list(value) and " []\n" or " {}\n"
  elseif in_map then
    out[#out + 1] = "\n"
    write(out, value, is_list(value) and indent or indent + 2, false)
  else
    out[#out + 1] = " "
    write(out, value, indent + 2, true)
  end
end

-- `begun`: the first line has its indent already.
function write(out, value, indent, begun)
  local margin = (" "):rep(indent)
  if is_list(value) then
    for _, item in ipairs(value) do
      out[#out + 1] = (begun and "" or margin) .. "-"
      begun = false
      write_inner(out, item, indent, indent + 1, false)
    end
    return
  end
  for _, key in ipairs(keys_of(value)) do
    local name = scalar(key, indent, indent)
    out[#out + 1] = (begun and "" or margin) .. name .. ":"
    begun = false
    write_inner(out, value[key], indent, indent + #name + 1, true)
  end
end

---@param value any
---@return string
function yaml.format(value)
  if value == nil then value = json.null end
  if type(value) ~= "table" then return json.encode(value, { keep_doubles = true }) .. "\n" end
  if next(value) == nil then return is_list(value) and "[]\n" or "{}\n" end
  local out = {}
  write(out, value, 0, false)
  return table.concat(out)
end

return yaml
