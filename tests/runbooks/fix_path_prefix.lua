local spec = require "spec"

local ARN = "arn:aws:elasticloadbalancing:us-east-1:758888582357:"
local LISTENER = ARN .. "listener/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23"
local GROUP = ARN .. "targetgroup/busyb-google-workspace/32e64755db77f32e"
local GOOD = { bad = "none" }

local function on(world, option, more)
  local request = { runbook = "fix_path_prefix", params = { option = option } }
  for key, value in pairs(more or {}) do request[key] = value end
  return world:run(request)
end

local function fresh() return spec.world { world = GOOD } end

-- What goes where.
local function rules(world) return world:state().elbv2 end

local AS_IT_WAS = { "50 /google-workspace/* " .. GROUP }
local BALANCER = "busyb-alb-1791678277.us-east-1.elb.amazonaws.com"

-- The rules and their tags as AWS tells them; without ARNs, which a rule that is made again has anew.
local function told(world)
  local list = {}
  for i, rule in ipairs(world.elbv2.describe_rules { ListenerArn = LISTENER }.Rules) do
    local tags = rule.IsDefault and {} or world.elbv2.describe_tags { ResourceArns = { rule.RuleArn } }.TagDescriptions[1].Tags
    rule.RuleArn = nil
    list[i] = { rule = rule, tags = tags }
  end
  return list
end

local function delete_rules(world)
  for _, rule in ipairs(world.elbv2.describe_rules { ListenerArn = LISTENER }.Rules) do
    if not rule.IsDefault then world.elbv2.delete_rule { RuleArn = rule.RuleArn } end
  end
end

local FORWARD = { { Type = "forward", TargetGroupArn = GROUP } }
local PREFIX = { Field = "path-pattern", Values = { "/google-workspace/*" } }

local function add_rule(world, members)
  local params = { ListenerArn = LISTENER, Priority = 50, Conditions = { PREFIX }, Actions = FORWARD }
  for name, value in pairs(members) do params[name] = value end
  return world.elbv2.create_rule(params).Rules[1].RuleArn
end

-- A world with one rule that has all that a rule can have.
local function rich()
  local world = fresh()
  delete_rules(world)
  add_rule(world, {
    Conditions = { { Field = "host-header", HostHeaderConfig = { Values = { "*.ELB.amazonaws.com" } } }, PREFIX },
    Tags = { { Key = "owner", Value = "platform" } },
    Transforms = {
      { Type = "host-header-rewrite", HostHeaderRewriteConfig = { Rewrites = { { Regex = "^.*$", Replace = "mcp.busyb.local" } } } },
      { Type = "url-rewrite", UrlRewriteConfig = { Rewrites = { { Regex = "^/other/(.*)$", Replace = "/$1" } } } },
    },
  })
  return world
end

local function rewrites(world)
  local list = {}
  for i, transform in ipairs(world.elbv2.describe_rules { ListenerArn = LISTENER }.Rules[1].Transforms) do
    list[i] = (transform.UrlRewriteConfig or transform.HostHeaderRewriteConfig).Rewrites[1].Regex
  end
  return list
end

spec.test("another condition, tags and the rewrite of the host stay whatever is changed, and undo leaves all as it was", function()
  for option, changed in pairs {
    [2] = function(world)
      spec.expect(world.elbv2.describe_rules { ListenerArn = LISTENER }.Rules[1].Conditions, {
        { Field = "host-header", Values = { "*.ELB.amazonaws.com" }, HostHeaderConfig = { Values = { "*.ELB.amazonaws.com" } } },
        { Field = "path-pattern", Values = { "/mcp/google-workspace*" }, PathPatternConfig = { Values = { "/mcp/google-workspace*" } } },
      })
      spec.expect(rewrites(world), { "^.*$", "^/other/(.*)$" })
    end,
    [3] = function(world) spec.expect(rules(world), {}) end,
    [4] = function(world) spec.expect(rewrites(world), { "^.*$", "^/google-workspace/(.*)$" }) end,
  } do
    local world = rich()
    local before = told(world)
    local ended = on(world, option)
    changed(world)
    ended:undo {}:expect_exit(0)
    spec.expect(told(world), before, "after the undo of option " .. option)
  end
end)

spec.test("a rewrite that is there is not the one that is wanted: it is replaced, and the operator reads that", function()
  local world = rich()
  local ended = on(world, 4, { answers = { { "URL ^/other/(.*)$ -> /$1: the target gets the path without /google-workspace, instead of the rewrite that is there", "yes" } } })
  ended:expect_exit(0)
  ended:expect_event("note", { text = "from outside: https://" .. BALANCER .. "/google-workspace/health answered 200" })
end)

spec.test("a rule for another host takes no request of this one", function()
  local world = fresh()
  delete_rules(world)
  add_rule(world, { Conditions = { { Field = "host-header", Values = { "mcp.example.com" } }, PREFIX } })
  local ended = on(world, 4)
  ended:expect_exit(3)
  ended:expect_event("found", {
    evidence = "https://" .. BALANCER .. "/google-workspace/health answered 404", fix = "gwrun call elbv2 describe-rules --listener-arn " .. LISTENER,
  })
end)

spec.test("of several rules the operator says which is meant; without that all of them are shown and none is changed", function()
  local world = fresh()
  add_rule(world, { Priority = 60, Conditions = { { Field = "path-pattern", Values = { "/old/*" } } } })
  local before = told(world)
  local refused = on(world, 2)
  refused:expect_exit(2)
  spec.expect(refused:finish().text, "2 rules lead to the target group; --priority says which of them is meant: "
    .. "priority 50: path-pattern /google-workspace/*; to busyb-google-workspace; priority 60: path-pattern /old/*; to busyb-google-workspace")
  local ended = on(world, 3, { params = { option = 3, priority = 60 }, answers = { { "the listener's other rules still lead to the service", "remove" } } })
  ended:expect_exit(0)
  spec.expect(rules(world), AS_IT_WAS)
  ended:undo {}:expect_exit(0)
  spec.expect(told(world), before)
  on(world, 3, { params = { option = 3, priority = 70 } }):expect_exit(2)
end)

spec.test("a rule of another target group is none of ours; one that has others too is not removed", function()
  local world = fresh()
  local other = world.elbv2.create_target_group { Name = "green", Protocol = "HTTP", Port = 8000, VpcId = "vpc-1" }.TargetGroups[1].TargetGroupArn
  add_rule(world, { Priority = 10, Conditions = { { Field = "path-pattern", Values = { "/green/*" } } }, Actions = { { Type = "forward", TargetGroupArn = other } } })
  on(world, 4):expect_exit(0)
  delete_rules(world)
  add_rule(world, { Actions = { { Type = "forward", ForwardConfig = { TargetGroups = { { TargetGroupArn = GROUP, Weight = 1 }, { TargetGroupArn = other, Weight = 0 } } } } } })
  local before = told(world)
  local refused = on(world, 3)
  refused:expect_exit(2)
  spec.expect(refused:finish().text, "the rule sends to other target groups, too, which would be cut off: "
    .. "priority 50: path-pattern /google-workspace/*; to busyb-google-workspace (1), green (0)")
  local ended = on(world, 4)
  ended:expect_exit(0)
  ended:undo {}:expect_exit(0)
  spec.expect(told(world), before)
end)

spec.test("a rule that signs users in is not removed: nobody could make it again", function()
  local world = fresh()
  delete_rules(world)
  local google = {
    Issuer = "https://accounts.google.com", AuthorizationEndpoint = "https://accounts.google.com/o/oauth2/v2/auth", ClientId = "id",
    TokenEndpoint = "https://oauth2.googleapis.com/token", UserInfoEndpoint = "https://openidconnect.googleapis.com/v1/userinfo",
    ClientSecret = "simulated-client-secret",
  }
  add_rule(world, { Actions = {
    { Type = "authenticate-oidc", Order = 1, AuthenticateOidcConfig = google }, { Type = "forward", Order = 2, TargetGroupArn = GROUP },
  } })
  local before = told(world)
  spec.expect(before[1].rule.Actions[1].AuthenticateOidcConfig.ClientSecret, nil)
  local refused = on(world, 3)
  refused:expect_exit(2)
  spec.expect(refused:finish().text, "the rule signs users in by OpenID Connect; its client secret is not told, so that it could not be made again")
  local ended = on(world, 4)
  ended:expect_event("found", { evidence = "https://" .. BALANCER .. "/google-workspace/health answered 302" })
  ended:undo {}:expect_exit(0)
  spec.expect(told(world), before)
end)

spec.test("a default rule that leads to the service is not what these options change", function()
  local world = fresh()
  world.elbv2.modify_listener { ListenerArn = LISTENER, DefaultActions = FORWARD }
  local refused = on(world, 3)
  refused:expect_exit(2)
  refused:expect_changes {}
  local text = "the listener's default rule sends to the target group, which has no conditions, takes no rewrite and cannot be deleted: "
    .. "give the listener another default action first (gwrun call elbv2 modify-listener)"
  spec.expect(refused:finish().text, text)
  on(world, 4):expect_exit(0)
  delete_rules(world)
  spec.expect(on(world, 4):finish().text, text)
end)

spec.test("a tagged rule is removed only where it could be made again with its tags", function()
  local world = spec.world { world = { bad = "none", policy = { { Effect = "Allow", NotAction = "elasticloadbalancing:AddTags", Resource = "*" } } } }
  local refused = on(world, 3, { preflight = true })
  refused:expect_exit(6)
  spec.expect(refused:finish().text, "preflight: not so: elasticloadbalancing:AddTags is allowed: no policy allows it")
  on(world, 4, { preflight = true }):expect_exit(0)
  spec.expect_error(function() add_rule(world, { Priority = 70, Tags = { { Key = "owner", Value = "platform" } } }) end,
    "is not authorized to perform: elasticloadbalancing:AddTags")
end)

spec.test("the symptom is verified from outside and inside; option 1 changes nothing and tells what clients use", function()
  local ended = on(fresh(), 1)
  ended:expect_exit(0)
  ended:expect_event("note", { text = "from outside: https://busyb-alb-1791678277.us-east-1.elb.amazonaws.com/google-workspace/health answered 404" })
  ended:expect_event("note", { text = "inside: http://google-workspace.busyb.local:8000/health answered 200" })
  ended:expect_event("note", { text = "clients inside the VPC use http://google-workspace.busyb.local:8000/mcp: no prefix, and one hop less" })
  for _, check in ipairs(ended:of "check") do spec.expect(check.state, "ok", check.text) end
  ended:expect_changes {}
end)

spec.test("option 2 changes the pattern in place, and tells the truth about what that cures", function()
  local world = fresh()
  local ended = on(world, 2)
  ended:expect_exit(3)
  ended:expect_changes { { "elasticloadbalancing:ModifyRule" } }
  spec.expect(rules(world), { "50 /mcp/google-workspace* " .. GROUP })
  ended:expect_event("found", {
    text = "the service is still not reached from outside",
    evidence = "https://busyb-alb-1791678277.us-east-1.elb.amazonaws.com/mcp/google-workspace/health answered 404", fix = "gwrun fix_path_prefix --option 4",
  })
  ended:undo {}
  spec.expect(rules(world), AS_IT_WAS)
end)

spec.test("option 4 cuts the prefix off, and the service answers from outside", function()
  local world = fresh()
  local ended = on(world, 4)
  ended:expect_exit(0)
  ended:expect_changes { { "elasticloadbalancing:ModifyRule", Transforms = { { Type = "url-rewrite",
    UrlRewriteConfig = { Rewrites = { { Regex = "^/google-workspace/(.*)$", Replace = "/$1" } } } } } } }
  ended:expect_event("note", { text = "from outside: https://busyb-alb-1791678277.us-east-1.elb.amazonaws.com/google-workspace/health answered 200" })
  local again = on(world, 4)
  again:expect_exit(0)
  again:expect_changes {}
  ended:undo {}
  spec.expect(rules(world), AS_IT_WAS)
end)

spec.test("option 3 removes the rule, a second time there is nothing to do, and undo makes it again as it was", function()
  local world = fresh()
  local ended = on(world, 3, { answers = { { "nobody reaches the service through the load balancer", "remove" } } })
  ended:expect_exit(0)
  spec.expect(#rules(world), 0)
  local again = on(world, 3)
  again:expect_exit(0)
  again:expect_event("note", { text = "no rule leads to the service: nothing to do" })
  ended:undo {}
  spec.expect(rules(world), AS_IT_WAS)
end)

spec.test("its tags come back with the rule", function()
  local world = fresh()
  local rule = world.elbv2.describe_rules { ListenerArn = LISTENER }.Rules[1]
  world.elbv2.delete_rule { RuleArn = rule.RuleArn }
  world.elbv2.create_rule {
    ListenerArn = LISTENER, Priority = 50, Conditions = { { Field = "path-pattern", Values = { "/google-workspace/*" } } },
    Actions = { { Type = "forward", TargetGroupArn = GROUP } }, Tags = { { Key = "owner", Value = "platform" } },
  }
  on(world, 3):undo {}
  local made = world.elbv2.describe_rules { ListenerArn = LISTENER }.Rules[1]
  spec.expect(world.elbv2.describe_tags { ResourceArns = { made.RuleArn } }.TagDescriptions[1].Tags, { { Key = "owner", Value = "platform" } })
end)

spec.test("without a rule there is nothing to change: refused; a typed word is needed; the plan changes nothing", function()
  local world = fresh()
  on(world, 3)
  on(world, 2):expect_exit(2)
  on(fresh(), 3, { answers = { "yes" } }):expect_exit(4)
  local plan = on(fresh(), 4, { plan = true })
  plan:expect_planned { { "elasticloadbalancing:ModifyRule" } }
  plan:expect_changes {}
end)

spec.test("a service that does not answer inside either has another problem", function()
  local ended = spec.run { runbook = "fix_path_prefix" }
  ended:expect_exit(3)
  ended:expect_event("warning", { text = "the service does not answer inside either: this is not the path prefix issue; see gwrun diagnose" })
end)

spec.test("no such listener: 2; no rights: 6; throttled it goes on by itself", function()
  local gone = LISTENER:gsub("df23$", "0000")
  local missing = on(fresh(), 2, { params = { option = 2, listener = gone } })
  missing:expect_exit(2)
  spec.expect(missing:finish().text, "there is no listener " .. gone
    .. "; those of a load balancer: gwrun call elbv2 describe-listeners --load-balancer-arn ARN")
  on(fresh(), 1, { params = { option = 1, listener = gone } }):expect_exit(0)
  local denied = spec.world { world = { bad = "none", policy = { { Effect = "Allow", Action = "servicediscovery:*", Resource = "*" } } } }
  on(denied, 4):expect_exit(6)
  on(spec.world { world = { bad = "none", faults = { "throttle * times=2" } } }, 4):expect_exit(0)
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "fix_path_prefix", params = { option = 4 }, world = GOOD, runs = 20 }
end)
