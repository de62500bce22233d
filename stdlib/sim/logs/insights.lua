--- CloudWatch Logs Insights, simulated: queries over groups, which take a moment.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"
local query = require "sim.logs.insights.query"
local random = require "sim.random"
local streams = require "sim.logs.streams"

local insights = {}

local MOST_RESULTS, MOST_GROUPS = 10000, 50
local TAKES = { 1.5, 4 } -- seconds

-- "2025-11-12 03:12:00.000", as results show the time.
local function shown_time(at)
  local iso = host.iso(math.floor(at))
  return ("%s %s.%03d"):format(iso:sub(1, 10), iso:sub(12, 19), clock.ms(at) % 1000)
end

local function shown(value, kind)
  if kind == "time" then return shown_time(value) end
  if type(value) == "number" then return ("%.14g"):format(value) end
  if type(value) == "boolean" then return value and "1" or "0" end
  return tostring(value)
end

-- A message that is JSON has its members as fields.
local function fields_of(world, group, event)
  local fields = {}
  local told = event.text:sub(1, 1) == "{" and host.parse_json(event.text) or {}
  for name, value in pairs(told) do fields[name] = type(value) == "table" and host.json(value) or value end
  fields["@timestamp"], fields["@ingestionTime"] = event.at, event.at + 0.9
  fields["@message"], fields["@logStream"] = event.text, event.stream.name
  fields["@log"] = world.account .. ":" .. group.name
  return fields
end

local function rows_of(world, groups, from, upto)
  local events = {}
  for _, group in ipairs(groups) do
    for _, stream in pairs(group.streams) do
      for _, event in ipairs(streams.read(stream, from, upto)) do events[#events + 1] = { event = event, group = group } end
    end
  end
  table.sort(events, function(a, b) return streams.is_before(b.event, a.event) end)
  local rows, bytes = {}, 0
  for i, one in ipairs(events) do
    rows[i] = { at = one.event.at, fields = fields_of(world, one.group, one.event), event = one.event }
    bytes = bytes + #one.event.text
  end
  return rows, bytes
end

local TIMES = { ["@timestamp"] = "time", ["@ingestionTime"] = "time" }

local function result_of(row, columns)
  local list = host.array {}
  for _, name in ipairs(columns) do
    local value = row.fields[name]
    if value ~= nil then list[#list + 1] = { field = name, value = shown(value, row.kinds and row.kinds[name] or TIMES[name]) } end
  end
  if row.event then
    list[#list + 1] = { field = "@ptr", value = host.digest(("%s %s %d"):format(row.event.stream.token, row.event.at, row.event.order)) }
  end
  return list
end

local function execute(world, job)
  local rows, bytes = rows_of(world, job.groups, job.from, job.upto)
  local scanned = #rows
  local found = job.query.run(rows)
  job.results = host.array {}
  for i = 1, math.min(#found, job.limit) do job.results[i] = result_of(found[i], job.query.columns) end
  job.statistics = {
    recordsMatched = #found, recordsScanned = scanned, bytesScanned = bytes, estimatedRecordsSkipped = 0, estimatedBytesSkipped = 0,
    logGroupsScanned = #job.groups,
  }
  job.status = "Complete"
end

local function groups_of(input, find_group)
  local names, groups = {}, {}
  for _, name in ipairs(input.logGroupNames or {}) do names[#names + 1] = { logGroupName = name } end
  for _, id in ipairs(input.logGroupIdentifiers or {}) do names[#names + 1] = { logGroupIdentifier = id } end
  if input.logGroupName then names[#names + 1] = { logGroupName = input.logGroupName } end
  if #names == 0 then fail("InvalidParameterException", "Either the logGroupName, logGroupNames or logGroupIdentifiers is required.") end
  if #names > MOST_GROUPS then fail("InvalidParameterException", "At most %d log groups can be queried.", MOST_GROUPS) end
  for i, name in ipairs(names) do groups[i] = find_group(name) end
  return groups
end

local function parse(text)
  local ran, parsed = pcall(query.parse, text)
  if ran then return parsed end
  if type(parsed) ~= "table" or not parsed.malformed then error(parsed, 0) end
  fail("MalformedQueryException", "%s", parsed.malformed)
end

---@param find_group fun(world: table, input: table): LogGroup
---@return table<string, function> operations
function insights.operations(find_group)
  local operations = {}

  function operations.start_query(world, input)
    local groups = groups_of(input, function(named) return find_group(world, named) end)
    if input.startTime > input.endTime then fail("InvalidParameterException", "End time should not be less than start time") end
    local job = {
      id = random.uuid(), groups = groups, text = input.queryString, query = parse(input.queryString), status = "Running",
      limit = math.min(input.limit or MOST_RESULTS, MOST_RESULTS), from = input.startTime, upto = input.endTime + 1, began_at = clock.now(),
    }
    world.logs.queries[job.id] = job
    table.insert(world.logs.query_order, job)
    job.finish = clock.after(random.between(TAKES), function() execute(world, job) end)
    return { queryId = job.id }
  end

  local function find(world, id)
    local job = world.logs.queries[id]
    if not job then fail("ResourceNotFoundException", "Query does not exist.") end
    return job
  end

  function operations.get_query_results(world, input)
    local job = find(world, input.queryId)
    return {
      status = job.status, results = job.results or host.array {},
      statistics = job.statistics or { recordsMatched = 0, recordsScanned = 0, bytesScanned = 0 },
    }
  end

  function operations.stop_query(world, input)
    local job = find(world, input.queryId)
    if job.status ~= "Running" then fail("InvalidParameterException", "Query is not running, its status is %s.", job.status) end
    clock.cancel(job.finish)
    job.status = "Cancelled"
    return { success = true }
  end

  function operations.describe_queries(world, input)
    local list = {}
    for i = #world.logs.query_order, 1, -1 do
      local job = world.logs.query_order[i]
      local is_meant = not input.logGroupName or job.groups[1].name == input.logGroupName
      if is_meant and (not input.status or input.status == job.status) then
        list[#list + 1] = {
          queryId = job.id, queryString = job.text, status = job.status, createTime = math.floor(job.began_at * 1000),
          logGroupName = job.groups[1].name,
        }
      end
    end
    local page, token = pages.cut(list, {
      size = input.maxResults, token = input.nextToken, most = 1000, key = function(job) return job.queryId end,
    })
    return { queries = host.array(page), nextToken = token }
  end

  return operations
end

return insights
