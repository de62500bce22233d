--- The change is made, and its answer never arrives: was it done? The most treacherous of all faults.

local service = require "service"

return {
  title = "Answer lost",
  summary = "As bad_image; UpdateService takes effect, and the connection is cut before its answer.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } }, faults = { "lost ecs:UpdateService nth=1" } },
  harm = service.fails,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback" }
    if run.exit ~= 0 then drill:resume(run) end
  end,
  expect = { service.serves "5m", service.is_whole_on(2, "8m") },
  lost = 900,
}
