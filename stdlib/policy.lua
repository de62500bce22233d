--- `gwrun policy RUNBOOK`: the least-privilege IAM policy of a runbook, from what it declares and what is seen of its calls
--- without running it. See docs/check.md.

local failure = require "failure"
local host = require "host.check"
local iam_actions = require "iam_actions"
local needs = require "check.needs"
local options = require "options"
local own = require "policy.own"
local params = require "params"
local scope = require "policy.scope"
local scripts = require "check.script"
local statements = require "policy.statements"

local policy = {}

-- ---- the command line

local function take_account(args)
  local rest, account = {}, nil
  local i = 1
  while i <= #args do
    local value = args[i]:match "^%-%-account=(.*)$"
    if args[i] == "--account" then
      i = i + 1
      value = args[i] or ""
    end
    if value then
      if not value:find "^%d%d%d%d%d%d%d%d%d%d%d%d$" then
        failure.raise("usage", "option '--account': expected the 12 digits of an account, got '%s'", value)
      end
      account = value
    else
      rest[#rest + 1] = args[i]
    end
    i = i + 1
  end
  return rest, account
end

-- A policy wants texts. What is secret is none of its business.
local function schema_of(param)
  local kind = param.type:match "^%a+"
  local is_kept = kind == "boolean" or kind == "enum" or kind == "list" or kind == "map"
  local default = param.default
  if default == "computed" or default == json.null then default = nil end
  if default ~= nil and not is_kept then default = tostring(default) end
  return {
    type = is_kept and kind or "string", default = default, values = kind == "enum" and param.values or nil,
    env = kind ~= "secret" and param.env or nil,
  }
end

local function read_params(path)
  local text, problem = host.read(path)
  if not text then return nil, { message = problem } end
  local values, err = json.decode(text)
  if type(values) == "table" then return values end
  return nil, { message = err and err.message or "expected an object" }
end

local SOURCES = {
  env = host.env, read_params = read_params, asks = false, terminal = false,
}

-- Parameters as they would be bound, but none is required: what is not given is not known.
local function bind(script, args)
  local schemas = {}
  for _, param in ipairs(script.facts.params) do schemas[param.name] = schema_of(param) end
  local values, problem = params.bind(schemas, args, SOURCES, { "--account", "--region" })
  if not values then failure.raise("usage", "gwrun policy: %s", problem) end
  for _, param in ipairs(script.facts.params) do
    if param.type == "secret" then values[param.name] = nil end
  end
  return values
end

-- ---- where

local function account_in(values)
  for _, name in ipairs(params.names(values)) do
    local account = type(values[name]) == "string" and values[name]:match "^arn:[^:]*:[^:]*:[^:]*:(%d+):"
    if account then return account end
  end
end

local function partition_of(region)
  if region:find "^cn%-" then return "aws-cn" end
  if region:find "^us%-gov%-" then return "aws-us-gov" end
  return "aws"
end

local function place_of(script, values, account)
  local env = host.env "GWRUN_REGION"
  local region = host.region or (env ~= "" and env) or script.facts.region or "*"
  return { region = region, account = account or account_in(values) or "*", partition = partition_of(region) }
end

-- A client of another region or profile is somewhere else.
local function place_of_call(call, place)
  if not call.elsewhere then return place end
  local region = call.elsewhere.region or place.region
  return { region = region, account = call.elsewhere.profile and "*" or place.account, partition = partition_of(region) }
end

-- ---- grants

local function is_declared(script, action)
  for _, pattern in ipairs(script.needs.aws) do
    if needs.matches(pattern, action) then return true end
  end
  return false
end

local function collect(script, place)
  local grants, seen, left_out = {}, {}, {}
  for _, call in ipairs(script:findings "call") do
    local action = call.operation.action
    if is_declared(script, action) then
      seen[action] = true
      for _, grant in ipairs(scope.of(call, place_of_call(call, place))) do grants[#grants + 1] = grant end
      local tagging = iam_actions.tagging(action)
      if tagging and is_declared(script, tagging) then
        seen[tagging] = true
        grants[#grants + 1] = scope.tagging(tagging, call.operation)
      end
    elseif not left_out[action] then
      left_out[action] = true
      host.say(("'%s' is called, but not declared in needs.aws, and left out"):format(action))
    end
  end
  local readings = script:plan_readings()
  for _, call in ipairs(readings) do
    if is_declared(script, call.operation.action) and not seen[call.operation.action] then
      for _, grant in ipairs(scope.of(call, place_of_call(call, place))) do grants[#grants + 1] = grant end
    end
  end
  for _, call in ipairs(readings) do seen[call.operation.action] = true end
  for _, declared in ipairs(script.needs.aws) do
    local is_seen = false
    for action in pairs(seen) do is_seen = is_seen or needs.matches(declared, action) end
    if not is_seen then grants[#grants + 1] = scope.unseen(declared) end
  end
  for _, grant in ipairs(own.grants(script, place)) do grants[#grants + 1] = grant end
  return grants
end

local function open(path)
  local script, mistake = scripts.open(path)
  if script then return script end
  failure.raise("script", "%s:%d:%d: %s", path, mistake.line, mistake.column, mistake.message)
end

-- What the runbooks need that this one calls; with which parameters is not known.
local function add_called(script, account, seen, grants)
  for _, name in ipairs(script.facts.runbooks) do
    local path, problem = scripts.find(script.file, name)
    if not path then failure.raise("usage", "gwrun policy: %s", problem) end
    if not seen[path] then
      seen[path] = true
      local called = open(path)
      local values = bind(called, {})
      called:walk(values)
      for _, grant in ipairs(collect(called, place_of(called, values, account))) do grants[#grants + 1] = grant end
      add_called(called, account, seen, grants)
    end
  end
end

---The policy of a script, with what the runbooks need that it calls.
---@param path string
---@param args string[] `--account ID` and parameters of the runbook
---@return table
function policy.of(path, args)
  local rest, account = take_account(args)
  local script = open(path)
  local values = bind(script, rest)
  script:walk(values)
  local grants = collect(script, place_of(script, values, account))
  add_called(script, account, { [path] = true }, grants)
  return statements.policy(grants)
end

-- ---- the command

local function run()
  local args = table.move(host.args, 2, #host.args, 1, {})
  if not host.args[1] or host.args[1]:sub(1, 1) == "-" then
    failure.raise("usage", "gwrun policy: which runbook? It comes first, then '--account' and its parameters")
  end
  local path, problem = host.find(host.args[1])
  if not path then failure.raise("usage", "%s", problem) end
  host.print((json.encode(policy.of(path, args), { indent = 2 })))
end

---The command; for the program.
---@return integer exit_code
function policy.main()
  local ok, err = pcall(run)
  if ok then return failure.exit.ok end
  if type(err) ~= "table" or (err.kind ~= "usage" and err.kind ~= "script") then error(err, 0) end
  host.say(err.message)
  return err.kind == "usage" and failure.exit.usage or failure.exit.script
end

return policy
