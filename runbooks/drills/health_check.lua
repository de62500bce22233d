--- The new image runs, but its health endpoint answers errors from the start: ECS stops each task as unhealthy.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "Health check fails",
  summary = "The new tasks run and never pass their health check; no circuit breaker puts the old revision back.",
  guide = "Troubleshooting > Health Checks Failing",
  world = {
    bad = "none", circuit_breaker = false, minimum_healthy_percent = 0, maximum_percent = 100,
    timeline = { { after = 60, deploy = "unhealthy" } },
  },
  harm = function(now) return now.share < 1 end,
  respond = function(drill) drill:run { runbook = "emergency_rollback" } end,
  expect = {
    { text = "requests are served again", within = "5m", holds = function(now) return now.share == 1 end },
    {
      text = "the service is on revision 2, and whole", within = "8m",
      holds = function(now)
        local service = now.services[SERVICE]
        return service.revision:match ":2$" and service.deployments == 1 and service.healthy == service.desired
      end,
    },
  },
  lost = 900,
}
