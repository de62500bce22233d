--- CloudWatch, simulated: metrics of the world's services and of callers, and alarms on them.
--- Limits: no metric math, no composite alarms, no anomaly detection; alarms are evaluated, their actions go nowhere.

local alarms = require "sim.cloudwatch.alarms"
local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local metrics = require "sim.cloudwatch.metrics"
local pages = require "sim.pages"

local operations = {}
for name, operation in pairs(alarms.operations) do operations[name] = operation end

local MINUTE = 60
local MOST_DATAPOINTS, MOST_VALUES, MOST_METRICS, MOST_DATA = 1440, 100800, 500, 1000
local SHORT_PERIODS = { [1] = true, [5] = true, [10] = true, [30] = true }

local function check_period(period)
  if period < 1 or period % MINUTE ~= 0 and not SHORT_PERIODS[period] then
    fail("InvalidParameterValue", "The parameter Period must be a multiple of 60 or one of 1, 5, 10, 30.")
  end
end

local function check_range(from, upto)
  if from >= upto then
    fail("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
  end
end

local function statistic_or_fail(name)
  local statistic = metrics.statistic(name)
  if not statistic then fail("InvalidParameterValue", "The value %s for parameter Stat is not supported.", name) end
  return statistic
end

-- Calls `each` with the start and the contents of every period that has something.
local function each_period(world, metric, range, each)
  if not metric then return end
  local period = math.max(range.period, MINUTE)
  for at = range.from, range.upto - 1, period do
    local total = metrics.sum_up(world, metric, at, math.min(at + period, math.ceil(range.upto / MINUTE) * MINUTE))
    if total then each(at, total) end
  end
end

-- ---- reading --------------------------------------------------------------------------------------

local function datapoint(at, total, input, unit)
  local point = { Timestamp = at, Unit = unit or "None" }
  for _, name in ipairs(input.Statistics or {}) do point[name] = statistic_or_fail(name)(total) end
  for _, name in ipairs(input.ExtendedStatistics or {}) do
    point.ExtendedStatistics = point.ExtendedStatistics or {}
    point.ExtendedStatistics[name] = statistic_or_fail(name)(total)
  end
  return point
end

local function check_statistics(input)
  check_period(input.Period)
  check_range(input.StartTime, input.EndTime)
  if #(input.Statistics or {}) + #(input.ExtendedStatistics or {}) == 0 then
    fail("InvalidParameterCombination", "At least one of the parameters Statistics and ExtendedStatistics must be specified.")
  end
  local count = math.ceil((input.EndTime - input.StartTime) / input.Period)
  if count > MOST_DATAPOINTS then
    fail("InvalidParameterCombination",
      "You have requested up to %d datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by " ..
      "increasing Period, or decreasing the time range.", count)
  end
end

function operations.get_metric_statistics(world, input)
  check_statistics(input)
  local metric = metrics.find(world, input.Namespace, input.MetricName, metrics.dimension_map(input.Dimensions))
  local answer = { Label = input.MetricName, Datapoints = host.array {} }
  if input.Unit and metric and metric.unit ~= input.Unit then return answer end
  local range = { from = math.floor(input.StartTime / MINUTE) * MINUTE, upto = input.EndTime, period = input.Period }
  each_period(world, metric, range, function(at, total)
    table.insert(answer.Datapoints, datapoint(at, total, input, metric.unit))
  end)
  return answer
end

local function reversed(list)
  local other = host.array {}
  for i = #list, 1, -1 do other[#other + 1] = list[i] end
  return other
end

local function read_query(world, query, input)
  local wanted = query.MetricStat
  if not wanted then fail("ValidationError", "The simulator has no metric math: query '%s' is an expression.", query.Id) end
  check_period(wanted.Period)
  local named = wanted.Metric
  local metric = metrics.find(world, named.Namespace, named.MetricName, metrics.dimension_map(named.Dimensions))
  local statistic, period = statistic_or_fail(wanted.Stat), wanted.Period
  local range = { from = math.floor(input.StartTime / period) * period, upto = input.EndTime, period = period }
  range.from = math.floor(range.from / MINUTE) * MINUTE
  local result = {
    Id = query.Id, Label = query.Label or named.MetricName, StatusCode = "Complete", Timestamps = host.array {}, Values = host.array {},
  }
  each_period(world, metric, range, function(at, total)
    table.insert(result.Timestamps, at)
    table.insert(result.Values, statistic(total))
  end)
  if input.ScanBy ~= "TimestampAscending" then
    result.Timestamps, result.Values = reversed(result.Timestamps), reversed(result.Values)
  end
  return result
end

function operations.get_metric_data(world, input)
  check_range(input.StartTime, input.EndTime)
  local answer, values = { MetricDataResults = host.array {}, Messages = host.array {} }, 0
  for _, query in ipairs(input.MetricDataQueries) do
    local result = read_query(world, query, input)
    values = values + #result.Values
    if query.ReturnData ~= false then table.insert(answer.MetricDataResults, result) end
  end
  if values > math.min(input.MaxDatapoints or MOST_VALUES, MOST_VALUES) then
    fail("ValidationError", "The simulator gives at most %d datapoints, all on one page.", MOST_VALUES)
  end
  return answer
end

local function fits(metric, input)
  for _, filter in ipairs(input.Dimensions or {}) do
    local value = metric.dimensions[filter.Name]
    if not value or filter.Value and filter.Value ~= value then return false end
  end
  return (input.Namespace or metric.namespace) == metric.namespace and (input.MetricName or metric.name) == metric.name
end

function operations.list_metrics(world, input)
  local found = {}
  for _, metric in ipairs(metrics.list(world)) do
    if fits(metric, input) then found[#found + 1] = metric end
  end
  local page, token = pages.cut(found, {
    token = input.NextToken, most = MOST_METRICS, key = function(metric) return metric.key end, invalid = "InvalidParameterValue",
  })
  local answer = { Metrics = host.array {}, NextToken = token }
  for i, metric in ipairs(page) do
    answer.Metrics[i] = {
      Namespace = metric.namespace, MetricName = metric.name, Dimensions = host.array(metrics.dimension_list(metric.dimensions)),
    }
  end
  return answer
end

-- ---- writing --------------------------------------------------------------------------------------

local function of_value(value, count)
  return { count = count, sum = value * count, least = value, most = value }
end

-- The parts of a datum: one value, several with how often each came, or statistics.
local function parts_of(datum)
  local set = datum.StatisticValues
  if set then return { { count = set.SampleCount, sum = set.Sum, least = set.Minimum, most = set.Maximum } } end
  if datum.Value then return { of_value(datum.Value, 1) } end
  local parts = {}
  for i, value in ipairs(datum.Values or {}) do parts[i] = of_value(value, (datum.Counts or {})[i] or 1) end
  if #parts == 0 then
    fail("MissingParameter", "The parameter MetricData.member.1.Value is required.")
  end
  return parts
end

function operations.put_metric_data(world, input)
  if input.Namespace:sub(1, 4) == "AWS/" then
    fail("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
  end
  local data = input.MetricData or {}
  if #data > MOST_DATA then fail("InvalidParameterValue", "The collection MetricData must not have a size greater than 1000.") end
  for _, datum in ipairs(data) do
    local named = {
      namespace = input.Namespace, name = datum.MetricName, dimensions = metrics.dimension_map(datum.Dimensions), unit = datum.Unit,
    }
    for _, part in ipairs(parts_of(datum)) do metrics.put(world, named, datum.Timestamp or clock.now(), part) end
  end
  return {}
end

return {
  operations = operations,
  open = function(world)
    world.cloudwatch = { put = {}, alarms = {} }
  end,
}
