--- Specs: tests in Lua, run by `gwrun test FILE`. A file calls `spec.test` for each claim.

local host = require "host.spec"

local spec = {}

local tests = {}

---Declares a test; it runs after the file has been read.
---@param claim string what holds
---@param body fun()
function spec.test(claim, body)
  tests[#tests + 1] = { claim = claim, body = body }
end

local function text_of(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  return (json.encode(value)) or tostring(value)
end

local function same(a, b)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

---Raises unless the value is the expected one; tables are compared by content.
---@param value any
---@param expected any
---@param what? string
function spec.expect(value, expected, what)
  if not same(value, expected) then
    error(("%sexpected %s, got %s"):format(what and (what .. ": ") or "", text_of(expected), text_of(value)), 2)
  end
end

---Raises unless the function raises an error whose text has `part` in it.
---@param body fun()
---@param part string plain text
function spec.expect_error(body, part)
  local ok, err = pcall(body)
  if ok then error("expected an error with " .. text_of(part), 2) end
  if not tostring(err):find(part, 1, true) then
    error(("expected an error with %s, got %s"):format(text_of(part), text_of(tostring(err))), 2)
  end
end

---@class Rehearsal
---@field exit integer
---@field error string? why it could not begin
---@field events table[]
local Rehearsal = {}
Rehearsal.__index = Rehearsal

---The events of a kind, in order.
---@param kind string
---@return table[]
function Rehearsal:of(kind)
  local found = {}
  for _, event in ipairs(self.events) do
    if event.event == kind then found[#found + 1] = event end
  end
  return found
end

---The last event: how the run ended.
---@return table
function Rehearsal:finish()
  return self.events[#self.events]
end

---The actions that changed something, in order.
---@return string[]
function Rehearsal:changes()
  local actions = {}
  for _, event in ipairs(self:of "call") do
    if event.effect == "change" or event.effect == "destroy" then actions[#actions + 1] = event.action end
  end
  return actions
end

---Runs a runbook to its end in a simulator of its own.
---@param request { runbook: string, args?: string[], world?: table, plan?: boolean, ask?: boolean, seed?: integer }
---@return Rehearsal
function spec.run(request)
  local result, err = host.run(request)
  if not result then error(err, 2) end
  return setmetatable(result, Rehearsal)
end

---Reads a spec file and runs its tests. For the program.
---@param chunk fun()
---@return integer passed
---@return integer failed
function spec.main(chunk)
  chunk()
  local passed, failed = 0, 0
  for _, test in ipairs(tests) do
    local ok, err = pcall(test.body)
    if ok then passed = passed + 1 else failed = failed + 1 end
    host.print((ok and "ok      " or "FAILED  ") .. test.claim .. (ok and "" or (": " .. tostring(err))))
  end
  return passed, failed
end

return spec
