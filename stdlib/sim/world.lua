--- A simulated world: what the front door opens, and asks for every request.
---
--- A world is data (sim.worlds.<name>): an account with its resources in one region, and a history. The history is not told
--- but run: the world begins in the past, its deployments roll out there, and the first request meets what came of it.

local clock = require "sim.clock"
local dependencies = require "sim.dependencies"
local exec = require "sim.ecs.exec"
local faults = require "sim.faults"
local github = require "sim.github"
local host = require "host.sim"
local images = require "sim.images"
local random = require "sim.random"
local http = require "sim.http"
local record = require "sim.record"
local traffic = require "sim.traffic"

local SERVICES = {
  ["application-autoscaling"] = require "sim.application_autoscaling", cloudwatch = require "sim.cloudwatch",
  cloudtrail = require "sim.cloudtrail", ec2 = require "sim.ec2", ecr = require "sim.ecr", ecs = require "sim.ecs",
  elbv2 = require "sim.elbv2", iam = require "sim.iam",
  logs = require "sim.logs", s3 = require "sim.s3", secretsmanager = require "sim.secretsmanager",
  servicediscovery = require "sim.servicediscovery", sns = require "sim.sns", ssm = require "sim.ssm", sts = require "sim.sts",
}

-- Seconds that the steps of a Fargate task take, where a world does not say otherwise.
local PACE = {
  provisioning = { 7, 11 }, pulling = { 12, 18 }, activating = { 1, 2 }, stopping = { 0.5, 1.5 }, deprovisioning = { 9, 14 },
  scheduling = { 1.5, 4 },
}

local DEFAULT_LATENCY = { 0.02, 0.06 }

local world -- the one of this Lua state
local elsewhere = {} -- region -> an empty world of the same account

local function with_defaults(given, defaults)
  local all = {}
  for name, value in pairs(defaults) do all[name] = value end
  for name, value in pairs(given or {}) do all[name] = value end
  return all
end

local function open_services(one, data)
  for name, service in pairs(SERVICES) do
    if not one[name] then service.open(one, data[name]) end
  end
  traffic.open(one, data.traffic)
end

-- ---- history --------------------------------------------------------------------------------------

local verbs = {}

-- A tag in the registry points to an image from now on.
function verbs.push(one, image)
  images.push(one, image.name, { digest = image.digest, behaviour = image.behaviour, pushed_at = clock.now() })
end

function verbs.register(one, definition)
  SERVICES.ecs.register(one, definition, definition.registered_by)
end

function verbs.deregister(one, name)
  SERVICES.ecs.deregister(one, name)
end

function verbs.create_service(one, data)
  SERVICES.ecs.create_service(one, data)
end

-- Google takes a client's secret no more.
function verbs.revoke(one, secret)
  dependencies.revoke(one, secret)
end

-- Fargate has places for so many tasks in all from now on; false: for any number.
function verbs.capacity(one, places)
  one.capacity = places or nil
end

-- So many requests a second arrive from now on.
function verbs.load(one, rate)
  traffic.update(one)
  one.traffic.rate = rate
  traffic.update(one)
end

-- Of a call that nobody here made: told by what it was, so that a history with one call more is otherwise the same.
local function request_id(one, what)
  local digits = host.digest(("%s %s %.3f %d"):format(what.service, what.name, clock.now(), #one.trail.events))
  return (digits:gsub("[^%x]", ""):lower():gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x%x%x%x%x%x%x%x%x%x%x%x).*$", "%1-%2-%3-%4-%5"))
end

-- A call that somebody else makes, at a time before or, with a negative `ago`, after the run begins.
function verbs.call(one, what)
  local call = {
    service = what.service, iam_prefix = what.service, operation = what.operation, name = what.name, reads = false,
    region = one.region, user = one.iam.users[what.user], user_agent = what.user_agent, source_address = what.source_address,
    request_id = request_id(one, what),
  }
  SERVICES[what.service].operations[what.operation](one, what.input, call)
  SERVICES.cloudtrail.record(one, call, what.input)
  dependencies.update(one)
end

local function run_history(one, history, start)
  local oldest = 0
  for _, entry in ipairs(history) do oldest = math.max(oldest, entry.ago) end
  clock.begin(start - oldest, function()
    open_services(one, one.data)
    for _, entry in ipairs(history) do
      clock.at(start - entry.ago, function() verbs[entry.verb](one, entry.what) end)
    end
  end)
end

-- ---- what the front door asks ---------------------------------------------------------------------

local door = {}

local function world_of(region)
  if region == world.region then return world end
  if not elsewhere[region] then
    local empty = { account = world.account, region = region, data = {}, images = images.new(), pace = world.pace, iam = world.iam }
    open_services(empty, {})
    elsewhere[region] = empty
  end
  return elsewhere[region]
end

---The key with that id; nil when IAM does not know it.
---@param id string
---@return { secret: string, session_token: string?, is_expired: boolean }?
function door.find_key(id)
  clock.catch_up()
  local key = SERVICES.iam.find_key(world, id)
  if not key then return nil end
  key.used_at = clock.now()
  return {
    secret = key.secret, session_token = key.session_token,
    is_expired = key.expires_at ~= nil and key.expires_at <= clock.now(),
  }
end

local function perform(operation, one, call, input)
  SERVICES.iam.check_allowed(one, call, input)
  return faults.perform(world, call, input, function() return operation(one, input, call) end)
end

---Performs an operation; raises what sim.fail makes.
---@param call { service: string, operation: string, name: string, iam_prefix: string, reads: boolean, user_agent: string, region: string, access_key_id: string, request_id: string }
---@param input table
---@return table? output nil: not simulated
---@return (fun(): table?, number?)? events the next event and the seconds until the one after; nil: no stream
---@return number? delay seconds that the answer is late
function door.call(call, input)
  clock.catch_up()
  local service = SERVICES[call.service]
  local operation = service and service.operations[call.operation]
  if not operation then return nil end
  local key = world.iam.keys[call.access_key_id]
  call.user = key and key.user
  local one = world_of(call.region)
  local ran, output, next_event, delay = pcall(perform, operation, one, call, input)
  SERVICES.cloudtrail.record(one, call, input, not ran and output or nil)
  if not call.reads then
    dependencies.update(world)
    record.note(world)
  end
  if not ran then error(output, 0) end
  return output, next_event and function()
    clock.catch_up()
    return next_event()
  end, delay
end

---Whether a name is that of a host of the world, rather than of an AWS API.
---@param name string
---@return boolean
function door.has_host(name)
  return world.hosts[name] ~= nil
end

---Answers a request to such a host.
---@param request table as http.answer takes it
---@return table
function door.http(request)
  clock.catch_up()
  return http.answer(world, request)
end

---What a command ends with; nil where the world does not know it. `*` in the world's names stands for any text.
---@param words string[]
---@return { code?: integer, signal?: integer, stdout?: string, stderr?: string }?
function door.command(words)
  clock.catch_up()
  local text = table.concat(words, " ")
  for name, answer in pairs(world.commands) do
    local pattern = name:gsub("%W", "%%%0"):gsub("%%%*", ".*")
    if text:find("^" .. pattern .. "$") then
      if type(answer) == "function" then return answer(words) end
      return answer
    end
  end
end

---A session of ECS Exec begins (`typed` nil), takes what was typed, or is asked again after its `wait`.
---@param id string
---@param typed? string
---@return { output: string, over: boolean, wait?: number }
function door.play(id, typed)
  clock.catch_up()
  return exec.play(world, id, typed)
end

---What the world has come to, as far as calls change it: by service.
---@return table<string, table>
function door.state()
  clock.catch_up()
  local all = {}
  for name, service in pairs(SERVICES) do
    if service.state then all[name] = service.state(world) end
  end
  if world.hooked[1] then all.hooked = host.array(world.hooked) end
  return all
end

---What it was like moment by moment, where the setting `record` asks for it.
---@return { moments: Moment[], now: Moment }
function door.record()
  clock.catch_up()
  traffic.update(world)
  return record.take(world)
end

---Facts for the summary of a run.
---@return table?
function door.summary()
  clock.catch_up()
  return traffic.summary(world)
end

-- ---- opening --------------------------------------------------------------------------------------

local function check_settings(name, known, given)
  for setting, value in pairs(given) do
    if known[setting] == nil then
      error(("world '%s' has no setting '%s'"):format(name, setting), 0)
    end
    if type(value) ~= type(known[setting]) then
      error(("world '%s': setting '%s' must be a %s, got %s"):format(name, setting, type(known[setting]), type(value)), 0)
    end
  end
end

-- Who calls: the first user, unless the world says otherwise.
local function caller_key(data)
  return data.caller_key or data.iam.users[1].keys[1]
end

local function load_maker(name)
  local found, maker = pcall(require, "sim.worlds." .. name)
  if not found then error(("world '%s': %s"):format(name, tostring(maker):gsub("^[^:]+:%d+: ", "")), 0) end
  return maker
end

-- What the world adds to a shell that works in it. It is printed for a shell to read.
local function check_environment(name, variables)
  for variable, value in pairs(variables or {}) do
    if not variable:match "^[%a_][%w_]*$" or not tostring(value):match "^[%w._:/@+=,-]+$" then
      error(("world '%s': environment: '%s' is no name or its value has more than letters, digits and ._:/@+=,-"):format(name, variable), 0)
    end
  end
  return variables
end

---Opens a world. Once in a Lua state.
---@param name string
---@param given table<string, any> settings; for every world `faults`, and `record`, true: it keeps a record of itself
---@return { account: string, region: string, access_key_id: string, secret_access_key: string, session_token?: string, expires_at?: integer, latency: number[], clock_ahead?: integer, environment?: table<string, string> }
function door.open(name, given)
  assert(not world, "a world is open already")
  local maker, wanted_faults, wants_record = load_maker(name), given.faults, given.record
  given.faults, given.record = nil, nil
  check_settings(name, maker.settings, given)
  local start = host.now()
  local data = maker.describe(with_defaults(given, maker.settings), start)
  world = {
    account = data.account, region = data.region, data = data, images = images.new(), pace = with_defaults(data.pace, PACE),
  }
  http.open(world, data.hosts)
  world.use_key = function(id, secret) return SERVICES.iam.use_key(world, id, secret) end
  world.commands, world.google = data.commands or {}, data.google
  world.answers_now = function()
    local answers = {}
    for _, url in ipairs(data.watched_urls or {}) do answers[url] = http.status(world, url) end
    return answers
  end
  world.look_at_needs = function() dependencies.update(world) end
  run_history(world, data.history, start)
  github.open(world, data.github)
  traffic.restart(world)
  local network = faults.open(world, wanted_faults)
  if wants_record then record.open(world) end
  local key = caller_key(data)
  return {
    account = data.account, region = data.region, access_key_id = key.id, secret_access_key = key.secret,
    session_token = key.session_token, expires_at = key.expires_at and math.floor(key.expires_at), latency = data.latency or DEFAULT_LATENCY,
    clock_ahead = data.clock_ahead, network = network, environment = check_environment(name, data.environment),
  }
end

return door
