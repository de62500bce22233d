--- High CPU or memory: consistently above the guide's limits, and tasks that were killed for memory.

local fargate = require "fargate"
local metrics = require "metrics"
local rollout = require "rollout"

local KILLED = 137
local LIMITS = { { "cpu", "CPU", 70 }, { "memory", "memory", 80 } }

local function larger(context)
  local cpu, memory = math.tointeger(tonumber(context.definition.cpu)), math.tointeger(tonumber(context.definition.memory))
  local size = cpu and memory and fargate.scaled(cpu, memory, 2)
  return size and ("gwrun deploy --cpu %d --memory %d"):format(size.cpu, size.memory)
end

local function check_metrics(context)
  local known, range = metrics.of_service(context.which), { since = context.since, period = 60 }
  for _, one in ipairs(LIMITS) do
    local points = metrics.read(known[one[1]], range)
    local mean, highest = metrics.mean(points), metrics.highest(points)
    if metrics.consistently(points, "above", one[3]) then
      context.add {
        severity = "high", text = ("%s is consistently above %d%%"):format(one[2], one[3]), evidence = ("%.1f%% on average, %.1f%% at most"):format(mean, highest),
        cause = one[1] == "cpu" and "more requests than the tasks are made for, or work that got slower" or "more is held than the tasks are made for, or a leak",
        solution = "add tasks; or larger ones (" .. (larger(context) or "none are larger") .. "); then look for slow work and leaks in the log",
        fix = ("gwrun scale --count %d"):format(context.service.desiredCount + 1),
      }
    elseif highest and highest > 95 then
      context.add {
        severity = "medium", text = ("%s reached %.0f%%"):format(one[2], highest), evidence = ("%.1f%% on average"):format(mean),
        solution = "see what happened then: gwrun metrics", fix = "gwrun scale --advise",
      }
    else
      context.fine(mean and ("%s %.1f%% on average"):format(one[2], mean) or one[2] .. ": nothing was measured")
    end
  end
end

local function check_killed(context)
  local count = 0
  for _, task in ipairs(rollout.stopped(context.which)) do
    for _, container in ipairs(task.containers or {}) do
      if container.exitCode == KILLED and (container.reason or ""):find "OutOfMemory" then count = count + 1 end
    end
  end
  if count > 0 then
    context.add {
      severity = "high", text = ("%d tasks were killed for memory"):format(count), evidence = "exit code 137, OutOfMemoryError", cause = "the container needed more memory than it has",
      solution = "raise memory, or look for a leak", fix = larger(context),
    }
  end
end

---@param context DiagnosisContext
return function(context)
  check_metrics(context)
  check_killed(context)
end
