--- A program that takes memory and gives none back: healthy until it is killed.

local service = require "service"

return {
  title = "Memory leak",
  summary = "A deployment completes, and its tasks take more and more memory, until each is killed for it after ten minutes.",
  guide = "Troubleshooting > High CPU or Memory Usage",
  world = { bad = "none", timeline = { { after = 60, deploy = "leaks" } } },
  harm = service.fails,
  respond = function(drill)
    drill:run { runbook = "diagnose", params = { area = { "start", "resources" } } }
    drill:run { runbook = "rollback", answers = service.yes {} }
  end,
  expect = { service.serves "5m", service.is_whole_on(2, "10m") },
  lost = 600,
}
