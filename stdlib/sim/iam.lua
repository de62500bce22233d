--- Identity and Access Management, simulated: who the account's users are and which keys they have. The front door asks
--- here for the secret of the key that a request claims.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"
local random = require "sim.random"

local operations = {}

local KEYS_OF_A_USER = 2

local function user_or_fail(world, name, call)
  local user = world.iam.users[name or call.user.name]
  if not user then fail.raise { code = "NoSuchEntity", message = ("The user with name %s cannot be found."):format(name), status = 404 } end
  return user
end

local function keys_of(world, user)
  local list = {}
  for _, key in pairs(world.iam.keys) do
    if key.user == user and not key.session_token then list[#list + 1] = key end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

local function describe_key(key)
  return { UserName = key.user.name, AccessKeyId = key.id, Status = key.status, CreateDate = clock.stamp(key.created_at) }
end

local function key_or_fail(world, user, id)
  local key = world.iam.keys[id]
  if not key or key.user ~= user then
    fail.raise { code = "NoSuchEntity", message = ("The Access Key with id %s cannot be found."):format(id), status = 404 }
  end
  return key
end

local function add_key(world, user, data)
  local key = {
    id = data.id, secret = data.secret, session_token = data.session_token, expires_at = data.expires_at, status = "Active",
    created_at = clock.now(), user = user,
  }
  world.iam.keys[key.id] = key
  return key
end

function operations.get_user(world, input, call)
  local user = user_or_fail(world, input.UserName, call)
  return { User = { Path = "/", UserName = user.name, UserId = user.id, Arn = user.arn, CreateDate = clock.stamp(user.created_at) } }
end

function operations.list_access_keys(world, input, call)
  local list = keys_of(world, user_or_fail(world, input.UserName, call))
  local page, marker = pages.cut(list, {
    size = input.MaxItems, token = input.Marker, most = 1000, key = function(key) return key.id end, invalid = "ValidationError",
  })
  local answer = { AccessKeyMetadata = host.array {}, IsTruncated = marker ~= nil, Marker = marker }
  for i, key in ipairs(page) do answer.AccessKeyMetadata[i] = describe_key(key) end
  return answer
end

function operations.create_access_key(world, input, call)
  local user = user_or_fail(world, input.UserName, call)
  if #keys_of(world, user) >= KEYS_OF_A_USER then
    fail.raise { code = "LimitExceeded", message = "Cannot exceed quota for AccessKeysPerUser: 2", status = 409 }
  end
  local key = add_key(world, user, { id = "AKIA" .. random.name(16):upper(), secret = random.name(40) })
  local shape = describe_key(key)
  shape.SecretAccessKey = key.secret
  return { AccessKey = shape }
end

function operations.update_access_key(world, input, call)
  local key = key_or_fail(world, user_or_fail(world, input.UserName, call), input.AccessKeyId)
  key.status = input.Status
  return {}
end

function operations.delete_access_key(world, input, call)
  local key = key_or_fail(world, user_or_fail(world, input.UserName, call), input.AccessKeyId)
  world.iam.keys[key.id] = nil
  return {}
end

return {
  operations = operations,

  ---The key with that id if it may be used; nil when IAM does not know it or it is not active.
  ---@param world table
  ---@param id string
  ---@return table? key
  find_key = function(world, id)
    local key = world.iam.keys[id]
    return key and key.status == "Active" and key or nil
  end,

  ---@param world table
  ---@param data { users: { name: string, id: string, keys: table[] }[] }
  open = function(world, data)
    world.iam = { users = {}, keys = {} }
    for _, one in ipairs(data and data.users or {}) do
      local user = {
        name = one.name, id = one.id, arn = ("arn:aws:iam::%s:user/%s"):format(world.account, one.name), created_at = clock.now(),
      }
      world.iam.users[user.name] = user
      for _, key in ipairs(one.keys) do add_key(world, user, key) end
    end
  end,
}
