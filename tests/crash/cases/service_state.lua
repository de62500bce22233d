--- What the service has come to.

local ecs = require "ecs"

local which = { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service" }

return {
  title = "State", summary = "Tells what the service has come to.",
  needs = { aws = { "ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks" } },
  run = function(rb)
    local now, revisions = ecs.get_service(which), {}
    for i, task in ipairs(ecs.list_tasks(which)) do
      revisions[i] = ("%s %s"):format(ecs.short(task.taskDefinitionArn), task.lastStatus)
    end
    rb:evidence("state", {
      revision = ecs.short(now.taskDefinition), desired = now.desiredCount, running = now.runningCount,
      deployments = #now.deployments, tasks = json.array(revisions),
    })
  end,
}
