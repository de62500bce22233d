--- The operator insists on revision 1, whose tag that moves leads to a broken image by now: ECS gives up during our wait, and puts the
--- revision back that was there.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "Circuit breaker trips during our wait",
  summary = "As bad_image; the first attempt returns to revision 1, whose image is broken by now, and ECS takes it back.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "exits", deployed_ago = 7200, timeline = { { after = 60, deploy = "degrades" } } },
  harm = function(now) return now.share < 1 end,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback", params = { revision = 1 } }
    if run.exit ~= 0 then drill:run { runbook = "emergency_rollback" } end
  end,
  expect = {
    { text = "requests are served again", within = "15m", holds = function(now) return now.share == 1 end },
    {
      text = "the service is on revision 2, and whole", within = "20m",
      holds = function(now)
        local service = now.services[SERVICE]
        return service.revision:match ":2$" and service.deployments == 1 and service.healthy == service.desired
      end,
    },
  },
  lost = 6000,
}
