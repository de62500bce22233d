--- Parameters of calls against the shapes of AWS's models, as far as they are written down: members, required ones, types, enums.

local model = require "host.aws"
local options = require "options"
local values = require "check.values"

local shapes = {}

local MOST_DEEP = 32

local TYPES = {
  string = "string", number = "number", boolean = "boolean", table = "table", ["function"] = "function",
}

local EXPECTED = {
  structure = { table = "a table of members" }, list = { table = "a list" }, map = { table = "a map" },
  string = { string = "text" }, blob = { string = "text", table = "a file" }, boolean = { boolean = "true or false" },
  integer = { number = "an integer" }, long = { number = "an integer" }, float = { number = "a number" },
  double = { number = "a number" }, timestamp = { number = "a time", string = "a time" },
}

local check_value

local function expectation(shape)
  local _, text = next(EXPECTED[shape.type])
  return text
end

local function mismatch(check, value, shape, path)
  local found = value.is == "table" and shape.type == "list" and "a table with names" or
      value.is == "table" and shape.type ~= "list" and #value.items > 0 and "a list" or value.is
  check.add("wrong-type", value, "%s: %s: expected %s, got %s", check.action, path, expectation(shape), found)
end

local function join(path, name) return path == "" and name or path .. "." .. name end

-- What a call takes beside the model's members is known to the client alone.
local function is_unknown(check, path, name)
  if path ~= "" then return true end
  local _, err = model.check(check.operation.service, check.operation.snake_name, { [name] = "x" })
  return err ~= nil and tostring(err):find("no such member", 1, true) ~= nil
end

local function check_required(check, value, members, path)
  if value.open or value.element then return end
  for _, member in ipairs(members) do
    local is_filled = member.token and path == ""
    if member.required and not is_filled and not value.fields[member.name] then
      check.add("missing-member", value, "%s: %s is required", check.action, "'" .. join(path, member.name) .. "'")
    end
  end
end

local function check_structure(check, value, shape, path, depth)
  local members, names, by_name = shape.members, {}, {}
  for i, member in ipairs(members) do names[i], by_name[member.name] = member.name, member end
  for name, field in pairs(value.fields) do
    local member = by_name[name]
    local key = value.keys[name]
    if member then
      if not member.json_value then check_value(check, field, member.shape, join(path, name), depth + 1) end
    elseif key and is_unknown(check, path, name) then
      check.add("unknown-member", key, "%s: no member '%s'%s", check.action, join(path, name), options.hint(name, names))
    end
  end
  check_required(check, value, members, path)
end

local function check_table(check, value, shape, path, depth)
  if shape.type == "list" then
    if next(value.fields) then return mismatch(check, value, shape, path) end
    for i, item in ipairs(value.items) do
      check_value(check, item, shape.element, ("%s[%d]"):format(path, i), depth + 1)
    end
    return
  end
  if #value.items > 0 then return mismatch(check, value, shape, path) end
  if shape.type == "structure" then return check_structure(check, value, shape, path, depth) end
  for name, field in pairs(value.fields) do
    check_value(check, field, shape.value, ("%s.%s"):format(path, name), depth + 1)
  end
end

local function check_enum(check, value, shape, path)
  local known = shape.enum
  if #known == 0 or not value.value then return end
  for _, text in ipairs(known) do
    if text == value.value then return end
  end
  check.add("unknown-enum", value, "%s: %s: '%s' is none of %s%s", check.action, path, value.value,
    #known <= 8 and table.concat(known, ", ") or ("the %d values of %s"):format(#known, shape.name), options.hint(value.value, known))
end

local function check_integer(check, value, shape, path)
  if value.value and math.type(value.value) == "float" and value.value ~= math.floor(value.value) then
    mismatch(check, value, shape, path)
  end
end

-- One alternative of a value.
local function check_one(check, value, shape, path, depth)
  if not TYPES[value.is] or shape.document then return end
  if not EXPECTED[shape.type][value.is] then return mismatch(check, value, shape, path) end
  if shape.type == "blob" then return end
  if value.is == "table" then return check_table(check, value, shape, path, depth) end
  if shape.type == "string" then return check_enum(check, value, shape, path) end
  if shape.type == "integer" or shape.type == "long" then check_integer(check, value, shape, path) end
end

function check_value(check, value, shape, path, depth)
  if depth > MOST_DEEP then return end
  for _, one in ipairs(values.each(value)) do check_one(check, one, shape, path, depth) end
end

---@param call table a finding of a call
---@param add fun(rule: string, place: table, format: string, ...) place: has `node` and `file`
function shapes.check(call, add)
  local operation = call.operation
  local shape = model.shape(operation.service, operation.snake_name, "input")
  local params = call.params or (not call.open and { is = "table", fields = {}, keys = {}, items = {}, node = call.node, file = call.file })
  if not shape or not params then return end
  local check = { add = add, action = operation.action, operation = operation }
  for _, one in ipairs(values.each(params)) do
    if one.is == "table" and #one.items > 0 then
      mismatch(check, one, shape, "parameters")
    elseif one.is == "table" then
      check_structure(check, one, shape, "", 0)
    elseif TYPES[one.is] then
      mismatch(check, one, shape, "parameters")
    end
  end
end

return shapes
