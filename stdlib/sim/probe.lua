--- Health checks worked out instead of performed: when will a series of checks next change its verdict?
---
--- What is checked is a plan of phases, sorted: { at =, state = }. The verdict turns good after `good` checks in a row that
--- find the state "ok", and bad after `bad` checks in a row that do not; failures before `grace_until` do not count.

local probe = {}

---@class Phase
---@field at number epoch seconds
---@field state "starting"|"ok"|"failing"|"gone"

---@class Series
---@field first number when the first check is made
---@field every number seconds between checks
---@field good integer
---@field bad integer
---@field grace_until? number

---The phase in force; nil before the first.
---@param phases Phase[]
---@param at number
---@return Phase?
---@return Phase? following
function probe.phase_at(phases, at)
  local found
  for _, phase in ipairs(phases) do
    if phase.at > at then return found, phase end
    found = phase
  end
  return found, nil
end

local function check_from(series, at)
  return series.first + math.max(0, math.ceil((at - series.first) / series.every)) * series.every
end

local function check_after(series, at)
  return series.first + math.max(0, math.floor((at - series.first) / series.every) + 1) * series.every
end

---The first check after `since` that changes the verdict, and whether to good; nil when none will.
---@param series Series
---@param phases Phase[]
---@param verdict "good"|"bad"|nil nil: none yet
---@param since number
---@return number? at
---@return boolean? good
function probe.next_change(series, phases, verdict, since)
  local run, run_is_good = 0, nil
  local at = check_after(series, since)
  while true do
    local phase, following = probe.phase_at(phases, at)
    local good = phase ~= nil and phase.state == "ok"
    local counts = good or at >= (series.grace_until or at)
    if verdict == (good and "good" or "bad") then
      if not following then return nil end
      run = 0
      at = math.max(at + series.every, check_from(series, following.at))
    else
      if run_is_good ~= good then run, run_is_good = 0, good end
      if counts then run = run + 1 end
      if run >= (good and series.good or series.bad) then return at, good end
      at = at + series.every
    end
  end
end

return probe
