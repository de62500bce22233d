--- The number of tasks changes while the rollback waits, as automatic scaling does it.

local service = require "service"

return {
  title = "Scaled in mid-run",
  summary = "As bad_image; while the rollback waits the service is scaled to three tasks.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" }, service.changed_by_pipeline(310, { desiredCount = 3 }) } },
  harm = service.fails,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    if run.exit ~= 0 then drill:resume(run, { on_foreign_change = "accept" }) end
  end,
  expect = { service.serves "5m", service.is_whole_on(2, "12m") },
  lost = 900,
}
