-- The runbook of tests/lua/loops.lua: each case keeps what it found as evidence.
local pages = require "aws.pages"
local waiter = require "aws.waiter"

local CLUSTER, SERVICE = "busyb-cluster", "busyb-google-workspace-mcp-service"
local FAMILY = { familyPrefix = "busyb-google-workspace-mcp" }

local function collect(each)
  local all = {}
  for item in each do all[#all + 1] = item end
  return all
end

local function short(arns)
  local names = {}
  for i, arn in ipairs(arns) do names[i] = arn:match "[^:]+$" end
  return table.concat(names, " ")
end

local function outcome(f, ...)
  local ok, result = pcall(f, ...)
  return ok and tostring(result) or tostring(result):gsub("^[^ ]+%.lua:%d+: ", "")
end

local cases = {}

function cases.pages(rb)
  local each = aws.ecs.pages.list_task_definitions
  rb:evidence("in one page", short(collect(each(FAMILY))))
  rb:evidence("in pages of one", short(collect(each(FAMILY, { page_size = 1 }))))
  rb:evidence("limited", short(collect(each(FAMILY, { page_size = 1, limit = 2 }))))
  rb:evidence("whole", #collect(each(FAMILY, { page_size = 1, whole = true })))
  rb:evidence("no pages", outcome(function() return aws.ecs.pages.describe_services end))
  rb:evidence("misspelt", outcome(each, FAMILY, { limt = 1 }))
end

function cases.how(rb)
  local list = aws.ecs.list_task_definitions
  rb:evidence("query", list(FAMILY, { query = "length(taskDefinitionArns)" }))
  rb:evidence("try", aws.ecs.try_list_task_definitions(FAMILY, { query = "length(taskDefinitionArns)" }))
  rb:evidence("misspelt", outcome(list, FAMILY, { qurey = "a" }))
  rb:evidence("wrong", outcome(list, FAMILY, { query = "taskDefinitionArns[" }))
  local report = {}
  list(FAMILY, { timeout = 5, report = report })
  rb:evidence("report", ("%d attempt, status %d, %s, %s"):format(report.attempts, report.http_status,
    report.seconds > 0, #report.request_id))
  rb:evidence("timeout", outcome(list, FAMILY, { timeout = 0 }))
  rb:evidence("too late", outcome(list, FAMILY, { timeout = 0.001, report = report }))
  rb:evidence("attempts", report.attempts)
  rb:evidence("rate", outcome(aws.client, "ecs", { rate = -1 }))
  rb:evidence("mode", outcome(aws.client, "ecs", { retry_mode = "eager" }))
  rb:evidence("max attempts", outcome(aws.client, "ecs", { max_attempts = 1.5 }))
  rb:evidence("client", outcome(aws.client, "ecs", { regoin = "us-west-2" }))
end

-- Answers of a service that is not simulated.
local function answers(list)
  local asked = {}
  return function(params)
    asked[#asked + 1] = json.encode(params)
    return list[#asked]
  end, asked
end

local OBJECTS = {
  input_tokens = { "Marker" }, output_tokens = { "NextMarker || Contents[-1].Key" }, result_keys = { "Contents" },
  more_results = "IsTruncated", limit_key = "MaxKeys", limit_is_text = true,
}
local VERSIONS = { input_tokens = { "K", "V" }, output_tokens = { "NextK", "NextV" }, result_keys = { "List.Items" } }

local function list(items) return json.array(items) end

function cases.tokens(rb)
  local call, asked = answers {
    { IsTruncated = true, Contents = list { { Key = "a" }, { Key = "b" } } }, { IsTruncated = true, NextMarker = "c", Contents = list {} },
    { IsTruncated = false, NextMarker = "no", Contents = list { { Key = "d" } } },
  }
  local keys = {}
  for object in pages.each("s3", OBJECTS, call, { Bucket = "x" }, { page_size = 2 }) do keys[#keys + 1] = object.Key end
  rb:evidence("expressions", table.concat(keys, " ") .. ": " .. table.concat(asked, " "))

  call, asked = answers {
    { NextK = "1", NextV = "2", List = { Items = list { 1 } } }, { NextK = "2", NextV = json.null, List = { Items = list { 2 } } }, { NextK = "" },
  }
  rb:evidence("lists", #collect(pages.each("s3", VERSIONS, call)) .. ": " .. table.concat(asked, " "))

  call = function() return { NextK = "same", List = { Items = list { 1 } } } end
  rb:evidence("repeated", outcome(collect, pages.each("s3", VERSIONS, call)))

  call, asked = answers { { NextK = "1", List = { Items = list { 1, 2 } } } }
  pages.each("s3", VERSIONS, call)
  rb:evidence("lazy", #asked)
  rb:evidence("no list", outcome(collect, pages.each("s3", VERSIONS, function() return { List = { Items = "x" } } end)))
  rb:evidence("no size", outcome(pages.each, "s3", VERSIONS, call, {}, { page_size = 1 }))
end

function cases.wait(rb)
  local which = { cluster = CLUSTER, services = { SERVICE } }
  rb:evidence("stable", aws.ecs.wait.services_stable(which).services[1].serviceName)
  rb:evidence("missing", outcome(aws.ecs.wait.services_stable, { cluster = CLUSTER, services = { "other" } }))
  rb:evidence("no such", outcome(function() return aws.logs.wait.anything end))
  local seen = {}
  local began = time.now()
  rb:evidence("too long", outcome(aws.ecs.wait.services_inactive, which, {
    max_attempts = 3, delay = 10, progress = function(attempt, most) seen[#seen + 1] = attempt .. "/" .. most end,
  }))
  rb:evidence("progress", table.concat(seen, " ") .. " in " .. math.floor(time.now() - began) .. "s")
  rb:evidence("accepted", aws.ecs.wait.services_inactive(which, { accept = function() return "success" end }).services[1].status)
end

function cases.planned(rb)
  rb:evidence("stable", aws.ecs.wait.services_stable { cluster = CLUSTER, services = { SERVICE } })
  rb:evidence("undeclared", outcome(aws.ecs.wait.tasks_running, { cluster = CLUSTER, tasks = { "a" } }))
end

local function wait_with(acceptors, ...)
  local results, turn = { ... }, 0
  return outcome(waiter.wait, "w", { delay = 5, max_attempts = #results, acceptors = acceptors }, function()
    turn = turn + 1
    local result = results[turn]
    return result.output, result.err, result.status
  end)
end

function cases.matchers(rb)
  local gone = { err = setmetatable({ kind = "service", code = "NotFound", http_status = 404 }, { __tostring = function() return "gone" end }) }
  local lost = { err = setmetatable({ kind = "network" }, { __tostring = function() return "network is down" end }) }
  local function ok(output) return { output = output, status = 200 } end
  local function one(matcher, expected, argument, state)
    return list { { matcher = matcher, expected = expected, argument = argument or "", state = state or "success" } }
  end
  rb:evidence("status", wait_with(one("status", 404), ok {}, gone))
  rb:evidence("error code", wait_with(one("error", "NotFound"), gone))
  rb:evidence("any error", wait_with(one("error", true), ok {}, gone))
  rb:evidence("no error", wait_with(one("error", false), ok("fine")))
  rb:evidence("unknown error", wait_with(one("path", "x", "a"), gone))
  rb:evidence("no answer", wait_with(one("error", true), lost))
  rb:evidence("types", wait_with(one("path", true, "a"), ok { a = "true" }))
  rb:evidence("all of none", wait_with(one("path_all", 1, "a"), ok { a = list {} }))
  rb:evidence("all", wait_with(one("path_all", 1, "a"), ok { a = list { 1, 2 } }))
  rb:evidence("any", wait_with(one("path_any", 1, "a", "failure"), ok { a = list { 2, 1 } }))
  rb:evidence("deep", wait_with(one("path", list { 1 }, "a", "failure"), ok { a = list { 1 } }))
end

return {
  title = "Loops", summary = "Pages and waiters of every kind.", region = "us-east-1",
  params = { case = { type = "string", required = true, help = "which" } },
  needs = { aws = { "ecs:ListTaskDefinitions", "ecs:DescribeServices" } },
  run = function(rb, p) cases[p.case](rb) end,
}
