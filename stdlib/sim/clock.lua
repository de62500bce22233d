--- The world's time, and the agenda of what happens next.
---
--- Everything that takes time in the world is an entry of one agenda, so that the host needs one alarm, and so that a
--- world can begin in the past: its history is run from the same agenda before the first request arrives. While an entry
--- runs, `now` is exactly its time, however late the host's clock woke us.

local host = require "host.sim"

local clock = {}

---@class Appointment
---@field at number epoch seconds
---@field order integer entries of the same time run in the order in which they were made
---@field action fun()? nil once cancelled

local agenda = {} -- a binary heap: no entry is before its parent
local count = 0
local present     -- set while history or an entry runs
local alarm_at    -- when the host will wake us
local in_history = false

local function before(a, b)
  if a.at ~= b.at then return a.at < b.at end
  return a.order < b.order
end

local function push(entry)
  local i = #agenda + 1
  agenda[i] = entry
  while i > 1 and before(entry, agenda[i // 2]) do
    agenda[i], agenda[i // 2] = agenda[i // 2], entry
    i = i // 2
  end
end

local function pop()
  local first, last = agenda[1], table.remove(agenda)
  if #agenda == 0 then return first end
  local i, size = 1, #agenda
  while 2 * i <= size do
    local child = 2 * i
    if child < size and before(agenda[child + 1], agenda[child]) then child = child + 1 end
    if not before(agenda[child], last) then break end
    agenda[i] = agenda[child]
    i = child
  end
  agenda[i] = last
  return first
end

local function set_alarm()
  while agenda[1] and not agenda[1].action do pop() end
  local next_at = agenda[1] and agenda[1].at
  if next_at ~= alarm_at and not present then
    alarm_at = next_at
    host.alarm(next_at, clock.catch_up)
  end
end

---The world's time in epoch seconds.
---@return number
function clock.now()
  return present or host.now()
end

---A moment as AWS writes it: to the millisecond.
---@param at number?
---@return number?
function clock.stamp(at)
  return at and clock.ms(at) / 1000
end

---A moment in whole milliseconds.
---@param at number?
---@return integer?
function clock.ms(at)
  return at and math.floor(at * 1000 + 0.5)
end

---Does something at a time; one that is past comes next.
---@param at number
---@param action fun()
---@return Appointment
function clock.at(at, action)
  count = count + 1
  local entry = { at = math.max(at, clock.now()), order = count, action = action }
  push(entry)
  if agenda[1] == entry then set_alarm() end
  return entry
end

---Does something `seconds` from now.
---@param seconds number
---@param action fun()
---@return Appointment
function clock.after(seconds, action)
  return clock.at(clock.now() + seconds, action)
end

---Forgets an entry; nil and one that has run are fine.
---@param entry Appointment?
function clock.cancel(entry)
  if entry then entry.action = nil end
end

local function run(entry)
  local action = entry.action
  if not action then return end
  entry.action = nil
  present = entry.at
  if in_history then return action() end
  local ran, problem = pcall(action)
  if not ran then host.log("error", "simulator: " .. tostring(problem)) end
end

---Lets everything happen that is due by `upto`, the host's time when not given.
---@param upto? number
function clock.catch_up(upto)
  upto = upto or host.now()
  alarm_at = nil
  while agenda[1] and agenda[1].at <= upto do run(pop()) end
  present = nil
  set_alarm()
end

---Begins in the past: the time is `at`, `make` fills the agenda, and what is due before the host's present happens. Here a
---mistake raises; later it is logged, and the world goes on.
---@param at number
---@param make fun()
function clock.begin(at, make)
  present, in_history = at, true
  make()
  clock.catch_up()
  in_history = false
end

return clock
