--- Reads the facts of API models, the lines that facts.lua writes, into tables for compile.lua.
local parse = {}

local place                                                 -- "file:line", for messages

local function fail(format, ...) error(("%s: %s"):format(place, format:format(...)), 0) end

local ESCAPES = { n = "\n", t = "\t", r = "\r", b = "\b", f = "\f", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function unquote(text)
  return (text:gsub("\\(u?)(.)(%x?%x?%x?)", function(unicode, char, rest)
    if unicode == "u" then return utf8.char(tonumber(char .. rest, 16)) end
    return (ESCAPES[char] or fail("bad escape '\\%s'", char)) .. rest
  end))
end

-- Where the JSON string that begins at `at` ends.
local function closing_quote(line, at)
  local pos = at + 1
  while pos <= #line do
    local char = line:sub(pos, pos)
    if char == '"' then return pos end
    pos = pos + (char == "\\" and 2 or 1)
  end
  fail("unclosed quote")
end

-- The words of a line; a word may be, or end in, a JSON string.
local function words_of(line)
  local words, pos = {}, 1
  while true do
    local start = line:find("%S", pos)
    if not start then return words end
    local stop = line:find('[ "]', start) or #line + 1
    if line:sub(stop, stop) == '"' then
      local close = closing_quote(line, stop)
      words[#words + 1] = line:sub(start, stop - 1) .. unquote(line:sub(stop + 1, close - 1))
      pos = close + 1
    else
      words[#words + 1] = line:sub(start, stop - 1)
      pos = stop
    end
  end
end

-- Words from index `first` on as a table: "flag" becomes flag = true, "key=value" key = value.
local function traits_of(words, first)
  local traits = {}
  for i = first, #words do
    local key, value = words[i]:match("^([%a-]+)=(.*)$")
    if key then traits[key] = value else traits[words[i]] = true end
  end
  return traits
end

local function read_pages(words)
  local pages = { ["in"] = {}, out = {}, items = {}, keep = {} }
  for i = 2, #words do
    local key, value = words[i]:match("^(%a+)=(.*)$")
    if key == "limit" or key == "more" then
      pages[key] = value
    elseif pages[key] then
      table.insert(pages[key], value)
    else
      fail("pages: unknown '%s'", words[i])
    end
  end
  return pages
end

-- Endpoint parameters that an operation sets: to JSON, or to what a JMESPath finds in its input.
local function add_contexts(op, words, kind)
  for i = 2, #words do
    local name, value = words[i]:match("^([^=]+)=(.*)$")
    table.insert(op.contexts, { name = name or fail("%s: expected NAME=VALUE", words[1]), [kind] = value })
  end
end

local function known_encoding(name)
  return name == "gzip" or fail("compress: unknown encoding '%s'", tostring(name))
end

local OPERATION_FACTS = {
  http = function(op, w) op.method, op.uri, op.status = w[2], w[3], tonumber(w[4] or 0) end,
  input = function(op, w) op.input = w[2] end,
  output = function(op, w) op.output, op.wrapper = w[2], w[3] end,
  errors = function(op, w) op.errors = table.move(w, 2, #w, 1, {}) end,
  ["host-prefix"] = function(op, w) op.host_prefix = w[2] end,
  auth = function(op, w) op.auth = w[2] end,
  pages = function(op, w) op.pages = read_pages(w) end,
  checksum = function(op, w) op.checksum = traits_of(w, 2) end,
  compress = function(op, w) op.compress = known_encoding(w[2]) end,
  discovery = function(op, w) op.discovery = w[2] end,
  context = function(op, w) add_contexts(op, w, "json") end,
  ["context-path"] = function(op, w) add_contexts(op, w, "path") end,
}

local SHAPE_TYPES = { "structure", "list", "map", "string", "blob", "boolean", "integer", "long", "float", "double",
                      "timestamp" }

-- A block is its head line and the function that reads each indented line below it.
local BLOCKS = {}

function BLOCKS.service(models, words)
  local service = { name = words[2], operations = {}, waiters = {}, shapes = {}, rules = {} }
  table.insert(models, service)
  return function(line)
    local w = words_of(line)
    service[w[1]] = w[2] or true
  end
end

function BLOCKS.operation(models, words)
  local op = { name = words[2], snake = words[3], effect = words[4], errors = {}, contexts = {} }
  table.insert(models[#models].operations, op)
  return function(line)
    local w = words_of(line)
    local read = OPERATION_FACTS[w[1]] or fail("operation: unknown '%s'", w[1])
    read(op, w)
  end
end

function BLOCKS.waiter(models, words)
  local traits = traits_of(words, 5)
  local waiter = { name = words[2], snake = words[3], operation = words[4], delay = tonumber(traits.delay),
                   attempts = tonumber(traits.attempts), acceptors = {} }
  table.insert(models[#models].waiters, waiter)
  return function(line)
    local state, matcher, rest = line:match("^(%S+) (%S+) (.+)$")
    if not state then fail("acceptor: expected STATE MATCHER EXPECTED-JSON [JMESPATH]") end
    local stop = rest:sub(1, 1) == '"' and closing_quote(rest, 1) or (rest:find(" ", 1, true) or #rest + 1) - 1
    table.insert(waiter.acceptors,
      { state = state, matcher = matcher, expected = rest:sub(1, stop), argument = rest:sub(stop + 2) })
  end
end

BLOCKS["endpoint-rules"] = function(models)
  local rules = models[#models].rules
  return function(line) table.insert(rules, line) end
end

local function read_shape(models, words)
  local shape = { type = words[1], name = words[2], traits = traits_of(words, 3), members = {}, enum = {} }
  models[#models].shapes[shape.name] = shape
  return function(line)
    local w = words_of(line)
    if shape.type == "string" then
      table.insert(shape.enum, w[1])
    else
      local name, required = w[1]:match("^(.-)(!?)$")
      table.insert(shape.members, { name = name, shape = w[2], required = required == "!", traits = traits_of(w, 3) })
    end
  end
end

for _, name in ipairs(SHAPE_TYPES) do BLOCKS[name] = read_shape end

---Adds the services in the text to `models`. Raises "name:line: what was wrong".
---@param text string
---@param name string of the file, for messages
---@param models table[]
function parse.add(text, name, models)
  local number, read_indented = 0, nil
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    place = name .. ":" .. number
    local indented = line:match("^%s+(%S.*)$")
    if indented then
      local read = read_indented or fail("an indented line without a block above it")
      read(indented)
    elseif line ~= "" then
      local words = words_of(line)
      local block = BLOCKS[words[1]] or fail("unknown '%s'", words[1])
      if #models == 0 and words[1] ~= "service" then fail("'%s' without a service above it", words[1]) end
      read_indented = block(models, words)
    end
  end
end

return parse
