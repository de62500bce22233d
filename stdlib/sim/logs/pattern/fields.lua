--- Filter patterns for events of fields between blanks: `[ip, user, ..., status_code = 5*, bytes > 1000]`. What stands in quotes or
--- brackets is one field.

local conditions = require "sim.logs.pattern.conditions"

local function split(message)
  local fields, at = {}, 1
  while true do
    at = message:find("%S", at)
    if not at then return fields end
    local inner, after = message:match('^"([^"]*)"()', at)
    if not inner then inner, after = message:match("^%[([^%]]*)%]()", at) end
    if not inner then inner, after = message:match("^(%S+)()", at) end
    fields[#fields + 1], at = inner, after
  end
end

local function value_of(field, event) return event[field.from_end and #event - field.from_end or field.index] end

-- A field of the pattern: a name, which may be bound to conditions; "..." stands for any number of fields.
local function read_field(reader, index, tests)
  if reader:take "%.%.%." then return "any" end
  local field = { index = index }
  local name = reader:expect("[%w_]+", "the name of a field")
  reader:skip()
  if not reader.text:find("^[,%]]", reader.at) then
    local first = true
    tests[#tests + 1] = reader:expression(function()
      if not first then
        local again = reader:expect("[%w_]+", "the name of a field")
        if again ~= name then reader:fail("'" .. name .. "'") end
      end
      first = false
      return reader:comparison(field, value_of)
    end)
  end
  return field
end

---@param text string
---@return fun(message: string): boolean
return function(text)
  local reader, fields, tests, gap = conditions.read(text), {}, {}, nil
  reader:expect("%[", "'['")
  repeat
    local field = read_field(reader, #fields + 1, tests)
    if field == "any" then gap = #fields else fields[#fields + 1] = field end
  until not reader:take ","
  reader:finish("%]", "']'")
  for i, field in ipairs(fields) do
    if gap and i > gap then field.from_end = #fields - i end
  end
  return function(message)
    local event = split(message)
    if not gap and #event ~= #fields or #event < #fields then return false end
    for _, test in ipairs(tests) do
      if not test(event) then return false end
    end
    return true
  end
end
