--- Rules of a load balancer's listener for runbooks: which requests go where, and how they are rewritten.

local aws = require "aws"
local failure = require "failure"
local options = require "options"

local rules = {}

local NO_LISTENER = { ListenerNotFound = true, ValidationError = true }

local function explain_listener(err, listener)
  if not NO_LISTENER[failure.plain(err).code] then error(err, 0) end
  return ("there is no listener %s; those of a load balancer: gwrun call elbv2 describe-listeners --load-balancer-arn ARN"):format(listener)
end

---A target for a preflight: the listener is there, and so its load balancer.
---@param listener string ARN
---@return Target
function rules.exists(listener)
  return {
    text = ("listener %s is there"):format(listener:match "listener/(.*)$" or listener),
    probe = function()
      local answer, err = aws.elbv2.try_describe_rules { ListenerArn = listener }
      if answer then return true end
      return false, explain_listener(err, listener)
    end,
    arns = function() return { listener, listener:gsub(":listener/", ":listener-rule/") .. "/*" } end,
  }
end

---The target groups that a rule sends to, with their weights.
---@param rule table as DescribeRules answers it
---@return { arn: string, weight: integer }[]
function rules.groups(rule)
  local groups = {}
  for _, action in ipairs(rule.Actions or {}) do
    local weighted = (action.ForwardConfig or {}).TargetGroups or {}
    for _, group in ipairs(weighted) do groups[#groups + 1] = { arn = group.TargetGroupArn, weight = group.Weight or 1 } end
    if #weighted == 0 and action.TargetGroupArn then groups[#groups + 1] = { arn = action.TargetGroupArn, weight = 1 } end
  end
  return groups
end

---The rules of a listener that send to a target group, also beside others; the default rule last, where it does.
---@param listener string ARN
---@param target_group string ARN
---@return table[] rules as DescribeRules answers them
function rules.list(listener, target_group)
  local found, default = {}, nil
  local ran, err = pcall(function()
    for rule in aws.elbv2.pages.describe_rules { ListenerArn = listener } do
      for _, group in ipairs(rules.groups(rule)) do
        if group.arn == target_group then
          if rule.IsDefault then default = rule else found[#found + 1] = rule end
        end
      end
    end
  end)
  if not ran then failure.raise("usage", "%s", explain_listener(err, listener)) end
  found[#found + 1] = default
  return found
end

---The conditions of a rule as CreateRule and ModifyRule take them: AWS tells the values twice, and takes one of the two.
---@param rule table as DescribeRules answers it
---@return table[]
function rules.conditions(rule)
  local conditions = json.array {}
  for i, condition in ipairs(rule.Conditions or {}) do
    local one, has_config = {}, false
    for name, value in pairs(condition) do has_config = has_config or name:find "Config$" ~= nil and next(value) ~= nil end
    for name, value in pairs(condition) do
      local is_config = name:find "Config$" ~= nil
      if name == "Field" or is_config == has_config and (not is_config or next(value) ~= nil) then one[name] = value end
    end
    conditions[i] = one
  end
  return conditions
end

local function is_paths(condition) return condition.Field == "path-pattern" end

---The conditions of a rule with other path patterns; what else it asks for stays.
---@param rule table as DescribeRules answers it
---@param patterns string[]
---@return table[]
function rules.with_paths(rule, patterns)
  local conditions = json.array {}
  for _, condition in ipairs(rules.conditions(rule)) do
    if not is_paths(condition) then conditions[#conditions + 1] = condition end
  end
  conditions[#conditions + 1] = { Field = "path-pattern", PathPatternConfig = { Values = patterns } }
  return conditions
end

---The path patterns of a rule.
---@param rule table as DescribeRules answers it
---@return string[]
function rules.paths(rule)
  local paths = {}
  for _, condition in ipairs(rule.Conditions or {}) do
    if is_paths(condition) then
      for _, value in ipairs((condition.PathPatternConfig or {}).Values or condition.Values or {}) do paths[#paths + 1] = value end
    end
  end
  return paths
end

local URL_REWRITE = "url-rewrite"

---The rewrite of a rule's URLs, of which it has one at most.
---@param rule table as DescribeRules answers it
---@return { Regex: string, Replace: string }? rewrite nil: none
function rules.url_rewrite(rule)
  for _, transform in ipairs(rule.Transforms or {}) do
    if transform.Type == URL_REWRITE then return ((transform.UrlRewriteConfig or {}).Rewrites or {})[1] end
  end
end

---The transforms of a rule with another rewrite of its URLs; that of the host header stays.
---@param rule table as DescribeRules answers it
---@param rewrite { Regex: string, Replace: string }
---@return table[]
function rules.with_rewrite(rule, rewrite)
  local transforms = json.array {}
  for _, transform in ipairs(rule.Transforms or {}) do
    if transform.Type ~= URL_REWRITE then transforms[#transforms + 1] = transform end
  end
  transforms[#transforms + 1] = { Type = URL_REWRITE, UrlRewriteConfig = { Rewrites = { rewrite } } }
  return transforms
end

---A rule as CreateRule takes it, to make it again.
---@param listener string ARN
---@param rule table as DescribeRules answers it
---@return table params
function rules.params(listener, rule)
  local tags = aws.elbv2.describe_tags { ResourceArns = { rule.RuleArn } }.TagDescriptions[1].Tags
  return {
    ListenerArn = listener, Priority = tonumber(rule.Priority), Conditions = rules.conditions(rule), Actions = rule.Actions,
    Transforms = rule.Transforms and #rule.Transforms > 0 and rule.Transforms or nil, Tags = #tags > 0 and tags or nil,
  }
end

---Whether two rules take the same requests and do the same with them; their ARNs and tags aside.
---@param one table as DescribeRules answers it
---@param other table
---@return boolean
function rules.is_same(one, other)
  local function facts(rule)
    local transforms = #(rule.Transforms or {}) > 0 and rule.Transforms or nil
    return json.encode { rule.Priority, rules.conditions(rule), rule.Actions or json.null, transforms or json.null }
  end
  return facts(one) == facts(other)
end

-- The values of a condition, wherever they stand.
local function values_of(condition, values)
  for _, name in ipairs(options.sorted(condition)) do
    local value = condition[name]
    if type(value) == "table" then values_of(value, values) elseif name ~= "Field" then values[#values + 1] = tostring(value) end
  end
  return values
end

---"priority 50: path-pattern /a/*, host-header a.example.com; to blue (90), green (10); URL ^/a/(.*)$ -> /$1"
---@param rule table as DescribeRules answers it
---@return string
function rules.describe(rule)
  local conditions, groups = {}, {}
  for i, condition in ipairs(rules.conditions(rule)) do
    conditions[i] = ("%s %s"):format(condition.Field, table.concat(values_of(condition, {}), " "))
  end
  local all = rules.groups(rule)
  for i, group in ipairs(all) do
    local name = group.arn:match "targetgroup/([^/]+)" or group.arn
    groups[i] = #all > 1 and ("%s (%d)"):format(name, group.weight) or name
  end
  local text = ("priority %s: %s; to %s"):format(rule.Priority, table.concat(conditions, ", "), table.concat(groups, ", "))
  local rewrite = rules.url_rewrite(rule)
  return rewrite and ("%s; URL %s -> %s"):format(text, rewrite.Regex, rewrite.Replace) or text
end

return rules
