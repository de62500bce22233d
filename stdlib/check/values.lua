--- What is known of a value without running anything. A value is a table; `is` says what it is:
---
---   unknown                  nothing is known
---   nil, boolean, number     `value` where it is known
---   string                   `value` where it is known, else `parts`: the values that it is made of, in order
---   table                    `fields` by name, `items` in order, `element`: what unknown keys were given; `open`: there may be more
---   function                 `node` and the `frame` that it closes over; builtin: `call`
---   any                      one of `of`
---   aws, service, group, operation, params, param, rb, method, iterate: things of a runbook (check/calls.lua)
---
--- `node` and `file` say where it is written.

local values = {}

local MOST_ALTERNATIVES = 12

---@class Value
---@field is string
---@field node Node?
---@field file string?

values.unknown = { is = "unknown" }
values.none = { is = "nil" }

---@param kind string
---@param fields? table
---@return Value
function values.new(kind, fields)
  fields = fields or {}
  fields.is = kind
  return fields
end

---An empty table.
---@param node? Node
---@param file? string
---@return Value
function values.table(node, file)
  return { is = "table", fields = {}, keys = {}, items = {}, node = node, file = file }
end

---The alternatives of a value.
---@param value Value
---@return Value[]
function values.each(value)
  return value.is == "any" and value.of or { value }
end

local function is_same(a, b)
  if a == b then return true end
  if a.is ~= b.is then return false end
  if a.is == "nil" or a.is == "unknown" then return true end
  if a.is == "param" then return a.name == b.name end
  local is_plain = a.is == "string" or a.is == "number" or a.is == "boolean"
  return is_plain and not a.parts and not b.parts and a.value == b.value
end

local function add(list, value)
  for _, known in ipairs(list) do
    if is_same(known, value) then return end
  end
  list[#list + 1] = value
end

---One or the other.
---@param a Value?
---@param b Value?
---@return Value
function values.join(a, b)
  if not a or not b or a == b then return a or b or values.none end
  local list = {}
  for _, value in ipairs(values.each(a)) do add(list, value) end
  for _, value in ipairs(values.each(b)) do add(list, value) end
  if #list == 1 then return list[1] end
  if #list > MOST_ALTERNATIVES then return values.unknown end
  return { is = "any", of = list }
end

---The value without nil and false, as after `or`.
---@param value Value
---@return Value?
function values.truthy(value)
  local rest
  for _, one in ipairs(values.each(value)) do
    local is_falsy = one.is == "nil" or (one.is == "boolean" and one.value == false)
    if not is_falsy then rest = values.join(rest, one) end
  end
  return rest
end

---The text, where it is known and the only one.
---@param value Value?
---@return string?
function values.text(value)
  if value and value.is == "string" then return value.value end
end

---All that a table holds, as one value.
---@param t Value
---@return Value? element nil: it is empty
function values.element(t)
  local all = t.element
  for _, item in ipairs(t.items) do all = values.join(all, item) end
  for _, field in pairs(t.fields) do all = values.join(all, field) end
  if t.open then all = values.join(all, values.unknown) end
  return all
end

---What a table has under a key.
---@param t Value
---@param key Value
---@return Value
function values.index(t, key)
  local found
  if key.is == "string" and key.value then
    found = t.fields[key.value]
  elseif key.is == "number" and key.value then
    found = t.items[key.value]
  else
    return values.element(t) or (t.open and values.unknown) or values.none
  end
  if t.element then found = values.join(found, t.element) end
  return found or (t.open and values.unknown) or values.none
end

---Puts a value into a table, beside what is there.
---@param t Value
---@param key Value
---@param value Value
---@param place? table where the key is written: { file=, node= }
function values.assign(t, key, value, place)
  for _, one in ipairs(values.each(key)) do
    if one.is == "string" and one.value then
      t.fields[one.value] = values.join(t.fields[one.value], value)
      t.keys[one.value] = t.keys[one.value] or place
    elseif one.is == "number" and one.value == #t.items + 1 then
      t.items[one.value] = value
    else
      t.element = values.join(t.element, value)
    end
  end
end

return values
