--- Logs Insights: a query over the service's log, its result as a table and, where it goes by time, as a plot.
---
--- Guide: Viewing Logs > CloudWatch Logs Insights.
---
--- Differs from the guide: its query says "by minute" and takes bins of five. Here the bin follows from the range: a minute for an
--- hour, a quarter of an hour for a day.

local aws = require "aws"
local service = require "service"

local MINUTE, HOUR = 60, 3600
local BINS = { { MINUTE, "1m" }, { 5 * MINUTE, "5m" }, { 15 * MINUTE, "15m" }, { HOUR, "1h" }, { 6 * HOUR, "6h" }, { 24 * HOUR, "1d" } }
local MOST_BINS = 120

local function bin_of(range)
  for _, bin in ipairs(BINS) do
    if range / bin[1] <= MOST_BINS then return bin end
  end
  return BINS[#BINS]
end

-- The rows of a result as maps, and the names of its columns in order; @ptr is of no use to a reader.
local function read_rows(results)
  local columns, known, rows = {}, {}, {}
  for i, result in ipairs(results or {}) do
    rows[i] = {}
    for _, cell in ipairs(result) do
      if cell.field ~= "@ptr" and not known[cell.field] then
        known[cell.field] = true
        columns[#columns + 1] = cell.field
      end
      rows[i][cell.field] = cell.value
    end
  end
  return rows, columns
end

-- "2025-11-12 03:12:00.000" -> epoch seconds
local function instant(text)
  return time.parse((text or ""):gsub(" ", "T") .. "Z")
end

local function by_time(columns)
  for _, name in ipairs(columns) do
    if name:find "^bin%(" then return name end
  end
end

local function series_of(rows, columns, clock)
  local series = {}
  for _, name in ipairs(columns) do
    local points = {}
    for _, row in ipairs(name ~= clock and rows or {}) do
      local at, value = instant(row[clock]), tonumber(row[name])
      if at and value then points[#points + 1] = { at, value } end
    end
    table.sort(points, function(a, b) return a[1] < b[1] end)
    if #points > 0 and #series < 4 then series[#series + 1] = { name = name, points = points } end
  end
  return series
end

local function show(rb, p, answer, period)
  local rows, columns = read_rows(answer.results)
  local cells = {}
  for i, row in ipairs(rows) do
    cells[i] = {}
    for k, name in ipairs(columns) do cells[i][k] = row[name] end
  end
  local seen = answer.statistics or {}
  if #rows == 0 then
    rb:note("nothing was found; %d records were read", math.floor(seen.recordsScanned or 0))
    return
  end
  rb:table(("%d rows, of %d records of %d"):format(#rows, math.floor(seen.recordsMatched or 0), math.floor(seen.recordsScanned or 0)), columns, cells)
  local clock = by_time(columns)
  if clock then rb:plot("By time", { from = p.since, upto = p["until"] or time.now(), period = period, series = series_of(rows, columns, clock) }) end
end

return {
  title   = "Logs Insights",
  summary = "Runs a CloudWatch Logs Insights query over the service's log: errors by time, unless told otherwise.",
  guide   = "Viewing Logs > CloudWatch Logs Insights",
  region  = service.region,

  params = service.params({ "log_group" }, {
    query     = { type = "string", help = "default: the errors by time", example = "stats count() by @logStream" },
    since     = { type = "time", default = "1h", help = "from when on" },
    ["until"] = { type = "time", help = "up to when; default: now" },
    limit     = { type = "integer", min = 1, max = 10000, default = 1000, help = "rows at most" },
    timeout   = { type = "duration", default = "15m", help = "how long to wait for the result" },
  }),

  needs = { aws = { "logs:StartQuery", "logs:GetQueryResults" } },

  run = function(rb, p)
    local upto = p["until"] or time.now()
    if p.since >= upto then rb:refuse("--since %s is not before --until %s", time.iso(math.floor(p.since)), time.iso(math.floor(upto))) end
    local bin = bin_of(upto - p.since)
    local query = p.query or ("fields @timestamp, @message | filter @message like /ERROR/ | stats count() as errors by bin(%s)"):format(bin[2])
    rb:note("query: %s", query)
    local begun, err = aws.logs.try_start_query {
      logGroupName = p.log_group, startTime = math.floor(p.since), endTime = math.floor(upto), queryString = query, limit = p.limit,
    }
    if err and err.code == "MalformedQueryException" then rb:refuse("--query: %s", err.message) end
    if err then error(err, 0) end
    if rb.planning then return end

    local answer
    rb:wait("The query is done", function()
      answer = aws.logs.get_query_results { queryId = begun.queryId }
      local read = math.floor((answer.statistics or {}).recordsScanned or 0)
      if answer.status == "Complete" then return "done", ("%d records read"):format(read) end
      if answer.status == "Failed" or answer.status == "Cancelled" or answer.status == "Timeout" then
        return "failed", ("the query ended as %s, after %d records"):format(answer.status, read)
      end
      return "waiting", ("%s, %d records read"):format(answer.status, read)
    end, { timeout = p.timeout, every = 1 })
    show(rb, p, answer, not p.query and bin[1] or nil)
  end,
}
