--- The operations guide's environment, in an emergency.
---
--- Revision 1 ran for two weeks, revision 2 for six days. A quarter of an hour ago the pipeline deployed revision 3. It starts,
--- passes its health checks, and the deployment completed; but two minutes into its life, at the first refresh of an OAuth
--- token, it imports a package that is not in the image, and from then on it answers errors only. ECS keeps replacing it
--- with itself. Revision 4 was a hurried fix, registered and deregistered again: it is INACTIVE. And `:latest`, which
--- revision 1 uses, is the broken image by now.

local ACCOUNT, REGION = "758888582357", "us-east-1"
local CLUSTER, SERVICE, FAMILY = "busyb-cluster", "busyb-google-workspace-mcp-service", "busyb-google-workspace-mcp"
local REPOSITORY = ACCOUNT .. ".dkr.ecr.us-east-1.amazonaws.com/busyb-google-workspace-mcp"
local VPC = "vpc-0a9d3c5e7f1b2846d"
local SECRET_SUFFIX = "x7Kq2M"
local ARCHIVE_POLICY = [[{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"s3:GetBucketAcl",
   "Resource":"arn:aws:s3:::your-log-archive-bucket"},
  {"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"s3:PutObject",
   "Resource":"arn:aws:s3:::your-log-archive-bucket/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}]]
local LOG_GROUP = "/ecs/busyb-google-workspace-mcp"
local MINUTE, DAY = 60, 86400

local ELB = ("arn:aws:elasticloadbalancing:%s:%s:"):format(REGION, ACCOUNT)
local BALANCER = ELB .. "loadbalancer/app/busyb-alb/5111c2db275a2af3"
local LISTENER = ELB .. "listener/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23"
local RULE = ELB .. "listener-rule/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23/92304d50b03b02d4"
local TARGET_GROUP = ELB .. "targetgroup/busyb-google-workspace/32e64755db77f32e"
local DNS_NAME = "busyb-alb-1791678277.us-east-1.elb.amazonaws.com"

local PIPELINE = ("arn:aws:iam::%s:user/github-actions-google-workspace-mcp"):format(ACCOUNT)

-- ---- images ---------------------------------------------------------------------------------------

local HEALTHY = { 200, '{"status":"healthy","service":"google-workspace-mcp","version":"1.2.0","transport":"streamable-http"}' }
local ILL = { 503, '{"status":"unhealthy","service":"google-workspace-mcp","error":"credential store is not available"}' }

local ROUTES = {
  ["/health"] = { ok = HEALTHY, failing = ILL },
  ["/mcp"] = {
    ok = { 200, '{"jsonrpc":"2.0","result":{},"id":1}' },
    failing = { 500, '{"error":"Internal Server Error"}' },
    denied = { 500, '{"error":"OAuth authentication failed"}' },
  },
}

-- What the program needs of others, and says when it is not there.
local NEEDS = { google = { id = "GOOGLE_OAUTH_CLIENT_ID", secret = "GOOGLE_OAUTH_CLIENT_SECRET" }, s3 = "busyb-oauth-tokens-758888582357" }
local DENIED = {
  google = { 7, 'ERROR - auth.oauth - OAuth token refresh failed: {"error": "invalid_client", "error_description": "The OAuth client was not found."}' },
  s3 = { 7, "ERROR - auth.credential_store - An error occurred (AccessDenied) when calling the GetObject operation: Access Denied" },
}

local STARTS = {
  { 0.4, "INFO:     Started server process [1]" },
  { 0.5, "INFO:     Waiting for application startup." },
  { 2.1, "INFO - core.server - Loaded tool tiers: gmail, drive, calendar, docs, sheets" },
  { 2.6, "INFO - auth.credential_store - Using bucket busyb-oauth-tokens-758888582357" },
  { 4.2, "INFO:     Application startup complete." },
  { 4.3, "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)" },
}

local SERVING = {
  { 30, 'INFO:     127.0.0.1:{n} - "GET /health HTTP/1.1" 200 OK' },
  { 30, 'INFO:     10.0.1.57:{n} - "GET /health HTTP/1.1" 200 OK' },
  { 11, 'INFO:     10.0.20.14:{n} - "POST /mcp HTTP/1.1" 200 OK' },
}

local FAILING = {
  { 30, 'INFO:     127.0.0.1:{n} - "GET /health HTTP/1.1" 503 Service Unavailable' },
  { 30, 'INFO:     10.0.1.57:{n} - "GET /health HTTP/1.1" 503 Service Unavailable' },
  { 5, 'INFO:     10.0.20.14:{n} - "POST /mcp HTTP/1.1" 500 Internal Server Error\n' ..
    "ERROR - core.server - Tool call failed: OAuth token refresh is not possible: credential store is not available" },
}

local STOPS = "INFO:     Shutting down\nINFO:     Application shutdown complete.\nINFO:     Finished server process [1]"

local TRACEBACK = [[
ERROR - auth.oauth - OAuth token refresh failed
Traceback (most recent call last):
  File "/app/auth/oauth.py", line 212, in refresh_credentials
    store = get_credential_store()
  File "/app/auth/credential_store.py", line 88, in get_credential_store
    from auth.token_cache import TokenCache
  File "/app/auth/token_cache.py", line 9, in <module>
    from cachetools import TTLCache
ModuleNotFoundError: No module named 'cachetools']]

local GOOD = {
  starts_in = { 4, 6 }, stops_in = { 1, 2 }, routes = ROUTES, needs = NEEDS,
  log = { start = STARTS, serving = SERVING, denied = DENIED, stops = STOPS },
}

-- What revision 3 does, by the setting `bad`.
local BAD = {
  -- healthy for two minutes, then errors only
  degrades = {
    starts_in = { 4, 6 }, fails_after = { 126, 144 }, stops_in = { 1, 2 }, routes = ROUTES,
    log = { start = STARTS, serving = SERVING, fails = TRACEBACK, failing = FAILING, stops = STOPS },
  },
  -- healthy for two minutes, then the process ends
  crashes = {
    starts_in = { 4, 6 }, exits_after = { 126, 144 }, exit_code = 1, stops_in = { 1, 2 }, routes = ROUTES,
    log = { start = STARTS, serving = SERVING, exits = TRACEBACK, stops = STOPS },
  },
  -- errors from the start: never healthy
  unhealthy = {
    starts_in = { 4, 6 }, fails_after = 0, stops_in = { 1, 2 }, routes = ROUTES,
    log = { start = STARTS, fails = TRACEBACK, failing = FAILING, stops = STOPS },
  },
  -- works for two minutes, fails for one, and so on: its targets flap
  flaps = {
    starts_in = { 4, 6 }, flaps = { 120, 60 }, stops_in = { 1, 2 }, routes = ROUTES,
    log = { start = STARTS, serving = SERVING, fails = TRACEBACK, failing = FAILING, stops = STOPS },
  },
  -- works, and takes more and more memory, until it is killed for it after ten minutes
  leaks = {
    starts_in = { 4, 6 }, leaks = 60, stops_in = { 1, 2 }, routes = ROUTES,
    log = { start = STARTS, serving = SERVING, stops = STOPS },
  },
  -- the process ends while it starts
  exits = {
    starts_in = { 4, 6 }, exits_after = { 2, 3 }, exit_code = 1, routes = ROUTES,
    log = { start = { STARTS[1], STARTS[2] }, exits = TRACEBACK },
  },
}

local function image(tag)
  return ("%s:%s"):format(REPOSITORY, tag)
end

local function digest(letter)
  return "sha256:" .. (letter .. "3e1b7f09d5c2a64"):rep(4)
end

-- ---- task definitions -----------------------------------------------------------------------------

local function secret(name)
  return {
    name = name,
    valueFrom = ("arn:aws:secretsmanager:%s:%s:secret:busyb/%s-%s:%s::")
      :format(REGION, ACCOUNT, name:lower():gsub("_", "-"), SECRET_SUFFIX, name),
  }
end

local function definition(tag)
  return {
    family = FAMILY, registered_by = PIPELINE, networkMode = "awsvpc", requiresCompatibilities = { "FARGATE" },
    cpu = "512", memory = "1024",
    executionRoleArn = ("arn:aws:iam::%s:role/ecsTaskExecutionRole"):format(ACCOUNT),
    taskRoleArn = ("arn:aws:iam::%s:role/busyb-google-workspace-mcp-task-role"):format(ACCOUNT),
    runtimePlatform = { cpuArchitecture = "X86_64", operatingSystemFamily = "LINUX" },
    containerDefinitions = { {
      name = FAMILY, image = image(tag), essential = true,
      portMappings = { { containerPort = 8000, hostPort = 8000, protocol = "tcp" } },
      environment = {
        { name = "PORT", value = "8000" },
        { name = "MCP_TRANSPORT", value = "streamable-http" },
        { name = "OAUTH_TOKEN_BUCKET", value = "busyb-oauth-tokens-" .. ACCOUNT },
      },
      secrets = { secret "GOOGLE_OAUTH_CLIENT_ID", secret "GOOGLE_OAUTH_CLIENT_SECRET" },
      healthCheck = {
        command = { "CMD-SHELL", "curl -f http://localhost:8000/health || exit 1" },
        interval = 30, timeout = 5, retries = 3, startPeriod = 60,
      },
      logConfiguration = {
        logDriver = "awslogs",
        options = { ["awslogs-group"] = LOG_GROUP, ["awslogs-region"] = REGION, ["awslogs-stream-prefix"] = "ecs" },
      },
    } },
  }
end

-- ---- history --------------------------------------------------------------------------------------

local function push(ago, tag, letter, behaviour)
  return { ago = ago, verb = "push", what = { name = image(tag), digest = digest(letter), behaviour = behaviour } }
end

local function register(ago, tag)
  return { ago = ago, verb = "register", what = definition(tag) }
end

local function service(settings)
  return {
    name = SERVICE, cluster = CLUSTER, definition = FAMILY .. ":1", desired = settings.desired_count, created_by = PIPELINE,
    configuration = {
      minimum_healthy_percent = settings.minimum_healthy_percent, maximum_percent = settings.maximum_percent,
      breaker = { enable = settings.circuit_breaker, rollback = settings.circuit_breaker },
    },
    load_balancers = { { targetGroupArn = TARGET_GROUP, containerName = FAMILY, containerPort = 8000 } },
    registries = { {
      registryArn = ("arn:aws:servicediscovery:%s:%s:service/srv-gxethbb34gto3cbr"):format(REGION, ACCOUNT),
    } },
    subnet = { id = "subnet-0b7c1f5ad09a3e264", zone = "us-east-1a", network = "10.0.10" },
    security_groups = { "sg-0d41e8f2ab6c7930f" }, grace_period = 60,
  }
end

-- A call by somebody else, while a run is under way.
local function foreign_call(after, service, operation, name, input)
  return {
    ago = -after, verb = "call",
    what = {
      user = "github-actions-google-workspace-mcp", service = service, operation = operation, name = name, input = input,
      user_agent = "aws-cli/2.17.0", source_address = "198.51.100.7",
    },
  }
end

local function deploy(ago, revision)
  return foreign_call(-ago, "ecs", "update_service", "UpdateService",
    { cluster = CLUSTER, service = SERVICE, taskDefinition = ("%s:%d"):format(FAMILY, revision) })
end

local function add_foreign(list, foreign)
  local input = { cluster = CLUSTER, service = SERVICE }
  for name, value in pairs(foreign.change) do input[name] = value end
  list[#list + 1] = foreign_call(foreign.after, "ecs", "update_service", "UpdateService", input)
  for _ = 1, foreign.others or 0 do
    list[#list + 1] = foreign_call(foreign.after, "logs", "put_retention_policy", "PutRetentionPolicy",
      { logGroupName = LOG_GROUP, retentionInDays = 30 })
  end
end

-- The pipeline's last hours: a bad revision, and a hurried fix that was taken back.
local function add_bad(list, settings)
  local ago = settings.deployed_ago
  if settings.bad ~= "missing" then
    list[#list + 1] = push(ago + 90, "c41d7e0", "c", BAD[settings.bad])
    list[#list + 1] = push(ago + 89, "latest", "c", BAD[settings.bad])
  end
  list[#list + 1] = register(ago + 20, "c41d7e0")
  list[#list + 1] = deploy(ago, 3)
  list[#list + 1] = register(ago * 0.45, "c41d7e0-hotfix")
  list[#list + 1] = { ago = ago * 0.4, verb = "deregister", what = FAMILY .. ":4" }
end

-- What the setting `timeline` tells of, while a run is under way.
local function add_later(list, one, number)
  if one.load then
    list[#list + 1] = { ago = -one.after, verb = "load", what = one.load }
  elseif one.capacity ~= nil then
    list[#list + 1] = { ago = -one.after, verb = "capacity", what = one.capacity }
  elseif one.revoke then
    list[#list + 1] = { ago = -one.after, verb = "revoke", what = one.revoke }
  elseif one.deploy then
    local tag = ("e7b0c4%d"):format(number)
    local behaviour = one.deploy == "good" and GOOD or BAD[one.deploy]
    if behaviour then list[#list + 1] = push(-one.after, tag, "d", behaviour) end
    list[#list + 1] = register(-one.after, tag)
    list[#list + 1] = foreign_call(one.after, "ecs", "update_service", "UpdateService",
      { cluster = CLUSTER, service = SERVICE, taskDefinition = FAMILY })
  else
    list[#list + 1] = foreign_call(one.after, one.service, one.operation, one.name, one.input)
  end
end

local function history(settings)
  local ago = settings.deployed_ago
  local list = {
    push(20 * DAY + 600, "latest", "a", GOOD),
    register(20 * DAY + 300, "latest"),
    { ago = 20 * DAY, verb = "create_service", what = service(settings) },
    push(6 * DAY + 600, "9f3c2ab", "b", GOOD),
    push(6 * DAY + 599, "latest", "b", GOOD),
    register(6 * DAY + 30, "9f3c2ab"),
    deploy(6 * DAY, 2),
  }
  if settings.bad ~= "none" then add_bad(list, settings) end
  if settings.foreign.change then add_foreign(list, settings.foreign) end
  for number, one in ipairs(settings.timeline) do add_later(list, one, number) end
  return list
end

-- The on-call engineer's key, as the settings have it: for a while only, or for good.
local function key_of_caller(settings, now)
  local key = { id = "AKIASIMULATEDWORLD01", secret = "simulated/secret/of/the/oncall/engineer" }
  if settings.credentials_last > 0 or settings.as_role then
    key.id, key.session_token = "ASIASIMULATEDWORLD01", "simulated-session-of-the-oncall-engineer"
    key.expires_at = settings.credentials_last > 0 and now + settings.credentials_last or nil
  end
  return key
end

local function principals(settings, now, key)
  local policies = #settings.policy > 0 and { { name = "oncall", Version = "2012-10-17", Statement = settings.policy } } or nil
  local pipeline = {
    name = "github-actions-google-workspace-mcp", id = "AIDASIMULATEDGITHUB01",
    keys = {
      { id = "AKIASIMULATEDWORLD02", secret = "simulated/secret/of/the/pipeline/00002" },
      {
        id = "ASIASIMULATEDWORLD03", secret = "simulated/secret/of/an/expired/session",
        session_token = "simulated-session-token", expires_at = now - 30 * MINUTE,
      },
    },
  }
  local oncall = { name = "oncall", id = "AIDASIMULATEDONCALL01", policies = policies, keys = { not settings.as_role and key or nil } }
  local role = {
    name = "oncall", id = "AROASIMULATEDONCALL01", path = "/people/", policies = policies,
    sessions = settings.as_role and { { name = "ana", keys = { key } } } or nil,
  }
  local of_task = {
    name = "busyb-google-workspace-mcp-task-role", id = "AROASIMULATEDTASK0001",
    policies = { {
      name = "busyb-google-workspace-mcp-policy", Version = "2012-10-17",
      Statement = {
        { Effect = "Allow", Action = { "s3:GetObject", "s3:PutObject", "s3:DeleteObject" }, Resource = "arn:aws:s3:::busyb-oauth-tokens-758888582357/*" },
        { Effect = "Allow", Action = "s3:ListBucket", Resource = "arn:aws:s3:::busyb-oauth-tokens-758888582357" },
      },
    } },
  }
  local of_execution = {
    name = "ecsTaskExecutionRole", id = "AROASIMULATEDEXEC0001",
    policies = { {
      name = "AmazonECSTaskExecutionRolePolicy", Version = "2012-10-17",
      Statement = {
        {
          Effect = "Allow", Resource = "*",
          Action = {
            "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "logs:CreateLogStream",
            "logs:PutLogEvents",
          },
        },
        { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "arn:aws:secretsmanager:us-east-1:758888582357:secret:busyb/*" },
      },
    } },
  }
  return { propagation = settings.key_delay, users = { oncall, pipeline }, roles = { role, of_task, of_execution } }
end

-- A user's OAuth token, of so many bytes.
local function token(name, size, age_days)
  local head, tail = ('{"account":"%s@example.com","token":"'):format(name), '"}'
  return { key = ("tokens/%s@example.com.json"):format(name), age_days = age_days, body = head .. ("s"):rep(size - #head - #tail) .. tail }
end

-- ---- the world ------------------------------------------------------------------------------------

return {
  settings = {
    desired_count = 1,
    bad = "degrades",          -- what revision 3 does: degrades, crashes, flaps, leaks, unhealthy, exits, missing (its image); none: there is no revision 3
    deployed_ago = 966,        -- seconds since revision 3 was deployed; below 90 it is still being rolled out
    circuit_breaker = true,    -- enabled, with rollback
    minimum_healthy_percent = 100,
    maximum_percent = 200,
    requests_per_second = 5,
    key_delay = 10,            -- seconds until a new access key works
    policy = {},               -- statements of the on-call engineer's IAM policy; none: everything is allowed
    as_role = false,           -- the engineer calls as a session of a role, not as a user
    credentials_last = 0,      -- seconds until the credentials expire; 0: they do not
    clock_ahead = 0,           -- seconds that AWS's clock is ahead of this machine's
    trail_delay = 0,           -- seconds until CloudTrail tells of a call; 900 is AWS's longest
    foreign = {},              -- what the pipeline does meanwhile: { after =, change = { desiredCount = 2 }, others = 60 } (calls besides)
    timeline = {},             -- what happens meanwhile, each { after = seconds, ... } with deploy = "degrades" (what the new revision does; or "good"),
                               -- load = 20 (requests a second), revoke = "simulated-client-secret" (Google's doing), or a call of the pipeline: service, operation, name, input
    commands = {},             -- what programs end with: { ["git push *"] = { code = 0, stdout = "done" } }
  },

  ---@param settings table
  ---@param now number
  ---@return table
  describe = function(settings, now)
    if not BAD[settings.bad] and settings.bad ~= "missing" and settings.bad ~= "none" then
      error(("world 'guide': setting 'bad': expected degrades, crashes, flaps, leaks, unhealthy, exits, missing or none, got '%s'"):format(settings.bad), 0)
    end
    local key = key_of_caller(settings, now)
    return {
      account = ACCOUNT, region = REGION,
      history = history(settings),
      traffic = { rate = settings.requests_per_second },
      latency = { 0.02, 0.06 },
      ecs = { clusters = { CLUSTER } },
      logs = { { name = LOG_GROUP, retention_days = 30 } },
      ec2 = {
        vpcs = { { id = VPC, cidr = "10.0.0.0/16", dns_support = true, dns_hostnames = true } },
        subnets = {
          { id = "subnet-0b7c1f5ad09a3e264", vpc = VPC, cidr = "10.0.10.0/24", zone = "us-east-1a" },
          { id = "subnet-01f6d2b8c4a79e350", vpc = VPC, cidr = "10.0.1.0/24", zone = "us-east-1a" },
          { id = "subnet-0e3a5c9d7b1f28466", vpc = VPC, cidr = "10.0.2.0/24", zone = "us-east-1b" },
        },
        groups = {
          {
            id = "sg-02c7f1e9b5d3a6084", name = "busyb-alb", description = "The load balancer", vpc = VPC,
            ingress = { { port = 443, cidr = "0.0.0.0/0" } },
          },
          {
            id = "sg-0d41e8f2ab6c7930f", name = "busyb-ecs-tasks", description = "Tasks of the cluster", vpc = VPC,
            ingress = { { port = 8000, group = "sg-02c7f1e9b5d3a6084" }, { port = 8000, group = "sg-0d41e8f2ab6c7930f" } },
          },
        },
      },
      s3 = {
        {
          name = "busyb-oauth-tokens-758888582357",
          objects = {
            token("ana", 1431, 3), token("ben", 1398, 95), token("eva", 1412, 210), token("tom", 1407, 41),
          },
        },
        { name = "your-log-archive-bucket", policy = ARCHIVE_POLICY },
      },
      servicediscovery = { {
        id = "ns-simulatedbusyb0", name = "busyb.local", zone = "Z0SIMULATEDBUSYB",
        services = { { id = "srv-gxethbb34gto3cbr", name = "google-workspace", ecs_service = SERVICE, ttl = 60 } },
      } },
      secretsmanager = {
        { name = "busyb/google-oauth-client-id", suffix = SECRET_SUFFIX, description = "Google OAuth client ID", value = '{"GOOGLE_OAUTH_CLIENT_ID":"simulated-client-id"}' },
        { name = "busyb/google-oauth-client-secret", suffix = SECRET_SUFFIX, description = "Google OAuth client secret", value = '{"GOOGLE_OAUTH_CLIENT_SECRET":"simulated-client-secret"}' },
      },
      iam = principals(settings, now, key),
      sns = { "busyb-alerts" },
      caller_key = key,
      clock_ahead = settings.clock_ahead,
      cloudtrail = { delay = settings.trail_delay },
      elbv2 = {
        balancers = { {
          arn = BALANCER, name = "busyb-alb", dns_name = DNS_NAME, vpc = VPC,
          created_at = now - 200 * DAY, security_groups = { "sg-02c7f1e9b5d3a6084" },
          zones = {
            { ZoneName = "us-east-1a", SubnetId = "subnet-01f6d2b8c4a79e350" },
            { ZoneName = "us-east-1b", SubnetId = "subnet-0e3a5c9d7b1f28466" },
          },
        } },
        listeners = { {
          arn = LISTENER, balancer = BALANCER, port = 443, protocol = "HTTPS", ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06",
          certificate = ("arn:aws:acm:%s:%s:certificate/5c0e1d7a-93b4-4f68-8a2e-6d1f0b7c3e59"):format(REGION, ACCOUNT),
          default = { status = 404, body = "Not Found" },
        } },
        rules = {
          { arn = RULE, listener = LISTENER, priority = 50, paths = { "/google-workspace/*" }, action = { forward = TARGET_GROUP } },
        },
        groups = { {
          arn = TARGET_GROUP, name = "busyb-google-workspace", port = 8000, vpc = VPC, zone = "us-east-1a",
          health = { path = "/health", every = 30, timeout = 5, good = 2, bad = 3, matcher = "200" },
          deregistration_delay = 30,
        } },
      },
      hosts = {
        ["google-workspace.busyb.local"] = { port = 8000 },
        [DNS_NAME] = { balancer = BALANCER },
        ["api.github.com"] = { github = true }, ["hooks.slack.com"] = { hook = true }, ["events.pagerduty.com"] = { hook = true },
        ["busyb.webhook.office.com"] = { hook = true }, ["alerts.busyb.example"] = { hook = true },
      },
      environment = {
        GWRUN_EXTERNAL_URL = "http://" .. DNS_NAME, GWRUN_GITHUB_API = "http://api.github.com", GWRUN_GITHUB_TOKEN = "simulated-github-token",
      },
      github = {
        repository = "busyb/google-workspace-mcp", workflow = "deploy.yml", token = "simulated-github-token",
        secrets = { AWS_ACCESS_KEY_ID = "AKIASIMULATEDWORLD02", AWS_SECRET_ACCESS_KEY = "simulated/secret/of/the/pipeline/00002" },
      },
      commands = settings.commands,
      watched_urls = { ("https://%s/google-workspace/health"):format(DNS_NAME) },
      -- Clients that Google has given out: the one in use, and one that was made to take its place.
      google = {
        { id = "simulated-client-id", secret = "simulated-client-secret" },
        { id = "simulated-client-id", secret = "simulated-new-secret" },
        { id = "758888582357-new.apps.googleusercontent.com", secret = "simulated-new-secret" },
      },
    }
  end,
}
