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
local http = require "http"
local service = require "service"
local status = require "status"

local NEW_PATTERN = "/mcp/google-workspace*"

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

local function describe(rule)
  local rewrite = rule.Transforms and rule.Transforms[1] and ", with a rewrite" or ""
  return ("priority %s, %s%s"):format(rule.Priority, table.concat(elb.paths(rule), " "), rewrite)
end

local function rule_now(p, arn)
  for _, rule in ipairs(elb.rules(p.listener, p.target_group)) do
    if rule.RuleArn == arn then return rule end
  end
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

local function modify(rb, p, before, name, change, is_done, put_back)
  local arn = before.rule.RuleArn
  rb:step(name, {
    confirm = ("rule %s"):format(change.text),
    check = function()
      local now = rule_now(p, arn)
      return now ~= nil and is_done(now)
    end,
    change = function() aws.elbv2.modify_rule(change.params) end,
    undo = {
      check = function()
        local now = rule_now(p, arn)
        return now ~= nil and describe(now) == describe(before.rule)
      end,
      change = function() aws.elbv2.modify_rule(put_back) end,
    },
  })
end

local function change_pattern(rb, p, before)
  local arn = before.rule.RuleArn
  modify(rb, p, before, "Change the path pattern", {
    text = ("%s -> %s"):format(describe(before.rule), p.pattern),
    params = { RuleArn = arn, Conditions = { { Field = "path-pattern", PathPatternConfig = { Values = { p.pattern } } } } },
  }, function(now) return table.concat(elb.paths(now), " ") == p.pattern end, { RuleArn = arn, Conditions = before.params.Conditions })
  return external_health(p, (p.pattern:gsub("/?%*.*$", "")))
end

local function rewrite(rb, p, before)
  local arn, had = before.rule.RuleArn, before.params.Transforms
  modify(rb, p, before, "Cut the prefix off", {
    text = ("%s: the target gets the path without %s"):format(describe(before.rule), p.path_prefix),
    params = {
      RuleArn = arn,
      Transforms = { { Type = "url-rewrite", UrlRewriteConfig = { Rewrites = { { Regex = "^" .. p.path_prefix .. "/(.*)$", Replace = "/$1" } } } } },
    },
  }, function(now) return (now.Transforms or {})[1] ~= nil end, { RuleArn = arn, Transforms = had, ResetTransforms = not had or nil })
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
  rb:found {
    severity = "medium", text = "the service is still not reached from outside", evidence = text,
    cause = code == 404 and "the load balancer sends the path as it came, and the application does not know that one either" or nil,
    solution = "cut the prefix off, or have the application serve the path", fix = "gwrun fix_path_prefix --option 4",
  }
end

-- ---- option 3

local function remove_access(rb, p, before)
  local priority = before.params.Priority
  local function is_there()
    for _, rule in ipairs(elb.rules(p.listener, p.target_group)) do
      if tonumber(rule.Priority) == priority then return true end
    end
    return false
  end
  rb:step("Remove the access from outside", {
    confirm = ("delete the rule: %s; nobody reaches the service through the load balancer then"):format(describe(before.rule)),
    word = "remove",
    check = function() return not is_there() end,
    change = function() aws.elbv2.delete_rule { RuleArn = before.rule.RuleArn } end,
    undo = { check = is_there, change = function() aws.elbv2.create_rule(before.params) end },
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
    pattern = { type = "string", default = NEW_PATTERN, help = "of option 2" },
    verify_tls = { type = "boolean", default = false, help = "verify the load balancer's certificate" },
  }),

  needs = {
    aws = {
      "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags", "elasticloadbalancing:DescribeTargetHealth",
      "elasticloadbalancing:ModifyRule", "elasticloadbalancing:DeleteRule", "elasticloadbalancing:CreateRule", "servicediscovery:ListInstances",
    },
    http = { "{external_url}", "{health_url}" },
  },

  lock = "elb:{listener}",
  targets = function(p) return { elb.exists(p.target_group) } end,

  run = function(rb, p)
    local outside = rb:decide("How it answers from outside now", function() return look(rb, p) end)
    if p.option == 1 then return use_discovery(rb, p) end
    local before = rb:decide("The rule now", function()
      local rules = elb.rules(p.listener, p.target_group)
      if #rules > 1 then rb:refuse("%d rules lead to the target group: which of them is meant cannot be told", #rules) end
      return rules[1] and { rule = rules[1], params = elb.rule_params(p.listener, rules[1]) } or { none = true }
    end)
    if before.none then
      if p.option == 3 then return rb:note("no rule leads to the service: nothing to do") end
      rb:refuse("no rule of the listener leads to the target group: there is no access from outside that could be changed")
    end
    rb:note("rule: %s", describe(before.rule))
    if p.option == 3 then return remove_access(rb, p, before) end
    if outside == 200 then return rb:note("nothing to do") end
    prove(rb, p, p.option == 2 and change_pattern(rb, p, before) or rewrite(rb, p, before))
  end,
}
