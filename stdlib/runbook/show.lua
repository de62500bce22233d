--- What a run shows of what it has found: tables, plots, findings, lines of output, a picture that is kept fresh.

local host = require "host.run"
local options = require "options"
local planned = require "planned"

---@class RunShows
local show = {}

-- Cells are texts: what a renderer makes of a number or of nothing is not left to it.
local function cell(value)
  if value == nil or value == json.null then return "-" end
  return tostring(value)
end

---Shows a table.
---@param title string
---@param columns string[] their names
---@param rows any[][] nil and null show as "-"
function show:table(title, columns, rows)
  local texts = json.array {}
  for i, row in ipairs(rows) do
    texts[i] = json.array {}
    for k = 1, #columns do texts[i][k] = cell(row[k]) end
  end
  self.root:say { event = "table", title = title, columns = columns, rows = texts }
end

local PLOT = { unit = "string", series = "table", limits = "table", from = "number", upto = "number", period = "number" }

-- Of a day the time of day is enough.
local function clock_text(at, span)
  local text = time.iso(math.floor(at))
  return span <= 86400 and text:sub(12, 16) or text:sub(6, 10) .. " " .. text:sub(12, 16)
end

---Shows values over time.
---@param title string
---@param plot { from: number, upto: number, series: { name: string, points: number[][] }[], unit?: string, limits?: { name: string, value: number }[], period?: number } times in epoch seconds, a point is { time, value }, `period` the seconds that one stands for
function show:plot(title, plot)
  plot = options.check("rb:plot", plot, PLOT)
  local span = plot.upto - plot.from
  local series = json.array {}
  for i, one in ipairs(plot.series) do series[i] = { name = one.name, points = json.array(one.points) } end
  self.root:say {
    event = "plot", title = title, unit = plot.unit, from = plot.from, upto = plot.upto, period = plot.period,
    from_text = clock_text(plot.from, span), upto_text = clock_text(plot.upto, span),
    series = series, limits = json.array(plot.limits or {}),
  }
end

local FINDING = { text = "string", severity = "string", evidence = "string", cause = "string", solution = "string", fix = "string" }
local SEVERITIES = { critical = true, high = true, medium = true, low = true }

---@class Finding
---@field text string what is wrong
---@field severity? "critical"|"high"|"medium"|"low" default medium
---@field evidence? string what it was seen by
---@field cause? string what is probably behind it
---@field solution? string what to do
---@field fix? string the command that does it: "gwrun rollback"

---Tells of something that is wrong. The run goes on, and ends with exit code 3.
---@param finding Finding
function show:found(finding)
  finding = options.check("rb:found", finding, FINDING)
  local severity = finding.severity or "medium"
  if not SEVERITIES[severity] then
    error(("rb:found: severity '%s': expected critical, high, medium or low"):format(severity), 2)
  end
  local event = { event = "found" }
  for name, value in pairs(finding) do event[name] = planned.plain(value) end
  event.severity = severity
  self.root:say(event)
  self.root:add_problem(finding.text)
end

local EMPHASES = { good = true, bad = true, warn = true, dim = true }

---Writes a line for the reader, which is not kept with the run: of a log, say. It shows with `--quiet` too.
---@param text string
---@param how? { emphasis?: "good"|"bad"|"warn"|"dim", data?: table } `data`: what programs get besides
function show:output(text, how)
  how = options.check("rb:output", how or {}, { emphasis = "string", data = "table" })
  if how.emphasis and not EMPHASES[how.emphasis] then
    error(("rb:output: emphasis '%s': expected good, bad, warn or dim"):format(how.emphasis), 2)
  end
  if self.root.silent then return end
  host.emit { event = "output", text = text, emphasis = how.emphasis, data = how.data }
end

---Tells how far something is that takes long. Shown at most once a second, and not kept.
---@param name string what goes on
---@param text string how far it is
function show:progress(name, text)
  local root, now = self.root, time.monotonic()
  if root.silent then return end
  local known = root.going
  if not known or known.name ~= name then
    known = { name = name, began = now, told = now }
    root.going = known
  end
  if now - known.told < 1 then return end
  known.told = now
  host.emit { event = "wait.progress", wait = "progress", name = name, text = text, elapsed = now - known.began }
end

local LIVE = { every = "number|string", limit = "number|string", redraw = "boolean" }
local LIMIT_IN_A_REHEARSAL = 300 -- on a clock that nobody waits for it would not end

---Does something again and again, until it answers true, its limit is over, or the operator presses Ctrl-C, which ends the run well.
---Nothing can be changed meanwhile, and what is told is of the moment: it is not kept with the run. A plan and an undo do it not at all.
---@param draw fun(): boolean? true: it is over
---@param how? { every?: number|string, limit?: number|string, redraw?: boolean } `redraw`: on a fresh screen each time
function show:live(draw, how)
  how = options.check("rb:live", how or {}, LIVE)
  local every = options.seconds(how.every, 5)
  local limit = options.seconds(how.limit, self.simulated and LIMIT_IN_A_REHEARSAL or math.huge)
  local ends = time.now() + limit
  if self.planning or self.root.undoing then return end
  host.set_live(true)
  repeat
    if how.redraw then host.emit { event = "redrawn" } end
    if draw() or time.now() + every > ends then break end
    sleep(every)
  until false
  host.set_live(false)
end

return show
