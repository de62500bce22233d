local spec = require "spec"

local CLUSTER, SERVICE = "busyb-cluster", "busyb-google-workspace-mcp-service"
local ROLE, POLICY = "busyb-google-workspace-mcp-task-role", "busyb-google-workspace-mcp-policy"

local function on(world, area, more)
  local request = { runbook = "diagnose", params = { area = area and { area } or nil } }
  for key, value in pairs(more or {}) do request[key] = value end
  return world:run(request)
end

local function fresh(more)
  local settings = { bad = "none" }
  for key, value in pairs(more or {}) do settings[key] = value end
  return spec.world { world = settings }
end

local function found(ended, text)
  for _, finding in ipairs(ended:of "found") do
    if finding.text:find(text, 1, true) then return finding end
  end
  local texts = {}
  for i, finding in ipairs(ended:of "found") do texts[i] = finding.text end
  error(("nothing found with '%s', only: %s"):format(text, table.concat(texts, "; ")), 2)
end

spec.test("a sound service: nothing is wrong, every area was looked at, exit code 0", function()
  local ended = on(fresh())
  ended:expect_exit(0)
  spec.expect(#ended:of "found", 0)
  for _, row in ipairs(ended:of "table"[1].rows) do spec.expect(row[3], "no", row[1] .. ": " .. row[4]) end
  spec.expect(#ended:of "table"[1].rows, 6)
  ended:expect_changes { "ecs:ExecuteCommand" } -- the session in which the health endpoint is asked
  spec.expect(#ended:of "call.intent", 0)
end)

spec.test("findings are ranked, and the worst first; exit code 3", function()
  local ended = on(spec.world())
  ended:expect_exit(3)
  local rank, last = { critical = 1, high = 2, medium = 3, low = 4 }, 0
  for _, finding in ipairs(ended:of "found") do
    assert(rank[finding.severity] >= last, finding.text)
    last = rank[finding.severity]
  end
  spec.expect(ended:of "found"[1].text, "no target is healthy")
end)

spec.test("start: tasks that exit, with what their log says and the runbook that goes back", function()
  local ended = on(spec.world { world = { bad = "exits", circuit_breaker = false, deployed_ago = 600 } }, "start")
  local finding = found(ended, "tasks stopped: Essential container in task exited (exit 1)")
  spec.expect_match(finding, {
    cause = "the image lacks a Python dependency", solution = "rebuild it with the right requirements.txt, and roll back until then", fix = "gwrun rollback",
  })
end)

spec.test("start: an image that cannot be pulled, with AWS's reason", function()
  local ended = on(spec.world { world = { bad = "missing", circuit_breaker = false, deployed_ago = 600 } }, "start")
  found(ended, "tasks stopped: CannotPullContainerError")
  found(ended, "the image 758888582357.dkr.ecr.us-east-1.amazonaws.com/busyb-google-workspace-mcp:c41d7e0 is not in the registry")
end)

spec.test("start: a secret that is gone stops new tasks, and the execution role that may not read it is named", function()
  local world = fresh()
  world.secretsmanager.delete_secret { SecretId = "busyb/google-oauth-client-id" }
  world.ecs.update_service { cluster = CLUSTER, service = SERVICE, forceNewDeployment = true }
  world:pass "3m"
  local ended = on(world, "start")
  found(ended, "the secret for GOOGLE_OAUTH_CLIENT_ID is to be deleted")
  spec.expect(found(ended, "tasks stopped: ResourceInitializationError").cause, "a secret of the task definition does not exist")
  local denied = fresh()
  denied.iam.put_role_policy {
    RoleName = "ecsTaskExecutionRole", PolicyName = "AmazonECSTaskExecutionRolePolicy",
    PolicyDocument = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:*","logs:*"],"Resource":"*"}}',
  }
  found(on(denied, "start"), "the execution role may not secretsmanager:GetSecretValue")
end)

spec.test("health: unhealthy tasks and targets, a startPeriod that may be short", function()
  local ended = on(spec.world(), "health")
  spec.expect(found(ended, "is UNHEALTHY").fix, "gwrun rollback")
  spec.expect(found(ended, "target 10.0.10.222 is unhealthy").solution, "the application answers its health path with an error: see its log")
  found(ended, "startPeriod is 60 seconds")
end)

spec.test("health: a PORT that is not the one that is checked", function()
  local world = fresh()
  world:run { runbook = "deploy", params = { set = { PORT = "9000" } } }
  spec.expect(found(on(world, "health"), "PORT is not 8000, the port that is checked").fix, "gwrun deploy --set PORT=8000")
end)

spec.test("access: security groups, the VPC's DNS, discovery without tasks", function()
  local world = fresh()
  world.ec2.revoke_security_group_ingress {
    GroupId = "sg-0d41e8f2ab6c7930f",
    IpPermissions = { { IpProtocol = "tcp", FromPort = 8000, ToPort = 8000, UserIdGroupPairs = { { GroupId = "sg-02c7f1e9b5d3a6084" } } } },
  }
  world.ec2.modify_vpc_attribute { VpcId = "vpc-0a9d3c5e7f1b2846d", EnableDnsHostnames = { Value = false } }
  local ended = on(world, "access")
  spec.expect(found(ended, "does not let the load balancer in on port 8000").severity, "critical")
  found(ended, "the VPC gives no DNS host names")
  local empty = fresh()
  empty.ecs.update_service { cluster = CLUSTER, service = SERVICE, desiredCount = 0 }
  empty:pass "3m"
  found(on(empty, "access"), "service discovery knows none of the tasks")
end)

spec.test("oauth: the form and age of secrets without their value, damaged files, a role that lost S3", function()
  local world = fresh()
  world.secretsmanager.put_secret_value { SecretId = "busyb/google-oauth-client-secret", SecretString = "not json", ClientRequestToken = "a-version-of-somebody-else-000000001" }
  world.s3.put_object { Bucket = "busyb-oauth-tokens-758888582357", Key = "tokens/max@example.com.json", Body = "{broken" }
  world.iam.delete_role_policy { RoleName = ROLE, PolicyName = POLICY }
  local ended = on(world, "oauth")
  found(ended, "the secret busyb/google-oauth-client-secret has not the form that the task definition asks for")
  spec.expect(found(ended, "1 credential files are damaged").evidence, "tokens/max@example.com.json")
  spec.expect(found(ended, "the task role may not s3:GetObject").evidence,
    "busyb-google-workspace-mcp-task-role on arn:aws:s3:::busyb-oauth-tokens-758888582357/token: implicitDeny")
  spec.expect(found(ended, "the task role may not s3:GetObject").cause, "the application cannot read or keep its users' tokens")
  ended:expect_no_output "not json"
end)

spec.test("oauth: credentials that Google revoked are seen in the log, and named with what mends it", function()
  local world = fresh { timeline = { { after = 5, revoke = "simulated-client-secret" } } }
  world:pass "2m"
  spec.expect(found(on(world, "oauth"), "the OAuth client id or secret is wrong").fix, "gwrun rotate_google_oauth")
end)

spec.test("resources: consistently high CPU, with more tasks or larger ones", function()
  local finding = found(on(fresh { requests_per_second = 40 }, "resources"), "CPU is consistently above 70%")
  spec.expect(finding.fix, "gwrun scale --count 2")
  assert(finding.solution:find("gwrun deploy --cpu 1024 --memory 2048", 1, true), finding.solution)
end)

spec.test("logs: known patterns by cause", function()
  spec.expect(found(on(spec.world(), "logs"), "the image lacks a Python dependency").fix, "gwrun logs --errors")
end)

spec.test("an area that may not be looked at is told, and the others are looked at; no such service: 2", function()
  local ended = on(fresh { policy = { { Effect = "Allow", NotAction = "ec2:*", Resource = "*" } } })
  ended:expect_exit(3)
  found(ended, "area access could not be looked at")
  spec.expect(#ended:of "table"[1].rows, 6)
  spec.run({ runbook = "diagnose", params = { service = "gone" } }):expect_exit(2)
  on(fresh { faults = { "throttle * times=2" } }):expect_exit(0)
end)
