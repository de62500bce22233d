--- The change is made, and its answer never arrives: was it done? The most treacherous of all faults.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "Answer lost",
  summary = "As bad_image; UpdateService takes effect, and the connection is cut before its answer.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } }, faults = { "lost ecs:UpdateService nth=1" } },
  harm = function(now) return now.share < 1 end,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    if run.exit ~= 0 then drill:resume(run) end
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
