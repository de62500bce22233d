--- CloudWatch Logs, simulated: reading, queries, exports, and the retention of groups.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local export = require "sim.logs.export"
local insights = require "sim.logs.insights"
local live_tail = require "sim.logs.live_tail"
local pages = require "sim.pages"
local pattern = require "sim.logs.pattern"
local streams = require "sim.logs.streams"

local operations = {}

local MOST_EVENTS = 10000
local RETENTIONS = {
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

local function find_group(world, input)
  local name = input.logGroupName or (input.logGroupIdentifier or ""):match("([^:]+):?%*?$")
  local group = name and world.logs.groups[name]
  if not group then fail("ResourceNotFoundException", "The specified log group does not exist.") end
  return group
end

local function find_stream(group, name)
  local stream = group.streams[name]
  if not stream then fail("ResourceNotFoundException", "The specified log stream does not exist.") end
  return stream
end

local function group_arn(world, group)
  return ("arn:aws:logs:%s:%s:log-group:%s"):format(world.region, world.account, group.name)
end

local function sorted_streams(group)
  local list = {}
  for _, stream in pairs(group.streams) do list[#list + 1] = stream end
  return list
end

local function chosen_streams(group, input)
  if input.logStreamNames and input.logStreamNamePrefix then
    fail("InvalidParameterException", "Cannot specify both logStreamNames and logStreamNamePrefix.")
  end
  local list = {}
  for _, name in ipairs(input.logStreamNames or {}) do list[#list + 1] = find_stream(group, name) end
  if input.logStreamNames then return list end
  local prefix = input.logStreamNamePrefix or ""
  for _, stream in ipairs(sorted_streams(group)) do
    if stream.name:sub(1, #prefix) == prefix then list[#list + 1] = stream end
  end
  return list
end

-- Events have no names of their own; AWS's are 56 digits that grow with time.
local function event_id(event)
  return ("%020d%s%06d"):format(clock.ms(event.at), event.stream.token:sub(1, 30), event.order)
end

local function collect(list, matches, from, upto)
  local events = {}
  for _, stream in ipairs(list) do
    for _, event in ipairs(streams.read(stream, from, upto)) do
      if matches(event.text) then events[#events + 1] = event end
    end
  end
  table.sort(events, streams.is_before)
  return events
end

-- FilterLogEvents includes endTime itself, GetLogEvents does not.
local function range(input, included_ms)
  return (input.startTime or 0) / 1000, input.endTime and (input.endTime + included_ms) / 1000 or clock.now()
end

function operations.filter_log_events(world, input)
  local group = find_group(world, input)
  local from, upto = range(input, 1)
  local events = collect(chosen_streams(group, input), pattern.compile(input.filterPattern), from, upto)
  local page, token = pages.cut(events, {
    size = input.limit, token = input.nextToken, most = MOST_EVENTS, key = event_id,
  })
  local answer = { events = host.array {}, searchedLogStreams = host.array {}, nextToken = token }
  for i, event in ipairs(page) do
    answer.events[i] = {
      logStreamName = event.stream.name, timestamp = clock.ms(event.at), message = event.text,
      ingestionTime = clock.ms(event.at) + 900, eventId = event_id(event),
    }
  end
  return answer
end

-- ---- writing

local MOST_BATCH = 10000

function operations.create_log_group(world, input)
  if world.logs.groups[input.logGroupName] then fail("ResourceAlreadyExistsException", "The specified log group already exists") end
  streams.create_group(world, { name = input.logGroupName })
  return {}
end

function operations.create_log_stream(world, input)
  local group = find_group(world, input)
  if group.streams[input.logStreamName] then fail("ResourceAlreadyExistsException", "The specified log stream already exists") end
  streams.create(group, input.logStreamName)
  return {}
end

function operations.put_log_events(world, input)
  local stream, last = find_stream(find_group(world, input), input.logStreamName), 0
  if #input.logEvents > MOST_BATCH then fail("InvalidParameterException", "Log events in a single PutLogEvents request must be at most 10000.") end
  for _, event in ipairs(input.logEvents) do
    if event.timestamp < last then fail("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.") end
    last = event.timestamp
  end
  for _, event in ipairs(input.logEvents) do streams.put(stream, event.timestamp / 1000, event.message) end
  return { nextSequenceToken = stream.token }
end

operations.start_live_tail = live_tail.start

for _, part in ipairs { export, insights } do
  for name, operation in pairs(part.operations(find_group)) do operations[name] = operation end
end

-- Tokens of GetLogEvents name a place between two events: "f/" what comes after, "b/" what came before.
local function place_of(token, events)
  local side, id = token:match("^([fb])/(%d+)$")
  if not side then fail("InvalidParameterException", "The specified nextToken is invalid.") end
  local before = 0
  for i, event in ipairs(events) do
    if event_id(event) <= id then before = i end
  end
  return side, before
end

local function window_of(input, events, limit)
  local side, place = "b", #events + 1
  if input.nextToken then
    side, place = place_of(input.nextToken, events)
    if side == "b" and place == 0 then return 1, 0 end
  elseif input.startFromHead then
    side, place = "f", 0
  end
  if side == "f" then return place + 1, math.min(place + limit, #events) end
  return math.max(1, place - limit), place - 1
end

function operations.get_log_events(world, input)
  local stream = find_stream(find_group(world, input), input.logStreamName)
  local from, upto = range(input, 0)
  local events = streams.read(stream, from, upto)
  local limit = math.min(input.limit or MOST_EVENTS, MOST_EVENTS)
  local first, last = window_of(input, events, limit)
  local answer = { events = host.array {} }
  for i = first, last do
    answer.events[#answer.events + 1] = {
      timestamp = clock.ms(events[i].at), message = events[i].text, ingestionTime = clock.ms(events[i].at) + 900,
    }
  end
  local nothing = ("0"):rep(56)
  local at_end = events[last] or events[first - 1]
  local at_start = events[first] or events[first - 1]
  answer.nextForwardToken = "f/" .. (at_end and event_id(at_end) or nothing)
  answer.nextBackwardToken = "b/" .. (at_start and event_id(at_start) or nothing)
  return answer
end

local function describe_group(world, group)
  local arn = group_arn(world, group)
  return {
    logGroupName = group.name, creationTime = clock.ms(group.created_at), retentionInDays = group.retention_days,
    metricFilterCount = 0, arn = arn .. ":*", logGroupArn = arn, storedBytes = 0, logGroupClass = "STANDARD",
  }
end

function operations.describe_log_groups(world, input)
  local found = {}
  for name, group in pairs(world.logs.groups) do
    local prefix, part = input.logGroupNamePrefix or "", input.logGroupNamePattern or ""
    if name:sub(1, #prefix) == prefix and name:lower():find(part:lower(), 1, true) then
      found[#found + 1] = describe_group(world, group)
    end
  end
  local page, token = pages.cut(found, {
    size = input.limit, token = input.nextToken, most = 50, key = function(group) return group.logGroupName end,
  })
  return { logGroups = host.array(page), nextToken = token }
end

local function describe_stream(world, group, stream)
  local first, last = streams.bounds(stream)
  return {
    logStreamName = stream.name, creationTime = clock.ms(stream.created_at), firstEventTimestamp = clock.ms(first),
    lastEventTimestamp = clock.ms(last), lastIngestionTime = last and clock.ms(last) + 900, uploadSequenceToken = stream.token,
    arn = ("%s:log-stream:%s"):format(group_arn(world, group), stream.name), storedBytes = 0,
  }
end

function operations.describe_log_streams(world, input)
  local group = find_group(world, input)
  local by_time = input.orderBy == "LastEventTime"
  if by_time and input.logStreamNamePrefix then
    fail("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
  end
  local list = {}
  for _, stream in ipairs(chosen_streams(group, { logStreamNamePrefix = input.logStreamNamePrefix })) do
    list[#list + 1] = describe_stream(world, group, stream)
  end
  table.sort(list, function(a, b)
    if input.descending then a, b = b, a end
    local left, right = a.lastEventTimestamp or 0, b.lastEventTimestamp or 0
    if by_time and left ~= right then return left < right end
    return a.logStreamName < b.logStreamName
  end)
  local page, token = pages.cut(list, {
    size = input.limit, token = input.nextToken, most = 50, key = function(stream) return stream.logStreamName end,
  })
  return { logStreams = host.array(page), nextToken = token }
end

function operations.put_retention_policy(world, input)
  local group = find_group(world, input)
  for _, days in ipairs(RETENTIONS) do
    if days == input.retentionInDays then
      group.retention_days = days
      return {}
    end
  end
  fail("InvalidParameterException",
    "1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
    input.retentionInDays, table.concat(RETENTIONS, ", "))
end

function operations.delete_retention_policy(world, input)
  find_group(world, input).retention_days = nil
  return {}
end

return {
  operations = operations,
  ---The retention of each group in days; 0: for ever.
  ---@param world table
  state = function(world)
    local all = {}
    for name, group in pairs(world.logs.groups) do all[name] = group.retention_days or 0 end
    return all
  end,
  ---@param world table
  ---@param data { name: string, retention_days?: integer }[]
  open = function(world, data)
    world.logs = { groups = {}, queries = {}, query_order = {}, exports = {} }
    for _, group in ipairs(data or {}) do streams.create_group(world, group) end
  end,
}
