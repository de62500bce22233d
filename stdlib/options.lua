--- Checks of tables that a script writes by hand: a misspelt option must never be ignored.

local options = {}

-- How many letters differ, two that changed places counting as one.
local function distance(a, b)
  local before, last, row = {}, {}, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    before, last, row = last, row, { [0] = i }
    for j = 1, #b do
      local change = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + change)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
  end
  return row[#b]
end

---The known name nearest to `name`, or nil when none is near.
---@param name string
---@param names string[]
---@return string?
function options.nearest(name, names)
  local best, least = nil, math.max(#name, 3) // 3 + 1
  for _, known in ipairs(names) do
    local far = distance(name, known)
    if far > 0 and far < least then best, least = known, far end
  end
  return best
end

---", did you mean 'x'?" or "".
---@param name string
---@param names string[]
---@return string
function options.hint(name, names)
  local near = options.nearest(name, names)
  return near and (", did you mean '" .. near .. "'?") or ""
end

---The keys of a table in the order of the alphabet.
---@param map table<string, any>
---@return string[]
function options.sorted(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return names
end

---Raises, at the caller's caller, for a key of `given` that `known` does not have or whose type differs.
---@param subject string what the message begins with
---@param given table?
---@param known table<string, string> option name -> Lua type, several separated by "|"
---@return table checked a copy: what a script does to its own table later changes nothing
function options.check(subject, given, known)
  if type(given) ~= "table" then
    error(subject .. ": options must be a table, got " .. type(given), 3)
  end
  if type(getmetatable(given)) == "table" then
    error(subject .. ": options must be a table without a metatable: what it inherits would not be seen", 3)
  end
  local checked = {}
  for name, value in pairs(given) do
    local types = known[name]
    if not types then
      local hint = options.hint(tostring(name), options.sorted(known))
      error(("%s: unknown option '%s'%s"):format(subject, tostring(name), hint), 3)
    end
    if types ~= "any" and not ("|" .. types .. "|"):find("|" .. type(value) .. "|", 1, true) then
      error(("%s: option '%s' must be a %s, got %s"):format(subject, name, types:gsub("|", " or "), type(value)), 3)
    end
    checked[name] = value
  end
  return checked
end

---Seconds of what a script may write as a number or as a duration, "10m"; raises for a text that is none.
---@param value number|string|nil
---@param default? number
---@return number?
function options.seconds(value, default)
  if type(value) == "string" then return assert(time.duration(value)) end
  return value or default
end

return options
