--- A service that cannot be reached: service discovery, the load balancer's targets and rule, security groups, the VPC's DNS.

local aws = require "aws"
local elb = require "elb"
local status = require "status"

local function check_discovery(context)
  local instances, of_tasks, known, stale = status.instances(context.p.discovery_service), {}, 0, {}
  for _, task in ipairs(context.tasks) do of_tasks[status.address(task) or ""] = true end
  for _, instance in ipairs(instances) do
    local address = (instance.Attributes or {}).AWS_INSTANCE_IPV4
    if of_tasks[address] then known = known + 1 else stale[#stale + 1] = tostring(address) end
  end
  if known == 0 then
    context.add {
      severity = "critical", text = "service discovery knows none of the tasks", evidence = ("%d instances, %d tasks"):format(#instances, #context.tasks),
      cause = #context.tasks == 0 and "no task runs" or "the tasks are not registered", solution = "see whether tasks run and the service names its registry",
      fix = "gwrun diagnose --area start",
    }
  elseif #stale > 0 then
    context.add {
      severity = "low", text = "service discovery names addresses that no task has", evidence = table.concat(stale, ", "),
      solution = "a task that has just stopped goes by itself; else deregister them",
    }
  else
    context.fine(("service discovery knows %d tasks"):format(known))
  end
end

local function check_targets(context)
  local targets, usable = elb.list_targets(context.p.target_group), 0
  for _, target in ipairs(targets) do
    if target.TargetHealth.State == "healthy" then usable = usable + 1 end
  end
  if #targets == 0 then
    context.add { severity = "critical", text = "the load balancer has no targets", cause = "no task runs, or the service names no target group", fix = "gwrun diagnose --area start" }
  elseif usable == 0 then
    context.add { severity = "critical", text = "no target is healthy", evidence = ("%d targets"):format(#targets), fix = "gwrun diagnose --area health" }
  else
    context.fine(("%d of %d targets are healthy"):format(usable, #targets))
  end
end

local function network(context) return ((context.service.networkConfiguration or {}).awsvpcConfiguration) or {} end

local function allows(permission, port, sources)
  if permission.IpProtocol ~= "-1" and (permission.FromPort or 0) > port or permission.IpProtocol ~= "-1" and (permission.ToPort or 65535) < port then return false end
  for _, pair in ipairs(permission.UserIdGroupPairs or {}) do
    if sources[pair.GroupId] then return true end
  end
  return #(permission.IpRanges or {}) > 0 -- an address range: whether it covers the source is for a person to say
end

local function is_allowed(groups, port, sources)
  for _, group in ipairs(groups) do
    for _, permission in ipairs(group.IpPermissions or {}) do
      if allows(permission, port, sources) then return true end
    end
  end
  return false
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list or {}) do set[item] = true end
  return set
end

local function check_groups(context)
  local own = network(context).securityGroups or {}
  if #own == 0 then return end
  local groups = aws.ec2.describe_security_groups { GroupIds = own }.SecurityGroups
  local port = ((context.service.loadBalancers or {})[1] or {}).containerPort or 8000
  local arn = elb.load_balancer(context.p.target_group)
  local balancer = arn and aws.elbv2.describe_load_balancers { LoadBalancerArns = { arn } }.LoadBalancers[1]
  if balancer and not is_allowed(groups, port, set_of(balancer.SecurityGroups)) then
    context.add {
      severity = "critical", text = ("the tasks' security group does not let the load balancer in on port %d"):format(port),
      evidence = ("%s has no rule for %s"):format(table.concat(own, ", "), table.concat(balancer.SecurityGroups or {}, ", ")),
      cause = "the load balancer's requests and health checks are dropped", solution = ("allow port %d from the load balancer's security group"):format(port),
    }
  end
  if not is_allowed(groups, port, set_of(own)) then
    context.add {
      severity = "medium", text = ("the tasks' security group does not let other tasks in on port %d"):format(port), evidence = table.concat(own, ", "),
      cause = "calls between services are dropped", solution = ("allow port %d from the security groups of the callers"):format(port),
    }
  end
  context.fine "security groups were looked at"
end

local function check_dns(context)
  local subnets = network(context).subnets or {}
  if #subnets == 0 then return end
  local vpc = aws.ec2.describe_subnets { SubnetIds = { subnets[1] } }.Subnets[1].VpcId
  local function attribute(name, member) return aws.ec2.describe_vpc_attribute { VpcId = vpc, Attribute = name }[member].Value end
  local resolves, names = attribute("enableDnsSupport", "EnableDnsSupport"), attribute("enableDnsHostnames", "EnableDnsHostnames")
  if not resolves then
    context.add { severity = "critical", text = "the VPC does not resolve DNS names", evidence = vpc .. ": enableDnsSupport is off", solution = "enable DNS resolution of the VPC" }
  end
  if not names then
    context.add { severity = "high", text = "the VPC gives no DNS host names", evidence = vpc .. ": enableDnsHostnames is off", solution = "enable DNS hostnames of the VPC" }
  end
  if resolves and names then context.fine "the VPC's DNS is on" end
end

---@param context DiagnosisContext
return function(context)
  check_discovery(context)
  check_targets(context)
  check_groups(context)
  check_dns(context)
end
