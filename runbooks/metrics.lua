--- Metrics: how the service fares, over any time, as a plot, as a table, or as JSON (`--output json`).
---
--- Guide: Viewing Service Status > CloudWatch Metrics; Troubleshooting > High CPU/Memory Usage.

local elb = require "elb"
local metrics = require "metrics"
local service = require "service"

local LIMITS = { cpu = { { name = "high", value = 70 } }, memory = { { name = "high", value = 80 } } }

-- All that have a short name here.
local function catalogue(p)
  local all = metrics.of_service { cluster = p.cluster, service = p.service }
  local balancer = elb.load_balancer(p.target_group)
  for name, metric in pairs(balancer and metrics.of_target_group(p.target_group, balancer) or {}) do all[name] = metric end
  return all
end

local function sorted(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function find(rb, p, known, name)
  if known[name] then return known[name] end
  local metric, others = metrics.find({ cluster = p.cluster, service = p.service }, name)
  if not metric then
    rb:refuse("--metric %s: there is none; short names: %s; of CloudWatch: %s", name, table.concat(sorted(known), ", "), table.concat(others, ", "))
  end
  return metric
end

local function shown(value) return value and ("%.2f"):format(value) end

local function show_table(rb, metric, points, statistics)
  local rows = {}
  for i, point in ipairs(points) do
    rows[i] = { time.iso(math.floor(point.at)) }
    for k, statistic in ipairs(statistics) do rows[i][k + 1] = shown(point[statistic]) end
  end
  rb:table(("%s, %s"):format(metric.title or metric.name, metric.unit or "as CloudWatch counts it"), table.move(statistics, 1, #statistics, 2, { "time" }), rows)
end

return {
  title   = "Metrics",
  summary = "Shows metrics of the service and of its targets over any time.",
  guide   = "Viewing Service Status > CloudWatch Metrics",
  region  = service.region,

  params = service.params({ "cluster", "service", "target_group" }, {
    metric     = { type = "list", default = { "cpu", "memory" }, min = 1, help = "cpu, memory, requests, errors, latency, healthy, unhealthy, or CloudWatch's name of one", example = "cpu,latency" },
    since      = { type = "time", default = "1h", help = "from when on" },
    ["until"]  = { type = "time", help = "up to when; default: now" },
    period     = { type = "duration", min = "1m", help = "what one point stands for; default: by the range" },
    statistics = { type = "list", of = "enum", values = { "Average", "Maximum", "Minimum", "Sum", "SampleCount" }, help = "default: what makes sense for the metric" },
    ["table"]  = { type = "boolean", default = false, help = "the values instead of a plot" },
  }),

  needs = { aws = { "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics", "elasticloadbalancing:DescribeTargetGroups" } },

  run = function(rb, p)
    if p.period and p.period % 60 ~= 0 then rb:refuse("--period: CloudWatch takes whole minutes") end
    local known, upto = catalogue(p), p["until"] or time.now()
    local rows = {}
    for i, name in ipairs(p.metric) do
      local metric = find(rb, p, known, name)
      local statistics = p.statistics or metric.statistics or { "Average", "Maximum" }
      local points, period = metrics.read(metric, { since = p.since, upto = upto, period = p.period and math.floor(p.period), statistics = statistics })
      if p["table"] then
        show_table(rb, metric, points, statistics)
      else
        metrics.plot(rb, metric, points, { since = p.since, upto = upto, period = period, statistics = statistics, limits = LIMITS[name] })
      end
      local first = statistics[1]
      rows[i] = { name, #points, first, shown(metrics.mean(points, first)), shown(metrics.highest(points, statistics[#statistics])) }
    end
    rb:table("In short", { "metric", "points", "statistic", "mean", "highest" }, rows)
  end,
}
