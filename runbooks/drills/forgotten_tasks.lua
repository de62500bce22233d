--- Nobody looked for more than an hour: ECS has forgotten the first tasks that stopped, and what remains has to do.

local service = require "service"

return {
  title = "Stopped tasks forgotten",
  summary = "The tasks of a deployment end two minutes into their lives, since more than an hour. ECS remembers a stopped task for one.",
  guide = "Troubleshooting > Task Fails to Start",
  world = { bad = "none", timeline = { { after = 60, deploy = "crashes" } } },
  harm = service.fails,
  react = "70m",
  respond = function(drill)
    drill:run { runbook = "diagnose", params = { area = { "start" } } }
    drill:run { runbook = "rollback" }
  end,
  expect = { service.serves "85m", service.is_whole_on(2, "85m") },
  lost = 6000,
}
