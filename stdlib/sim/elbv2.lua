--- Elastic Load Balancing v2, simulated: one application load balancer and its target groups, read only.

local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"

local operations = {}

local MOST = 400

local function index(list)
  for _, item in ipairs(list) do list[item.arn] = item end
  return list
end

local function group_or_fail(world, arn)
  local group = world.elb.groups[arn]
  if group then return group end
  if not arn:match("^arn:aws:elasticloadbalancing:[^:]*:[^:]*:targetgroup/") then
    fail("ValidationError", "'%s' is not a valid target group ARN", arn)
  end
  fail("TargetGroupNotFound", "One or more target groups not found")
end

local function pick(list, arns, not_found, message)
  if not arns or #arns == 0 then return list end
  local chosen = {}
  for _, arn in ipairs(arns) do
    if not list[arn] then fail(not_found, message) end
    chosen[#chosen + 1] = list[arn]
  end
  return chosen
end

local function with_names(list, names, not_found, message)
  if not names or #names == 0 then return list end
  local chosen = {}
  for _, name in ipairs(names) do
    local before = #chosen
    for _, item in ipairs(list) do
      if item.name == name then chosen[#chosen + 1] = item end
    end
    if #chosen == before then fail(not_found, message) end
  end
  return chosen
end

local function page(list, input, member, describe)
  local cut, marker = pages.cut(list, {
    size = input.PageSize, token = input.Marker, most = MOST, key = function(item) return item.arn end,
    invalid = "ValidationError",
  })
  local answer = { [member] = host.array {}, NextMarker = marker }
  for i, item in ipairs(cut) do answer[member][i] = describe(item) end
  return answer
end

local function describe_target(group, target)
  return {
    Target = { Id = target.id, Port = target.port, AvailabilityZone = group.zone },
    HealthCheckPort = tostring(target.port),
    TargetHealth = { State = target.state, Reason = target.reason, Description = target.description },
    AnomalyDetection = target.state ~= "draining" and { Result = "normal", MitigationInEffect = "no" } or nil,
  }
end

local function is_asked_for(target, wanted)
  for _, one in ipairs(wanted) do
    if one.Id == target.id and (one.Port or target.port) == target.port then
      one.known = true
      return true
    end
  end
  return #wanted == 0
end

function operations.describe_target_health(world, input)
  local group = group_or_fail(world, input.TargetGroupArn)
  local wanted = {}
  for i, one in ipairs(input.Targets or {}) do wanted[i] = { Id = one.Id, Port = one.Port } end
  local answer = { TargetHealthDescriptions = host.array {} }
  local list = answer.TargetHealthDescriptions
  for _, target in ipairs(group.targets) do
    if is_asked_for(target, wanted) then list[#list + 1] = describe_target(group, target) end
  end
  for _, one in ipairs(wanted) do
    if not one.known then
      list[#list + 1] = {
        Target = { Id = one.Id, Port = one.Port or group.port },
        TargetHealth = {
          State = "unused", Reason = "Target.NotRegistered", Description = "Target is not registered to the target group",
        },
      }
    end
  end
  return answer
end

local function describe_group(world, group)
  local health = group.health
  return {
    TargetGroupArn = group.arn, TargetGroupName = group.name, Protocol = "HTTP", ProtocolVersion = "HTTP1", Port = group.port,
    VpcId = group.vpc, TargetType = "ip", IpAddressType = "ipv4", HealthCheckProtocol = "HTTP",
    HealthCheckPort = "traffic-port", HealthCheckEnabled = true, HealthCheckPath = health.path,
    HealthCheckIntervalSeconds = health.every, HealthCheckTimeoutSeconds = health.timeout,
    HealthyThresholdCount = health.good, UnhealthyThresholdCount = health.bad, Matcher = { HttpCode = health.matcher },
    LoadBalancerArns = host.array { world.elb.balancers[1] and world.elb.balancers[1].arn },
  }
end

function operations.describe_target_groups(world, input)
  local list = pick(world.elb.groups, input.TargetGroupArns, "TargetGroupNotFound", "One or more target groups not found")
  list = with_names(list, input.Names, "TargetGroupNotFound", "One or more target groups not found")
  if input.LoadBalancerArn then
    pick(world.elb.balancers, { input.LoadBalancerArn }, "LoadBalancerNotFound", "One or more load balancers not found")
  end
  return page(list, input, "TargetGroups", function(group) return describe_group(world, group) end)
end

function operations.describe_target_group_attributes(world, input)
  local group = group_or_fail(world, input.TargetGroupArn)
  return {
    Attributes = {
      { Key = "deregistration_delay.timeout_seconds", Value = tostring(group.deregistration_delay) },
      { Key = "load_balancing.algorithm.type", Value = "round_robin" },
      { Key = "slow_start.duration_seconds", Value = "0" },
      { Key = "stickiness.enabled", Value = "false" },
    },
  }
end

local function describe_balancer(balancer)
  return {
    LoadBalancerArn = balancer.arn, LoadBalancerName = balancer.name, DNSName = balancer.dns_name,
    CanonicalHostedZoneId = "Z35SXDOTRQ7X7K", CreatedTime = balancer.created_at, Scheme = "internet-facing",
    VpcId = balancer.vpc, State = { Code = "active" }, Type = "application", IpAddressType = "ipv4",
    SecurityGroups = host.array(balancer.security_groups), AvailabilityZones = host.array(balancer.zones),
  }
end

function operations.describe_load_balancers(world, input)
  local message = "One or more load balancers not found"
  local list = pick(world.elb.balancers, input.LoadBalancerArns, "LoadBalancerNotFound", message)
  list = with_names(list, input.Names, "LoadBalancerNotFound", message)
  return page(list, input, "LoadBalancers", describe_balancer)
end

local function describe_action(action)
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

local function describe_listener(listener)
  return {
    ListenerArn = listener.arn, LoadBalancerArn = listener.balancer, Port = listener.port, Protocol = listener.protocol,
    Certificates = listener.certificate and { { CertificateArn = listener.certificate } }, SslPolicy = listener.ssl_policy,
    DefaultActions = { describe_action(listener.default) },
  }
end

function operations.describe_listeners(world, input)
  local list = pick(world.elb.listeners, input.ListenerArns, "ListenerNotFound", "One or more listeners not found")
  if input.LoadBalancerArn then
    pick(world.elb.balancers, { input.LoadBalancerArn }, "LoadBalancerNotFound", "One or more load balancers not found")
    local own = {}
    for _, listener in ipairs(list) do
      if listener.balancer == input.LoadBalancerArn then own[#own + 1] = listener end
    end
    list = own
  elseif not input.ListenerArns then
    fail("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
  end
  return page(list, input, "Listeners", describe_listener)
end

local function describe_rule(rule)
  local conditions = host.array {}
  if rule.path then
    conditions[1] = { Field = "path-pattern", Values = { rule.path }, PathPatternConfig = { Values = { rule.path } } }
  end
  return {
    RuleArn = rule.arn, Priority = rule.priority and tostring(rule.priority) or "default", Conditions = conditions,
    Actions = { describe_action(rule.action) }, IsDefault = rule.priority == nil,
  }
end

-- The rules of a listener by priority; its default action is the last.
local function rules_of(world, listener)
  local list = {}
  for _, rule in ipairs(world.elb.rules) do
    if rule.listener == listener.arn then list[#list + 1] = rule end
  end
  table.sort(list, function(a, b) return a.priority < b.priority end)
  list[#list + 1] = { arn = listener.arn:gsub(":listener/", ":listener-rule/") .. "/default", action = listener.default }
  return list
end

function operations.describe_rules(world, input)
  if input.ListenerArn then
    local found = pick(world.elb.listeners, { input.ListenerArn }, "ListenerNotFound", "One or more listeners not found")
    return page(rules_of(world, found[1]), input, "Rules", describe_rule)
  end
  if not input.RuleArns then fail("ValidationError", "You must specify either a listener ARN or rule ARNs") end
  local list = pick(world.elb.rules, input.RuleArns, "RuleNotFound", "One or more rules not found")
  return page(list, input, "Rules", describe_rule)
end

---What a load balancer does with a path.
---@param world table
---@param balancer table
---@param path string
---@return table action { forward = target group ARN } or { status =, body = }
local function route(world, balancer, path)
  for _, listener in ipairs(world.elb.listeners) do
    if listener.balancer == balancer.arn then
      for _, rule in ipairs(rules_of(world, listener)) do
        local escaped = rule.path and "^" .. rule.path:gsub("[^%w*?/]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
        if not escaped or path:match(escaped) then return rule.action end
      end
    end
  end
  return { status = 503, body = "" }
end

return {
  operations = operations,
  route = route,
  ---@param world table
  ---@param data { balancers?: table[], listeners?: table[], rules?: table[], groups?: table[] }
  open = function(world, data)
    data = data or {}
    for _, group in ipairs(data.groups or {}) do group.targets = {} end
    world.elb = {
      balancers = index(data.balancers or {}), listeners = index(data.listeners or {}), rules = index(data.rules or {}),
      groups = index(data.groups or {}),
    }
  end,
}
