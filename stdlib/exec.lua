--- What is behind `gwrun exec`: a program inside a container on this terminal, or between pipes. Runbooks that want a command's
--- output use `aws.ecs.exec` (exec/run.lua).

local ecs = require "ecs"
local health = require "exec.health"
local is_production = require "runbook.production"
local place = require "exec.place"
local run = require "exec.run"
local wrap = require "exec.wrap"

local exec = { ask_health = health.ask }

local SHELL = { "/bin/sh" }

-- What the command line said; nothing of it in a run that is resumed.
local function command_line()
  local ok, given = pcall(require, "host.exec_line")
  return ok and given or nil
end

local function question(found, words, production)
  local region, account = found.task.taskArn:match "^arn:[^:]*:ecs:([^:]*):([^:]*):"
  return ("run %s in container '%s' of task %s (%s, cluster %s), account %s%s, region %s"):format(wrap.line(words), found.container,
    ecs.task_id(found.task.taskArn), found.service or found.task.group or "no service", found.cluster, account or "unknown",
    account and is_production(production, account) and ", PRODUCTION" or "", region or "unknown")
end

---@class ExecLine
---@field cluster string
---@field service string
---@field task? string
---@field container? string
---@field record? boolean
---@field shell? boolean

---Runs what stands behind `--` on the command line, and hands its exit status on.
---@param rb Run
---@param p ExecLine
---@param production? string[] accounts
function exec.command(rb, p, production)
  local line = command_line()
  if not line then rb:refuse("a session is not gone on with: gwrun exec opens a new one") end
  local found = place.find { cluster = p.cluster, service = not p.task and p.service or nil, task = p.task, container = p.container }
  if found.note then rb:note("%s", found.note) end
  local words = #line.words > 0 and line.words or SHELL
  rb:step("Run " .. wrap.line(words), {
    confirm = question(found, words, production),
    change = function()
      local result, err, later = run.at(found, words, { io = line.io, record = p.record, shell = p.shell })
      if err then error(err, 0) end
      if not result then return later end
      line.set_status(result.status or 0)
      if result.status == nil then rb:warn("the exit status is not known: there was no shell to tell it") end
    end,
  })
end

return exec
