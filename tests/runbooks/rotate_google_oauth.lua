local spec = require "spec"

local NEW, WRONG, PRESENT = "file://tests/runbooks/fixtures/new_client_secret", "file://tests/runbooks/fixtures/wrong_client_secret",
  "file://tests/runbooks/fixtures/present_client_secret"
local NEW_ID, WRONG_ID = "file://tests/runbooks/fixtures/new_client_id", "file://tests/runbooks/fixtures/wrong_client_id"
local WITH_NEWLINES = "file://tests/runbooks/fixtures/client_secret_with_newlines"

local function on(world, params, more)
  local request = { runbook = "rotate_google_oauth", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return world:run(request)
end

local function fresh(more)
  local settings = { bad = "none" }
  for key, value in pairs(more or {}) do settings[key] = value end
  return spec.world { world = settings }
end

local function labels(world, name) return world:state().secretsmanager["busyb/google-oauth-client-" .. name].versions end

local function states(ended)
  local list = {}
  for i, check in ipairs(ended:of "check") do list[i] = check.state end
  return list
end

spec.test("a new client secret is a new version, deployed, and taken by Google; users are told", function()
  local world = fresh()
  local ended = on(world, { client_secret = NEW })
  ended:expect_exit(0)
  ended:expect_changes { { "secretsmanager:PutSecretValue", SecretId = "busyb/google-oauth-client-secret" }, { "ecs:UpdateService", forceNewDeployment = true } }
  spec.expect(labels(world, "secret"), { "AWSPREVIOUS", "AWSCURRENT" })
  spec.expect(states(ended), { "ok", "ok", "ok", "ok", "ok", "ok", "ok", "manual", "manual" })
  ended:expect_no_output "simulated-new-secret"
  ended:expect_output "Please sign in again when you are asked to"
end)

spec.test("client id and secret together; what else a secret holds stays", function()
  local world = fresh()
  world.secretsmanager.put_secret_value { SecretId = "busyb/google-oauth-client-id", SecretString = '{"GOOGLE_OAUTH_CLIENT_ID":"simulated-client-id","owner":"platform"}', ClientRequestToken = "a-version-of-somebody-else-000000001" }
  local ended = on(world, { client_id = NEW_ID, client_secret = NEW })
  ended:expect_exit(0)
  spec.expect(#ended:changes(), 3)
  spec.expect(states(ended)[7], "ok")
  local shown = world:run { runbook = "rotate_google_oauth", params = { client_id = NEW_ID } }
  shown:expect_event("note", { text = "the secrets hold that already: nothing is written; the service is deployed anew only with gwrun deploy" })
end)

spec.test("credentials that Google does not take are found out by what the new tasks log, and undone", function()
  local world = fresh()
  local ended = on(world, { client_secret = WRONG })
  ended:expect_exit(3)
  spec.expect(states(ended)[7], "failed")
  assert(ended:finish().text:find("invalid_client", 1, true), ended:finish().text)
  local undone = ended:undo {}
  undone:expect_exit(0)
  spec.expect(undone:finish().text, "2 steps taken back")
  undone:expect_event("step.skipped", {
    name = "Undo: Deploy the service anew, so that it reads them", reason = "the service is deployed anew as soon as the old values are back",
  })
  spec.expect(labels(world, "secret"), { "AWSCURRENT", "AWSPREVIOUS" })
  world:pass "5m"
  local again = world:run { runbook = "service_status" }
  again:expect_exit(0)
end)

spec.test("undo brings both versions back before it deploys", function()
  local world = fresh()
  local undone = on(world, { client_id = NEW_ID, client_secret = NEW }):undo {}
  undone:expect_changes {
    { "secretsmanager:UpdateSecretVersionStage" }, { "secretsmanager:UpdateSecretVersionStage" }, { "ecs:UpdateService", forceNewDeployment = true },
  }
  spec.expect({ labels(world, "id"), labels(world, "secret") }, { { "AWSCURRENT", "AWSPREVIOUS" }, { "AWSCURRENT", "AWSPREVIOUS" } })
end)

spec.test("undo deploys anew where only one of the two was new, and where nothing was deployed yet", function()
  local world = fresh()
  on(world, { client_id = NEW_ID }):expect_exit(3) -- Google does not know the two together
  local both = on(world, { client_id = NEW_ID, client_secret = NEW })
  both:expect_changes { { "secretsmanager:PutSecretValue", SecretId = "busyb/google-oauth-client-secret" }, { "ecs:UpdateService" } }
  local undone = both:undo {}
  undone:expect_exit(0)
  undone:expect_changes { { "secretsmanager:UpdateSecretVersionStage", SecretId = "busyb/google-oauth-client-secret" }, { "ecs:UpdateService", forceNewDeployment = true } }
  local half = on(fresh(), { client_id = NEW_ID, client_secret = NEW }, { interrupt = { event = "step.finished", name = "Write the new client secret" } })
  half:undo {}:expect_changes {
    { "secretsmanager:UpdateSecretVersionStage" }, { "secretsmanager:UpdateSecretVersionStage" }, { "ecs:UpdateService", forceNewDeployment = true },
  }
end)

spec.test("a value that cannot be right is refused before anything changes, and taken all the same with --no-validate", function()
  for _, case in ipairs {
    { { client_id = WRONG_ID }, "the new client id: it does not end with .apps.googleusercontent.com" },
    { { client_secret = WITH_NEWLINES }, "the new client secret: it ends with white space: a newline that was pasted along?" },
    { { client_id = NEW_ID, client_secret = NEW_ID }, "the new client secret: it ends with .apps.googleusercontent.com, as a client id does" },
  } do
    local world, params = fresh(), case[1]
    local refused = on(world, params)
    refused:expect_exit(2)
    refused:expect_changes {}
    spec.expect(refused:finish().text, case[2] .. "; --no-validate takes it all the same")
    params.validate = false
    local ended = on(world, params)
    ended:expect_called("secretsmanager:PutSecretValue")
  end
end)

spec.test("half done before: only what is missing is written", function()
  local world = fresh()
  local begun = on(world, { client_id = NEW_ID, client_secret = NEW }, { interrupt = { event = "step.finished", name = "Write the new client id" } })
  begun:expect_exit(130)
  local resumed = begun:resume { }
  resumed:expect_exit(0)
  spec.expect({ labels(world, "id"), labels(world, "secret") }, { { "AWSPREVIOUS", "AWSCURRENT" }, { "AWSPREVIOUS", "AWSCURRENT" } })
end)

spec.test("what is there already: nothing to do", function()
  local ended = on(fresh(), { client_secret = PRESENT })
  ended:expect_exit(0)
  ended:expect_changes {}
end)

spec.test("nothing said, no such secret, one without JSON or without a value: refused before anything changes", function()
  on(fresh(), {}):expect_exit(2)
  local gone = on(fresh(), { client_secret = NEW, client_secret_secret = "busyb/gone" })
  gone:expect_exit(2)
  spec.expect(gone:finish().text, "secret 'busyb/gone': not found")
  local world = fresh()
  world.secretsmanager.put_secret_value { SecretId = "busyb/google-oauth-client-secret", SecretString = "no json" }
  local plain = on(world, { client_secret = NEW })
  plain:expect_exit(2)
  plain:expect_changes {}
  world.secretsmanager.put_secret_value { SecretId = "busyb/google-oauth-client-secret", SecretString = '["a list"]' }
  spec.expect(on(world, { client_secret = NEW }):finish().text,
    "secret 'busyb/google-oauth-client-secret' is no JSON object; expected {\"GOOGLE_OAUTH_CLIENT_SECRET\": \"...\"}")
end)

spec.test("a no, no rights, throttled; the plan shows what the run does and hides the value", function()
  on(fresh(), { client_secret = NEW }, { answers = { { "a new version, value not shown", "no" } } }):expect_exit(4)
  on(fresh { policy = { { Effect = "Allow", NotAction = "secretsmanager:PutSecretValue", Resource = "*" } } }, { client_secret = NEW }):expect_exit(6)
  on(fresh { faults = { "throttle * times=2" } }, { client_secret = NEW }):expect_exit(0)
  local plan = on(fresh(), { client_secret = NEW }, { plan = true })
  plan:expect_planned { { "secretsmanager:PutSecretValue", SecretString = "[secret]" }, { "ecs:UpdateService" } }
  plan:expect_no_output "simulated-new-secret"
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "rotate_google_oauth", params = { client_secret = NEW }, world = { bad = "none" }, runs = 15 }
end)
