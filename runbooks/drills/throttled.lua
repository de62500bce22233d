--- The control plane is short of breath while we need it: three of ten calls of ECS are throttled.

local service = require "service"

return {
  title = "Throttled control plane",
  summary = "As bad_image, while ECS throttles three calls of ten.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = {
    bad = "none", timeline = { { after = 60, deploy = "degrades" } }, faults = { "throttle ecs:* probability=0.3 after=200" },
  },
  harm = service.fails,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    for _ = 1, 5 do
      if run.exit == 0 then break end
      drill:pass "20s"
      run = drill:resume(run)
    end
  end,
  expect = { service.serves "5m", service.is_whole_on(2, "10m") },
  lost = 900,
}
