--- Filter patterns for events in JSON: `{ $.level = "ERROR" && ($.status >= 500 || $.retries[0] IS NULL) }`.

local conditions = require "sim.logs.pattern.conditions"
local host = require "host.sim"

-- "$.a.b[0]" -> { "a", "b", 1 }
local function read_selector(reader)
  reader:expect("%$", "'$'")
  local path = {}
  while true do
    local name = reader.text:match("^%.([%w_@-]+)", reader.at) or reader.text:match('^%[[\'"]([^\'"]+)[\'"]%]', reader.at)
    local index = reader.text:match("^%[(%d+)%]", reader.at)
    if not name and not index then break end
    local written = reader.text:match("^%.[%w_@-]+", reader.at) or reader.text:match("^%[[^%]]+%]", reader.at)
    reader.at = reader.at + #written
    path[#path + 1] = name or tonumber(index) + 1
  end
  if #path == 0 then reader:fail "a selector such as $.field" end
  return path
end

local function value_of(path, event)
  local value = event
  for _, part in ipairs(path) do
    if type(value) ~= "table" then return nil end
    value = value[part]
  end
  return value
end

local function words_after(reader, path)
  if reader:take "IS%s+NULL" then
    return function(event)
      local value = value_of(path, event)
      return value ~= nil and type(value) == "userdata"
    end
  end
  if reader:take "NOT%s+EXISTS" then return function(event) return value_of(path, event) == nil end end
  if reader:take "IS%s+TRUE" then return function(event) return value_of(path, event) == true end end
  if reader:take "IS%s+FALSE" then return function(event) return value_of(path, event) == false end end
end

---@param text string
---@return fun(message: string): boolean
return function(text)
  local reader = conditions.read(text)
  reader:expect("{", "'{'")
  local test = reader:expression(function()
    local path = read_selector(reader)
    return words_after(reader, path) or reader:comparison(path, value_of)
  end)
  reader:finish("}", "'}'")
  return function(message)
    local event = message:find "^%s*{" and host.parse_json(message)
    return type(event) == "table" and test(event)
  end
end
