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

-- ---- making room

local function choose_old(rb, p, keys)
  local active, inactive = {}, {}
  for _, key in ipairs(keys) do table.insert(key.status == "Active" and active or inactive, key) end
  if #keys == 0 then rb:refuse("IAM user %s has no access key: there is nothing to rotate", p.pipeline_user) end
  if #active > 1 then
    rb:refuse("IAM user %s has two active keys, and can have no third: %s; find out which is in use, and make the other inactive", p.pipeline_user,
      iam_keys.describe(active[1]) .. "; " .. iam_keys.describe(active[2]))
  end
  if #active == 0 then rb:refuse("IAM user %s has no active key", p.pipeline_user) end
  if inactive[1] and not p.delete_inactive then
    rb:refuse("IAM user %s has two keys, and can have no third: %s; --delete-inactive deletes that one first", p.pipeline_user,
      iam_keys.describe(inactive[1]))
  end
  return active[1].id, inactive[1] and inactive[1].id
end

-- `look` raises where it must not be deleted after all.
local function delete_key(rb, p, name, id, question, look)
  rb:step(name, {
    confirm = question, word = id,
    check = function() return iam_keys.status(p.pipeline_user, id) == nil end,
    change = function()
      if look then look() end
      iam_keys.delete(p.pipeline_user, id)
    end,
  })
end

-- ---- the new key

-- What stands for the new key in a plan, which makes none.
local LATER = { AccessKeyId = "(the new key)", SecretAccessKey = "(its secret)" }

local function await_propagation(rb, made)
  local ok, note = iam_keys.await(made, PROPAGATION_S, function(why) rb:progress("Until the new key works", why) end)
  if ok then return rb:note("the new key %s works: %s", made.AccessKeyId, note) end
  iam_keys.delete(made.UserName, made.AccessKeyId)
  failure.raise("problem", "the new key did not work within %s and was deleted again: %s", time.format_duration(PROPAGATION_S), note)
end

local function hand_over(rb, repository, made)
  repository:put_secret(ID, made.AccessKeyId)
  local ok, err = pcall(repository.put_secret, repository, SECRET, made.SecretAccessKey)
  if ok then return end
  rb:warn("GitHub has the id of the new key and not its secret: the pipeline cannot sign until this step is done")
  error(err, 0)
end

-- The new key that GitHub holds: both secrets were written after it was made.
local function find_handed_over(repository, p, known)
  for _, key in ipairs(iam_keys.list(p.pipeline_user)) do
    if not known[key.id] then
      local id_at, secret_at = repository:secret_written_at(ID), repository:secret_written_at(SECRET)
      if id_at and secret_at and math.min(id_at, secret_at) >= key.created_at // 1 then return key.id end
    end
  end
  return false
end

local function make_new(rb, p, repository, before)
  local known, sent_at, made = { [before.old] = true }, {}, nil
  return rb:step("Make a new key and give it to GitHub", {
    confirm = ("a new access key for %s, tried until it works, then into %s and %s of %s; the old key %s stays as it is"):format(p.pipeline_user, ID, SECRET,
      p.github_repository, before.old),
    check = function(uncertain)
      if uncertain and uncertain.action == "iam:CreateAccessKey" then sent_at[#sent_at + 1] = time.parse(uncertain.at) end
      return find_handed_over(repository, p, known)
    end,
    change = function()
      if not made then
        local new = iam_keys.create(p.pipeline_user, known, sent_at)
        if rb.planning then new = LATER else await_propagation(rb, new) end
        made = new -- another try goes on with it: its secret is known here only
      end
      hand_over(rb, repository, made)
      return made.AccessKeyId
    end,
    retry = 3, assume = LATER.AccessKeyId,
  })
end

-- ---- proving it

local function run_workflow(rb, p, repository)
  local newest = rb:decide("The newest run of the workflow before", function() return repository:newest_run(p.github_workflow) end)
  rb:step("Run the workflow with the new key", {
    confirm = ("workflow %s of %s on %s"):format(p.github_workflow, p.github_repository, p.ref),
    check = function(uncertain) return uncertain and repository:run_after(p.github_workflow, newest) ~= nil end,
    change = function() repository:dispatch(p.github_workflow, p.ref) end,
  })
  rb:wait("The workflow succeeds with the new key", repository:probe(p.github_workflow, newest),
    { timeout = p.workflow_timeout, every = 5 })
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

local function describe_use(old, since)
  local at, what = iam_keys.used_since(old, since)
  return at and ("it was used at %s (%s): somebody has it besides the pipeline"):format(time.iso(math.floor(at)), what or "?")
end

local function watch_old(rb, p, old, since)
  rb:wait("Nobody uses the old key any more", function()
    local use = describe_use(old, since)
    if use then return "failed", use end
    local left = since + p.watch - time.now()
    return left <= 0 and "done" or "waiting", left > 0 and ("%d minutes to go"):format(math.ceil(left / 60)) or "no use was seen"
  end, { timeout = p.watch + 60, every = 15 })
end

local function delete_old(rb, p, old, new, since)
  local question = ("the new key %s is proven, the old one was watched for %s; a deletion cannot be taken back"):format(tostring(new),
    time.format_duration(math.floor(p.watch)))
  -- It may be long since the new key was proven: the run may have been stopped, and gone on with.
  delete_key(rb, p, "Delete the old key " .. old, old, question, not rb.planning and function()
    local status, use = iam_keys.status(p.pipeline_user, new), describe_use(old, since)
    if status ~= "Active" then failure.raise("problem", "the new key %s is %s: the old one is kept", new, status or "gone") end
    if use then failure.raise("problem", "the old key is kept: %s", use) end
  end or nil)
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
      for _, key in ipairs(keys) do rb:note("key: %s", iam_keys.describe(key)) end
      local old, inactive = choose_old(rb, p, keys)
      return { old = old, inactive = inactive }
    end)
    if before.inactive then
      delete_key(rb, p, "Delete the inactive key " .. before.inactive, before.inactive, "a user has two keys at most; this one is inactive")
    end
    if p.leaked then deactivate(rb, p, before.old) end
    local new = make_new(rb, p, repository, before)
    if not new then rb:refuse("without a new key the old one stays as it is") end -- the operator has skipped that step
    run_workflow(rb, p, repository)
    local since = rb:decide("When the old key was made inactive", time.now)
    if not p.leaked then deactivate(rb, p, before.old) end
    watch_old(rb, p, before.old, since)
    delete_old(rb, p, before.old, new, since)
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
