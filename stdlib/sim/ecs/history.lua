--- What ECS remembers of a service: service deployments and service revisions, and the stopping of one in progress.

local deployments = require "sim.ecs.deployments"
local fail = require "sim.fail"
local find = require "sim.ecs.find"
local host = require "host.sim"
local pages = require "sim.pages"
local scheduler = require "sim.ecs.scheduler"
local views = require "sim.ecs.views"

local operations = {}

local MOST_ARNS = 20

local function is_wanted(record, input)
  local created = input.createdAt or {}
  if created.before and record.created_at >= created.before then return false end
  if created.after and record.created_at <= created.after then return false end
  if not input.status or #input.status == 0 then return true end
  for _, status in ipairs(input.status) do
    if status == record.status then return true end
  end
  return false
end

-- Newest first.
function operations.list_service_deployments(world, input)
  local service = find.service(world, input.cluster, input.service)
  local list = {}
  for i = #service.records, 1, -1 do
    if is_wanted(service.records[i], input) then list[#list + 1] = service.records[i] end
  end
  local page, token = pages.cut(list, {
    size = input.maxResults, token = input.nextToken, most = 100, key = function(record) return record.arn end,
  })
  local briefs = host.array {}
  for i, record in ipairs(page) do briefs[i] = views.brief(service, record) end
  return { serviceDeployments = briefs, nextToken = token }
end

-- The service and its item (in `member`) with that ARN.
local function find_by_arn(world, member, arn)
  for _, service in ipairs(find.all_services(world)) do
    for _, item in ipairs(service[member]) do
      if item.arn == arn then return service, item end
    end
  end
end

local function describe_all(world, member, arns, view)
  local shapes, failures = host.array {}, host.array {}
  for _, arn in ipairs(arns) do
    local service, item = find_by_arn(world, member, arn)
    if service then
      shapes[#shapes + 1] = view(service, item)
    else
      failures[#failures + 1] = { arn = arn, reason = "MISSING" }
    end
  end
  return shapes, failures
end

function operations.describe_service_deployments(world, input)
  find.check_list(input.serviceDeploymentArns, MOST_ARNS, "serviceDeploymentArns")
  local shapes, failures = describe_all(world, "records", input.serviceDeploymentArns, views.record)
  return { serviceDeployments = shapes, failures = failures }
end

function operations.describe_service_revisions(world, input)
  find.check_list(input.serviceRevisionArns, MOST_ARNS, "serviceRevisionArns")
  local shapes, failures = describe_all(world, "revisions", input.serviceRevisionArns, views.revision)
  return { serviceRevisions = shapes, failures = failures }
end

function operations.stop_service_deployment(world, input)
  local service, record = find_by_arn(world, "records", input.serviceDeploymentArn)
  if not service then fail("ServiceDeploymentNotFoundException", "Service deployment not found.") end
  if record.status ~= "IN_PROGRESS" and record.status ~= "PENDING" then
    fail("ConflictException", "Service deployment cannot be stopped because its status is %s.", record.status)
  end
  if input.stopType == "ABORT" then
    fail("InvalidParameterException", "The stop type ABORT is not supported for rolling deployments.")
  end
  if not deployments.stop_and_roll_back(service) then
    fail("ConflictException", "Service deployment cannot be rolled back because no earlier deployment of the service completed.")
  end
  scheduler.wake(service)
  return { serviceDeploymentArn = record.arn }
end

return { operations = operations }
