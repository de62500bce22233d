--- What a role may do, as IAM's simulator says.

local aws = require "aws"
local failure = require "failure"

local roles = {}

---Which of the actions a role may not do.
---@param role string ARN
---@param questions { action: string, resource?: string }[]
---@return { action: string, resource: string, decision: string }[]? denied nil: IAM could not be asked
---@return string? why not
function roles.denied(role, questions)
  local denied = {}
  for _, one in ipairs(questions) do
    local answer, err = aws.iam.try_simulate_principal_policy {
      PolicySourceArn = role, ActionNames = { one.action }, ResourceArns = { one.resource or "*" },
    }
    if err and err.code == "NoSuchEntity" then return { { action = "sts:AssumeRole", resource = role, decision = "the role does not exist" } } end
    if err then return nil, failure.text(err) end
    for _, result in ipairs(answer.EvaluationResults) do
      if result.EvalDecision ~= "allowed" then
        denied[#denied + 1] = { action = one.action, resource = one.resource or "*", decision = result.EvalDecision }
      end
    end
  end
  return denied
end

---Adds a finding for what a role may not do.
---@param context DiagnosisContext
---@param which string "execution role"
---@param role? string ARN
---@param questions { action: string, resource?: string }[]
---@param finding { cause: string, solution: string }
function roles.check(context, which, role, questions, finding)
  if not role then
    context.add { severity = "high", text = ("the task definition names no %s"):format(which), cause = finding.cause, solution = finding.solution }
    return
  end
  local denied, why = roles.denied(role, questions)
  if not denied then return context.fine(("what the %s may do could not be asked: %s"):format(which, why)) end
  for _, one in ipairs(denied) do
    context.add {
      severity = "high", text = ("the %s may not %s"):format(which, one.action), evidence = ("%s on %s: %s"):format(role:match "[^/]+$", one.resource, one.decision),
      cause = finding.cause, solution = finding.solution,
    }
  end
  if #denied == 0 then context.fine(("the %s may do what it must"):format(which)) end
end

return roles
