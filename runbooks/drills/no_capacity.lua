--- AWS has no place for another task while the load rises.

local service = require "service"

return {
  title = "No capacity",
  summary = "The load rises to 50 requests a second, and for ten minutes Fargate places no second task. Do not give up the one that runs.",
  guide = "Scaling the Service > Manual Scaling",
  world = { bad = "none", timeline = { { after = 60, load = 50 }, { after = 60, capacity = 1 }, { after = 660, capacity = false } } },
  harm = service.fails,
  respond = function(drill)
    drill:run { runbook = "scale", params = { advise = true } }
    drill:run { runbook = "scale", params = { count = 4 }, answers = { "yes" } }
  end,
  expect = { service.serves "15m" },
  never = { { text = "no task runs", happens = function(now) return now.services["busyb-google-workspace-mcp-service"].healthy == 0 end } },
  lost = 30000,
}
