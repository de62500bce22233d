--- A target flaps: two minutes healthy, a minute ill, and so on. Whoever looks at the wrong moment sees nothing.

local service = require "service"

return {
  title = "Target flap",
  summary = "A deployment completes, and from then on its tasks work for two minutes and fail for one.",
  guide = "Troubleshooting > Health Checks Failing",
  world = { bad = "none", timeline = { { after = 60, deploy = "flaps" } } },
  harm = service.fails,
  react = "5m",
  respond = function(drill)
    drill:run { runbook = "diagnose", params = { area = { "start", "health", "logs" } } }
    drill:run { runbook = "rollback" }
  end,
  expect = { service.serves "15m", service.is_whole_on(2, "15m") },
  lost = 1500,
}
