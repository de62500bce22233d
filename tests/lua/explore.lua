--- Runbooks under many courses of faults.

local spec = require "spec"

spec.test("an emergency rollback comes to the same end whatever the control plane does", function()
  spec.expect(spec.explore { runbook = "emergency_rollback", runs = 60 }, 60)
end)

spec.test("and so it does with the tasks stopped first", function()
  spec.explore { runbook = "emergency_rollback", args = { "--order", "stop-first" }, runs = 30, from = 1000 }
end)

spec.test("a change that is made twice is found, with the fewest faults that do it, and the command that does it again", function()
  local ok, problem = pcall(spec.explore, { runbook = "tests/lua/runbooks/careless.lua", runs = 200 })
  spec.expect(ok, false)
  local text, again = tostring(problem), problem.more
  spec.expect(text:find('it comes to another end: ecs["revisions of careless"] is 2, not 1', 1, true) ~= nil, true, text)
  spec.expect(again:match "^again: gwrun tests/lua/runbooks/careless.lua %-%-sim %-%-seed %d+ %-%-fault '%a+ ecs:RegisterTaskDefinition nth=%d'$" ~= nil,
    true, again)
end)
