--- Tasks that start and stop at once: their reasons, all of them and the newest first, with what their logs say; whether image, secrets
--- and roles are there.

local aws = require "aws"
local ecs = require "ecs"
local revisions = require "revisions"
local roles = require "diagnosis.roles"
local rollout = require "rollout"

local LINES = 300 -- the cause may stand some way before the last line

-- What ECS stops by itself when it scales or deploys is no trouble.
local function is_failure(task)
  local reason = task.stoppedReason or ""
  return task.stopCode == "TaskFailedToStart" or task.stopCode == "EssentialContainerExited" or reason:find "health check" ~= nil
      or task.stopCode ~= "UserInitiated" and task.stopCode ~= "ServiceSchedulerInitiated"
end

local function kind_of(task)
  local exit = ""
  for _, container in ipairs(task.containers or {}) do
    if container.exitCode then exit = (" (exit %d)"):format(container.exitCode) end
  end
  return (task.stoppedReason or "no reason given"):gsub("%x%x%x%x%x%x%x%x+", "..."):gsub("%d+%.%d+%.%d+%.%d+", "...") .. exit
end

local function group(tasks)
  local kinds, list = {}, {}
  for _, task in ipairs(tasks) do
    local name = kind_of(task)
    if not kinds[name] then
      kinds[name] = { name = name, newest = task, count = 0 }
      list[#list + 1] = kinds[name]
    end
    kinds[name].count = kinds[name].count + 1
  end
  return list
end

local function add_stopped(context)
  local failed = {}
  for _, task in ipairs(rollout.stopped(context.which)) do
    if is_failure(task) and (task.stoppedAt or time.now()) >= context.since then failed[#failed + 1] = task end
  end
  for _, kind in ipairs(group(failed)) do
    local task = kind.newest
    local lines = rollout.last_lines(task, revisions.describe(task.taskDefinitionArn), context.p.log_group, LINES)
    local cause = rollout.cause_of(task, lines)
    local last = lines[#lines] and (", its last line: " .. lines[#lines].message:sub(1, 120)) or ""
    context.add {
      severity = context.service.runningCount == 0 and "critical" or "high", text = ("%d tasks stopped: %s"):format(kind.count, kind.name),
      evidence = ("the last: task %s of %s%s"):format(ecs.task_id(task.taskArn), ecs.short(task.taskDefinitionArn), last),
      cause = cause and cause.cause, solution = cause and cause.advice, fix = "gwrun rollback",
    }
  end
  if #failed == 0 then context.fine "no task failed" end
end

local function check_images(context)
  for _, container in ipairs(context.definition.containerDefinitions) do
    local digest, why, code = revisions.present_digest(container.image)
    if code == "ImageNotFoundException" or code == "RepositoryNotFoundException" then
      context.add {
        severity = "high", text = ("the image %s is not in the registry"):format(container.image), evidence = why,
        solution = "push it, or go back to a revision whose image is there", fix = "gwrun rollback",
      }
    elseif digest then
      context.fine "the image is there"
    end
  end
end

-- The secrets that a definition names, by container and variable.
local function each_secret(definition)
  return coroutine.wrap(function()
    for _, container in ipairs(definition.containerDefinitions) do
      for _, one in ipairs(container.secrets or {}) do coroutine.yield(one) end
    end
  end)
end

local function check_secrets(context)
  local count = 0
  for one in each_secret(context.definition) do
    local id = one.valueFrom:match "^(arn:[^:]*:secretsmanager:[^:]*:%d+:secret:[^:]+)"
    local found, err = nil, nil
    if id then found, err = aws.secretsmanager.try_describe_secret { SecretId = id } end
    if err and err.code == "ResourceNotFoundException" or found and found.DeletedDate then
      context.add {
        severity = "critical", text = ("the secret for %s %s"):format(one.name, found and "is to be deleted" or "does not exist"), evidence = id,
        cause = "a task that starts cannot read it, and stops", solution = found and "restore it (RestoreSecret)" or "create it, or correct valueFrom in the task definition",
      }
    elseif found then
      count = count + 1
    end
  end
  if count > 0 then context.fine(("%d secrets are there"):format(count)) end
end

local function check_execution_role(context)
  local questions = { { action = "ecr:GetAuthorizationToken" }, { action = "ecr:BatchGetImage" }, { action = "logs:CreateLogStream" } }
  for one in each_secret(context.definition) do
    local id = one.valueFrom:match "^(arn:[^:]*:secretsmanager:[^:]*:%d+:secret:[^:]+)"
    if id then questions[#questions + 1] = { action = "secretsmanager:GetSecretValue", resource = id } end
  end
  roles.check(context, "execution role", context.definition.executionRoleArn, questions, {
    cause = "the task cannot be prepared: image, log or secrets are out of reach",
    solution = "attach AmazonECSTaskExecutionRolePolicy, and allow secretsmanager:GetSecretValue on the secrets",
  })
end

---@param context DiagnosisContext
return function(context)
  add_stopped(context)
  check_images(context)
  check_secrets(context)
  check_execution_role(context)
end
