--- Three things of the simulated world that can be changed without a token, and looked at: the retention of the log group,
--- the pipeline's key, the service's grace period.

local ecs = require "ecs"

local USER = "github-actions-google-workspace-mcp"
local GROUP = "/ecs/busyb-google-workspace-mcp"
local which = { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service" }

local function key() return aws.iam.list_access_keys { UserName = USER }.AccessKeyMetadata[1] end

local function get_group()
  return aws.logs.describe_log_groups { logGroupNamePrefix = GROUP }.logGroups[1]
end

local things = {
  retention = {
    action = "logs:PutRetentionPolicy",
    get = function() return get_group().retentionInDays end,
    set = function(days) aws.logs.put_retention_policy { logGroupName = GROUP, retentionInDays = days } end,
  },
  key = {
    action = "iam:UpdateAccessKey",
    get = function() return key().Status end,
    set = function(status)
      aws.iam.update_access_key { UserName = USER, AccessKeyId = key().AccessKeyId, Status = status }
    end,
  },
  grace = {
    action = "ecs:UpdateService",
    get = function() return ecs.get_service(which).healthCheckGracePeriodSeconds end,
    set = function(seconds)
      aws.ecs.update_service { cluster = which.cluster, service = which.service, healthCheckGracePeriodSeconds = seconds }
    end,
  },
}

local all = { wanted = { retention = 14, key = "Inactive", grace = 90 }, order = { "retention", "key", "grace" } }

all.needs = {
  aws = {
    "logs:DescribeLogGroups", "logs:PutRetentionPolicy", "iam:ListAccessKeys", "iam:UpdateAccessKey", "ecs:DescribeServices",
    "ecs:UpdateService",
  },
}

function all.get(name) return things[name].get() end

function all.set(name, value) return things[name].set(value) end

function all.is_wanted(name) return all.get(name) == all.wanted[name] end

---Did the call take effect, of which nobody knows?
function all.has_taken(uncertain)
  for name, thing in pairs(things) do
    if uncertain.action == thing.action then return all.is_wanted(name) end
  end
end

return all
