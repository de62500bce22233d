-- What metrics.lua makes of points that CloudWatch has answered. How it reads them, the runbooks' tests show.
local metrics = require "metrics"
local spec = require "spec"

local function averages(...)
  local points = {}
  for i, value in ipairs { ... } do points[i] = { at = i * 60, Average = value, Maximum = value + 1 } end
  return points
end

spec.test("a period gives at most three hundred points of what is still kept", function()
  local now = time.now()
  spec.expect(metrics.period(now - 3600, now), 60)
  spec.expect(metrics.period(now - 86400, now), 300)
  spec.expect(metrics.period(now - 7 * 86400, now), 3600)
  spec.expect(metrics.period(now - 20 * 86400, now - 20 * 86400 + 600), 300)
  spec.expect(metrics.period(now - 70 * 86400, now - 70 * 86400 + 600), 3600)
end)

spec.test("mean and highest; nothing of nothing", function()
  spec.expect(metrics.mean(averages(10, 20, 60)), 30)
  spec.expect(metrics.highest(averages(10, 60, 20)), 61)
  spec.expect(metrics.highest(averages(10, 60, 20), "Average"), 60)
  spec.expect({ metrics.mean {}, metrics.highest {} }, {})
end)

spec.test("consistently means each of at least three", function()
  spec.expect(metrics.consistently(averages(71, 80, 90), "above", 70), true)
  spec.expect(metrics.consistently(averages(71, 70, 90), "above", 70), false)
  spec.expect(metrics.consistently(averages(1, 2, 3), "below", 4), true)
  spec.expect(metrics.consistently(averages(71, 80), "above", 70), nil)
end)

spec.test("a trend compares the last third with the first", function()
  spec.expect(metrics.trend(metrics.series(averages(10, 10, 50, 50, 15, 15), "Average")), 1.5)
  spec.expect(metrics.trend(metrics.series(averages(0, 0, 0, 0, 0, 0), "Average")), 1)
  spec.expect(metrics.trend(metrics.series(averages(0, 0, 0, 0, 1, 1), "Average")), math.huge)
  spec.expect(metrics.trend(metrics.series(averages(1, 2, 3), "Average")), nil)
end)

spec.test("a share is of what there was to share", function()
  local errors, requests = { { at = 60, Sum = 5 } }, { { at = 60, Sum = 20 }, { at = 120, Sum = 10 }, { at = 180, Sum = 0 } }
  spec.expect(metrics.share(errors, requests), { { 60, 0.25 }, { 120, 0 } })
end)
