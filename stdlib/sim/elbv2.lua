--- Elastic Load Balancing v2, simulated: one application load balancer with its rules and target groups.

local fail = require "sim.fail"
local host = require "host.sim"
local list = require "sim.elbv2.list"
local random = require "sim.random"
local rules = require "sim.elbv2.rules"

local operations = {}
for name, operation in pairs(rules.operations) do operations[name] = operation end

local function group_or_fail(world, arn)
  local group = world.elb.groups[arn]
  if group then return group end
  if not arn:match("^arn:aws:elasticloadbalancing:[^:]*:[^:]*:targetgroup/") then
    fail("ValidationError", "'%s' is not a valid target group ARN", arn)
  end
  fail("TargetGroupNotFound", "One or more target groups not found")
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
  local shown = answer.TargetHealthDescriptions
  for _, target in ipairs(group.targets) do
    if is_asked_for(target, wanted) then shown[#shown + 1] = describe_target(group, target) end
  end
  for _, one in ipairs(wanted) do
    if not one.known then
      shown[#shown + 1] = {
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
  local found = list.pick(world.elb.groups, input.TargetGroupArns, "TargetGroupNotFound", "One or more target groups not found")
  found = list.with_names(found, input.Names, "TargetGroupNotFound", "One or more target groups not found")
  if input.LoadBalancerArn then
    list.pick(world.elb.balancers, { input.LoadBalancerArn }, "LoadBalancerNotFound", "One or more load balancers not found")
  end
  return list.page(found, input, "TargetGroups", function(group) return describe_group(world, group) end)
end

function operations.create_target_group(world, input)
  for _, group in ipairs(world.elb.groups) do
    if group.name == input.Name then
      fail("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", input.Name)
    end
  end
  local group = {
    arn = ("arn:aws:elasticloadbalancing:%s:%s:targetgroup/%s/%s"):format(world.region, world.account, input.Name, random.hex(16)),
    name = input.Name, port = input.Port, vpc = input.VpcId, zone = world.elb.groups[1] and world.elb.groups[1].zone,
    tags = input.Tags, targets = {},
    health = {
      path = input.HealthCheckPath or "/", every = input.HealthCheckIntervalSeconds or 30, timeout = input.HealthCheckTimeoutSeconds or 5,
      good = input.HealthyThresholdCount or 5, bad = input.UnhealthyThresholdCount or 2, matcher = (input.Matcher or {}).HttpCode or "200",
    },
    deregistration_delay = 300,
  }
  list.add(world.elb.groups, group)
  return { TargetGroups = { describe_group(world, group) } }
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
  local found = list.pick(world.elb.balancers, input.LoadBalancerArns, "LoadBalancerNotFound", message)
  found = list.with_names(found, input.Names, "LoadBalancerNotFound", message)
  return list.page(found, input, "LoadBalancers", describe_balancer)
end

local function describe_listener(listener)
  return {
    ListenerArn = listener.arn, LoadBalancerArn = listener.balancer, Port = listener.port, Protocol = listener.protocol,
    Certificates = listener.certificate and { { CertificateArn = listener.certificate } }, SslPolicy = listener.ssl_policy,
    DefaultActions = rules.describe_actions(listener.default),
  }
end

function operations.describe_listeners(world, input)
  local found = list.pick(world.elb.listeners, input.ListenerArns, "ListenerNotFound", "One or more listeners not found")
  if input.LoadBalancerArn then
    list.pick(world.elb.balancers, { input.LoadBalancerArn }, "LoadBalancerNotFound", "One or more load balancers not found")
    local own = {}
    for _, listener in ipairs(found) do
      if listener.balancer == input.LoadBalancerArn then own[#own + 1] = listener end
    end
    found = own
  elseif not input.ListenerArns then
    fail("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
  end
  return list.page(found, input, "Listeners", describe_listener)
end

function operations.modify_listener(world, input)
  local listener = list.pick(world.elb.listeners, { input.ListenerArn }, "ListenerNotFound", "One or more listeners not found")[1]
  listener.default = input.DefaultActions and rules.read_actions(world, input.DefaultActions) or listener.default
  return { Listeners = { describe_listener(listener) } }
end

local MOST_TAGGED = 20

function operations.describe_tags(world, input)
  if #input.ResourceArns > MOST_TAGGED then fail("ValidationError", "At most %d resources can be described", MOST_TAGGED) end
  local answer = { TagDescriptions = host.array {} }
  for i, arn in ipairs(input.ResourceArns) do
    local found
    for _, kind in ipairs { "rules", "groups", "balancers", "listeners" } do found = found or world.elb[kind][arn] end
    if not found then fail("RuleNotFound", "One or more resources not found") end
    answer.TagDescriptions[i] = { ResourceArn = arn, Tags = host.array(found.tags) }
  end
  return answer
end

return {
  operations = operations,
  ---The rules: what goes where.
  ---@param world table
  state = function(world)
    local all = host.array {}
    for i, rule in ipairs(world.elb.rules) do
      local rewrite, targets = rules.url_rewrite(rule), { rule.action.forward or rule.action.status }
      for number, group in ipairs(rule.action.groups or {}) do targets[number] = ("%s=%d"):format(group.arn, group.weight) end
      all[i] = ("%d %s %s%s"):format(rule.priority, table.concat(rule.paths or {}, " "), table.concat(targets, " "),
        rewrite and " as " .. rewrite.Replace or "")
    end
    table.sort(all)
    return all
  end,
  route = rules.route,
  ---@param world table
  ---@param data { balancers?: table[], listeners?: table[], rules?: table[], groups?: table[] }
  open = function(world, data)
    data = data or {}
    for _, group in ipairs(data.groups or {}) do group.targets = {} end
    world.elb = {
      balancers = list.index(data.balancers or {}), listeners = list.index(data.listeners or {}), rules = list.index(data.rules or {}),
      groups = list.index(data.groups or {}),
    }
  end,
}
