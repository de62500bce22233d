--- A run as Markdown, for tickets and wikis.

local words = require "report.words"

local markdown = {}

-- As text, whatever it holds: in a cell a `|` ends it, and elsewhere these begin something.
local function plain(text)
  return (tostring(text):gsub("[\r\n]+", " "):gsub("[\\`*_{}%[%]<>#|]", "\\%0"))
end

local function rows_of(out, columns, rows)
  local function line(cells)
    local texts = {}
    for i = 1, #columns do texts[i] = plain(cells[i] == nil and "" or cells[i] == json.null and "" or cells[i]) end
    out[#out + 1] = "| " .. table.concat(texts, " | ") .. " |"
  end
  line(columns)
  out[#out + 1] = "|" .. (" --- |"):rep(#columns)
  for _, row in ipairs(rows) do line(row) end
  out[#out + 1] = ""
end

local function heading(out, level, text)
  out[#out + 1] = ("%s %s"):format(("#"):rep(level), plain(text))
  out[#out + 1] = ""
end

local function add_steps(out, doc)
  if #doc.steps == 0 then return end
  heading(out, 2, "Steps")
  for _, step in ipairs(doc.steps) do
    local how = step.seconds and ("%s after %s"):format(step.state, words.duration(step.seconds)) or step.state
    out[#out + 1] = ("%s. **%s**: %s%s"):format(plain(step.id), plain(step.name), how, step.reason and ", " .. plain(step.reason) or "")
    if step.confirmed then out[#out + 1] = ("   - asked: %s (%s)"):format(plain(step.confirmed), step.answered or "?") end
    for _, line in ipairs(words.changes(step)) do out[#out + 1] = "   - " .. plain(line) end
    if step.error then out[#out + 1] = "   - error: " .. plain(step.error) end
  end
  out[#out + 1] = ""
end

local function add_findings(out, doc)
  if #doc.findings == 0 then return end
  heading(out, 2, "Findings")
  for _, one in ipairs(doc.findings) do
    out[#out + 1] = ("- **%s**: %s"):format(one.severity, plain(one.text))
    for _, name in ipairs { "evidence", "cause", "solution", "fix" } do
      if one[name] then out[#out + 1] = ("  - %s: %s"):format(name, plain(one[name])) end
    end
  end
  out[#out + 1] = ""
end

local function add_checklists(out, doc)
  for _, list in ipairs(doc.checklists) do
    heading(out, 2, list.title)
    for _, item in ipairs(list.items) do
      out[#out + 1] = ("- %s %s%s%s"):format(item.state == "ok" and "[x]" or "[ ]", item.state == "failed" and "**not so**: " or "", plain(item.text),
        item.note and ": " .. plain(item.note) or "")
    end
    out[#out + 1] = ""
  end
end

local function add_plots(out, doc)
  if #doc.plots == 0 then return end
  heading(out, 2, "Metrics")
  for _, plot in ipairs(doc.plots) do
    for _, series in ipairs(plot.series) do
      local least, most, last
      for _, point in ipairs(series.points) do
        least, most, last = math.min(least or point[2], point[2]), math.max(most or point[2], point[2]), point[2]
      end
      out[#out + 1] = ("- %s, %s, %s to %s: %s"):format(plain(plot.title), plain(series.name), plain(plot.from_text or ""), plain(plot.upto_text or ""),
        last and ("from %.4g to %.4g, in the end %.4g %s"):format(least, most, last, plain(plot.unit or "")) or "nothing was measured")
    end
  end
  out[#out + 1] = ""
end

---@param doc table
---@return string
function markdown.render(doc)
  local out, kind = {}, words.kind(doc)
  heading(out, 1, (doc.title or doc.runbook or doc.run) .. (kind ~= "" and (" (%s)"):format(kind:lower()) or ""))
  rows_of(out, { "", "" }, words.facts(doc))
  add_findings(out, doc)
  add_steps(out, doc)
  add_checklists(out, doc)
  if #doc.left > 0 then
    heading(out, 2, "Left for a person")
    for _, item in ipairs(doc.left) do out[#out + 1] = "- [ ] " .. plain(item) end
    out[#out + 1] = ""
  end
  add_plots(out, doc)
  for _, shown in ipairs(doc.tables) do
    heading(out, 2, shown.title)
    rows_of(out, shown.columns, shown.rows)
  end
  heading(out, 2, "Timeline")
  local rows = {}
  for i, one in ipairs(doc.timeline) do rows[i] = { one.at, one.kind, one.text } end
  rows_of(out, { "when", "", "what" }, rows)
  if doc.timeline_cut then out[#out + 1] = ("%d more are in the journal.\n"):format(doc.timeline_cut) end
  if #doc.calls > 0 then
    heading(out, 2, "Calls")
    rows = {}
    for i, one in ipairs(doc.calls) do rows[i] = { one.action, one.effect, one.calls, one.failed, one.attempts, one.ms } end
    rows_of(out, { "action", "effect", "calls", "failed", "attempts", "ms" }, rows)
  end
  if doc.params and next(doc.params) then
    heading(out, 2, "Parameters")
    rows_of(out, { "name", "value" }, words.params(doc))
  end
  return table.concat(out, "\n")
end

return markdown
