local spec = require "spec"

local function run(params, more)
  local request = { runbook = "cost_review", params = params, world = { bad = "none" } }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

local function has_note(ended, part)
  for _, note in ipairs(ended:of "note") do
    if note.text:find(part, 1, true) then return end
  end
  error("no note with: " .. part, 2)
end

spec.test("seven days of use, the price worked out with its assumptions, and what half the size would mean", function()
  local ended = run()
  ended:expect_exit(0)
  ended:expect_called({ "cloudwatch:GetMetricStatistics", MetricName = "CPUUtilization", Period = 86400 }, 1)
  spec.expect(#ended:of "table"[1].rows, 7)
  -- 0.5 x 0.04048 + 1 x 0.004445 = 0.024685 an hour, times 730
  spec.expect(ended:of "table"[2].rows[1], { "now", "0.5 vCPU, 1 GB", "1 x (0.5 x 0.04048 + 1 x 0.004445)", "$0.0247", "$18.02" })
  spec.expect(ended:of "table"[2].rows[2][5], "$9.01")
  has_note(ended, "assumed: 1 tasks all the time, 730 hours a month, $0.04048 a vCPU-hour, $0.004445 a GB-hour")
  has_note(ended, "CPU is not below 30% on every day: the size is used")
  ended:expect_changes {}
end)

spec.test("little use: whether half the size would carry the highest load that was seen", function()
  local ended = run(nil, { world = { bad = "none", requests_per_second = 0.2 } })
  has_note(ended, "CPU is below 30% on every day")
  has_note(ended, "half the size would not do: the highest load seen would be 13% CPU and 82% memory there")
end)

spec.test("much use: the size is used", function()
  has_note(run(nil, { world = { bad = "none", requests_per_second = 15 } }), "CPU is not below 30% on every day: the size is used")
end)

spec.test("other prices; no such service: 2; no rights: 6; throttled it goes on by itself", function()
  spec.expect(run({ vcpu_price = 1, gb_price = 0 }):of "table"[2].rows[1][5], "$365.00")
  run({ service = "gone" }):expect_exit(2)
  run(nil, { world = { policy = { { Effect = "Allow", Action = "ecs:*", Resource = "*" } } } }):expect_exit(6)
  run(nil, { world = { bad = "none", faults = { "throttle * times=2" } } }):expect_exit(0)
end)
