--- What a value of a script may be as text in a policy: all of them, with "*" for what is not known.

local values = require "check.values"

local texts = {}

local MOST_TEXTS = 50

local function add(list, text)
  for _, known in ipairs(list) do
    if known == text then return end
  end
  list[#list + 1] = text
end

local function add_all(list, more)
  for _, text in ipairs(more) do add(list, text) end
end

-- Pieces of a text: each is known, or one "*".
local function join_parts(parts)
  local text = ""
  for _, part in ipairs(parts) do
    local found = texts.of(part)
    text = text .. (#found == 1 and found[1] or "*")
  end
  return (text:gsub("%*+", "*"))
end

local function of_table(value)
  local list = {}
  for _, item in ipairs(value.items) do add_all(list, texts.of(item)) end
  if value.element then add_all(list, texts.of(value.element)) end
  if value.open or #list == 0 then add(list, "*") end
  return list
end

local function of_one(value)
  if value.is == "nil" then return {} end
  if value.is == "table" then return of_table(value) end
  if value.is == "string" and value.parts then return { join_parts(value.parts) } end
  if value.value ~= nil and (value.is == "string" or value.is == "number") then return { tostring(value.value) } end
  return { "*" }
end

---@param value Value
---@return string[] one "*" where it may be anything
function texts.of(value)
  local list = {}
  for _, one in ipairs(values.each(value)) do add_all(list, of_one(one)) end
  for _, text in ipairs(list) do
    if text == "*" then return { "*" } end
  end
  if #list > MOST_TEXTS then return { "*" } end
  return list
end

---A member of the parameters of a call, "a.b" for one inside.
---@param params Value?
---@param path string
---@return string[]? texts nil: it is not given
function texts.member(params, path)
  local found
  for _, one in ipairs(params and values.each(params) or {}) do
    local value = one
    for name in path:gmatch "[^.]+" do
      value = value.is == "table" and value.fields[name] or (value.is ~= "table" or value.open) and values.unknown or values.none
    end
    found = values.join(found, value)
  end
  if not found or found.is == "nil" then return nil end
  local list = texts.of(found)
  return #list > 0 and list or nil
end

---Is the member written down in the call?
---@param params Value?
---@param path string
---@return boolean
function texts.is_given(params, path)
  for _, one in ipairs(params and values.each(params) or {}) do
    local value = one
    for name in path:gmatch "[^.]+" do value = value.is == "table" and value.fields[name] or values.none end
    if value.is ~= "nil" then return true end
  end
  return false
end

return texts
