--- The credentials expire while the run waits; it stops, and is resumed with new ones.

local service = require "service"

return {
  title = "Token expires in a wait",
  summary = "As bad_image; the credentials expire while the run waits for the new deployment, for a minute and a half.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } }, faults = { "expired * after=300 before=390" } },
  harm = service.fails,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    drill:pass "2m"
    drill:resume(run)
  end,
  expect = { service.serves "5m", service.is_whole_on(2, "8m") },
  lost = 900,
}
