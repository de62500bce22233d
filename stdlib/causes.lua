--- Likely causes: what usually stands behind an error, and what to do about it, one line each.
---
--- Knowledge is data here: AWS's error codes, kinds of failures without a code, and patterns in texts (reasons of stopped
--- tasks, lines of logs). An entry is { cause, advice }; "{action}" and the like are filled in from the error.

local causes = {}

---@class Cause
---@field cause string what is probably the matter
---@field advice string what to do

-- ---- AWS's error codes ----------------------------------------------------------------------------

local EXPIRED = { "the credentials have expired", "renew them (gwrun login, or a new session) and go on with gwrun resume" }
local UNKNOWN_KEY = {
  "AWS does not know the access key: deleted, inactive, of another partition, or made seconds ago",
  "see gwrun whoami, and wait a minute if the key is new",
}
local WRONG_SIGNATURE = {
  "the secret key does not belong to the access key, or the clock is wrong",
  "see gwrun whoami for where the key comes from, and set the clock",
}
local CLOCK = { "this machine's clock is off", "set the clock (timedatectl set-ntp true) and try again" }
local DENIED = { "{principal} is not allowed {action}{where}", "{grant}" }
local UNSIGNED = { "the request came without credentials", "see gwrun whoami; leave out --no-sign-request" }
local THROTTLED = {
  "too many calls of {action}, by this account as a whole", "wait a minute and retry; others may be using up the rate",
}
local QUOTA = { "a quota of the account is used up", "remove what is not needed, or have the quota raised in Service Quotas" }
local AWS_ILL = { "AWS has a problem of its own", "retry in a minute; see health.aws.amazon.com" }
local INVALID = { "AWS does not accept a parameter: the message names it", "correct it and run again" }
local BUSY = { "something else is changing it at this moment", "wait until that is over, then retry" }

local BY_CODE = {
  ExpiredToken = EXPIRED, ExpiredTokenException = EXPIRED, RequestExpired = EXPIRED, TokenRefreshRequired = EXPIRED,
  InvalidClientTokenId = UNKNOWN_KEY, UnrecognizedClientException = UNKNOWN_KEY, InvalidAccessKeyId = UNKNOWN_KEY,
  InvalidToken = UNKNOWN_KEY, AuthFailure = UNKNOWN_KEY,
  SignatureDoesNotMatch = WRONG_SIGNATURE, InvalidSignatureException = WRONG_SIGNATURE, IncompleteSignature = WRONG_SIGNATURE,
  RequestTimeTooSkewed = CLOCK, RequestInTheFuture = CLOCK,
  MissingAuthenticationToken = UNSIGNED, MissingAuthenticationTokenException = UNSIGNED,
  AccessDenied = DENIED, AccessDeniedException = DENIED, UnauthorizedOperation = DENIED, NotAuthorized = DENIED,
  AuthorizationError = DENIED, AuthorizationErrorException = DENIED, UnauthorizedAccess = DENIED,
  OptInRequired = { "the account has not subscribed to this service or region", "enable it in the console, or use another region" },

  Throttling = THROTTLED, ThrottlingException = THROTTLED, ThrottledException = THROTTLED, RequestLimitExceeded = THROTTLED,
  TooManyRequestsException = THROTTLED, RequestThrottled = THROTTLED, RequestThrottledException = THROTTLED, SlowDown = THROTTLED,
  ProvisionedThroughputExceededException = THROTTLED, BandwidthLimitExceeded = THROTTLED, PriorRequestNotComplete = THROTTLED,

  LimitExceeded = QUOTA, LimitExceededException = QUOTA, ServiceQuotaExceededException = QUOTA, TooManyTargets = QUOTA,
  ResourceLimitExceeded = QUOTA, QuotaExceededException = QUOTA, AddressLimitExceeded = QUOTA, VcpuLimitExceeded = QUOTA,

  InternalFailure = AWS_ILL, InternalError = AWS_ILL, InternalServerError = AWS_ILL, InternalServerException = AWS_ILL,
  ServiceUnavailable = AWS_ILL, ServiceUnavailableException = AWS_ILL, ServerException = AWS_ILL, ServiceFailure = AWS_ILL,

  ValidationError = INVALID, ValidationException = INVALID, InvalidParameterException = INVALID, InvalidParameterValue = INVALID,
  InvalidInput = INVALID, InvalidParameterCombination = INVALID, ClientException = INVALID,

  ClusterNotFoundException = { "there is no such cluster in this account and region", "see --cluster, --region and gwrun whoami" },
  ServiceNotFoundException = { "there is no such service in this cluster", "see --service, --cluster, --region and gwrun whoami" },
  ServiceNotActiveException = { "the service is being deleted, or was", "create it again, or name another with --service" },
  ResourceNotFoundException = {
    "what was asked for does not exist in this account and region", "see its name, --region and gwrun whoami",
  },
  NoSuchEntity = { "IAM has no user, role, key or policy of that name", "see the name, and gwrun whoami for the account" },
  NoSuchBucket = { "there is no bucket of that name", "see its name and the account" },
  NoSuchKey = { "the bucket has no object of that name", "see the key; without s3:ListBucket a missing object looks like this too" },
  TargetGroupNotFound = { "there is no such target group in this account and region", "see --target-group and --region" },
  RepositoryNotFoundException = { "the registry has no such repository", "see the image's name, account and region" },
  ImageNotFoundException = { "the repository has no image with that tag or digest", "push it, or choose a revision whose image is there" },
  TargetNotConnectedException = {
    "ECS Exec does not reach the task", "see enableExecuteCommand, the task role's ssmmessages permissions, and whether the task is RUNNING",
  },
  PlatformTaskDefinitionIncompatibilityException = {
    "the platform version does not run this task definition", "use platform version LATEST",
  },
  UpdateInProgressException = BUSY, ResourceInUseException = BUSY, ConflictException = BUSY, OperationAborted = BUSY,
  ConcurrentModification = BUSY, ConcurrentModificationException = BUSY, ConcurrentUpdateException = BUSY,
}

-- ---- failures without a code -----------------------------------------------------------------------

local BY_KIND = {
  network = { "AWS cannot be reached from here: name resolution, route, proxy or firewall", "see HTTPS_PROXY, the VPN, and --endpoint-url" },
  timeout = { "no answer came in time: a slow network, or AWS under load", "retry; whether a change took effect, its check tells" },
  protocol = { "something between here and AWS answered in its place", "see HTTPS_PROXY and --endpoint-url" },
  credentials = { "there are no usable credentials", "gwrun whoami says where they are looked for; gwrun login signs on" },
  denied = { "the runbook does what it has not declared, or a change was not confirmed", "see needs in the runbook" },
}

-- ---- texts: stopped tasks, events of services, logs ------------------------------------------------

local PULL_ROLE = {
  "the task execution role cannot pull the image", "give it AmazonECSTaskExecutionRolePolicy (ecr:GetAuthorizationToken, ecr:BatchGetImage)",
}
local SECRETS_ROLE = {
  "the task execution role cannot read a secret", "give it secretsmanager:GetSecretValue (or ssm:GetParameters), and kms:Decrypt for an own key",
}
local NO_ROUTE = {
  "the task's subnet has no way to AWS", "see NAT gateway or VPC endpoints, assignPublicIp, and the security group's outbound rules",
}
local NO_MEMORY = { "the container needed more memory than it has", "raise memory in the task definition, or look for a leak" }
local HEALTH = {
  "the application does not answer its health check", "see its log; if it only starts slowly, raise startPeriod (to 90 seconds)",
}
local UNTRUSTED = {
  "the certificate is not trusted, or not for this name", "see AWS_CA_BUNDLE, and whether a proxy breaks up TLS",
}
local CAPACITY = { "Fargate has no room at the moment in these zones", "retry, or add subnets in other zones" }

-- Lua patterns, lower case, the first that is found counts.
local BY_TEXT = {
  { "cannotpullcontainer.-not found", { "the image's tag or digest is not in the registry", "push it, or choose another revision" } },
  { "cannotpullcontainer.-manifest unknown", { "the image's tag or digest is not in the registry", "push it, or choose another revision" } },
  { "cannotpullcontainer.-manifest does not", { "the image was built for another processor", "build for the task's cpuArchitecture" } },
  { "cannotpullcontainer.-toomanyrequests", { "the registry limits pulls", "pull through ECR, or with credentials" } },
  { "cannotpullcontainer.-no space left", { "the image is larger than the task's disk", "raise ephemeralStorage" } },
  { "cannotpullcontainer.-denied", PULL_ROLE },
  { "cannotpullcontainer.-403", PULL_ROLE },
  { "cannotpullcontainer.-timeout", NO_ROUTE },
  { "cannotpullcontainer", PULL_ROLE },
  { "resourceinitializationerror.-secret.-accessdenied", SECRETS_ROLE },
  { "resourceinitializationerror.-accessdenied.-secretsmanager", SECRETS_ROLE },
  { "resourceinitializationerror.-cannot assume", {
    "ECS cannot assume the execution role", "see the role's trust policy: ecs-tasks.amazonaws.com",
  } },
  { "resourceinitializationerror.-secret.-resourcenotfound", { "a secret of the task definition does not exist", "see its ARN" } },
  { "resourceinitializationerror.-did not contain json key", { "the secret has no such key", "see valueFrom in the task definition" } },
  { "resourceinitializationerror.-log", { "the log group is missing, or the execution role may not write to it", "see logConfiguration and logs:CreateLogStream" } },
  { "resourceinitializationerror.-timeout", NO_ROUTE },
  { "resourceinitializationerror.-deadline exceeded", NO_ROUTE },
  { "resourceinitializationerror", { "the task could not be prepared", "see execution role, secrets and network of the task definition" } },
  { "accessdeniedexception.-getsecretvalue", SECRETS_ROLE },
  { "getsecretvalue.-accessdeniedexception", SECRETS_ROLE },
  { "outofmemory", NO_MEMORY },
  { "exit code:? 137", NO_MEMORY },
  { "exit 137", NO_MEMORY },
  { "exit code:? 139", { "the process crashed (segmentation fault)", "see the image's native libraries and its architecture" } },
  { "exec format error", { "the image was built for another processor", "build for the task's cpuArchitecture" } },
  { "cannotstartcontainer", { "the container's command cannot be started", "see command and entryPoint in the task definition" } },
  { "elb health check", {
    "the load balancer's health check fails", "see the target group's path and port, the application's log, and healthCheckGracePeriodSeconds",
  } },
  { "health check", HEALTH },
  { "capacity is unavailable", CAPACITY },
  { "insufficient capacity", CAPACITY },
  { "limit on the number of tasks", QUOTA },
  { "vcpu limit", QUOTA },
  { "timeout waiting for eni", { "no network interface could be attached", "see free addresses in the subnet and the interface quota" } },
  { "insufficientfreeaddresses", { "the subnet has no free addresses", "use a larger subnet, or another" } },
  { "spot interruption", { "AWS took its spare capacity back", "ECS replaces the task; use FARGATE for what must not stop" } },
  { "performing maintenance", { "AWS replaces the underlying host", "nothing to do: ECS starts a new task" } },
  { "modulenotfounderror", { "the image lacks a Python dependency", "rebuild it with the right requirements.txt, and roll back until then" } },
  { "importerror", { "the image lacks a Python dependency", "rebuild it with the right requirements.txt, and roll back until then" } },
  { "nocredentialserror", { "the application has no AWS credentials", "see that the task definition names a task role with its S3 permissions" } },
  { "invalid_client", { "the OAuth client id or secret is wrong", "update the secrets in Secrets Manager and redeploy" } },
  { "invalid_grant", { "the OAuth token was revoked or has expired", "the user signs in again" } },
  { "jsondecodeerror", { "a credential file in S3 is damaged", "delete it from the bucket and have the user sign in again" } },
  { "essential container in task exited", { "the application ended by itself", "see the last lines of its log" } },
  { "address already in use", { "the application's port is taken", "see PORT and portMappings" } },
  { "keyerror: '[a-z0-9_]+'", { "an environment variable is missing", "see environment and secrets in the task definition" } },
  { "connection refused", { "nothing listens there", "see whether a task is healthy, PORT, and the security groups" } },
  { "could not resolve host", {
    "the name is not known here", "inside the VPC see its DNS resolution and DNS hostnames; outside, private names do not resolve",
  } },
  { "ssl certificate problem", UNTRUSTED },
  { "certificate verify failed", UNTRUSTED },
  { "certificate subject name", UNTRUSTED },
}

-- ---- what an error says ----------------------------------------------------------------------------

-- "User: arn:... is not authorized to perform: ecs:UpdateService on resource: arn:... because ..."
local function read_denial(err)
  local text = err.message or ""
  local resource = text:match("on resource: ([^%s]+)")
  return {
    principal = text:match("User: ([^%s]+) is not authorized") or "the caller",
    action = text:match("not authorized to perform: ([%w%-]+:[%w*]+)") or text:match("^([%w%-]+:%w+): "),
    where = resource and (" on " .. resource:gsub("[,;.]+$", "")) or "",
    text = text,
  }
end

-- Who can lift it depends on which policy forbids it.
local function grant_advice(facts)
  if facts.text:find("service control policy", 1, true) then
    return "a service control policy of the organisation forbids it: ask its administrators"
  end
  if facts.text:find("permissions boundary", 1, true) then
    return "the permissions boundary of the principal has to allow " .. facts.action
  end
  if facts.text:find("session policy", 1, true) then
    return "the session was opened with less than the role has: assume the role without a session policy"
  end
  if facts.text:find("explicit deny", 1, true) then return "a policy denies it by name: have that statement removed" end
  return ("have %s added to the policies of that principal"):format(facts.action)
end

local function fill(entry, err)
  local facts = read_denial(err)
  facts.action = facts.action or "the call"
  facts.grant = grant_advice(facts)
  local function put(text) return (text:gsub("{(%a+)}", facts)) end
  return { cause = put(entry[1]), advice = put(entry[2]) }
end

local function entry_of_text(text)
  local lower = text:lower()
  for _, row in ipairs(BY_TEXT) do
    if lower:find(row[1]) then return row[2] end
  end
end

local function entry_of_error(err)
  if err.code and BY_CODE[err.code] then return BY_CODE[err.code] end
  local by_text = entry_of_text(err.message or "")
  if err.kind == "network" or err.kind == "problem" or err.code then
    if by_text then return by_text end
  end
  if BY_KIND[err.kind] then return BY_KIND[err.kind] end
  local status = err.http_status
  if status == 429 then return THROTTLED end
  return status and status >= 500 and AWS_ILL or nil
end

---What is probably behind an error, or behind a text: the reason of a stopped task, an event of a service, a line of a log.
---@param err table|string whatever was raised, or the text
---@return Cause? cause nil when nothing is known
function causes.of(err)
  if type(err) == "string" then err = { message = err, kind = "problem" } end
  if type(err) ~= "table" then return nil end
  local entry = entry_of_error(err)
  return entry and fill(entry, err)
end

---The same in one line for the operator.
---@param err table|string
---@return string? "likely cause: ...; ..."
function causes.line(err)
  local found = causes.of(err)
  return found and ("likely cause: %s; %s"):format(found.cause, found.advice)
end

return causes
