--- Watches what one branch changes while another is in the middle of a step that changes nothing.

return {
  title = "Watched, in branches", summary = "Scales once, beside something slow.", preflight = false,
  needs = { aws = { "ecs:UpdateService" } },
  run = function(rb)
    local size = 1
    rb:watch("the thing", function() return { size = size } end)
    rb:parallel {
      quick = function(branch)
        branch:step("Scale to 2", {
          change = function()
            aws.ecs.update_service { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service", desiredCount = 2 }
            size = 2
          end,
        })
      end,
      slow = function(branch)
        branch:step("Look", { change = function() sleep(60) end })
      end,
    }
    rb:step("Afterwards", { change = function() end })
  end,
}
