--- A simulated world in the hands of a test.

local claim = require "spec.claim"
local compare = require "spec.compare"
local host = require "host.spec"
local options = require "options"
local Rehearsal = require "spec.run"

---Has the services as `aws` of scripts has them: `world.ecs.describe_services{...}`; calls need no step.
---@class World: AwsServices
local World = {}

local handles = setmetatable({}, { __mode = "k" }) -- World -> what C holds

---@class RunRequest
---@field runbook? string by name or path; default: that of the test, beside it: scale.lua of scale_test.lua
---@field args? string[] as on the command line: { "--count", "2" }
---@field params? table<string, string|number|boolean|table> the same by name: { count = 2 }; lists and maps as tables
---@field plan? boolean
---@field ask? boolean without answers: there is no terminal, so that a change is refused
---@field preflight? boolean what a run looks at before its first step: true, as operators have it; false, left out with a warning; default: not there at all
---@field on_foreign_change? "stop"|"accept"
---@field on_failure? "retry"|"skip"|"undo"|"stop"
---@field uncertain? "applied"|"again"
---@field engine? boolean the runbook may require the modules of the engine: to test those
---@field interrupt? table<string, string> the event at which Ctrl-C is pressed, once: { event = "wait.started", name = "All tasks run" }
---@field answers? (string|{ [1]: string, [2]: string })[] what the operator types, one after the other: "yes"; { "Scale to", "yes" } also says what the question must contain

local REQUEST = {
  runbook = "string", args = "table", params = "table", plan = "boolean", ask = "boolean", answers = "table",
  preflight = "boolean", on_foreign_change = "string", on_failure = "string", uncertain = "string", interrupt = "table", engine = "boolean",
}

local AGAIN = {}
for name, types in pairs(REQUEST) do AGAIN[name] = types end
AGAIN.runbook, AGAIN.args, AGAIN.params = nil, nil, nil

local function escape(value) return (tostring(value):gsub("[\\,\"]", "\\%0")) end

-- A list as a,b, a map as k=v,k=v.
local function written(value)
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for _, item in ipairs(value) do parts[#parts + 1] = escape(item) end
  for key, item in pairs(value) do
    if type(key) == "string" then parts[#parts + 1] = ("%s=%s"):format(escape(key), escape(item)) end
  end
  return table.concat(parts, ",")
end

-- { count = 2 } as { "--count=2" }
local function arguments(request)
  local args = table.move(request.args or {}, 1, #(request.args or {}), 1, {})
  for name, value in pairs(request.params or {}) do args[#args + 1] = ("--%s=%s"):format(name:gsub("_", "-"), written(value)) end
  return args
end

-- Secrets are in no journal: a run that goes on is told again where they are.
local function where_secrets_are(args)
  local kept = {}
  for _, arg in ipairs(args) do
    if arg:find "^%-%-[%w-]+=file://" or arg:find "^%-%-[%w-]+=env://" then kept[#kept + 1] = arg end
  end
  return kept
end

-- The texts to type, and for each what its question must contain.
local function split_answers(answers)
  local texts, about = {}, {}
  for i, answer in ipairs(answers or {}) do
    local is_pair = type(answer) == "table"
    texts[i], about[i] = is_pair and answer[2] or answer, is_pair and answer[1] or nil
    if type(texts[i]) ~= "string" then
      claim.fail(("answer %d is a text, or { part of the question, text }, got %s"):format(i, compare.text(answer)))
    end
  end
  return texts, about
end

local function check_answers(run, texts, about)
  for i, question in ipairs(run.questions) do
    if about[i] and not question.text:find(about[i], 1, true) then
      claim.fail(("question %d"):format(i), { expected = compare.text(about[i]), got = compare.text(question.text) })
    end
  end
  if #run.questions < #texts then
    claim.fail(("%d answers were given, %d questions asked: %s was not needed"):format(#texts, #run.questions,
      compare.text(texts[#run.questions + 1])))
  end
end

-- `past` is the run that goes on, where it is no new one; `undo`: taken back.
local function carry_out(self, request, past, undo)
  local texts, about = split_answers(request.answers)
  local args = arguments(request)
  local result, err = host.run(handles[self], {
    runbook = host.find(request.runbook), args = json.array(args), plan = request.plan,
    ask = request.ask or #texts > 0, answers = json.array(texts),
    preflight = request.preflight, on_foreign_change = request.on_foreign_change, on_failure = request.on_failure,
    uncertain = request.uncertain, interrupt = request.interrupt, engine = request.engine, past = past, undo = undo,
  })
  if not result or result.missing then claim.fail(result and result.error or tostring(err)) end
  local run = setmetatable(result, Rehearsal)
  run.world, run.runbook, run.secrets = self, request.runbook, where_secrets_are(args)
  check_answers(run, texts, about)
  return run
end

---Runs a runbook to its end in this world.
---@param request RunRequest
---@return Rehearsal
function World:run(request)
  options.check("world:run", request, REQUEST)
  return carry_out(self, request)
end

-- Of a run in this world; its runbook and parameters stay.
local function go_on(run, method, request, undo)
  request = request or {}
  options.check(method, request, AGAIN)
  local again = { runbook = run.runbook, args = run.secrets }
  for name, value in pairs(request) do again[name] = value end
  return carry_out(run.world, again, run.events[1].run, undo)
end

---Goes on with this run, as `gwrun resume` does.
---@param request? RunRequest without runbook, args and params
---@return Rehearsal
function Rehearsal:resume(request) return go_on(self, "run:resume", request, false) end

---Takes this run back, as `gwrun undo` does.
---@param request? RunRequest without runbook, args and params
---@return Rehearsal
function Rehearsal:undo(request) return go_on(self, "run:undo", request, true) end

---What the world has come to, as far as calls change it: by service, plain data to be held against that of another world.
---@return table<string, table>
function World:state() return host.state(handles[self]) end

---@class Moment what the world is like; another one begins when something changes
---@field at number seconds since the world was met
---@field load number requests a second
---@field share number of them that is served, from 0 to 1
---@field answers table<string, integer> URL that the world watches -> the status it answers with; 0: nothing answers
---@field lost number requests lost until then
---@field services table<string, { desired: integer, running: integer, healthy: integer, revision: string, deployments: integer }>
---@field keys table<string, string> access key id -> "Active", "Inactive", "New" (active, and not known everywhere yet)

---What it was like moment by moment, where its setting `record` is true.
---@return { moments: Moment[], now: Moment }
function World:record() return host.record(handles[self]) end

---The calls that came to it since its last run began, or since this was asked last.
---@return { action: string, effect: string, params: table }[]
function World:calls() return host.calls(handles[self]) end

---Lets time go by.
---@param duration number|string seconds, or "5m"
function World:pass(duration)
  host.pass(handles[self], type(duration) == "string" and assert(time.duration(duration)) or duration)
end

-- ---- its services ----------------------------------------------------------------------------------------------------

local function service_of(world, service)
  return setmetatable({}, {
    __index = function(_, operation)
      return function(params)
        local output, err = host.call(handles[world], service, operation, params or {})
        if err then claim.fail(tostring(err)) end
        return output
      end
    end,
  })
end

World.__index = function(world, name)
  return rawget(World, name) or service_of(world, name)
end

-- ---- opening ---------------------------------------------------------------------------------------------------------

---@class WorldRequest
---@field sim_world? string as --sim-world
---@field world? table<string, any> settings of it: { bad = "crashes" }
---@field seed? integer as --seed
---@field speed? integer on the real clock, so many times as fast; otherwise its clock is virtual

local opened = {} -- in the test under way

---Opens a world.
---@param request WorldRequest
---@return World
---@return userdata handle what C knows it by
local function open(request)
  local handle, err = host.open { world = request.sim_world, settings = request.world or {}, seed = request.seed, speed = request.speed }
  if not handle then claim.fail(tostring(err)) end
  local world = setmetatable({}, World)
  handles[world] = handle
  opened[#opened + 1] = handle
  return world, handle
end

---Ends the worlds that were opened since the last time.
local function close_all()
  for _, handle in ipairs(opened) do host.close(handle) end
  opened = {}
end

return { open = open, close_all = close_all, request = REQUEST }
