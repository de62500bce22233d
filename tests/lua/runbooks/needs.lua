-- A runbook of tests/lua/needs.lua: asks URLs, and AWS.
local asked = require "asked"

return {
  title = "Needs", summary = "Asks URLs and AWS.", region = "us-east-1",
  params = { entry = { type = "string" }, urls = { type = "list", default = {} } },
  needs = { http = { "{entry}" }, aws = { "ecs:List*", "*:Describe*", "logs:Filter*Events" } },
  run = function(rb, p)
    asked(rb, p.urls)
    local function try(name, operation, params)
      local _, err = operation(params)
      rb:evidence(name, not err or err.kind ~= "denied")
    end
    try("ecs:ListClusters", aws.ecs.try_list_clusters, {})
    try("ecs:DescribeClusters", aws.ecs.try_describe_clusters, {})
    try("logs:FilterLogEvents", aws.logs.try_filter_log_events, { logGroupName = "g" })
    try("logs:GetQueryResults", aws.logs.try_get_query_results, { queryId = "q" })
  end,
}
