--- Maintenance: before, during and after, with a backup, the change itself, and half an hour of watching.
---
--- Guide: Maintenance Procedures > Scheduled Maintenance.
---
--- Before: the task definition and the service are kept as files, and the texts for the users made. During: the change is another runbook
--- (`--change deploy --with image=abc123`), verified, and rolled back where it is not well. After: the service is watched. Each part can be done
--- alone (`--phase`).

local checklist = require "checklist"
local ecs = require "ecs"
local elb = require "elb"
local file = require "file"
local logs = require "logs"
local revisions = require "revisions"
local rollout = require "rollout"
local service = require "service"

local CHANGES = { "deploy", "rollback", "scale", "autoscaling", "rotate_google_oauth", "fix_path_prefix", "none" }

local ANNOUNCEMENTS = {
  before = "Maintenance of {service} begins at {begin} (UTC) and takes about {length}. {what} Short interruptions are possible; your data is safe.",
  after = "The maintenance of {service} is over. Everything works again as before; tell us if something does not.",
}

local function announce(rb, p, which_text)
  local notify_text = ANNOUNCEMENTS[which_text]:gsub("{(%w+)}", {
    service = p.service, begin = time.iso(math.floor(p.begin)), length = time.format_duration(math.floor(p.length)), what = p.what,
  })
  rb:note("announcement: %s", notify_text)
  return notify_text
end

-- What AWS tells of environment variables is secret: the backup has it all the same, in a file that only its owner can read.
local function backup(rb, p, which)
  local now = ecs.get_service(which)
  local definition = revisions.describe(now.taskDefinition)
  local name = ("%s-%s.json"):format(p.service, time.iso(math.floor(rb:decide("When the backup was made", time.now))):gsub("[:-]", ""))
  local path = p.folder .. "/" .. name
  rb:step("Back up the task definition and the service", {
    check = function() return file.try_read(path) ~= nil and "it is there: " .. path end,
    confirm = ("write %s and the service as it is to %s"):format(ecs.short(definition.taskDefinitionArn), path),
    change = function()
      file.write(path, json.encode({
        taskDefinition = definition,
        service = { cluster = p.cluster, service = p.service, taskDefinition = now.taskDefinition, desiredCount = now.desiredCount,
          deploymentConfiguration = now.deploymentConfiguration, loadBalancers = now.loadBalancers, networkConfiguration = now.networkConfiguration },
      }, { indent = 2, secret = true }))
    end,
  })
  return now, definition, path
end

local function before_it(rb, p, which)
  local now, definition, path = backup(rb, p, which)
  announce(rb, p, "before")
  rb:note("change plan: %s%s; gwrun %s --plan shows it whole", p.change == "none" and p.what or "gwrun " .. p.change, p.change == "none" and " (by hand)" or "",
    p.change == "none" and "RUNBOOK" or p.change)
  rb:note("rollback plan: gwrun rollback --to %d, or gwrun undo of this run; %d tasks, circuit breaker %s", definition.revision or ecs.revision(now.taskDefinition),
    now.desiredCount, rollout.check_breaker(rb, now) and "on" or "off")
  rb:checklist("Before the maintenance", {
    { text = "announce the maintenance window to users", manual = true },
    { text = "review the change plan", manual = true },
    { text = "create a backup of the task definition", probe = function() return file.try_read(path) ~= nil, path end },
    { text = "test the change in a non-production environment", manual = true },
    { text = "prepare the rollback plan", probe = function() return revisions.describe(now.taskDefinition).status == "ACTIVE", ecs.short(now.taskDefinition) .. " can be deployed again" end },
  })
end

local function verify(rb, p, which, title, more)
  local definition = revisions.describe(ecs.get_service(which).taskDefinition)
  local items = checklist.deployed(which, p, definition, time.now() - 60)
  for _, item in ipairs(more) do items[#items + 1] = item end
  return checklist.is_satisfied(rb:checklist(title, items))
end

-- What the other runbook gets. A secret is no text among others: it has a parameter of its own here.
local function params_of(p)
  local params = { client_id = p.client_id, client_secret = p.client_secret }
  if p.change ~= "fix_path_prefix" then params.cluster, params.service = p.cluster, p.service end
  for name, value in pairs(p.with or {}) do params[name] = value end
  return params
end

local function during_it(rb, p, which)
  if p.change ~= "none" then rb:run(p.change, params_of(p)) end
  if rb.planning then return true end
  local is_well = verify(rb, p, which, "During the maintenance", {
    { text = "make the changes as planned", manual = p.change == "none" or nil, probe = p.change ~= "none" and function() return true, "gwrun " .. p.change end or nil },
    { text = "test critical functionality", manual = true },
  })
  if is_well or not p.rollback then return is_well end
  rb:warn("the service is not well after the change: it is rolled back")
  rb:run("rollback", { cluster = p.cluster, service = p.service })
  return false
end

local function watch(rb, p, which)
  local ends = rb:decide("When the watch ends", function() return time.now() + p.watch end)
  local healthy = elb.healthy(p.target_group, function() return ecs.get_service(which).desiredCount end)
  return rb:try_wait(("The service stays well for %s"):format(time.format_duration(math.floor(p.watch))), function()
    local now = ecs.get_service(which)
    local ok, note = healthy()
    local left = ends - time.now()
    local text = ("%d of %d tasks, %s"):format(now.runningCount, now.desiredCount, note)
    if now.runningCount < now.desiredCount or not ok then return "failed", text end
    return left <= 0 and "done" or "waiting", ("%s; %d minutes to go"):format(text, math.ceil(math.max(left, 0) / 60))
  end, { timeout = p.watch + 120, every = 30 })
end

local function after_it(rb, p, which)
  if rb.planning then return end
  verify(rb, p, which, "After the maintenance", { { text = "all functionality works", manual = true } })
  if watch(rb, p, which) then announce(rb, p, "after") end
  rb:checklist("To close it", {
    { text = "update the documentation", manual = true }, { text = "announce the completion to users", manual = true },
    { text = "document any issues encountered", manual = true },
  })
end

return {
  title   = "Maintenance",
  summary = "Goes through a scheduled maintenance: backup and announcement, the change with its verification, and the watch afterwards.",
  guide   = "Maintenance Procedures > Scheduled Maintenance",
  region  = service.region,
  production = service.production,

  params = service.params({ "cluster", "service", "target_group", "log_group", "health_url" }, {
    phase    = { type = "enum", values = { "all", "pre", "during", "post" }, default = "all", help = "which part" },
    change   = { type = "enum", values = CHANGES, default = "none", help = "the runbook that makes the change; none: by hand" },
    with     = { type = "map", help = "its parameters", example = "image=abc123" },
    client_id = { type = "secret", help = "new client id, where the change is rotate_google_oauth" },
    client_secret = { type = "secret", help = "new client secret, where the change is rotate_google_oauth" },
    what     = { type = "string", default = "The service is updated.", help = "what is done, for the announcement" },
    begin    = { type = "time", default = "now", help = "when it begins, for the announcement", example = "+2h" },
    length   = { type = "duration", default = "30m", help = "how long it takes, for the announcement" },
    folder   = { type = "string", default = "backups", help = "folder that the backup is written to" },
    watch    = { type = "duration", default = "30m", min = "1m", help = "how long the service is watched afterwards" },
    rollback = { type = "boolean", default = true, help = "roll back where the service is not well after the change" },
    settle   = { type = "duration", default = "5m", help = "how long to wait for what is not so yet" },
  }),

  needs = {
    aws = {
      "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTasks", "ecs:DescribeTasks", "elasticloadbalancing:DescribeTargetHealth",
      "logs:DescribeLogGroups", "logs:FilterLogEvents",
    },
    http = { "{health_url}" }, read = { "{folder}/" }, write = { "{folder}/" },
  },

  runbooks = { "deploy", "rollback", "scale", "autoscaling", "rotate_google_oauth", "fix_path_prefix" },

  targets = function(p)
    return { ecs.exists { cluster = p.cluster, service = p.service }, elb.exists(p.target_group), logs.exists(p.log_group) }
  end,

  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    local function is_wanted(phase) return p.phase == "all" or p.phase == phase end
    if is_wanted "pre" then before_it(rb, p, which) end
    if is_wanted "during" then during_it(rb, p, which) end
    if is_wanted "post" then after_it(rb, p, which) end
  end,
}
