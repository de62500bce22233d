--- The score of a drill: what was expected, held against the record that the world kept of itself.

local options = require "options"

local score = {}

-- Points: what was expected counts most, then what users noticed, then how carefully it was done.
local EXPECTED, HARM, CARE = 60, 20, 20
local EACH_SKIPPED, EACH_WRONG = 5, 10

-- Since when the predicate has held without a break; nil: it does not hold at the end.
local function since(moments, holds)
  local from
  for _, moment in ipairs(moments) do
    if not holds(moment) then
      from = nil
    elseif not from then
      from = moment.at
    end
  end
  return from
end

---Since when all that is expected has held; nil: it does not.
---@param spec DrillSpec
---@param record { moments: Moment[], now: Moment }
---@return number? seconds since the world was met
function score.held_since(spec, record)
  local latest = 0
  for _, one in ipairs(spec.expect) do
    local at = since(record.moments, one.holds)
    if not at then return nil end
    latest = math.max(latest, at)
  end
  return latest
end

local function shown(seconds) return time.format_duration(math.floor(seconds + 0.5)) end

-- Each expectation as a checklist item, and how much of its points it earns.
local function judge(one, record, harm_at)
  local at, within = since(record.moments, one.holds), options.seconds(one.within)
  if not at then return { text = one.text, state = "failed", note = "not so in the end" }, 0 end
  local took = math.max(0, at - harm_at)
  if took <= within then return { text = one.text, state = "ok", note = ("after %s"):format(shown(took)) }, 1 end
  return { text = one.text, state = "failed", note = ("after %s, %s were allowed"):format(shown(took), shown(within)) }, 0.5
end

local function first_time(moments, happens)
  for i, moment in ipairs(moments) do
    if happens(moment, moments[i - 1]) then return moment.at end
  end
end

local function judge_never(spec, record, checks)
  local wrong = 0
  for _, one in ipairs(spec.never or {}) do
    local at = first_time(record.moments, one.happens)
    checks[#checks + 1] = { text = "never: " .. one.text, state = at and "failed" or "ok", note = at and ("at %s"):format(shown(at)) or nil }
    if at then wrong = wrong + 1 end
  end
  return wrong
end

-- When requests were all served again for good; nil where none were lost, or they still are.
local function mitigated_at(record)
  return since(record.moments, function(moment) return moment.share == 1 end)
end

-- Full below the allowance, nothing from three times it on.
local function harm_points(lost, allowed)
  if lost <= allowed then return HARM end
  return math.max(0, math.floor(HARM * (1 - (lost - allowed) / (2 * math.max(allowed, 1))) + 0.5))
end

local function compare(points, earlier)
  if #earlier == 0 then return "the first attempt" end
  return ("%d earlier, the last %d, the best %d"):format(#earlier, earlier[1], math.max(table.unpack(earlier)))
end

local function count_changes(calls)
  local count = 0
  for _, call in ipairs(calls) do
    if call.effect == "change" or call.effect == "destroy" then count = count + 1 end
  end
  return count
end

local function not_begun(record)
  return {
    passed = false, checks = {}, rows = json.array {}, elapsed = record.now.at, facts = { points = 0 },
    text = "nothing went wrong in this world, so that there was nothing to do",
  }
end

---@param spec DrillSpec
---@param record { moments: Moment[], now: Moment }
---@param play { harm_at: number?, acted_at: number?, calls: table[], skipped: integer, earlier: integer[] }
---@return table result
function score.of(spec, record, play)
  if not play.harm_at then return not_begun(record) end
  local checks, earned = {}, 0
  for i, one in ipairs(spec.expect) do
    local item, part = judge(one, record, play.harm_at)
    checks[i], earned = item, earned + part
  end
  local all_in_time = earned == #spec.expect
  local wrong = judge_never(spec, record, checks)
  local lost = math.floor(record.now.lost + 0.5)
  local expected = math.floor(EXPECTED * earned / #spec.expect + 0.5)
  local harm, care = harm_points(lost, spec.lost or 0), math.max(0, CARE - EACH_SKIPPED * play.skipped - EACH_WRONG * wrong)
  local mitigated, recovered = mitigated_at(record), score.held_since(spec, record)
  local function after(at) return at and shown(math.max(0, at - play.harm_at)) or "never" end
  local points = expected + harm + care
  return {
    passed = all_in_time and wrong == 0, checks = checks, elapsed = record.now.at,
    rows = {
      { "somebody acted", after(play.acted_at), "" }, { "requests are served again", after(mitigated), "" },
      { "all that was expected", after(recovered), tostring(expected) .. "/" .. EXPECTED },
      { "requests lost", tostring(lost), tostring(harm) .. "/" .. HARM },
      { "checks not satisfied, wrong moves", ("%d, %d"):format(play.skipped, wrong), tostring(care) .. "/" .. CARE },
      { "calls, of them changes", ("%d, %d"):format(#play.calls, count_changes(play.calls)), "" },
      { "points", compare(points, play.earlier), tostring(points) },
    },
    facts = { points = points, requests_lost = lost, detected = play.acted_at, mitigated = mitigated, recovered = recovered, harm = play.harm_at },
    text = ("%s, %d points; %s"):format(all_in_time and wrong == 0 and "passed" or "not passed", points, compare(points, play.earlier)),
  }
end

return score
