--- As bad_image, put right in the order of the operations guide: tasks are stopped first, the service is changed after. The scores of
--- the two drills tell what the order costs.

local service = require "service"

return {
  title = "A bad image, in the order of the guide",
  summary = "As bad_image, but every task is stopped before the service is changed.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } } },
  harm = service.fails,
  respond = function(drill) drill:run { runbook = "emergency_rollback", params = { order = "stop-first" } } end,
  expect = { service.serves "5m", service.is_whole_on(2, "8m") },
  lost = 900,
}
