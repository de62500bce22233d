--- What a run comes to: its events, gathered into one document. See docs/reports.md for its members.

local summary = {}

local MOST_MOMENTS = 2000 -- on the timeline; a run that goes on for days has more

---@class ReportMoment
---@field at string
---@field kind string "run", "step", "wait", "change", "note", "warning", "found", "answer", "check"
---@field text string
---@field bad? boolean

---@class ReportStep
---@field id string
---@field name string
---@field state "running"|"finished"|"failed"|"skipped"|"planned"|"recalled"
---@field seconds? number
---@field reason? string why it was skipped, or what would be asked
---@field error? string
---@field confirmed? string what the operator was asked
---@field answered? string
---@field changes ReportChange[]

---@class ReportChange
---@field action string
---@field outcome string "ok", "failed", "open": nothing says what came of it
---@field uncertain? boolean
---@field at string
---@field ms? integer
---@field attempts? integer
---@field request_id? string
---@field error? string

local readers = {}

local function moment(doc, event, kind, text, bad)
  if #doc.timeline >= MOST_MOMENTS then
    doc.timeline_cut = (doc.timeline_cut or 0) + 1
    return
  end
  doc.timeline[#doc.timeline + 1] = { at = event.at, kind = kind, text = text, bad = bad or nil }
end

local function step_of(doc, event)
  local id = event.step
  local step = doc.by_id[id]
  if not step then
    step = { id = id, name = event.name or "", state = "running", changes = json.array {} }
    doc.by_id[id], doc.steps[#doc.steps + 1] = step, step
  end
  if event.name then step.name = event.name end
  return step
end

local function message_of(err) return type(err) == "table" and err.message or err and tostring(err) or nil end

-- ---- the run

local function begin(doc, event)
  for _, name in ipairs { "runbook", "title", "mode", "simulated", "region", "account", "user", "host" } do
    if event[name] ~= nil then doc[name] = event[name] end
  end
  doc.params = event.params or doc.params
  doc.undo = event.undo or nil
end

readers["run.started"] = function(doc, event)
  doc.started_at = event.at
  begin(doc, event)
  moment(doc, event, "run", "begun by " .. (event.user or "?"))
end

readers["run.resumed"] = function(doc, event)
  begin(doc, event)
  moment(doc, event, "run", (event.undo and "taken back by " or "resumed by ") .. (event.user or "?"))
end

readers["run.finished"] = function(doc, event)
  doc.finished_at, doc.outcome, doc.exit_code, doc.text = event.at, event.outcome, event.exit_code, event.text
  doc.seconds, doc.left, doc.resume, doc.world = event.seconds, json.array(event.left or {}), event.resume, event.world
  moment(doc, event, "run", ("ended: %s%s"):format(event.outcome, (event.text or "") ~= "" and ", " .. event.text or ""), event.outcome ~= "ok")
end

-- ---- steps

readers["step.started"] = function(doc, event)
  step_of(doc, event)
  moment(doc, event, "step", ("%s. %s"):format(event.step, event.name))
end

readers["step.confirm"] = function(doc, event)
  local step = step_of(doc, event)
  step.confirmed, step.answered = event.text, event.answered
end

readers["step.planned"] = function(doc, event)
  local step = step_of(doc, event)
  step.state, step.reason = "planned", event.reason
  for _, call in ipairs(event.calls or {}) do
    step.changes[#step.changes + 1] = { action = call.action, outcome = "planned", at = event.at }
  end
end

readers["step.finished"] = function(doc, event)
  local step = step_of(doc, event)
  step.state, step.seconds = "finished", event.seconds
end

readers["step.recalled"] = function(doc, event) step_of(doc, event).state = "recalled" end

readers["step.skipped"] = function(doc, event)
  local step = step_of(doc, event)
  step.state, step.reason = "skipped", event.reason
  moment(doc, event, "step", ("%s. %s: skipped, %s"):format(event.step, step.name, event.reason or "no reason given"))
end

readers["step.failed"] = function(doc, event)
  local step = step_of(doc, event)
  step.state, step.error = "failed", message_of(event.error)
  moment(doc, event, "step", ("%s. %s: failed, %s"):format(event.step, step.name, step.error or "?"), true)
end

-- ---- calls

readers["call.intent"] = function(doc, event)
  local change = { action = event.action, outcome = "open", at = event.at, params = event.params }
  local step = step_of(doc, event)
  step.changes[#step.changes + 1] = change
  doc.intents[("%s %s"):format(event.step, event.call)] = change
end

local function count(doc, event)
  local row = doc.counts[event.action]
  if not row then
    row = { action = event.action, effect = event.effect, calls = 0, failed = 0, attempts = 0, ms = 0 }
    doc.counts[event.action], doc.calls[#doc.calls + 1] = row, row
  end
  row.calls, row.attempts, row.ms = row.calls + 1, row.attempts + (event.attempts or 1), row.ms + (event.ms or 0)
  if event.outcome ~= "ok" then row.failed = row.failed + 1 end
end

readers.call = function(doc, event)
  count(doc, event)
  local change = event.call and doc.intents[("%s %s"):format(event.step, event.call)]
  if change then
    change.outcome, change.ms, change.attempts, change.uncertain = event.outcome, event.ms, event.attempts, event.uncertain
    change.request_id, change.error = event.request_id, message_of(event.error)
    moment(doc, event, "change", ("%s: %s"):format(event.action, event.outcome), event.outcome ~= "ok")
    doc.marks[#doc.marks + 1] = { at = event.at, text = event.action }
  elseif event.outcome ~= "ok" then
    moment(doc, event, "call", ("%s: %s"):format(event.action, message_of(event.error) or "failed"), true)
  end
end

-- ---- waits, words, what was shown

readers["wait.started"] = function(doc, event) doc.waits[#doc.waits + 1] = { name = event.name, state = "open" } end

local function wait_ended(state)
  return function(doc, event)
    for i = #doc.waits, 1, -1 do
      if doc.waits[i].name == event.name and doc.waits[i].state == "open" then
        doc.waits[i].state, doc.waits[i].seconds, doc.waits[i].text = state, event.elapsed, event.text
        break
      end
    end
    moment(doc, event, "wait", ("%s: %s"):format(event.name, event.text or state), state == "failed")
  end
end

readers["wait.finished"] = wait_ended "done"
readers["wait.failed"] = wait_ended "failed"
readers.note = function(doc, event) moment(doc, event, "note", event.text) end
readers.warning = function(doc, event) moment(doc, event, "warning", event.text, true) end

readers.found = function(doc, event)
  doc.findings[#doc.findings + 1] = {
    severity = event.severity, text = event.text, evidence = event.evidence, cause = event.cause, solution = event.solution, fix = event.fix,
  }
  moment(doc, event, "found", ("%s: %s"):format(event.severity, event.text), true)
end

readers.check = function(doc, event)
  local list = doc.lists[event.list]
  if not list then
    list = { title = event.list, items = json.array {}, by_item = {} }
    doc.lists[event.list], doc.checklists[#doc.checklists + 1] = list, list
  end
  local item = { text = event.text, state = event.state, note = event.note, by = event.by, alert = event.alert }
  local at = list.by_item[event.item] -- of an item that was told twice the last counts
  if at then
    list.items[at] = item
  else
    list.items[#list.items + 1] = item
    list.by_item[event.item] = #list.items
  end
end

readers.table = function(doc, event)
  doc.tables[#doc.tables + 1] = { title = event.title, columns = event.columns, rows = event.rows }
end

readers.plot = function(doc, event)
  doc.plots[#doc.plots + 1] = {
    title = event.title, unit = event.unit, from = event.from, upto = event.upto, series = event.series, limits = event.limits,
    from_text = event.from_text, upto_text = event.upto_text,
  }
end

readers.evidence = function(doc, event)
  doc.evidence[#doc.evidence + 1] = { name = event.name, value = event.value, file = event.file, size = event.size, hash = event.hash }
end

readers["failure.answered"] = function(doc, event)
  moment(doc, event, "answer", ("after a failure: %s%s"):format(event.answer, event.reason and ", " .. event.reason or ""))
end

readers["approval.given"] = function(doc, event) moment(doc, event, "answer", "approved by " .. event.by) end
readers["approval.refused"] = function(doc, event) moment(doc, event, "answer", "refused by " .. event.by, true) end
readers["foreign.change"] = function(doc, event) moment(doc, event, "foreign", event.text or event.name, true) end
readers["child.started"] = function(doc, event) moment(doc, event, "run", ("runs %s (%s)"):format(event.runbook, event.run)) end
readers.answered = function(doc, event) moment(doc, event, "answer", ("%s: %s"):format(event.text, tostring(event.answer))) end

-- ---- all of it

---@param run string its id
---@return table doc to be fed with events
function summary.new(run)
  local doc = { version = 1, run = run, by_id = {}, intents = {}, counts = {}, lists = {} }
  for _, name in ipairs { "steps", "waits", "checklists", "findings", "timeline", "tables", "plots", "evidence", "calls", "marks", "left" } do
    doc[name] = json.array {}
  end
  return doc
end

---@param doc table
---@param event table as the journal keeps it
function summary.add(doc, event)
  local read = readers[event.event]
  if read then read(doc, event) end
end

---What is told of it: without what only the gathering needed.
---@param doc table
---@return table
function summary.finish(doc)
  doc.by_id, doc.intents, doc.counts, doc.lists = nil, nil, nil, nil
  for _, list in ipairs(doc.checklists) do list.by_item = nil end
  table.sort(doc.calls, function(a, b)
    if (a.effect == "read") ~= (b.effect == "read") then return b.effect == "read" end
    if a.calls ~= b.calls then return a.calls > b.calls end
    return a.action < b.action
  end)
  return doc
end

return summary
