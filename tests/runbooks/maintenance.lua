local spec = require "spec"

local CLUSTER, SERVICE = "busyb-cluster", "busyb-google-workspace-mcp-service"

-- No file is written in tests: the backup is declined, or there already.
local function on(world, params, more)
  local request = { runbook = "maintenance", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return world:run(request)
end

local function fresh(more)
  local settings = { bad = "none" }
  for key, value in pairs(more or {}) do settings[key] = value end
  return spec.world { world = settings }
end

local function list(ended, name)
  local states = {}
  for _, check in ipairs(ended:of "check") do
    if check.list == name then states[#states + 1] = check.state end
  end
  return states
end

local function has_note(ended, part)
  for _, note in ipairs(ended:of "note") do
    if note.text:find(part, 1, true) then return end
  end
  error("no note with: " .. part, 2)
end

spec.test("before: a backup, the announcement, the change plan and the rollback plan", function()
  local ended = on(fresh(), { phase = "pre", change = "deploy", begin = "2025-11-13T02:00:00Z", length = "20m" }, { plan = true })
  ended:expect_exit(0)
  spec.expect(ended:of "step.planned"[1].calls[1].action, "write file backups/" .. SERVICE .. "-20251112T031200Z.json")
  has_note(ended, "announcement: Maintenance of " .. SERVICE .. " begins at 2025-11-13T02:00:00Z (UTC) and takes about 20m.")
  has_note(ended, "rollback plan: gwrun rollback --to 2")
  has_note(ended, "change plan: gwrun deploy")
end)

spec.test("during: the change is another runbook, verified afterwards", function()
  local world = fresh()
  local ended = on(world, { phase = "during", change = "scale", with = { count = "2" } })
  ended:expect_exit(0)
  spec.expect(list(ended, "During the maintenance"), { "ok", "ok", "ok", "ok", "ok", "ok", "ok", "manual" })
  spec.expect(world.ecs.describe_services { cluster = CLUSTER, services = { SERVICE } }.services[1].runningCount, 2)
  ended:undo {}
  world:pass "3m"
  spec.expect(world.ecs.describe_services { cluster = CLUSTER, services = { SERVICE } }.services[1].runningCount, 1)
end)

spec.test("during: a secret and a runbook that knows no service get through, too", function()
  local world = fresh()
  local ended = on(world, { phase = "during", change = "rotate_google_oauth", client_secret = "file://tests/runbooks/fixtures/new_client_secret" })
  ended:expect_exit(0)
  ended:expect_no_output "simulated-new-secret"
  ended:expect_called "secretsmanager:PutSecretValue"
  ended:undo {}:expect_exit(0)
  local path = on(fresh(), { phase = "during", change = "fix_path_prefix", with = { option = "4" } })
  path:expect_exit(0)
  path:expect_called "elasticloadbalancing:ModifyRule"
end)

spec.test("after: verified, watched for half an hour, announced", function()
  local ended = on(fresh(), { phase = "post" })
  ended:expect_exit(0)
  ended:expect_event("wait.finished", { name = "The service stays well for 30m" })
  has_note(ended, "announcement: The maintenance of " .. SERVICE .. " is over.")
  spec.expect(list(ended, "To close it"), { "manual", "manual", "manual" })
end)

spec.test("a service that does not stay well is a problem, and nothing is announced", function()
  local ended = on(fresh { timeline = { { after = 30, deploy = "degrades" } } }, { phase = "post" })
  ended:expect_exit(3)
  ended:expect_event("wait.failed", { name = "The service stays well for 30m" })
  for _, note in ipairs(ended:of "note") do assert(not note.text:find "is over", note.text) end
end)

spec.test("a service that is not well after the change is rolled back", function()
  local world = spec.world { world = { bad = "degrades" } }
  local ended = on(world, { phase = "during", change = "none", settle = "5s" })
  ended:expect_exit(3)
  ended:expect_event("warning", { text = "the service is not well after the change: it is rolled back" })
  spec.expect(world.ecs.describe_services { cluster = CLUSTER, services = { SERVICE } }.services[1].taskDefinition:match ":(%d+)$", "2")
  local left = on(spec.world { world = { bad = "degrades" } }, { phase = "during", change = "none", settle = "5s", rollback = false })
  left:expect_changes {}
end)

spec.test("no such service: 2; a change that fails stops it", function()
  on(fresh(), { phase = "post", service = "gone" }):expect_exit(2)
  local ended = on(fresh(), { phase = "during", change = "scale", with = { count = "9" } })
  ended:expect_exit(2)
  ended:expect_changes {}
end)
