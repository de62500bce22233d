--- Waiting for a state of AWS's own definition: the same call again and again until an answer decides.

local failure = require "failure"
local options = require "options"

local waiter = {}

---@class Acceptor
---@field matcher "path"|"path_all"|"path_any"|"status"|"error"
---@field state "success"|"failure"|"retry"
---@field argument string JMESPath
---@field expected any

---@class Waiter
---@field operation string
---@field delay integer seconds between attempts
---@field max_attempts integer
---@field acceptors Acceptor[] the first that matches decides

local function is_same(a, b)
  if a == json.null then a = nil end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  return json.query({ a, b }, "[0] == [1]")
end

local function count_same(list, expected)
  local count = 0
  for _, item in ipairs(list) do
    if is_same(item, expected) then count = count + 1 end
  end
  return count
end

-- Answers: { output=, err=, status= }. What looks into an output never matches an error.
local matchers = {}

function matchers.path(answer, acceptor)
  return answer.err == nil and is_same(json.query(answer.output, acceptor.argument), acceptor.expected)
end

function matchers.path_all(answer, acceptor)
  local found = answer.err == nil and json.query(answer.output, acceptor.argument)
  return getmetatable(found) == "array" and #found > 0 and count_same(found, acceptor.expected) == #found
end

function matchers.path_any(answer, acceptor)
  local found = answer.err == nil and json.query(answer.output, acceptor.argument)
  return getmetatable(found) == "array" and count_same(found, acceptor.expected) > 0
end

function matchers.status(answer, acceptor)
  return answer.status == acceptor.expected
end

function matchers.error(answer, acceptor)
  if type(acceptor.expected) == "boolean" then return (answer.err ~= nil) == acceptor.expected end
  return answer.err ~= nil and answer.err.code == acceptor.expected
end

local function accept(definition, answer)
  for _, acceptor in ipairs(definition.acceptors) do
    if matchers[acceptor.matcher](answer, acceptor) then return acceptor.state, acceptor end
  end
end

local QUANTITY = { path = "'%s' is %s", path_all = "all of '%s' are %s", path_any = "one of '%s' is %s" }

-- Why an answer was taken for a failure, in words.
local function explain(answer, acceptor)
  if answer.err then return tostring(answer.err) end
  local form = acceptor and QUANTITY[acceptor.matcher]
  if form then return form:format(acceptor.argument, json.encode(acceptor.expected)) end
  return acceptor and ("HTTP status %s"):format(answer.status) or "the script's 'accept' said so"
end

local function attempt_once(definition, call, params, how)
  local output, err, status = call(params)
  if err and not err.http_status then error(err, 0) end -- AWS did not answer
  local answer = { output = output, err = err, status = err and err.http_status or status }
  local state, acceptor = how.accept and how.accept(output, err), nil
  if not state then state, acceptor = accept(definition, answer) end
  if not state and err then error(err, 0) end
  return state or "retry", answer, acceptor
end

local HOW = { delay = "number", max_attempts = "number", progress = "function", accept = "function" }

---Waits until an answer means success; raises when one means failure, for an error that the definition does not know, and
---after the last attempt.
---@param subject string what messages begin with
---@param definition Waiter
---@param call fun(params: table?): table?, table?, integer? output, err, HTTP status
---@param params table?
---@param how? { delay?: number, max_attempts?: integer, progress?: fun(attempt: integer, most: integer, output: table?), accept?: fun(output: table?, err: table?): ("success"|"failure"|"retry")? } accept decides before the definition does
---@return table? output of the last call; nil when an error was what was waited for
function waiter.wait(subject, definition, call, params, how)
  how = options.check(subject, how or {}, HOW)
  local delay, most = how.delay or definition.delay, how.max_attempts or definition.max_attempts
  for attempt = 1, most do
    if attempt > 1 then sleep(delay) end
    local state, answer, acceptor = attempt_once(definition, call, params, how)
    if state == "success" then return answer.output end
    if state == "failure" then
      failure.raise("problem", "%s: cannot be reached any more: %s (attempt %d)", subject, explain(answer, acceptor), attempt)
    end
    if how.progress then how.progress(attempt, most, answer.output) end
  end
  failure.raise("problem", "%s: not reached after %d attempts, %s apart", subject, most, time.format_duration(delay))
end

return waiter
