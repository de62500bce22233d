--- Of tests/lua/explore.lua: says that its change was not made where nobody knows.

return {
  title = "Careless", summary = "Makes a revision, and another where the answer is lost.",
  needs = { aws = { "ecs:RegisterTaskDefinition" } },
  run = function(rb)
    rb:step("Make a revision", {
      check = function() return false end,
      change = function()
        aws.ecs.register_task_definition { family = "careless", containerDefinitions = { { name = "web", image = "web:1", essential = true } } }
      end,
    })
  end,
}
