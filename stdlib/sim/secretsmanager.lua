--- Secrets Manager, simulated: secrets with their versions, and the labels that move between them.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"
local random = require "sim.random"

local operations = {}

local DAY = 86400

---@class SimSecret
---@field name string
---@field arn string
---@field versions table<string, table> by id
---@field order string[] ids, the oldest first
---@field deleted_at number? when it was marked for deletion

local function not_found(format, ...) fail("ResourceNotFoundException", format, ...) end

-- A name, an ARN, or an ARN without the six letters at its end.
local function find(world, id)
  for _, secret in ipairs(world.secrets) do
    if id == secret.name or id == secret.arn or id == secret.arn:sub(1, -8) then return secret end
  end
  not_found "Secrets Manager can't find the specified secret."
end

local function find_alive(world, id)
  local secret = find(world, id)
  if secret.deleted_at then
    fail("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
  end
  return secret
end

local function with_stage(secret, stage)
  for _, id in ipairs(secret.order) do
    if secret.versions[id].stages[stage] then return secret.versions[id] end
  end
end

local function names_of(set)
  local list = host.array {}
  for name in pairs(set) do list[#list + 1] = name end
  return list
end

-- The label leaves the version that has it. That of the present one is remembered on the one before.
local function move_stage(secret, stage, version)
  local former = with_stage(secret, stage)
  if former == version then return end
  if former then former.stages[stage] = nil end
  version.stages[stage] = true
  if stage == "AWSCURRENT" and former then
    local older = with_stage(secret, "AWSPREVIOUS")
    if older then older.stages.AWSPREVIOUS = nil end
    former.stages.AWSPREVIOUS = true
  end
end

local function has_value(input) return input.SecretString ~= nil or input.SecretBinary ~= nil end

local function same_value(version, input)
  return version.string == input.SecretString and version.binary == input.SecretBinary
end

-- The same token with the same value is the same version; with another value it is refused.
local function add_version(secret, input, stages)
  local id = input.ClientRequestToken or random.uuid()
  local version = secret.versions[id]
  if version and has_value(input) and not same_value(version, input) then
    fail("ResourceExistsException", "You can't modify an existing version, you can only create new versions.")
  end
  if not version then
    version = { id = id, string = input.SecretString, binary = input.SecretBinary, created_at = clock.now(), stages = {} }
    secret.versions[id] = version
    secret.order[#secret.order + 1] = id
    for _, stage in ipairs(stages) do move_stage(secret, stage, version) end
    secret.changed_at = clock.now()
  end
  return version
end

local function add_secret(world, data)
  local secret = {
    name = data.name, description = data.description, versions = {}, order = {}, created_at = clock.now(), changed_at = clock.now(),
    arn = ("arn:aws:secretsmanager:%s:%s:secret:%s-%s"):format(world.region, world.account, data.name, data.suffix or random.name(6)),
  }
  table.insert(world.secrets, secret)
  return secret
end

function operations.create_secret(world, input)
  for _, secret in ipairs(world.secrets) do
    if secret.name == input.Name then
      local known = secret.versions[input.ClientRequestToken or ""]
      if known and same_value(known, input) then return { ARN = secret.arn, Name = secret.name, VersionId = known.id } end
      if secret.deleted_at then
        fail("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
      end
      fail("ResourceExistsException", "The operation failed because the secret %s already exists.", input.Name)
    end
  end
  local secret = add_secret(world, { name = input.Name, description = input.Description })
  local version = has_value(input) and add_version(secret, input, { "AWSCURRENT" }) or nil
  return { ARN = secret.arn, Name = secret.name, VersionId = version and version.id }
end

local function describe_versions(secret)
  local map
  for _, id in ipairs(secret.order) do
    local stages = names_of(secret.versions[id].stages)
    if #stages > 0 then
      map = map or {}
      map[id] = stages
    end
  end
  return map
end

local function describe(secret)
  return {
    ARN = secret.arn, Name = secret.name, Description = secret.description, CreatedDate = clock.stamp(secret.created_at),
    LastChangedDate = clock.stamp(secret.changed_at), LastAccessedDate = secret.accessed_at, DeletedDate = clock.stamp(secret.deleted_at),
  }
end

function operations.describe_secret(world, input)
  local secret = find(world, input.SecretId)
  local shape = describe(secret)
  shape.VersionIdsToStages = describe_versions(secret)
  return shape
end

function operations.list_secrets(world, input)
  local list = host.array {}
  for _, secret in ipairs(world.secrets) do
    if not secret.deleted_at or input.IncludePlannedDeletion then
      local shape = describe(secret)
      shape.SecretVersionsToStages = describe_versions(secret)
      list[#list + 1] = shape
    end
  end
  local page, token = pages.cut(list, {
    size = input.MaxResults, token = input.NextToken, most = 100, key = function(secret) return secret.ARN end,
    invalid = "InvalidNextTokenException",
  })
  return { SecretList = host.array(page), NextToken = token }
end

function operations.list_secret_version_ids(world, input)
  local secret, list = find(world, input.SecretId), host.array {}
  for _, id in ipairs(secret.order) do
    local version = secret.versions[id]
    if next(version.stages) or input.IncludeDeprecated then
      list[#list + 1] = { VersionId = id, VersionStages = names_of(version.stages), CreatedDate = clock.stamp(version.created_at) }
    end
  end
  return { ARN = secret.arn, Name = secret.name, Versions = list }
end

local function version_of(secret, input)
  if not input.VersionId then
    local stage = input.VersionStage or "AWSCURRENT"
    local version = with_stage(secret, stage)
    if not version then not_found("Secrets Manager can't find the specified secret value for staging label: %s", stage) end
    return version
  end
  local version = secret.versions[input.VersionId]
  if not version then not_found("Secrets Manager can't find the specified secret value for VersionId: %s", input.VersionId) end
  if input.VersionStage and not version.stages[input.VersionStage] then
    fail("InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.")
  end
  return version
end

function operations.get_secret_value(world, input)
  local secret = find_alive(world, input.SecretId)
  local version = version_of(secret, input)
  secret.accessed_at = clock.now() // DAY * DAY -- AWS tells the day only
  return {
    ARN = secret.arn, Name = secret.name, VersionId = version.id, SecretString = version.string, SecretBinary = version.binary,
    VersionStages = names_of(version.stages), CreatedDate = clock.stamp(version.created_at),
  }
end

function operations.put_secret_value(world, input)
  local secret = find_alive(world, input.SecretId)
  if not has_value(input) then fail("InvalidRequestException", "You must provide either SecretString or SecretBinary.") end
  local version = add_version(secret, input, input.VersionStages or { "AWSCURRENT" })
  return { ARN = secret.arn, Name = secret.name, VersionId = version.id, VersionStages = names_of(version.stages) }
end

function operations.update_secret(world, input)
  local secret = find_alive(world, input.SecretId)
  secret.description = input.Description or secret.description
  secret.changed_at = clock.now()
  local version = has_value(input) and add_version(secret, input, { "AWSCURRENT" }) or nil
  return { ARN = secret.arn, Name = secret.name, VersionId = version and version.id }
end

function operations.update_secret_version_stage(world, input)
  local secret, stage = find_alive(world, input.SecretId), input.VersionStage
  local holder = with_stage(secret, stage)
  if holder and input.RemoveFromVersionId ~= holder.id and input.MoveToVersionId ~= holder.id then
    fail("InvalidParameterException",
      "The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.",
      stage, holder.id)
  end
  if not input.MoveToVersionId and stage == "AWSCURRENT" then
    fail("InvalidParameterException", "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.")
  end
  local target = input.MoveToVersionId and version_of(secret, { VersionId = input.MoveToVersionId })
  if target then
    move_stage(secret, stage, target)
  elseif holder then
    holder.stages[stage] = nil
  end
  secret.changed_at = clock.now()
  return { ARN = secret.arn, Name = secret.name }
end

local function remove(world, secret)
  for i, one in ipairs(world.secrets) do
    if one == secret then return table.remove(world.secrets, i) end
  end
end

function operations.delete_secret(world, input)
  if input.ForceDeleteWithoutRecovery and input.RecoveryWindowInDays then
    fail("InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
  end
  local days = input.RecoveryWindowInDays or 30
  if days < 7 or days > 30 then
    fail("InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
  end
  local secret = find_alive(world, input.SecretId)
  secret.deleted_at = clock.now()
  if input.ForceDeleteWithoutRecovery then days = 0 end
  secret.removal = clock.after(days * DAY, function() remove(world, secret) end)
  return { ARN = secret.arn, Name = secret.name, DeletionDate = clock.stamp(secret.deleted_at + days * DAY) }
end

function operations.restore_secret(world, input)
  local secret = find(world, input.SecretId)
  clock.cancel(secret.removal)
  secret.deleted_at, secret.removal = nil, nil
  return { ARN = secret.arn, Name = secret.name }
end

-- For a task that starts: the value, or a member of it. Nil and what the service says.
local function read(world, arn, key)
  for _, secret in ipairs(world.secrets) do
    if secret.arn == arn and not secret.deleted_at then
      local version = with_stage(secret, "AWSCURRENT")
      if key == "" then return version.string end
      local told = host.parse_json(version.string or "")
      local value = type(told) == "table" and told[key]
      if value then return tostring(value) end
      return nil, ("retrieved secret from Secrets Manager did not contain json key %s"):format(key)
    end
  end
  return nil, ("failed to fetch secret %s from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."):format(arn)
end

return {
  operations = operations,
  ---The labels of each secret's versions, the oldest first.
  ---@param world table
  state = function(world)
    local all = {}
    for _, secret in ipairs(world.secrets) do
      local versions = host.array {}
      for i, id in ipairs(secret.order) do versions[i] = table.concat(names_of(secret.versions[id].stages), " ") end
      all[secret.name] = { versions = versions, deleted = secret.deleted_at ~= nil }
    end
    return all
  end,
  ---@param world table
  ---@param data { name: string, value: string, suffix?: string, description?: string }[] suffix: the six letters at the end of the ARN
  open = function(world, data)
    world.secrets = {}
    world.read_secret = function(arn, key) return read(world, arn, key) end
    for _, one in ipairs(data or {}) do
      add_version(add_secret(world, one), { SecretString = one.value }, { "AWSCURRENT" })
    end
  end,
}
