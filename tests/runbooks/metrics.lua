local spec = require "spec"

local function run(params, more)
  local request = { runbook = "metrics", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

spec.test("CPU and memory of the last hour, average and maximum, as plots", function()
  local ended = run()
  ended:expect_exit(0)
  ended:expect_called({ "cloudwatch:GetMetricStatistics", MetricName = "CPUUtilization", Statistics = { "Average", "Maximum" }, Period = 60 }, 1)
  spec.expect_match(ended:of "plot"[1], { title = "CPU", unit = "percent", limits = { { name = "high", value = 70 } } })
  spec.expect(#ended:of "plot"[1].series[1].points, 60)
  spec.expect(ended:of "plot"[2].title, "Memory")
end)

spec.test("the targets' metrics have short names, and the statistics that make sense for them", function()
  local ended = run { metric = { "errors", "latency" }, since = "30m" }
  ended:expect_called({ "cloudwatch:GetMetricStatistics", MetricName = "HTTPCode_Target_5XX_Count", Statistics = { "Sum" } }, 1)
  ended:expect_called({ "cloudwatch:GetMetricStatistics", MetricName = "TargetResponseTime" }, 1)
  spec.expect(ended:of "table"[1].rows[1][3], "Sum")
end)

spec.test("a table instead; any period, any time, any statistics; CloudWatch's own names", function()
  local ended = run { metric = { "CPUUtilization" }, since = "2025-11-11T00:00:00Z", ["until"] = "2025-11-11T06:00:00Z", period = "1h", statistics = { "Maximum" }, ["table"] = true }
  ended:expect_exit(0)
  spec.expect(ended:of "table"[1].columns, { "time", "Maximum" })
  spec.expect(#ended:of "table"[1].rows, 6)
  spec.expect(ended:of "table"[1].rows[1][1], "2025-11-11T00:00:00Z")
end)

spec.test("the period follows from the range, so that CloudWatch has it and a screen shows it", function()
  run({ metric = { "cpu" }, since = "7d" }):expect_called { "cloudwatch:GetMetricStatistics", Period = 3600 }
  run({ metric = { "cpu" }, since = "20d" }):expect_called { "cloudwatch:GetMetricStatistics", Period = 21600 }
end)

spec.test("a metric that there is not, a period that is none, too many points: refused with what there is", function()
  local ended = run { metric = { "cpuu" } }
  ended:expect_exit(2)
  spec.expect(ended:finish().text,
    "--metric cpuu: there is none; short names: cpu, errors, healthy, latency, memory, requests, unhealthy; of CloudWatch: CPUUtilization, MemoryUtilization")
  run({ period = "90s" }):expect_exit(2)
  run({ since = "1d", period = "1m" }):expect_exit(0) -- as many points as CloudWatch answers
  run({ since = "7d", period = "1m" }):expect_exit(2)
end)

spec.test("throttled it goes on by itself; not allowed it ends with 6", function()
  run(nil, { world = { faults = { "throttle cloudwatch:* times=2" } } }):expect_exit(0)
  run(nil, { world = { policy = { { Effect = "Allow", Action = "elasticloadbalancing:*", Resource = "*" } } } }):expect_exit(6)
end)
