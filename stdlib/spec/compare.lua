--- Values as tests compare and show them.

local compare = {}

local MOST_TEXT = 2000 -- bytes of one value in a message
local WORD = "^[%a_][%w_]*$"

local function is_list(value)
  return #value > 0 or getmetatable(value) ~= nil
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

local function write(value, seen)
  if type(value) == "string" then return (("%q"):format(value):gsub("\\\n", "\\n")) end
  if type(value) ~= "table" then return tostring(value) end
  if seen[value] then return "{...}" end
  seen[value] = true
  local parts = {}
  for _, item in ipairs(value) do parts[#parts + 1] = write(item, seen) end
  local listed = #parts
  for _, key in ipairs(sorted_keys(value)) do
    if not (math.type(key) == "integer" and key >= 1 and key <= listed) then
      local name = type(key) == "string" and key:find(WORD) and key or ("[%s]"):format(write(key, seen))
      parts[#parts + 1] = name .. " = " .. write(value[key], seen)
    end
  end
  seen[value] = nil
  return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end

---A value as one would write it in Lua, in one line.
---@param value any
---@return string
function compare.text(value)
  local text = write(value, {})
  return #text > MOST_TEXT and text:sub(1, MOST_TEXT) .. "..." or text
end

local function place(path, key)
  if type(key) == "string" and key:find(WORD) then return path == "" and key or path .. "." .. key end
  return ("%s[%s]"):format(path, compare.text(key))
end

local function first_of(expected, got, path, partly)
  if type(expected) == "function" and type(got) ~= "function" then
    if expected(got) then return nil end
    return { path = path, expected = "what the function accepts", got = compare.text(got) }
  end
  if expected == got then return nil end
  if type(expected) ~= "table" or type(got) ~= "table" then
    return { path = path, expected = compare.text(expected), got = compare.text(got) }
  end
  for _, key in ipairs(sorted_keys(expected)) do
    local found = first_of(expected[key], got[key], place(path, key), partly)
    if found then return found end
  end
  if partly and not is_list(expected) then return nil end
  for _, key in ipairs(sorted_keys(got)) do
    if expected[key] == nil then
      return { path = place(path, key), expected = "nothing", got = compare.text(got[key]) }
    end
  end
end

---The first place where two values differ; nil where they are the same. Tables are compared by content. A function among
---what is expected is asked about the value there, and accepts it by answering true.
---@param expected any
---@param got any
---@param partly? boolean members of maps that are not expected do not matter; lists are compared whole
---@return { path: string, expected: string, got: string }? difference
function compare.difference(expected, got, partly)
  return first_of(expected, got, "", partly)
end

return compare
