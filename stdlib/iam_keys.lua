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

return iam_keys
