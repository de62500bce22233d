--- Incident response: from the alarm to the post-mortem, with clocks, a timeline, and the fix started from inside.
---
--- Guide: Incident Response (Incident Severity Levels, Incident Response Checklist, Emergency Contacts).
---
--- What the guide asks for is looked at by itself where that can be; what is left is asked for. Whoever resumes the run goes on with it: ticks,
--- observations and their authors stay.

local checklist = require "checklist"
local diagnosis = require "diagnosis"
local ecs = require "ecs"
local elb = require "elb"
local file = require "file"
local http = require "http"
local incident = require "incident"
local logs = require "logs"
local metrics = require "metrics"
local revisions = require "revisions"
local rollout = require "rollout"
local service = require "service"
local status = require "status"

local BOXES = { immediate = 5 * 60, investigation = 15 * 60 }
local NAMES = { "critical: the service is completely down", "high: the service is degraded", "medium: the service is impacted", "low: monitoring alerts", "none" }
local CONTACTS = {
  "AWS Support, for AWS's infrastructure: https://console.aws.amazon.com/support (severity by the impact on the business)",
  "Google Workspace Support, for Google's APIs: https://workspace.google.com/support; status: https://www.google.com/appsstatus",
}
local MOST_OBSERVATIONS = 20

-- ---- what is

local function count_lines(p, pattern, since)
  local events = logs.find({ group = p.log_group, pattern = pattern, since = since }, 1000)
  return #events
end

local function error_rate(p, since)
  local balancer = elb.load_balancer(p.target_group)
  if not balancer then return nil end
  local known, range = metrics.of_target_group(p.target_group, balancer), { since = since, period = 60 }
  local share = metrics.share(metrics.read(known.errors, range), metrics.read(known.requests, range))
  return share[#share] and share[#share][2]
end

local function read_facts(p, which)
  local now, since = time.now(), time.now() - 600
  local state, known = status.read(which, p), metrics.of_service(which)
  local failed = 0
  for _, task in ipairs(rollout.stopped(which)) do
    if now - (task.stoppedAt or now) < 1800 and task.stopCode ~= "ServiceSchedulerInitiated" and task.stopCode ~= "UserInitiated" then failed = failed + 1 end
  end
  return {
    running = state.service.runningCount, desired = state.service.desiredCount, unhealthy_tasks = status.unhealthy_tasks(state),
    healthy_targets = status.healthy_targets(state), unhealthy_targets = status.unhealthy_targets(state), answers = http.answers(p.health_url)() == true, restarts = failed,
    errors = count_lines(p, logs.ERRORS, since), oauth_errors = count_lines(p, "?invalid_client ?invalid_grant", since), error_rate = error_rate(p, since),
    cpu_high = metrics.consistently(metrics.read(known.cpu, { since = since, period = 60 }), "above", 70) == true,
    memory_high = metrics.consistently(metrics.read(known.memory, { since = since, period = 60 }), "above", 80) == true,
  }
end

-- ---- the timeline

-- A moment that stays what it was when the run goes on.
local function mark(rb, timeline, text)
  local moment = rb:decide("Timeline: " .. text, function() return { at = time.now(), by = rb.user } end)
  timeline[#timeline + 1] = { at = moment.at, text = text, by = moment.by }
end

local function clock(rb, began, phase)
  local spent, box = time.now() - began, BOXES[phase]
  if box and spent > box then rb:warn("%s: %s since the incident was opened, %s were planned", phase, time.format_duration(math.floor(spent)), time.format_duration(box)) end
  rb:note("clock: %s since the incident was opened%s", time.format_duration(math.floor(spent)), box and (", %s for this part"):format(time.format_duration(box)) or "")
end

local function observe(rb, timeline)
  for number = 1, MOST_OBSERVATIONS do
    local text = rb:ask(("observation %d for the timeline (empty: go on)"):format(number), { default = "" })
    if text == "" then return end
    mark(rb, timeline, text)
  end
end

-- ---- the three parts

-- An item that is done when somebody has looked; what was seen is its note, whatever it is.
local function looked(text, probe)
  return { text = text, probe = function()
    local ok, note = probe()
    return true, ("%s%s"):format(ok and "" or "NOT WELL: ", note or "looked at")
  end }
end

local function assess(rb, p, which)
  local found = rb:decide("Assessment", function() return incident.assess(read_facts(p, which)) end)
  rb:note("assessed: severity %d, %s", found.severity, NAMES[found.severity])
  for _, reason in ipairs(found.reasons) do rb:note("because %s", reason) end
  local said = p.severity or tonumber(rb:ask(("severity, 1 to 4 (assessed: %d)"):format(found.severity), { default = tostring(math.min(found.severity, 4)) }))
  if not said or said < 1 or said > 4 or said % 1 ~= 0 then rb:refuse("severity: expected 1, 2, 3 or 4") end
  return math.tointeger(said), found
end

local function immediate(rb, p, which, severity, notified)
  local state = status.read(which, p)
  local service_now = state.service
  return rb:checklist("Immediate actions", {
    { text = ("assess the severity: %d, %s"):format(severity, NAMES[severity]), probe = function() return true end },
    looked("check the service status", function() return service_now.status == "ACTIVE", ("%s, %s"):format(service_now.status, ecs.short(service_now.taskDefinition)) end),
    looked("check the running task count", function()
      local healthy = status.healthy_tasks(state)
      return healthy >= service_now.desiredCount, ("%d of %d, %d healthy"):format(service_now.runningCount, service_now.desiredCount, healthy)
    end),
    looked("check the log for errors", logs.no_errors(function() return { group = p.log_group, since = time.now() - 600 } end)),
    severity <= 2 and { text = "notify the team", manual = not notified or nil, probe = notified and function() return true, "told by this run" end or nil }
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
    looked("review recent deployments", function()
      local newest = rows[1]
      return not newest or newest[3] == "SUCCESSFUL", newest and table.concat(newest, ", ") or "none is known"
    end),
    looked("check CPU and memory", probe "resources"), looked("check the load balancer's targets", probe "access"),
    looked("review the application's log", probe "logs"), looked("test the service's endpoint", http.answers(p.health_url)),
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
    mark(rb, timeline, "fix begun: " .. fix)
    local params = { cluster = p.cluster, service = p.service }
    if fix == "scale" then params.count = p.count or ecs.get_service(which).desiredCount + 1 end
    rb:run(fix, params)
    mark(rb, timeline, "fix done: " .. fix)
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

local function graphs(which, since)
  local known, list = metrics.of_service(which), {}
  for _, metric in ipairs { known.cpu, known.memory } do
    list[#list + 1] = { name = metric.title, unit = metric.unit, points = metrics.series(metrics.read(metric, { since = since, period = 60 }), "Average") }
  end
  return list
end

local function write_document(rb, p, which, of)
  rb:step("Write the post-mortem document", {
    check = function() return file.try_read(p.document) ~= nil and "there is one already: " .. p.document end,
    confirm = "write " .. p.document,
    change = function()
      local since = of.opened_at - 3600
      local timeline = table.move(of.timeline, 1, #of.timeline, 1, incident.events(ecs.get_service(which), since))
      file.write(p.document, incident.document {
        title = ("Incident of severity %d: %s"):format(of.severity, p.service), service = p.cluster .. "/" .. p.service, opened_at = of.opened_at, severity = of.severity,
        facts = { { name = "assessed", value = table.concat(of.assessment.reasons, "; ") } }, timeline = timeline, checks = of.checks, causes = of.causes,
        actions = { "fix the root cause", "say how it could have been noticed earlier", "update the runbooks where they fell short" }, graphs = graphs(which, since),
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
    local which, timeline, checks = { cluster = p.cluster, service = p.service }, {}, {}
    local opened_at = rb:decide("When the incident was opened", time.now)
    mark(rb, timeline, p.alarm and ("opened by the alarm %s"):format(p.alarm) or "opened")
    local severity, assessment = assess(rb, p, which)
    mark(rb, timeline, ("severity %d: %s"):format(severity, table.concat(assessment.reasons, "; ")))

    local function keep(results) table.move(results, 1, #results, #checks + 1, checks) end
    local values = { service = p.service, severity = severity, text = table.concat(assessment.reasons, "; ") }
    local channels, message = service.message(p, "incident", values, { severity = severity == 1 and "critical" or "error", key = p.service })
    local notified = severity <= 2 and next(channels) ~= nil
    if severity <= 2 then rb:notify(channels, message) end
    keep(immediate(rb, p, which, severity, notified))
    clock(rb, opened_at, "immediate")

    local findings, results = investigate(rb, p, which)
    keep(results)
    observe(rb, timeline)
    clock(rb, opened_at, "investigation")
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
    mark(rb, timeline, is_over and "resolved" or "not resolved yet")
    if is_over and severity <= 2 then
      rb:notify(service.message(p, "resolved", { service = p.service, severity = severity, text = "" }, { key = p.service, resolved = true }))
    end

    write_document(rb, p, which, { severity = severity, assessment = assessment, opened_at = opened_at, timeline = timeline, checks = checks, causes = causes })
    rb:checklist("Post-incident", {
      { text = "document the incident's timeline", probe = function() return file.try_read(p.document) ~= nil, p.document end },
      { text = "identify the root cause", manual = true },
      { text = "create action items for prevention", manual = true },
      { text = "update the runbooks if needed", manual = true },
      severity <= 2 and { text = "conduct a post-mortem", manual = true } or { text = "conduct a post-mortem", probe = function() return true, "asked for at severity 1 and 2" end },
    })
  end,
}
