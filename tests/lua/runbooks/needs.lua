-- The runbook of tests/lua/needs.lua: asks each URL, and says which of them its declaration allowed.
local http = require "http"

return {
  title = "Needs", summary = "Asks URLs and AWS.", region = "us-east-1",
  params = { entry = { type = "string" }, urls = { type = "list", default = {} } },
  needs = { http = { "{entry}" }, aws = { "ecs:List*", "*:Describe*", "logs:Filter*Events" } },
  run = function(rb, p)
    local function allowed(err) return not err or err.kind ~= "denied" end
    for _, url in ipairs(p.urls) do
      local _, err = http.try_request { url = url }
      rb:evidence(url, allowed(err))
    end
    local function try(name, operation, params)
      local _, err = operation(params)
      rb:evidence(name, allowed(err))
    end
    try("ecs:ListClusters", aws.ecs.try_list_clusters, {})
    try("ecs:DescribeClusters", aws.ecs.try_describe_clusters, {})
    try("logs:FilterLogEvents", aws.logs.try_filter_log_events, { logGroupName = "g" })
    try("logs:GetQueryResults", aws.logs.try_get_query_results, { queryId = "q" })
  end,
}
