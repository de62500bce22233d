--- The pipeline deploys an image that is well for two minutes and then answers errors only.

local service = require "service"

return {
  title = "A bad image is deployed",
  summary = "A deployment completes, its tasks pass their health checks, and two minutes later every request fails.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } } },
  harm = service.fails,
  respond = function(drill) drill:run { runbook = "emergency_rollback" } end,
  expect = { service.serves "5m", service.is_whole_on(2, "8m") },
  lost = 900,
}
