--- The metrics that follow from what happens in the world: ECS services and load balancers. None is kept: each minute is
--- worked out when somebody asks, the same however often.
---
--- Requests come by day and week: the world's rate is the mean of a weekday. Counts of a run's summary are of the mean.
--- Limit: each service with a load balancer takes all of the world's load.

local costs = require "sim.load"
local find = require "sim.ecs.find"
local host = require "host.sim"
local past = require "sim.past"

local derived = {}

local MINUTE, HOUR, DAY = 60, 3600, 86400

local FAILING_COST = 0.15                       -- of a request that is answered by an error, against one that is served
local FAST_S, FAILING_S = 0.18, 0.02            -- to an answer

---@class Minute statistics of one minute
---@field count number
---@field sum number
---@field least number
---@field most number

-- Between 1 - width and 1 + width.
local function wobble(name, at, width)
  return 1 + width * (2 * host.noise(("%s %d"):format(name, at)) - 1)
end

local function season(at)
  local weekday = (at // DAY + 4) % 7 -- 0: Sunday
  local day = 1 + 0.5 * math.sin((at % DAY / HOUR - 9) / 24 * 2 * math.pi)
  return (weekday == 0 or weekday == 6) and 0.6 * day or day
end

---Requests a second in the minute that begins then.
---@param world table
---@param at number
---@return number
local function rate(world, at)
  return world.traffic.rate * season(at) * wobble("requests", at, 0.08)
end

local function around(mean, count, width, top)
  return { count = count, sum = mean * count, least = mean * (1 - width), most = math.min(mean * (1 + width), top or math.huge) }
end

local function running(world, service, at)
  return past.mean(world, service.arn .. " running", at, at + MINUTE)
end

-- Of one task of a service: requests a second, each as dear as one that is served.
local function load_of_task(world, service, at, tasks)
  if not service.load_balancers[1] then return 0 end
  local share = past.mean(world, "share", at, at + MINUTE)
  return rate(world, at) * (share + FAILING_COST * (1 - share)) / tasks
end

local function utilization(service, name, of_task)
  return {
    namespace = "AWS/ECS", name = name, unit = "Percent",
    dimensions = { ClusterName = service.cluster.name, ServiceName = service.name },
    minute = function(world, at)
      local tasks = running(world, service, at)
      if tasks < 0.5 then return nil end
      local percent = of_task(world, at, load_of_task(world, service, at, tasks)) * wobble(name, at, 0.03)
      return around(math.min(percent, 100), math.floor(tasks + 0.5), 0.04, 100)
    end,
  }
end

local function service_metrics(service)
  local function given(world, what, at) return past.mean(world, service.arn .. " " .. what, at, at + MINUTE) end
  return {
    utilization(service, "CPUUtilization", function(world, at, load)
      return 100 * (costs.IDLE_CPU + load * costs.REQUEST_CPU_S) / (given(world, "cpu", at) / 1024)
    end),
    utilization(service, "MemoryUtilization", function(world, at, load)
      return 100 * (costs.IDLE_MEMORY_MB + load * costs.REQUEST_MEMORY_MB + given(world, "leaked", at)) / given(world, "memory", at)
    end),
  }
end

-- A count of requests; a minute without any has none.
local function counted(name, of_minute)
  return {
    name = name, unit = "Count",
    minute = function(world, at, service)
      local number = math.floor(of_minute(world, at, service) + 0.5)
      return number > 0 and { count = number, sum = number, least = 1, most = 1 } or nil
    end,
  }
end

local function requests(world, at)
  return rate(world, at) * MINUTE
end

local function served(world, at)
  return requests(world, at) * past.mean(world, "share", at, at + MINUTE)
end

-- Whether there is a task at all that could answer an error.
local function reached(world, at, service)
  return math.min(running(world, service, at), 1)
end

local BALANCER_METRICS = {
  counted("RequestCount", requests),
  counted("HTTPCode_Target_2XX_Count", served),
  counted("HTTPCode_Target_5XX_Count", function(world, at, service)
    return (requests(world, at) - served(world, at)) * reached(world, at, service)
  end),
  counted("HTTPCode_ELB_5XX_Count", function(world, at, service)
    return (requests(world, at) - served(world, at)) * (1 - reached(world, at, service))
  end),
  {
    name = "TargetResponseTime", unit = "Seconds",
    minute = function(world, at, service)
      local count = math.floor(requests(world, at) * reached(world, at, service) + 0.5)
      if count == 0 then return nil end
      local share = past.mean(world, "share", at, at + MINUTE)
      return around((FAST_S * share + FAILING_S * (1 - share)) * wobble("response", at, 0.2), count, 0.9)
    end,
  },
}

local function host_count(group, name, state)
  return {
    name = name, unit = "Count",
    minute = function(world, at) return around(past.mean(world, group.arn .. " " .. state, at, at + MINUTE), 1, 0) end,
  }
end

local function group_metrics(world, service, group)
  local list = {}
  local balancer = world.elb.balancers[1].arn:match "loadbalancer/(.*)$"
  local function add(metric, dimensions)
    list[#list + 1] = {
      namespace = "AWS/ApplicationELB", name = metric.name, unit = metric.unit, dimensions = dimensions,
      minute = function(_, at) return metric.minute(world, at, service) end,
    }
  end
  local both = { LoadBalancer = balancer, TargetGroup = group.arn:match "(targetgroup/.*)$" }
  for _, metric in ipairs(BALANCER_METRICS) do
    add(metric, { LoadBalancer = balancer })
    if metric.name ~= "HTTPCode_ELB_5XX_Count" then add(metric, both) end
  end
  add(host_count(group, "HealthyHostCount", "healthy"), both)
  add(host_count(group, "UnHealthyHostCount", "unhealthy"), both)
  return list
end

---All of them.
---@param world table
---@return Metric[]
function derived.list(world)
  local list = {}
  local function add_all(more) table.move(more, 1, #more, #list + 1, list) end
  for _, service in ipairs(find.all_services(world)) do
    add_all(service_metrics(service))
    local balancer = service.load_balancers[1]
    local group = balancer and world.elb.groups[balancer.targetGroupArn]
    if group then add_all(group_metrics(world, service, group)) end
  end
  return list
end

return derived
