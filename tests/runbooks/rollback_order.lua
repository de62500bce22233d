-- Measures the two orders of the emergency rollback by the requests that the simulated service loses.
local spec = require "spec"

local function lost(order, world)
  local run = spec.run { runbook = "emergency_rollback", args = { "--order", order }, world = world }
  spec.expect(run.exit, 0, order)
  return run:finish().world.requests_lost
end

spec.test("with a healthy old task left, update-first loses no request and stop-first loses many", function()
  local half_rolled_out = { desired_count = 3, deployed_ago = 60 }
  spec.expect(lost("update-first", half_rolled_out), 0)
  local by_the_guide = lost("stop-first", half_rolled_out)
  assert(by_the_guide > 100, "stop-first lost only " .. by_the_guide)
end)

spec.test("with only bad tasks left, neither order is better by more than a tenth", function()
  local first, guide = lost("update-first"), lost("stop-first")
  assert(math.abs(first - guide) <= guide / 10, ("update-first lost %d, stop-first %d"):format(first, guide))
end)
