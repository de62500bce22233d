--- The deployment has completed, and only then the tasks begin to end.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "Healthy, then crashing",
  summary = "A deployment completes; two minutes into its life each task ends with exit code 1, and is replaced by the same.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "crashes" } } },
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
