--- How a test fails: with the place in its file, what was expected, and what there was.

local compare = require "spec.compare"
local host = require "host.spec"

local claim = {}

local MOST_LEVELS = 60

---@class SpecFailure
---@field message string "file:line: what"
---@field expected string?
---@field got string?
---@field more string? further lines
local SpecFailure = {}
SpecFailure.__index = SpecFailure
SpecFailure.__tostring = function(self)
  if not self.got then return self.message end
  return ("%s: expected %s, got %s"):format(self.message, self.expected, self.got)
end

-- What Lua calls the file in messages: a long path is cut.
local source

-- "file:line" and the line of a position in the test's file; nil for any other text.
local function own_position(text)
  local file, line = text:match "^(.+):(%d+): "
  if not file or file ~= source then return nil end
  return ("%s:%s"):format(host.path, line), math.tointeger(tonumber(line))
end

---The places in the test's file from which the present function was called, innermost first.
---@return string[] places "file:line"
---@return integer? line of the innermost
function claim.places()
  local places, first = {}, nil
  for level = 2, MOST_LEVELS do
    local _, text = pcall(error, "", level)
    local where, line = own_position(text)
    if where then
      places[#places + 1] = where
      first = first or line
    end
  end
  return places, first
end

---Learns how the file is called, from the first place in it that calls here. For spec.test.
---@return integer? line
function claim.declare()
  if not source then
    local _, text = pcall(error, "", 4)
    source = text:match "^(.+):%d+: "
  end
  local _, line = claim.places()
  return line
end

---Ends the test.
---@param what string? what failed, "exit code"
---@param detail? { expected?: string, got?: string, more?: string } more: further lines
function claim.fail(what, detail)
  detail = detail or {}
  local places = claim.places()
  local message = (places[1] or host.path) .. ": " .. (what or "not as expected")
  local last = places[#places]
  if #places > 1 and last ~= places[1] then message = ("%s (from %s)"):format(message, last) end
  local failure = { message = message, expected = detail.expected, got = detail.got, more = detail.more }
  error(setmetatable(failure, SpecFailure), 0)
end

---Ends the test unless the two are the same.
---@param expected any
---@param got any
---@param what string?
---@param partly? boolean as for compare.difference
---@param more? string
function claim.same(expected, got, what, partly, more)
  local found = compare.difference(expected, got, partly)
  if not found then return end
  if found.path == "" then return claim.fail(what, { expected = found.expected, got = found.got, more = more }) end
  local whole = "the whole is " .. compare.text(got)
  claim.fail(("%s differs at '%s'"):format(what or "the value", found.path), {
    expected = found.expected, got = found.got, more = more and (more .. "\n" .. whole) or whole,
  })
end

---What a test raised, as facts for a report.
---@param err any
---@return { message: string, expected: string?, got: string?, more: string? }
function claim.describe(err)
  if getmetatable(err) == SpecFailure then
    return { message = err.message, expected = err.expected, got = err.got, more = err.more }
  end
  local text = tostring(err)
  local where = type(err) == "string" and own_position(text)
  return { message = where and where .. ": " .. text:match "^.+:%d+: (.*)$" or text }
end

return claim
