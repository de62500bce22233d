--- What goes wrong with calls in the simulator, and what a run makes of it. docs/faults.md.

local spec = require "spec"

local function rehearse(faults, more)
  local request = { runbook = "emergency_rollback", world = { faults = faults } }
  for name, value in pairs(more or {}) do request[name] = value end
  return spec.run(request)
end

local function calls_of(run, action)
  local list = {}
  for _, call in ipairs(run:of "call") do
    if call.action == action then list[#list + 1] = call end
  end
  return list
end

-- How often the world was told to.
local function updates(run)
  local count = 0
  for _, action in ipairs(run:changes()) do
    if action == "ecs:UpdateService" then count = count + 1 end
  end
  return count
end

spec.test("a change whose answer is lost was made: it is found to be so, and not made again", function()
  local run = rehearse { "lost ecs:UpdateService nth=1" }
  run:expect_exit(0)
  spec.expect(updates(run), 1)
end)

spec.test("also where no answer comes until the client gives up", function()
  local run = rehearse { "silent ecs:UpdateService nth=1" }
  run:expect_exit(0)
  spec.expect(updates(run), 1)
end)

spec.test("a connection that is cut before anything was done", function()
  local run = rehearse { "reset ecs:UpdateService" }
  run:expect_exit(7)
  spec.expect(run:finish().text, "stopped in step 1: ecs:UpdateService: connection reset by peer")
end)

spec.test("a control plane that throttles does not end a wait", function()
  local run = rehearse { "throttle ecs:DescribeServices after=5 before=40" }
  run:expect_exit(0)
  local told = 0
  for _, event in ipairs(run:of "wait.progress") do
    if event.text:find("Rate exceeded", 1, true) then told = told + 1 end
  end
  spec.expect(told > 0, true)
end)

spec.test("but a wait that may not look does", function()
  local run = rehearse { "denied ecs:DescribeServices after=5" }
  run:expect_exit(6)
end)

spec.test("errors of a service have the code and status that a fault says", function()
  local run = rehearse { "error ecs:UpdateService code=ServerException status=502" }
  run:expect_exit(1)
  local call = calls_of(run, "ecs:UpdateService")[1]
  spec.expect(call.error.code, "ServerException")
  spec.expect(call.attempts, 3)
end)

spec.test("a late answer takes its time", function()
  local calm, late = rehearse {}, rehearse { "latency ecs:UpdateService seconds=20" }
  late:expect_exit(0)
  spec.expect(calls_of(late, "ecs:UpdateService")[1].ms >= 20000, true)
  spec.expect(calls_of(calm, "ecs:UpdateService")[1].ms < 1000, true)
end)

spec.test("stale readings answer as they did", function()
  local run = rehearse { "stale ecs:DescribeServices seconds=30" }
  spec.expect(updates(run), 1)
end)

spec.test("a revision that cannot be asked about is not passed over for an older one", function()
  for _, fault in ipairs { "expired ecs:DescribeTaskDefinition nth=1", "throttle ecs:DescribeTaskDefinition times=3",
    "unavailable ecs:ListServiceDeployments", "reset ecs:DescribeServiceRevisions" } do
    local run = rehearse { fault }
    spec.expect(run.exit ~= 0, true, fault)
    spec.expect(updates(run), 0, fault)
  end
end)

spec.test("expired credentials end a run with its own exit code, and it goes on with others", function()
  local run = rehearse { "expired ecs:StopTask nth=1" }
  run:expect_exit(6)
  run:resume {}:expect_exit(0)
end)

spec.test("the same seed meets the same calls", function()
  local function actions(seed)
    local list = {}
    for _, call in ipairs(rehearse({ "throttle * probability=0.2" }, { seed = seed }):of "call") do
      list[#list + 1] = ("%s %s"):format(call.action, call.attempts)
    end
    return list
  end
  spec.expect(actions(3), actions(3))
end)

for _, row in ipairs {
  { "bogus", "unknown kind 'bogus', expected one of denied, empty, error" }, { "lost x nht=1", "unknown 'nht', expected one of after, before" },
  { "lost x nth=often", "'nth' must be a number" }, { "lost x y", "'y': expected name=value" },
  { "lost only=some", "'only' must be changes or reads" },
} do
  spec.test("a fault that is none is refused: " .. row[1], function()
    spec.expect_error(function() rehearse { row[1] } end, row[2])
  end)
end
