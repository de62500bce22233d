--- Metrics by name and dimensions, those of the world and those that callers put, and their statistics.
--- Kept to the minute, and for 15 days.

local clock = require "sim.clock"
local derived = require "sim.cloudwatch.derived"

local metrics = {}

local MINUTE, KEPT_S = 60, 15 * 86400

---@class Metric
---@field namespace string
---@field name string
---@field dimensions table<string, string>
---@field unit string?
---@field minute fun(world: table, at: number): Minute? what the minute that begins then had; nil: nothing

---Dimensions as AWS lists them, by name.
---@param dimensions table<string, string>
---@return table[]
function metrics.dimension_list(dimensions)
  local list = {}
  for name, value in pairs(dimensions) do list[#list + 1] = { Name = name, Value = value } end
  return list
end

---@param list table[]?
---@return table<string, string>
function metrics.dimension_map(list)
  local map = {}
  for _, one in ipairs(list or {}) do map[one.Name] = one.Value end
  return map
end

---What tells a metric from all others; metrics sort by it.
---@param namespace string
---@param name string
---@param dimensions table<string, string>
---@return string
function metrics.key(namespace, name, dimensions)
  local parts = { namespace, name }
  for _, one in ipairs(metrics.dimension_list(dimensions)) do parts[#parts + 1] = one.Name .. "=" .. one.Value end
  return table.concat(parts, "\n")
end

---@param world table
---@return Metric[] by key
function metrics.list(world)
  local list = derived.list(world)
  for _, metric in pairs(world.cloudwatch.put) do list[#list + 1] = metric end
  for _, metric in ipairs(list) do metric.key = metric.key or metrics.key(metric.namespace, metric.name, metric.dimensions) end
  table.sort(list, function(a, b) return a.key < b.key end)
  return list
end

---@param world table
---@param namespace string
---@param name string
---@param dimensions table<string, string>
---@return Metric? nil: nobody has put it
function metrics.find(world, namespace, name, dimensions)
  local key = metrics.key(namespace, name, dimensions)
  for _, metric in ipairs(metrics.list(world)) do
    if metric.key == key then return metric end
  end
end

local function merge(into, more)
  into.count, into.sum = into.count + more.count, into.sum + more.sum
  into.least, into.most = math.min(into.least, more.least), math.max(into.most, more.most)
end

---Adds to a metric that a caller puts; makes it when it is new.
---@param world table
---@param named { namespace: string, name: string, dimensions: table<string, string>, unit: string? }
---@param at number
---@param more Minute
function metrics.put(world, named, at, more)
  local key, minute = metrics.key(named.namespace, named.name, named.dimensions), math.floor(at / MINUTE) * MINUTE
  local metric = world.cloudwatch.put[key]
  if not metric then
    local minutes = {}
    metric = {
      namespace = named.namespace, name = named.name, dimensions = named.dimensions, unit = named.unit, minutes = minutes,
      minute = function(_, when) return minutes[when] end,
    }
    world.cloudwatch.put[key] = metric
  end
  if not metric.minutes[minute] then
    metric.minutes[minute] = more
    clock.at(minute + KEPT_S, function() metric.minutes[minute] = nil end)
  else
    merge(metric.minutes[minute], more)
  end
end

---What a stretch of time had; nil: nothing. Only whole minutes that are over count.
---@param world table
---@param metric Metric
---@param from number a whole minute
---@param upto number
---@return Minute?
function metrics.sum_up(world, metric, from, upto)
  local now, total = clock.now(), nil
  for at = math.max(from, math.ceil((now - KEPT_S) / MINUTE) * MINUTE), math.min(upto, now) - MINUTE, MINUTE do
    local one = metric.minute(world, at)
    if one and total then
      merge(total, one)
    elseif one then
      total = { count = one.count, sum = one.sum, least = one.least, most = one.most }
    end
  end
  return total
end

-- Limit: a percentile lies between the least, the mean and the most; single values are not kept.
local function percentile(total, percent)
  local mean = total.sum / total.count
  if percent <= 50 then return total.least + (mean - total.least) * percent / 50 end
  return mean + (total.most - mean) * (percent - 50) / 50
end

local STATISTICS = {
  Average = function(total) return total.sum / total.count end,
  Sum = function(total) return total.sum end,
  SampleCount = function(total) return total.count end,
  Minimum = function(total) return total.least end,
  Maximum = function(total) return total.most end,
}

---A function from what a stretch of time had to the number; nil where there is no such statistic.
---@param name string "Average", "p99"
---@return (fun(total: Minute): number)?
function metrics.statistic(name)
  local percent = tonumber(name:match "^p(%d+%.?%d*)$")
  if percent and percent <= 100 then return function(total) return percentile(total, percent) end end
  return STATISTICS[name]
end

return metrics
