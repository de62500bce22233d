--- Health checks that fail: of the container, of the load balancer; the port, and the time that the program has to start.

local ecs = require "ecs"
local elb = require "elb"
local health = require "exec.health"
local http = require "http"

local ENOUGH_S = 90 -- the guide's startPeriod for programs that start slowly

-- What the load balancer saw, in words of what to do.
local SOLUTIONS = {
  ["Target.ResponseCodeMismatch"] = "the application answers its health path with an error: see its log",
  ["Target.Timeout"] = "nothing answers on the port in time: see the security group, PORT, and whether the program is stuck",
  ["Target.FailedHealthChecks"] = "nothing listens on the port: see PORT and portMappings",
  ["Target.NotInUse"] = "no rule of the listener sends to the target group: see gwrun fix_path_prefix",
}

local function main_container(context) return context.definition.containerDefinitions[1] end

local function check_tasks(context)
  local ill, check = 0, main_container(context).healthCheck or {}
  for _, task in ipairs(context.tasks) do
    if task.healthStatus == "UNHEALTHY" then
      ill = ill + 1
      local age = task.startedAt and time.now() - task.startedAt
      context.add {
        severity = "high", text = ("task %s is UNHEALTHY"):format(ecs.task_id(task.taskArn)),
        evidence = ("%s, runs for %s; checked by %s"):format(ecs.short(task.taskDefinitionArn), age and time.format_duration(math.floor(age)) or "-",
          table.concat(check.command or { "no command" }, " ")),
        cause = "the application does not answer its health check",
        solution = "see its log (gwrun logs --errors); where it was well before the deployment, roll back", fix = "gwrun rollback",
      }
    end
  end
  if ill == 0 then context.fine "no task is unhealthy" end
end

-- Only where tasks do not get through it: a short time is no trouble by itself.
local function check_start_period(context)
  local check = main_container(context).healthCheck
  if not check or (check.startPeriod or 0) >= ENOUGH_S then return end
  for _, event in ipairs(context.service.events or {}) do
    if (event.createdAt or 0) >= context.since and (event.message or ""):find "failed container health checks" then
      context.add {
        severity = "low", text = ("startPeriod is %d seconds"):format(check.startPeriod or 0), evidence = event.message,
        cause = "the program may need longer to start than its health check allows",
        solution = ("raise startPeriod to %d seconds, if it only starts slowly"):format(ENOUGH_S), fix = "gwrun deploy --file task-definition.json",
      }
      return
    end
  end
end

local function check_targets(context)
  local targets, healthy = elb.list_targets(context.p.target_group), 0
  for _, target in ipairs(targets) do
    local health = target.TargetHealth
    if health.State == "healthy" then healthy = healthy + 1 end
    if health.State == "unhealthy" then
      context.add {
        severity = "high", text = ("target %s is unhealthy"):format(target.Target.Id), evidence = ("%s: %s"):format(health.Reason or "-", health.Description or "-"),
        solution = SOLUTIONS[health.Reason or ""] or "see the application's log", fix = "gwrun logs --errors",
      }
    end
  end
  if #targets > 0 and healthy == #targets then context.fine(("%d targets are healthy"):format(healthy)) end
end

local function check_port(context)
  local container, group = main_container(context), elb.get_group(context.p.target_group)
  local mapped = {}
  for _, mapping in ipairs(container.portMappings or {}) do mapped[mapping.containerPort] = true end
  local balancer = (context.service.loadBalancers or {})[1]
  if balancer and not mapped[balancer.containerPort] then
    context.add {
      severity = "critical", text = ("the service sends to port %s, which the container does not map"):format(balancer.containerPort),
      evidence = ("target group port %s"):format(group.Port), solution = "correct portMappings, or the service's containerPort",
    }
  end
  for _, variable in ipairs(container.environment or {}) do
    local is_port = variable.name == "PORT" or type(variable.name) ~= "string" and variable.name:is "PORT"
    local port = balancer and tostring(balancer.containerPort)
    local fits = not port or variable.value == port or type(variable.value) ~= "string" and variable.value:is(port)
    if is_port and not fits then
      context.add {
        severity = "high", text = ("PORT is not %s, the port that is checked"):format(port), solution = "set PORT to the port of the target group",
        fix = ("gwrun deploy --set PORT=%s"):format(port),
      }
    end
  end
end

local function check_endpoint(context)
  local ok, note = http.answers(context.p.health_url)()
  if ok then return context.fine(note) end
  context.add {
    severity = "medium", text = "the health endpoint does not answer as it should", evidence = note,
    solution = "see the application's log; from outside of the VPC the name does not resolve, and this says nothing", fix = "gwrun logs --errors",
  }
end

-- From inside: whether the application is ill, or the way to it.
local function check_inside(context)
  local ok, note = health.ask(context.which, context.service, context.p.health_url)
  if ok ~= false then return context.fine(note) end
  context.add {
    severity = "high", text = "the health endpoint does not answer as it should inside its own task", evidence = note,
    cause = "the application itself, not the network", solution = "see its log; where it was well before the deployment, roll back",
    fix = "gwrun logs --errors",
  }
end

---@param context DiagnosisContext
return function(context)
  check_tasks(context)
  check_targets(context)
  check_port(context)
  check_endpoint(context)
  check_inside(context)
  check_start_period(context)
end
