--- Four times the usual load arrives, and stays: one task does not bear it.

local service = require "service"

return {
  title = "Scale-out under load",
  summary = "The load rises to 50 requests a second. One task bears a third of that.",
  guide = "Scaling the Service > Manual Scaling, Scaling Considerations",
  world = { bad = "none", timeline = { { after = 60, load = 50 } } },
  harm = service.fails,
  react = "6m",
  respond = function(drill)
    drill:run { runbook = "scale", params = { advise = true, period = "6m" } }
    drill:run { runbook = "scale", params = { count = 4 } }
  end,
  expect = { service.serves "10m" },
  never = { { text = "more tasks than the limit of four", happens = function(now) return now.services["busyb-google-workspace-mcp-service"].desired > 4 end } },
  lost = 20000,
}
