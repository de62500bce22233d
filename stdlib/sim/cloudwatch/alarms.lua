--- Alarms on single metrics: kept, and evaluated once in their period.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local metrics = require "sim.cloudwatch.metrics"
local pages = require "sim.pages"

local alarms = { operations = {} }

local MOST_ALARMS = 100

local COMPARISONS = {
  GreaterThanThreshold = { "greater than", function(a, b) return a > b end },
  GreaterThanOrEqualToThreshold = { "greater than or equal to", function(a, b) return a >= b end },
  LessThanThreshold = { "less than", function(a, b) return a < b end },
  LessThanOrEqualToThreshold = { "less than or equal to", function(a, b) return a <= b end },
}

---@class Alarm
---@field world table
---@field shape table as DescribeAlarms shows it
---@field noticed (fun(alarm: Alarm))? called after each evaluation
---@field next Appointment?

-- ---- evaluation -----------------------------------------------------------------------------------

---The last periods that are over, the newest first; false where one has no data.
---@param alarm Alarm
---@return (number|false)[]
local function recent_values(alarm)
  local shape, world = alarm.shape, alarm.world
  local metric = metrics.find(world, shape.Namespace, shape.MetricName, metrics.dimension_map(shape.Dimensions))
  local statistic = metrics.statistic(shape.Statistic or shape.ExtendedStatistic)
  local last, values = math.floor(clock.now() / 60) * 60, {}
  for i = 1, shape.EvaluationPeriods do
    local upto = last - (i - 1) * shape.Period
    local total = metric and metrics.sum_up(world, metric, upto - shape.Period, upto)
    values[i] = total and statistic(total) or false
  end
  return values
end

local function set_state(alarm, state, reason)
  local shape, now = alarm.shape, clock.stamp(clock.now())
  if shape.StateValue ~= state then
    shape.StateValue, shape.StateReason, shape.StateUpdatedTimestamp = state, reason, now
    shape.StateTransitionedTimestamp = now
  end
end

local function judge(alarm, values)
  local shape = alarm.shape
  local comparison = COMPARISONS[shape.ComparisonOperator]
  local treat, breaching, known = shape.TreatMissingData or "missing", 0, 0
  for _, value in ipairs(values) do
    if value then known = known + 1 end
    if value and comparison[2](value, shape.Threshold) or not value and treat == "breaching" then breaching = breaching + 1 end
  end
  local needed = shape.DatapointsToAlarm or shape.EvaluationPeriods
  if known == 0 and treat == "ignore" then return shape.StateValue end
  if known == 0 and treat == "missing" then
    return "INSUFFICIENT_DATA", ("Insufficient Data: %d datapoints were unknown."):format(#values)
  end
  local newest = values[1] and ("%.4g"):format(values[1]) or "missing"
  local text = ("Threshold Crossed: %d out of the last %d datapoints (the newest: %s) %s %s the threshold (%s)."):format(
    breaching, #values, newest, breaching == 1 and "was" or "were", comparison[1], shape.Threshold)
  return breaching >= needed and "ALARM" or "OK", text
end

local function evaluate(alarm)
  set_state(alarm, judge(alarm, recent_values(alarm)))
  if alarm.noticed then alarm.noticed(alarm) end
end

local function watch(alarm)
  alarm.next = clock.after(math.max(alarm.shape.Period, 60), function()
    evaluate(alarm)
    watch(alarm)
  end)
end

-- ---- keeping --------------------------------------------------------------------------------------

---@param world table
---@param name string
---@return string
function alarms.arn(world, name)
  return ("arn:aws:cloudwatch:%s:%s:alarm:%s"):format(world.region, world.account, name)
end

---@param world table
---@param name string
function alarms.delete(world, name)
  local alarm = world.cloudwatch.alarms[name]
  if alarm then clock.cancel(alarm.next) end
  world.cloudwatch.alarms[name] = nil
end

local KEPT = {
  "AlarmName", "AlarmDescription", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName", "Namespace", "Statistic",
  "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator",
  "TreatMissingData", "EvaluateLowSampleCountPercentile",
}

---Makes an alarm, or gives one of that name another definition; its state stays.
---@param world table
---@param input table as PutMetricAlarm has it
---@param noticed? fun(alarm: Alarm)
---@return Alarm
function alarms.put(world, input, noticed)
  local before, now = world.cloudwatch.alarms[input.AlarmName], clock.stamp(clock.now())
  local old = before and before.shape or {}
  local shape = {
    AlarmArn = alarms.arn(world, input.AlarmName), AlarmConfigurationUpdatedTimestamp = now, ActionsEnabled = input.ActionsEnabled ~= false,
    StateValue = old.StateValue or "INSUFFICIENT_DATA", StateReason = old.StateReason or "Unchecked: Initial alarm creation",
    StateUpdatedTimestamp = old.StateUpdatedTimestamp or now, StateTransitionedTimestamp = old.StateTransitionedTimestamp or now,
  }
  for _, name in ipairs(KEPT) do shape[name] = input[name] end
  for _, name in ipairs { "OKActions", "AlarmActions", "InsufficientDataActions", "Dimensions" } do
    shape[name] = host.array(shape[name] or {})
  end
  alarms.delete(world, input.AlarmName)
  local alarm = { world = world, shape = shape, noticed = noticed }
  world.cloudwatch.alarms[input.AlarmName] = alarm
  watch(alarm)
  return alarm
end

-- ---- operations -----------------------------------------------------------------------------------

local operations = alarms.operations

local REQUIRED = { "MetricName", "Namespace", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator" }

local function check(input)
  if input.Metrics then fail("ValidationError", "The simulator has no alarms on metric math.") end
  for _, name in ipairs(REQUIRED) do
    if input[name] == nil then fail("ValidationError", "%s is required", name) end
  end
  if not COMPARISONS[input.ComparisonOperator] then
    fail("ValidationError", "The simulator has no alarms with %s.", input.ComparisonOperator)
  end
  local statistic = input.Statistic or input.ExtendedStatistic
  if not statistic or not metrics.statistic(statistic) then
    fail("ValidationError", "Statistic or ExtendedStatistic must be given, and be one that there is.")
  end
  if (input.DatapointsToAlarm or 1) > input.EvaluationPeriods then
    fail("ValidationError", "DatapointsToAlarm must be less than or equal to EvaluationPeriods")
  end
end

function operations.put_metric_alarm(world, input)
  check(input)
  alarms.put(world, input)
  return {}
end

local function is_wanted(shape, input, names)
  return (not names or names[shape.AlarmName]) and (input.StateValue or shape.StateValue) == shape.StateValue
      and shape.AlarmName:sub(1, #(input.AlarmNamePrefix or "")) == (input.AlarmNamePrefix or "")
end

function operations.describe_alarms(world, input)
  local names, found = nil, {}
  if input.AlarmNames and #input.AlarmNames > 0 then
    names = {}
    for _, name in ipairs(input.AlarmNames) do names[name] = true end
  end
  for _, alarm in pairs(world.cloudwatch.alarms) do
    if is_wanted(alarm.shape, input, names) then found[#found + 1] = alarm.shape end
  end
  table.sort(found, function(a, b) return a.AlarmName < b.AlarmName end)
  local page, token = pages.cut(found, {
    size = input.MaxRecords, token = input.NextToken, most = MOST_ALARMS, key = function(shape) return shape.AlarmName end,
    invalid = "InvalidNextToken",
  })
  return { MetricAlarms = host.array(page), CompositeAlarms = host.array {}, NextToken = token }
end

function operations.delete_alarms(world, input)
  for _, name in ipairs(input.AlarmNames) do
    if not world.cloudwatch.alarms[name] then fail("ResourceNotFound", "Alarm '%s' does not exist.", name) end
  end
  for _, name in ipairs(input.AlarmNames) do alarms.delete(world, name) end
  return {}
end

function operations.set_alarm_state(world, input)
  local alarm = world.cloudwatch.alarms[input.AlarmName]
  if not alarm then fail("ResourceNotFound", "") end
  set_state(alarm, input.StateValue, input.StateReason)
  if alarm.noticed then alarm.noticed(alarm) end
  return {}
end

return alarms
