--- The pipeline, which knows nothing of the incident, deploys again while the rollback waits.

local service = require "service"

return {
  title = "Foreign deployment",
  summary = "As bad_image; while the rollback waits the pipeline deploys another bad image over it.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" }, { after = 310, deploy = "degrades" } } },
  harm = service.fails,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    if run.exit ~= 0 then drill:run { runbook = "emergency_rollback" } end
  end,
  expect = { service.serves "5m", service.is_whole_on(2, "8m") },
  lost = 1200,
}
