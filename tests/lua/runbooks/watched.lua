--- Works on a service, and waits a while between two changes.

local ecs = require "ecs"

local which = { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service" }

local function scale(rb, count)
  rb:step("Scale to " .. count, {
    change = function() aws.ecs.update_service { cluster = which.cluster, service = which.service, desiredCount = count } end,
    undo = function() aws.ecs.update_service { cluster = which.cluster, service = which.service, desiredCount = 1 } end,
  })
end

return {
  title = "Watched", summary = "Scales twice, and waits between.", preflight = false,
  needs = { aws = { "ecs:DescribeServices", "ecs:UpdateService" } },
  run = function(rb)
    rb:watch(ecs.watched(which))
    scale(rb, 2)
    local began = time.now()
    rb:wait("a minute is over", function() return time.now() - began >= 60 and "done" or "waiting", "not yet" end, { timeout = "5m" })
    scale(rb, 3)
  end,
}
