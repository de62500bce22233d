--- Calls in plan mode: readings are real, changes are described and not sent, and what only they would answer is unknown.

local describe = require "plan.describe"
local host = require "host.aws"
local unknown = require "plan.unknown"

local planned = {}

planned.is_unknown = unknown.is

-- By the step that makes them.
local calls = {}

---The calls that a step would make, recorded since the last `take`, oldest first.
---@param step string
---@return PlannedCall[]
function planned.take(step)
  local taken = {}
  for _, call in ipairs(calls[step] or {}) do
    if call.action then taken[#taken + 1] = call end -- a task that was cancelled leaves its place empty
  end
  calls[step] = nil
  return taken
end

local function note(format, ...)
  require "host.run".emit { event = "note", text = format:format(...) }
end

---The stand-in for what an operation would answer.
---@param operation table of host.aws
---@return table
function planned.answer(operation)
  local step, name = require "host.run".step()
  return unknown.new { step = step, name = name, action = operation.action }
end

local DEEPEST = 64 -- as host/script/convert.c has it

---A copy of the value in which unknown parts are their text, fit for an event.
---@param value any
---@param guarded? any the same with secrets in it
---@param depth? integer
---@return any
function planned.plain(value, guarded, depth)
  depth = depth or 1
  if unknown.is(value) then return unknown.TEXT end
  if type(value) ~= "table" then
    if guarded == nil then return value end
    return guarded
  end
  if depth > DEEPEST then error("a value that is to be kept is nested deeper than 64 levels, or contains itself", 0) end
  local copy = getmetatable(value) == "array" and json.array {} or {} -- an empty list stays one
  for key, member in next, value do copy[key] = planned.plain(member, guarded and guarded[key], depth + 1) end
  return copy
end

local function has_handle(value)
  if type(value) == "userdata" then return value ~= json.null and getmetatable(value) ~= "secret" end
  if type(value) ~= "table" then return false end
  for _, member in next, value do
    if has_handle(member) then return true end
  end
  return false
end

-- A wrong parameter is the plan's to find. What is unknown has no type yet, what is a file none that can be looked at.
local function check(operation, params)
  if unknown.origin(params) or has_handle(params) then return nil end
  local _, err = host.check(operation.service, operation.snake_name, params)
  return err
end

-- The place is kept before what is there now is asked for: another task may record meanwhile.
local function record(operation, params, guarded, client, how)
  local step = require "host.run".step() or ""
  calls[step] = calls[step] or {}
  local list = calls[step]
  local at = #list + 1
  list[at] = {}
  local call = describe.call(operation, guarded, client, step)
  call.params = planned.plain(params, guarded)
  call.target = planned.plain(call.target)
  if how and how.save_to then call.effect, call.note = "read", "writes the file '" .. how.save_to .. "'" end
  list[at] = call
end

---Records what is no call of AWS: a command, a request.
---@param action string
---@param params table
---@return table unknown stands for what comes of it
function planned.act(action, params)
  local step = require "host.run".step() or ""
  calls[step] = calls[step] or {}
  table.insert(calls[step], {
    action = action, words = action, effect = "change", params = planned.plain(params), target = {},
    changes = json.array {},
  })
  return planned.answer { action = action }
end

local WAITS = { waits = true }

-- A reading whose input is known later: only whether it is allowed can be told now.
local function read_later(operation, origin, client)
  local _, err = host.call(operation.service, operation.snake_name, {}, client, WAITS)
  if err then return nil, err end
  note("%s is read only after apply: what it is asked for is known then", operation.action)
  return unknown.new(origin)
end

local told, stale = {}, 0

---How many readings showed the world as it is before a change of this plan.
---@return integer
function planned.stale_readings() return stale end

local function tell_stale(operation, params, client)
  local step = describe.changed_by(operation, params, client)
  if step then stale = stale + 1 end
  local key = step and step .. " " .. operation.action
  if key and not told[key] then
    told[key] = true
    note("%s answers as it was before step %s, whose change is not made", operation.action, step)
  end
end

---Makes one call of a plan: as host.aws.call, but a change is recorded and answers an unknown.
---@param operation table of host.aws
---@param params table
---@param client? Client
---@param how? How
---@return any output
---@return table? err
---@return integer? http_status
function planned.call(operation, params, client, how)
  local origin = unknown.origin(params)
  local reads = operation.effect == "read" or operation.effect == "read_secret"
  if origin and reads then return read_later(operation, origin, client) end
  local sent = origin and planned.plain(params) or params
  local output, err, state, guarded = host.call(operation.service, operation.snake_name, sent, client, how)
  if state ~= "planned" then
    if reads and not err then tell_stale(operation, params, client) end
    return output, err, state
  end
  local problem = check(operation, sent)
  if problem then return nil, problem end
  record(operation, params, guarded, client, how)
  return planned.answer(operation)
end

return planned
