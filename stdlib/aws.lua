--- AWS as functions: `aws.<service>.<operation>{ members as in the API reference }`.
---
--- Services carry botocore's names ("elbv2"), operations boto3's ("describe_services"). A failure raises one structured
--- error; `aws.ecs.try_describe_services{...}` returns nil and that error instead. Changing calls work only inside a step
--- of a runbook; in plan mode they are recorded and answer with a value that is known only after apply.

local host = require "host.aws"
local planned = require "planned"

---@class AwsError
---@field kind "service"|"network"|"timeout"|"protocol"|"credentials"|"input"|"denied"
---@field message string the whole error in one line
---@field service string?
---@field operation string?
---@field code string? AWS's error code
---@field http_status integer?
---@field request_id string?
---@field attempts integer?

local aws = {}

local TRY = "try_"

local function perform(operation, params, options)
  local output, err, state = host.call(operation.service, operation.snake_name, params or {}, options)
  if state == "planned" then
    planned.record(operation.action, params or {})
    return planned.unknown
  end
  return output, err
end

local function make_function(service, name, options)
  local operation = host.operation(service, name)
  if operation then
    return function(params)
      local output, err = perform(operation, params, options)
      if err then error(err, 2) end
      return output
    end
  end
  if name:sub(1, #TRY) == TRY then
    operation = host.operation(service, name:sub(#TRY + 1))
    if operation then
      return function(params) return perform(operation, params, options) end
    end
  end
  local _, err = host.operation(service, name)
  return nil, err
end

-- A misspelt name is a mistake in the script, told where it stands; `level` as for error(), seen from the caller.
local function check(err, level)
  if err then error(tostring(err), level + 1) end
end

local function new_client(service, options, level)
  local _, err = host.operations(service)
  check(err, level + 1)
  return setmetatable({}, {
    __index = function(client, name)
      local call, problem = make_function(service, name, options)
      check(problem, 2)
      rawset(client, name, call)
      return call
    end,
    __newindex = function() error("aws." .. service .. ": operations cannot be replaced", 2) end,
  })
end

---A client for one service, for another region or profile than the run's.
---@param service string for example "ecs"
---@param options? { region?: string, profile?: string }
---@return table client one function for each operation
function aws.client(service, options)
  return new_client(service, options, 2)
end

return setmetatable(aws, {
  __index = function(_, service)
    local client = new_client(service, nil, 2)
    rawset(aws, service, client)
    return client
  end,
})
