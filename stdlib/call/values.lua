--- The words of a command line as values of the model's shapes: scalars, JSON, shorthand, files, bytes.

local host = require "host.call"
local shorthand = require "call.shorthand"

local values = {}

-- Bytes that came from a file as they are, so that they are not taken for base64.
local raw_meta = {}

-- A file that a call reads while it sends it; only its path is known here.
local stream_meta = {}

local function raw(bytes) return setmetatable({ bytes = bytes }, raw_meta) end
local function is_raw(value) return getmetatable(value) == raw_meta end

---The path of what is sent as a stream; nil for any other value.
---@param value any
---@return string?
function values.stream_path(value)
  return getmetatable(value) == stream_meta and value.path or nil
end

---@class Problem what is wrong with a word
---@field problem string

local function fail(format, ...)
  error({ problem = format:format(...) }, 0)
end

local COMPLEX = { structure = true, list = true, map = true }

-- ---- files

local function expand(path)
  path = path:gsub("^~", function() return host.env "HOME" end)
  path = path:gsub("%$([%a_][%w_]*)", function(name) return host.env(name) end)
  return (path:gsub("%${([%a_][%w_]*)}", function(name) return host.env(name) end))
end

local function read_file(path)
  local bytes, problem = host.read_file(expand(path))
  if not bytes then fail("'%s' cannot be read (%s)", path, problem) end
  return bytes
end

---What a word stands for: itself, or the file that it names by "file://" (text) or "fileb://" (bytes).
---@param word string
---@return string|table
function values.load(word)
  local binary, path = word:match "^file(b?)://(.*)$"
  if not path then return word end
  local bytes = read_file(path)
  if binary == "b" then return raw(bytes) end
  if not utf8.len(bytes) then fail("'%s' is no UTF-8 text; 'fileb://' takes bytes", path) end
  return bytes
end

-- ---- scalars

local readers = {}

local function whole(word)
  local digits = word:match "^%s*([-+]?%d+)%s*$"
  return digits and math.tointeger(tonumber((digits:gsub("^%+", "")))), "an integer, such as 5"
end

local function number(word)
  local text = word:match "^%s*([-+]?[%d.]+[eE]?[-+]?%d*)%s*$"
  local value = text and tonumber((text:gsub("^%+", "")))
  return value and value + 0.0, "a number, such as 0.5"
end

readers.integer, readers.long, readers.float, readers.double = whole, whole, number, number

function readers.boolean(word)
  local known = { ["true"] = true, ["false"] = false }
  return known[word:lower()], "true or false"
end

-- What AWS's SDKs take and the wire does not: a date alone, and a time without a zone, which is UTC.
function readers.timestamp(word)
  local seconds = tonumber(word)
  if seconds then return math.tointeger(seconds) or seconds end
  if word:find "^%d%d%d%d%-%d%d%-%d%d$" then return word .. "T00:00:00Z" end
  if word:find "^%d%d%d%d%-%d%d%-%d%d[T ]%d%d:%d%d$" then return word .. ":00Z" end
  if word:find "^%d%d%d%d%-%d%d%-%d%d[T ]%d%d:%d%d:%d%d%.?%d*$" then return word .. "Z" end
  return word
end

function readers.string(word) return word end
function readers.blob(word) return word end

local function scalar(shape, word)
  if is_raw(word) then return shape.type == "blob" and word or word.bytes end
  local value, expected = readers[shape.type](word)
  if value == nil then fail("expected %s, got '%s'", expected, word) end
  return value
end

-- ---- JSON

local function decode(text)
  local value, err = json.decode(text)
  if value == nil then fail("no JSON (%s)", err and err.message or "null") end
  return value
end

local function looks_like_json(word)
  return type(word) == "string" and word:find "^%s*[%[{]" ~= nil
end

-- ---- shorthand

-- Is it a document, or lists and maps of documents? Those are written in JSON only.
local function holds_documents(shape)
  if shape.document then return true end
  local inner = shape.type == "list" and shape.element or shape.type == "map" and shape.value
  return inner and holds_documents(inner) or false
end

local function takes_shorthand(shape)
  if not COMPLEX[shape.type] or holds_documents(shape) then return false end
  return shape.type ~= "list" or COMPLEX[shape.element.type]
end

-- Gives the texts of shorthand the types of the model; a single value where a list belongs is its only element.
local function typed(shape, value, name)
  if shape.document then fail("'%s' is a document: write the whole parameter in JSON", name) end
  if shape.type == "list" then
    local list = json.array {}
    for i, item in ipairs(getmetatable(value) == "array" and value or { value }) do
      list[i] = typed(shape.element, item, name)
    end
    return list
  end
  if type(value) ~= "table" or is_raw(value) then
    return COMPLEX[shape.type] and value or scalar(shape, value)
  end
  if shape.type ~= "structure" and shape.type ~= "map" then return value end
  local members, map = {}, {}
  if shape.type == "structure" then
    for _, member in ipairs(shape.members) do members[member.name] = member.shape end
  end
  for key, item in pairs(value) do
    local inner = members[key] or (shape.type == "map" and shape.value)
    if inner then item = typed(inner, item, key) end
    map[key] = item
  end
  return map
end

local function read_shorthand(shape, word)
  local members = shape.type == "structure" and shape.members or {}
  if #members == 1 and members[1].name == "Value" and members[1].shape.type == "string" and not word:find "=" then
    return { Value = word }
  end
  local map, problem = shorthand.parse(word, values.load)
  if not map then fail("%s", problem) end
  return typed(shape, map, shape.name)
end

-- ---- all of it

local function read_one(shape, word)
  if shape.document then return decode(word) end
  if not COMPLEX[shape.type] then return scalar(shape, word) end
  if looks_like_json(word) then return decode(word) end
  if takes_shorthand(shape) then return read_shorthand(shape, word) end
  fail "expected JSON, which begins with '[' or '{'" -- it may be the text of a file, or secret
end

local function read_list(shape, words)
  local list = json.array {}
  for i, word in ipairs(words) do list[i] = read_one(shape.element, word) end
  return list
end

---The value of one option.
---@param member table of a shape
---@param words string[] more than one for lists only
---@return any
function values.read(member, words)
  local shape = member.shape
  if member.streaming then return setmetatable({ path = expand(words[1]:gsub("^fileb?://", "")) }, stream_meta) end
  local first = #words == 1 and values.load(words[1]) or words[1]
  if member.json_value or shape.document then return decode(first) end
  if shape.type ~= "list" then return read_one(shape, first) end
  if #words == 1 and looks_like_json(first) then
    local value = decode(first)
    return getmetatable(value) == "array" and value or json.array { value }
  end
  if #words == 1 then words = { first } end
  return read_list(shape, words)
end

-- ---- as the client takes them

local function decode_bytes(text, place)
  if is_raw(text) then return text.bytes end
  if type(text) ~= "string" then return text end
  local bytes = host.unbase64(text)
  if not bytes then
    fail("%s: expected base64; 'fileb://' takes a file as it is, and the profile's setting "
      .. "cli_binary_format = raw-in-base64-out a text", place)
  end
  return bytes
end

local walk

local function walk_members(shape, value, is_text)
  local map = {}
  local members = {}
  for _, member in ipairs(shape.type == "structure" and shape.members or {}) do members[member.name] = member.shape end
  for key, item in pairs(value) do
    local inner = members[key] or (shape.type == "map" and shape.value)
    if inner then item = walk(inner, item, is_text, key) end
    map[key] = item
  end
  return map
end

function walk(shape, value, is_text, place)
  if values.stream_path(value) then return value end
  if shape.type == "blob" then
    if is_text and not is_raw(value) then return value end
    return decode_bytes(value, place)
  end
  if shape.type == "timestamp" and type(value) == "string" then return readers.timestamp(value) end
  if type(value) ~= "table" or shape.document or not COMPLEX[shape.type] then return value end
  if is_raw(value) then return value.bytes end
  if shape.type == "list" and getmetatable(value) == "array" then
    local list = json.array {}
    for i, item in ipairs(value) do list[i] = walk(shape.element, item, is_text, place) end
    return list
  end
  return getmetatable(value) == "array" and value or walk_members(shape, value, is_text)
end

---The parameters as the client takes them: bytes where the model has bytes (they are given in base64, or as text where
---the profile says so), and times in full.
---@param shape table of the input
---@param params table
---@param is_text boolean
---@return table
function values.settle(shape, params, is_text)
  return walk(shape, params, is_text, shape.name)
end

---Calls the function; what is wrong with a word is its second result.
---@param reader function
---@return any value
---@return string? problem
function values.try(reader, ...)
  local ok, result = pcall(reader, ...)
  if ok then return result end
  if type(result) == "table" and result.problem then return nil, result.problem end
  error(result, 0)
end

return values
