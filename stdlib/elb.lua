--- Load balancer targets for runbooks.

local aws = require "aws"

local elb = {}

---The targets of a group with their states, as DescribeTargetHealth answers them.
---@param target_group string its ARN
---@return table[]
function elb.list_targets(target_group)
  return aws.elbv2.describe_target_health { TargetGroupArn = target_group }.TargetHealthDescriptions or {}
end

---A target for a preflight: the target group is there.
---@param target_group string its ARN
---@return Target
function elb.exists(target_group)
  return {
    text = ("target group %s is there"):format(target_group:match "targetgroup/([^/]+)" or target_group),
    probe = function()
      local answer, err = aws.elbv2.try_describe_target_health { TargetGroupArn = target_group }
      if answer then return true end
      if err.code == "TargetGroupNotFound" then return false, "there is no such target group" end
      error(err, 0)
    end,
    arns = function() return { target_group } end,
  }
end

---A target group, as DescribeTargetGroups answers it; raises for one that is not there.
---@param target_group string its ARN
---@return table
function elb.get_group(target_group)
  return aws.elbv2.describe_target_groups { TargetGroupArns = { target_group } }.TargetGroups[1]
end

---The load balancer that sends to a target group; nil where none does.
---@param target_group string its ARN
---@return string? arn
function elb.load_balancer(target_group)
  return (elb.get_group(target_group).LoadBalancerArns or {})[1]
end

local function describe(target)
  local health = target.TargetHealth
  local text = ("%s:%s %s"):format(target.Target.Id, target.Target.Port or "-", health.State)
  if health.Reason then text = ("%s (%s)"):format(text, health.Reason) end
  return text
end

---A probe for a checklist: are at least `wanted` targets healthy, and none unhealthy? Targets that drain are on
---their way out and do not count.
---@param target_group string its ARN
---@param wanted fun(): integer how many tasks should be in service
---@return fun(): boolean?, string
function elb.healthy(target_group, wanted)
  return function()
    local healthy, bad, texts = 0, 0, {}
    for _, target in ipairs(elb.list_targets(target_group)) do
      local state = target.TargetHealth.State
      if state == "healthy" then
        healthy = healthy + 1
      elseif state ~= "draining" then
        bad = bad + 1
      end
      texts[#texts + 1] = describe(target)
    end
    local list = #texts > 0 and table.concat(texts, ", ") or "no targets are registered"
    return healthy >= wanted() and bad == 0, list
  end
end

return elb
