--- The new image runs, but its health endpoint answers errors from the start: ECS stops each task as unhealthy.

local service = require "service"

return {
  title = "Health check fails",
  summary = "The new tasks run and never pass their health check; no circuit breaker puts the old revision back.",
  guide = "Troubleshooting > Health Checks Failing",
  world = {
    bad = "none", circuit_breaker = false, minimum_healthy_percent = 0, maximum_percent = 100,
    timeline = { { after = 60, deploy = "unhealthy" } },
  },
  harm = service.fails,
  respond = function(drill) drill:run { runbook = "emergency_rollback" } end,
  expect = { service.serves "5m", service.is_whole_on(2, "8m") },
  lost = 900,
}
