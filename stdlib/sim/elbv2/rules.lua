--- The rules of a simulated listener: which path goes where.

local fail = require "sim.fail"
local host = require "host.sim"
local list = require "sim.elbv2.list"
local random = require "sim.random"

local rules = {}

local operations = {}

---An action as AWS shows it.
---@param action table
---@return table
function rules.describe_action(action)
  if action.forward then
    return {
      Type = "forward", Order = 1, TargetGroupArn = action.forward,
      ForwardConfig = { TargetGroups = { { TargetGroupArn = action.forward, Weight = 1 } } },
    }
  end
  return {
    Type = "fixed-response", Order = 1,
    FixedResponseConfig = { StatusCode = tostring(action.status), ContentType = "text/plain", MessageBody = action.body },
  }
end

local function describe_rule(rule)
  local conditions = host.array {}
  if rule.paths then conditions[1] = { Field = "path-pattern", Values = rule.paths, PathPatternConfig = { Values = rule.paths } } end
  return {
    RuleArn = rule.arn, Priority = rule.priority and tostring(rule.priority) or "default", Conditions = conditions,
    Actions = { rules.describe_action(rule.action) }, IsDefault = rule.priority == nil,
    Transforms = rule.rewrite and { { Type = "url-rewrite", UrlRewriteConfig = { Rewrites = { rule.rewrite } } } } or nil,
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

-- One condition, on the path: what more AWS has is not simulated.
local function read_paths(conditions)
  local condition = conditions[1]
  if not condition or condition.Field ~= "path-pattern" then
    fail("InvalidConfigurationRequest", "The simulator knows conditions with the field 'path-pattern' only")
  end
  return condition.Values or (condition.PathPatternConfig or {}).Values
end

local function read_action(world, actions)
  local action = actions[1] or {}
  local groups = (action.ForwardConfig or {}).TargetGroups or {}
  if action.Type == "forward" then
    local arn = action.TargetGroupArn or groups[1] and groups[1].TargetGroupArn
    list.pick(world.elb.groups, { arn }, "TargetGroupNotFound", "One or more target groups not found")
    return { forward = arn }
  elseif action.Type == "fixed-response" then
    return { status = tonumber(action.FixedResponseConfig.StatusCode), body = action.FixedResponseConfig.MessageBody or "" }
  end
  fail("InvalidLoadBalancerAction", "The simulator knows the actions 'forward' and 'fixed-response' only")
end

-- One rewriting of the URL. Of its regular expressions those are simulated that cut a prefix off: "^/prefix/(.*)$", "/$1".
local function read_rewrite(transforms)
  local transform = (transforms or {})[1]
  if not transform then return nil end
  local rewrite = ((transform.UrlRewriteConfig or {}).Rewrites or {})[1]
  if transform.Type ~= "url-rewrite" or not rewrite or transforms[2] then
    fail("InvalidConfigurationRequest", "The simulator knows one transform of type 'url-rewrite' with one rewrite")
  end
  if not rewrite.Regex:find "^%^[%w/_%-]*%(%.%*%)%$?$" then
    fail("InvalidConfigurationRequest", "The simulator knows regular expressions of the kind '^/prefix/(.*)$' only")
  end
  return rewrite
end

function operations.create_rule(world, input)
  local listener = list.pick(world.elb.listeners, { input.ListenerArn }, "ListenerNotFound", "One or more listeners not found")[1]
  for _, rule in ipairs(world.elb.rules) do
    if rule.listener == listener.arn and rule.priority == input.Priority then
      fail("PriorityInUse", "Priority '%d' is currently in use", input.Priority)
    end
  end
  local rule = {
    arn = listener.arn:gsub(":listener/", ":listener-rule/") .. "/" .. random.hex(16), listener = listener.arn,
    priority = input.Priority, paths = read_paths(input.Conditions), action = read_action(world, input.Actions),
    rewrite = read_rewrite(input.Transforms), tags = input.Tags,
  }
  list.add(world.elb.rules, rule)
  return { Rules = { describe_rule(rule) } }
end

function operations.modify_rule(world, input)
  local rule = find(world, input.RuleArn)
  rule.paths = input.Conditions and read_paths(input.Conditions) or rule.paths
  rule.action = input.Actions and read_action(world, input.Actions) or rule.action
  rule.rewrite = read_rewrite(input.Transforms) or not input.ResetTransforms and rule.rewrite or nil
  return { Rules = { describe_rule(rule) } }
end

function operations.delete_rule(world, input)
  if input.RuleArn:find("/default$") then fail("OperationNotPermitted", "Default rule cannot be deleted") end
  list.remove(world.elb.rules, find(world, input.RuleArn))
  return {}
end

-- ---- following them

local function fits(rule, path)
  if not rule.paths then return true end
  for _, given in ipairs(rule.paths) do
    if path:match("^" .. given:gsub("[^%w*?/]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$") then return true end
  end
  return false
end

local function rewritten(rule, path)
  if not rule.rewrite then return path end
  local prefix = rule.rewrite.Regex:match "^%^(.-)%(" or ""
  if path:sub(1, #prefix) ~= prefix then return path end
  return (rule.rewrite.Replace:gsub("%$1", (path:sub(#prefix + 1):gsub("%%", "%%%%"))))
end

---What a load balancer does with a path.
---@param world table
---@param balancer table
---@param path string
---@return table action { forward = target group ARN } or { status =, body = }
---@return string path as the target gets it
function rules.route(world, balancer, path)
  for _, listener in ipairs(world.elb.listeners) do
    if listener.balancer == balancer.arn then
      for _, rule in ipairs(rules_of(world, listener)) do
        if fits(rule, path) then return rule.action, rewritten(rule, path) end
      end
    end
  end
  return { status = 503, body = "" }, path
end

rules.operations = operations

return rules
