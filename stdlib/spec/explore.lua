--- Exploration: a runbook under many courses of faults, each from a number, so that what failed fails again. Whatever happens,
--- it comes to the end that it comes to undisturbed: with resumes where it was stopped, as an operator would.

local claim = require "spec.claim"
local compare = require "spec.compare"
local worlds = require "spec.world"

local explore = {}

---@class ExploreRequest
---@field runbook? string as for spec.run
---@field args? string[]
---@field params? table<string, string|number|boolean>
---@field world? table<string, any> settings of the world
---@field sim_world? string
---@field runs? integer how many courses; 50
---@field from? integer the first course; 1
---@field secrets? string[] texts that no event and no output may hold

local KINDS = { "throttle", "error", "unavailable", "lost", "silent", "reset", "latency", "expired" }
local MOST_FAULTS, MOST_CALLS, MOST_RESUMES, PAUSE = 3, 5, 6, 60
local SCRIPT, INTERNAL = 5, 70 -- exit codes that nothing in the world excuses
local SECRETS = { "simulated/secret", "simulated-client" }

-- A generator of its own (Knuth's MMIX constants, upper bits): the course depends on its number alone.
local function chance_of(number)
  local state = number
  return function(below)
    state = state * 6364136223846793005 + 1442695040888963407
    return (state >> 33) % below + 1
  end
end

-- Each action of AWS once, in the order of its first call.
local function distinct(actions)
  local list, seen = {}, {}
  for _, action in ipairs(actions) do
    if action:find "^[%w-]+:%u" and not seen[action] then seen[action], list[#list + 1] = true, action end
  end
  return list
end

-- What the undisturbed run called; half of the faults meet its changes.
local function actions_of(run)
  local called = {}
  for i, call in ipairs(run:of "call") do called[i] = call.action end
  return distinct(called), distinct(run:changes())
end

local function draw_faults(number, all, changes)
  local draw, faults = chance_of(number), {}
  for i = 1, draw(MOST_FAULTS) do
    local list = #changes > 0 and draw(2) == 1 and changes or all
    faults[i] = ("%s %s nth=%d"):format(KINDS[draw(#KINDS)], list[draw(#list)], draw(MOST_CALLS))
  end
  return faults
end

local function with_faults(settings, faults)
  local all = { faults = faults }
  for name, value in pairs(settings or {}) do all[name] = value end
  return all
end

local function holds_secret(run, secrets)
  local said = run.output .. json.encode(run.events)
  for _, secret in ipairs(secrets) do
    if said:find(secret, 1, true) then return secret end
  end
end

-- True once nothing is left to go on with.
local function is_over(run, calm)
  return run.exit == calm.exit or run:finish().outcome == "problem"
end

-- What is wrong with one course; nil: nothing.
local function try(request, calm, number, faults)
  local world = worlds.open { world = with_faults(request.world, faults), sim_world = request.sim_world, seed = number }
  local run = world:run { runbook = request.runbook, args = request.args, params = request.params }
  for resumes = 0, MOST_RESUMES do
    local secret = holds_secret(run, request.secrets or SECRETS)
    if secret then return ("a secret is told: %s"):format(secret) end
    if run.exit == SCRIPT or run.exit == INTERNAL then return ("it ends with exit code %d: %s"):format(run.exit, run:finish().text) end
    if is_over(run, calm) then break end
    if resumes == MOST_RESUMES then return ("it is not done after %d resumes: %s"):format(resumes, run:finish().text) end
    world:pass(PAUSE)
    run = run:resume {}
  end
  local differs = compare.difference(calm.state, world:state())
  return differs and ("it comes to another end: %s is %s, not %s"):format(differs.path, differs.got, differs.expected) or nil
end

-- The fewest of the faults that still do it, and what they do.
local function shrink(attempt, faults, problem)
  for i = #faults, 1, -1 do
    local fewer = table.move(faults, 1, #faults, 1, {})
    table.remove(fewer, i)
    local still = attempt(fewer)
    if still then faults, problem = fewer, still end
  end
  return faults, problem
end

local function replay(request, number, faults)
  local words = { "gwrun", request.runbook or "RUNBOOK", "--sim", "--seed", tostring(number) }
  for _, fault in ipairs(faults) do words[#words + 1] = ("--fault '%s'"):format(fault) end
  for _, arg in ipairs(request.args or {}) do words[#words + 1] = arg end
  return table.concat(words, " ")
end

local function undisturbed(request)
  local world = worlds.open { world = request.world, sim_world = request.sim_world, seed = 1 }
  local run = world:run { runbook = request.runbook, args = request.args, params = request.params }
  if run.exit == SCRIPT or run.exit == INTERNAL then claim.fail("undisturbed it ends with exit code " .. run.exit .. ": " .. run:finish().text) end
  return { exit = run.exit, state = world:state() }, run
end

-- The first course that goes wrong: its number, what is wrong, the command that does it again; nil where none does.
local function find_problem(request, each)
  local calm, run = undisturbed(request)
  local all, changes = actions_of(run)
  if #all == 0 then claim.fail "it makes no call that could go wrong" end
  local first = request.from or 1
  for number = first, first + (request.runs or 50) - 1 do
    worlds.close_all()
    local function attempt(faults) return try(request, calm, number, faults) end
    local faults = draw_faults(number, all, changes)
    local problem = attempt(faults)
    if problem then
      faults, problem = shrink(attempt, faults, problem)
      return number, problem, replay(request, number, faults)
    end
    if each then each(number) end
  end
end

---Runs a runbook under `runs` courses of faults; fails at the first that goes wrong, with the fewest faults that do it.
---@param request ExploreRequest
---@return integer courses that were tried
function explore.run(request)
  local number, problem, command = find_problem(request)
  if number then claim.fail(("course %d: %s"):format(number, problem), { more = "again: " .. command }) end
  return request.runs or 50
end

---The same for whoever is not a test.
---@param request ExploreRequest
---@param each? fun(number: integer) told after each course
---@return string? problem nil: none
---@return string? again the command that shows it
function explore.find(request, each)
  local number, problem, command = find_problem(request, each)
  if number then return ("course %d: %s"):format(number, problem), "again: " .. command end
end

return explore
