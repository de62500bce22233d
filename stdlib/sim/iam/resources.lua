--- What a call acts on, as the ARN that policies are held against: named in its parameters, or put together from names.

local resources = {}

local function last_part(name)
  return name:match("([^/]+)$") or name
end

local function of_ecs(world, input)
  local prefix = ("arn:aws:ecs:%s:%s:"):format(world.region, world.account)
  local cluster = last_part(input.cluster or "default")
  local service = input.service or input.serviceName or (input.services or {})[1]
  local task = input.task or (input.tasks or {})[1]
  if task then return prefix .. "task/" .. cluster .. "/" .. last_part(task) end
  if service then return prefix .. "service/" .. cluster .. "/" .. last_part(service) end
  return input.cluster and prefix .. "cluster/" .. cluster or "*"
end

local function of_logs(world, input)
  local group = input.logGroupName or input.logGroupNamePrefix
  return group and ("arn:aws:logs:%s:%s:log-group:%s:*"):format(world.region, world.account, group) or "*"
end

local MAKERS = { ecs = of_ecs, logs = of_logs }

---@param world table of the call's region
---@param service string "ecs"
---@param input table
---@return string an ARN, or "*"
function resources.of_call(world, service, input)
  if MAKERS[service] then return MAKERS[service](world, input) end
  for _, value in pairs(input) do
    if type(value) == "string" and value:match "^arn:" then return value end
  end
  return "*"
end

return resources
