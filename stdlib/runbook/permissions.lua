--- Which of the actions that a runbook declares the caller may do, as IAM's policy simulator says it.

local aws = require "aws"
local iam_actions = require "iam_actions"
local model = require "host.aws"

local permissions = {}

---@class Grant
---@field action string as declared
---@field state "ok"|"failed"|"unknown"
---@field note? string

-- "ecs:Describe*" → the actions behind the operations that it stands for; what the models do not know stands for itself.
local function actions_of(declared)
  local list, seen = {}, {}
  local operations = model.actions(declared)
  if #operations == 0 and not declared:find("*", 1, true) then operations = { { action = declared } } end
  for _, operation in ipairs(operations) do
    for _, action in ipairs(iam_actions.of(operation.action)) do
      if not seen[action] then
        seen[action] = true
        list[#list + 1] = action
      end
    end
  end
  return list
end

---Does any of the declared actions change something?
---@param declared string[]
---@return boolean
function permissions.change(declared)
  for _, one in ipairs(declared) do
    local operations = model.actions(one)
    if #operations == 0 then return true end
    for _, operation in ipairs(operations) do
      if operation.effect == "change" or operation.effect == "destroy" then return true end
    end
  end
  return false
end

-- ---- asking the simulator -------------------------------------------------------------------------

local function why_denied(result)
  local organisation, boundary = result.OrganizationsDecisionDetail, result.PermissionsBoundaryDecisionDetail
  if organisation and organisation.AllowedByOrganizations == false then return "a service control policy does not allow it" end
  if boundary and boundary.AllowedByPermissionsBoundary == false then return "the permissions boundary does not allow it" end
  if result.EvalDecision ~= "explicitDeny" then return "no policy allows it" end
  local statement = (result.MatchedStatements or {})[1]
  return "denied explicitly" .. (statement and statement.SourcePolicyId and (" by policy " .. statement.SourcePolicyId) or "")
end

local function is_allowed(result)
  for _, specific in ipairs(result.ResourceSpecificResults or {}) do
    if specific.EvalResourceDecision == "allowed" then return true end
  end
  return result.EvalDecision == "allowed"
end

-- Conditions that the simulator knows no values for leave it open.
local function verdict_of(result)
  if is_allowed(result) then return { state = "ok" } end
  local missing = result.MissingContextValues or {}
  if result.EvalDecision == "implicitDeny" and #missing > 0 then
    return { state = "unknown", note = "it depends on " .. table.concat(missing, ", ") }
  end
  return { state = "failed", note = why_denied(result), is_explicit = result.EvalDecision == "explicitDeny" }
end

local RANK = { failed = 1, unknown = 2, ok = 3 }

-- action → verdict, the best over the resources. Raises what the call raises.
local function simulate(principal, actions, resources)
  local verdicts = {}
  local pages = aws.iam.pages.simulate_principal_policy {
    PolicySourceArn = principal, ActionNames = actions, ResourceArns = resources,
  }
  for result in pages do
    local verdict, known = verdict_of(result), verdicts[result.EvalActionName]
    if not known or RANK[verdict.state] > RANK[known.state] then verdicts[result.EvalActionName] = verdict end
  end
  return verdicts
end

-- A session of a role is judged by its role, whose path only IAM knows.
local function principal_of(arn)
  local partition, account, role = arn:match "^arn:([%w-]+):sts::(%d+):assumed%-role/([^/]+)/"
  if not role then return arn end
  local answer = aws.iam.try_get_role { RoleName = role }
  return answer and answer.Role.Arn or ("arn:%s:iam::%s:role/%s"):format(partition, account, role)
end

-- What is allowed on some resources only is not allowed on "*": those that the run works on are tried then.
local function simulate_narrowly(principal, verdicts, resources)
  local again = {}
  for action, verdict in pairs(verdicts) do
    if verdict.state == "failed" and not verdict.is_explicit then again[#again + 1] = action end
  end
  if #again == 0 or #resources == 0 then return end
  table.sort(again)
  for action, verdict in pairs(simulate(principal, again, resources)) do verdicts[action] = verdict end
end

-- Of a pattern one action is enough: which of them the runbook uses, it does not say.
local function grant_of(declared, actions, verdicts)
  local best, worst = nil, nil
  for _, action in ipairs(actions) do
    local verdict = verdicts[action] or { state = "unknown", note = "the policy simulator does not tell" }
    if not best or RANK[verdict.state] > RANK[best.state] then best = verdict end
    if not worst or RANK[verdict.state] < RANK[worst.state] then worst = verdict end
  end
  local chosen = declared:find("*", 1, true) and best or worst or { state = "unknown", note = "no operation is known of that name" }
  return { action = declared, state = chosen.state, note = chosen.note }
end

---@param caller string the ARN of GetCallerIdentity
---@param declared string[] as in needs.aws
---@param resources string[] ARNs that the run works on
---@return Grant[]? grants nil: it cannot be told
---@return string? why
function permissions.ask(caller, declared, resources)
  if caller:match ":root$" then
    local grants = {}
    for i, action in ipairs(declared) do grants[i] = { action = action, state = "ok" } end
    return grants
  end
  if not caller:match ":user/" and not caller:match ":assumed%-role/" then
    return nil, "the policy simulator knows users and roles only"
  end
  local by_declared, all = {}, {}
  for i, one in ipairs(declared) do
    by_declared[i] = actions_of(one)
    table.move(by_declared[i], 1, #by_declared[i], #all + 1, all)
  end
  local ran, verdicts = pcall(function()
    local principal = principal_of(caller)
    local found = simulate(principal, all, { "*" })
    simulate_narrowly(principal, found, resources)
    return found
  end)
  if not ran then return nil, tostring(verdicts) end
  local grants = {}
  for i, one in ipairs(declared) do grants[i] = grant_of(one, by_declared[i], verdicts) end
  return grants
end

return permissions
