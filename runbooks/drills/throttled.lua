--- The control plane is short of breath while we need it: three of ten calls of ECS are throttled.

local SERVICE = "busyb-google-workspace-mcp-service"

return {
  title = "Throttled control plane",
  summary = "As bad_image, while ECS throttles three calls of ten.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = {
    bad = "none", timeline = { { after = 60, deploy = "degrades" } }, faults = { "throttle ecs:* probability=0.3 after=200" },
  },
  harm = function(now) return now.share < 1 end,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    for _ = 1, 5 do
      if run.exit == 0 then break end
      drill:pass "20s"
      run = drill:resume(run)
    end
  end,
  expect = {
    { text = "requests are served again", within = "5m", holds = function(now) return now.share == 1 end },
    {
      text = "the service is on revision 2, and whole", within = "10m",
      holds = function(now)
        local service = now.services[SERVICE]
        return service.revision:match ":2$" and service.deployments == 1 and service.healthy == service.desired
      end,
    },
  },
  lost = 900,
}
