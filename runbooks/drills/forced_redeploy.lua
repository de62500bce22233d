--- A colleague presses "force new deployment" while the rollback waits: the same revision, and yet another deployment.

local SERVICE = "busyb-google-workspace-mcp-service"

-- What the pipeline calls in the middle of the run.
local function pipeline(after, input)
  input.cluster, input.service = "busyb-cluster", SERVICE
  return { after = after, service = "ecs", operation = "update_service", name = "UpdateService", input = input }
end

return {
  title = "Forced redeploy of the same revision",
  summary = "As bad_image; somebody forces a new deployment of the good revision while the rollback waits for its own.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" }, pipeline(310, { forceNewDeployment = true }) } },
  harm = function(now) return now.share < 1 end,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    if run.exit ~= 0 then drill:resume(run, { on_foreign_change = "accept" }) end
  end,
  expect = {
    { text = "requests are served again", within = "5m", holds = function(now) return now.share == 1 end },
    {
      text = "the service is on revision 2, and whole", within = "12m",
      holds = function(now)
        local service = now.services[SERVICE]
        return service.revision:match ":2$" and service.deployments == 1 and service.healthy == service.desired
      end,
    },
  },
  lost = 900,
}
