--- What the keys of the pipeline's user have come to, and whether the pipeline works with what GitHub holds.

local github = require "github"

local USER, OLD = "github-actions-google-workspace-mcp", "AKIASIMULATEDWORLD02"
local API, REPOSITORY, WORKFLOW = "https://api.github.com", "busyb/google-workspace-mcp", "deploy.yml"

return {
  title = "State", summary = "Tells the keys of the pipeline's user, and how a run of the workflow ends.", preflight = false,
  params = { github_token = { type = "secret", required = true } },
  needs = { aws = { "iam:ListAccessKeys" }, http = { API } },
  run = function(rb, p)
    local state = {}
    for i, key in ipairs(aws.iam.list_access_keys { UserName = USER }.AccessKeyMetadata) do
      state[i] = ("%s %s"):format(key.AccessKeyId == OLD and "old" or "new", key.Status)
    end
    local repository = github.new { api = API, repository = REPOSITORY, token = p.github_token }
    local newest = repository:newest_run(WORKFLOW)
    rb:step("Run the workflow", { change = function() repository:dispatch(WORKFLOW, "main") end })
    state[#state + 1] = rb:try_wait("It succeeds", repository:probe(WORKFLOW, newest), { timeout = "10m" }) and "success" or "failure"
    rb:evidence("state", state)
  end,
}
