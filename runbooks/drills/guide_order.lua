--- As bad_image, put right in the order of the operations guide: tasks are stopped first, the service is changed after. The scores of
--- the two drills tell what the order costs.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "A bad image, in the order of the guide",
  summary = "As bad_image, but every task is stopped before the service is changed.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } } },
  harm = function(now) return now.share < 1 end,
  respond = function(drill) drill:run { runbook = "emergency_rollback", params = { order = "stop-first" } } end,
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
