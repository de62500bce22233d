--- Parameters: used but not declared, declared but not used, compared as they cannot be.

local each_node = require "check.engine".each_node
local options = require "options"

local parameters = {}

-- "{name}" in the declaration's texts.
local function add_placeholders(value, used)
  if not value then return end
  if value.is == "string" and value.value then
    for name in value.value:gmatch "{([a-z0-9_]+)}" do used[name] = true end
  elseif value.is == "table" then
    for _, field in pairs(value.fields) do add_placeholders(field, used) end
    for _, item in ipairs(value.items) do add_placeholders(item, used) end
  end
end

-- Where a parameter is declared in this file: its key, else a text with its name.
local function place_of(script, name)
  local params = script.declaration and script.declaration.fields.params
  local key = params and params.is == "table" and params.keys[name]
  if key and key.file == script.file then return key.node end
  local found
  each_node(script.chunk, function(node)
    if node.kind == "String" and node.value == name then found = found or node end
  end)
  return found
end

-- Functions that were not followed may use it by name.
local function add_unfollowed(script, used)
  if not script.walker.left_out then return end
  each_node(script.chunk, function(node)
    if node.kind == "Index" and node.key.kind == "String" then used[node.key.value] = true end
  end)
end

local function check_comparisons(report, script)
  local is_secret = {}
  for _, param in ipairs(script.facts.params) do is_secret[param.name] = param.type == "secret" end
  for _, finding in ipairs(script:findings "compared") do
    if is_secret[finding.name] then
      report:add("error", "secret-comparison", script:place(finding), "a secret is never equal to a text; write p.%s:is(text)", finding.name)
    end
  end
end

---@param report Report
---@param script Script
function parameters.check(report, script)
  check_comparisons(report, script)
  local names, declared, used = {}, {}, {}
  for i, param in ipairs(script.facts.params) do names[i], declared[param.name] = param.name, true end
  for _, finding in ipairs(script:findings "param") do
    used[finding.name] = true
    if not declared[finding.name] then
      report:add("error", "unknown-parameter", script:place(finding), "parameter '%s' is not declared%s", finding.name,
        options.hint(finding.name, names))
    end
  end
  local declaration = script.declaration
  add_placeholders(declaration and declaration.fields.needs, used)
  add_placeholders(declaration and declaration.fields.lock, used)
  add_unfollowed(script, used)
  if script.walker.all_params_used then return end
  for _, name in ipairs(names) do
    if not used[name] then
      report:add("warning", "unused-parameter", place_of(script, name), "parameter '%s' is declared, but never used", name)
    end
  end
end

return parameters
