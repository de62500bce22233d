--- What goes wrong with calls: faults that a world, a test or the command line asks for. A fault meets the calls that it
--- names, and of those the ones that its conditions single out; the first fault that meets a call decides.
---
--- As text: a kind, a call, conditions: "lost ecs:UpdateService nth=1", "throttle * probability=0.2 after=30".

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"

local faults = {}

---@class Fault
---@field kind string one of KINDS
---@field call? string "ecs:UpdateService", "ecs:*", "*"; * stands for any text. Every call unless given
---@field only? "changes"|"reads"
---@field nth? integer the n-th call that it names, from 1
---@field times? integer at most so often; once with `nth`
---@field probability? number from 0 to 1
---@field after? number seconds since the world was met
---@field before? number likewise
---@field seconds? number of latency: how late; of stale: how old an answer may be
---@field code? string of an error
---@field status? integer of an error
---@field lost? number of a session: share of its messages that is lost
---@field twice? number that comes twice
---@field late? number seconds that they are late at most, so that one overtakes another
---@field every? integer messages of the client until the connection is cut

local KINDS = {
  throttle = "too many requests", error = "an error of the service, 500 unless said otherwise", unavailable = "503",
  latency = "the answer is late", lost = "done, and then the connection is cut before the answer",
  silent = "done, and no answer ever comes", reset = "the connection is cut before anything was done",
  expired = "the credentials have expired", denied = "the caller may not", stale = "readings answer as they did before",
  empty = "an empty page that is not the last",
  session = "messages of sessions of ECS Exec are lost, doubled, late, or their connection is cut",
}
local FIELDS = {
  kind = "string", call = "string", only = "string", nth = "number", times = "number", probability = "number", after = "number",
  before = "number", seconds = "number", code = "string", status = "number",
  lost = "number", twice = "number", late = "number", every = "number",
}
local LATE, OLD = 10, 30 -- seconds, unless said otherwise
local NEVER = 1e6        -- seconds: past every client's patience

local function complain(fault, format, ...)
  error(("fault '%s': %s"):format(fault, format:format(...)), 0)
end

local function names_of(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  return table.concat(names, ", ")
end

-- "lost ecs:UpdateService nth=1"
local function parse(text)
  local fault, place = {}, 0
  for word in text:gmatch "[^%s,]+" do
    local name, value = word:match "^([%a_]+)=(.+)$"
    place = place + 1
    if name then
      fault[name] = FIELDS[name] == "number" and tonumber(value) or value
    elseif place == 1 then
      fault.kind = word
    elseif place == 2 then
      fault.call = word
    else
      complain(text, "'%s': expected name=value", word)
    end
  end
  return fault
end

local function check(fault, shown)
  for name, value in pairs(fault) do
    if not FIELDS[name] then complain(shown, "unknown '%s', expected one of %s", tostring(name), names_of(FIELDS)) end
    if type(value) ~= FIELDS[name] then complain(shown, "'%s' must be a %s", name, FIELDS[name]) end
  end
  if not KINDS[fault.kind] then complain(shown, "unknown kind '%s', expected one of %s", tostring(fault.kind), names_of(KINDS)) end
  if fault.only and fault.only ~= "changes" and fault.only ~= "reads" then complain(shown, "'only' must be changes or reads") end
end

local function prepare(given)
  local fault = type(given) == "string" and parse(given) or given
  if type(fault) ~= "table" then complain(tostring(given), "expected a text or a table") end
  check(fault, type(given) == "string" and given or tostring(fault.kind))
  local pattern = (fault.call or "*"):gsub("%W", "%%%0"):gsub("%%%*", ".*")
  return { what = fault, pattern = "^" .. pattern .. "$", named = 0, met = 0 }
end

---@param world table
---@param list (string|Fault)[]
---@return { lost?: number, twice?: number, late?: number, cut_every?: integer }? network of sessions, where a fault is of them
function faults.open(world, list)
  local network
  world.faults, world.earlier, world.empty_pages, world.met_at = {}, {}, 0, clock.now()
  for _, given in ipairs(list or {}) do
    local fault = prepare(given)
    local what = fault.what
    if what.kind == "session" then
      network = { lost = what.lost, twice = what.twice, late = what.late, cut_every = what.every }
    else
      table.insert(world.faults, fault)
    end
  end
  return network
end

local function meets(world, fault, call)
  local what, elapsed = fault.what, clock.now() - world.met_at
  if not (call.iam_prefix .. ":" .. call.name):find(fault.pattern) then return false end
  if what.only and (what.only == "reads") ~= call.reads then return false end
  fault.named = fault.named + 1
  if what.nth and fault.named ~= what.nth then return false end
  if fault.met >= (what.times or what.nth and 1 or math.huge) then return false end
  if elapsed < (what.after or 0) or elapsed >= (what.before or math.huge) then return false end
  if what.probability and host.random() >= what.probability then return false end
  fault.met = fault.met + 1
  return true
end

local function find(world, call)
  for _, fault in ipairs(world.faults) do
    if meets(world, fault, call) then return fault.what end
  end
end

-- ---- what they do: before(what, call) may raise; after(what, call, output, world, input) answers output and delay

local before, after = {}, {}

function before.throttle(what)
  fail.raise { code = what.code or "ThrottlingException", message = "Rate exceeded", status = what.status or 400 }
end

function before.error(what)
  fail.raise { code = what.code or "InternalFailure", message = "The request processing has failed because of an unknown error.", status = what.status or 500 }
end

function before.unavailable(what)
  fail.raise { code = what.code or "ServiceUnavailable", message = "The request has failed due to a temporary failure of the server.", status = 503 }
end

function before.expired()
  fail.raise { code = "ExpiredTokenException", message = "The security token included in the request is expired", status = 403 }
end

function before.denied(_, call)
  fail.raise {
    code = "AccessDeniedException", status = 403,
    message = ("User: %s is not authorized to perform: %s:%s because no identity-based policy allows the %s:%s action"):format(
      call.user and call.user.arn or "anonymous", call.iam_prefix, call.name, call.iam_prefix, call.name),
  }
end

function before.reset() fail.network "connection reset by peer" end

function after.lost() fail.network "connection reset by peer, after the request was sent" end

function after.silent(_, _, output) return output, NEVER end

function after.latency(what, _, output) return output, what.seconds or LATE end

-- A copy of the service that hears of changes late.
function after.stale(what, call, output, world, input)
  if not call.reads then return output end
  local key = call.service .. ":" .. call.operation .. host.json(input)
  local earlier = world.earlier[key]
  if not earlier or clock.now() - earlier.at >= (what.seconds or OLD) then
    earlier = { at = clock.now(), output = output }
    world.earlier[key] = earlier
  end
  return earlier.output
end

-- A page without anything, whose token leads to where it was asked for.
function after.empty(_, _, output, world, input)
  local page = {}
  world.empty_pages = world.empty_pages + 1 -- no token comes twice
  for name, value in pairs(output) do page[name] = type(value) == "table" and host.array {} or value end
  page.nextToken = ("empty-%d/%s"):format(world.empty_pages, input.nextToken or "")
  return page
end

local function leave_empty_page(input)
  local number, token = tostring(input.nextToken):match "^empty%-(%d+)/(.*)$"
  if number then input.nextToken = token ~= "" and token or nil end
end

---Performs an operation with what goes wrong with it.
---@param world table
---@param call table
---@param input table
---@param perform fun(): table?, function?
---@return table? output
---@return function? events
---@return number? delay seconds that the answer is late
function faults.perform(world, call, input, perform)
  local what = find(world, call)
  leave_empty_page(input)
  if not what then return perform() end
  host.log("info", ("simulator: %s:%s: %s (%s)"):format(call.service, call.name, what.kind, KINDS[what.kind]))
  if before[what.kind] then before[what.kind](what, call) end
  local output, events = perform()
  local changed, delay = after[what.kind](what, call, output, world, input)
  return changed, events, delay
end

return faults
