--- Tests of runbooks, run by `gwrun test`. A file calls `spec.test` for each claim; docs/testing.md shows how.

local claim = require "spec.claim"
local compare = require "spec.compare"
local explore = require "spec.explore"
local host = require "host.spec"
local options = require "options"
local worlds = require "spec.world"

local spec = {}

local tests = {}

---Declares a test; it runs after the file has been read. What it opens ends with it.
---@param text string what holds
---@param body fun()
function spec.test(text, body)
  if type(text) ~= "string" or type(body) ~= "function" then
    error("spec.test: expected a text and a function", 2)
  end
  tests[#tests + 1] = { claim = text, body = body, line = claim.declare() }
end

---Fails unless the value is the expected one; tables are compared by content.
---@param value any
---@param expected any a function in it is asked about the value there, and accepts it by answering true
---@param what? string begins the message
function spec.expect(value, expected, what)
  claim.same(expected, value, what)
end

---As expect, but members of maps that are not named do not matter.
---@param value any
---@param expected any
---@param what? string
function spec.expect_match(value, expected, what)
  claim.same(expected, value, what, true)
end

---Fails unless the function raises an error whose text has `part` in it.
---@param body fun()
---@param part string plain text
function spec.expect_error(body, part)
  local ok, err = pcall(body)
  if ok then claim.fail("no error was raised", { expected = compare.text(part), got = "no error" }) end
  if not tostring(err):find(part, 1, true) then
    claim.fail("another error was raised", { expected = compare.text(part), got = compare.text(tostring(err)) })
  end
end

local EXPLORE = {
  runbook = "string", args = "table", params = "table", world = "table", sim_world = "string", runs = "number", from = "number",
  secrets = "table",
}
local WORLD = { sim_world = "string", world = "table", seed = "number" }

---Opens a simulated world, for more than one run in it, or to change it before a run.
---@param request? WorldRequest
---@return World
function spec.world(request)
  options.check("spec.world", request or {}, WORLD)
  return (worlds.open(request or {}))
end

---@class SpecRequest: RunRequest, WorldRequest

---Runs a runbook to its end in a world of its own. The same seed gives the same run.
---@param request? SpecRequest
---@return Rehearsal
function spec.run(request)
  local known, of_world, of_run = {}, {}, {}
  for _, half in ipairs { WORLD, worlds.request } do
    for name, kind in pairs(half) do known[name] = kind end
  end
  options.check("spec.run", request or {}, known)
  for name, value in pairs(request or {}) do (WORLD[name] and of_world or of_run)[name] = value end
  return (worlds.open(of_world):run(of_run))
end

---Runs a runbook under many courses of faults (docs/faults.md), each drawn from a number. Whatever happens, it has to come to the
---end that it comes to undisturbed, with resumes where it was stopped. Says the command that does what went wrong again.
---@param request ExploreRequest
---@return integer courses that were tried
function spec.explore(request)
  return explore.run(options.check("spec.explore", request, EXPLORE))
end

-- ---- the program's side ----------------------------------------------------------------------------------------------

local function run_test(test)
  local began = host.clock()
  local ok, err = pcall(test.body)
  local result = ok and {} or claim.describe(err)
  result.claim, result.line, result.outcome = test.claim, test.line, ok and "ok" or "failed"
  result.seconds = math.floor((host.clock() - began) * 1000 + 0.5) / 1000
  worlds.close_all()
  host.result(result)
end

---Reads a test file and runs its tests. For the program.
---@param chunk fun()
function spec.main(chunk)
  chunk()
  worlds.close_all()
  for _, test in ipairs(tests) do
    if not host.filter or test.claim:find(host.filter, 1, true) then run_test(test) end
  end
end

return spec
