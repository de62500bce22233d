--- The rules of a simulated listener: which host and path go where.

local fail = require "sim.fail"
local host = require "host.sim"
local list = require "sim.elbv2.list"
local random = require "sim.random"

local rules = {}

local operations = {}

-- With several target groups none of them is the action's own.
local function describe_action(action)
  if action.forward or action.groups then
    local groups = {}
    for i, group in ipairs(action.groups or { { arn = action.forward, weight = 1 } }) do
      groups[i] = { TargetGroupArn = group.arn, Weight = group.weight }
    end
    return { Type = "forward", Order = 1, TargetGroupArn = action.forward, ForwardConfig = { TargetGroups = groups } }
  end
  return {
    Type = "fixed-response", Order = 1,
    FixedResponseConfig = { StatusCode = tostring(action.status), ContentType = "text/plain", MessageBody = action.body },
  }
end

---What a rule does as AWS shows it; of a sign-in the client secret is not told.
---@param action { forward?: string, groups?: { arn: string, weight: integer }[], status?: integer, body?: string, sign_in?: table }
---@return table[]
function rules.describe_actions(action)
  local last = describe_action(action)
  if not action.sign_in then return { last } end
  last.Order = 2
  return { { Type = "authenticate-oidc", Order = 1, AuthenticateOidcConfig = action.sign_in }, last }
end

local function describe_rule(rule)
  local conditions, hosts, paths = host.array {}, rule.hosts, rule.paths
  if hosts then conditions[1] = { Field = "host-header", Values = hosts, HostHeaderConfig = { Values = hosts } } end
  if paths then conditions[#conditions + 1] = { Field = "path-pattern", Values = paths, PathPatternConfig = { Values = paths } } end
  return {
    RuleArn = rule.arn, Priority = rule.priority and tostring(rule.priority) or "default", Conditions = conditions,
    Actions = rules.describe_actions(rule.action), IsDefault = rule.priority == nil, Transforms = rule.transforms,
  }
end

-- The rules of a listener by priority; its default action is the last.
local function rules_of(world, listener)
  local own = {}
  for _, rule in ipairs(world.elb.rules) do
    if rule.listener == listener.arn then own[#own + 1] = rule end
  end
  table.sort(own, function(a, b) return a.priority < b.priority end)
  own[#own + 1] = { arn = listener.arn:gsub(":listener/", ":listener-rule/") .. "/default", action = listener.default }
  return own
end

function operations.describe_rules(world, input)
  if input.ListenerArn then
    local found = list.pick(world.elb.listeners, { input.ListenerArn }, "ListenerNotFound", "One or more listeners not found")
    return list.page(rules_of(world, found[1]), input, "Rules", describe_rule)
  end
  if not input.RuleArns then fail("ValidationError", "You must specify either a listener ARN or rule ARNs") end
  local found = list.pick(world.elb.rules, input.RuleArns, "RuleNotFound", "One or more rules not found")
  return list.page(found, input, "Rules", describe_rule)
end

-- ---- changing them

local function find(world, arn)
  return list.pick(world.elb.rules, { arn }, "RuleNotFound", "One or more rules not found")[1]
end

local CONDITIONS = {
  ["path-pattern"] = { to = "paths", config = "PathPatternConfig" },
  ["host-header"] = { to = "hosts", config = "HostHeaderConfig" },
}

-- Conditions on path and host, one of each: what more AWS has is not simulated.
local function read_conditions(conditions)
  local read = {}
  for _, condition in ipairs(conditions) do
    local kind = CONDITIONS[condition.Field]
    if not kind then
      fail("InvalidConfigurationRequest", "The simulator knows conditions with the fields 'path-pattern' and 'host-header' only")
    end
    if read[kind.to] then fail("InvalidConfigurationRequest", "A rule can have only one '%s' condition", condition.Field) end
    local values, config = condition.Values, condition[kind.config]
    if values and config then fail("InvalidConfigurationRequest", "You can specify either 'Values' or '%s'", kind.config) end
    read[kind.to] = values or (config or {}).Values
    if not read[kind.to] then fail("ValidationError", "A condition value must be specified") end
  end
  return read
end

local function read_last(world, action)
  local groups = {}
  for i, group in ipairs((action.ForwardConfig or {}).TargetGroups or {}) do
    groups[i] = { arn = group.TargetGroupArn, weight = group.Weight or 1 }
  end
  if action.Type == "forward" then
    if #groups == 0 then groups[1] = action.TargetGroupArn and { arn = action.TargetGroupArn } end
    if #groups == 0 then fail("ValidationError", "A target group ARN must be specified") end
    for _, group in ipairs(groups) do
      list.pick(world.elb.groups, { group.arn }, "TargetGroupNotFound", "One or more target groups not found")
    end
    return groups[2] and { groups = groups } or { forward = groups[1].arn }
  elseif action.Type == "fixed-response" then
    return { status = tonumber(action.FixedResponseConfig.StatusCode), body = action.FixedResponseConfig.MessageBody or "" }
  end
  fail("InvalidLoadBalancerAction", "The simulator knows the last actions 'forward' and 'fixed-response' only")
end

---What actions are here: the last one, and a sign-in before it.
---@param world table
---@param actions table[] as CreateRule takes them
---@return table action as `rules.describe_actions` takes it
function rules.read_actions(world, actions)
  local read, before = read_last(world, actions[#actions] or {}), actions[2] and actions[1]
  if not before then return read end
  local sign_in = before.AuthenticateOidcConfig
  if before.Type ~= "authenticate-oidc" or actions[3] then
    fail("InvalidLoadBalancerAction", "The simulator knows one action 'authenticate-oidc' before the last one only")
  end
  if not sign_in.ClientSecret then fail("InvalidLoadBalancerAction", "A client secret must be specified") end
  sign_in.ClientSecret = nil
  read.sign_in = sign_in
  return read
end

local TRANSFORMS = { ["url-rewrite"] = "UrlRewriteConfig", ["host-header-rewrite"] = "HostHeaderRewriteConfig" }

-- One of each type. Of the regular expressions for URLs those are simulated that cut a prefix off: "^/prefix/(.*)$", "/$1"; what a target
-- makes of its host header is not.
local function read_transforms(transforms)
  local seen = {}
  for _, transform in ipairs(transforms or {}) do
    local rewrites = (transform[TRANSFORMS[transform.Type]] or {}).Rewrites or {}
    if seen[transform.Type] or #rewrites ~= 1 then
      fail("InvalidConfigurationRequest", "A rule has one transform of a type at most, with one rewrite")
    end
    if transform.Type == "url-rewrite" and not rewrites[1].Regex:find "^%^[%w/_%-]*%(%.%*%)%$?$" then
      fail("InvalidConfigurationRequest", "The simulator knows regular expressions of the kind '^/prefix/(.*)$' only")
    end
    seen[transform.Type] = true
  end
  return transforms and transforms[1] and transforms or nil
end

function operations.create_rule(world, input)
  local listener = list.pick(world.elb.listeners, { input.ListenerArn }, "ListenerNotFound", "One or more listeners not found")[1]
  for _, rule in ipairs(world.elb.rules) do
    if rule.listener == listener.arn and rule.priority == input.Priority then
      fail("PriorityInUse", "Priority '%d' is currently in use", input.Priority)
    end
  end
  local conditions = read_conditions(input.Conditions)
  local rule = {
    arn = listener.arn:gsub(":listener/", ":listener-rule/") .. "/" .. random.hex(16), listener = listener.arn,
    priority = input.Priority, hosts = conditions.hosts, paths = conditions.paths, action = rules.read_actions(world, input.Actions),
    transforms = read_transforms(input.Transforms), tags = input.Tags,
  }
  list.add(world.elb.rules, rule)
  return { Rules = { describe_rule(rule) } }
end

function operations.modify_rule(world, input)
  if input.RuleArn:find "/default$" then fail("OperationNotPermitted", "Default rule cannot be modified") end
  if input.Transforms and input.ResetTransforms then
    fail("ValidationError", "You can't specify both 'Transforms' and 'ResetTransforms'")
  end
  local rule = find(world, input.RuleArn)
  local conditions = input.Conditions and read_conditions(input.Conditions) or rule
  local action = input.Actions and rules.read_actions(world, input.Actions) or rule.action
  rule.transforms = read_transforms(input.Transforms) or not input.ResetTransforms and rule.transforms or nil
  rule.hosts, rule.paths, rule.action = conditions.hosts, conditions.paths, action
  return { Rules = { describe_rule(rule) } }
end

function operations.delete_rule(world, input)
  if input.RuleArn:find("/default$") then fail("OperationNotPermitted", "Default rule cannot be deleted") end
  list.remove(world.elb.rules, find(world, input.RuleArn))
  return {}
end

-- ---- following them

local function is_like(text, patterns)
  if not patterns then return true end
  for _, given in ipairs(patterns) do
    if text:match("^" .. given:gsub("[^%w*?/]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$") then return true end
  end
  return false
end

-- Host names are the same in either case, paths are not.
local function fits(rule, name, path)
  local hosts = rule.hosts and {}
  for i, given in ipairs(rule.hosts or {}) do hosts[i] = given:lower() end
  return is_like(name:lower(), hosts) and is_like(path, rule.paths)
end

---The rewrite of a rule's URLs; nil without one.
---@param rule table
---@return { Regex: string, Replace: string }?
function rules.url_rewrite(rule)
  for _, transform in ipairs(rule.transforms or {}) do
    if transform.Type == "url-rewrite" then return transform.UrlRewriteConfig.Rewrites[1] end
  end
end

local function rewritten(rule, path)
  local rewrite = rules.url_rewrite(rule)
  local prefix = rewrite and rewrite.Regex:match "^%^(.-)%("
  if not prefix or path:sub(1, #prefix) ~= prefix then return path end
  return (rewrite.Replace:gsub("%$1", (path:sub(#prefix + 1):gsub("%%", "%%%%"))))
end

-- Of several target groups one by chance and weight. Nobody who asks here is signed in.
local function chosen(action)
  if action.sign_in then return { status = 302, body = "" } end
  if not action.groups then return action end
  local total = 0
  for _, group in ipairs(action.groups) do total = total + group.weight end
  local at = random.between { 0, total }
  for _, group in ipairs(action.groups) do
    at = at - group.weight
    if at < 0 then return { forward = group.arn } end
  end
  return { status = 503, body = "" } -- all weights are 0
end

---What a load balancer does with a request.
---@param world table
---@param balancer table
---@param name string the host that was asked for
---@param path string
---@return table action { forward = target group ARN } or { status =, body = }
---@return string path as the target gets it
function rules.route(world, balancer, name, path)
  for _, listener in ipairs(world.elb.listeners) do
    if listener.balancer == balancer.arn then
      for _, rule in ipairs(rules_of(world, listener)) do
        if fits(rule, name, path) then return chosen(rule.action), rewritten(rule, path) end
      end
    end
  end
  return { status = 503, body = "" }, path
end

rules.operations = operations

return rules
