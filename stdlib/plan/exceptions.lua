--- What the API models do not say of how a change and a reading belong together. Kept short: a line here is for what an operator
--- often changes.

return {
  ---Readings of calls whose names and members do not lead there: asked member = the call's. `makes_another`: what is there stays,
  ---and is what the new one is compared with.
  readings = {
    ["ecs:RegisterTaskDefinition"] = {
      operation = "describe_task_definition", input = { taskDefinition = "family" }, makes_another = true,
    },
  },

  ---What a reading must be asked for besides, else it leaves out what we look for.
  input = {
    ["sqs:GetQueueAttributes"] = { AttributeNames = { "All" } },
  },

  ---Error codes that say "there is none", where no word in the code does.
  absent = {
    ["ecs:DescribeTaskDefinition"] = "ClientException",
  },
}
