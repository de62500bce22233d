--- Why no command can be run in a container, and what has to be changed for it: ECS's own errors say neither.

local aws = require "aws"
local ecs = require "ecs"
local failure = require "failure"
local roles = require "diagnosis.roles"

local why = {}

-- What the agent in the task calls (Developer Guide, "ECS Exec").
local CHANNELS = {
  "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
}

local RIGHTS = 'ssmmessages:CreateControlChannel, CreateDataChannel, OpenControlChannel and OpenDataChannel on "*"'

local function agent_in(found)
  for _, container in ipairs(found.task.containers or {}) do
    if container.name == found.container then
      for _, agent in ipairs(container.managedAgents or {}) do
        if agent.name == "ExecuteCommandAgent" then return agent end
      end
    end
  end
end

local function raise(format, ...) failure.raise("problem", "exec: " .. format, ...) end

---Raises where the task itself tells that no command can be run in it.
---@param found ExecPlace
function why.check(found)
  local id = ecs.task_id(found.task.taskArn)
  if found.task.enableExecuteCommand == false then
    local service = found.service or (found.task.group or ""):match "^service:(.+)" or "SERVICE"
    raise("task %s was started without ECS Exec; tasks started after this have it: gwrun call ecs update-service --cluster %s "
      .. "--service %s --enable-execute-command --force-new-deployment", id, found.cluster, service)
  end
  local agent = agent_in(found)
  if agent and agent.lastStatus == "STOPPED" then
    raise("the agent in container '%s' of task %s has stopped (%s); it needs a root file system that can be written. Replace the task: "
      .. "gwrun call ecs stop-task --cluster %s --task %s", found.container, id, agent.reason or "no reason given", found.cluster, id)
  end
  if agent and agent.lastStatus ~= "RUNNING" then
    raise("the agent in container '%s' of task %s is %s: the task has only started; try again in a minute", found.container, id,
      agent.lastStatus)
  end
end

-- ---- an agent that cannot be reached

local function task_role(found)
  local answer = aws.ecs.try_describe_task_definition { taskDefinition = found.task.taskDefinitionArn }
  if not answer then return nil, false end
  return answer.taskDefinition.taskRoleArn, true
end

local function role_problem(found)
  local role, known = task_role(found)
  if not known then return nil end
  if not role then return "the task definition names no task role; give it one that may " .. RIGHTS end
  local questions = {}
  for i, action in ipairs(CHANNELS) do questions[i] = { action = action } end
  local denied = roles.denied(role, questions)
  if not denied or #denied == 0 then return nil end
  return ("the task role %s may not %s; allow it %s"):format(role:match "[^/]+$", denied[1].action, RIGHTS)
end

local function subnet_of(task)
  for _, attachment in ipairs(task.attachments or {}) do
    for _, detail in ipairs(attachment.details or {}) do
      if detail.name == "subnetId" then return detail.value end
    end
  end
end

-- Does the subnet lead to an address outside? Nil: not known.
local function leads_out(vpc, subnet)
  local answer = aws.ec2.try_describe_route_tables { Filters = { { Name = "vpc-id", Values = { vpc } } } }
  if not answer then return nil end
  local own, main
  for _, routes in ipairs(answer.RouteTables or {}) do
    for _, association in ipairs(routes.Associations or {}) do
      if association.SubnetId == subnet then own = routes end
      if association.Main then main = routes end
    end
  end
  for _, route in ipairs((own or main or {}).Routes or {}) do
    if route.DestinationCidrBlock == "0.0.0.0/0" and route.State ~= "blackhole" then return true end
  end
  return false
end

local function network_problem(found)
  local subnet = subnet_of(found.task)
  local answer = subnet and aws.ec2.try_describe_subnets { SubnetIds = { subnet } }
  local vpc = answer and (answer.Subnets or {})[1] and answer.Subnets[1].VpcId
  if not vpc or leads_out(vpc, subnet) ~= false then return nil end
  local endpoints = aws.ec2.try_describe_vpc_endpoints { Filters = { { Name = "vpc-id", Values = { vpc } } } }
  if not endpoints then return nil end
  for _, endpoint in ipairs(endpoints.VpcEndpoints or {}) do
    if endpoint.ServiceName:find "%.ssmmessages$" and endpoint.State:lower() == "available" then return nil end
  end
  local region = require "host.run".region
  return ("subnet %s has no way out of its VPC, and the VPC no endpoint for ssmmessages; make one: gwrun call ec2 create-vpc-endpoint "
    .. "--vpc-id %s --vpc-endpoint-type Interface --service-name com.amazonaws.%s.ssmmessages --subnet-ids %s")
    :format(subnet, vpc, region, subnet)
end

local function unreachable(found)
  return role_problem(found) or network_problem(found)
    or "its agent has no connection to Systems Manager: it has only started, the task role may not ssmmessages:*, or the subnet has "
    .. "neither a NAT gateway nor an endpoint for ssmmessages"
end

-- ---- errors

local KMS = "; the cluster's exec configuration has a KMS key: you need kms:GenerateDataKey on it, and the task role kms:Decrypt"

---The error with what stands behind it.
---@param err table of host.exec
---@param found ExecPlace
---@return table err
function why.explain(err, found)
  local text
  if err.code == "TargetNotConnectedException" then
    text = unreachable(found)
  elseif err.code == "AccessDeniedException" then
    text = ("you may not run commands there; ask for ecs:ExecuteCommand on task/%s/* and cluster/%s"):format(found.cluster, found.cluster)
  elseif err.code == "InvalidParameterException" and err.message:find "execute command" then
    text = "ECS Exec is not enabled there: update-service --enable-execute-command --force-new-deployment"
  elseif err.kind == "timeout" and err.message:find "the command did not end" then
    return failure.new("exec", err.message)
  elseif err.message:find "kms:" then
    return failure.new("problem", err.message .. KMS)
  end
  if not text then return err end
  local kind = err.code == "AccessDeniedException" and "credentials" or "problem"
  local explained = failure.new(kind, ("exec: %s (%s)"):format(text, err.code))
  explained.code, explained.request_id = err.code, err.request_id
  return explained
end

---What a session that ended before the command began was about.
---@param result table of host.exec
---@param found ExecPlace
---@return table err
function why.no_shell(result, found)
  local said = (tostring(result.output or "") .. " " .. (result.reason or "")):gsub("%s+", " "):match "^%s*(.-)%s*$"
  if said:find "no such file" or said:find "not found in" then
    return failure.new("problem", ("exec: the image of container '%s' has no shell, which tells the exit status; name a program that it "
      .. "has, with --no-shell (its exit status is not known then)"):format(found.container))
  end
  return failure.new("problem", ("exec: the session ended before the command began%s"):format(said ~= "" and ": " .. said or ""))
end

return why
