--- Logs export: the service's log of some days into S3, watched until it is there.
---
--- Guide: Viewing Logs > Export Logs.
---
--- An account exports one log group at a time, and CloudWatch Logs has to be let into the bucket: both are explained where they fail.

local aws = require "aws"
local logs = require "logs"
local service = require "service"

-- https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html
local POLICY = [[the bucket's policy has to let CloudWatch Logs in. Add these statements to it:
{"Effect":"Allow","Principal":{"Service":"logs.%s.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::%s"},
{"Effect":"Allow","Principal":{"Service":"logs.%s.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::%s/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]]

-- The call takes no token: sent again after a lost answer it would export twice. The step's check finds out, and then it is sent again.
local once = aws.client("logs", { max_attempts = 1 })

local function find_task(id)
  return (aws.logs.describe_export_tasks { taskId = id }.exportTasks or {})[1]
end

-- After a lost answer: the task of this group, bucket and range that began since.
local function find_begun(p, prefix, range)
  for _, task in ipairs(aws.logs.describe_export_tasks { limit = 50 }.exportTasks or {}) do
    if task.logGroupName == p.log_group and task.destination == p.archive_bucket and task.destinationPrefix == prefix
        and task.from == range.from and task.to == range.to and task.executionInfo.creationTime >= range.began * 1000 then
      return task.taskId
    end
  end
end

local function explain(rb, p, err)
  if err.code == "LimitExceededException" then
    local others = {}
    for _, state in ipairs { "RUNNING", "PENDING" } do
      for _, task in ipairs(aws.logs.describe_export_tasks { statusCode = state }.exportTasks or {}) do
        others[#others + 1] = ("%s of %s"):format(task.taskId, task.logGroupName)
      end
    end
    rb:refuse("another export is under way, and an account has one at a time: %s; wait for it, or cancel it", table.concat(others, ", "))
  elseif err.code == "InvalidParameterException" and (err.message or ""):find "GetBucketAcl" then
    local region = logs.get_group(p.log_group).arn:match "^arn:[^:]+:logs:([^:]+)"
    for line in (POLICY:format(region, p.archive_bucket, region, p.archive_bucket) .. "\n"):gmatch "(.-)\n" do rb:warn("%s", line) end
    rb:refuse("bucket %s: CloudWatch Logs may not write there, or there is no such bucket in this region", p.archive_bucket)
  end
  error(err, 0)
end

local STOPPED = { COMPLETED = "done", FAILED = "failed", CANCELLED = "failed", PENDING_CANCEL = "failed" }

return {
  title   = "Logs export",
  summary = "Exports the service's log of a time to S3, below a dated prefix, and watches until it is there.",
  guide   = "Viewing Logs > Export Logs",
  region  = service.region,
  production = service.production,

  params = service.params({ "log_group", "archive_bucket", "archive_prefix" }, {
    since     = { type = "time", default = "7d", help = "from when on" },
    ["until"] = { type = "time", help = "up to when; default: now" },
    timeout   = { type = "duration", default = "2h", help = "how long to wait until it is done" },
  }),

  needs = { aws = { "logs:CreateExportTask", "logs:DescribeExportTasks", "logs:CancelExportTask", "logs:DescribeLogGroups", "s3:ListObjectsV2" } },
  lock = "logs:export",
  targets = function(p) return { logs.exists(p.log_group) } end,

  run = function(rb, p)
    local range = rb:decide("The time to export", function()
      return { from = math.floor(p.since * 1000), to = math.floor((p["until"] or time.now()) * 1000), began = math.floor(time.now()) }
    end)
    if range.from >= range.to then rb:refuse("--since is not before --until") end
    local prefix = ("%s/%s"):format(p.archive_prefix, time.iso(range.began):sub(1, 10):gsub("-", "/"))
    local task = rb:step("Export the log", {
      confirm = ("%s of %s to %s -> s3://%s/%s"):format(p.log_group, time.iso(range.from // 1000), time.iso(range.to // 1000), p.archive_bucket, prefix),
      check = function(uncertain)
        if uncertain then return find_begun(p, prefix, range) end
      end,
      change = function()
        local begun, err = once.try_create_export_task {
          logGroupName = p.log_group, from = range.from, to = range.to, destination = p.archive_bucket, destinationPrefix = prefix,
        }
        if err then explain(rb, p, err) end
        return begun.taskId
      end,
      retry = 3,
      undo = {
        check = function(_, id)
          local now = id and find_task(id)
          return not now or STOPPED[now.status.code] ~= nil
        end,
        change = function(id) aws.logs.cancel_export_task { taskId = id } end,
      },
    })
    local prefix_of_task
    rb:wait("The export is done", function()
      local now = find_task(task)
      if not now then return "failed", "the export task " .. task .. " is not known any more" end
      prefix_of_task = ("%s/%s/"):format(prefix, task)
      return STOPPED[now.status.code] or "waiting", ("%s: %s"):format(now.status.code, now.status.message or "-")
    end, { timeout = p.timeout, every = 10 })
    if rb.planning or not prefix_of_task then return end
    local count, bytes = 0, 0
    for object in aws.s3.pages.list_objects_v2 { Bucket = p.archive_bucket, Prefix = prefix_of_task } do count, bytes = count + 1, bytes + object.Size end
    rb:note("%d objects, %.1f KiB, in s3://%s/%s", count, bytes / 1024, p.archive_bucket, prefix_of_task)
    if count == 0 then rb:warn("nothing was written: the log has no lines of that time") end
  end,
}
