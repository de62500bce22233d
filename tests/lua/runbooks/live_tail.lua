-- The runbook of tests/lua/live_tail.lua: follows the simulated service's log group.
local GROUP = "/ecs/busyb-google-workspace-mcp"
local ARN = "arn:aws:logs:us-east-1:758888582357:log-group:" .. GROUP

local function tail(more)
  local input = { logGroupIdentifiers = { ARN } }
  for name, value in pairs(more or {}) do input[name] = value end
  return aws.logs.start_live_tail(input)
end

-- The lines of so many updates.
local function follow(stream, updates)
  local lines = {}
  for event in stream do
    if event.sessionUpdate then
      updates = updates - 1
      for _, result in ipairs(event.sessionUpdate.sessionResults) do lines[#lines + 1] = result end
      if updates == 0 then break end
    end
  end
  stream:close()
  return lines
end

local cases = {}

function cases.start(rb)
  local answer = tail { logEventFilterPattern = "ERROR" }
  local first = answer.responseStream()
  rb:evidence("filter", first.sessionStart.logEventFilterPattern)
  rb:evidence("group", first.sessionStart.logGroupIdentifiers[1])
  rb:evidence("id", #first.sessionStart.sessionId)
  answer.responseStream:close()
end

function cases.follow(rb)
  local began = time.now()
  local lines = follow(tail().responseStream, 120)
  local took = time.now() - began
  local filtered = aws.logs.filter_log_events {
    logGroupName = GROUP, startTime = math.floor(began * 1000), endTime = math.floor((began + took) * 1000),
  }.events
  rb:evidence("seconds", took >= 119 and took <= 122)
  rb:evidence("lines", #lines > 0 and #lines <= #filtered)
  rb:evidence("same", lines[1].message == filtered[1].message and lines[1].timestamp == filtered[1].timestamp)
  rb:evidence("nothing", #follow(tail { logEventFilterPattern = "no such text" }.responseStream, 60))
  rb:evidence("no stream", #follow(tail { logStreamNamePrefixes = { "none/" } }.responseStream, 60))
end

-- A reader slower than the updates loses nothing: the session waits for it.
function cases.slow(rb)
  local lines, updates = {}, 0
  local stream = tail().responseStream
  for event in stream do
    updates = updates + 1
    for _, result in ipairs(event.sessionUpdate and event.sessionUpdate.sessionResults or {}) do
      lines[#lines + 1] = result
    end
    if updates == 20 then break end
    sleep(5)
  end
  stream:close()
  local filtered = aws.logs.filter_log_events {
    logGroupName = GROUP, startTime = lines[1].timestamp - 1, endTime = lines[#lines].timestamp,
  }.events
  rb:evidence("lines", #lines > 0 and #lines == #filtered)
end

-- Two sessions at the same time, and a call beside them.
function cases.parallel(rb)
  local counts = {}
  local function session(name)
    return function() counts[name] = #follow(tail().responseStream, 60) end
  end
  parallel { session "a", session "b", function()
    sleep(10)
    counts.groups = #aws.logs.describe_log_groups().logGroups
  end }
  rb:evidence("same", counts.a == counts.b and counts.a > 0)
  rb:evidence("groups", counts.groups > 0)
end

function cases.three_hours(rb)
  local began = time.now()
  local stream = tail { logEventFilterPattern = "no such text" }.responseStream
  local updates = 0
  local ok, err = pcall(function()
    for event in stream do updates = updates + (event.sessionUpdate and 1 or 0) end
  end)
  rb:evidence("ok", ok)
  rb:evidence("code", err.code)
  rb:evidence("hours", (time.now() - began) // 3600)
  rb:evidence("updates", updates)
end

function cases.refused(rb)
  local function code(more)
    local _, err = pcall(tail, more)
    return err.code
  end
  rb:evidence("missing", code { logGroupIdentifiers = { ARN .. "-none" } })
  rb:evidence("both", code { logStreamNames = { "a" }, logStreamNamePrefixes = { "b" } })
  rb:evidence("star", code { logGroupIdentifiers = { ARN .. ":*" } })
end

return {
  title = "Live tail", summary = "Follows a log group.", region = "us-east-1",
  params = { case = { type = "string", required = true, help = "what to do" } },
  needs = { aws = { "logs:StartLiveTail", "logs:FilterLogEvents", "logs:DescribeLogGroups" } },
  run = function(rb, p) cases[p.case](rb) end,
}
