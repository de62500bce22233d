--- The pipeline, which knows nothing of the incident, deploys again while the rollback waits.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "Foreign deployment",
  summary = "As bad_image; while the rollback waits the pipeline deploys another bad image over it.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" }, { after = 310, deploy = "degrades" } } },
  harm = function(now) return now.share < 1 end,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    -- without --revision it would return to the first bad one, whose deployment ended well before it failed
    if run.exit ~= 0 then drill:run { runbook = "emergency_rollback", params = { revision = 2 } } end
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
