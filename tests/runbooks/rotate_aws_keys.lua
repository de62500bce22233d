local spec = require "spec"

local USER, OLD = "github-actions-google-workspace-mcp", "AKIASIMULATEDWORLD02"
local TOKEN, EXPIRED = "file://tests/runbooks/fixtures/github_token", "file://tests/runbooks/fixtures/expired_token"

local function on(world, params, more)
  local request = { runbook = "rotate_aws_keys", params = { github_token = TOKEN } }
  for key, value in pairs(params or {}) do request.params[key] = value end
  for key, value in pairs(more or {}) do request[key] = value end
  return world:run(request)
end

local function fresh(more)
  local settings = { bad = "none" }
  for key, value in pairs(more or {}) do settings[key] = value end
  return spec.world { world = settings }
end

-- Id -> status; the new key's id is "new".
local function keys(world)
  local all = {}
  for _, key in ipairs(world.iam.list_access_keys { UserName = USER }.AccessKeyMetadata) do all[key.AccessKeyId == OLD and "old" or "new"] = key.Status end
  return all
end

local function without_api(action) return (action:gsub("https://api.github.com/repos/busyb/google%-workspace%-mcp/actions/", "")) end

local function actions(ended)
  local list = {}
  for i, action in ipairs(ended:changes()) do list[i] = without_api(action) end
  return list
end

spec.test("a new key works, GitHub has it, the workflow proves it, and only then the old one goes", function()
  local world = fresh()
  local ended = on(world)
  ended:expect_exit(0)
  spec.expect(actions(ended), {
    "iam:CreateAccessKey", "PUT secrets/AWS_ACCESS_KEY_ID", "PUT secrets/AWS_SECRET_ACCESS_KEY", "POST workflows/deploy.yml/dispatches",
    "iam:UpdateAccessKey", "iam:DeleteAccessKey",
  })
  spec.expect(keys(world), { new = "Active" })
  ended:expect_event("wait.finished", { name = "The workflow succeeds with the new key" })
  spec.expect({ ended:of "check"[1].state, ended:of "check"[2].state, ended:of "check"[3].state }, { "ok", "ok", "manual" })
end)

spec.test("a key that does not work for ten seconds is not given to GitHub before it does", function()
  local ended = on(fresh { key_delay = 10 })
  local tried, put
  for i, call in ipairs(ended:of "call") do
    if call.action == "sts:GetCallerIdentity" and call.outcome == "ok" then tried = i end
    if call.action:find "^PUT" and not put then put = i end
  end
  assert(tried and tried < put, "GitHub had it first")
  ended:expect_called("sts:GetCallerIdentity")
end)

spec.test("of a leaked key the old one is inactive before anything else", function()
  local world = fresh()
  local ended = on(world, { leaked = true })
  ended:expect_exit(0)
  spec.expect(actions(ended)[1], "iam:UpdateAccessKey")
  spec.expect(keys(world), { new = "Active" })
end)

spec.test("one that never works is deleted again, and nothing else is touched", function()
  local world = fresh { key_delay = 3600 }
  local ended = on(world)
  ended:expect_exit(3)
  spec.expect(keys(world), { old = "Active" })
  for _, action in ipairs(ended:changes()) do assert(not action:find "PUT", action) end
end)

spec.test("two keys: an inactive one is deleted when that is said, two active ones are for a person", function()
  local world = fresh()
  local other = world.iam.create_access_key { UserName = USER }.AccessKey.AccessKeyId
  local both = on(world)
  both:expect_exit(2)
  assert(both:finish().text:find("has two active keys, and can have no third", 1, true), both:finish().text)
  world.iam.update_access_key { UserName = USER, AccessKeyId = other, Status = "Inactive" }
  local said = on(world)
  said:expect_exit(2)
  assert(said:finish().text:find("--delete-inactive deletes that one first", 1, true), said:finish().text)
  local ended = on(world, { delete_inactive = true })
  ended:expect_exit(0)
  spec.expect(actions(ended)[1], "iam:DeleteAccessKey")
  spec.expect(keys(world), { new = "Active" })
end)

spec.test("a bad token is found out before a key is made", function()
  local world = fresh()
  local ended = on(world, { github_token = EXPIRED })
  ended:expect_exit(3)
  ended:expect_changes {}
  assert(ended:finish().text:find("401 Bad credentials; GitHub does not know the token", 1, true), ended:finish().text)
  local missing = on(fresh(), { github_repository = "busyb/other" })
  missing:expect_exit(3)
  assert(missing:finish().text:find("404 Not Found; there is no such repository", 1, true), missing:finish().text)
end)

spec.test("a workflow that fails stops the run before the old key is touched", function()
  local world = fresh()
  local ended = on(world, nil, { interrupt = { event = "step.finished", name = "Run the workflow with the new key" } })
  local new
  for _, key in ipairs(world.iam.list_access_keys { UserName = USER }.AccessKeyMetadata) do new = key.AccessKeyId ~= OLD and key.AccessKeyId or new end
  world.iam.update_access_key { UserName = USER, AccessKeyId = new, Status = "Inactive" }
  local resumed = ended:resume {}
  resumed:expect_exit(3)
  assert(resumed:finish().text:find("The workflow succeeds with the new key: failure", 1, true), resumed:finish().text)
  spec.expect(keys(world), { old = "Active", new = "Inactive" })
end)

spec.test("undo before the deletion makes the old key active again, and keeps the new one, which GitHub uses", function()
  local world = fresh()
  local ended = on(world, nil, { interrupt = { event = "wait.started", name = "Nobody uses the old key any more" } })
  spec.expect(keys(world), { old = "Inactive", new = "Active" })
  ended:undo {}
  spec.expect(keys(world), { old = "Active", new = "Active" })
end)

spec.test("a key that somebody else makes meanwhile is not taken for a leftover", function()
  local world = fresh()
  local ended = on(world, nil, { interrupt = { event = "step.started", name = "Make a new key and give it to GitHub" } })
  local theirs = world.iam.create_access_key { UserName = USER }.AccessKey.AccessKeyId
  local resumed = ended:resume {}
  resumed:expect_exit(3)
  spec.expect(resumed:finish().text, ("IAM user %s can have no third key: %s was made by somebody else meanwhile"):format(USER, theirs))
  spec.expect(keys(world), { old = "Active", new = "Active" })
end)

spec.test("a key whose answer was lost is found by the limit of two, deleted, and another made", function()
  local world = fresh { faults = { "lost iam:CreateAccessKey nth=1" } }
  local ended = on(world)
  ended:expect_exit(0)
  ended:expect_called("iam:CreateAccessKey", 3) -- lost, one too many, done
  spec.expect(keys(world), { new = "Active" })
end)

spec.test("the old key is kept where the new one is not active any more when it is to be deleted", function()
  local world = fresh()
  local ended = on(world, nil, { interrupt = { event = "step.started", name = "Delete the old key " .. OLD } })
  for _, key in ipairs(world.iam.list_access_keys { UserName = USER }.AccessKeyMetadata) do
    if key.AccessKeyId ~= OLD then world.iam.update_access_key { UserName = USER, AccessKeyId = key.AccessKeyId, Status = "Inactive" } end
  end
  local resumed = ended:resume {}
  resumed:expect_exit(3)
  assert(resumed:finish().text:find("is Inactive: the old one is kept", 1, true), resumed:finish().text)
  spec.expect(keys(world), { old = "Inactive", new = "Inactive" })
end)

spec.test("wherever it is interrupted, it is resumed to the same end, and no key is left over", function()
  for _, moment in ipairs {
    { event = "call.intent", action = "iam:CreateAccessKey" }, { event = "call", action = "iam:CreateAccessKey" },
    { event = "step.finished", name = "Make a new key and give it to GitHub" }, { event = "wait.started", name = "The workflow succeeds with the new key" },
    { event = "step.started", name = "Delete the old key " .. OLD },
  } do
    local world = fresh()
    local ended = on(world, nil, { interrupt = moment })
    ended:expect_exit(130)
    ended:resume {}:expect_exit(0)
    spec.expect(keys(world), { new = "Active" }, moment.event)
  end
end)

spec.test("the key's id has to be typed before it is deleted; the plan changes nothing; no such user: 2; no rights: 6", function()
  local world = fresh()
  local ended = on(world, nil, { answers = { "yes", "yes", "yes", "yes" } })
  ended:expect_exit(4)
  spec.expect(keys(world), { old = "Inactive", new = "Active" })
  local plan = on(fresh(), nil, { plan = true })
  plan:expect_exit(0)
  plan:expect_changes {}
  local planned = {}
  for _, step in ipairs(plan:of "step.planned") do
    for _, call in ipairs(step.calls) do planned[#planned + 1] = without_api(call.action) end
  end
  spec.expect(planned, {
    "iam:CreateAccessKey", "PUT secrets/AWS_ACCESS_KEY_ID", "PUT secrets/AWS_SECRET_ACCESS_KEY", "POST workflows/deploy.yml/dispatches",
    "iam:UpdateAccessKey", "iam:DeleteAccessKey",
  })
  on(fresh(), { pipeline_user = "nobody" }):expect_exit(2)
  on(fresh { policy = { { Effect = "Allow", NotAction = "iam:CreateAccessKey", Resource = "*" } } }):expect_exit(6)
  on(fresh { faults = { "throttle iam:* times=2" } }):expect_exit(0)
end)

spec.test("no secret is told, and under any course of faults it comes to the same end", function()
  spec.explore {
    runbook = "rotate_aws_keys", params = { github_token = TOKEN }, world = { bad = "none" }, runs = 30, secrets = { "simulated-github-token", "simulated/secret" },
  }
end)
