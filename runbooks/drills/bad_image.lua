--- The pipeline deploys an image that is well for two minutes and then answers errors only.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "A bad image is deployed",
  summary = "A deployment completes, its tasks pass their health checks, and two minutes later every request fails.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } } },
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
