local spec = require "spec"

local GROUP = "/ecs/busyb-google-workspace-mcp"

local function on(world, days, more)
  local request = { runbook = "log_retention", params = { days = days } }
  for key, value in pairs(more or {}) do request[key] = value end
  return world:run(request)
end

local function kept(world)
  return world.logs.describe_log_groups { logGroupNamePrefix = GROUP }.logGroups[1].retentionInDays
end

spec.test("without --days it is only shown", function()
  local ended = on(spec.world())
  ended:expect_exit(0)
  ended:expect_event("note", { text = GROUP .. ": kept 30 days, 0.0 MiB stored" })
  ended:expect_changes {}
end)

spec.test("it is set and proven; a second time there is nothing to do; undo brings the old one back", function()
  local world = spec.world()
  local ended = on(world, "60")
  ended:expect_exit(0)
  ended:expect_changes { { "logs:PutRetentionPolicy", retentionInDays = 60 } }
  spec.expect(kept(world), 60)
  on(world, "60"):expect_changes {}
  ended:undo {}
  spec.expect(kept(world), 30)
end)

spec.test("never to expire, there and back", function()
  local world = spec.world()
  local ended = on(world, "never")
  ended:expect_changes { { "logs:DeleteRetentionPolicy" } }
  spec.expect(kept(world), nil)
  ended:undo {}
  spec.expect(kept(world), 30)
end)

spec.test("a shorter time deletes for good: the name of the log has to be typed", function()
  local world = spec.world()
  local wrong = on(world, "7", { answers = { { "what is older than 7 days is deleted for good", "yes" } } })
  wrong:expect_exit(4)
  spec.expect(kept(world), 30)
  on(world, "7", { answers = { GROUP } }):expect_exit(0)
  spec.expect(kept(world), 7)
  on(world, "60", { answers = { { "retention: 7 days -> 60 days", "yes" } } }):expect_exit(0)
end)

spec.test("days that CloudWatch does not take are refused with those that it does", function()
  local ended = on(spec.world(), "45")
  ended:expect_exit(2)
  ended:expect_changes {}
  assert(ended:finish().text:find("--days 45: CloudWatch takes never (to expire), 1, 3, 5, 7, 14, 30, 60,", 1, true), ended:finish().text)
end)

spec.test("the plan shows it; no such group: 2; no rights: 6; throttled it goes on by itself", function()
  local plan = on(spec.world(), "60", { plan = true })
  plan:expect_planned { { "logs:PutRetentionPolicy", retentionInDays = 60 } }
  plan:expect_changes {}
  spec.run({ runbook = "log_retention", params = { days = "60", log_group = "/ecs/gone" } }):expect_exit(2)
  local denied = spec.world { world = { policy = { { Effect = "Allow", Action = "logs:Describe*", Resource = "*" } } } }
  on(denied, "60"):expect_exit(6)
  on(spec.world { world = { faults = { "throttle * times=2" } } }, "60"):expect_exit(0)
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "log_retention", params = { days = "60" }, runs = 20 }
end)
