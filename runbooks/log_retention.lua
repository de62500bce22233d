--- Log retention: how long the service's log is kept, and for how long it shall be.
---
--- Guide: Maintenance Procedures > Log Retention Management.
---
--- CloudWatch takes certain numbers of days only. A shorter retention deletes what is older, within days and for good: undo brings the
--- setting back, not the lines.

local aws = require "aws"
local logs = require "logs"
local service = require "service"

-- https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
local VALID = {
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}
local FOR_EVER = 0 -- as a decision keeps it: nil would be none

local function describe(days)
  return days == FOR_EVER and "for ever" or ("%d days"):format(days)
end

local function read(group) return logs.get_group(group).retentionInDays or FOR_EVER end

local function wanted_days(rb, p)
  if p.days == "never" then return FOR_EVER end
  local number = math.tointeger(tonumber(p.days))
  for _, days in ipairs(VALID) do
    if days == number then return days end
  end
  rb:refuse("--days %s: CloudWatch takes never (to expire), %s", p.days, table.concat(VALID, ", "))
end

local function set(group, days)
  if days == FOR_EVER then
    aws.logs.delete_retention_policy { logGroupName = group }
  else
    aws.logs.put_retention_policy { logGroupName = group, retentionInDays = days }
  end
end

local function is_shorter(days, before)
  return days ~= FOR_EVER and (before == FOR_EVER or days < before)
end

return {
  title   = "Log retention",
  summary = "Shows how long the service's log is kept, and with --days sets it.",
  guide   = "Maintenance Procedures > Log Retention Management",
  region  = service.region,
  production = service.production,

  params = service.params({ "log_group" }, {
    days = { type = "string", help = "how long it shall be kept: 30, 60, 90, ... or never (to expire)", example = "60" },
  }),

  needs = { aws = { "logs:DescribeLogGroups", "logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy" } },
  lock = "logs:{log_group}",
  targets = function(p) return { logs.exists(p.log_group) } end,

  run = function(rb, p)
    local group = logs.get_group(p.log_group)
    rb:note("%s: kept %s, %.1f MiB stored", p.log_group, describe(group.retentionInDays or FOR_EVER), (group.storedBytes or 0) / 1048576)
    if not p.days then return end
    local days = wanted_days(rb, p)
    local before = rb:decide("How long it is kept now", function() return read(p.log_group) end)
    local shorter = is_shorter(days, before)
    rb:step(("Keep the log %s"):format(describe(days)), {
      check = function() return read(p.log_group) == days end,
      confirm = ("retention: %s -> %s%s"):format(describe(before), describe(days),
        shorter and ("; what is older than %d days is deleted for good"):format(days) or ""),
      word = shorter and p.log_group or nil,
      change = function() set(p.log_group, days) end,
      undo = { check = function() return read(p.log_group) == before end, change = function() set(p.log_group, before) end },
    })
    rb:checklist("After the change", { {
      text = ("the log is kept %s"):format(describe(days)), within = "30s",
      probe = function() return read(p.log_group) == days, describe(read(p.log_group)) end,
    } })
  end,
}
