--- The coordinates of the service that these runbooks look after. Edit this file for another service; each value can also
--- be given for one run, by flag (`--cluster blue`) or by environment (`GWRUN_CLUSTER=blue`).

local notify = require "notify"

local service = {
  region = "us-east-1",
  production = { "758888582357" }, -- accounts that are named in red before anything changes
}

local coordinates = {
  cluster = {
    type = "string", default = "busyb-cluster", env = "GWRUN_CLUSTER",
    help = "ECS cluster",
  },
  service = {
    type = "string", default = "busyb-google-workspace-mcp-service", env = "GWRUN_SERVICE",
    help = "ECS service",
  },
  min = {
    type = "integer", default = 1, min = 0, env = "GWRUN_MIN_TASKS",
    help = "fewest tasks",
  },
  max = {
    type = "integer", default = 4, min = 1, env = "GWRUN_MAX_TASKS",
    help = "most tasks",
  },
  target_group = {
    type = "arn", env = "GWRUN_TARGET_GROUP",
    default = "arn:aws:elasticloadbalancing:us-east-1:758888582357:targetgroup/busyb-google-workspace/32e64755db77f32e",
    help = "ALB target group of the service",
  },
  log_group = {
    type = "string", default = "/ecs/busyb-google-workspace-mcp", env = "GWRUN_LOG_GROUP",
    help = "CloudWatch log group of the service",
  },
  pipeline_user = {
    type = "string", default = "github-actions-google-workspace-mcp", env = "GWRUN_PIPELINE_USER",
    help = "IAM user that the pipeline signs as",
  },
  github_api = {
    type = "url", default = "https://api.github.com", env = "GWRUN_GITHUB_API",
    help = "GitHub's API; of an own server https://HOST/api/v3",
  },
  github_repository = {
    type = "string", default = "busyb/google-workspace-mcp", pattern = "[%w._-]+/[%w._-]+", env = "GWRUN_GITHUB_REPOSITORY",
    help = "repository whose pipeline deploys the service",
  },
  github_workflow = {
    type = "string", default = "deploy.yml", env = "GWRUN_GITHUB_WORKFLOW",
    help = "its workflow, by file name; it has to allow workflow_dispatch",
  },
  client_id_secret = {
    type = "string", default = "busyb/google-oauth-client-id", env = "GWRUN_CLIENT_ID_SECRET",
    help = "secret with Google's OAuth client id",
  },
  client_secret_secret = {
    type = "string", default = "busyb/google-oauth-client-secret", env = "GWRUN_CLIENT_SECRET_SECRET",
    help = "secret with Google's OAuth client secret",
  },
  listener = {
    type = "arn", env = "GWRUN_LISTENER",
    default = "arn:aws:elasticloadbalancing:us-east-1:758888582357:listener/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23",
    help = "HTTPS listener of the load balancer",
  },
  external_url = {
    type = "url", default = "https://busyb-alb-1791678277.us-east-1.elb.amazonaws.com", env = "GWRUN_EXTERNAL_URL",
    help = "the load balancer from outside, without a path",
  },
  path_prefix = {
    type = "string", pattern = "/[%w/_-]+", default = "/google-workspace", env = "GWRUN_PATH_PREFIX",
    help = "what the service's paths begin with there",
  },
  token_bucket = {
    type = "string", default = "busyb-oauth-tokens-758888582357", env = "GWRUN_TOKEN_BUCKET",
    help = "S3 bucket with the users' OAuth tokens",
  },
  archive_bucket = {
    type = "string", default = "your-log-archive-bucket", env = "GWRUN_ARCHIVE_BUCKET",
    help = "S3 bucket that logs are exported to",
  },
  archive_prefix = {
    type = "string", default = "google-workspace-mcp/logs", env = "GWRUN_ARCHIVE_PREFIX",
    help = "what the keys of exported logs begin with; the date follows",
  },
  discovery_service = {
    type = "string", default = "srv-gxethbb34gto3cbr", env = "GWRUN_DISCOVERY_SERVICE",
    help = "Cloud Map service that the tasks are registered with",
  },
  health_url = {
    type = "url", default = "http://google-workspace.busyb.local:8000/health", env = "GWRUN_HEALTH_URL",
    help = "health endpoint, reachable inside the VPC",
  },
}

-- Who is told of incidents and emergencies: each off unless it is given, by flag or, better, by environment.
local channels = {
  slack = { type = "secret", env = "GWRUN_SLACK", help = "URL of a Slack webhook" },
  teams = { type = "secret", env = "GWRUN_TEAMS", help = "URL of a Teams webhook" },
  pagerduty = { type = "secret", env = "GWRUN_PAGERDUTY", help = "routing key of PagerDuty's Events API v2" },
  sns = { type = "arn", env = "GWRUN_SNS", help = "SNS topic" },
  webhook = { type = "url", env = "GWRUN_WEBHOOK", help = "any other webhook: it gets JSON" },
}

---What messages say; "{name}" is filled in.
service.messages = {
  begun = { title = "{title}: begun", text = "{title} of {service} has begun. {text}" },
  done = { title = "{title}: done", text = "{title} of {service} is done. {text}" },
  failed = { title = "{title}: needs attention", text = "{title} of {service} did not end well. {text}" },
  incident = { title = "Severity {severity}: {service}", text = "An incident of severity {severity} is open. {text}" },
  resolved = { title = "Resolved: {service}", text = "The incident of {service} is over. {text}" },
}

---The hosts that messages go to, for `needs.http`.
service.message_hosts = { "https://hooks.slack.com", "https://*.webhook.office.com", "https://*.logic.azure.com", "https://events.pagerduty.com", "{webhook}" }

---The parameters of a runbook that notifies.
---@param names string[]
---@param own? table<string, Param>
---@return table<string, Param>
function service.notifying(names, own)
  local all = {}
  for name, schema in pairs(channels) do all[name] = schema end
  for name, schema in pairs(own or {}) do all[name] = schema end
  return service.params(names, all)
end

---The channels that are configured, and a message by one of the templates above.
---@param p table
---@param name string of the template
---@param values table<string, any>
---@param more? table severity, fields, key, resolved
---@return Channels
---@return Message
function service.message(p, name, values, more)
  local template, message = service.messages[name], {}
  for key, value in pairs(more or {}) do message[key] = value end
  message.title, message.text = notify.fill(template.title, values), notify.fill(template.text, values)
  return { slack = p.slack, teams = p.teams, pagerduty = p.pagerduty, sns = p.sns, webhook = p.webhook }, message
end

---The parameters of a runbook: its own, and the coordinates that it names.
---@param names string[] of the coordinates, for example { "cluster", "service" }
---@param own? table<string, Param>
---@return table<string, Param>
function service.params(names, own)
  local all = {}
  for _, name in ipairs(names) do
    all[name] = assert(coordinates[name], "service.lua has no coordinate " .. name)
  end
  for name, schema in pairs(own or {}) do all[name] = schema end
  return all
end

return service
