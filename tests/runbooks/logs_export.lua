local spec = require "spec"

local BUCKET = "your-log-archive-bucket"

local function run(params, more)
  local request = { runbook = "logs_export", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

local function objects(world)
  return #(world.s3.list_objects_v2 { Bucket = BUCKET, Prefix = "google-workspace-mcp/logs/2025/11/12/" }.Contents or {})
end

spec.test("the last seven days go below the day's prefix, watched until they are there", function()
  local ended = run()
  ended:expect_exit(0)
  ended:expect_changes { {
    "logs:CreateExportTask", destination = BUCKET, destinationPrefix = "google-workspace-mcp/logs/2025/11/12", from = 1762312320000, to = 1762917120000,
  } }
  ended:expect_event("wait.finished", { name = "The export is done", text = "COMPLETED: Completed successfully" })
  assert(objects(ended.world) > 0, "nothing was exported")
end)

spec.test("a bucket that does not let CloudWatch Logs in is explained, with the statements that are missing", function()
  local ended = run { archive_bucket = "busyb-oauth-tokens-758888582357" }
  ended:expect_exit(2)
  ended:expect_event("warning", { text = '{"Effect":"Allow","Principal":{"Service":"logs.us-east-1.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::busyb-oauth-tokens-758888582357"},' })
end)

spec.test("another export under way is named", function()
  local world = spec.world()
  local other = world.logs.create_export_task { logGroupName = "/ecs/busyb-google-workspace-mcp", from = 1762312320000, to = 1762917120000, destination = BUCKET }
  local ended = world:run { runbook = "logs_export" }
  ended:expect_exit(2)
  assert(ended:finish().text:find(other.taskId .. " of /ecs/busyb-google-workspace-mcp", 1, true), ended:finish().text)
end)

spec.test("undo cancels an export that is under way; one that is done stays", function()
  local world = spec.world()
  local begun = world:run { runbook = "logs_export", interrupt = { event = "wait.started" } }
  begun:expect_exit(130)
  begun:undo {}:expect_changes { { "logs:CancelExportTask" } }
  spec.expect(world.logs.describe_export_tasks {}.exportTasks[1].status.code, "CANCELLED")
  local done = world:run { runbook = "logs_export" }
  done:undo {}:expect_changes {}
end)

spec.test("cancelled by somebody else it is a failure; a time without lines is told; a range the wrong way round is refused", function()
  local early = run { since = "2025-01-01", ["until"] = "2025-01-02" }
  early:expect_event("warning", { text = "nothing was written: the log has no lines of that time" })
  run({ since = "1d", ["until"] = "2d" }):expect_exit(2)
  run({ log_group = "/ecs/gone" }):expect_exit(1)
end)

spec.test("the plan shows it and exports nothing; no rights: 6; throttled it goes on by itself", function()
  local plan = run(nil, { plan = true })
  plan:expect_planned { { "logs:CreateExportTask" } }
  spec.expect(objects(plan.world), 0)
  run(nil, { world = { policy = { { Effect = "Allow", Action = "s3:*", Resource = "*" } } } }):expect_exit(6)
  run(nil, { world = { faults = { "throttle * times=2" } } }):expect_exit(0)
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "logs_export", runs = 15 }
end)
