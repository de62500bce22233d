--- Export of log groups to S3, simulated: one task at a time, as AWS has it.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"
local random = require "sim.random"
local streams = require "sim.logs.streams"

local export = {}

local TAKES = { 20, 60 } -- seconds

-- CloudWatch Logs looks at the bucket first, and says it in one sentence whatever is missing.
local function check_bucket(world, name)
  local bucket = world.s3.buckets[name]
  if bucket and (bucket.policy or ""):find("logs%.[%w.-]*amazonaws%.com") then return bucket end
  fail("InvalidParameterException",
    "GetBucketAcl call on the given bucket failed. Please check if CloudWatch Logs has been granted permission to perform this operation.")
end

-- One compressed object a stream: how much smaller the text becomes is a guess.
local function write(world, job, bucket)
  for _, stream in pairs(job.group.streams) do
    local bytes = 0
    for _, event in ipairs(streams.read(stream, job.from, job.upto)) do bytes = bytes + #event.text + 26 end
    if bytes > 0 and stream.name:sub(1, #job.stream_prefix) == job.stream_prefix then
      world.put_object(bucket, {
        key = ("%s/%s/%s/000000.gz"):format(job.prefix, job.id, stream.name:gsub("/", "-")), size = bytes // 8 + 40,
        type = "application/x-gzip",
      })
    end
  end
end

local function finish(world, job, bucket)
  write(world, job, bucket)
  job.status, job.message, job.ended_at = "COMPLETED", "Completed successfully", clock.now()
end

local function describe(job)
  return {
    taskId = job.id, taskName = job.name, logGroupName = job.group.name, from = clock.ms(job.from), to = clock.ms(job.upto), destination = job.bucket,
    destinationPrefix = job.prefix, status = { code = job.status, message = job.message },
    executionInfo = { creationTime = clock.ms(job.began_at), completionTime = clock.ms(job.ended_at) },
  }
end

---@param find_group fun(world: table, input: table): LogGroup
---@return table<string, function> operations
function export.operations(find_group)
  local operations = {}

  function operations.create_export_task(world, input)
    local group, bucket = find_group(world, input), check_bucket(world, input.destination)
    if input.from >= input.to then fail("InvalidParameterException", "The start time must be before the end time.") end
    for _, other in ipairs(world.logs.exports) do
      if other.status == "RUNNING" then
        fail("LimitExceededException", "Resource limit exceeded. There is already an export task that is pending or running.")
      end
    end
    local job = {
      id = random.uuid(), name = input.taskName, group = group, bucket = input.destination, prefix = input.destinationPrefix or "exportedlogs",
      stream_prefix = input.logStreamNamePrefix or "", from = input.from / 1000, upto = input.to / 1000, status = "RUNNING",
      message = "Started successfully", began_at = clock.now(),
    }
    table.insert(world.logs.exports, job)
    job.work = clock.after(random.between(TAKES), function() finish(world, job, bucket) end)
    return { taskId = job.id }
  end

  function operations.describe_export_tasks(world, input)
    local list = {}
    for i = #world.logs.exports, 1, -1 do
      local job = world.logs.exports[i]
      local is_meant = not input.taskId or input.taskId == job.id
      if is_meant and (not input.statusCode or input.statusCode == job.status) then list[#list + 1] = describe(job) end
    end
    local page, token = pages.cut(list, {
      size = input.limit, token = input.nextToken, most = 50, key = function(job) return job.taskId end,
    })
    return { exportTasks = host.array(page), nextToken = token }
  end

  function operations.cancel_export_task(world, input)
    for _, job in ipairs(world.logs.exports) do
      if job.id == input.taskId then
        if job.status ~= "RUNNING" then fail("InvalidOperationException", "The operation is not valid on the specified resource.") end
        clock.cancel(job.work)
        job.status, job.message, job.ended_at = "CANCELLED", "Cancelled by user", clock.now()
        return {}
      end
    end
    fail("ResourceNotFoundException", "The specified export task does not exist.")
  end

  return operations
end

return export
