--- The operator is gone half-way, between two steps; somebody else goes on two minutes later with `gwrun resume`.

local service = require "service"

return {
  title = "Operator gone half-way",
  summary = "As bad_image; the run is broken off when the service has been changed, and resumed by somebody else.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } } },
  harm = service.fails,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback", interrupt = { event = "step.finished", step = "1" } }
    drill:pass "2m"
    drill:resume(run)
  end,
  expect = { service.serves "5m", service.is_whole_on(2, "8m") },
  lost = 1200,
}
