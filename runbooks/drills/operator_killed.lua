--- The operator is gone half-way, between two steps; somebody else goes on two minutes later with `gwrun resume`.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "Operator gone half-way",
  summary = "As bad_image; the run is broken off when the service has been changed, and resumed by somebody else.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } } },
  harm = function(now) return now.share < 1 end,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback", interrupt = { event = "step.finished", step = "1" } }
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
  lost = 1200,
}
