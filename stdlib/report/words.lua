--- What reports of every form say in the same words.

local words = {}

---@param seconds number?
---@return string
function words.duration(seconds)
  if not seconds then return "" end
  if seconds < 10 then return ("%.1fs"):format(seconds) end
  return time.format_duration(math.floor(seconds + 0.5))
end

---"REHEARSAL", "PLAN" or "": what the run was besides real.
---@param doc table
---@return string
function words.kind(doc)
  if doc.simulated then return doc.mode == "plan" and "PLAN IN THE SIMULATOR" or "REHEARSAL" end
  return doc.mode == "plan" and "PLAN" or ""
end

---@param doc table
---@return string[][] name and value
function words.facts(doc)
  local rows = {}
  local function add(name, value) if value ~= nil and value ~= "" then rows[#rows + 1] = { name, tostring(value) } end end
  add("Runbook", doc.runbook)
  add("Run", doc.run)
  add("Who", doc.user and ("%s on %s"):format(doc.user, doc.host or "?"))
  add("Where", doc.account and ("%s, %s"):format(doc.account, doc.region or "?") or doc.region)
  add("Begun", doc.started_at)
  add("Ended", doc.finished_at or "not yet")
  add("Took", words.duration(doc.seconds))
  add("Outcome", doc.outcome and ("%s, exit code %d"):format(doc.outcome, doc.exit_code or 0) or "open")
  add("Told", doc.text)
  add("Go on with", doc.resume)
  return rows
end

---@param doc table
---@return string[][] name and value, sorted
function words.params(doc)
  local rows = {}
  for name, value in pairs(doc.params or {}) do rows[#rows + 1] = { name, type(value) == "table" and json.encode(value) or tostring(value) } end
  table.sort(rows, function(a, b) return a[1] < b[1] end)
  return rows
end

---The changes of a step in lines: "ecs:UpdateService: ok in 24 ms".
---@param step ReportStep
---@return string[]
function words.changes(step)
  local lines = {}
  for i, change in ipairs(step.changes) do
    local text = ("%s: %s"):format(change.action, change.outcome == "open" and "nothing says what came of it" or change.outcome)
    if change.ms then text = ("%s in %d ms"):format(text, change.ms) end
    if (change.attempts or 1) > 1 then text = ("%s, %d attempts"):format(text, change.attempts) end
    if change.uncertain then text = text .. ", and may have taken effect" end
    if change.error then text = ("%s: %s"):format(text, change.error) end
    if change.request_id then text = ("%s (request %s)"):format(text, change.request_id) end
    lines[i] = text
  end
  return lines
end

words.MARKS = { ok = "[x]", failed = "[!]", unknown = "[?]", manual = "[ ]", planned = "[ ]" }

return words
