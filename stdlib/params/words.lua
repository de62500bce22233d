--- Lists and maps as people write them on a command line: "a,b,c" and "k=v,k=v".
---
--- What stands in quotes, at the beginning of an item, is taken as it is: '"a,b",c'. A backslash takes the next character
--- as it is, in quotes and outside. White space around an item does not count.

local words = {}

-- The quoted text whose opening quote is at `i`, and where it goes on.
local function take_quoted(text, i)
  local quote, taken = text:sub(i, i), {}
  i = i + 1
  while i <= #text do
    local char = text:sub(i, i)
    if char == quote then return table.concat(taken), i + 1 end
    if char == "\\" then
      i = i + 1
      char = text:sub(i, i)
    end
    taken[#taken + 1] = char
    i = i + 1
  end
  return nil, "a quote is not closed"
end

-- The bare text from `i` to one of the stops.
local function take_bare(text, i, stops)
  local taken, len = {}, 0 -- `len` leaves the white space at the end out
  while i <= #text do
    local char = text:sub(i, i)
    if stops:find(char, 1, true) then break end
    local is_space = char:find "%s"
    if char == "\\" then
      i = i + 1
      char, is_space = text:sub(i, i), false
      if char == "" then return nil, "it ends in a backslash" end
    end
    taken[#taken + 1] = char
    if not is_space then len = #taken end
    i = i + 1
  end
  return table.concat(taken, "", 1, len), i
end

-- One item from `i` on: its text, the place of the stop behind it, and whether it stood in quotes; or nil and the problem.
local function take(text, i, stops)
  i = text:find("%S", i) or #text + 1
  local char = text:sub(i, i)
  if char ~= '"' and char ~= "'" then return take_bare(text, i, stops) end
  local item, after = take_quoted(text, i)
  if not item then return nil, after end
  after = text:find("%S", after) or #text + 1
  if after <= #text and not stops:find(text:sub(after, after), 1, true) then
    return nil, "text follows the closing quote of '" .. item .. "'"
  end
  return item, after, true
end

---"a,'b,c'" -> { "a", "b,c" }
---@param text string
---@return string[]? items
---@return string? problem
function words.list(text)
  local items, i = {}, 1
  if not text:find "%S" then return items end
  repeat
    local item, after, quoted = take(text, i, ",")
    if not item then return nil, after end
    if item == "" and not quoted then return nil, "an item is empty; an empty text is written \"\"" end
    items[#items + 1] = item
    i = after + 1
  until after > #text
  return items
end

---"a=1,b='x,y'" -> { a = "1", b = "x,y" }
---@param text string
---@return table<string, string>? map
---@return string? problem
function words.map(text)
  local map, i = {}, 1
  if not text:find "%S" then return map end
  repeat
    local key, after = take(text, i, "=,")
    if not key then return nil, after end
    if key == "" then return nil, "a key is empty" end
    if text:sub(after, after) ~= "=" then return nil, "'" .. key .. "' has no value; a map is written key=value,key=value" end
    if map[key] then return nil, "key '" .. key .. "' is given twice" end
    local value
    value, after = take(text, after + 1, ",")
    if not value then return nil, after end
    map[key] = value
    i = after + 1
  until after > #text
  return map
end

return words
