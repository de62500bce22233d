--- Rollback checklist: is the rollback complete, and is it written down?
---
--- Guide: Rollback Procedures > Rollback Checklist.
---
--- Six of the guide's eight items are proven; for the two of a person an incident document is opened, with what is known filled in.

local checklist = require "checklist"
local cloudtrail = require "cloudtrail"
local ecs = require "ecs"
local exec = require "exec"
local file = require "file"
local incident = require "incident"
local revisions = require "revisions"
local service = require "service"

-- What the health endpoint says inside the task is one item more, where that can be asked.
local function add_inside(rb, which, now, url, items)
  local ok, note = exec.ask_health(which, now, url)
  if ok == nil then return rb:note("the health endpoint was %s", note) end
  table.insert(items, #items - 1, { text = "the health endpoint answers inside the task", probe = function() return ok, note end })
end

local function deployments_since(which, since)
  local who = cloudtrail.callers { action = "UpdateService", mentions = { which.cluster, which.service } }
  local list = {}
  for _, one in ipairs(revisions.history(which)) do
    if one.created_at >= since then
      list[#list + 1] = {
        at = one.created_at, by = who(one.created_at), text = ("deployment of %s: %s%s"):format(ecs.short(one.task_definition), one.status,
          one.reason and " (" .. one.reason .. ")" or ""),
      }
    end
  end
  return list
end

local function open_document(rb, p, which, results)
  local now = ecs.get_service(which)
  local timeline = deployments_since(which, p.since)
  table.move(incident.events(now, p.since), 1, #now.events, #timeline + 1, timeline)
  local text = incident.document {
    title = "Incident: rollback of " .. p.service, service = p.cluster .. "/" .. p.service, opened_at = time.now(),
    facts = {
      { name = "runs", value = ecs.short(now.taskDefinition) },
      { name = "tasks", value = ("%d of %d running"):format(now.runningCount, now.desiredCount) },
    },
    timeline = timeline, checks = results, actions = { "fix what caused the rollback, and deploy it", "say how it could have been noticed before the deployment" },
  }
  rb:step("Open the incident document", {
    check = function() return file.try_read(p.document) ~= nil and "there is one already: " .. p.document end,
    confirm = "write " .. p.document,
    change = function() file.write(p.document, text) end,
  })
end

return {
  title   = "Rollback checklist",
  summary = "Proves what can be proven of a rollback, asks for the rest, and opens the incident document.",
  guide   = "Rollback Procedures > Rollback Checklist",
  region  = service.region,
  preflight = false,

  params = service.params({ "cluster", "service", "target_group", "log_group", "health_url" }, {
    revision = { type = "integer", min = 1, help = "the revision that should run; default: the one that the service has" },
    since    = { type = "time", default = "1h", help = "from when on the timeline goes" },
    quiet_for = { type = "duration", default = "5m", help = "how long the tasks must have logged no error" },
    settle   = { type = "duration", default = "1m", help = "how long to wait for what is not so yet" },
    document = { type = "string", default = "incident.md", help = "where the incident document is written; an existing one is kept" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:ListServiceDeployments",
      "ecs:DescribeServiceRevisions", "cloudtrail:LookupEvents", "elasticloadbalancing:DescribeTargetHealth", "logs:FilterLogEvents",
      "ecs:ExecuteCommand",
    },
    exec = { "read: curl *" },
    http = { "{health_url}" }, read = { "{document}" }, write = { "{document}" },
  },

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    local now = ecs.get_service(which)
    local name = p.revision and ("%s:%d"):format(ecs.family(now.taskDefinition), p.revision) or now.taskDefinition
    local target = revisions.describe(name)
    local items = checklist.rollback(which, p, target, time.now() - p.quiet_for)
    add_inside(rb, which, now, p.health_url, items)
    local results = rb:checklist("Rollback checklist", items)
    open_document(rb, p, which, results)
  end,
}
