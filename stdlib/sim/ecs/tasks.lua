--- ECS tasks, simulated: listing, describing, stopping.

local fail = require "sim.fail"
local find = require "sim.ecs.find"
local host = require "host.sim"
local lifecycle = require "sim.ecs.lifecycle"
local pages = require "sim.pages"
local views = require "sim.ecs.views"

local operations = {}

local function accepts(task, input, service)
  return (not service or task.service == service)
      and (not input.family or task.definition.family == input.family)
      and (not input.startedBy or task.deployment.id == input.startedBy)
      and (not input.launchType or input.launchType == "FARGATE")
      and not input.containerInstance
end

-- There are no tasks whose DESIRED status is PENDING, as the API reference notes.
function operations.list_tasks(world, input)
  local cluster = find.cluster(world, input.cluster)
  local service = input.serviceName and find.service(world, input.cluster, input.serviceName)
  local arns = {}
  for _, task in ipairs(cluster.task_order) do
    if task.desired_status == (input.desiredStatus or "RUNNING") and accepts(task, input, service) then
      arns[#arns + 1] = task.arn
    end
  end
  table.sort(arns)
  local page, token = pages.cut(arns, { size = input.maxResults, token = input.nextToken, most = 100 })
  return { taskArns = host.array(page), nextToken = token }
end

function operations.describe_tasks(world, input)
  find.check_list(input.tasks, 100, "Tasks")
  local cluster = find.cluster(world, input.cluster)
  local answer = { tasks = host.array {}, failures = host.array {} }
  for _, name in ipairs(input.tasks) do
    local task = find.task_in(cluster, name)
    if task then
      table.insert(answer.tasks, views.task(task))
    else
      table.insert(answer.failures, { arn = name:match("^arn:") and name or cluster.task_arn_prefix .. name, reason = "MISSING" })
    end
  end
  return answer
end

function operations.stop_task(world, input)
  local task = find.task_in(find.cluster(world, input.cluster), input.task)
  if not task then fail("InvalidParameterException", "The referenced task was not found.") end
  lifecycle.stop(task, "UserInitiated", input.reason or "Task stopped by user")
  return { task = views.task(task) }
end

return { operations = operations }
