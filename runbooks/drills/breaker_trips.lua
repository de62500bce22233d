--- The operator insists on revision 1, whose tag that moves leads to a broken image by now: ECS gives up during our wait, and puts the
--- revision back that was there.

local service = require "service"

return {
  title = "Circuit breaker trips during our wait",
  summary = "As bad_image; the first attempt returns to revision 1, whose image is broken by now, and ECS takes it back.",
  guide = "Rollback Procedures > Emergency Rollback (Immediate)",
  world = { bad = "exits", deployed_ago = 7200, timeline = { { after = 60, deploy = "degrades" } } },
  harm = service.fails,
  respond = function(drill)
    local run = drill:run { runbook = "emergency_rollback", params = { revision = 1 } }
    if run.exit ~= 0 then drill:run { runbook = "emergency_rollback" } end
  end,
  expect = { service.serves "15m", service.is_whole_on(2, "20m") },
  lost = 6000,
}
