--- SimulatePrincipalPolicy: what a principal's policies would say.

local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"
local policy = require "sim.iam.policy"

local operations = {}

local ACCOUNT_PART = "^arn:[%w-]+:iam::(%d+):(.+)$"

local function invalid(format, ...)
  fail("InvalidInput", format, ...)
end

local function find_principal(world, arn)
  local account, name = arn:match(ACCOUNT_PART)
  if not account or not (name:match "^user/" or name:match "^role/" or name:match "^group/") then
    invalid("Invalid Entity Arn: %s does not clearly define entity type and name.", arn)
  end
  for _, kind in ipairs { world.iam.users, world.iam.roles } do
    for _, principal in pairs(kind) do
      if principal.arn == arn then return principal end
    end
  end
  fail.raise { code = "NoSuchEntity", message = ("The entity with ARN %s cannot be found."):format(arn), status = 404 }
end

local function read_documents(texts, prefix)
  local documents = {}
  for i, text in ipairs(texts or {}) do
    local document = host.parse_json(text)
    if type(document) ~= "table" then invalid("Syntax errors in policy.") end
    documents[i] = { name = prefix .. i, document = document }
  end
  return documents
end

local function read_context(entries)
  local context = {}
  for _, entry in ipairs(entries or {}) do
    if entry.ContextKeyName then context[entry.ContextKeyName:lower()] = entry.ContextKeyValues or {} end
  end
  return context
end

local function check_actions(names)
  for _, name in ipairs(names) do
    if not name:match "^[%w-]+:[%w]+$" then
      invalid("Invalid Action: %s. Wildcards are not supported in action names.", name)
    end
  end
end

local function shape_of(matched)
  local list = host.array {}
  for i, name in ipairs(matched) do list[i] = { SourcePolicyId = name, SourcePolicyType = "IAM Policy" } end
  return list
end

local function evaluate(documents, boundary, question)
  local decision, matched, missing = policy.decide(documents, question)
  local detail
  if boundary then
    local bounded = policy.decide(boundary, question)
    detail = { AllowedByPermissionsBoundary = bounded == "allowed" }
    if bounded == "explicitDeny" then decision = bounded end
    if decision == "allowed" and bounded ~= "allowed" then decision = "implicitDeny" end
  end
  local keys = host.array {}
  for key in pairs(missing) do keys[#keys + 1] = key end
  table.sort(keys)
  return {
    EvalActionName = question.action, EvalResourceName = question.resource, EvalDecision = decision,
    MatchedStatements = shape_of(matched), MissingContextValues = keys, PermissionsBoundaryDecisionDetail = detail,
  }
end

function operations.simulate_principal_policy(world, input)
  local principal = find_principal(world, input.PolicySourceArn)
  check_actions(input.ActionNames)
  local documents = table.move(principal.policies, 1, #principal.policies, 1, {})
  for _, one in ipairs(read_documents(input.PolicyInputList, "PolicyInputList.")) do documents[#documents + 1] = one end
  local boundary = principal.boundary
  if input.PermissionsBoundaryPolicyInputList then
    boundary = read_documents(input.PermissionsBoundaryPolicyInputList, "PermissionsBoundaryPolicyInputList.")
  end
  local resources = input.ResourceArns and #input.ResourceArns > 0 and input.ResourceArns or { "*" }
  local results, context = {}, read_context(input.ContextEntries)
  for _, action in ipairs(input.ActionNames) do
    for _, resource in ipairs(resources) do
      results[#results + 1] = evaluate(documents, boundary, { action = action, resource = resource, context = context })
    end
  end
  local page, marker = pages.cut(results, {
    size = input.MaxItems, token = input.Marker, most = 100, invalid = "InvalidInput",
    key = function(result) return result.EvalActionName .. " " .. result.EvalResourceName end,
  })
  return { EvaluationResults = host.array(page), IsTruncated = marker ~= nil, Marker = marker }
end

return operations
