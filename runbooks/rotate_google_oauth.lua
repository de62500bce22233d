--- Rotate Google OAuth credentials: new client id, new client secret, or both; the service picks them up by a new deployment.
---
--- Guide: Maintenance Procedures > Credential Rotation > Rotate Google OAuth Credentials.
---
--- Differs from the guide: a value never stands on a command line; what else the secrets hold stays; the deployment is judged by its id and
--- by what its tasks log; and the old versions can be brought back (undo), as long as Google has not revoked them.

local checklist = require "checklist"
local ecs = require "ecs"
local elb = require "elb"
local logs = require "logs"
local revisions = require "revisions"
local rollout = require "rollout"
local secrets = require "secrets"
local service = require "service"

local ID, SECRET = "GOOGLE_OAUTH_CLIENT_ID", "GOOGLE_OAUTH_CLIENT_SECRET"

local ANNOUNCEMENT = "The Google sign-in of %s was renewed on %s. Please sign in again when you are asked to: connections made before do not work any more."

local ID_ENDS_WITH = ".apps.googleusercontent.com"

-- What is wrong with a value, as far as its form tells: nobody sees what was typed.
local function find_problem(one)
  local problem = secrets.problem(one.value)
  if problem then return problem end
  if one.value:starts_with "{" then return "it is JSON, as the console's download: give the value alone" end
  local is_id = one.value:ends_with(ID_ENDS_WITH)
  if one.key == ID and not is_id then return ("it does not end with %s"):format(ID_ENDS_WITH) end
  if one.key == SECRET and is_id then return ("it ends with %s, as a client id does"):format(ID_ENDS_WITH) end
end

-- What is to be written: secret, member, value.
local function wanted(rb, p)
  local list = {}
  if p.client_id then list[#list + 1] = { name = p.client_id_secret, key = ID, value = p.client_id, what = "client id" } end
  if p.client_secret then list[#list + 1] = { name = p.client_secret_secret, key = SECRET, value = p.client_secret, what = "client secret" } end
  if #list == 0 then rb:refuse("say what is new: --client-id prompt://, --client-secret prompt://, or both") end
  return list
end

local function validate(rb, list)
  for _, one in ipairs(list) do
    local problem = find_problem(one)
    if problem then rb:refuse("the new %s: %s; --no-validate takes it all the same", one.what, problem) end
  end
end

local function show(rb, one)
  local found = secrets.describe(one.name)
  if found.deleted_at then rb:refuse("secret '%s' is to be deleted on %s: restore it first", one.name, time.iso(math.floor(found.deleted_at))) end
  local members, why = secrets.members(one.name)
  if not members then rb:refuse("%s; expected {\"%s\": \"...\"}", why, one.key) end
  if members[one.key] == nil then rb:warn("secret '%s' has no member %s yet", one.name, one.key) end
  rb:note("%s: last changed %s", one.name, found.changed_at and time.iso(math.floor(found.changed_at)) or "never")
  return { current = found.current, is_new = not secrets.holds(one.name, one.key, one.value) }
end

local function show_all(rb, list)
  local found = json.array {}
  for i, one in ipairs(list) do found[i] = show(rb, one) end
  return found
end

-- `redeploy` is for the first that is written: its undo comes last, when all values are back and the service can read them.
local function write(rb, one, old, redeploy)
  rb:step(("Write the new %s"):format(one.what), {
    confirm = ("%s: a new version, value not shown; the present one stays as AWSPREVIOUS%s"):format(one.name,
      redeploy and "; undo brings it back and deploys anew" or ""),
    check = function() return secrets.holds(one.name, one.key, one.value) end,
    change = function() return secrets.put_member(one.name, one.key, one.value) end,
    undo = {
      check = function() return not redeploy and secrets.describe(one.name).current == old end,
      change = function()
        secrets.restore(one.name, old)
        if redeploy then redeploy() end
      end,
    },
  })
end

-- Taking the deployment back is a new one, of which the old values have to be there first: the undo of `write` begins it.
local LEFT_TO_WRITE = {
  check = function() return "the service is deployed anew as soon as the old values are back" end,
  change = function() end,
}

local OAUTH_ERRORS = '?invalid_client ?invalid_grant ?unauthorized_client'

return {
  title   = "Rotate Google OAuth credentials",
  summary = "Writes new OAuth credentials to Secrets Manager, deploys the service anew, and proves that its tasks take them.",
  guide   = "Maintenance Procedures > Credential Rotation > Rotate Google OAuth Credentials",
  region  = service.region,
  production = service.production,

  params = service.params({ "cluster", "service", "target_group", "log_group", "health_url", "client_id_secret", "client_secret_secret" }, {
    client_id     = { type = "secret", help = "new client id; default: it stays" },
    client_secret = { type = "secret", help = "new client secret; default: it stays" },
    validate      = { type = "boolean", default = true, help = "look first whether the new values have the form of Google's" },
    settle        = { type = "duration", default = "15m", min = 1, help = "how long to wait for the steady state" },
    quiet_for     = { type = "duration", default = "1m", help = "how long the new tasks are watched for OAuth errors" },
  }),

  needs = {
    aws = {
      "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage",
      "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:UpdateService", "iam:PassRole",
      "elasticloadbalancing:DescribeTargetHealth", "logs:DescribeLogGroups", "logs:FilterLogEvents", "logs:GetLogEvents",
    },
    http = { "{health_url}" },
  },

  lock = { "ecs:{cluster}/{service}", "secret:{client_id_secret}", "secret:{client_secret_secret}" },

  targets = function(p)
    return { ecs.exists { cluster = p.cluster, service = p.service }, elb.exists(p.target_group), logs.exists(p.log_group) }
  end,

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    local list = wanted(rb, p)
    local since = rb:decide("When it began", time.now)
    local before = rb:decide("What is there now", function()
      if p.validate then validate(rb, list) end
      local found = rollout.present(which)
      return { revision = found.revision, deployment = found.deployment, secrets = show_all(rb, list) }
    end)
    local first
    for i = #list, 1, -1 do first = before.secrets[i].is_new and i or first end
    if not first then
      rb:note("the secrets hold that already: nothing is written; the service is deployed anew only with gwrun deploy")
      return
    end
    rb:watch(ecs.watched(which))

    for i, one in ipairs(list) do
      if before.secrets[i].is_new then
        write(rb, one, before.secrets[i].current, i == first and function() rollout.redeploy(which) end or nil)
      end
    end
    local deployment = rollout.deploy(rb, "Deploy the service anew, so that it reads them", which, before, before.revision,
      { undo = LEFT_TO_WRITE })
    local steady = rollout.watch(rb, which, deployment, { timeout = p.settle, log_group = p.log_group, target_group = p.target_group })
    if rb.planning then return end
    if steady then sleep(p.quiet_for) end

    local items = checklist.deployed(which, p, revisions.describe(before.revision), since)
    items[#items + 1] = {
      text = "Google takes the new credentials: no OAuth errors from the new tasks",
      probe = function()
        local streams = checklist.streams(which, revisions.describe(before.revision))
        local events = logs.find({ group = p.log_group, pattern = OAUTH_ERRORS, streams = streams, since = since }, 10)
        return #events == 0, #events == 0 and "none logged" or events[#events].message:sub(1, 160)
      end,
    }
    items[#items + 1] = { text = "tell the users that they have to sign in again", manual = true }
    items[#items + 1] = { text = "revoke the old credentials in the Google Cloud Console, when nobody uses them any more", manual = true }
    rb:checklist("After the rotation", items)
    rb:note("announcement: " .. ANNOUNCEMENT, p.service, time.iso(math.floor(time.now())):sub(1, 10))
  end,
}
