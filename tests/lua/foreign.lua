--- If what the run works on is changed from outside while it runs, the run says what changed, when and by whom where
--- CloudTrail tells, and stops to ask.

local spec = require "spec"

local PIPELINE = "arn:aws:iam::758888582357:user/github-actions-google-workspace-mcp"

local function run(how)
  how.runbook = "tests/lua/runbooks/watched.lua"
  return spec.run(how)
end

local function meanwhile(after, extra)
  local world = { deployed_ago = 60, foreign = { after = after, change = { desiredCount = 4 } } }
  for name, value in pairs(extra or {}) do world[name] = value end
  return world
end

spec.test("what the run's own steps change is no news", function()
  local ended = run { world = { deployed_ago = 60 } }
  ended:expect_exit(0)
  spec.expect(#ended:of "foreign.change", 0)
end)

spec.test("while it waits: what changed, who did it and when; without anybody to ask it stops before the next change", function()
  local ended = run { world = meanwhile(30) }
  ended:expect_exit(4)
  local change = ended:of "foreign.change"[1]
  spec.expect(change.changes, { { path = "desiredCount", from = "2", to = "4" } })
  spec.expect_match(change.who, { by = PIPELINE, action = "ecs:UpdateService" })
  ended:expect_output("service busyb-google-workspace-mcp-service was changed by somebody else: desiredCount: 2 -> 4; by " .. PIPELINE)
  ended:expect_changes { { "ecs:UpdateService", desiredCount = 2 } }
end)

spec.test("also where much else happened since", function()
  local ended = run { world = { deployed_ago = 60, foreign = { after = 30, change = { desiredCount = 4 }, others = 120 } } }
  spec.expect_match(ended:of "foreign.change"[1].who, { by = PIPELINE, action = "ecs:UpdateService" })
end)

spec.test("CloudTrail may not know yet", function()
  local ended = run { world = meanwhile(30, { trail_delay = 900 }) }
  ended:expect_exit(4)
  spec.expect(ended:of "foreign.change"[1].who, nil)
  ended:expect_output "CloudTrail knows of no call; it tells up to 15 minutes late"
end)

spec.test("--on-foreign-change accept goes on with it as it is", function()
  local ended = run { world = meanwhile(30), on_foreign_change = "accept" }
  ended:expect_exit(0)
  ended:expect_event("foreign.answered", { answer = "go on", by = "--on-foreign-change accept" })
  ended:expect_changes { { "ecs:UpdateService", desiredCount = 2 }, { "ecs:UpdateService", desiredCount = 3 } }
end)

spec.test("the operator is asked: go on, undo or stop", function()
  local question = "desiredCount: 2 -> 4"
  local function ask(answer) return run { world = meanwhile(30), answers = { { "Scale to 2", "yes" }, { question, answer }, { "", "yes" } } } end
  local on = ask "g"
  on:expect_exit(0)
  on:expect_event("foreign.answered", { answer = "go on" })
  local undone = ask "u"
  undone:expect_exit(4)
  undone:expect_changes { { "ecs:UpdateService", desiredCount = 2 }, { "ecs:UpdateService", desiredCount = 1 } }
  local stopped = run { world = meanwhile(30), answers = { { "Scale to 2", "yes" }, { question, "q" } } }
  stopped:expect_exit(4)
  stopped:expect_changes { { "ecs:UpdateService", desiredCount = 2 } }
end)

spec.test("a plan watches nothing", function()
  local plan = run { world = meanwhile(1), plan = true }
  spec.expect(#plan:of "watched", 0)
end)

spec.test("a step that is done is not failed by what cannot be read after it; what is there later is then the state of things", function()
  local ended = spec.run { runbook = "tests/lua/runbooks/watched_unread.lua" }
  ended:expect_exit(0)
  ended:expect_changes { { "ecs:UpdateService", desiredCount = 2 } }
  spec.expect(#ended:of "step.failed", 0)
  spec.expect(#ended:of "foreign.change", 0)
  ended:expect_output "the thing cannot be read after the change: the thing does not answer"
end)

spec.test("what a branch changes is no news, though another branch was in the middle of its step", function()
  local ended = spec.run { runbook = "tests/lua/runbooks/watched_branches.lua" }
  ended:expect_exit(0)
  spec.expect(#ended:of "foreign.change", 0)
end)
