--- Watches what cannot be read just after the change.

local failure = require "failure"

return {
  title = "Watched, unread", summary = "Scales once.", preflight = false,
  needs = { aws = { "ecs:UpdateService" } },
  run = function(rb)
    local changed, failed = false, false
    rb:watch("the thing", function()
      if changed and not failed then
        failed = true
        failure.raise("problem", "the thing does not answer")
      end
      return { size = changed and 2 or 1 }
    end)
    rb:step("Scale to 2", {
      change = function()
        aws.ecs.update_service { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service", desiredCount = 2 }
        changed = true
      end,
    })
  end,
}
