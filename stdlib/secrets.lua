--- Secrets Manager for runbooks: values are secrets all the way, versions can be gone back to.

local aws = require "aws"
local failure = require "failure"

local secrets = {}

local CURRENT = "AWSCURRENT"

---A secret without its value: when it was changed, which version has which label.
---@param name string name or ARN
---@return { arn: string, name: string, changed_at?: number, current?: string, versions: table<string, string[]>, deleted_at?: number }
function secrets.describe(name)
  local answer, err = aws.secretsmanager.try_describe_secret { SecretId = name }
  if err and err.code == "ResourceNotFoundException" then failure.raise("usage", "secret '%s': not found", name) end
  if err then error(err, 0) end
  local current
  for id, stages in pairs(answer.VersionIdsToStages or {}) do
    for _, stage in ipairs(stages) do
      if stage == CURRENT then current = id end
    end
  end
  return {
    arn = answer.ARN, name = answer.Name, changed_at = answer.LastChangedDate or answer.CreatedDate, current = current,
    versions = answer.VersionIdsToStages or {}, deleted_at = answer.DeletedDate,
  }
end

---What a secret holds now, its members secret.
---@param name string
---@return table? members nil: it is no JSON object
---@return string? why not
function secrets.members(name)
  local answer, err = aws.secretsmanager.try_get_secret_value { SecretId = name }
  if err and err.code == "ResourceNotFoundException" then return nil, ("secret '%s' is not there, or has no value yet"):format(name) end
  if err then error(err, 0) end
  if not answer.SecretString then return nil, ("secret '%s' has no text"):format(name) end
  local members = json.decode(answer.SecretString)
  if type(members) ~= "table" or getmetatable(members) == "array" then return nil, ("secret '%s' is no JSON object"):format(name) end
  return members
end

local WHITE_SPACE = { " ", "\t", "\r", "\n" }

---What is wrong with a value that was typed or pasted: nothing in it, or white space around it.
---@param value Secret
---@return string? problem
function secrets.problem(value)
  if value:is_blank() then return "it is blank" end
  for _, space in ipairs(WHITE_SPACE) do
    if value:ends_with(space) then return "it ends with white space: a newline that was pasted along?" end
    if value:starts_with(space) then return "it begins with white space" end
  end
end

---Whether a member of a secret is this text. Both may be secrets.
---@param name string
---@param key string
---@param value string|Secret
---@return boolean
function secrets.holds(name, key, value)
  local member = (secrets.members(name) or {})[key]
  return member ~= nil and member:is(value)
end

---Writes a new version with one member changed; what else it holds stays.
---@param name string
---@param key string
---@param value string|Secret
---@return string version id
function secrets.put_member(name, key, value)
  local members, why = secrets.members(name)
  if not members then failure.raise("usage", "%s", why) end
  members[key] = value
  return aws.secretsmanager.put_secret_value { SecretId = name, SecretString = json.encode(members, { secret = true }) }.VersionId
end

---Makes a version the current one again.
---@param name string
---@param version string id
function secrets.restore(name, version)
  local now = secrets.describe(name).current
  if now == version then return end
  aws.secretsmanager.update_secret_version_stage {
    SecretId = name, VersionStage = CURRENT, MoveToVersionId = version, RemoveFromVersionId = now,
  }
end

return secrets
