--- The health endpoint as it answers inside a task: where it does and nobody else gets an answer, the network is the trouble; where it does
--- not, the application.

local aws = require "aws"
local ecs = require "ecs"
local failure = require "failure"
local host = require "host.run"

local health = {}

local LIMIT_S = 5

-- The container that is checked, and the endpoint as it sees it: by its own name, on the port that the load balancer sends to.
local function address(service, url)
  local balancer = (service.loadBalancers or {})[1] or {}
  local port = balancer.containerPort or url:match "^%a+://[^/]+:(%d+)" or 80
  return balancer.containerName, ("http://localhost:%s%s"):format(port, url:match "^%a+://[^/]+(/.*)$" or "/")
end

local NO_PROGRAM = 127 -- of a shell that has not found it

---Asks it.
---@param which ServiceName
---@param service table as DescribeServices answers it
---@param url string of the health endpoint, from outside
---@return boolean? ok nil: it could not be asked
---@return string note what it said, or why it could not be asked
function health.ask(which, service, url)
  if service.enableExecuteCommand == false then
    return nil, ("not asked inside a task: ECS Exec is not enabled (gwrun call ecs update-service --cluster %s --service %s "
      .. "--enable-execute-command --force-new-deployment)"):format(which.cluster, which.service)
  end
  if host.mode == "plan" then return nil, "not asked inside a task: a plan opens no session" end
  local container, address_inside = address(service, url)
  local result, err = aws.ecs.try_exec {
    cluster = which.cluster, service = which.service, container = container, timeout = 4 * LIMIT_S,
    command = { "curl", "-sS", "-m", tostring(LIMIT_S), "-o", "/dev/null", "-w", "%{http_code}", address_inside },
  }
  if err then return nil, "not asked inside a task: " .. failure.text(err) end
  local place = ("inside task %s %s"):format(ecs.task_id(result.task), address_inside)
  if result.status == NO_PROGRAM then
    return nil, ("not asked inside a task: there is no curl in container '%s'"):format(result.container)
  end
  local status = result.output:match "(%d%d%d)%s*$"
  if result.status == 0 and status then return status == "200", ("%s answers %s"):format(place, status) end
  return false, ("%s does not answer: %s"):format(place, result.output:gsub("%s+", " "):match "^%s*(.-)%s*%d*%s*$")
end

return health
