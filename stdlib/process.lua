--- Programs beside the run; only commands that the runbook declares in `needs.run`. There is no shell.
---
--- A command changes something, and belongs inside a step, unless its declaration says "read: ". A plan runs only those
--- that read. A program sees PATH, HOME, LANG, TZ and what `needs.env` allows of our environment. It may not be given a
--- secret but by `stdin`: others on the machine can see its arguments and environment.

local host = require "host.process"
local options = require "options"
local planned = require "planned"
local unknown = require "plan.unknown"

local process = {}

local OPTIONS = { stdin = "string|userdata", timeout = "number", cwd = "string", env = "table" }

---@class Command list of words, the program's name first
---@field stdin? string what it reads; may be a secret
---@field timeout? number seconds, 600 unless given; then it is ended with all that it started
---@field cwd? string the folder that it runs in
---@field env? table<string, string> variables that it sees besides

---@class Finished
---@field code? integer that it ended with
---@field signal? integer that ended it instead
---@field stdout string
---@field stderr string

local function check(command)
  if type(command) ~= "table" then error("process.run: expected a table of words, got " .. type(command), 4) end
  local named = {}
  for name, value in pairs(command) do
    if math.type(name) ~= "integer" then named[name] = value end
  end
  options.check("process.run", named, OPTIONS)
end

-- In a plan; even one that reads can only be run once all of it is known.
local function plan(command)
  local plain = planned.plain(command)
  local params = { command = { table.unpack(plain) }, stdin = plain.stdin, cwd = plain.cwd, env = plain.env }
  return planned.act("run " .. table.concat(plain, " "), params)
end

local function run(command)
  check(command)
  if unknown.origin(command) then return plan(command) end
  local result, err, state, action, params = host.run(command)
  if state == "planned" then return planned.act(action, params) end
  return result, err
end

---Runs it to its end: `process.run { "git", "rev-parse", "HEAD" }.stdout`. Raises where it does not end with code 0.
---@param command Command
---@return Finished
function process.run(command)
  local result, err = run(command)
  if err then error(err, 2) end
  return result
end

---As run, but gives back whatever it ended with; nil and an error where it could not be run, or ran too long.
---@param command Command
---@return Finished? result
---@return table? err also where it did not end with code 0
function process.try_run(command)
  return run(command)
end

return process
