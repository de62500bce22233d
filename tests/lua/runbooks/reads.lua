-- Changes nothing, so that nothing has to be looked at first.
return {
  title = "Looks", summary = "Reads one service.", needs = { aws = { "ecs:DescribeServices" } },
  run = function(rb)
    aws.ecs.describe_services { cluster = "busyb-cluster", services = { "busyb-google-workspace-mcp-service" } }
  end,
}
