--- ECS Exec, simulated: who gets a session. The session itself is the simulator's agent (host/sim/session.c) with a shell that is
--- played (sim.shell), or with processes of this machine.

local app = require "sim.app"
local clock = require "sim.clock"
local fail = require "sim.fail"
local find = require "sim.ecs.find"
local host = require "host.sim"
local random = require "sim.random"
local shell = require "sim.shell"

local exec = { operations = {} }

local UNREACHABLE = "The execute command failed because execute command was not enabled when the task was run or the execute command "
  .. "agent isn't running. Wait and try again or run a new task with execute command enabled and try again."

-- As the agent of the region would have it; where the simulator listens itself, it is there.
local function stream_url(world, id)
  local base = host.listens_at() or ("wss://ssmmessages.%s.amazonaws.com"):format(world.region)
  return ("%s/v1/data-channel/%s?role=publish_subscribe"):format(base, id)
end

local function find_container(task, wanted)
  if wanted and wanted ~= task.container.name then
    fail("InvalidParameterException", "The container %s was not found in the task.", wanted)
  end
end

function exec.operations.execute_command(world, input)
  local cluster = find.cluster(world, input.cluster)
  local task = find.task_in(cluster, input.task)
  if not task then fail("InvalidParameterException", "The referenced task was not found.") end
  if not input.interactive then fail("InvalidParameterException", "Interactive is the only mode supported currently.") end
  find_container(task, input.container)
  if not task.execute_command or task.last_status ~= "RUNNING" then fail("InvalidParameterException", "%s", UNREACHABLE) end
  local session = { id = "ecs-execute-command-" .. random.hex(17), token = random.hex(64), task = task, command = input.command }
  world.exec.sessions[session.id] = session
  host.open_session(session.id, session.token, input.command, task.id)
  return {
    clusterArn = cluster.arn, taskArn = task.arn, containerName = task.container.name, interactive = true,
    containerArn = ("%s/%s"):format(task.arn:gsub(":task/", ":container/"), task.container.id),
    session = { sessionId = session.id, tokenValue = session.token, streamUrl = stream_url(world, session.id) },
  }
end

---A session with a new token, for who has lost the connection; nil: there is none.
---@param world table
---@param id string
---@return { id: string, token: string, url: string }?
function exec.resume(world, id)
  local session = world.exec.sessions[id]
  if not session then return nil end
  session.token = random.hex(64)
  if not host.renew_session(id, session.token) then return nil end
  return { id = id, token = session.token, url = stream_url(world, id) }
end

---Ends a session: who asks for it, or the task that has stopped.
---@param world table
---@param id string
---@return boolean ended false: there is none
function exec.finish(world, id)
  if not world.exec.sessions[id] then return false end
  world.exec.sessions[id] = nil
  host.end_session(id)
  return true
end

---Ends the sessions of a task.
---@param task Task
function exec.task_ended(task)
  local world = task.service.world
  for id, session in pairs(world.exec.sessions) do
    if session.task == task then exec.finish(world, id) end
  end
end

-- ---- the played shell -----------------------------------------------------------------------------

---Starts the session's command; then takes what was typed ("" where only time has passed).
---@param world table
---@param id string
---@param typed? string nil: it begins
---@return { output: string, over: boolean, wait?: number } wait: seconds until it wants to be asked again
function exec.play(world, id, typed)
  local session = world.exec.sessions[id]
  if not session then return { output = "", over = true } end
  session.shell = session.shell or shell.new(world, session.task)
  if not typed then return shell.start(session.shell, session.command) end
  return shell.type(session.shell, typed)
end

---@param world table
function exec.open(world) world.exec = { sessions = {} } end

---How a task's agent is, for DescribeTasks.
---@param task Task
---@return table[]
function exec.agents(task)
  if not task.execute_command then return nil end
  local status = task.last_status == "RUNNING" and "RUNNING" or task.app and app.state(task.app) == "gone" and "STOPPED" or "PENDING"
  return { { name = "ExecuteCommandAgent", lastStatus = status, lastStartedAt = status == "RUNNING" and clock.stamp(task.started_at) or nil } }
end

return exec
