--- Systems Manager, simulated: the sessions of ECS Exec.

local exec = require "sim.ecs.exec"
local fail = require "sim.fail"

local operations = {}

local function fail_missing(id) fail("DoesNotExistException", "Session %s does not exist", id) end

function operations.resume_session(world, input)
  local session = exec.resume(world, input.SessionId) or fail_missing(input.SessionId)
  return { SessionId = session.id, TokenValue = session.token, StreamUrl = session.url }
end

function operations.terminate_session(world, input)
  if not exec.finish(world, input.SessionId) then fail_missing(input.SessionId) end
  return { SessionId = input.SessionId }
end

return { operations = operations, open = exec.open }
