--- The pipeline's access key is on a public page, and somebody tries what it opens.

local service = require "service"

local USER, LEAKED = "github-actions-google-workspace-mcp", "AKIASIMULATEDWORLD02"

return {
  title = "Leaked AWS key",
  summary = "The pipeline's key has leaked: CloudTrail shows calls that nobody of us made. Take its power away, and give the pipeline another.",
  guide = "Credential Rotation > Rotate AWS Access Keys",
  world = {
    bad = "none",
    timeline = {
      { after = 60, service = "ecs", operation = "list_clusters", name = "ListClusters", input = {} },
      { after = 65, service = "iam", operation = "list_access_keys", name = "ListAccessKeys", input = { UserName = USER } },
    },
  },
  harm = function() return true end,
  respond = function(drill)
    drill:run { runbook = "rotate_aws_keys", params = { leaked = true, watch = "1m" }, answers = service.rotate(LEAKED), args = { "--github-token", "prompt://" } }
  end,
  expect = {
    { text = "the leaked key opens nothing any more", within = "3m", holds = function(now) return now.keys[LEAKED] ~= "Active" end },
    { text = "the pipeline has another that works", within = "5m", holds = service.has_new_key },
    { text = "the leaked key is gone", within = "30m", holds = function(now) return now.keys[LEAKED] == nil end },
  },
}
