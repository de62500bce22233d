--- What the rules of the listener have come to.

local LISTENER = "arn:aws:elasticloadbalancing:us-east-1:758888582357:listener/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23"

return {
  title = "State", summary = "Tells the rules of the listener, without their ARNs.", preflight = false,
  needs = { aws = { "elasticloadbalancing:DescribeRules" } },
  run = function(rb)
    local state = {}
    for i, rule in ipairs(aws.elbv2.describe_rules { ListenerArn = LISTENER }.Rules) do
      rule.RuleArn = nil
      state[i] = json.encode(rule)
    end
    rb:evidence("state", state)
  end,
}
