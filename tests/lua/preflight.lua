-- Before a run changes anything: is everything there that it needs?
local spec = require "spec"

local USER = "arn:aws:iam::758888582357:user/oncall"
local ALLOW_ALL = { Effect = "Allow", Action = "*", Resource = "*" }

local function rehearse(world, more)
  local request = { runbook = "emergency_rollback", world = world, preflight = true }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

local function deny(...)
  return { ALLOW_ALL, { Effect = "Deny", Action = { ... }, Resource = "*" } }
end

-- What preflight found: "[state] text: note"
local function findings(run)
  local list = {}
  for _, check in ipairs(run:of "check") do
    if check.list == "Preflight" then
      list[#list + 1] = ("[%s] %s%s"):format(check.state, check.text, check.note and (": " .. check.note) or "")
    end
  end
  return list
end

local function has(run, line)
  for _, one in ipairs(findings(run)) do
    if one == line then return end
  end
  error(("no '%s' in:\n%s"):format(line, table.concat(findings(run), "\n")), 2)
end

local function stopped(run, exit)
  spec.expect(run.exit, exit)
  spec.expect(run:changes(), {})
  spec.expect(#run:of "step.started", 0)
end

spec.test("a run begins with whose account it is, whether credentials last, the clock, rights and targets", function()
  local run = rehearse()
  spec.expect(run.exit, 0)
  spec.expect(findings(run), {
    "[ok] account 758888582357, PRODUCTION (simulated): " .. USER .. ", credentials from simulator",
    "[ok] the credentials last for the run: no expiry is known of them",
    "[ok] the clock is right",
    "[ok] 13 of 13 declared actions are allowed",
    "[ok] service busyb-google-workspace-mcp-service in cluster busyb-cluster is there",
    "[ok] target group busyb-google-workspace is there",
    "[ok] log group /ecs/busyb-google-workspace-mcp is there",
  })
  spec.expect(run:of "check"[1].alert, true)
end)

spec.test("a missing right stops the run before step 1 and is named, with exit code 6", function()
  local run = rehearse { policy = deny "ecs:StopTask" }
  stopped(run, 6)
  has(run, "[ok] 12 of 13 declared actions are allowed")
  has(run, "[failed] ecs:StopTask is allowed: denied explicitly by policy oncall")
  spec.expect(run:finish().text, "preflight: not so: ecs:StopTask is allowed: denied explicitly by policy oncall")
end)

spec.test("a caller whom AWS does not know is told once", function()
  local run = rehearse { faults = { "expired" } }
  stopped(run, 6)
  spec.expect(#findings(run), 1)
  spec.expect(findings(run)[1]:match "^%[failed%] AWS knows the caller: sts:GetCallerIdentity: ", "[failed] AWS knows the caller: sts:GetCallerIdentity: ")
end)

spec.test("a right that only a parameter asks for is looked for where that is given", function()
  local topic = { args = { "--sns", "arn:aws:sns:us-east-1:758888582357:busyb-alerts" } }
  spec.expect(rehearse({ policy = deny "sns:Publish" }).exit, 0)
  local run = rehearse({ policy = deny "sns:Publish" }, topic)
  stopped(run, 6)
  has(run, "[ok] 13 of 14 declared actions are allowed")
end)

spec.test("all that is missing is told at once", function()
  local run = rehearse({ policy = deny("ecs:StopTask", "ecs:UpdateService") },
    { args = { "--log-group", "/ecs/elsewhere", "--service", "another" } })
  stopped(run, 6)
  spec.expect(run:finish().text, "preflight: not so: ecs:UpdateService is allowed: denied explicitly by policy oncall; "
    .. "ecs:StopTask is allowed: denied explicitly by policy oncall; "
    .. "service another in cluster busyb-cluster is there: there is no such service; "
    .. "log group /ecs/elsewhere is there: there is no such log group")
end)

spec.test("a target that does not exist stops the run with exit code 2", function()
  local run = rehearse(nil, { args = { "--cluster", "nowhere" } })
  stopped(run, 2)
  spec.expect(run:finish().outcome, "refused")
  has(run, "[failed] service busyb-google-workspace-mcp-service in cluster nowhere is there: there is no such cluster")
end)

spec.test("where the caller may not ask the policy simulator, rights are unknown and the run goes on", function()
  local run = rehearse { policy = deny "iam:*" }
  spec.expect(run.exit, 0)
  spec.expect(findings(run)[4]:match "^(.-) with", "[unknown] the declared actions are allowed: "
    .. "iam:SimulatePrincipalPolicy: User: " .. USER
    .. " is not authorized to perform: iam:SimulatePrincipalPolicy on resource: " .. USER)
end)

spec.test("rights on single resources only are enough where they are those of the run", function()
  local arn = "arn:aws:ecs:us-east-1:758888582357:"
  local run = rehearse { policy = {
    { Effect = "Allow", Action = { "ecs:Describe*", "ecs:List*", "elasticloadbalancing:Describe*", "logs:*", "iam:Simulate*" }, Resource = "*" },
    { Effect = "Allow", Action = "ecs:UpdateService", Resource = arn .. "service/busyb-cluster/*" },
    { Effect = "Allow", Action = "ecs:StopTask", Resource = arn .. "task/busyb-cluster/*" },
  } }
  spec.expect(run.exit, 0)
  has(run, "[ok] 13 of 13 declared actions are allowed")
end)

spec.test("rights on other resources are not", function()
  local run = rehearse { policy = {
    { Effect = "Allow", Action = { "ecs:Describe*", "ecs:List*", "ecs:StopTask", "elasticloadbalancing:*", "logs:*", "iam:*" }, Resource = "*" },
    { Effect = "Allow", Action = "ecs:UpdateService", Resource = "arn:aws:ecs:us-east-1:758888582357:service/green/*" },
  } }
  stopped(run, 6)
  has(run, "[failed] ecs:UpdateService is allowed: no policy allows it")
end)

spec.test("a session of a role has the rights of its role, wherever that stands in IAM", function()
  local run = rehearse { as_role = true, policy = deny "ecs:StopTask" }
  stopped(run, 6)
  has(run, "[ok] account 758888582357, PRODUCTION (simulated): arn:aws:sts::758888582357:assumed-role/oncall/ana, credentials from simulator")
  has(run, "[failed] ecs:StopTask is allowed: denied explicitly by policy oncall")
end)

spec.test("credentials that end too soon stop the run, and are said to end when they do", function()
  local run = rehearse { credentials_last = 600 }
  stopped(run, 6)
  has(run, "[failed] the credentials last for the run: until 2025-11-12T03:22:00Z, 10m from now; "
    .. "the run is given 15m: renew them first")
  run = rehearse { credentials_last = 3600 }
  spec.expect(run.exit, 0)
  has(run, "[ok] the credentials last for the run: until 2025-11-12T04:12:00Z, 1h from now")
end)

spec.test("a clock that is minutes off stops the run, one that is half a minute off is shown", function()
  local run = rehearse { clock_ahead = 1200 }
  stopped(run, 2)
  has(run, "[failed] the clock is right: this machine's is 20m behind AWS's")
  run = rehearse { clock_ahead = -60 }
  spec.expect(run.exit, 0)
  has(run, "[unknown] the clock is right: this machine's is 1m ahead of AWS's")
end)

spec.test("a plan tells what is missing and goes on", function()
  local run = rehearse({ policy = deny "ecs:StopTask" }, { plan = true })
  spec.expect(run.exit, 0)
  has(run, "[failed] ecs:StopTask is allowed: denied explicitly by policy oncall")
  spec.expect(run:of "warning"[1].text, "a run would stop here: preflight finds 1 missing")
  spec.expect(#run:of "step.planned", 2)
end)

spec.test("--no-preflight skips it, with a warning", function()
  local run = rehearse({ credentials_last = 600 }, { preflight = false })
  spec.expect(run.exit, 0)
  spec.expect(findings(run), {})
  spec.expect(run:of "warning"[1].text, "no preflight: whether everything needed is there shows on the way")
end)

spec.test("a run that changes nothing is not looked at", function()
  local run = spec.run { runbook = "tests/lua/runbooks/reads.lua", preflight = true, world = { credentials_last = 600 } }
  spec.expect(run.exit, 0)
  spec.expect(findings(run), {})
end)

spec.test("what the engine may call for itself a runbook still has to declare", function()
  local run = spec.run { runbook = "tests/lua/runbooks/undeclared_identity.lua" }
  spec.expect(run.exit, 4)
  spec.expect(run:finish().text, "sts:GetCallerIdentity: not declared in this runbook's needs.aws; "
    .. 'add "sts:GetCallerIdentity" (refused before anything was sent)')
end)

-- ---- the simulated IAM -----------------------------------------------------------------------------

local function simulated(request, world)
  local run = spec.run { runbook = "tests/lua/runbooks/policies.lua", args = { "--request", json.encode(request) }, world = world }
  spec.expect(run.exit, 0, run:finish().text)
  local found = {}
  for _, evidence in ipairs(run:of "evidence") do found[evidence.name] = evidence.value end
  return found
end

local function policy_text(...)
  return { json.encode { Version = "2012-10-17", Statement = { ... } } }
end

spec.test("the simulated IAM: an explicit deny wins, then an allow, for each action and resource", function()
  local found = simulated({
    PolicySourceArn = USER, ActionNames = { "s3:GetObject", "s3:PutObject" },
    ResourceArns = { "arn:aws:s3:::a/1", "arn:aws:s3:::b/1" },
  }, { policy = {
    { Effect = "Allow", Action = "s3:Get*", Resource = "*" }, { Effect = "Deny", NotAction = "s3:Put*", Resource = "arn:aws:s3:::b/?" },
    { Effect = "Allow", Action = "iam:*", Resource = "*" },
  } })
  spec.expect(found.decisions, {
    "s3:GetObject arn:aws:s3:::a/1 allowed", "s3:GetObject arn:aws:s3:::b/1 explicitDeny",
    "s3:PutObject arn:aws:s3:::a/1 implicitDeny", "s3:PutObject arn:aws:s3:::b/1 implicitDeny",
  })
end)

spec.test("the simulated IAM: a condition whose key is not given is missing, and does not allow", function()
  local statement = { Effect = "Allow", Action = "ecs:RunTask", Resource = "*", Condition = { StringLike = { ["aws:ResourceTag/team"] = "op*" } } }
  local request = { PolicySourceArn = USER, ActionNames = { "ecs:RunTask" } }
  local policy = { statement, { Effect = "Allow", Action = "iam:*", Resource = "*" } }
  local found = simulated(request, { policy = policy })
  spec.expect(found.decisions, { "ecs:RunTask * implicitDeny" })
  spec.expect(found.missing, { "aws:ResourceTag/team" })
  request.ContextEntries = { { ContextKeyName = "aws:resourcetag/team", ContextKeyValues = { "ops" }, ContextKeyType = "string" } }
  spec.expect(simulated(request, { policy = policy }).decisions, { "ecs:RunTask * allowed" })
end)

spec.test("the simulated IAM: further policies and a boundary come with the request", function()
  local request = {
    PolicySourceArn = USER, ActionNames = { "ecs:StopTask", "ecs:RunTask" },
    PolicyInputList = policy_text { Effect = "Allow", Action = "ecs:*", Resource = "*" },
    PermissionsBoundaryPolicyInputList = policy_text { Effect = "Allow", Action = "ecs:Stop*", Resource = "*" },
  }
  spec.expect(simulated(request, { policy = { { Effect = "Allow", Action = "iam:*", Resource = "*" } } }).decisions,
    { "ecs:StopTask * allowed", "ecs:RunTask * implicitDeny" })
end)

spec.test("the simulated IAM refuses as AWS does", function()
  local function refusal(request) return simulated(request).refused end
  spec.expect(refusal { PolicySourceArn = "arn:aws:iam::758888582357:user/nobody", ActionNames = { "ecs:RunTask" } },
    { code = "NoSuchEntity", status = 404 })
  spec.expect(refusal { PolicySourceArn = "arn:aws:sts::758888582357:assumed-role/oncall/ana", ActionNames = { "ecs:RunTask" } },
    { code = "InvalidInput", status = 400 })
  spec.expect(refusal { PolicySourceArn = USER, ActionNames = { "ecs:Describe*" } }, { code = "InvalidInput", status = 400 })
  spec.expect(refusal { PolicySourceArn = USER, ActionNames = { "ecs:RunTask" }, PolicyInputList = { "{" } },
    { code = "InvalidInput", status = 400 })
end)

spec.test("the simulated services refuse what a policy does not allow, in AWS's words", function()
  local run = rehearse({ policy = deny "ecs:UpdateService" }, { preflight = false })
  spec.expect(run.exit, 6)
  spec.expect(run:finish().text:match "^(.-) %(Acc",
    "stopped in step 1: ecs:UpdateService: User: " .. USER .. " is not authorized to perform: ecs:UpdateService on resource: "
    .. "arn:aws:ecs:us-east-1:758888582357:service/busyb-cluster/busyb-google-workspace-mcp-service"
    .. " with an explicit deny in an identity-based policy")
end)
