--- Identity and Access Management, simulated: who the account's users and roles are, which keys they have, and what their
--- policies allow. The front door asks here for the secret of the key that a request claims, and whether it may.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"
local policy = require "sim.iam.policy"
local random = require "sim.random"
local resources = require "sim.iam.resources"
local simulate = require "sim.iam.simulate"

local EVERYTHING = { { name = "AdministratorAccess", document = { Statement = { { Effect = "Allow", Action = "*", Resource = "*" } } } } }

local operations = { simulate_principal_policy = simulate.simulate_principal_policy }

local KEYS_OF_A_USER = 2

local function user_or_fail(world, name, call)
  if not name and call.user.role then
    fail("ValidationError", "Must specify userName when calling with non-User credentials")
  end
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

-- A new key is not known everywhere at once, as https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html says of all changes.
local function works(world, key)
  return key.status == "Active" and clock.now() >= (key.known_at or 0)
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
  return { User = { Path = user.path, UserName = user.name, UserId = user.id, Arn = user.arn, CreateDate = clock.stamp(user.created_at) } }
end

local function role_or_fail(world, name)
  local role = world.iam.roles[name]
  if not role then fail.raise { code = "NoSuchEntity", message = ("The role with name %s cannot be found."):format(name), status = 404 } end
  return role
end

function operations.get_role(world, input)
  local role = role_or_fail(world, input.RoleName)
  return { Role = { Path = role.path, RoleName = role.name, RoleId = role.id, Arn = role.arn, CreateDate = clock.stamp(role.created_at) } }
end

-- IAM gives its documents percent-encoded (RFC 3986).
local function encode(document)
  return (host.json(document):gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

function operations.get_role_policy(world, input)
  for _, policy_of_role in ipairs(role_or_fail(world, input.RoleName).policies) do
    if policy_of_role.name == input.PolicyName then
      return { RoleName = input.RoleName, PolicyName = input.PolicyName, PolicyDocument = encode(policy_of_role.document) }
    end
  end
  fail.raise {
    code = "NoSuchEntity", message = ("The role policy with name %s cannot be found."):format(input.PolicyName), status = 404,
  }
end

-- The policies of a role that nobody has given any are everybody's.
local function own_policies(role)
  if role.policies == EVERYTHING then role.policies = {} end
  return role.policies
end

function operations.put_role_policy(world, input)
  local role, document = role_or_fail(world, input.RoleName), host.parse_json(input.PolicyDocument)
  if type(document) ~= "table" or not document.Statement then
    fail.raise { code = "MalformedPolicyDocument", message = "Syntax errors in policy.", status = 400 }
  end
  local policies = own_policies(role)
  for _, known in ipairs(policies) do
    if known.name == input.PolicyName then
      known.document = document
      return {}
    end
  end
  policies[#policies + 1] = { name = input.PolicyName, document = document }
  return {}
end

function operations.delete_role_policy(world, input)
  local policies = own_policies(role_or_fail(world, input.RoleName))
  for i, known in ipairs(policies) do
    if known.name == input.PolicyName then
      table.remove(policies, i)
      return {}
    end
  end
  fail.raise { code = "NoSuchEntity", message = ("The role policy with name %s cannot be found."):format(input.PolicyName), status = 404 }
end

function operations.list_role_policies(world, input)
  local names = host.array {}
  for i, policy_of_role in ipairs(role_or_fail(world, input.RoleName).policies) do names[i] = policy_of_role.name end
  return { PolicyNames = names, IsTruncated = false }
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
  key.known_at = clock.now() + world.iam.propagation
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

function operations.get_access_key_last_used(world, input)
  local key = world.iam.keys[input.AccessKeyId]
  if not key then
    fail.raise { code = "AccessDenied", message = ("User is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key %s"):format(input.AccessKeyId), status = 403 }
  end
  local used = key.used_at and key.used_at // 1
  return {
    UserName = key.user.name,
    AccessKeyLastUsed = { LastUsedDate = used, ServiceName = used and (key.used_for or "sts") or "N/A", Region = used and world.region or "N/A" },
  }
end

-- ---- who may -------------------------------------------------------------------------------------


-- The services of XML protocols say it as S3 and IAM do.
local SHORT_CODE = { elbv2 = true, iam = true, s3 = true, sts = true }

local function refuse(call, action, resource, why)
  local short = SHORT_CODE[call.service]
  fail.raise {
    code = short and "AccessDenied" or "AccessDeniedException", status = short and 403 or 400,
    message = ("User: %s is not authorized to perform: %s on resource: %s %s"):format(call.user.arn, action, resource, why),
  }
end

local function context_of(world, call)
  return {
    ["aws:principalarn"] = { call.user.arn }, ["aws:username"] = call.user.name and { call.user.name },
    ["aws:requestedregion"] = { call.region }, ["aws:principalaccount"] = { world.account }, ["aws:securetransport"] = { "true" },
  }
end

local function check_action(world, call, input, action)
  local question = {
    action = action, resource = resources.of_call(world, call.service, input), context = context_of(world, call),
  }
  local decision = policy.decide(call.user.policies, question)
  local bounded = call.user.boundary and policy.decide(call.user.boundary, question) or "allowed"
  if decision == "explicitDeny" or bounded == "explicitDeny" then
    refuse(call, action, question.resource, "with an explicit deny in an identity-based policy")
  elseif decision ~= "allowed" then
    refuse(call, action, question.resource, ("because no identity-based policy allows the %s action"):format(action))
  elseif bounded ~= "allowed" then
    refuse(call, action, question.resource, ("because no permissions boundary allows the %s action"):format(action))
  end
end

-- The services that check it besides where something is made with tags.
local TAGGING = { elbv2 = "elasticloadbalancing:AddTags" }

-- Everybody may ask who he is.
local function check_allowed(world, call, input)
  local action = call.iam_prefix .. ":" .. call.name
  if not call.user or action == "sts:GetCallerIdentity" then return end
  check_action(world, call, input, action)
  local tagging = TAGGING[call.service]
  if tagging and input.Tags and call.name:find "^Create" then check_action(world, call, input, tagging) end
end

-- ---- the world ------------------------------------------------------------------------------------

local function read_policies(list)
  if not list then return nil end
  local policies = {}
  for i, document in ipairs(list) do policies[i] = { name = document.name or "policy-" .. i, document = document } end
  return policies
end

local function add_principal(world, kind, data)
  local path = data.path or "/"
  return {
    name = data.name, id = data.id, path = path, created_at = clock.now(),
    arn = ("arn:aws:iam::%s:%s%s%s"):format(world.account, kind, path, data.name),
    policies = read_policies(data.policies) or EVERYTHING, boundary = read_policies(data.boundary),
  }
end

local function add_user(world, data)
  local user = add_principal(world, "user", data)
  world.iam.users[user.name] = user
  for _, key in ipairs(data.keys or {}) do add_key(world, user, key) end
end

-- Whoever has assumed a role calls as a session of it.
local function add_role(world, data)
  local role = add_principal(world, "role", data)
  world.iam.roles[role.name] = role
  for _, session in ipairs(data.sessions or {}) do
    local caller = {
      id = role.id .. ":" .. session.name, role = role, policies = role.policies, boundary = role.boundary,
      arn = ("arn:aws:sts::%s:assumed-role/%s/%s"):format(world.account, role.name, session.name),
    }
    for _, key in ipairs(session.keys) do add_key(world, caller, key) end
  end
end

return {
  operations = operations,

  ---The keys of each user by their status.
  ---@param world table
  state = function(world)
    local all = {}
    for name, user in pairs(world.iam.users) do
      all[name] = host.array {}
      for i, key in ipairs(keys_of(world, user)) do all[name][i] = key.status end
    end
    return all
  end,

  ---The key with that id if it may be used; nil when IAM does not know it or it is not active.
  ---@param world table
  ---@param id string
  ---@return table? key
  find_key = function(world, id)
    local key = world.iam.keys[id]
    return key and works(world, key) and key or nil
  end,

  ---Signs with a key, as a program outside of the world does: whether IAM takes it.
  ---@param world table
  ---@param id string
  ---@param secret string
  ---@return boolean
  use_key = function(world, id, secret)
    local key = world.iam.keys[id]
    if not key or key.secret ~= secret or not works(world, key) then return false end
    key.used_at = clock.now()
    return true
  end,

  ---Raises what AWS answers to a caller whose policies do not allow the call.
  ---@param world table of the call's region
  ---@param call table
  ---@param input table
  check_allowed = check_allowed,

  ---Policies are documents as in IAM, as tables; without any a principal may do everything.
  ---@param world table
  ---@param data { users: { name: string, id: string, keys: table[], policies?: table[], boundary?: table[] }[], propagation?: number, roles?: { name: string, id: string, path?: string, policies?: table[], boundary?: table[], sessions?: { name: string, keys: table[] }[] }[] }
  open = function(world, data)
    world.iam = { users = {}, roles = {}, keys = {}, propagation = data and data.propagation or 0 }
    for _, user in ipairs(data and data.users or {}) do add_user(world, user) end
    for _, role in ipairs(data and data.roles or {}) do add_role(world, role) end
  end,
}
