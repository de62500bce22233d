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

spec.test("no such listener: 1; no rights: 6; throttled it goes on by itself", function()
  on(fresh(), 2, { params = { option = 2, listener = LISTENER:gsub("df23$", "0000") } }):expect_exit(1)
  local denied = spec.world { world = { bad = "none", policy = { { Effect = "Allow", Action = "servicediscovery:*", Resource = "*" } } } }
  on(denied, 4):expect_exit(6)
  on(spec.world { world = { bad = "none", faults = { "throttle * times=2" } } }, 4):expect_exit(0)
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "fix_path_prefix", params = { option = 4 }, world = GOOD, runs = 20 }
end)
