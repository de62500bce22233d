--- Rotate AWS access keys: a new key for the pipeline, into GitHub's secrets, proven, and only then the old one off and gone.
---
--- Guide: Maintenance Procedures > Credential Rotation > Rotate AWS Access Keys.
---
--- Differs from the guide: a new key does not work at once, so that it is tried until it does before GitHub gets it; a user has two keys
--- at most, inactive ones too, which is looked at first; the old key is made inactive and watched before it is deleted, for that can be
--- taken back and a deletion cannot. A secret key is told once: one that a crash left without it is deleted, and another made.

local aws = require "aws"
local failure = require "failure"
local github = require "github"
local iam_keys = require "iam_keys"
local service = require "service"

local ID, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
local PROPAGATION_S = 120

local function describe(key)
  return ("%s, %s, made %s, last used %s"):format(key.id, key.status, time.iso(math.floor(key.created_at)),
    key.used_at and ("%s (%s)"):format(time.iso(math.floor(key.used_at)), key.used_for or "?") or "never")
end

-- ---- making room

local function choose_old(rb, p, keys)
  local active, inactive = {}, {}
  for _, key in ipairs(keys) do table.insert(key.status == "Active" and active or inactive, key) end
  if #keys == 0 then rb:refuse("IAM user %s has no access key: there is nothing to rotate", p.pipeline_user) end
  if #active > 1 then
    rb:refuse("IAM user %s has two active keys, and can have no third: %s; find out which is in use, and make the other inactive", p.pipeline_user,
      describe(active[1]) .. "; " .. describe(active[2]))
  end
  if #active == 0 then rb:refuse("IAM user %s has no active key", p.pipeline_user) end
  if inactive[1] and not p.delete_inactive then
    rb:refuse("IAM user %s has two keys, and can have no third: %s; --delete-inactive deletes that one first", p.pipeline_user, describe(inactive[1]))
  end
  return active[1].id, inactive[1] and inactive[1].id
end

local function delete_key(rb, p, name, id, question)
  rb:step(name, {
    confirm = question, word = id,
    check = function() return iam_keys.status(p.pipeline_user, id) == nil end,
    change = function() aws.iam.delete_access_key { UserName = p.pipeline_user, AccessKeyId = id } end,
  })
end

-- ---- the new key

-- The call takes no token: sent again after a lost answer it would make a second key.
local once = aws.client("iam", { max_attempts = 1 })

local function is_lost(secret) return not pcall(function() return secret .. "" end) end

-- A key that this step made before, and whose secret nobody knows: of no use to anybody.
local function delete_orphans(p, known)
  for _, key in ipairs(iam_keys.list(p.pipeline_user)) do
    if not known[key.id] then aws.iam.delete_access_key { UserName = p.pipeline_user, AccessKeyId = key.id } end
  end
end

local function create(p)
  local made = once.create_access_key { UserName = p.pipeline_user }.AccessKey
  if not is_lost(made.SecretAccessKey) then return made end
  if iam_keys.status(p.pipeline_user, made.AccessKeyId) then
    aws.iam.delete_access_key { UserName = p.pipeline_user, AccessKeyId = made.AccessKeyId }
  end
  return once.create_access_key { UserName = p.pipeline_user }.AccessKey
end

local function await_propagation(rb, made)
  local deadline, ok, note = time.now() + PROPAGATION_S, nil, nil
  repeat
    ok, note = iam_keys.signs(made.AccessKeyId, made.SecretAccessKey)
    if ok then return rb:note("the new key %s works: %s", made.AccessKeyId, note) end
    rb:progress("Until the new key works", note)
    sleep(3)
  until time.now() > deadline
  aws.iam.delete_access_key { UserName = made.UserName, AccessKeyId = made.AccessKeyId }
  failure.raise("problem", "the new key did not work within %s and was deleted again: %s", time.format_duration(PROPAGATION_S), note)
end

-- Done is a new key with both of GitHub's secrets written after it was made.
local function find_handed_over(repository, p, known)
  for _, key in ipairs(iam_keys.list(p.pipeline_user)) do
    local id_at, secret_at = repository:secret_written_at(ID), repository:secret_written_at(SECRET)
    if not known[key.id] and id_at and secret_at and math.min(id_at, secret_at) >= key.created_at // 1 then return key.id end
  end
end

local function make_new(rb, p, repository, before)
  local known, may_have_orphans = {}, false
  for _, id in ipairs(before.ids) do known[id] = true end
  return rb:step("Make a new key and give it to GitHub", {
    confirm = ("a new access key for %s, tried until it works, then into %s and %s of %s; the old key %s stays as it is"):format(p.pipeline_user, ID, SECRET,
      p.github_repository, before.old),
    check = function(uncertain)
      may_have_orphans = may_have_orphans or uncertain ~= nil
      local done = uncertain and find_handed_over(repository, p, known)
      return done or false
    end,
    change = function()
      if may_have_orphans then delete_orphans(p, known) end
      local made = create(p)
      await_propagation(rb, made)
      repository:put_secret(ID, made.AccessKeyId)
      repository:put_secret(SECRET, made.SecretAccessKey)
      return made.AccessKeyId
    end,
    retry = 3,
  })
end

-- ---- proving it

local function run_workflow(rb, p, repository)
  local since = rb:decide("When the workflow was started", time.now)
  rb:step("Run the workflow with the new key", {
    confirm = ("workflow %s of %s on %s"):format(p.github_workflow, p.github_repository, p.ref),
    check = function(uncertain) return uncertain and repository:run_since(p.github_workflow, since) ~= nil end,
    change = function() repository:dispatch(p.github_workflow, p.ref) end,
  })
  local url
  rb:wait("The workflow succeeds with the new key", function()
    local run = repository:run_since(p.github_workflow, since)
    if not run then return "waiting", "it has not begun" end
    url = run.html_url
    if run.status ~= "completed" then return "waiting", ("%s, %s"):format(run.status, url) end
    return run.conclusion == "success" and "done" or "failed", ("%s, %s"):format(run.conclusion or "?", url)
  end, { timeout = p.workflow_timeout, every = 5 })
end

-- ---- the old key

local function deactivate(rb, p, old)
  local function set(status) aws.iam.update_access_key { UserName = p.pipeline_user, AccessKeyId = old, Status = status } end
  rb:step("Make the old key inactive", {
    confirm = ("%s: Active -> Inactive; whoever still uses it is refused from now on, undo makes it active again"):format(old),
    check = function() return iam_keys.status(p.pipeline_user, old) ~= "Active" end,
    change = function() set("Inactive") end,
    undo = {
      check = function() return iam_keys.status(p.pipeline_user, old) ~= "Inactive" end,
      change = function() set("Active") end,
    },
  })
end

local function is_used_since(old, since)
  local used = aws.iam.get_access_key_last_used { AccessKeyId = old }.AccessKeyLastUsed or {}
  return used.LastUsedDate and used.LastUsedDate > since and used.LastUsedDate, used.ServiceName
end

local function watch_old(rb, p, old, since)
  rb:wait("Nobody uses the old key any more", function()
    local at, what = is_used_since(old, since)
    if at then return "failed", ("it was used at %s (%s): somebody has it besides the pipeline"):format(time.iso(math.floor(at)), what or "?") end
    local left = since + p.watch - time.now()
    return left <= 0 and "done" or "waiting", left > 0 and ("%d minutes to go"):format(math.ceil(left / 60)) or "no use was seen"
  end, { timeout = p.watch + 60, every = 15 })
end

return {
  title   = "Rotate AWS access keys",
  summary = "Makes a new access key for the pipeline, gives it to GitHub, proves it, and takes the old one away.",
  guide   = "Maintenance Procedures > Credential Rotation > Rotate AWS Access Keys",
  region  = service.region,
  production = service.production,

  params = service.params({ "pipeline_user", "github_api", "github_repository", "github_workflow" }, {
    github_token    = { type = "secret", required = true, help = "token with Secrets and Actions, read and write, of the repository" },
    ref             = { type = "string", default = "main", help = "branch that the workflow is run on" },
    workflow_timeout = { type = "duration", default = "30m", help = "how long to wait for the workflow" },
    watch           = { type = "duration", default = "10m", help = "how long the old key is watched for use, once it is inactive" },
    leaked          = { type = "boolean", default = false, help = "the old key is in wrong hands: make it inactive first, whatever stops working until GitHub has the new one" },
    delete_inactive = { type = "boolean", default = false, help = "delete an inactive key first, where there is one" },
  }),

  needs = {
    aws = {
      "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:CreateAccessKey", "iam:UpdateAccessKey", "iam:DeleteAccessKey", "sts:GetCallerIdentity",
    },
    http = { "{github_api}" },
  },

  lock = "iam:{pipeline_user}",

  run = function(rb, p)
    local repository = github.new { api = p.github_api, repository = p.github_repository, token = p.github_token }
    local before = rb:decide("What there is now", function()
      repository:public_key() -- a bad token is found out before a key is made
      local keys = iam_keys.with_use(iam_keys.list(p.pipeline_user))
      for _, key in ipairs(keys) do rb:note("key: %s", describe(key)) end
      local old, inactive = choose_old(rb, p, keys)
      return { old = old, inactive = inactive, ids = json.array { old } }
    end)
    if before.inactive then
      delete_key(rb, p, "Delete the inactive key " .. before.inactive, before.inactive, "a user has two keys at most; this one is inactive")
    end
    if p.leaked then deactivate(rb, p, before.old) end
    local new = make_new(rb, p, repository, before)
    run_workflow(rb, p, repository)
    local since = rb:decide("When the old key was made inactive", time.now)
    if not p.leaked then deactivate(rb, p, before.old) end
    watch_old(rb, p, before.old, since)
    delete_key(rb, p, "Delete the old key " .. before.old, before.old,
      ("the new key %s is proven, the old one was watched for %s; a deletion cannot be taken back"):format(tostring(new), time.format_duration(math.floor(p.watch))))
    rb:checklist("After the rotation", {
      { text = "the new key is active", probe = function()
        local status = iam_keys.status(p.pipeline_user, new)
        return status == "Active", tostring(status)
      end },
      { text = "the old key is gone", probe = function() return iam_keys.status(p.pipeline_user, before.old) == nil end },
      { text = "nobody has the old key in another place (CI of other repositories, laptops)", manual = true },
    })
  end,
}
