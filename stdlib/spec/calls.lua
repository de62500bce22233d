--- Calls in tests: "ecs:UpdateService", or { "ecs:UpdateService", desiredCount = 2 }, and what was really called.

local claim = require "spec.claim"
local compare = require "spec.compare"
local host = require "host.aws"
local options = require "options"

local calls = {}

---@alias CallPattern string|table "ecs:UpdateService", "ecs:Describe*"; or { "ecs:UpdateService", desiredCount = 2 }: the members that matter

-- ---- patterns --------------------------------------------------------------------------------------------------------

local known = {} -- action -> { service=, operation= }, or false

local function find_operation(action)
  local name = action:match "^[^:]+:(.+)$"
  for _, service in ipairs(name and host.services() or {}) do
    local operation = host.operation(service, name)
    if operation and operation.name == name and operation.action == action then return operation end
  end
  return false
end

local function actions_like(action)
  local prefix, list = action:match "^[^:]+:" or "", {}
  for _, service in ipairs(host.services()) do
    local names = host.operations(service)
    local first = names[1] and host.operation(service, names[1])
    if first and (first.action:sub(1, #prefix) == prefix) then
      for _, name in ipairs(names) do list[#list + 1] = host.operation(service, name).action end
    end
  end
  return list
end

-- A misspelt name would make "was never called" always true.
local function check_action(action)
  if action:find("*", 1, true) then return nil end
  if known[action] == nil then known[action] = find_operation(action) end
  if not known[action] then
    claim.fail(("no action '%s'%s"):format(action, options.hint(action, actions_like(action))))
  end
  return known[action]
end

local function check_members(operation, params)
  local names = {}
  local shape = operation and host.shape(operation.service, operation.snake_name, "input")
  for _, member in ipairs(shape and shape.members or {}) do names[#names + 1] = member.name end
  for name in pairs(params) do
    local is_known = not operation
    for _, one in ipairs(names) do is_known = is_known or one == name end
    if not is_known then
      claim.fail(("%s has no parameter '%s'%s"):format(operation.action, tostring(name), options.hint(tostring(name), names)))
    end
  end
end

---A pattern as its two parts; a wrong one ends the test.
---@param pattern CallPattern
---@return { action: string, params: table }
function calls.pattern(pattern)
  local action, params = pattern, {}
  if type(pattern) == "table" then
    action = pattern[1]
    for name, value in pairs(pattern) do
      if name ~= 1 then params[name] = value end
    end
  end
  if type(action) ~= "string" then
    claim.fail("a call is written \"ecs:UpdateService\" or { \"ecs:UpdateService\", desiredCount = 2 }, got " .. compare.text(pattern))
  end
  check_members(check_action(action), params)
  return { action = action, params = params }
end

local function fits_action(wanted, action)
  local before, after = wanted:match "^([^*]*)%*(.*)$"
  if not before then return wanted == action end
  return action:sub(1, #before) == before and (after == "" or action:sub(#before + 1):sub(-#after) == after)
end

---@param wanted { action: string, params: table }
---@param call { action: string, params: table }
---@return boolean
function calls.fits(wanted, call)
  return fits_action(wanted.action, call.action) and not compare.difference(wanted.params, call.params, true)
end

-- ---- telling ---------------------------------------------------------------------------------------------------------

---One call in a line.
---@param call { action: string, params: table }
---@return string
function calls.text(call)
  return next(call.params) == nil and call.action or call.action .. " " .. compare.text(call.params)
end

---All calls in lines: with parameters where they are those that matter, by number where there are many.
---@param list { action: string, params: table, effect: string }[]
---@return string
function calls.list(list)
  if #list == 0 then return "no call was made" end
  local lines, counted, order = {}, {}, {}
  for _, call in ipairs(list) do
    local is_change = call.effect == "change" or call.effect == "destroy"
    local text = is_change and calls.text(call) or call.action
    if not counted[text] then order[#order + 1] = text end
    counted[text] = (counted[text] or 0) + 1
  end
  for i, text in ipairs(order) do
    lines[i] = "  " .. text .. (counted[text] > 1 and (" (%d times)"):format(counted[text]) or "")
  end
  return "calls made:\n" .. table.concat(lines, "\n")
end

---Why calls of the right action do not fit: what differs in the nearest.
---@param wanted { action: string, params: table }
---@param list { action: string, params: table, effect: string }[]
---@return { expected: string?, got: string?, more: string }
function calls.explain(wanted, list)
  for _, call in ipairs(list) do
    if fits_action(wanted.action, call.action) then
      local found = compare.difference(wanted.params, call.params, true)
      if found then
        return {
          expected = ("%s = %s"):format(found.path, found.expected), got = ("%s = %s"):format(found.path, found.got),
          more = calls.list(list),
        }
      end
    end
  end
  return { more = calls.list(list) }
end

return calls
