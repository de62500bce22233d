--- CloudWatch answers pages without a single event that are not the last: who stops there takes a failing service for a sound one.

local service = require "service"

return {
  title = "Empty log pages",
  summary = "As bad_image, while two of three pages of the log are empty and not the last.",
  guide = "Viewing Logs > Filtered Logs; Rollback Procedures > Rollback Checklist",
  world = {
    bad = "none", timeline = { { after = 60, deploy = "degrades" } }, faults = { "empty logs:FilterLogEvents probability=0.66" },
  },
  harm = service.fails,
  respond = function(drill)
    drill:run { runbook = "logs", params = { errors = true, since = "10m" } }
    drill:run { runbook = "emergency_rollback" }
  end,
  expect = { service.serves "5m", service.is_whole_on(2, "10m") },
  lost = 900,
}
