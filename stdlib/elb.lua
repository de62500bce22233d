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

---The rules of a listener that send to a target group.
---@param listener string ARN
---@param target_group string ARN
---@return table[] rules as DescribeRules answers them
function elb.rules(listener, target_group)
  local found = {}
  for rule in aws.elbv2.pages.describe_rules { ListenerArn = listener } do
    for _, action in ipairs(rule.Actions or {}) do
      if action.TargetGroupArn == target_group and not rule.IsDefault then
        found[#found + 1] = rule
        break
      end
    end
  end
  return found
end

---The path patterns of a rule.
---@param rule table as DescribeRules answers it
---@return string[]
function elb.paths(rule)
  local paths = {}
  for _, condition in ipairs(rule.Conditions or {}) do
    if condition.Field == "path-pattern" then
      for _, value in ipairs((condition.PathPatternConfig or {}).Values or condition.Values or {}) do paths[#paths + 1] = value end
    end
  end
  return paths
end

---A rule as CreateRule takes it, to make it again.
---@param listener string ARN
---@param rule table as DescribeRules answers it
---@return table params
function elb.rule_params(listener, rule)
  local conditions = json.array {}
  for i, condition in ipairs(rule.Conditions or {}) do
    local one = { Field = condition.Field }
    for name, value in pairs(condition) do
      if name ~= "Values" or not condition.PathPatternConfig then one[name] = value end -- the same twice: AWS takes one of them
    end
    conditions[i] = one
  end
  local tags = aws.elbv2.describe_tags { ResourceArns = { rule.RuleArn } }.TagDescriptions[1].Tags
  return {
    ListenerArn = listener, Priority = tonumber(rule.Priority), Conditions = conditions, Actions = rule.Actions,
    Transforms = rule.Transforms and #rule.Transforms > 0 and rule.Transforms or nil, Tags = #tags > 0 and tags or nil,
  }
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
