--- What a script does against what it declares: actions here, what else it touches in check/touches.lua.

local iam_actions = require "iam_actions"
local model = require "host.aws"
local options = require "options"
local values = require "check.values"

local needs = {}

---Does the text fit the pattern, in which "*" is any text?
---@param pattern string
---@param text string
---@return boolean
function needs.matches(pattern, text)
  local magic = pattern:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*")
  return text:find("^" .. magic .. "$") ~= nil
end

local matches = needs.matches

local function is_declared(list, text)
  for _, pattern in ipairs(list) do
    if matches(pattern, text) then return true end
  end
  return false
end

-- ---- where things are declared

-- The place of a text in `needs.aws` and its like; else that of `needs`, else nil.
local function place_of(declaration, kind, text, file)
  local field = declaration and declaration.fields.needs
  local list = field and field.is == "table" and field.fields[kind]
  for _, item in ipairs(list and list.is == "table" and list.items or {}) do
    if values.text(item) == text and item.file == file then return item.node end
  end
  local key = declaration and declaration.keys.needs
  return key and key.file == file and key.node or nil
end

-- ---- actions

local function actions_of(pattern)
  local list = {}
  for i, operation in ipairs(model.actions(pattern)) do list[i] = operation.action end
  return list
end

local function prefixes()
  local list = {}
  for i, service in ipairs(model.services()) do
    list[i] = model.operation(service, model.operations(service)[1]).action:match "^[^:]+"
  end
  return list
end

-- Actions of IAM that are no operation: they are for the policy alone.
local PERMISSIONS = { ["iam:PassRole"] = true }

local function check_declared_action(report, action, place)
  local prefix = action:match "^([%w%-*]+):[%w*]+$"
  if not prefix then
    if action ~= "*" then
      report:add("error", "unknown-action", place, "needs.aws: '%s' is no action: expected 'service:Operation'", action)
    end
    return false
  end
  if #model.actions(action) > 0 or prefix:find("*", 1, true) then return true end
  local known = actions_of(prefix .. ":*")
  for _, one in ipairs(known) do
    if matches(action, one) then return true end
  end
  if #known == 0 then
    report:add("error", "unknown-action", place, "needs.aws: '%s': no service has actions that begin with '%s:'%s", action, prefix,
      options.hint(prefix, prefixes()))
  elseif not PERMISSIONS[action] then
    report:add("error", "unknown-action", place, "needs.aws: there is no action '%s'%s", action, options.hint(action, known))
  end
  return false
end

---@param report Report
---@param script Script
---@param place fun(finding: table): Node?
function needs.check(report, script, place)
  local used = {}
  for _, call in ipairs(script:findings "call") do
    local action = call.operation.action
    used[action] = true
    used[iam_actions.tagging(action) or action] = true
    if not is_declared(script.needs.aws, action) then
      local through = call.file ~= script.file and (" (called by %s)"):format(call.file) or ""
      report:add("error", "undeclared-action", place(call), "'%s' is not in needs.aws%s", action, through)
    end
  end
  for _, call in ipairs(script:findings "may call") do used[call.action] = true end
  for _, call in ipairs(script:plan_readings()) do used[call.operation.action] = true end
  for _, declared in ipairs(script.needs.aws) do
    local at = place_of(script.declaration, "aws", declared, script.file)
    local is_used = not check_declared_action(report, declared, at) or script.has_unseen
    for action in pairs(used) do is_used = is_used or matches(declared, action) end
    if not is_used then
      report:add("warning", "unused-action", at, "needs.aws: '%s' is declared, but nothing is seen that calls it", declared)
    end
  end
end

return needs
