--- Deploy: a new image, other settings, another size, or the same anew; watched to its end and judged by the deployment's id.
---
--- Guide: Updating the Service > Deploy New Image, Update Environment Variables, Update Resource Allocation, Monitor Deployment,
--- Deployment Behavior.
---
--- Differs from the guide: a new revision is made from the one that runs, not from a file that may be old (`--file` takes one).
--- PRIMARY is the newest deployment, not "the one that serves"; ECS rolls back by itself only with the circuit breaker (`--breaker`
--- turns it on), and a deployment that was rolled back is a failure here although the service is steady. The guide's table of sizes
--- is completed.

local aws = require "aws"
local checklist = require "checklist"
local ecs = require "ecs"
local elb = require "elb"
local fargate = require "fargate"
local file = require "file"
local logs = require "logs"
local revisions = require "revisions"
local rollout = require "rollout"
local service = require "service"

-- ---- the revision that is wanted

local function read_file(rb, p, family)
  local text, err = file.try_read(p.file)
  if not text then rb:refuse("--file: %s", tostring(err)) end
  local given, problem = json.decode(text)
  if type(given) ~= "table" then rb:refuse("--file %s: %s", p.file, problem or "no JSON object") end
  given = revisions.registration(given.taskDefinition or given)
  if type(given.containerDefinitions) ~= "table" or not given.containerDefinitions[1] then rb:refuse("--file %s: it has no containerDefinitions", p.file) end
  if given.family ~= family then rb:refuse("--file %s: its family is '%s', the service's is '%s'", p.file, tostring(given.family), family) end
  return given
end

local function find_container(rb, p, wanted)
  for _, container in ipairs(wanted.containerDefinitions) do
    if not p.container or container.name == p.container then return container end
  end
  rb:refuse("--container %s: the task definition has no such container", p.container)
end

-- A tag or a digest alone is one of the image that runs.
local function full_image(name, present)
  if name:find "/" then return name end
  local repository = present:match "^(.-)@" or present:match "^(.*):[^:/]+$" or present
  return repository .. (name:find "^sha256:" and "@" or ":") .. name:gsub("^:", "")
end

-- AWS's names of variables are secrets, which can be compared, not read.
local function is_named(item, name)
  return type(item.name) == "string" and item.name == name or type(item.name) ~= "string" and item.name:is(name)
end

local function without(list, names)
  local kept = json.array {}
  for _, item in ipairs(list or {}) do
    local is_out = false
    for name in pairs(names) do is_out = is_out or is_named(item, name) end
    if not is_out then kept[#kept + 1] = item end
  end
  return kept
end

local function sorted_names(map)
  local names = {}
  for name in pairs(map or {}) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function set_environment(rb, p, container)
  local named = {}
  for _, name in ipairs(p.unset or {}) do named[name] = "unset" end
  for name in pairs(p.set or {}) do named[name] = "set" end
  for name in pairs(p.secret or {}) do
    if named[name] then rb:refuse("%s: both --secret and --%s", name, named[name]) end
    named[name] = "secret"
  end
  container.environment, container.secrets = without(container.environment, named), without(container.secrets, named)
  for _, name in ipairs(sorted_names(p.set)) do table.insert(container.environment, { name = name, value = p.set[name] }) end
  for _, name in ipairs(sorted_names(p.secret)) do table.insert(container.secrets, { name = name, valueFrom = p.secret[name] }) end
end

local function make_wanted(rb, p, present)
  local wanted = p.file and read_file(rb, p, present.family) or revisions.registration(present)
  local container = find_container(rb, p, wanted)
  if p.image then container.image = full_image(p.image, container.image) end
  set_environment(rb, p, container)
  if p.cpu then wanted.cpu = tostring(p.cpu) end
  if p.memory then wanted.memory = tostring(p.memory) end
  return wanted, container
end

-- ---- whether it can work

local function check_size(rb, wanted)
  local cpu, memory = math.tointeger(tonumber(wanted.cpu)), math.tointeger(tonumber(wanted.memory))
  if not cpu or not memory then return end
  local ok, why = fargate.check(cpu, memory)
  if not ok then rb:refuse("%s", why) end
end

local function check_image(rb, container, which)
  local digest, why, code = revisions.present_digest(container.image)
  if code == "ImageNotFoundException" or code == "RepositoryNotFoundException" then
    rb:refuse("image %s is not in the registry: push it, or name another (%s)", container.image, why)
  elseif not digest then
    rb:warn("image %s: %s", container.image, why)
    return
  end
  local runs = {}
  for _, task in ipairs(ecs.list_tasks(which)) do
    for _, one in ipairs(task.containers or {}) do
      if one.name == container.name and one.imageDigest then runs[one.imageDigest] = true end
    end
  end
  rb:note("image: %s, %s, %s", container.image, digest:sub(8, 19), runs[digest] and "the same that runs now" or "another than runs now")
  return runs[digest]
end

local function check_secrets(rb, p)
  for _, name in ipairs(sorted_names(p.secret)) do
    local id = p.secret[name]:match "^(arn:aws[%w-]*:secretsmanager:[^:]*:%d+:secret:[^:]+)"
    local found, err = nil, nil
    if id then found, err = aws.secretsmanager.try_describe_secret { SecretId = id } end
    if err and err.code == "ResourceNotFoundException" then rb:refuse("--secret %s: there is no secret %s", name, id) end
    if not found then rb:warn("secret %s=%s: whether it exists could not be asked", name, p.secret[name]) end
  end
end

-- ---- steps

local function show_differences(rb, differences)
  local rows = {}
  for i, one in ipairs(differences) do rows[i] = { one.path, one.from, one.to } end
  rb:table("What changes", { "setting", "is", "will be" }, rows)
end

local function register(rb, present, wanted, differences)
  return rb:step("Register a new revision of " .. present.family, {
    confirm = table.concat(revisions.lines(differences), "; "),
    check = function() return revisions.find_same(wanted) end,
    change = function() return aws.ecs.register_task_definition(wanted).taskDefinition.taskDefinitionArn end,
    undo = function(arn)
      if arn then aws.ecs.deregister_task_definition { taskDefinition = arn } end
    end,
  })
end

local function turn_breaker_on(rb, which, before)
  local function set(enable, rollback)
    aws.ecs.update_service {
      cluster = which.cluster, service = which.service,
      deploymentConfiguration = { deploymentCircuitBreaker = { enable = enable, rollback = rollback } },
    }
  end
  local function is(enable, rollback)
    local now = (ecs.get_service(which).deploymentConfiguration or {}).deploymentCircuitBreaker or {}
    return (now.enable or false) == enable and (now.rollback or false) == rollback
  end
  rb:step("Turn the deployment circuit breaker on", {
    confirm = ("deploymentCircuitBreaker: enable %s, rollback %s -> enable true, rollback true"):format(before.enable, before.rollback),
    check = function() return is(true, true) end,
    change = function() set(true, true) end,
    undo = { change = function() set(before.enable, before.rollback) end, check = function() return is(before.enable, before.rollback) end },
  })
end

return {
  title   = "Deploy",
  summary = "Deploys a new image, other settings or another size, or the same revision anew, and watches it to its end.",
  guide   = "Updating the Service",
  region  = service.region,
  production = service.production,

  params = service.params({ "cluster", "service", "target_group", "log_group", "health_url" }, {
    image     = { type = "string", help = "tag, digest or whole name of the image", example = "abc123def" },
    file      = { type = "file", help = "a task definition as JSON to begin with, instead of the one that runs" },
    set       = { type = "map", help = "environment variables to set", example = "LOG_LEVEL=debug" },
    unset     = { type = "list", help = "environment variables and secrets to remove" },
    secret    = { type = "map", help = "variables to take from Secrets Manager or Parameter Store, by ARN" },
    cpu       = { type = "integer", help = "CPU units: 256, 512, 1024, ..." },
    memory    = { type = "integer", help = "MiB" },
    container = { type = "string", help = "which container; default: the first" },
    breaker   = { type = "boolean", default = false, help = "turn the deployment circuit breaker on first, if it is off" },
    settle    = { type = "duration", default = "20m", min = 1, help = "how long to wait for the steady state" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListTasks", "ecs:DescribeTasks",
      "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition", "ecs:UpdateService", "iam:PassRole", "ecr:DescribeImages",
      "secretsmanager:DescribeSecret", "elasticloadbalancing:DescribeTargetHealth", "logs:DescribeLogGroups", "logs:FilterLogEvents",
      "logs:GetLogEvents",
    },
    http = { "{health_url}" }, read = { "{file}" },
  },

  lock = "ecs:{cluster}/{service}",

  targets = function(p)
    return { ecs.exists { cluster = p.cluster, service = p.service }, elb.exists(p.target_group), logs.exists(p.log_group) }
  end,

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    local now = ecs.get_service(which)
    local since = rb:decide("When it began", time.now)
    local before = rb:decide("What is there now", function()
      local found, breaker = rollout.present(which), (now.deploymentConfiguration or {}).deploymentCircuitBreaker or {}
      found.breaker = { enable = breaker.enable or false, rollback = breaker.rollback or false }
      return found
    end)
    local present = revisions.describe(before.revision)
    rb:note("present: %s, %d of %d tasks running", ecs.short(before.revision), now.runningCount, now.desiredCount)

    local wanted, container = make_wanted(rb, p, present)
    check_size(rb, wanted)
    check_secrets(rb, p)
    local differences = revisions.differences(present, wanted)
    local same_image = check_image(rb, container, which)
    local asked = p.image or p.file or p.set or p.unset or p.secret or p.cpu or p.memory
    if asked and #differences == 0 and same_image then
      rb:note("that is what runs already: nothing to do")
      return
    end
    if #differences > 0 then show_differences(rb, differences) end
    rb:watch(ecs.watched(which))

    if p.breaker then turn_breaker_on(rb, which, before.breaker) else rollout.check_breaker(rb, now) end
    local arn = #differences > 0 and register(rb, present, wanted, differences) or before.revision
    local deployment = rollout.deploy(rb, "Deploy " .. ecs.short(arn), which, before, arn)
    local steady = rollout.watch(rb, which, deployment, { timeout = p.settle, log_group = p.log_group, target_group = p.target_group })
    if not steady or rb.planning then return end
    rb:checklist("After the deployment", checklist.deployed(which, p, revisions.describe(arn), since))
  end,
}
