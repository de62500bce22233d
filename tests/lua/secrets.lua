-- What a plan shows of parameters that are secret.
local spec = require "spec"

local function plan()
  local run = spec.run { runbook = "tests/lua/runbooks/secrets.lua", plan = true }
  spec.expect(run.exit, 0)
  return run
end

local function params_of(run)
  local list = {}
  for i, call in ipairs(run:of "step.planned"[1].calls) do list[i] = { call.action, call.params } end
  return list
end

spec.test("a plan hides what AWS's models call sensitive, however short", function()
  spec.expect(params_of(plan()), {
    { "secretsmanager:CreateSecret", { Name = "a", SecretString = "[secret]" } },
    { "iam:CreateLoginProfile", { UserName = "(known after apply)", Password = "[secret]" } },
    {
      "ecs:RegisterTaskDefinition",
      {
        family = "web",
        containerDefinitions = { { name = "web", environment = { { name = "[secret]", value = "[secret]" } } } },
      },
    },
  })
end)

spec.test("what it makes of what is there hides them too", function()
  local calls = plan():of "step.planned"[1].calls
  spec.expect(calls[1].changes, { { path = "SecretString", kind = "added", to = "[secret]", secret = true } })
  spec.expect(calls[3].changes, {
    { path = "containerDefinitions[web].environment", kind = "added", to = { { name = "[secret]", value = "[secret]" } } },
    { path = "containerDefinitions[web].name", kind = "added", to = "web" },
  })
end)

spec.test("no event of it tells them", function()
  for _, event in ipairs(plan().events) do
    local text = json.encode(event)
    for _, secret in ipairs { "hunter", "short" } do spec.expect(text:find(secret, 1, true), nil, text) end
  end
end)
