--- Incident response: from the alarm to the post-mortem, with clocks, a timeline, and the fix started from inside.
---
--- Guide: Incident Response (Incident Severity Levels, Incident Response Checklist, Emergency Contacts).
---
--- What the guide asks for is looked at by itself where that can be; what is left is asked for. Whoever resumes the run goes on with it: ticks,
--- observations and their authors stay.

local checklist = require "checklist"
local diagnosis = require "diagnosis"
local ecs = require "ecs"
local file = require "file"
local http = require "http"
local incident = require "incident"
local logs = require "logs"
local revisions = require "revisions"
local service = require "service"
local severity = require "severity"
local status = require "status"
local timelines = require "timelines"

local BOXES = { immediate = 5 * 60, investigation = 15 * 60 }
local CONTACTS = {
  "AWS Support, for AWS's infrastructure: https://console.aws.amazon.com/support (severity by the impact on the business)",
  "Google Workspace Support, for Google's APIs: https://workspace.google.com/support; status: https://www.google.com/appsstatus",
}

-- ---- the three parts

local function assess(rb, p, which)
  local found = rb:decide("Assessment", function() return severity.assess(severity.read(which, p)) end)
  rb:note("assessed: severity %d, %s", found.severity, severity.NAMES[found.severity])
  for _, reason in ipairs(found.reasons) do rb:note("because %s", reason) end
  local said = p.severity or tonumber(rb:ask(("severity, 1 to 4 (assessed: %d)"):format(found.severity), { default = tostring(math.min(found.severity, 4)) }))
  if not said or said < 1 or said > 4 or said % 1 ~= 0 then rb:refuse("severity: expected 1, 2, 3 or 4") end
  return math.tointeger(said), found
end

local function immediate(rb, p, which, level, notified)
  local state = status.read(which, p)
  local service_now = state.service
  return rb:checklist("Immediate actions", {
    { text = ("assess the severity: %d, %s"):format(level, severity.NAMES[level]), probe = function() return true end },
    checklist.looked("check the service status", function()
      return service_now.status == "ACTIVE", ("%s, %s"):format(service_now.status, ecs.short(service_now.taskDefinition))
    end),
    checklist.looked("check the running task count", function()
      local healthy = status.healthy_tasks(state)
      return healthy >= service_now.desiredCount, ("%d of %d, %d healthy"):format(service_now.runningCount, service_now.desiredCount, healthy)
    end),
    checklist.looked("check the log for errors", logs.no_errors(function() return { group = p.log_group, since = time.now() - 600 } end)),
    level <= 2 and { text = "notify the team", manual = not notified or nil, probe = notified and function() return true, "told by this run" end or nil }
        or { text = "notify the team", probe = function() return true, "not asked for at this severity" end },
  })
end

local function investigate(rb, p, which)
  local findings, areas = diagnosis.run(p, { since = time.now() - 1800 })
  local rows = {}
  for i, one in ipairs(revisions.history(which)) do
    if i > 5 then break end
    rows[i] = { time.iso(math.floor(one.created_at)), ecs.short(one.task_definition), one.status }
  end
  rb:table("Recent deployments", { "when", "revision", "outcome" }, rows)
  for _, finding in ipairs(findings) do
    rb:warn("%s: %s%s", finding.severity or "medium", finding.text, finding.fix and (" [%s]"):format(finding.fix) or "")
  end
  local states = {}
  for _, one in ipairs(areas) do states[one.area] = one end
  local function probe(area) return function() return states[area].state == "ok", states[area].note end end
  local results = rb:checklist("Investigation", {
    checklist.looked("review recent deployments", function()
      local newest = rows[1]
      return not newest or newest[3] == "SUCCESSFUL", newest and table.concat(newest, ", ") or "none is known"
    end),
    checklist.looked("check CPU and memory", probe "resources"), checklist.looked("check the load balancer's targets", probe "access"),
    checklist.looked("review the application's log", probe "logs"),
    checklist.looked("test the service's endpoint", http.answers(p.health_url)),
  })
  return findings, results
end

-- What a finding's own remedy is among the runbooks that can be started from here.
local function suggest(p, findings)
  for _, finding in ipairs(findings) do
    local name = (finding.fix or ""):match "^gwrun ([%w_]+)"
    if name == "rollback" then return "emergency_rollback" end
    if name == "scale" or name == "rotate_google_oauth" then return name end
  end
  return "none"
end

local FIXES = { "emergency_rollback", "rollback", "scale", "deploy", "none" }

local function is_fix(name)
  for _, one in ipairs(FIXES) do
    if one == name then return true end
  end
  return false
end

local function resolve(rb, p, which, suggested, timeline)
  local fix = p.fix or rb:ask(("fix to start: %s (suggested: %s)"):format(table.concat(FIXES, ", "), suggested), { default = is_fix(suggested) and suggested or "none" })
  if not is_fix(fix) then rb:refuse("fix '%s': expected one of %s", fix, table.concat(FIXES, ", ")) end
  if fix ~= "none" then
    timeline:mark("fix begun: " .. fix)
    local params = { cluster = p.cluster, service = p.service }
    if fix == "scale" then params.count = p.count or ecs.get_service(which).desiredCount + 1 end
    rb:run(fix, params)
    timeline:mark("fix done: " .. fix)
  end
  if rb.planning then return {} end
  rb:try_wait("The service is steady", function()
    local now = ecs.get_service(which)
    local text = ("%d running, %d desired, %d pending, %d deployments"):format(now.runningCount, now.desiredCount, now.pendingCount or 0, #(now.deployments or {}))
    return now.runningCount == now.desiredCount and (now.pendingCount or 0) == 0 and #(now.deployments or {}) == 1 and "done" or "waiting", text
  end, { timeout = p.settle })
  return rb:checklist("Resolution", {
    { text = "implement a fix", probe = function() return fix ~= "none" and true or nil, fix == "none" and "none was started from here" or fix end, manual = fix == "none" or nil },
    checklist.count(which, p.settle), checklist.healthy(which, p.settle), checklist.targets(which, p.target_group, p.settle), checklist.answers(p.health_url),
    { text = "test critical functionality", manual = true },
    { text = "update the incident's status", manual = true },
  })
end

-- ---- afterwards

local function write_document(rb, p, which, of)
  rb:step("Write the post-mortem document", {
    check = function() return file.try_read(p.document) ~= nil and "there is one already: " .. p.document end,
    confirm = "write " .. p.document,
    change = function()
      local since = of.opened_at - 3600
      local timeline = table.move(of.moments, 1, #of.moments, 1, incident.events(ecs.get_service(which), since))
      file.write(p.document, incident.document {
        title = ("Incident of severity %d: %s"):format(of.severity, p.service), service = p.cluster .. "/" .. p.service, opened_at = of.opened_at, severity = of.severity,
        facts = { { name = "assessed", value = table.concat(of.assessment.reasons, "; ") } }, timeline = timeline, checks = of.checks, causes = of.causes,
        actions = { "fix the root cause", "say how it could have been noticed earlier", "update the runbooks where they fell short" }, graphs = incident.graphs(which, since),
      })
    end,
  })
end

return {
  title   = "Incident response",
  summary = "Assesses the severity, tells the team, goes through the guide's three checklists with clocks, starts the fix, and writes the post-mortem.",
  guide   = "Incident Response",
  region  = service.region,
  production = service.production,

  params = service.notifying({
    "cluster", "service", "target_group", "log_group", "health_url", "discovery_service", "token_bucket", "client_id_secret", "client_secret_secret",
  }, {
    alarm    = { type = "string", help = "the alarm that it began with, for the timeline" },
    severity = { type = "integer", min = 1, max = 4, help = "default: assessed, and confirmed" },
    fix      = { type = "enum", values = FIXES, help = "the fix to start; default: asked for" },
    count    = { type = "integer", min = 1, help = "tasks, where the fix is scale" },
    settle   = { type = "duration", default = "15m", min = 1, help = "how long to wait until the service is steady" },
    document = { type = "string", default = "postmortem.md", help = "where the document is written; an existing one is kept" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:ListServiceDeployments", "ecs:DescribeServiceRevisions",
      "ecr:DescribeImages", "elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeLoadBalancers", "servicediscovery:ListInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
      "ec2:DescribeVpcAttribute", "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "s3:HeadBucket", "s3:ListObjectsV2", "s3:GetObject",
      "iam:SimulatePrincipalPolicy", "cloudwatch:GetMetricStatistics", "logs:FilterLogEvents", "logs:GetLogEvents",
      "ecs:ExecuteCommand",
    },
    exec = { "read: curl *" },
    aws_if = { sns = { "sns:Publish" } },
    http = { "{health_url}", table.unpack(service.message_hosts) }, read = { "{document}" }, write = { "{document}" },
  },

  runbooks = { "emergency_rollback", "rollback", "scale", "deploy" },

  run = function(rb, p)
    local which, timeline, checks = { cluster = p.cluster, service = p.service }, timelines.open(rb, "When the incident was opened"), {}
    timeline:mark(p.alarm and ("opened by the alarm %s"):format(p.alarm) or "opened")
    local level, assessment = assess(rb, p, which)
    timeline:mark(("severity %d: %s"):format(level, table.concat(assessment.reasons, "; ")))

    local function keep(results) table.move(results, 1, #results, #checks + 1, checks) end
    local values = { service = p.service, severity = level, text = table.concat(assessment.reasons, "; ") }
    local channels, message = service.message(p, "incident", values, { severity = level == 1 and "critical" or "error", key = p.service })
    local notified = level <= 2 and next(channels) ~= nil
    if level <= 2 then rb:notify(channels, message) end
    keep(immediate(rb, p, which, level, notified))
    timeline:clock("immediate", BOXES.immediate)

    local findings, results = investigate(rb, p, which)
    keep(results)
    timeline:observe()
    timeline:clock("investigation", BOXES.investigation)
    for _, contact in ipairs(CONTACTS) do rb:note("contact: %s", contact) end

    local suggested = rb:decide("What is suggested", function() return suggest(p, findings) end)
    local causes = rb:decide("What was found", function()
      local list = json.array {}
      for i, finding in ipairs(findings) do list[i] = finding.cause and ("%s (%s)"):format(finding.text, finding.cause) or finding.text end
      return list
    end)
    local resolution = resolve(rb, p, which, suggested, timeline)
    keep(resolution)
    local is_over = not rb.planning and checklist.is_satisfied(resolution)
    timeline:mark(is_over and "resolved" or "not resolved yet")
    if is_over and level <= 2 then
      rb:notify(service.message(p, "resolved", { service = p.service, severity = level, text = "" }, { key = p.service, resolved = true }))
    end

    write_document(rb, p, which, {
      severity = level, assessment = assessment, opened_at = timeline.began, moments = timeline.moments, checks = checks, causes = causes,
    })
    rb:checklist("Post-incident", {
      { text = "document the incident's timeline", probe = function() return file.try_read(p.document) ~= nil, p.document end },
      { text = "identify the root cause", manual = true },
      { text = "create action items for prevention", manual = true },
      { text = "update the runbooks if needed", manual = true },
      level <= 2 and { text = "conduct a post-mortem", manual = true } or { text = "conduct a post-mortem", probe = function() return true, "asked for at severity 1 and 2" end },
    })
  end,
}
