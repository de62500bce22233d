--- Drills: an incident in a simulated world, somebody who acts (a script, or a person with any tool), and a score.
---
--- A drill is data and a few functions (docs/drills.md). The world keeps a record of itself while it is played; what was
--- expected is held against that record afterwards, so that nothing depends on when somebody looked.

local explore = require "spec.explore"
local host = require "host.drill"
local options = require "options"
local score = require "drill.score"
local worlds = require "spec.world"

local drill = {}

---@class DrillExpectation
---@field text string what has to hold in the end
---@field within number|string by when, since the harm began
---@field holds fun(now: Moment): boolean

---@class DrillNever
---@field text string what must not happen
---@field happens fun(now: Moment, before: Moment?): boolean

---@class DrillSpec
---@field title string
---@field summary string
---@field guide? string the section of the guide that it exercises
---@field world? table<string, any> settings of the world
---@field sim_world? string
---@field harm fun(now: Moment): boolean whether what the drill is about has begun
---@field react? number|string from the harm until somebody acts; 1m
---@field respond fun(play: Play) what is done then
---@field expect DrillExpectation[]
---@field never? DrillNever[]
---@field lost? integer requests that may be lost before it costs points

local SPEC = {
  title = "string", summary = "string", guide = "string", world = "table", sim_world = "string", harm = "function",
  react = "number|string", respond = "function", expect = "table", never = "table", lost = "number",
}
local EXPECT = { text = "string", within = "number|string", holds = "function" }
local NEVER = { text = "string", happens = "function" }
local NEEDED = { "title", "summary", "harm", "respond", "expect" }

local LOOK_EVERY, LONGEST_CALM, STEADY = 5, 1800, 60 -- seconds
local AT_WORK = 20 -- seconds of ours: who has called so lately may not be done

local function check(given, path)
  if type(given) ~= "table" then error(path .. ": a drill returns a table, see docs/drills.md", 0) end
  local known = options.check("drill", given, SPEC)
  for _, name in ipairs(NEEDED) do
    if known[name] == nil then error(("%s: the drill lacks '%s'"):format(path, name), 0) end
  end
  for i, one in ipairs(known.expect) do options.check(("drill: expect[%d]"):format(i), one, EXPECT) end
  for i, one in ipairs(known.never or {}) do options.check(("drill: never[%d]"):format(i), one, NEVER) end
  return known
end

-- ---- a drill under way -----------------------------------------------------------------------------------------------

---@class Play
---@field world World
---@field calls { action: string, effect: string }[] that came to AWS from whoever acts
---@field skipped integer checks of its last run that were not satisfied
local Play = {}
Play.__index = Play

local function open(spec, request)
  local settings = { record = true }
  for name, value in pairs(spec.world or {}) do settings[name] = value end
  local speed = request.hands_on and (math.tointeger(tonumber(request.speed or 1)) or error("--speed: a whole number", 0)) or nil
  local world, handle = worlds.open { world = settings, sim_world = spec.sim_world, seed = request.seed, speed = speed }
  host.watch(handle)
  return setmetatable({ spec = spec, world = world, handle = handle, calls = {}, skipped = 0 }, Play)
end

function Play:tell(event) host.tell(self.handle, event) end

---A line for whoever follows the drill.
---@param format string
function Play:note(format, ...)
  self:tell { event = "note", text = format:format(...) }
end

local function count_skipped(run)
  local open_checks = 0
  for _, one in ipairs(run:of "check") do
    if one.state ~= "ok" and one.state ~= "manual" then open_checks = open_checks + 1 end
  end
  return open_checks
end

-- What every run of the drill adds to its sums.
function Play:add(run)
  if run.error and #run.events == 0 then error(run.error, 0) end
  table.move(run.calls, 1, #run.calls, #self.calls + 1, self.calls)
  self.skipped = count_skipped(run)
  return run
end

---Carries out a runbook, as somebody on call would.
---@param request RunRequest
---@return Rehearsal
function Play:run(request) return self:add(self.world:run(request)) end

---Goes on with a run that stopped.
---@param run Rehearsal
---@param request? RunRequest
---@return Rehearsal
function Play:resume(run, request) return self:add(run:resume(request or {})) end

---Lets time go by.
---@param duration number|string
function Play:pass(duration) self.world:pass(duration) end

---What it is like now.
---@return Moment
function Play:now()
  local record = self.world:record()
  return record.now, record
end

-- ---- its course ------------------------------------------------------------------------------------------------------

local function wait_for_harm(play)
  local spec, waited = play.spec, 0
  while true do
    local _, record = play:now()
    for _, moment in ipairs(record.moments) do
      if spec.harm(moment) then return moment.at end
    end
    if waited >= LONGEST_CALM or host.is_told_to_end() then return nil end
    play:pass(LOOK_EVERY)
    waited = waited + LOOK_EVERY
  end
end

local function longest(spec)
  local most = 0
  for _, one in ipairs(spec.expect) do most = math.max(most, options.seconds(one.within)) end
  return most
end

-- Until all that is expected has held for a while, or can hold in time no more.
local function await_end(play, harm_at)
  local deadline = harm_at + longest(play.spec) + STEADY
  while not host.is_told_to_end() do
    local _, record = play:now()
    local held = score.held_since(play.spec, record)
    if held and record.now.at - held >= STEADY then return end
    if record.now.at >= deadline then return end
    play:pass(LOOK_EVERY)
  end
end

local function respond(play, harm_at)
  local reaction = options.seconds(play.spec.react, 60)
  play:note("harm began %s after the beginning; somebody acts %s later", time.format_duration(math.floor(harm_at)), time.format_duration(reaction))
  play:pass(reaction)
  local _, record = play:now()
  play.acted_at = record.now.at
  play.spec.respond(play)
end

-- A person acts: the first call that comes is when they noticed.
local function watch_hands(play, harm_at, request)
  local deadline = harm_at + longest(play.spec) + STEADY
  local speed, called_at = request.speed and tonumber(request.speed) or 1, harm_at
  while true do
    local gives_up, came = host.is_told_to_end(), play.world:calls()
    local _, record = play:now()
    if #came > 0 and not play.acted_at then play.acted_at = record.now.at end
    table.move(came, 1, #came, #play.calls + 1, play.calls)
    if #came > 0 then called_at = record.now.at end
    local is_at_work = record.now.at - called_at < AT_WORK * speed
    local held = score.held_since(play.spec, record)
    local is_cured = play.acted_at and held and record.now.at - held >= STEADY
    if gives_up or is_cured and not is_at_work or record.now.at >= deadline then return end
    play:pass(speed)
  end
end

local function invite(play, request)
  local environment, why = host.listen(play.handle, math.tointeger(tonumber(request.port or 0)) or error("--port: a whole number", 0))
  if not environment then error(tostring(why), 0) end
  local words = {}
  for name, value in pairs(environment) do words[#words + 1] = name .. "=" .. value end
  table.sort(words)
  play:note("act with any tool, in another terminal, after this line:")
  play:tell { event = "output", text = "export " .. table.concat(words, " "), data = environment }
end

-- People are compared with people.
local function journal_name(request)
  return "drill " .. request.name .. (request.hands_on and " by hand" or "")
end

local function begin(play, request)
  play:tell {
    event = "run.started", runbook = journal_name(request), title = play.spec.title, mode = "real", simulated = true,
    region = "us-east-1", user = "simulator", host = "simulator", params = { seed = request.seed, hands_on = request.hands_on or nil },
  }
  play:note("%s", play.spec.summary)
end

local function finish(play, result)
  for i, one in ipairs(result.checks) do
    play:tell { event = "check", id = "1/" .. i, list = "Expected", item = i, text = one.text, state = one.state, note = one.note }
  end
  play:tell { event = "table", title = "Score", columns = { "what", "figure", "points" }, rows = result.rows }
  play:tell {
    event = "run.finished", title = play.spec.title, outcome = result.passed and "ok" or "problem", exit_code = result.passed and 0 or 3,
    seconds = result.elapsed, text = result.text, left = json.array {}, world = result.facts,
  }
  return result.passed and 0 or 3
end

local function play_it(spec, request)
  local play = open(spec, request)
  local earlier = host.earlier(journal_name(request))
  begin(play, request)
  if request.hands_on then invite(play, request) end
  local harm_at = wait_for_harm(play)
  if harm_at and request.hands_on then
    play:note "ALERT: look at the service"
    watch_hands(play, harm_at, request)
  elseif harm_at then
    respond(play, harm_at)
    await_end(play, harm_at)
  end
  local _, record = play:now()
  local code = finish(play, score.of(spec, record, {
    harm_at = harm_at, acted_at = play.acted_at, calls = play.calls, skipped = play.skipped, earlier = earlier,
  }))
  host.unlisten()
  worlds.close_all()
  return code
end

---Plays a drill. For the program.
---@param chunk fun(): DrillSpec
---@param request { name: string, seed: integer, hands_on: boolean, port?: string, speed?: string }
---@return integer exit code
function drill.main(chunk, request)
  return play_it(check(chunk(), request.name), request)
end

---Explores a runbook (spec.explore). For the program.
---@param request { name: string, runs: integer, from: integer }
---@return integer exit code
function drill.explore(request)
  local problem, again = explore.find({ runbook = request.name, runs = request.runs, from = request.from }, function(number)
    host.progress(number - request.from + 1)
  end)
  if problem then
    host.say(problem)
    host.say(again)
  end
  return problem and 3 or 0
end

return drill
