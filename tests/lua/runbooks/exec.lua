-- Runs one command inside a task, and notes what it put out and how it ended.
local aws = require "aws"

return {
  title = "Exec",
  summary = "Runs one command inside a task.",
  region = "us-east-1",
  params = { command = { type = "string", required = true, help = "a line for a shell" } },
  needs = { aws = { "ecs:ExecuteCommand", "ecs:DescribeTasks", "ecs:ListTasks", "ecs:DescribeServices", "ecs:DescribeTaskDefinition" }, exec = { "read: *" } },
  run = function(rb, p)
    local answer = aws.ecs.exec { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service", command = p.command }
    rb:note("%s %s", answer.output, answer.status)
  end,
}
