local spec = require "spec"

local function states(run)
  local list = {}
  for i, check in ipairs(run:of "check") do list[i] = check.state end
  return list
end

-- The two items of a person are put off, and the document is not written.
local ANSWERS = { { "document the incident", "later" }, { "plan a fix", "later" }, { "write incident.md", "no" } }

spec.test("after a rollback seven items are proven, the last of them inside the task, and two are left for a person", function()
  local world = spec.world()
  world:run { runbook = "emergency_rollback" }
  world:pass "5m"
  local ended = world:run { runbook = "rollback_checklist", params = { revision = 2 }, answers = ANSWERS }
  spec.expect(states(ended), { "ok", "ok", "ok", "ok", "ok", "ok", "ok", "manual", "manual" })
  assert(ended:of "check"[7].note:find "^inside task %x+ http://localhost:8000/health answers 200$", ended:of "check"[7].note)
  spec.expect(ended:finish().left, { "document the incident and its root cause", "plan a fix for what caused the rollback" })
end)

spec.test("what is not so is told, with what is, and exit code 3", function()
  local world = spec.world()
  local ended = world:run { runbook = "rollback_checklist", params = { revision = 2, settle = "5s" }, answers = ANSWERS }
  spec.expect(states(ended)[1], "failed")
  assert(ended:of "check"[1].note:find("busyb-google-workspace-mcp:3", 1, true), ended:of "check"[1].note)
end)

spec.test("the plan shows that the document would be written", function()
  local ended = spec.run { runbook = "rollback_checklist", plan = true }
  ended:expect_exit(0)
  spec.expect(ended:of "step.planned"[1].calls[1].action, "write file incident.md")
end)
