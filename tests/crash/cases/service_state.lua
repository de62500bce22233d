--- What the service has come to.

local ecs = require "ecs"

local which = { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service" }

return {
  title = "State", summary = "Tells what the service has come to.",
  needs = { aws = { "ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks" } },
  run = function(rb)
    -- How many of them run changes from moment to moment where they do not stay healthy.
    local now, revisions = ecs.get_service(which), {}
    for _, task in ipairs(ecs.list_tasks(which)) do revisions[ecs.short(task.taskDefinitionArn)] = true end
    rb:evidence("state", {
      revision = ecs.short(now.taskDefinition), desired = now.desiredCount, runs = now.runningCount >= now.desiredCount,
      deployments = #now.deployments, tasks = revisions,
    })
  end,
}
