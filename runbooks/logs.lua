--- Logs: what the service writes, now and then, with what known errors mean.
---
--- Guide: Viewing Logs > Real-Time Log Streaming, Historical Logs, Filtered Logs, Log Streams; Troubleshooting > Log Errors and
--- Stack Traces.
---
--- Differs from the guide: a word of `--filter` with other than letters and digits in it is quoted, as CloudWatch wants it
--- ("/health" alone is refused there). Nothing is sampled: what is shown is all there is.

local causes = require "causes"
local ecs = require "ecs"
local logs = require "logs"
local service = require "service"
local triage = require "triage"

-- "ecs/busyb-google-workspace-mcp/0123456789abcdef..." -> "01234567"
local function short_stream(name)
  return (name:match "([^/]+)$"):sub(1, 8)
end

local function clock(ms)
  return ("%s.%03dZ"):format(time.iso(ms // 1000):sub(1, 19), ms % 1000)
end

local function looks_bad(line)
  return line:find "ERROR" or line:find "Traceback" or line:find "Exception" or line:find "Error:" or line:find "CRITICAL"
end

-- Writes events; each known cause is told once, below the first line that shows it.
local function writer(rb)
  local told = {}
  return function(event)
    local cause = causes.of(event.message)
    local first = true
    for line in (event.message:gsub("\n+$", "") .. "\n"):gmatch "(.-)\n" do
      local head = first and ("%s  %s  "):format(clock(event.timestamp), short_stream(event.logStreamName)) or "    "
      rb:output(head .. line, {
        emphasis = (cause or looks_bad(event.message)) and "bad" or nil,
        data = first and {
          timestamp = event.timestamp, stream = event.logStreamName, message = event.message,
          cause = cause and cause.cause, solution = cause and cause.advice,
        } or nil,
      })
      first = false
    end
    if cause and not told[cause.cause] then
      told[cause.cause] = true
      rb:output(("    ^ likely cause: %s; %s"):format(cause.cause, cause.advice), { emphasis = "warn" })
    end
  end
end

local function list_streams(rb, p)
  local rows = {}
  for i, stream in ipairs(logs.list_streams(p.log_group, p.limit or 10)) do
    local last = stream.lastEventTimestamp
    rows[i] = { stream.logStreamName, last and time.iso(last // 1000), last and time.format_duration(math.floor(time.now() - last / 1000)) .. " ago" }
  end
  if #rows == 0 then return rb:note("the log group %s has no streams", p.log_group) end
  rb:table("Streams of " .. p.log_group .. ", the newest event first", { "stream", "last event", "" }, rows)
end

-- When the present deployment began: what was not logged before is probably its doing.
local function deployed_at(p)
  local primary = ecs.primary(ecs.get_service { cluster = p.cluster, service = p.service })
  return primary and primary.createdAt
end

local function show_errors(rb, p, search)
  local found, began = triage.new(), deployed_at(p)
  search.pattern = search.pattern or logs.ERRORS
  for event in logs.each(search) do
    found:add(event)
    rb:progress("Reading " .. p.log_group, ("%d lines, up to %s"):format(found.total, clock(event.timestamp)))
  end
  local rows = {}
  for i, kind in ipairs(found:list()) do
    local is_new = began and kind.first >= began and search.since < began
    rows[i] = { kind.count, time.iso(math.floor(kind.first)), time.iso(math.floor(kind.last)), is_new and "new" or "", kind.kind }
  end
  if found.total == 0 then return rb:note("no errors since %s", time.iso(math.floor(search.since))) end
  rb:table(("%d lines of %d kinds"):format(found.total, #rows), { "count", "first", "last", "since deployment", "line" }, rows)
  if found.left_out > 0 then rb:warn("%d lines of further kinds are not in the table", found.left_out) end
  local told = {}
  for _, kind in ipairs(found:list()) do
    local cause = kind.cause
    if cause and not told[cause.cause] then
      told[cause.cause] = true
      rb:found {
        text = cause.cause, evidence = ("%d times, the last at %s: %s"):format(kind.count, time.iso(math.floor(kind.last)), kind.example:sub(1, 160)),
        solution = cause.advice,
      }
    end
  end
  if next(told) == nil then
    rb:found { text = ("%d lines that look like errors"):format(found.total), severity = "low", solution = "read them: gwrun logs --filter ERROR" }
  end
end

-- The task that writes a stream, where it is one of the service's.
local function has_ended(p)
  if not p.stream then return function() return false end end
  local id = p.stream:match "([^/]+)$"
  return function()
    local tasks = ecs.describe_tasks(p.cluster, { id })
    return tasks[1] ~= nil and tasks[1].lastStatus == "STOPPED"
  end
end

local function follow(rb, p, search, write)
  local poll, ended = logs.follow(search), has_ended(p)
  rb:live(function()
    local count, over = 0, ended()
    for event in poll() do
      write(event)
      count = count + 1
    end
    if over and count == 0 then
      rb:output("the task has stopped", { emphasis = "dim" })
      return true
    end
  end, { every = 2, limit = p.follow_for })
end

return {
  title   = "Logs",
  summary = "Shows what the service logs: of the last hour, of any other time, filtered, as it comes, or its errors by kind.",
  guide   = "Viewing Logs",
  region  = service.region,

  params = service.params({ "cluster", "service", "log_group" }, {
    since        = { type = "time", default = function(p) return p.follow and "10m" or "1h" end, help = "from when on; default: 1h, with --follow 10m", example = "30m" },
    ["until"]    = { type = "time", help = "up to when; default: now" },
    follow       = { type = "boolean", default = false, help = "go on with what comes, until Ctrl-C" },
    follow_for   = { type = "duration", help = "how long to follow at most" },
    filter       = { type = "string", help = "lines with these words; ?a ?b: with one of them; or a pattern of CloudWatch", example = "OAuth" },
    stream       = { type = "string", help = "only this stream, \"ecs/NAME/TASK\"" },
    streams      = { type = "boolean", default = false, help = "list the streams instead, by their last event" },
    errors       = { type = "boolean", default = false, help = "only errors, grouped by kind, with cause and solution; exit code 3 where there are any" },
    limit        = { type = "integer", min = 1, max = 10000, help = "the last so many lines of --stream, or so many streams" },
  }),

  needs = {
    aws = {
      "logs:FilterLogEvents", "logs:GetLogEvents", "logs:DescribeLogStreams", "ecs:DescribeServices", "ecs:DescribeTasks",
    },
  },

  run = function(rb, p)
    if p.streams then return list_streams(rb, p) end
    local write = writer(rb)
    local search = { group = p.log_group, pattern = logs.pattern(p.filter), streams = p.stream and { p.stream }, since = p.since, upto = p["until"] }
    if p.errors then return show_errors(rb, p, search) end
    if p.stream and p.limit and not p.follow then
      for _, event in ipairs(logs.tail(p.log_group, p.stream, p.limit)) do write(event) end
      return
    end
    if p.follow then return follow(rb, p, search, write) end
    local count = 0
    for event in logs.each(search) do
      write(event)
      count = count + 1
    end
    rb:note("%d line%s since %s", count, count == 1 and "" or "s", time.iso(math.floor(p.since)))
  end,
}
