-- The runbook of tests/lua/fan_out.lua: each case keeps what it found as evidence.
local FAMILY = { familyPrefix = "busyb-google-workspace-mcp" }

local function outcome(f, ...)
  local ok, result = pcall(f, ...)
  return ok and tostring(result) or tostring(result):gsub("^[^ ]+%.lua:%d+: ", "")
end

local function numbers(count)
  local list = {}
  for i = 1, count do list[i] = i end
  return list
end

-- A function that notes how many of its calls are under way at most.
local function watched(f)
  local now, most = 0, 0
  return function(...)
    now = now + 1
    most = math.max(most, now)
    local result = f(...)
    now = now - 1
    return result
  end, function() return most end
end

local cases = {}

function cases.order(rb)
  local f, most = watched(function(item, index)
    sleep((item * 7) % 5)
    return item * 10 + index
  end)
  local results = parallel.map(numbers(20), f, { limit = 4 })
  rb:evidence("results", json.encode(results))
  rb:evidence("most", most())
  rb:evidence("none", json.encode(parallel.map({}, f)))
  local many, most_of_ten = watched(function() sleep(1) end)
  parallel.map(numbers(30), many)
  rb:evidence("without a limit", most_of_ten())
end

function cases.iterator(rb)
  local busy, clashes, given = false, 0, 0
  local function slow()
    clashes = clashes + (busy and 1 or 0)
    busy = true
    sleep(1)
    busy = false
    given = given + 1
    if given <= 6 then return "item " .. given end
  end
  rb:evidence("results", table.concat(parallel.map(slow, function(item, index)
    sleep(10 - index)
    return item
  end, { limit = 3 }), ", "))
  rb:evidence("clashes", clashes)
  rb:evidence("asked", given)
  local revisions = parallel.map(aws.ecs.pages.list_task_definitions(FAMILY, { page_size = 1 }), function(arn)
    return aws.ecs.describe_task_definition { taskDefinition = arn }.taskDefinition.revision
  end)
  rb:evidence("pages", json.encode(revisions))
end

function cases.failure(rb)
  local begun, ended = 0, 0
  local function f(item)
    begun = begun + 1
    sleep(item)
    if item == 3 then error("item 3 is broken", 0) end
    ended = ended + 1
    return item
  end
  rb:evidence("raised", outcome(parallel.map, numbers(50), f, { limit = 5 }))
  rb:evidence("begun", begun)
  rb:evidence("ended", ended)
  rb:evidence("of the iterator", outcome(parallel.map, function() error("no more pages", 0) end, f, { keep_going = true }))
end

function cases.keep_going(rb)
  local results, failures = parallel.map({ 4, 1, 3, 2 }, function(item)
    sleep(item)
    if item > 2 then error({ code = "Broken" .. item }) end
    return item
  end, { keep_going = true })
  rb:evidence("results", ("%s %s %s %s"):format(results[1], results[2], results[3], results[4]))
  rb:evidence("failures", ("%d: %d %d %s, %d %d %s"):format(#failures, failures[1].index, failures[1].item,
    failures[1].error.code, failures[2].index, failures[2].item, failures[2].error.code))
end

function cases.wrong(rb)
  rb:evidence("limit", outcome(parallel.map, {}, print, { limit = 0 }))
  rb:evidence("option", outcome(parallel.map, {}, print, { limt = 1 }))
  rb:evidence("item", outcome(parallel, { 1 }))
  rb:evidence("change", outcome(function() parallel.map = print end))
  rb:evidence("functions", table.concat(parallel { function() return "a" end, function() return "b" end }))
end

-- So much a second, on the run's clock.
function cases.rate(rb)
  local list = aws.client("ecs", { rate = 20 }).list_clusters
  local began = time.monotonic()
  parallel.map(numbers(201), function() return list {} end, { limit = 201 })
  local seconds = time.monotonic() - began
  rb:evidence("seconds", ("%.0f"):format(seconds))
end

return {
  title = "Parallel", summary = "One function over many items, one case at a time.",
  params = { case = { type = "string", required = true } },
  needs = { aws = { "ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition", "ecs:ListClusters" } },
  run = function(rb, p) cases[p.case](rb) end,
}
