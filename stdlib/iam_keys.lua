--- Access keys of IAM users for runbooks.

local aws = require "aws"
local failure = require "failure"

local iam_keys = {}

---@class AccessKey
---@field id string
---@field status "Active"|"Inactive"
---@field created_at number
---@field used_at? number when it signed last, as far as IAM knows by now
---@field used_for? string the service

---The access keys of a user, the oldest first.
---@param user string
---@return AccessKey[]
function iam_keys.list(user)
  local answer, err = aws.iam.try_list_access_keys { UserName = user }
  if err and err.code == "NoSuchEntity" then failure.raise("usage", "IAM user '%s': not found", user) end
  if err then error(err, 0) end
  local list = {}
  for i, key in ipairs(answer.AccessKeyMetadata or {}) do
    list[i] = { id = key.AccessKeyId, status = key.Status, created_at = key.CreateDate }
  end
  table.sort(list, function(a, b) return a.created_at < b.created_at end)
  return list
end

---Adds when each was used last.
---@param keys AccessKey[]
---@return AccessKey[] keys
function iam_keys.with_use(keys)
  for _, key in ipairs(keys) do
    local used = aws.iam.get_access_key_last_used { AccessKeyId = key.id }.AccessKeyLastUsed or {}
    key.used_at, key.used_for = used.LastUsedDate, used.ServiceName
  end
  return keys
end

---The status of a key; nil where it is gone.
---@param user string
---@param id string
---@return "Active"|"Inactive"|nil
function iam_keys.status(user, id)
  for _, key in ipairs(iam_keys.list(user)) do
    if key.id == id then return key.status end
  end
end

---"AKIA..., Active, made 2025-01-25T08:00:00Z, last used never"
---@param key AccessKey as `iam_keys.with_use` tells
---@return string
function iam_keys.describe(key)
  local used = key.used_at and ("%s (%s)"):format(time.iso(math.floor(key.used_at)), key.used_for or "?") or "never"
  return ("%s, %s, made %s, last used %s"):format(key.id, key.status, time.iso(math.floor(key.created_at)), used)
end

---Whether a key was used since a moment, as far as IAM knows by now.
---@param id string
---@param since number epoch seconds
---@return number? at nil: it was not
---@return string? service
function iam_keys.used_since(id, since)
  local used = iam_keys.with_use { { id = id } }[1]
  if used.used_at and used.used_at > since then return used.used_at, used.used_for end
end

---Deletes a key; one that is gone is no error. Inside a step.
---@param user string
---@param id string
function iam_keys.delete(user, id)
  local _, err = aws.iam.try_delete_access_key { UserName = user, AccessKeyId = id }
  if err and err.code ~= "NoSuchEntity" then error(err, 0) end
end

-- ---- a new one

-- The call takes no token: sent again after a lost answer it would make a second key.
local once = aws.client("iam", { max_attempts = 1 })

local function is_lost(secret) return not pcall(function() return secret .. "" end) end

local CLOCKS_DIFFER_S = 300 -- at most, or the preflight stops the run

-- Whether the key may be the one of a call whose answer was lost.
local function is_orphan(key, known, sent_at)
  for _, at in ipairs(sent_at) do
    if not known[key.id] and math.abs(key.created_at - at) <= CLOCKS_DIFFER_S then return true end
  end
  return false
end

-- A user has two keys at most: where one is too many, it tells of one that nobody knows the secret of.
local function delete_orphans(user, known, sent_at)
  local others = {}
  for _, key in ipairs(iam_keys.list(user)) do
    if is_orphan(key, known, sent_at) then return iam_keys.delete(user, key.id) end
    if not known[key.id] then others[#others + 1] = key.id end
  end
  failure.raise("problem", "IAM user %s can have no third key%s", user,
    #others > 0 and (": %s was made by somebody else meanwhile"):format(table.concat(others, ", ")) or "")
end

---Makes a key whose secret is known. A secret is told once: a key that this step made before a crash, or of a call whose answer was
---lost, is of no use to anybody, and is deleted first. Inside a step.
---@param user string
---@param known table<string, boolean> ids of keys that are none of those
---@param sent_at number[] when calls were sent whose answers were lost, epoch seconds
---@return { UserName: string, AccessKeyId: string, SecretAccessKey: Secret }
function iam_keys.create(user, known, sent_at)
  local cleared = false
  while true do
    local answer, err = once.try_create_access_key { UserName = user }
    if err and (err.code ~= "LimitExceeded" or cleared) then error(err, 0) end
    if answer and not is_lost(answer.AccessKey.SecretAccessKey) then return answer.AccessKey end
    if answer then
      iam_keys.delete(user, answer.AccessKey.AccessKeyId) -- the journal answered, once for each that was made before
    else
      delete_orphans(user, known, sent_at)
      cleared = true
    end
  end
end

---Whether a key signs a call by now: a new one is not known everywhere at once.
---@param id string
---@param secret Secret
---@return boolean
---@return string note
function iam_keys.signs(id, secret)
  local sts = aws.client("sts", { credentials = { access_key_id = id, secret_access_key = secret } })
  local answer, err = sts.try_get_caller_identity {}
  if answer then return true, "it signs as " .. answer.Arn end
  return false, failure.text(err)
end

---Waits until a new key signs.
---@param made { AccessKeyId: string, SecretAccessKey: Secret }
---@param seconds number at most
---@param progress fun(note: string) told why not, each time
---@return boolean
---@return string note
function iam_keys.await(made, seconds, progress)
  local deadline = time.now() + seconds
  while true do
    local ok, note = iam_keys.signs(made.AccessKeyId, made.SecretAccessKey)
    if ok or time.now() > deadline then return ok, note end
    progress(note)
    sleep(3)
  end
end

return iam_keys
