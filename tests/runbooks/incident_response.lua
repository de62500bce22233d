local spec = require "spec"

local SLACK = "file://tests/runbooks/fixtures/slack_webhook"

-- The document is not written in tests: it would be there the next time.
local function on(world, params, more)
  local request = { runbook = "incident_response", params = { document = "runbooks/README.md" } }
  for key, value in pairs(params or {}) do request.params[key] = value end
  for key, value in pairs(more or {}) do request[key] = value end
  return world:run(request)
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
    if note.text:find(part, 1, true) then return note.text end
  end
  error("no note with: " .. part, 2)
end

spec.test("severity 1: assessed, the team told, looked into, the fix started from inside, resolved", function()
  local world = spec.world()
  local ended = on(world, { fix = "emergency_rollback", slack = SLACK })
  ended:expect_exit(0)
  has_note(ended, "assessed: severity 1, critical: the service is completely down")
  has_note(ended, "because no target is healthy: no traffic can be served")
  spec.expect(list(ended, "Immediate actions"), { "ok", "ok", "ok", "ok", "ok" })
  spec.expect(list(ended, "Investigation"), { "ok", "ok", "ok", "ok", "ok" })
  spec.expect(list(ended, "Resolution"), { "ok", "ok", "ok", "ok", "ok", "manual", "manual" })
  spec.expect(#list(ended, "Post-incident"), 5)
  local texts = {}
  for i, hooked in ipairs(world:state().hooked) do texts[i] = json.decode(hooked.body).text:match "^[^\n]+" end
  spec.expect(texts, { "*Severity 1: busyb-google-workspace-mcp-service*", "*Resolved: busyb-google-workspace-mcp-service*" })
  spec.expect(world.ecs.describe_services { cluster = "busyb-cluster", services = { "busyb-google-workspace-mcp-service" } }.services[1].taskDefinition:match ":(%d+)$", "2")
  has_note(ended, "contact: AWS Support")
  has_note(ended, "contact: Google Workspace Support")
end)

spec.test("the four levels: from what is, the worst counts", function()
  local function severity(settings)
    local ended = on(spec.world { world = settings }, { fix = "none" })
    return tonumber(has_note(ended, "assessed: severity"):match "severity (%d)")
  end
  spec.expect(severity { bad = "none" }, 5)
  spec.expect(severity { bad = "degrades" }, 1)
  spec.expect(severity { bad = "exits", circuit_breaker = false, deployed_ago = 600 }, 3)
  spec.expect(severity { bad = "none", requests_per_second = 40 }, 4)
end)

spec.test("the operator confirms the severity, adds observations, and chooses the fix; all of it is on the record", function()
  local ended = on(spec.world(), nil, { answers = {
    { "severity, 1 to 4 (assessed: 1)", "2" }, { "notify the team", "later" }, { "observation 1", "customers call" }, { "observation 2", "" },
    { "fix to start: emergency_rollback, rollback, scale, deploy, none (suggested: emergency_rollback)", "none" },
    { "implement a fix", "no" }, { "note", "waits for the database team" }, { "test critical functionality", "later" }, { "update the incident's status", "later" },
    { "identify the root cause", "later" }, { "create action items", "later" }, { "update the runbooks", "later" }, { "conduct a post-mortem", "later" },
  } })
  ended:expect_exit(3)
  local marks = {}
  for _, event in ipairs(ended:of "decided") do
    local text = event.name:match "^Timeline: (.*)$"
    if text then marks[#marks + 1] = text end
  end
  spec.expect({ marks[1], marks[3], marks[4] }, { "opened", "customers call", "not resolved yet" })
  ended:expect_event("step.skipped", { name = "Write the post-mortem document" })
end)

spec.test("it is resumed where it stood, with the moments of the timeline as they were", function()
  local world = spec.world()
  local begun = on(world, { fix = "emergency_rollback" }, { interrupt = { event = "wait.started" } })
  begun:expect_exit(130)
  local opened
  for _, event in ipairs(begun:of "decided") do
    if event.name == "Timeline: opened" then opened = event.value.at end
  end
  world:pass "5m"
  local resumed = begun:resume {}
  resumed:expect_exit(0)
  assert(opened, "no moment of the opening")
  local shown = 0
  for _, event in ipairs(resumed:of "decided") do shown = shown + (event.name == "Timeline: opened" and 1 or 0) end
  spec.expect(shown, 0)
end)

spec.test("it starts from an alarm; the plan changes nothing; no such service: 2", function()
  local ended = on(spec.world { world = { bad = "none" } }, { alarm = "cpu-high", fix = "none", severity = 4 })
  ended:expect_exit(0)
  spec.expect(ended:of "decided"[2].name, "Timeline: opened by the alarm cpu-high")
  local plan = on(spec.world(), { fix = "emergency_rollback" }, { plan = true })
  plan:expect_changes {}
  on(spec.world(), { service = "gone" }):expect_exit(2)
end)
