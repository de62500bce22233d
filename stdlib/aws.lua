--- AWS as functions: `aws.<service>.<operation>{ members as in the API reference }`.
---
--- `for item in aws.<service>.pages.<operation>{...} do` asks for page after page; `aws.<service>.wait.<waiter>{...}` calls until
--- AWS's own definition of the state is met.
---
--- Services carry botocore's names ("elbv2"), operations boto3's ("describe_services"). A failure raises one structured
--- error; `aws.ecs.try_describe_services{...}` returns nil and that error instead. Changing calls work only inside a step
--- of a runbook; in plan mode they are recorded and answer with a value that is known only after apply.
---
--- `aws.ecs.exec{ cluster=, task=, container=, command= }` runs a command inside a container (exec/run.lua).
---
--- A second table says how to call: `aws.ecs.list_services({}, { query = "serviceArns[0]" })`.
---
--- Streams do not pass through memory: `Body = file.open "backup.tar"` is read by the call, and
--- `aws.s3.get_object({...}, { save_to = "backup.tar" })` writes the file. Both are declared in `needs`.
---
--- `aws.s3.presign.get_object({...}, { expires = 3600 })` makes a URL with which anybody can make that call for so many
--- seconds, and a table of what must be sent along (method, headers, body). It is as secret as a key, so that it is a
--- secret value; `reveal = true` gives it as plain text, to be printed. Nothing is sent.

local host = require "host.aws"
local options = require "options"
local pages = require "aws.pages"
local planned = require "planned"
local waiter = require "aws.waiter"

---@class AwsError
---@field kind "service"|"network"|"timeout"|"protocol"|"credentials"|"input"|"denied"
---@field message string the whole error in one line
---@field service string?
---@field operation string?
---@field code string? AWS's error code
---@field http_status integer?
---@field request_id string?
---@field attempts integer?

---@class Aws: AwsServices
local aws = {}

local TRY = "try_"

---@class How
---@field query string? JMESPath: the call answers what it finds in the output
---@field timeout number? seconds for the whole call, retries and all
---@field report table? filled with what it took: attempts, seconds, request_id, http_status
---@field save_to string? the file that the answer's stream goes to, whole or not at all; the member is { path=, size= } then
---@field replace boolean? save_to may be there already

---@class PagesHow
---@field whole boolean? pages instead of items
---@field limit integer? ends after so many items, or pages
---@field page_size integer? sent in the member that the operation has for it

---@class WaitHow
---@field delay number? seconds between attempts
---@field max_attempts integer?
---@field progress fun(attempt: integer, most: integer, answer: table?)? after each attempt that did not decide
---@field accept fun(answer: table?, err: AwsError?): ("success"|"failure"|"retry")? asked first

---@class PresignHow
---@field expires number? seconds, 1 to 604800; 3600 unless given
---@field method string? in place of the operation's own
---@field reveal boolean? as plain text, to be printed by intent

---@class PresignedRequest
---@field method string
---@field headers table<string, string>
---@field body string?

---@class EventStream the next event each time it is called; nil after the last
---@field close fun(self: EventStream)

---@class Client
---@field region string?
---@field profile string?
---@field rate number? requests a second to the service, shared by all clients with the same settings
---@field retry_mode "standard"|"adaptive"|"legacy"|nil
---@field max_attempts integer? including the first
---@field connect_timeout number? seconds of an attempt
---@field read_timeout number? seconds of an attempt in which nothing comes
---@field timeout number? seconds for a whole call, retries and all

local HOW = { query = "string", timeout = "number", report = "table", save_to = "string", replace = "boolean" }
local CLIENT = {
  region = "string", profile = "string", rate = "number", retry_mode = "string", max_attempts = "number",
  connect_timeout = "number", read_timeout = "number", timeout = "number", credentials = "table",
}
local CREDENTIALS = { access_key_id = "string|userdata", secret_access_key = "userdata", session_token = "string|userdata" }

local function is_plan()
  return require "host.run".mode == "plan"
end

---@param client Client?
---@param how How?
local function perform(operation, params, client, how)
  if is_plan() then return planned.call(operation, params or {}, client, how) end
  return host.call(operation.service, operation.snake_name, params or {}, client, how)
end

-- One call of a script: as `perform`, and what `how` asks for.
local function perform_how(operation, params, client, how)
  local output, err = perform(operation, params, client, how)
  if how and how.query and output ~= nil and not planned.is_unknown(output) then
    return json.query(output, how.query)
  end
  return output, err
end

-- What is more than one call.
local function composed_function(service, name)
  if service == "ecs" and (name == "exec" or name == "try_exec") then return require "exec.run"[name] end
end

local function make_function(service, name, client)
  local subject = ("aws.%s.%s"):format(service, name)
  local composed = composed_function(service, name)
  if composed and client then return nil, subject .. ": only of the run's own client" end
  if composed then return composed end
  local operation = host.operation(service, name)
  if operation then
    return function(params, how)
      how = how and options.check(subject, how, HOW)
      local output, err = perform_how(operation, params, client, how)
      if err then error(err, 2) end
      return output
    end
  end
  if name:sub(1, #TRY) == TRY then
    operation = host.operation(service, name:sub(#TRY + 1))
    if operation then
      return function(params, how)
        how = how and options.check(subject, how, HOW)
        return perform_how(operation, params, client, how)
      end
    end
  end
  local _, err = host.operation(service, name)
  return nil, err
end

local PRESIGN = { expires = "number", method = "string", reveal = "boolean" }

-- See presign of a client in the comment at the top.
local function make_presign(service, name, client)
  local operation, err = host.operation(service, name)
  if not operation then return nil, err end
  local subject = ("aws.%s.presign.%s"):format(service, name)
  return function(params, how)
    how = how and options.check(subject, how, PRESIGN)
    local url, request = host.presign(service, name, params or {}, client, how)
    if not url then error(request, 2) end
    return url, request
  end
end

local function make_pages(service, name, client)
  local paginator, err = host.paginator(service, name)
  if not paginator then return nil, err end
  local operation = host.operation(service, name)
  local function call(params)
    local output, failed = perform(operation, params, client)
    if failed then error(failed, 0) end
    return output
  end
  local subject = ("aws.%s.pages.%s"):format(service, name)
  return function(params, how) return pages.each(subject, paginator, call, params, how) end
end

local WAITS = { waits = true }

-- A plan does not wait for changes that it does not make, but says what the real run would be refused.
local function plan_wait(subject, definition, operation, client, how)
  if not is_plan() then return false end
  local run = require "host.run"
  local _, err = host.call(operation.service, operation.snake_name, {}, client, WAITS)
  if err then error(err, 3) end
  local seconds = (how and how.delay or definition.delay) * (how and how.max_attempts or definition.max_attempts)
  run.emit { event = "note", text = ("then waits, at most about %s: %s"):format(time.format_duration(seconds), subject) }
  return true
end

local function make_wait(service, name, client)
  local definition, err = host.waiter(service, name)
  if not definition then return nil, err end
  local operation = host.operation(service, definition.operation)
  local subject = ("aws.%s.wait.%s"):format(service, name)
  local function call(params) return perform(operation, params, client) end
  return function(params, how)
    if plan_wait(subject, definition, operation, client, how) then return planned.answer(operation) end
    return waiter.wait(subject, definition, call, params, how)
  end
end

-- A misspelt name is a mistake in the script, told where it stands; `level` as for error(), seen from the caller.
local function check(err, level)
  if err then error(tostring(err), level + 1) end
end

-- A table whose members are made when they are first used, behind one that nobody can write.
local function new_members(given, subject, make)
  local members = setmetatable(given, {
    __index = function(members, name)
      local member, problem = make(name)
      check(problem, 2)
      members[name] = member
      return member
    end,
  })
  return setmetatable({}, {
    __index = members,
    __newindex = function() error(subject .. " cannot be replaced", 2) end,
    __metatable = subject,
  })
end

-- A name with '-' is no Lua name.
local function check_service(service, level)
  local _, err = host.operations(service)
  local dashed = tostring(service):gsub("_", "-")
  if err and dashed ~= service and host.operations(dashed) then
    err = ("aws.%s: its name is '%s'; write aws[\"%s\"]"):format(service, dashed, dashed)
  end
  check(err, level + 1)
end

local function new_client(service, settings, level)
  check_service(service, level + 1)
  local subject = "aws." .. service
  local function members(group, make)
    return new_members({}, subject .. group .. ": members", function(name) return make(service, name, settings) end)
  end
  local groups = {
    pages = members(".pages", make_pages), wait = members(".wait", make_wait), presign = members(".presign", make_presign),
  }
  return new_members(groups, subject .. ": operations", function(name) return make_function(service, name, settings) end)
end

---A client for one service, for another region or profile than the run's, or that calls in another way.
---@param service string for example "ecs"
---@param settings? Client
---@return table client one function for each operation
function aws.client(service, settings)
  settings = options.check("aws.client", settings or {}, CLIENT)
  if settings.credentials then settings.credentials = options.check("aws.client: credentials", settings.credentials, CREDENTIALS) end
  local fits, problem = pcall(host.check_client, settings)
  if not fits then error(problem, 2) end
  return new_client(service, settings, 2)
end

return new_members(aws, "aws: services", function(service) return new_client(service, nil, 2) end)
