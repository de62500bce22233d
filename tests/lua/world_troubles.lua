-- Troubles of the world itself, not of calls: memory that runs out, places that are not to be had.
local spec = require "spec"

local MET_AT = time.parse "2025-11-12T03:12:00Z"
local SERVICE = { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service" }

local function described(world)
  return world.ecs.describe_services { cluster = SERVICE.cluster, services = { SERVICE.service } }.services[1]
end

local function stopped(world)
  local arns = world.ecs.list_tasks { cluster = SERVICE.cluster, serviceName = SERVICE.service, desiredStatus = "STOPPED" }.taskArns
  return world.ecs.describe_tasks { cluster = SERVICE.cluster, tasks = arns }.tasks
end

local function memory(world, minutes)
  local now = MET_AT + math.floor(world:record().now.at)
  local points = world.cloudwatch.get_metric_statistics {
    Namespace = "AWS/ECS", MetricName = "MemoryUtilization", StartTime = now - minutes * 60, EndTime = now,
    Period = 60, Statistics = { "Average", "Maximum" },
    Dimensions = { { Name = "ClusterName", Value = SERVICE.cluster }, { Name = "ServiceName", Value = SERVICE.service } },
  }.Datapoints
  table.sort(points, function(a, b) return a.Timestamp < b.Timestamp end)
  return points
end

spec.test("a leak: memory climbs, never above what there is, and the container is killed for it and replaced", function()
  local world = spec.world { world = { bad = "none", record = true, timeline = { { after = 30, deploy = "leaks" } } } }
  world:pass "9m"
  local points = memory(world, 6)
  assert(points[#points].Average > points[1].Average + 20, ("%g, then %g"):format(points[1].Average, points[#points].Average))
  world:pass "6m"
  local task = stopped(world)[1]
  spec.expect({ task.stopCode, task.stoppedReason, task.containers[1].exitCode, task.containers[1].reason },
    { "EssentialContainerExited", "Essential container in task exited", 137, "OutOfMemoryError: Container killed due to memory usage" })
  spec.expect({ described(world).runningCount, described(world).desiredCount }, { 1, 1 })
  for _, point in ipairs(memory(world, 14)) do assert(point.Maximum <= 100, point.Maximum) end
  local ended = world:run { runbook = "diagnose", params = { area = { "resources" } } }
  ended:expect_exit(3)
  ended:expect_event("found", { text = "1 tasks were killed for memory" })
end)

spec.test("no capacity: the event says it in ECS's words, the wait shows it, and tasks come when there are places again", function()
  local world = spec.world { world = { bad = "none", timeline = { { after = 1, capacity = 1 }, { after = 300, capacity = false } } } }
  world:pass "5s"
  local ended = world:run { runbook = "scale", params = { count = 2 } }
  ended:expect_exit(0)
  local shown = {}
  for _, progress in ipairs(ended:of "wait.progress") do shown[progress.text] = true end
  assert(shown["1 running, 2 desired, 0 pending; unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone"])
  local told
  for _, event in ipairs(described(world).events) do
    told = told or event.message == "(service busyb-google-workspace-mcp-service) was unable to place a task. Reason: Capacity is unavailable at this time. "
      .. "Please try again later or in a different availability zone. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
  end
  assert(told)
  spec.expect(described(world).runningCount, 2)
end)
