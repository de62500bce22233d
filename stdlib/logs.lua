--- CloudWatch Logs for runbooks.

local aws = require "aws"

local logs = {}

---The pattern that finds the guide's kinds of error: any of these words.
logs.ERRORS = '?ERROR ?Traceback ?Exception ?"Health check failed"'

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

local MOST_PAGES = 200

---Events that match, oldest first as AWS sends them, up to `limit`. A page may be empty and still not be the last.
---@param search { group: string, pattern?: string, streams?: string[], since?: number, upto?: number, limit?: integer } times in epoch seconds
---@return table[] events { timestamp (ms), message, logStreamName }
---@return boolean complete false when the limit or the ceiling of pages cut it
function logs.find(search)
  local limit, events, token = search.limit or 1000, {}, nil
  for _ = 1, MOST_PAGES do
    local page = aws.logs.filter_log_events {
      logGroupName = search.group, filterPattern = search.pattern, logStreamNames = search.streams,
      startTime = search.since and math.floor(search.since * 1000), endTime = search.upto and math.floor(search.upto * 1000),
      nextToken = token,
    }
    for _, event in ipairs(page.events or {}) do
      if #events == limit then return events, false end
      events[#events + 1] = event
    end
    token = page.nextToken
    if not token then return events, true end
  end
  return events, false
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
    query.pattern, query.limit = logs.ERRORS, 100
    local events, complete = logs.find(query)
    if #events == 0 then
      return complete, ("no error in %s since %s"):format(query.group, time.iso(math.floor(query.since)))
    end
    return false, ("%d%s errors, the last: %s"):format(#events, complete and "" or "+", first_line(events[#events].message))
  end
end

return logs
