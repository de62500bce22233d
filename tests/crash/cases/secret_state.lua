--- What the versions of the secret have come to.

local ID = "busyb/google-oauth-client-id"

return {
  title = "State", summary = "Tells the versions of the secret, the oldest first.", preflight = false,
  needs = { aws = { "secretsmanager:ListSecretVersionIds" } },
  run = function(rb)
    local versions = aws.secretsmanager.list_secret_version_ids { SecretId = ID, IncludeDeprecated = true }.Versions
    local state = {}
    for i, version in ipairs(versions) do state[i] = table.concat(version.VersionStages, " ") end
    rb:evidence("state", state)
  end,
}
