--- Grants become the statements of a policy: actions with the same resources and condition together, in a fixed order.

local statements = {}

local function add_text(list, text)
  for _, known in ipairs(list) do
    if known == text then return end
  end
  list[#list + 1] = text
end

local function condition_key(condition)
  return condition and condition.operator .. condition.key .. table.concat(condition.values, " ") or ""
end

-- One action with one condition: all that its calls work on.
local function merge(grants)
  local by_key, merged = {}, {}
  for _, grant in ipairs(grants) do
    local key = grant.action .. "\n" .. condition_key(grant.condition)
    local one = by_key[key]
    if not one then
      one = { action = grant.action, resources = {}, condition = grant.condition, why = grant.why }
      by_key[key], merged[#merged + 1] = one, one
    end
    for _, arn in ipairs(grant.resources) do add_text(one.resources, arn) end
  end
  for _, one in ipairs(merged) do
    table.sort(one.resources)
    if one.resources[1] == "*" then one.resources = { "*" } end
  end
  return merged
end

local function camel(text)
  return (text:gsub("^%l", string.upper):gsub("%-(%w)", string.upper))
end

-- What is without a condition is allowed as a whole: the same action with one says nothing more.
local function drop_covered(merged)
  local everywhere, kept = {}, {}
  for _, one in ipairs(merged) do
    if one.resources[1] == "*" and not one.condition then everywhere[one.action] = true end
  end
  for _, one in ipairs(merged) do
    local is_whole = one.resources[1] == "*" and not one.condition
    if is_whole or not everywhere[one.action] then kept[#kept + 1] = one end
  end
  return kept
end

-- "EcsTask"; "EcsByCluster" where a condition is the only limit.
local function sid_of(prefix, one)
  if one.condition and one.resources[1] == "*" then return camel(prefix) .. "By" .. camel(one.condition.key:match "[^:]+$") end
  return camel(prefix) .. one.why
end

local function group(merged)
  local by_key, groups = {}, {}
  for _, one in ipairs(merged) do
    local prefix = one.action:match "^[^:]+"
    local key = table.concat({ prefix, one.why, table.concat(one.resources, "\n"), condition_key(one.condition) }, "\0")
    local found = by_key[key]
    if not found then
      found = { sid = sid_of(prefix, one), actions = {}, resources = one.resources, condition = one.condition }
      by_key[key], groups[#groups + 1] = found, found
    end
    add_text(found.actions, one.action)
  end
  for _, one in ipairs(groups) do table.sort(one.actions) end
  table.sort(groups, function(a, b)
    if a.sid ~= b.sid then return a.sid < b.sid end
    if a.actions[1] ~= b.actions[1] then return a.actions[1] < b.actions[1] end
    return table.concat(a.resources) .. condition_key(a.condition) < table.concat(b.resources) .. condition_key(b.condition)
  end)
  return groups
end

local function ordered(pairs_of)
  local map = json.ordered()
  for _, pair in ipairs(pairs_of) do map[pair[1]] = pair[2] end
  return map
end

local function condition_of(condition)
  return { [condition.operator] = { [condition.key] = #condition.values == 1 and condition.values[1] or json.array(condition.values) } }
end

local function statement(one, sid)
  local fields = {
    { "Sid", sid }, { "Effect", "Allow" }, { "Action", json.array(one.actions) }, { "Resource", json.array(one.resources) },
  }
  if one.condition then fields[#fields + 1] = { "Condition", condition_of(one.condition) } end
  return ordered(fields)
end

---@param grants Grant[]
---@return table policy for json.encode
function statements.policy(grants)
  local list, used = json.array {}, {}
  for i, one in ipairs(group(drop_covered(merge(grants)))) do
    used[one.sid] = (used[one.sid] or 0) + 1
    list[i] = statement(one, used[one.sid] > 1 and one.sid .. used[one.sid] or one.sid)
  end
  return ordered { { "Version", "2012-10-17" }, { "Statement", list } }
end

return statements
