--- The new image ends while it starts, ECS starts it again and again, and the old task is gone: the service may be without any, and
--- the circuit breaker is off.

local service = require "service"

return {
  title = "Crash loop",
  summary = "The new tasks end while they start; the service allows none to be healthy, and has no circuit breaker.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = {
    bad = "none", circuit_breaker = false, minimum_healthy_percent = 0, maximum_percent = 100,
    timeline = { { after = 60, deploy = "exits" } },
  },
  harm = service.fails,
  respond = function(drill) drill:run { runbook = "emergency_rollback" } end,
  expect = { service.serves "5m", service.is_whole_on(2, "8m") },
  lost = 900,
}
