--- `aws.ecs.exec`: a command inside a container, for runbooks.
---
--- It changes something, and belongs inside a step, unless the runbook's `needs.exec` says "read: " of it. Besides `ecs:ExecuteCommand`,
--- declare `ecs:DescribeTasks`, and for `service` in place of `task` also `ecs:ListTasks`.

local failure = require "failure"
local host = require "host.exec"
local options = require "options"
local place = require "exec.place"
local planned = require "planned"
local unknown = require "plan.unknown"
local why = require "exec.why"
local wrap = require "exec.wrap"

local run = {}

---@class ExecCommand
---@field cluster string
---@field task? string id or ARN
---@field service? string in place of `task`: a running task of it, the newest of several
---@field container? string needed where the task has several and the service's load balancer does not tell which
---@field command string|string[] a line for a shell, or the words of a command
---@field timeout? number|string 10 minutes unless given
---@field record? boolean the output is kept in the journal
---@field shell? boolean false: without a shell around it, for images that have none; the exit status is not known then

---@class Executed
---@field output string standard output and standard error, as they came
---@field status? integer that it ended with; 128 and a number: by that signal
---@field task string
---@field container string
---@field session string

local OPTIONS = {
  cluster = "string", task = "string", service = "string", container = "string", command = "string|table", timeout = "number|string",
  record = "boolean", shell = "boolean",
}
local SUBJECT = "aws.ecs.exec"
local TIMEOUT_S = 600
local YOUNG_S, PATIENCE_S = 120, 15 -- the agent of a task that has just started may not be connected yet

---The words of a command; a line is one for a shell.
---@param command string|string[]
---@return string[]
function run.words(command)
  if type(command) == "string" then return { "sh", "-c", command } end
  return { table.unpack(command) }
end

---Runs it at a place.
---@param found ExecPlace
---@param words string[]
---@param how { io: ExecIo, timeout?: number, record?: boolean, shell?: boolean }
---@return table? result of host.exec; nil in a plan
---@return table? err
---@return table? planned what stands for the result in a plan
function run.at(found, words, how)
  local wrapped = how.shell ~= false
  local result, err, state, shown = host.run({
    cluster = found.cluster, task = found.task.taskArn, container = found.container,
    command = wrapped and wrap.command(words, how.io) or wrap.line(words),
  }, {
    words = words, target = found.target, io = how.io, timeout = how.timeout, record = how.record,
    patience = time.now() - (found.task.startedAt or 0) < YOUNG_S and PATIENCE_S or nil,
  })
  if state == "planned" then return nil, nil, planned.act("ecs:ExecuteCommand", shown) end
  if err then return nil, why.explain(err, found) end
  if wrapped and result.status == nil and not result.begun then return nil, why.no_shell(result, found) end
  if wrapped and result.status == nil then
    local reason = result.reason ~= "" and ": " .. result.reason or ""
    return nil, failure.new("unforeseen", "exec: the session ended before the command did" .. reason)
  end
  return result
end

-- Tells of the caller's caller.
local function check_members(given)
  for _, name in ipairs { "cluster", "command" } do
    if given[name] == nil then error(("%s: '%s' is missing"):format(SUBJECT, name), 3) end
  end
end

local function perform(given)
  if unknown.origin(given) then return planned.act("ecs:ExecuteCommand", planned.plain(given)) end
  local found = place.find(given)
  local how = { io = "collect", timeout = options.seconds(given.timeout or TIMEOUT_S), record = given.record, shell = given.shell }
  local result, err, later = run.at(found, run.words(given.command), how)
  if not result then return later, err end
  return {
    output = type(result.output) == "string" and result.output:gsub("\r\n", "\n") or result.output, status = result.status,
    task = found.task.taskArn, container = found.container, session = result.session,
  }
end

---Runs it to its end, and gives back what it put out and how it ended. Raises where it could not be run.
---@param given ExecCommand
---@return Executed
function run.exec(given)
  given = options.check(SUBJECT, given, OPTIONS)
  check_members(given)
  local result, err = perform(given)
  if err then error(err, 2) end
  return result
end

---As exec, but nil and an error where it could not be run.
---@param given ExecCommand
---@return Executed? result
---@return table? err
function run.try_exec(given)
  given = options.check(SUBJECT, given, OPTIONS)
  check_members(given)
  local ok, result, err = pcall(perform, given)
  if ok then return result, err end
  if type(result) ~= "table" then error(result, 0) end
  return nil, result
end

return run
