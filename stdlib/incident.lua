--- Incident documents: what was seen and done, in order, as Markdown that a person goes on with.

local metrics = require "metrics"

local incident = {}

---@class Incident
---@field title string
---@field service string
---@field opened_at number
---@field severity? integer
---@field facts { name: string, value: string }[]
---@field timeline { at: number, text: string, by?: string }[]
---@field checks { text: string, state: string, note?: string, by?: string }[]
---@field actions? string[] what is to be done about it
---@field causes? string[] what was found
---@field graphs? { name: string, unit: string, points: number[][] }[] a point is { time, value }

local function row(cells)
  local made = {}
  for i, cell in ipairs(cells) do made[i] = tostring(cell):gsub("|", "\\|"):gsub("%s*\n%s*", " ") end
  return "| " .. table.concat(made, " | ") .. " |"
end

local function add_table(lines, names, rows)
  if #rows == 0 then return end
  lines[#lines + 1] = row(names)
  lines[#lines + 1] = "|" .. ("---|"):rep(#names)
  for _, cells in ipairs(rows) do lines[#lines + 1] = row(cells) end
  lines[#lines + 1] = ""
end

local BLOCKS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

-- Values as one line of blocks, the highest is a whole one.
local function sparkline(points)
  local top, blocks = 0, {}
  for _, point in ipairs(points) do top = math.max(top, point[2]) end
  for i, point in ipairs(points) do blocks[i] = BLOCKS[top > 0 and math.max(1, math.ceil(point[2] / top * #BLOCKS)) or 1] end
  return table.concat(blocks), top
end

local function add_graphs(lines, graphs)
  if not graphs or #graphs == 0 then return end
  lines[#lines + 1] = "## Graphs"
  lines[#lines + 1] = ""
  for _, graph in ipairs(graphs) do
    local text, top = sparkline(graph.points)
    local first, last = graph.points[1], graph.points[#graph.points]
    lines[#lines + 1] = ("- %s, at most %.1f %s, %s to %s"):format(graph.name, top, graph.unit, first and time.iso(math.floor(first[1])) or "-",
      last and time.iso(math.floor(last[1])) or "-")
    lines[#lines + 1] = ""
    lines[#lines + 1] = "      " .. text
    lines[#lines + 1] = ""
  end
end

local BOXES = { ok = "x", failed = "!", unknown = "?" }

---The document.
---@param of Incident
---@return string markdown
function incident.document(of)
  local lines = { "# " .. of.title, "" }
  local facts = { { "service", of.service }, { "opened", time.iso(math.floor(of.opened_at)) } }
  if of.severity then facts[#facts + 1] = { "severity", of.severity } end
  for _, fact in ipairs(of.facts) do facts[#facts + 1] = { fact.name, fact.value } end
  add_table(lines, { "fact", "value" }, facts)
  lines[#lines + 1] = "## Timeline"
  lines[#lines + 1] = ""
  local moments = {}
  table.sort(of.timeline, function(a, b) return a.at < b.at end)
  for i, moment in ipairs(of.timeline) do moments[i] = { time.iso(math.floor(moment.at)), moment.text, moment.by or "" } end
  add_table(lines, { "when", "what", "by" }, moments)
  lines[#lines + 1] = "## Checks"
  lines[#lines + 1] = ""
  for _, check in ipairs(of.checks) do
    lines[#lines + 1] = ("- [%s] %s%s%s"):format(BOXES[check.state] or " ", check.text, check.note and ": " .. check.note or "", check.by and " (" .. check.by .. ")" or "")
  end
  lines[#lines + 1] = ""
  add_graphs(lines, of.graphs)
  for _, title in ipairs { "Root cause", "Impact", "What went well, what did not" } do
    lines[#lines + 1] = "## " .. title
    lines[#lines + 1] = ""
    for _, cause in ipairs(title == "Root cause" and of.causes or {}) do lines[#lines + 1] = "- found: " .. cause end
    lines[#lines + 1] = "(to be written)"
    lines[#lines + 1] = ""
  end
  lines[#lines + 1] = "## Action items"
  lines[#lines + 1] = ""
  for _, action in ipairs(of.actions or {}) do lines[#lines + 1] = "- [ ] " .. action end
  if #(of.actions or {}) == 0 then lines[#lines + 1] = "- [ ] (to be written)" end
  return table.concat(lines, "\n") .. "\n"
end

---The service's events since a moment, for a timeline.
---@param service table as DescribeServices answers it
---@param since number
---@return { at: number, text: string, by: string }[]
function incident.events(service, since)
  local list = {}
  for _, event in ipairs(service.events or {}) do
    if (event.createdAt or 0) >= since then list[#list + 1] = { at = event.createdAt, text = event.message, by = "ECS" } end
  end
  return list
end

---CPU and memory since a moment, for a document.
---@param which ServiceName
---@param since number
---@return { name: string, unit: string, points: number[][] }[]
function incident.graphs(which, since)
  local known, list = metrics.of_service(which), {}
  for _, metric in ipairs { known.cpu, known.memory } do
    local points = metrics.series(metrics.read(metric, { since = since, period = 60 }), "Average")
    list[#list + 1] = { name = metric.title, unit = metric.unit, points = points }
  end
  return list
end

return incident
