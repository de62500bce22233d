-- logs:StartLiveTail in the simulator: a stream of events from the wire to the loop, on the virtual clock.
local spec = require "spec"

local function found(case)
  local run = spec.run { runbook = "tests/lua/runbooks/live_tail.lua", args = { "--case", case } }
  spec.expect(run.exit, 0, case)
  local values = {}
  for _, event in ipairs(run:of "evidence") do values[event.name] = event.value end
  return values, run
end

local function expect_all(case, expected)
  local values, run = found(case)
  for name, value in pairs(expected) do spec.expect(values[name], value, name) end
  return run
end

spec.test("a session says first what it tails", function()
  expect_all("start", {
    filter = "ERROR", id = 36,
    group = "arn:aws:logs:us-east-1:758888582357:log-group:/ecs/busyb-google-workspace-mcp",
  })
end)

spec.test("an update each second has the lines since the one before, and no others", function()
  local run = expect_all("follow", { seconds = true, lines = true, same = true, nothing = 0, ["no stream"] = 0 })
  local ends = run:of "call.stream"
  spec.expect(#ends, 3)
  spec.expect(ends[1].outcome, "ok")
  spec.expect(ends[1].events, 121)
end)

spec.test("a slow reader gets all lines too", function()
  expect_all("slow", { lines = true })
end)

spec.test("sessions go on beside each other and beside calls", function()
  expect_all("parallel", { same = true, groups = true })
end)

spec.test("after three hours a session ends with an error", function()
  expect_all("three_hours", { ok = false, code = "SessionTimeoutException", hours = 3, updates = 10799 })
end)

spec.test("what cannot be tailed is refused", function()
  expect_all("refused", {
    missing = "ResourceNotFoundException", both = "InvalidParameterException", star = "InvalidParameterException",
  })
end)
