--- Partners report 404 from outside. Inside all is well.

local URL = "https://busyb-alb-1791678277.us-east-1.elb.amazonaws.com/google-workspace/health"

return {
  title = "Path prefix broken",
  summary = "From outside every path answers 404, inside the service is well. Find out why, and cure it without a moment of outage.",
  guide = "Troubleshooting > Troubleshooting Path Prefix Issue",
  world = { bad = "none" },
  harm = function(now) return now.answers[URL] == 404 end,
  respond = function(drill)
    drill:run { runbook = "fix_path_prefix" }
    drill:run { runbook = "fix_path_prefix", params = { option = 4 } }
  end,
  expect = { { text = "the service answers from outside", within = "5m", holds = function(now) return now.answers[URL] == 200 end } },
  never = { { text = "requests inside are lost", happens = function(now) return now.share < 1 end } },
}
