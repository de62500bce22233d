--- Somebody tidied up IAM: the task's role may not use the bucket with the users' tokens any more.

local service = require "service"

local ROLE, POLICY = "busyb-google-workspace-mcp-task-role", "busyb-google-workspace-mcp-policy"

return {
  title = "Task role loses S3",
  summary = "The task role's policy is deleted. Tasks are healthy, and cannot read anybody's token.",
  guide = "Troubleshooting > OAuth/Authentication Errors, S3 Access Denied",
  world = {
    bad = "none",
    timeline = { { after = 60, service = "iam", operation = "delete_role_policy", name = "DeleteRolePolicy", input = { RoleName = ROLE, PolicyName = POLICY } } },
  },
  harm = service.fails,
  respond = function(drill)
    drill:run { runbook = "diagnose", params = { area = { "oauth" } } }
    drill:note "the policy is put back, as the diagnosis says"
    drill.world.iam.put_role_policy {
      RoleName = ROLE, PolicyName = POLICY,
      PolicyDocument = [[{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::busyb-oauth-tokens-758888582357/*"},
        {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::busyb-oauth-tokens-758888582357"}]}]],
    }
    drill:run { runbook = "diagnose", params = { area = { "oauth" }, since = "1m" } }
  end,
  expect = { service.serves "5m" },
  never = {
    { text = "the service is deployed or scaled for nothing", happens = function(now, before)
      local one = now.services["busyb-google-workspace-mcp-service"]
      return one.deployments > 1 or one.desired ~= 1
    end },
  },
  lost = 600,
}
