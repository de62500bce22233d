--- The new image ends while it starts, ECS starts it again and again, and the old task is gone: the service may be without any, and
--- the circuit breaker is off.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "Crash loop",
  summary = "The new tasks end while they start; the service allows none to be healthy, and has no circuit breaker.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = {
    bad = "none", circuit_breaker = false, minimum_healthy_percent = 0, maximum_percent = 100,
    timeline = { { after = 60, deploy = "exits" } },
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
