-- Commands in containers, in a rehearsal: a shell that is played, on the world's clock.
local spec = require "spec"

local SERVICE = { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service" }

local function run(world, command)
  return world:run { runbook = "tests/lua/runbooks/exec.lua", params = { command = command } }
end

-- "output" and status as the runbook notes them
local function noted(ended) return ended:of "note"[1].text end

spec.test("the health endpoint as the container sees it", function()
  local world = spec.world { world = { bad = "none" } }
  local ended = run(world, "curl -fsS http://localhost:8000/health")
  ended:expect_exit(0)
  assert(noted(ended):find('"status":"healthy"', 1, true), noted(ended))
  assert(noted(ended):find(" 0$"), noted(ended))
end)

spec.test("what a shell is likely to be asked: quotes, variables, and or, unknown commands, time that passes", function()
  local world = spec.world { world = { bad = "none" } }
  for command, expected in pairs {
    ["echo 'a  b' \"c\" d\\ e"] = "a  b c d e\n 0",
    ["X=1; echo \"$X ${X}\" '$X' $?"] = "1 1 $X 0\n 0",
    ["false || echo no; true && echo yes"] = "no\nyes\n 0",
    ["sleep 90; exit 9"] = " 9",
    ["nope 2>/dev/null"] = "sh: 1: nope: not found\n 127",
    ["cat a | wc"] = "sh: 1: Syntax error: \"|\" is not simulated\n 2",
    ["curl http://localhost:1/"] = "curl: (7) Failed to connect to localhost port 1 after 0 ms: Couldn't connect to server\n 7",
  } do
    spec.expect(noted(run(world, command)), expected)
  end
end)

spec.test("whatever the network does, the output is the same", function()
  local world = spec.world { world = { bad = "none", faults = { "session lost=0.2 twice=0.2 late=0.3 every=7" } } }
  spec.expect(noted(run(world, "echo one; echo two; sleep 5; echo three")), "one\ntwo\nthree\n 0")
end)

spec.test("where it cannot be it says why: not enabled, no shell, an agent that is not reached", function()
  local world = spec.world { world = { bad = "none" } }
  world.ecs.update_service { cluster = SERVICE.cluster, service = SERVICE.service, enableExecuteCommand = false, forceNewDeployment = true }
  world:pass "5m"
  local off = run(world, "true")
  off:expect_exit(3)
  assert(off:finish().text:find("was started without ECS Exec", 1, true), off:finish().text)
  local unreached = spec.run { runbook = "tests/lua/runbooks/exec.lua", params = { command = "true" },
    world = { bad = "none", faults = { "error ecs:ExecuteCommand code=TargetNotConnectedException status=400" } } }
  unreached:expect_exit(3)
end)

spec.test("the same seed gives the same bytes", function()
  local function once() return json.encode(run(spec.world { world = { bad = "none" }, seed = 5 }, "echo a; curl -s http://localhost:8000/health").events) end
  spec.expect(once(), once())
end)
