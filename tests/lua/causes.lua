-- What an error probably comes from, and what to do about it.
local causes = require "causes"
local spec = require "spec"

local function cause_of(err)
  local found = causes.of(err)
  return found and found.cause
end

local function advice_of(err)
  local found = causes.of(err)
  return found and found.advice
end

local function denial(because)
  return {
    kind = "service", code = "AccessDeniedException", service = "ecs", operation = "UpdateService", http_status = 400,
    message = "ecs:UpdateService: User: arn:aws:iam::758888582357:user/oncall is not authorized to perform: ecs:UpdateService"
        .. " on resource: arn:aws:ecs:us-east-1:758888582357:service/blue/web because " .. because
        .. " (AccessDeniedException, request 4c1f)",
  }
end

spec.test("a denied call names principal, action and resource", function()
  spec.expect(cause_of(denial "no identity-based policy allows the ecs:UpdateService action"),
    "arn:aws:iam::758888582357:user/oncall is not allowed ecs:UpdateService"
    .. " on arn:aws:ecs:us-east-1:758888582357:service/blue/web")
end)

spec.test("who can allow it depends on the policy that forbids it", function()
  for because, advice in pairs {
    ["no identity-based policy allows the ecs:UpdateService action"] = "have ecs:UpdateService added to the policies of that principal",
    ["no permissions boundary allows the ecs:UpdateService action"] =
    "the permissions boundary of the principal has to allow ecs:UpdateService",
    ["no session policy allows the ecs:UpdateService action"] =
    "the session was opened with less than the role has: assume the role without a session policy",
    ["no service control policy allows the ecs:UpdateService action"] =
    "a service control policy of the organisation forbids it: ask its administrators",
    ["with an explicit deny in an identity-based policy"] = "a policy denies it by name: have that statement removed",
  } do
    spec.expect(advice_of(denial(because)), advice, because)
  end
end)

spec.test("a denial without particulars names the action that was called", function()
  local err = { kind = "service", code = "AccessDenied", message = "s3:GetObject: Access Denied (AccessDenied, request 7)" }
  spec.expect(cause_of(err), "the caller is not allowed s3:GetObject")
end)

spec.test("AWS's codes: expired, unknown and wrong keys, clock, throttling, quota, outage", function()
  for code, cause in pairs {
    ExpiredTokenException = "the credentials have expired",
    UnrecognizedClientException = "AWS does not know the access key: deleted, inactive, of another partition, or made seconds ago",
    SignatureDoesNotMatch = "the secret key does not belong to the access key, or the clock is wrong",
    RequestTimeTooSkewed = "this machine's clock is off",
    LimitExceededException = "a quota of the account is used up",
    InternalFailure = "AWS has a problem of its own",
    ServiceNotFoundException = "there is no such service in this cluster",
  } do
    spec.expect(cause_of { kind = "service", code = code, message = "ecs:UpdateService: no (" .. code .. ")" }, cause, code)
  end
  spec.expect(cause_of { kind = "service", code = "ThrottlingException", message = "ecs:DescribeTasks: Rate exceeded" },
    "too many calls of ecs:DescribeTasks, by this account as a whole")
end)

spec.test("a code that is not known is judged by its status", function()
  spec.expect(cause_of { kind = "service", code = "Odd", message = "x:Y: odd", http_status = 503 }, "AWS has a problem of its own")
  spec.expect(cause_of { kind = "service", code = "Odd", message = "x:Y: odd", http_status = 400 }, nil)
end)

spec.test("failures without a code: network, time-out, a proxy in between, no credentials", function()
  spec.expect(cause_of { kind = "network", message = "connection reset" },
    "AWS cannot be reached from here: name resolution, route, proxy or firewall")
  spec.expect(cause_of { kind = "network", message = "a.local: could not resolve host" }, "the name is not known here")
  spec.expect(advice_of { kind = "timeout", message = "no byte" }, "retry; whether a change took effect, its check tells")
  spec.expect(cause_of { kind = "protocol", message = "HTTP status 407" }, "something between here and AWS answered in its place")
  spec.expect(advice_of { kind = "credentials", message = "none" },
    "gwrun whoami says where they are looked for; gwrun login signs on")
end)

spec.test("reasons of stopped tasks", function()
  for reason, cause in pairs {
    ["CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x:v9: x:v9: not found"] =
    "the image's tag or digest is not in the registry",
    ["CannotPullContainerError: Error response from daemon: pull access denied for x"] = "the task execution role cannot pull the image",
    ["CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp 1.2.3.4:443: i/o timeout"] =
    "the task's subnet has no way to AWS",
    ["ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve "
    .. "secret from asm: service call has been retried 1 time(s): failed to fetch secret: AccessDeniedException"] =
    "the task execution role cannot read a secret",
    ["OutOfMemoryError: Container killed due to memory usage"] = "the container needed more memory than it has",
    ["Essential container in task exited; container app exit 137"] = "the container needed more memory than it has",
    ["Essential container in task exited"] = "the application ended by itself",
    ["Task failed ELB health checks in (target-group arn:x)"] = "the load balancer's health check fails",
    ["Task failed container health checks"] = "the application does not answer its health check",
    ["Capacity is unavailable at this time. Please try again later"] = "Fargate has no room at the moment in these zones",
  } do
    spec.expect(cause_of(reason), cause, reason)
  end
end)

spec.test("the guide's table of log errors and their solutions", function()
  for line, advice in pairs {
    ["ModuleNotFoundError: No module named 'cachetools'"] =
    "rebuild it with the right requirements.txt, and roll back until then",
    ["CannotPullContainerError: 403 Forbidden"] =
    "give it AmazonECSTaskExecutionRolePolicy (ecr:GetAuthorizationToken, ecr:BatchGetImage)",
    ["botocore.exceptions.ClientError: AccessDeniedException when calling the GetSecretValue operation"] =
    "give it secretsmanager:GetSecretValue (or ssm:GetParameters), and kms:Decrypt for an own key",
    ["botocore.exceptions.NoCredentialsError: Unable to locate credentials"] =
    "see that the task definition names a task role with its S3 permissions",
    ["Health check failed"] = "see its log; if it only starts slowly, raise startPeriod (to 90 seconds)",
    ["json.decoder.JSONDecodeError: Expecting value"] = "delete it from the bucket and have the user sign in again",
  } do
    spec.expect(advice_of(line), advice, line)
  end
end)

spec.test("what is not known has no cause, and no line", function()
  spec.expect(causes.of "all is well", nil)
  spec.expect(causes.line { kind = "usage", message = "revision 9 does not exist" }, nil)
  spec.expect(causes.of(nil), nil)
end)

spec.test("one line for the operator: the cause, then what to do", function()
  spec.expect(causes.line { kind = "service", code = "RequestTimeTooSkewed", message = "x" },
    "likely cause: this machine's clock is off; set the clock (timedatectl set-ntp true) and try again")
end)
