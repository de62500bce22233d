--- CloudWatch Logs for runbooks.

local aws = require "aws"
local failure = require "failure"

local logs = {}

---The pattern that finds what the guide calls errors, and what an OAuth client says of bad credentials: any of these words.
logs.ERRORS = '?ERROR ?CRITICAL ?Traceback ?Exception ?ModuleNotFoundError ?ImportError ?CannotPullContainerError ?AccessDeniedException '
  .. '?NoCredentialsError ?JSONDecodeError ?"Health check failed" ?invalid_client ?invalid_grant'

---A log group, as DescribeLogGroups answers it; raises for one that is not there.
---@param group string its name
---@return table
function logs.get_group(group)
  for _, one in ipairs(aws.logs.describe_log_groups { logGroupNamePrefix = group }.logGroups or {}) do
    if one.logGroupName == group then return one end
  end
  failure.raise("usage", "log group '%s': not found", group)
end

---A target for a preflight: the log group is there.
---@param group string its name
---@return Target
function logs.exists(group)
  return {
    text = ("log group %s is there"):format(group),
    probe = function()
      for _, one in ipairs(aws.logs.describe_log_groups { logGroupNamePrefix = group }.logGroups or {}) do
        if one.logGroupName == group then return true end
      end
      return false, "there is no such log group"
    end,
    arns = function(place) return { ("arn:aws:logs:%s:%s:log-group:%s:*"):format(place.region, place.account, group) } end,
  }
end

-- What only letters, digits and underscores make needs no quotes in a filter pattern; "/health" does.
local function quote_term(sign, term)
  if term:find "^[%w_]+$" then return sign .. term end
  return ('%s"%s"'):format(sign, term:gsub('"', '\\"'))
end

---A filter pattern of what a person types: words, each of which has to be in a line (`?word`: one of these, `-word`: not), are quoted
---where they need it. What is in CloudWatch's own syntax stays as it is: quotes, `{ $.json }`, `[columns]`, `%regular expression%`.
---@param text? string
---@return string? pattern nil: every line
function logs.pattern(text)
  if not text or not text:find "%S" then return nil end
  if text:find '^%s*[{%[%%"]' or text:find '"' then return text end
  local terms = {}
  for sign, term in text:gmatch "([?-]?)(%S+)" do terms[#terms + 1] = quote_term(sign, term) end
  return table.concat(terms, " ")
end

---@class LogSearch
---@field group string
---@field pattern? string as CloudWatch has them, see `logs.pattern`
---@field streams? string[] at most 100
---@field since? number epoch seconds
---@field upto? number epoch seconds

---@class LogEvent
---@field timestamp integer milliseconds since 1970
---@field message string
---@field logStreamName string
---@field eventId? string

---The events that match, oldest first, one at a time: a page is read when its first event is asked for, and one is held.
---@param search LogSearch
---@return fun(): LogEvent? next
function logs.each(search)
  return aws.logs.pages.filter_log_events {
    logGroupName = search.group, filterPattern = search.pattern, logStreamNames = search.streams,
    startTime = search.since and math.floor(search.since * 1000), endTime = search.upto and math.floor(search.upto * 1000),
  }
end

---The first events that match, oldest first, up to `limit`.
---@param search LogSearch
---@param limit? integer default 1000
---@return LogEvent[] events
---@return boolean complete false when there are more
function logs.find(search, limit)
  local events = {}
  for event in logs.each(search) do
    if #events == (limit or 1000) then return events, false end
    events[#events + 1] = event
  end
  return events, true
end

---The last events of one stream, oldest first.
---@param group string
---@param stream string
---@param limit? integer default 100, at most 10,000
---@return LogEvent[]
function logs.tail(group, stream, limit)
  local answer = aws.logs.get_log_events { logGroupName = group, logStreamName = stream, limit = limit or 100 }
  for _, event in ipairs(answer.events or {}) do event.logStreamName = stream end
  return answer.events or {}
end

---The streams of a group, the one with the newest event first.
---@param group string
---@param limit? integer default 10
---@return table[] streams as DescribeLogStreams answers them
function logs.list_streams(group, limit)
  local streams = {}
  local params = { logGroupName = group, orderBy = "LastEventTime", descending = true }
  for stream in aws.logs.pages.describe_log_streams(params, { limit = limit or 10 }) do streams[#streams + 1] = stream end
  return streams
end

-- CloudWatch takes some seconds until an event is found, and those of several streams come in no order.
local OVERLAP_S = 15

---What comes from now on, asked for again and again: each call gives the events that none before has given. In constant memory:
---what is known of events that were given goes back a quarter of a minute.
---@param search LogSearch `since`: where it begins
---@return fun(): (fun(): LogEvent?) poll gives an iterator over what is new
function logs.follow(search)
  local seen, newest = {}, (search.since or time.now()) * 1000
  return function()
    local from = math.max(newest - OVERLAP_S * 1000, (search.since or 0) * 1000)
    local next_event = logs.each { group = search.group, pattern = search.pattern, streams = search.streams, since = from / 1000 }
    for id, at in pairs(seen) do
      if at < from then seen[id] = nil end
    end
    return function()
      for event in next_event do
        local id = event.eventId or event.logStreamName .. event.timestamp .. event.message
        newest = math.max(newest, event.timestamp)
        if not seen[id] then
          seen[id] = event.timestamp
          return event
        end
      end
    end
  end
end

local function first_line(text)
  return (text:gsub("%s*\n.*", "")):sub(1, 120)
end

---A probe for a checklist: has nothing that looks like an error been logged?
---@param search fun(): { group: string, streams?: string[], since?: number }
---@return fun(): boolean?, string
function logs.no_errors(search)
  return function()
    local query = search()
    query.pattern = logs.ERRORS
    local events, complete = logs.find(query, 100)
    if #events == 0 then
      return complete, ("no error in %s since %s"):format(query.group, time.iso(math.floor(query.since)))
    end
    return false, ("%d%s errors, the last: %s"):format(#events, complete and "" or "+", first_line(events[#events].message))
  end
end

return logs
