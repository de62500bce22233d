--- ECS task definitions, simulated: families and their revisions.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"

local definitions = { operations = {} }

-- What Fargate accepts: memory in MiB for each cpu.
local FARGATE = {
  ["256"] = { 512, 1024, 2048 },
  ["512"] = { 1024, 4096, step = 1024 },
  ["1024"] = { 2048, 8192, step = 1024 },
  ["2048"] = { 4096, 16384, step = 1024 },
  ["4096"] = { 8192, 30720, step = 1024 },
  ["8192"] = { 16384, 61440, step = 4096 },
  ["16384"] = { 32768, 122880, step = 8192 },
}

local KEPT = {
  "taskRoleArn", "executionRoleArn", "networkMode", "cpu", "memory", "pidMode", "ipcMode", "runtimePlatform",
  "proxyConfiguration", "ephemeralStorage", "enableFaultInjection",
}

local function is_fargate_size(cpu, memory)
  local sizes, amount = FARGATE[cpu or ""], math.tointeger(tonumber(memory))
  if not sizes or not amount then return false end
  if sizes.step then return amount >= sizes[1] and amount <= sizes[2] and amount % sizes.step == 0 end
  for _, size in ipairs(sizes) do
    if size == amount then return true end
  end
  return false
end

local function is_for_fargate(input)
  for _, compatibility in ipairs(input.requiresCompatibilities or {}) do
    if compatibility == "FARGATE" then return true end
  end
  return false
end

local function check(input)
  if not input.family:match("^[%w_%-]+$") or #input.family > 255 then
    fail("ClientException", "Family contains invalid characters.")
  end
  if #input.containerDefinitions == 0 then fail("ClientException", "Container list cannot be empty.") end
  for _, container in ipairs(input.containerDefinitions) do
    if not container.name or container.name == "" then fail("ClientException", "Container.name should not be null or empty.") end
    if not container.image or container.image == "" then fail("ClientException", "Container.image should not be null or empty.") end
  end
  if is_for_fargate(input) and not is_fargate_size(input.cpu, input.memory) then
    fail("ClientException", "No Fargate configuration exists for given values: %s CPU, %s memory. See the Amazon ECS documentation for the valid values.",
      input.cpu or "0", input.memory or "0")
  end
end

---Adds the next revision of a family.
---@param world table
---@param input table as for RegisterTaskDefinition
---@param who string ARN
---@return table definition
function definitions.register(world, input, who)
  check(input)
  local families = world.ecs.families
  local family = families[input.family] or { last = 0, revisions = {} }
  families[input.family] = family
  family.last = family.last + 1
  local definition = {
    taskDefinitionArn = ("arn:aws:ecs:%s:%s:task-definition/%s:%d"):format(world.region, world.account, input.family, family.last),
    family = input.family, revision = family.last, status = "ACTIVE", registeredAt = clock.stamp(clock.now()), registeredBy = who,
    containerDefinitions = host.array(input.containerDefinitions), volumes = host.array(input.volumes),
    placementConstraints = host.array(input.placementConstraints),
    requiresCompatibilities = host.array(input.requiresCompatibilities), compatibilities = { "EC2", "FARGATE" },
    requiresAttributes = host.array {},
  }
  for _, name in ipairs(KEPT) do definition[name] = input[name] end
  for _, container in ipairs(definition.containerDefinitions) do
    if container.essential == nil then container.essential = true end
    if container.cpu == nil then container.cpu = 0 end
  end
  family.revisions[family.last] = definition
  return definition
end

local function latest_active(family)
  for revision = family.last, 1, -1 do
    if family.revisions[revision].status == "ACTIVE" then return family.revisions[revision] end
  end
end

---Finds "family", "family:revision" or an ARN; nil when there is none. A bare family is its latest ACTIVE revision.
---@param world table
---@param name string
---@return table? definition
function definitions.find(world, name)
  local short = name:match("^arn:aws:ecs:" .. world.region:gsub("%-", "%%-") .. ":" .. world.account .. ":task%-definition/(.+)$") or name
  local family, revision = short:match("^([^:/]+):?(%d*)$")
  local found = family and world.ecs.families[family]
  if not found then return nil end
  if revision == "" then return latest_active(found) end
  return found.revisions[math.tointeger(tonumber(revision))]
end

---Finds a revision that may be started; raises as UpdateService does.
---@param world table
---@param name string
---@return table definition
function definitions.find_startable(world, name)
  local definition = definitions.find(world, name)
  if not definition then fail("ClientException", "TaskDefinition not found.") end
  if definition.status ~= "ACTIVE" then fail("ClientException", "TaskDefinition is inactive") end
  return definition
end

---@param world table
---@param name string
---@return table definition
function definitions.deregister(world, name)
  if not name:match(":%d+$") then
    fail("InvalidParameterException", "The specified task definition revision was not specified. Specify a family and revision and try again.")
  end
  local definition = definitions.find(world, name)
  if not definition then fail("ClientException", "The specified task definition does not exist. Specify a valid account, family, revision and try again.") end
  if definition.status ~= "ACTIVE" then fail("ClientException", "The specified task definition is inactive.") end
  definition.status, definition.deregisteredAt = "INACTIVE", clock.stamp(clock.now())
  return definition
end

local operations = definitions.operations

function operations.register_task_definition(world, input, call)
  return { taskDefinition = definitions.register(world, input, call.user.arn), tags = input.tags }
end

function operations.deregister_task_definition(world, input)
  return { taskDefinition = definitions.deregister(world, input.taskDefinition) }
end

function operations.describe_task_definition(world, input)
  local definition = definitions.find(world, input.taskDefinition)
  if not definition then fail("ClientException", "Unable to describe task definition.") end
  return { taskDefinition = definition, tags = input.include and host.array {} or nil }
end

local function by_family_and_revision(a, b)
  if a.family ~= b.family then return a.family < b.family end
  return a.revision < b.revision
end

function operations.list_task_definitions(world, input)
  local status, prefix, list = input.status or "ACTIVE", input.familyPrefix, {}
  for name, family in pairs(world.ecs.families) do
    for revision = 1, prefix and prefix ~= name and 0 or family.last do
      local definition = family.revisions[revision]
      if definition.status == status then list[#list + 1] = definition end
    end
  end
  table.sort(list, function(a, b)
    if input.sort == "DESC" then a, b = b, a end
    return by_family_and_revision(a, b)
  end)
  local arns = {}
  for i, definition in ipairs(list) do arns[i] = definition.taskDefinitionArn end
  local page, token = pages.cut(arns, { size = input.maxResults, token = input.nextToken, most = 100 })
  return { taskDefinitionArns = host.array(page), nextToken = token }
end

function operations.list_task_definition_families(world, input)
  local names, prefix = {}, input.familyPrefix or ""
  for name, family in pairs(world.ecs.families) do
    local state = latest_active(family) and "ACTIVE" or "INACTIVE"
    if name:sub(1, #prefix) == prefix and (input.status or "ALL") ~= "ALL" and input.status == state
        or name:sub(1, #prefix) == prefix and (input.status or "ALL") == "ALL" then
      names[#names + 1] = name
    end
  end
  local page, token = pages.cut(names, { size = input.maxResults, token = input.nextToken, most = 100 })
  return { families = host.array(page), nextToken = token }
end

return definitions
