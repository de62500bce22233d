--- Cost review: what the tasks use, what they cost, and whether smaller ones would do.
---
--- Guide: Maintenance Procedures > Cost Optimization > Review Resource Usage.
---
--- The prices are parameters: the defaults are those of us-east-1 for Linux on x86, on demand, without discounts, data transfer, load balancer
--- and storage (https://aws.amazon.com/fargate/pricing/). Consistently is every day of the time.

local ecs = require "ecs"
local fargate = require "fargate"
local metrics = require "metrics"
local revisions = require "revisions"
local service = require "service"

local DAY, HOURS_A_MONTH = 86400, 730
local LOW, COMFORTABLE = 30, 80 -- percent

local function shown(value, format) return value and (format or "%.1f%%"):format(value) end

local function show_usage(rb, usage)
  local rows = {}
  for i, point in ipairs(usage.cpu) do
    local memory = usage.memory[i] or {}
    rows[i] = { time.iso(math.floor(point.at)):sub(1, 10), shown(point.Average), shown(point.Maximum), shown(memory.Average), shown(memory.Maximum) }
  end
  rb:table("Use by day", { "from", "CPU average", "maximum", "memory average", "maximum" }, rows)
end

local function show_costs(rb, size, count, price)
  local rows = {}
  local function add(name, cpu, memory)
    local hourly = fargate.hourly(cpu, memory, count, price)
    rows[#rows + 1] = {
      name, ("%g vCPU, %g GB"):format(cpu / 1024, memory / 1024), ("%d x (%g x %g + %g x %g)"):format(count, cpu / 1024, price.vcpu_hour, memory / 1024, price.gib_hour),
      ("$%.4f"):format(hourly), ("$%.2f"):format(hourly * HOURS_A_MONTH),
    }
    return hourly * HOURS_A_MONTH
  end
  local now = add("now", size.cpu, size.memory)
  local smaller = fargate.scaled(size.cpu, size.memory, 0.5)
  local saved = smaller and now - add("half the size", smaller.cpu, smaller.memory)
  local larger = fargate.scaled(size.cpu, size.memory, 2)
  if larger then add("twice the size", larger.cpu, larger.memory) end
  rb:table(("What %d tasks cost"):format(count), { "", "a task", "an hour", "in dollars", "a month" }, rows)
  rb:note("assumed: %d tasks all the time, %d hours a month, $%g a vCPU-hour, $%g a GB-hour; no discounts, transfer, load balancer or logs",
    count, HOURS_A_MONTH, price.vcpu_hour, price.gib_hour)
  return smaller, saved
end

-- Would half the size carry the highest load that was seen?
local function fits(usage, size, smaller)
  local cpu, memory = metrics.highest(usage.cpu), metrics.highest(usage.memory)
  if not cpu or not memory then return false, "nothing was measured" end
  local cpu_then, memory_then = cpu * size.cpu / smaller.cpu, memory * size.memory / smaller.memory
  return cpu_then <= COMFORTABLE and memory_then <= COMFORTABLE,
      ("the highest load seen would be %.0f%% CPU and %.0f%% memory there"):format(cpu_then, memory_then)
end

local function advise(rb, usage, size, count, smaller, saved)
  if not metrics.consistently(usage.cpu, "below", LOW) then
    rb:note("CPU is not below %d%% on every day: the size is used", LOW)
    return
  end
  rb:note("CPU is below %d%% on every day; the guide would consider smaller tasks, or sharing with other services", LOW)
  if not smaller then
    rb:note("Fargate has no smaller size than this")
  else
    local ok, why = fits(usage, size, smaller)
    if ok then
      rb:note("half the size would do (%s) and save $%.2f a month: gwrun deploy --cpu %d --memory %d", why, saved, smaller.cpu, smaller.memory)
    else
      rb:note("half the size would not do: %s", why)
    end
  end
  if count > 1 then rb:note("%d tasks run: gwrun scale --advise says whether fewer would do", count) end
end

return {
  title   = "Cost review",
  summary = "Shows what the tasks used over a week and what they cost, and says whether smaller ones would do.",
  guide   = "Maintenance Procedures > Cost Optimization",
  region  = service.region,

  params = service.params({ "cluster", "service" }, {
    days       = { type = "integer", min = 3, max = 60, default = 7, help = "how many days to look at" },
    vcpu_price = { type = "number", min = 0, default = 0.04048, help = "dollars a vCPU-hour" },
    gb_price   = { type = "number", min = 0, default = 0.004445, help = "dollars a GB-hour" },
  }),

  needs = { aws = { "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "cloudwatch:GetMetricStatistics" } },

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    local now = ecs.get_service(which)
    local definition = revisions.describe(now.taskDefinition)
    local size = { cpu = math.tointeger(tonumber(definition.cpu)), memory = math.tointeger(tonumber(definition.memory)) }
    if not size.cpu or not size.memory then rb:refuse("%s has no size of its own: it does not run on Fargate", ecs.short(now.taskDefinition)) end
    local known, range = metrics.of_service(which), { since = time.now() - p.days * DAY, period = DAY }
    local usage = { cpu = metrics.read(known.cpu, range), memory = metrics.read(known.memory, range) }
    show_usage(rb, usage)
    local smaller, saved = show_costs(rb, size, now.desiredCount, { vcpu_hour = p.vcpu_price, gib_hour = p.gb_price })
    advise(rb, usage, size, now.desiredCount, smaller, saved)
  end,
}
