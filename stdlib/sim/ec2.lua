--- EC2, simulated as far as a Fargate service touches it: the network that it lives in, read only.

local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"

local operations = {}

local function fits_values(value, wanted)
  for _, one in ipairs(wanted or {}) do
    local pattern = "^" .. one:gsub("[^%w*?]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
    if tostring(value):find(pattern) then return true end
  end
  return false
end

-- `read` gives of a thing what each filter is about.
local function filtered(list, filters, read)
  local found = {}
  for _, thing in ipairs(list) do
    local fits = true
    for _, filter in ipairs(filters or {}) do
      local value = read[filter.Name]
      if not value then
        fail("InvalidParameterValue", "The filter '%s' is invalid", filter.Name)
      end
      fits = fits and fits_values(value(thing), filter.Values)
    end
    if fits then found[#found + 1] = thing end
  end
  return found
end

local function with_ids(list, ids, code, what)
  if not ids or #ids == 0 then return list end
  local found = {}
  for i, id in ipairs(ids) do
    for _, thing in ipairs(list) do
      if thing.id == id then found[i] = thing end
    end
    if not found[i] then fail(code, "The %s '%s' does not exist", what, id) end
  end
  return found
end

local function id_of(thing) return thing.id end

local function answer(input, member, list, describe)
  return pages.answer(list, {
    size = input.MaxResults, token = input.NextToken, most = 1000, key = id_of, invalid = "InvalidPaginationToken",
  }, member, describe)
end

local function vpc_of(thing) return thing.vpc end

-- ---- security groups

local function describe_rules(rules)
  local list = host.array {}
  for i, rule in ipairs(rules or {}) do
    list[i] = {
      IpProtocol = rule.protocol or "tcp", FromPort = rule.port, ToPort = rule.port,
      IpRanges = host.array { rule.cidr and { CidrIp = rule.cidr } },
      UserIdGroupPairs = host.array { rule.group and { GroupId = rule.group } }, Ipv6Ranges = host.array {}, PrefixListIds = host.array {},
    }
  end
  return list
end

function operations.describe_security_groups(world, input)
  local list = with_ids(world.ec2.groups, input.GroupIds, "InvalidGroup.NotFound", "security group")
  list = filtered(list, input.Filters, { ["group-id"] = id_of, ["vpc-id"] = vpc_of, ["group-name"] = function(group) return group.name end })
  return answer(input, "SecurityGroups", list, function(group)
    return {
      GroupId = group.id, GroupName = group.name, Description = group.description, VpcId = group.vpc, OwnerId = world.account,
      IpPermissions = describe_rules(group.ingress),
      IpPermissionsEgress = describe_rules(group.egress or { { protocol = "-1", cidr = "0.0.0.0/0" } }),
    }
  end)
end

-- ---- networks

function operations.describe_vpcs(world, input)
  local list = with_ids(world.ec2.vpcs, input.VpcIds, "InvalidVpcID.NotFound", "vpc ID")
  list = filtered(list, input.Filters, { ["vpc-id"] = id_of, cidr = function(vpc) return vpc.cidr end })
  return answer(input, "Vpcs", list, function(vpc)
    return { VpcId = vpc.id, CidrBlock = vpc.cidr, State = "available", IsDefault = false, OwnerId = world.account, InstanceTenancy = "default" }
  end)
end

function operations.describe_vpc_attribute(world, input)
  local vpc = with_ids(world.ec2.vpcs, { input.VpcId }, "InvalidVpcID.NotFound", "vpc ID")[1]
  if input.Attribute == "enableDnsSupport" then return { VpcId = vpc.id, EnableDnsSupport = { Value = vpc.dns_support } } end
  if input.Attribute == "enableDnsHostnames" then return { VpcId = vpc.id, EnableDnsHostnames = { Value = vpc.dns_hostnames } } end
  return { VpcId = vpc.id, EnableNetworkAddressUsageMetrics = { Value = false } }
end

function operations.describe_subnets(world, input)
  local list = with_ids(world.ec2.subnets, input.SubnetIds, "InvalidSubnetID.NotFound", "subnet ID")
  list = filtered(list, input.Filters, {
    ["subnet-id"] = id_of, ["vpc-id"] = vpc_of, ["availability-zone"] = function(subnet) return subnet.zone end,
  })
  return answer(input, "Subnets", list, function(subnet)
    return {
      SubnetId = subnet.id, VpcId = subnet.vpc, CidrBlock = subnet.cidr, AvailabilityZone = subnet.zone, State = "available",
      AvailableIpAddressCount = 251 - #world.tasks_in_service(true), MapPublicIpOnLaunch = false, OwnerId = world.account,
    }
  end)
end

-- ---- changing them; the world's traffic is not held against it

local function own_group(world, id) return with_ids(world.ec2.groups, { id }, "InvalidGroup.NotFound", "security group")[1] end

-- The rules that a call names, one for each source.
local function read_rules(input)
  local rules = {}
  for _, permission in ipairs(input.IpPermissions or {}) do
    for _, pair in ipairs(permission.UserIdGroupPairs or {}) do
      rules[#rules + 1] = { protocol = permission.IpProtocol, port = permission.FromPort, group = pair.GroupId }
    end
    for _, range in ipairs(permission.IpRanges or {}) do
      rules[#rules + 1] = { protocol = permission.IpProtocol, port = permission.FromPort, cidr = range.CidrIp }
    end
  end
  if #rules == 0 then fail("MissingParameter", "The request must contain the parameter ipPermissions") end
  return rules
end

local function find_rule(group, wanted)
  for i, rule in ipairs(group.ingress or {}) do
    if (rule.protocol or "tcp") == wanted.protocol and rule.port == wanted.port and rule.group == wanted.group and rule.cidr == wanted.cidr then return i end
  end
end

function operations.authorize_security_group_ingress(world, input)
  local group = own_group(world, input.GroupId)
  for _, rule in ipairs(read_rules(input)) do
    if find_rule(group, rule) then fail("InvalidPermission.Duplicate", "the specified rule already exists") end
    group.ingress = group.ingress or {}
    table.insert(group.ingress, rule)
  end
  return { Return = true }
end

function operations.revoke_security_group_ingress(world, input)
  local group = own_group(world, input.GroupId)
  for _, rule in ipairs(read_rules(input)) do
    local at = find_rule(group, rule)
    if not at then fail("InvalidPermission.NotFound", "The specified rule does not exist in this security group.") end
    table.remove(group.ingress, at)
  end
  return { Return = true }
end

function operations.modify_vpc_attribute(world, input)
  local vpc = with_ids(world.ec2.vpcs, { input.VpcId }, "InvalidVpcID.NotFound", "vpc ID")[1]
  if input.EnableDnsSupport then vpc.dns_support = input.EnableDnsSupport.Value end
  if input.EnableDnsHostnames then vpc.dns_hostnames = input.EnableDnsHostnames.Value end
  return {}
end

return {
  operations = operations,
  ---@param world table
  ---@param data { vpcs?: table[], subnets?: table[], groups?: table[] }
  open = function(world, data)
    data = data or {}
    world.ec2 = { vpcs = data.vpcs or {}, subnets = data.subnets or {}, groups = data.groups or {} }
  end,
}
