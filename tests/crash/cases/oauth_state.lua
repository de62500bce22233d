--- Which version of the client secret is current, and whether the service's tasks run.

local SECRET = "busyb/google-oauth-client-secret"

return {
  title = "State", summary = "Tells the versions of the secret, the oldest first, and the service's count.", preflight = false,
  params = { client_secret = { type = "secret" } }, -- it is given to every run of the case
  needs = { aws = { "secretsmanager:ListSecretVersionIds", "ecs:DescribeServices" } },
  run = function(rb)
    local state = {}
    for i, version in ipairs(aws.secretsmanager.list_secret_version_ids { SecretId = SECRET, IncludeDeprecated = true }.Versions) do
      state[i] = table.concat(version.VersionStages, " ")
    end
    local service = aws.ecs.describe_services { cluster = "busyb-cluster", services = { "busyb-google-workspace-mcp-service" } }.services[1]
    state[#state + 1] = ("%d of %d in %d deployments"):format(service.runningCount, service.desiredCount, #service.deployments)
    rb:evidence("state", state)
  end,
}
