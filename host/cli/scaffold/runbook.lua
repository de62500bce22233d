--- @TITLE@: what it is for, and when to run it.

local aws = require "aws"
local ecs = require "ecs"

---@type Declaration
local runbook = {
  title   = "@TITLE@",
  summary = "Sets the desired count of a service and waits until that many tasks run.",
  params  = {
    cluster = { type = "string", default = "busyb-cluster", help = "ECS cluster" },
    service = { type = "string", default = "busyb-google-workspace-mcp-service", help = "ECS service" },
    count   = { type = "integer", min = 1, max = 4, default = 2, help = "tasks wanted" },
  },
  needs = { aws = { "ecs:DescribeServices", "ecs:UpdateService" } },

  -- No two runs that name the same lock at once.
  lock = "ecs:{cluster}/{service}",

  -- What has to be there before anything changes.
  targets = function(p) return { ecs.exists { cluster = p.cluster, service = p.service } } end,

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    local function count() return ecs.get_service(which).desiredCount end
    local function scale(number)
      aws.ecs.update_service { cluster = p.cluster, service = p.service, desiredCount = number }
    end

    -- Worked out once: a run that goes on after a crash has the same value again.
    local before = rb:decide("The desired count", count)

    rb:step("Scale to " .. p.count, {
      check   = function() return count() == p.count end,                -- so already? then it is skipped
      confirm = ("desiredCount: %d -> %d"):format(before, p.count),      -- what the operator reads
      change  = function() scale(p.count) end,
      undo    = function() scale(before) end,                            -- gwrun undo RUN
    })

    rb:wait("All tasks run", function()
      local now = ecs.get_service(which)
      local text = ("%d of %d tasks running"):format(now.runningCount, p.count)
      return now.runningCount == p.count and "done" or "waiting", text
    end, { timeout = "10m" })

    rb:checklist("Afterwards", {
      { text = "nothing is pending", within = "5m", probe = function() return ecs.get_service(which).pendingCount == 0 end },
      { text = "tell the team", manual = true },
    })
  end,
}

return runbook
