--- A colleague presses "force new deployment" while the rollback waits: the same revision, and yet another deployment.

local service = require "service"

return {
  title = "Forced redeploy of the same revision",
  summary = "As bad_image; somebody forces a new deployment of the good revision while the rollback waits for its own.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" }, service.changed_by_pipeline(310, { forceNewDeployment = true }) } },
  harm = service.fails,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    if run.exit ~= 0 then drill:resume(run, { on_foreign_change = "accept" }) end
  end,
  expect = { service.serves "5m", service.is_whole_on(2, "12m") },
  lost = 900,
}
