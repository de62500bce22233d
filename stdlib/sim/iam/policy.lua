--- What IAM policies decide: the documents of a principal against one action on one resource. An explicit deny wins, then an
--- allow; what nobody allows is denied implicitly.

local fail = require "sim.fail"

local policy = {}

---@class PolicyQuestion
---@field action string "ecs:UpdateService"
---@field resource string an ARN, or "*"
---@field context table<string, string[]> values of condition keys, their names in lower case

local function list_of(value)
  return type(value) == "table" and value or { value }
end

-- `*` stands for any text, `?` for one character.
local function is_like(text, pattern)
  local lua_pattern = pattern:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".")
  return text:find("^" .. lua_pattern .. "$") ~= nil
end

local function is_any_like(text, patterns, fold)
  for _, pattern in ipairs(list_of(patterns)) do
    if is_like(fold and text:lower() or text, fold and pattern:lower() or pattern) then return true end
  end
  return false
end

-- ---- conditions -----------------------------------------------------------------------------------

local function equal(a, b) return a == b end
local function equal_folded(a, b) return a:lower() == b:lower() end

local function by_number(compare)
  return function(a, b)
    a, b = tonumber(a), tonumber(b)
    return a ~= nil and b ~= nil and compare(a, b)
  end
end

-- ISO 8601 in UTC compares as text.
local OPERATORS = {
  StringEquals = equal, StringEqualsIgnoreCase = equal_folded, StringLike = is_like, ArnEquals = is_like, ArnLike = is_like,
  Bool = equal_folded,
  NumericEquals = by_number(equal),
  NumericLessThan = by_number(function(a, b) return a < b end),
  NumericLessThanEquals = by_number(function(a, b) return a <= b end),
  NumericGreaterThan = by_number(function(a, b) return a > b end),
  NumericGreaterThanEquals = by_number(function(a, b) return a >= b end),
  DateEquals = equal, DateLessThan = function(a, b) return a < b end, DateLessThanEquals = function(a, b) return a <= b end,
  DateGreaterThan = function(a, b) return a > b end, DateGreaterThanEquals = function(a, b) return a >= b end,
}

local NEGATIONS = {
  StringNotEquals = "StringEquals", StringNotEqualsIgnoreCase = "StringEqualsIgnoreCase", StringNotLike = "StringLike",
  ArnNotEquals = "ArnEquals", ArnNotLike = "ArnLike", NumericNotEquals = "NumericEquals", DateNotEquals = "DateEquals",
}

local function matches_any(compare, present, wanted)
  for _, value in ipairs(present) do
    for _, one in ipairs(wanted) do
      if compare(value, tostring(one)) then return true end
    end
  end
  return false
end

-- A key that the request does not have satisfies negations and ...IfExists only.
local function holds(operator, key, wanted, context, missing)
  local present = context[key:lower()]
  wanted = list_of(wanted)
  if operator == "Null" then return (present == nil) == (tostring(wanted[1]) == "true") end
  local base, if_exists = operator:gsub("IfExists$", "")
  local negated = NEGATIONS[base]
  local compare = OPERATORS[negated or base]
  if not compare then fail("InvalidInput", "The condition operator %s is not simulated.", operator) end
  if not present then
    missing[key] = true
    return negated ~= nil or if_exists == 1
  end
  return matches_any(compare, present, wanted) ~= (negated ~= nil)
end

local function conditions_hold(statement, context, missing)
  for operator, keys in pairs(statement.Condition or {}) do
    for key, wanted in pairs(keys) do
      if not holds(operator, key, wanted, context, missing) then return false end
    end
  end
  return true
end

-- ---- statements -----------------------------------------------------------------------------------

local function applies(statement, question, missing)
  local action = statement.Action and is_any_like(question.action, statement.Action, true)
      or statement.NotAction and not is_any_like(question.action, statement.NotAction, true)
  local resource = statement.Resource and is_any_like(question.resource, statement.Resource)
      or statement.NotResource and not is_any_like(question.resource, statement.NotResource)
  return action and resource and conditions_hold(statement, question.context, missing)
end

local function statements_of(document)
  local statements = document.Statement or {}
  return statements.Effect and { statements } or statements
end

---@param documents { name: string, document: table }[]
---@param question PolicyQuestion
---@return "allowed"|"explicitDeny"|"implicitDeny" decision
---@return string[] matched names of the policies that decided
---@return table<string, boolean> missing condition keys that the request does not have
function policy.decide(documents, question)
  local allowed, denied, missing = {}, {}, {}
  for _, one in ipairs(documents) do
    for _, statement in ipairs(statements_of(one.document)) do
      if applies(statement, question, missing) then table.insert(statement.Effect == "Deny" and denied or allowed, one.name) end
    end
  end
  if #denied > 0 then return "explicitDeny", denied, missing end
  if #allowed > 0 then return "allowed", allowed, missing end
  return "implicitDeny", {}, missing
end

return policy
