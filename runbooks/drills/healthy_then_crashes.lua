--- The deployment has completed, and only then the tasks begin to end.

local service = require "service"

return {
  title = "Healthy, then crashing",
  summary = "A deployment completes; two minutes into its life each task ends with exit code 1, and is replaced by the same.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "crashes" } } },
  harm = service.fails,
  respond = function(drill) drill:run { runbook = "emergency_rollback" } end,
  expect = { service.serves "5m", service.is_whole_on(2, "8m") },
  lost = 900,
}
