--- Path prefix: the load balancer's address answers 404, for the application does not know the prefix that the path has there.
---
--- Guide: Troubleshooting > Troubleshooting Path Prefix Issue, options 1 to 3; and a fourth that the guide does not have.
---
--- Differs from the guide: option 2 changes the rule where the guide deletes it and creates another: there is no moment without a rule, and
--- its priority cannot be taken meanwhile. A load balancer sends the path on as it came, so that another pattern helps only where the
--- application serves that path: what comes of it is looked at. Option 4 cuts the prefix off by a URL rewrite of the rule
--- (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html), and is what cures the 404.
--- As the guide's `curl -k`, certificates are not verified: the load balancer's own name is in none. `--verify-tls` does.

local aws = require "aws"
local elb = require "elb"
local elb_rules = require "elb_rules"
local http = require "http"
local service = require "service"
local status = require "status"

local NEW_PATTERN = "/mcp/google-workspace*"
local RULES_READ_AND_MODIFIED = { "elasticloadbalancing:DescribeRules", "elasticloadbalancing:ModifyRule" }

local function get(p, url)
  local response, err = http.try_get { url = url, insecure = url:find "^https" ~= nil and not p.verify_tls }
  return response and response.status, response and ("%s answered %d"):format(url, response.status) or tostring(err)
end

local function external_health(p, prefix) return p.external_url:gsub("/+$", "") .. prefix .. "/health" end

local function look(rb, p)
  local outside, outside_text = get(p, external_health(p, p.path_prefix))
  local inside, inside_text = get(p, p.health_url)
  rb:note("from outside: %s", outside_text)
  rb:note("inside: %s", inside_text)
  if outside == 404 and inside == 200 then
    rb:note("that is the path prefix issue: the application is well, and does not know the path %s", p.path_prefix)
  elseif outside == 200 then
    rb:note("the symptom is not there")
  elseif inside ~= 200 then
    rb:warn("the service does not answer inside either: this is not the path prefix issue; see gwrun diagnose")
  end
  return outside, inside
end

-- ---- which rule

-- What is there now; nil: the rule is gone.
local function rule_now(p, arn)
  for _, rule in ipairs(elb_rules.list(p.listener, p.target_group)) do
    if rule.RuleArn == arn then return rule end
  end
end

local function describe_all(rules)
  local texts = {}
  for i, rule in ipairs(rules) do texts[i] = elb_rules.describe(rule) end
  return table.concat(texts, "; ")
end

local function choose(rb, p)
  local all, rules, default = elb_rules.list(p.listener, p.target_group), {}, nil
  for _, rule in ipairs(all) do
    if rule.IsDefault then default = rule elseif not p.priority or rule.Priority == tostring(p.priority) then rules[#rules + 1] = rule end
  end
  if default and (p.option == 3 or #rules == 0) then
    rb:refuse("the listener's default rule sends to the target group, which has no conditions, takes no rewrite and cannot be deleted: "
      .. "give the listener another default action first (gwrun call elbv2 modify-listener)")
  end
  if #rules > 1 then
    rb:refuse("%d rules lead to the target group; --priority says which of them is meant: %s", #rules, describe_all(rules))
  end
  if #rules == 0 and p.priority then
    rb:refuse("--priority %d: no such rule leads to the target group; those that do: %s", p.priority,
      #all > 0 and describe_all(all) or "none")
  end
  return rules[1], #all > 1
end

-- ---- option 1

local function use_discovery(rb, p)
  local instances = status.instances(p.discovery_service)
  rb:checklist("Service discovery works", {
    { text = "the tasks are registered", probe = function() return #instances > 0, ("%d instances"):format(#instances) end },
    { text = "the service answers by its internal name", probe = http.answers(p.health_url) },
  })
  rb:note("clients inside the VPC use %s: no prefix, and one hop less", (p.health_url:gsub("/health$", "/mcp")))
end

-- ---- options 2 and 4

-- `change` and `put_back` are members of ModifyRule; what neither names stays.
local function modify(rb, p, rule, name, text, change, is_done, put_back)
  local function set(members)
    members.RuleArn = rule.RuleArn
    aws.elbv2.modify_rule(members)
  end
  local function is(wanted)
    local now = rule_now(p, rule.RuleArn)
    return now ~= nil and wanted(now)
  end
  rb:step(name, {
    confirm = ("rule of %s: %s"):format(elb_rules.describe(rule), text),
    check = function() return is(is_done) end,
    change = function() set(change) end,
    undo = {
      check = function() return is(function(now) return elb_rules.is_same(now, rule) end) end,
      change = function() set(put_back) end,
    },
  })
end

local function change_pattern(rb, p, rule)
  modify(rb, p, rule, "Change the path pattern",
    ("path-pattern %s -> %s; the rest stays"):format(table.concat(elb_rules.paths(rule), " "), p.pattern),
    { Conditions = elb_rules.with_paths(rule, { p.pattern }) },
    function(now) return table.concat(elb_rules.paths(now), " ") == p.pattern end, { Conditions = elb_rules.conditions(rule) })
  return external_health(p, (p.pattern:gsub("/?%*.*$", "")))
end

local function rewrite(rb, p, rule)
  local wanted = { Regex = ("^%s/(.*)$"):format(p.path_prefix:gsub("/+$", "")), Replace = "/$1" }
  local before, had = elb_rules.url_rewrite(rule), #(rule.Transforms or {}) > 0
  modify(rb, p, rule, "Cut the prefix off",
    ("the target gets the path without %s%s"):format(p.path_prefix, before and ", instead of the rewrite that is there" or ""),
    { Transforms = elb_rules.with_rewrite(rule, wanted) },
    function(now)
      local found = elb_rules.url_rewrite(now)
      return found ~= nil and found.Regex == wanted.Regex and found.Replace == wanted.Replace
    end, { Transforms = had and rule.Transforms or nil, ResetTransforms = not had or nil })
  return external_health(p, p.path_prefix)
end

local function prove(rb, p, url)
  if rb.planning then return end
  local code, text
  local deadline = time.now() + 30
  repeat
    code, text = get(p, url)
    if code == 200 then break end
    sleep(5)
  until time.now() > deadline
  if code == 200 then return rb:note("from outside: %s", text) end
  local other_path = p.option == 2
  rb:found {
    severity = "medium", text = "the service is still not reached from outside", evidence = text,
    cause = other_path and code == 404 and "the load balancer sends the path as it came, and the application does not know that one either"
      or nil,
    solution = other_path and "cut the prefix off, or have the application serve the path"
      or "see which rule takes the request, and what the application logs",
    fix = other_path and "gwrun fix_path_prefix --option 4" or "gwrun call elbv2 describe-rules --listener-arn " .. p.listener,
  }
end

-- ---- option 3

-- Whether the rule can be made again as it was: its undo.
local function check_removable(rb, p, rule)
  for _, action in ipairs(rule.Actions) do
    if action.Type == "authenticate-oidc" then
      rb:refuse("the rule signs users in by OpenID Connect; its client secret is not told, so that it could not be made again")
    end
  end
  for _, group in ipairs(elb_rules.groups(rule)) do
    if group.arn ~= p.target_group then
      rb:refuse("the rule sends to other target groups, too, which would be cut off: %s", elb_rules.describe(rule))
    end
  end
end

local function remove_access(rb, p, before)
  local rule = before.rule
  local function is_made_again()
    for _, now in ipairs(elb_rules.list(p.listener, p.target_group)) do
      if elb_rules.is_same(now, rule) then return true end
    end
    return false
  end
  rb:step("Remove the access from outside", {
    confirm = ("delete the rule of %s; %s"):format(elb_rules.describe(rule), before.others
      and "the listener's other rules still lead to the service" or "nobody reaches the service through the load balancer then"),
    word = "remove",
    check = function() return rule_now(p, rule.RuleArn) == nil end,
    change = function() aws.elbv2.delete_rule { RuleArn = rule.RuleArn } end,
    undo = { check = is_made_again, change = function() aws.elbv2.create_rule(before.params) end },
  })
end

return {
  title   = "Path prefix",
  summary = "Verifies the 404 from outside, and cures it, goes around it, or takes the access from outside away.",
  guide   = "Troubleshooting > Troubleshooting Path Prefix Issue",
  region  = service.region,
  production = service.production,

  params = service.params({ "target_group", "listener", "external_url", "path_prefix", "health_url", "discovery_service" }, {
    option  = { type = "integer", min = 1, max = 4, default = 1, help = "1: use service discovery; 2: another path pattern; 3: remove the access from outside; 4: cut the prefix off" },
    priority = { type = "integer", min = 1, max = 50000, help = "of the rule that is meant, where several lead to the target group" },
    pattern = { type = "string", default = NEW_PATTERN, min = 1, max = 128, help = "of option 2" },
    verify_tls = { type = "boolean", default = false, help = "verify the load balancer's certificate" },
  }),

  needs = {
    aws = { "elasticloadbalancing:DescribeTargetHealth" },
    aws_if = {
      ["option=1"] = { "servicediscovery:ListInstances" },
      ["option=2"] = RULES_READ_AND_MODIFIED,
      ["option=3"] = {
        "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags", "elasticloadbalancing:DeleteRule",
        "elasticloadbalancing:CreateRule", "elasticloadbalancing:AddTags", -- the last two for undo
      },
      ["option=4"] = RULES_READ_AND_MODIFIED,
    },
    http = { "{external_url}", "{health_url}" },
  },

  lock = "elb:{listener}",
  targets = function(p)
    return { elb.exists(p.target_group), p.option ~= 1 and elb_rules.exists(p.listener) or nil }
  end,

  run = function(rb, p)
    local outside = rb:decide("How it answers from outside now", function() return look(rb, p) end)
    if p.option == 1 then return use_discovery(rb, p) end
    local before = rb:decide("The rule now", function()
      local rule, others = choose(rb, p)
      if not rule then return { none = true } end
      if p.option == 3 then check_removable(rb, p, rule) end
      return { rule = rule, others = others, params = p.option == 3 and elb_rules.params(p.listener, rule) or nil }
    end)
    if before.none then
      if p.option == 3 then return rb:note("no rule leads to the service: nothing to do") end
      rb:refuse("no rule of the listener leads to the target group: there is no access from outside that could be changed")
    end
    rb:note("rule: %s", elb_rules.describe(before.rule))
    if p.option == 3 then return remove_access(rb, p, before) end
    if outside == 200 then return rb:note("nothing to do") end
    prove(rb, p, p.option == 2 and change_pattern(rb, p, before.rule) or rewrite(rb, p, before.rule))
  end,
}
