--- A maintenance window: nothing runs while people work, and afterwards as much runs as before.

local aws = require "aws"
local ecs = require "ecs"

---@type Declaration
local runbook = {
  title   = "Maintenance window",
  summary = "Scales a service to zero with a second person's approval, waits for the work to be done, and scales it back.",
  params  = {
    cluster = { type = "string", default = "busyb-cluster", help = "ECS cluster" },
    service = { type = "string", default = "busyb-google-workspace-mcp-service", help = "ECS service" },
    hold    = { type = "duration", default = "30m", max = "8h", help = "how long the approval may take" },
  },
  needs   = { aws = { "ecs:DescribeServices", "ecs:UpdateService" } },
  lock    = "ecs:{cluster}/{service}",
  targets = function(p) return { ecs.exists { cluster = p.cluster, service = p.service } } end,

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    local function desired() return ecs.get_service(which).desiredCount end
    local function scale(count)
      aws.ecs.update_service { cluster = p.cluster, service = p.service, desiredCount = count }
    end
    local function running(count)
      return function()
        local now = ecs.get_service(which).runningCount
        return now == count and "done" or "waiting", ("%d tasks run, wanted %d"):format(now, count)
      end
    end

    local before = rb:decide("The desired count", desired)
    if before == 0 then rb:refuse("%s is at zero already: nobody knows what to scale it back to", p.service) end

    rb:step("Scale to zero", {
      confirm  = ("desiredCount: %d -> 0: the service is down until the end"):format(before),
      approval = p.hold,
      check    = function() return desired() == 0 end,
      change   = function() scale(0) end,
      undo     = function() scale(before) end,
    })
    rb:wait("No task runs", running(0), { timeout = "10m" })

    rb:checklist("Maintenance", { { text = "the work is done", manual = true } })

    -- Without an undo: to take back the window is to have the service run, and the first step's undo sees to that.
    rb:step("Scale back", {
      confirm = ("desiredCount: 0 -> %d"):format(before),
      check   = function() return desired() == before end,
      change  = function() scale(before) end,
    })
    rb:wait("All tasks run", running(before), { timeout = "15m" })
  end,
}

return runbook
