--- CloudWatch metrics for runbooks: read, summed up, judged.

local aws = require "aws"
local failure = require "failure"

local metrics = {}

local MINUTE, HOUR, DAY = 60, 3600, 86400
local PERIODS = { MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY }
local MOST_POINTS = 1440 -- of one answer of GetMetricStatistics
local WANTED_POINTS = 300

---@class MetricName
---@field namespace string
---@field name string
---@field dimensions table<string, string>
---@field statistics? string[] that make sense for it; default Average and Maximum
---@field unit? string for people
---@field title? string

---@class MetricPoint
---@field at number epoch seconds: where the period begins
---@field Average? number
---@field Maximum? number
---@field Minimum? number
---@field Sum? number
---@field SampleCount? number

---A period, in seconds, that gives a readable number of points, and of which CloudWatch still has data: minutes are kept for 15 days, five
---minutes for 63.
---@param since number
---@param upto number
---@return integer
function metrics.period(since, upto)
  local age = time.now() - since
  local least = age > 63 * DAY and HOUR or age > 15 * DAY and 5 * MINUTE or MINUTE
  for _, period in ipairs(PERIODS) do
    if period >= least and (upto - since) / period <= WANTED_POINTS then return period end
  end
  return DAY
end

-- Whole minutes, as CloudWatch takes them. Where that makes a point too many, the first goes: the newest count.
local function whole_minutes(since, upto, period)
  local first, last = since // MINUTE * MINUTE, -(-upto // MINUTE) * MINUTE
  return math.tointeger(math.max(first, last - MOST_POINTS * period)), math.tointeger(last)
end

---Reads a metric, of whole minutes.
---@param metric MetricName
---@param range { since: number, upto?: number, period?: integer, statistics?: string[] } epoch seconds; the period in seconds
---@return MetricPoint[] points in order; where nothing was measured there is none
---@return integer period
function metrics.read(metric, range)
  local upto = range.upto or time.now()
  local period = range.period or metrics.period(range.since, upto)
  local count = (upto - range.since) // period
  if count > MOST_POINTS then
    failure.raise("usage", "%d points of %d seconds: CloudWatch answers %d at most; take a longer period or a shorter time", count, period, MOST_POINTS)
  end
  local first, last = whole_minutes(range.since, upto, period)
  local dimensions = json.array {}
  for name, value in pairs(metric.dimensions) do dimensions[#dimensions + 1] = { Name = name, Value = value } end
  table.sort(dimensions, function(a, b) return a.Name < b.Name end)
  local answer = aws.cloudwatch.get_metric_statistics {
    Namespace = metric.namespace, MetricName = metric.name, Dimensions = dimensions, StartTime = first,
    EndTime = last, Period = period, Statistics = range.statistics or metric.statistics or { "Average", "Maximum" },
  }
  local points = {}
  for i, point in ipairs(answer.Datapoints or {}) do
    points[i] = {
      at = point.Timestamp, Average = point.Average, Maximum = point.Maximum, Minimum = point.Minimum, Sum = point.Sum,
      SampleCount = point.SampleCount,
    }
  end
  table.sort(points, function(a, b) return a.at < b.at end)
  return points, period
end

-- ---- which there are

---The metrics of an ECS service: cpu and memory, in percent of what its tasks have.
---@param which ServiceName
---@return table<string, MetricName>
function metrics.of_service(which)
  local dimensions = { ClusterName = which.cluster, ServiceName = which.service }
  return {
    cpu = { namespace = "AWS/ECS", name = "CPUUtilization", dimensions = dimensions, unit = "percent", title = "CPU" },
    memory = { namespace = "AWS/ECS", name = "MemoryUtilization", dimensions = dimensions, unit = "percent", title = "Memory" },
  }
end

---The metrics of a target group: requests, errors, latency, healthy and unhealthy targets.
---@param target_group string ARN
---@param load_balancer string ARN
---@return table<string, MetricName>
function metrics.of_target_group(target_group, load_balancer)
  local dimensions = { TargetGroup = target_group:match "(targetgroup/.*)$", LoadBalancer = load_balancer:match "loadbalancer/(.*)$" }
  local function one(name, title, unit, statistics)
    return { namespace = "AWS/ApplicationELB", name = name, dimensions = dimensions, title = title, unit = unit, statistics = statistics }
  end
  return {
    requests = one("RequestCount", "Requests", "requests a period", { "Sum" }),
    errors = one("HTTPCode_Target_5XX_Count", "Errors of the service", "answers a period", { "Sum" }),
    latency = one("TargetResponseTime", "Response time", "seconds", { "Average", "Maximum" }),
    healthy = one("HealthyHostCount", "Healthy targets", "targets", { "Minimum", "Maximum" }),
    unhealthy = one("UnHealthyHostCount", "Unhealthy targets", "targets", { "Maximum" }),
  }
end

---A metric of the service by CloudWatch's own name, as ListMetrics tells it.
---@param which ServiceName
---@param name string "CPUUtilization"
---@return MetricName? metric nil: there is none
---@return string[] names that there are
function metrics.find(which, name)
  local names, found = {}, nil
  local filter = { { Name = "ClusterName", Value = which.cluster }, { Name = "ServiceName", Value = which.service } }
  for metric in aws.cloudwatch.pages.list_metrics { Dimensions = filter } do
    names[#names + 1] = metric.MetricName
    if metric.MetricName == name and not found then
      local dimensions = {}
      for _, dimension in ipairs(metric.Dimensions or {}) do dimensions[dimension.Name] = dimension.Value end
      found = { namespace = metric.Namespace, name = name, dimensions = dimensions, title = name }
    end
  end
  table.sort(names)
  return found, names
end

-- ---- what they say

---The values of a statistic, for `rb:plot`.
---@param points MetricPoint[]
---@param statistic string
---@return number[][]
function metrics.series(points, statistic)
  local list = {}
  for _, point in ipairs(points) do
    if point[statistic] then list[#list + 1] = { point.at, point[statistic] } end
  end
  return list
end

---The mean of a statistic over all points; nil where there is none.
---@param points MetricPoint[]
---@param statistic? string default "Average"
---@return number?
function metrics.mean(points, statistic)
  local sum, count = 0, 0
  for _, point in ipairs(metrics.series(points, statistic or "Average")) do sum, count = sum + point[2], count + 1 end
  return count > 0 and sum / count or nil
end

---The highest value of a statistic.
---@param points MetricPoint[]
---@param statistic? string default "Maximum"
---@return number?
function metrics.highest(points, statistic)
  local highest
  for _, point in ipairs(metrics.series(points, statistic or "Maximum")) do highest = math.max(highest or point[2], point[2]) end
  return highest
end

local LEAST_POINTS = 3

---Whether a statistic was above, or below, a limit in every point; nil where fewer than three were measured.
---@param points MetricPoint[]
---@param side "above"|"below"
---@param limit number
---@param statistic? string default "Average"
---@return boolean?
function metrics.consistently(points, side, limit, statistic)
  local series = metrics.series(points, statistic or "Average")
  if #series < LEAST_POINTS then return nil end
  for _, point in ipairs(series) do
    if side == "above" and point[2] <= limit or side == "below" and point[2] >= limit then return false end
  end
  return true
end

local function mean_of(series, first, last)
  local sum = 0
  for i = first, last do sum = sum + series[i][2] end
  return sum / (last - first + 1)
end

---How the last third of the points compares with the first: 1.5 is half as much again. Nil where fewer than six were measured.
---@param series number[][] as `metrics.series` gives it
---@return number?
function metrics.trend(series)
  local third = #series // 3
  if third < 2 then return nil end
  local first, last = mean_of(series, 1, third), mean_of(series, #series - third + 1, #series)
  if first == 0 then return last == 0 and 1 or math.huge end
  return last / first
end

---The share of one sum in another, point by point: errors of requests.
---@param part MetricPoint[]
---@param whole MetricPoint[]
---@return number[][] series from 0 to 1
function metrics.share(part, whole)
  local at, list = {}, {}
  for _, point in ipairs(part) do at[point.at] = point.Sum or 0 end
  for _, point in ipairs(whole) do
    if (point.Sum or 0) > 0 then list[#list + 1] = { point.at, (at[point.at] or 0) / point.Sum } end
  end
  return list
end

---Draws a metric.
---@param rb Run
---@param metric MetricName
---@param points MetricPoint[]
---@param range { since: number, upto?: number, period: integer, statistics?: string[], limits?: { name: string, value: number }[] }
function metrics.plot(rb, metric, points, range)
  local series = {}
  for i, statistic in ipairs(range.statistics or metric.statistics or { "Average", "Maximum" }) do
    series[i] = { name = statistic, points = metrics.series(points, statistic) }
  end
  rb:plot(metric.title or metric.name, {
    unit = metric.unit, from = range.since, upto = range.upto or time.now(), period = range.period, series = series, limits = range.limits,
  })
end

return metrics
