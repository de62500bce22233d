-- What a plan shows of parameters that are secret.
local spec = require "spec"

local function plan()
  local run = spec.run { runbook = "tests/lua/runbooks/secrets.lua", plan = true }
  spec.expect(run.exit, 0)
  return run
end

spec.test("a plan hides what AWS's models call sensitive, however short", function()
  local run = plan()
  spec.expect(json.decode(json.encode(run:of "step.planned"[1].calls)), {
    { action = "secretsmanager:CreateSecret", params = { Name = "a", SecretString = "[secret]" } },
    { action = "iam:CreateLoginProfile", params = { UserName = "(known after apply)", Password = "[secret]" } },
    {
      action = "ecs:RegisterTaskDefinition",
      params = {
        family = "web",
        containerDefinitions = { { name = "web", environment = { { name = "[secret]", value = "[secret]" } } } },
      },
    },
  })
end)

spec.test("so do its single calls", function()
  for _, call in ipairs(plan():of "call.planned") do
    local text = json.encode(call)
    for _, secret in ipairs { "hunter", "short" } do spec.expect(text:find(secret, 1, true), nil, text) end
  end
end)
