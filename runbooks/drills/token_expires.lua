--- The credentials expire while the run waits; it stops, and is resumed with new ones.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "Token expires in a wait",
  summary = "As bad_image; the credentials expire while the run waits for the new deployment, for a minute and a half.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } }, faults = { "expired * after=300 before=390" } },
  harm = function(now) return now.share < 1 end,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    drill:pass "2m"
    drill:resume(run)
  end,
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
