--- Routine: what the guide asks for each day, week, month and quarter, by itself where that can be.
---
--- Guide: Maintenance Procedures > Routine Maintenance Tasks.
---
--- An item that is not as it should be is a finding with the runbook that mends it, and exit code 3; what only a person can do is left at the end.

local aws = require "aws"
local checklist = require "checklist"
local ecs = require "ecs"
local fargate = require "fargate"
local iam_keys = require "iam_keys"
local logs = require "logs"
local metrics = require "metrics"
local revisions = require "revisions"
local service = require "service"
local status = require "status"

local DAY = 86400
local KEY_AGE_DAYS, TOKEN_AGE_DAYS = 90, 90
local WORSE = 1.5 -- times what it was

local function which_of(p) return { cluster = p.cluster, service = p.service } end

-- ---- daily

local function alarms(rb, p)
  local own, firing = 0, {}
  for alarm in aws.cloudwatch.pages.describe_alarms {} do
    for _, dimension in ipairs(alarm.Dimensions or {}) do
      if dimension.Value == p.service or dimension.Value == p.target_group:match "(targetgroup/.*)$" then
        own = own + 1
        if alarm.StateValue == "ALARM" and not alarm.AlarmName:find "^TargetTracking" then firing[#firing + 1] = alarm.AlarmName end
      end
    end
  end
  if #firing > 0 then
    rb:found { severity = "high", text = ("%d alarms are firing"):format(#firing), evidence = table.concat(firing, ", "), fix = "gwrun incident_response --alarm " .. firing[1] }
  end
  return #firing == 0, ("%d alarms of the service, %d firing"):format(own, #firing)
end

local function health(rb, p)
  local findings = status.judge(status.read(which_of(p), p))
  for _, finding in ipairs(findings) do rb:found(finding) end
  return #findings == 0, ("%d findings"):format(#findings)
end

local function count_errors(p, since, upto)
  local count = 0
  for _ in logs.each { group = p.log_group, pattern = logs.ERRORS, since = since, upto = upto } do count = count + 1 end
  return count
end

local function error_rate(rb, p)
  local now = time.now()
  local today, yesterday = count_errors(p, now - DAY, now), count_errors(p, now - 2 * DAY, now - DAY)
  local text = ("%d error lines in the last day, %d the day before"):format(today, yesterday)
  local is_worse = today > 10 and today > WORSE * yesterday
  if is_worse then rb:found { severity = "medium", text = "more errors are logged than the day before", evidence = text, fix = "gwrun logs --errors --since 1d" } end
  return not is_worse, text
end

-- ---- weekly

local function trends(rb, p)
  local known, now, texts, is_well = metrics.of_service(which_of(p)), time.now(), {}, true
  for _, metric in ipairs { known.cpu, known.memory } do
    local last = metrics.mean((metrics.read(metric, { since = now - 7 * DAY, upto = now, period = 3600 })))
    local before = metrics.mean((metrics.read(metric, { since = now - 14 * DAY, upto = now - 7 * DAY, period = 3600 })))
    texts[#texts + 1] = ("%s %s%% after %s%%"):format(metric.title, last and ("%.1f"):format(last) or "-", before and ("%.1f"):format(before) or "-")
    if last and before and before > 0 and last / before > WORSE then
      is_well = false
      rb:found { severity = "low", text = metric.title .. " has risen by half within a week", evidence = texts[#texts], fix = "gwrun metrics --since 14d" }
    end
  end
  return is_well, table.concat(texts, ", ")
end

local function new_revisions(_, p)
  local present, names = ecs.get_service(which_of(p)).taskDefinition, {}
  for _, arn in ipairs(revisions.active(ecs.family(present))) do
    local definition = revisions.describe(arn)
    if (definition.registeredAt or 0) > time.now() - 7 * DAY then names[#names + 1] = ecs.short(arn) end
    if #names == 10 then break end
  end
  return true, (#names > 0 and "new since a week: " .. table.concat(names, ", ") or "none within a week") .. "; in force: " .. ecs.short(present)
end

local function retention(rb, p)
  local group = logs.get_group(p.log_group)
  local text = ("%s, %.1f MiB stored"):format(group.retentionInDays and ("%d days"):format(group.retentionInDays) or "kept for ever", (group.storedBytes or 0) / 1048576)
  if not group.retentionInDays then rb:found { severity = "low", text = "the log is kept for ever", evidence = text, fix = "gwrun log_retention --days 60" } end
  return group.retentionInDays ~= nil, text
end

-- ---- monthly

local function utilisation(_, p)
  local now = ecs.get_service(which_of(p))
  local definition, known = revisions.describe(now.taskDefinition), metrics.of_service(which_of(p))
  local cpu = metrics.mean((metrics.read(known.cpu, { since = time.now() - 30 * DAY, period = DAY })))
  local size = { cpu = tonumber(definition.cpu), memory = tonumber(definition.memory) }
  local fits = size.cpu and fargate.check(math.tointeger(size.cpu), math.tointeger(size.memory))
  return true, ("CPU %s%% on average over 30 days, %s vCPU and %s GB a task%s: gwrun cost_review"):format(cpu and ("%.1f"):format(cpu) or "-",
    size.cpu and size.cpu / 1024 or "-", size.memory and size.memory / 1024 or "-", fits and "" or ", a size that Fargate does not have")
end

local function key_ages(rb, p)
  local oldest, list = 0, iam_keys.with_use(iam_keys.list(p.pipeline_user))
  for _, key in ipairs(list) do
    local age = math.floor((time.now() - key.created_at) / DAY)
    oldest = math.max(oldest, age)
    if age > KEY_AGE_DAYS then
      rb:found { severity = "medium", text = ("the access key %s is %d days old"):format(key.id, age), evidence = key.status, solution = ("rotate keys after %d days"):format(KEY_AGE_DAYS), fix = "gwrun rotate_aws_keys" }
    end
  end
  return oldest <= KEY_AGE_DAYS, ("%d keys, the oldest %d days"):format(#list, oldest)
end

local function tokens(rb, p)
  local count, bytes, old = 0, 0, 0
  for object in aws.s3.pages.list_objects_v2 { Bucket = p.token_bucket } do
    count, bytes = count + 1, bytes + object.Size
    if time.now() - object.LastModified > TOKEN_AGE_DAYS * DAY then old = old + 1 end
  end
  local text = ("%d objects, %.1f KiB, %d older than %d days"):format(count, bytes / 1024, old, TOKEN_AGE_DAYS)
  if old > 0 then rb:found { severity = "low", text = ("%d tokens are older than %d days"):format(old, TOKEN_AGE_DAYS), evidence = text, fix = "gwrun s3_cleanup --expire-after 90" } end
  return old == 0, text
end

local function is_wide(value)
  for _, one in ipairs(type(value) == "table" and value or { value }) do
    if one == "*" or tostring(one):find "^%w+:%*$" then return true end
  end
  return false
end

local function role_policies(rb, p)
  local definition = revisions.describe(ecs.get_service(which_of(p)).taskDefinition)
  local role = (definition.taskRoleArn or ""):match "([^/]+)$"
  if not role then return false, "the task definition names no task role" end
  local count, wide = 0, {}
  for name in aws.iam.pages.list_role_policies { RoleName = role } do
    local statements = aws.iam.get_role_policy { RoleName = role, PolicyName = name }.PolicyDocument.Statement or {}
    for _, statement in ipairs(statements.Effect and { statements } or statements) do
      count = count + 1
      if statement.Effect == "Allow" and (is_wide(statement.Action) or is_wide(statement.Resource)) then wide[#wide + 1] = name end
    end
  end
  if #wide > 0 then
    rb:found { severity = "medium", text = ("the role %s allows more than it names"):format(role), evidence = table.concat(wide, ", "), solution = "name actions and resources in place of *" }
  end
  return #wide == 0, ("%s: %d statements, %d with a * for all"):format(role, count, #wide)
end

-- ---- what is done when

local function automatic(text, look) return { text = text, look = look } end
local function manual(text) return { text = text, manual = true } end

local PLANS = {
  { "daily", {
    automatic("review CloudWatch alarms", alarms), automatic("check the service's health", health), automatic("monitor error rates in the log", error_rate),
  } },
  { "weekly", {
    automatic("review CloudWatch metric trends", trends), automatic("check for new task definition revisions", new_revisions),
    automatic("review log retention and storage", retention),
  } },
  { "monthly", {
    automatic("review resource utilisation", utilisation), manual "update dependencies (security patches)", automatic("review and rotate AWS credentials", key_ages),
    automatic("check the S3 bucket's size and old tokens", tokens), automatic("review IAM policies and permissions", role_policies),
  } },
  { "quarterly", {
    manual "review and update the documentation", manual "conduct a disaster recovery drill (gwrun drill lists them)",
    manual "review cost optimisation opportunities (gwrun cost_review --days 60)", manual "update the incident response runbooks",
  } },
}

local function carry_out(rb, p, name, plan)
  local items, problems = {}, {}
  for i, one in ipairs(plan) do
    items[i] = { text = one.text, manual = one.manual, probe = one.look and function()
      local ok, note = one.look(rb, p)
      if not ok then problems[#problems + 1] = one.text end
      return true, (ok and "" or "see above: ") .. note -- it was done; what it found is told by itself
    end }
  end
  local results = rb:checklist(name:sub(1, 1):upper() .. name:sub(2), items)
  return #problems == 0 and checklist.is_satisfied(results)
end

return {
  title   = "Routine",
  summary = "Does the routine maintenance of a day, a week, a month or a quarter, and tells what is not as it should be.",
  guide   = "Maintenance Procedures > Routine Maintenance Tasks",
  region  = service.region,

  params = service.params({ "cluster", "service", "target_group", "log_group", "discovery_service", "token_bucket", "pipeline_user" }, {
    daily     = { type = "boolean", default = false, help = "alarms, health, error rates; what is done where nothing else is said" },
    weekly    = { type = "boolean", default = false, help = "metric trends, new revisions, log retention" },
    monthly   = { type = "boolean", default = false, help = "utilisation, keys, tokens, IAM policies" },
    quarterly = { type = "boolean", default = false, help = "documents, drill, costs, runbooks" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions",
      "elasticloadbalancing:DescribeTargetHealth", "servicediscovery:ListInstances", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics",
      "logs:FilterLogEvents", "logs:DescribeLogGroups", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:ListRolePolicies", "iam:GetRolePolicy",
      "s3:ListObjectsV2",
    },
  },

  run = function(rb, p)
    ecs.get_service(which_of(p))
    local any = p.daily or p.weekly or p.monthly or p.quarterly
    for _, plan in ipairs(PLANS) do
      if p[plan[1]] or not any and plan[1] == "daily" then carry_out(rb, p, plan[1], plan[2]) end
    end
  end,
}
