local spec = require "spec"

local TOPIC = "arn:aws:sns:us-east-1:758888582357:busyb-alerts"
local SLACK, PAGERDUTY = "file://tests/runbooks/fixtures/slack_webhook", "file://tests/runbooks/fixtures/pagerduty_key"

local function run(params, more)
  local request = { runbook = "notify", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

spec.test("every channel that is given gets the message in its own form, and nobody else", function()
  local ended = run { text = "the database is slow", title = "Slow", slack = SLACK, pagerduty = PAGERDUTY, webhook = "https://alerts.busyb.example/in", level = "warning" }
  ended:expect_exit(0)
  local hooked = ended.world:state().hooked
  spec.expect(#hooked, 3)
  spec.expect(hooked[1], { host = "hooks.slack.com", path = "/services/T0/B0/simulated", body = '{"text":"*Slow*\\nthe database is slow"}' })
  local event = json.decode(hooked[2].body)
  spec.expect_match(event, {
    event_action = "trigger", dedup_key = "busyb-google-workspace-mcp-service", payload = { severity = "warning", summary = "Slow: the database is slow", source = "gwrun" },
  })
  spec.expect_match(json.decode(hooked[3].body), { title = "Slow", text = "the database is slow", severity = "warning", resolved = false })
  ended:expect_no_output "services/T0/B0/simulated"
  ended:expect_no_output "simulated-routing-key"
end)

spec.test("Teams gets a card, SNS a message", function()
  local ended = run { text = "hello", teams = "file://tests/runbooks/fixtures/teams_webhook", sns = TOPIC }
  ended:expect_exit(0)
  local card = json.decode(ended.world:state().hooked[1].body)
  spec.expect_match(card.attachments[1], { contentType = "application/vnd.microsoft.card.adaptive" })
  spec.expect(ended.world:state().sns[TOPIC], 1)
  ended:expect_called { "sns:Publish", Subject = "busyb-google-workspace-mcp-service", Message = "hello" }
end)

spec.test("a template puts it into words of service.lua", function()
  local ended = run { text = "Rolling back.", template = "incident", incident = 1, slack = SLACK }
  spec.expect(json.decode(ended.world:state().hooked[1].body).text,
    "*Severity 1: busyb-google-workspace-mcp-service*\nAn incident of severity 1 is open. Rolling back.")
end)

spec.test("off by default: without a channel it says how to give one", function()
  local ended = run { text = "hello" }
  ended:expect_exit(2)
  assert(ended:finish().text:find("no channel is configured: give --slack", 1, true), ended:finish().text)
end)

spec.test("a channel that fails is warned of, the others get it, and the run ends well", function()
  local ended = run { text = "hello", sns = TOPIC .. "-gone", webhook = "https://nowhere.example/in", slack = SLACK }
  ended:expect_exit(0)
  spec.expect(#ended:of "warning", 2)
  spec.expect(#ended.world:state().hooked, 1)
end)

spec.test("an emergency rollback tells when it begins and when it is done; it goes on where nobody can be told", function()
  local ended = spec.run { runbook = "emergency_rollback", params = { slack = SLACK, sns = TOPIC .. "-gone" } }
  ended:expect_exit(0)
  local hooked = ended.world:state().hooked
  spec.expect(#hooked, 2)
  spec.expect(json.decode(hooked[1].body).text:match "^[^\n]+", "*Emergency rollback: begun*")
  spec.expect(json.decode(hooked[2].body).text:match "^[^\n]+", "*Emergency rollback: done*")
  ended:undo {}
  spec.expect(#ended.world:state().hooked, 2)
end)

spec.test("what was told is not told again by a run that goes on; a plan tells nobody", function()
  local world = spec.world()
  local begun = world:run { runbook = "emergency_rollback", params = { slack = SLACK }, interrupt = { event = "wait.started" } }
  begun:resume {}:expect_exit(0)
  spec.expect(#world:state().hooked, 2)
  local plan = spec.run { runbook = "emergency_rollback", params = { slack = SLACK }, plan = true }
  spec.expect(plan.world:state().hooked, nil)
  plan:expect_event("note", { text = "would notify slack: Emergency rollback: begun" })
end)
