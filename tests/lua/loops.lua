-- Calls that go on by themselves: aws.<service>.pages and aws.<service>.wait, in the simulator and on answers made up here.
local spec = require "spec"

local function found(case)
  local run = spec.run { runbook = "tests/lua/runbooks/loops.lua", args = { "--case", case }, engine = true }
  spec.expect(run.exit, 0, case)
  local values = {}
  for _, event in ipairs(run:of "evidence") do values[event.name] = event.value end
  return values, run
end

local function expect_all(case, expected)
  local values = found(case)
  for name, value in pairs(expected) do spec.expect(values[name], value, name) end
end

spec.test("the items of all pages come one after the other, however large a page is", function()
  expect_all("pages", { ["in one page"] = "1 2 3", ["in pages of one"] = "1 2 3", limited = "1 2", whole = 3 })
end)

spec.test("how to call stands in a second table, and is checked", function()
  expect_all("how", {
    query = 3, try = 3,
    misspelt = "aws.ecs.list_task_definitions: unknown option 'qurey', did you mean 'query'?",
    report = "1 attempt, status 200, true, 36",
    timeout = "aws.ecs.list_task_definitions: option 'timeout' must be seconds, above 0 and up to a day, got 0",
    ["too late"] = "ecs:ListTaskDefinitions: no answer within 0.001 s (1 attempt)",
    attempts = 1,
    rate = "aws.client: option 'rate' must be calls a second, above 0 and up to 100000, got -1",
    mode = "aws.client: option 'retry_mode' must be 'standard', 'adaptive' or 'legacy', got eager",
    ["max attempts"] = "aws.client: option 'max_attempts' must be a whole number from 1 to 100, got 1.5",
    client = "aws.client: unknown option 'regoin', did you mean 'region'?",
  })
  spec.expect(found("how").wrong:find("json.query: ", 1, true) ~= nil, true)
end)

spec.test("a limit ends the calls too", function()
  local _, run = found "pages"
  spec.expect(#run:of "call", 1 + 3 + 2 + 3)
end)

spec.test("what has no pages, and an unknown option, is refused", function()
  expect_all("pages", {
    ["no pages"] = "ecs: 'describe_services' has no pages that AWS's models know of",
    misspelt = "aws.ecs.pages.list_task_definitions: unknown option 'limt', did you mean 'limit'?",
  })
end)

spec.test("tokens are expressions, may be several, and end where AWS says that there is no more", function()
  expect_all("tokens", {
    expressions = 'a b d: {"Bucket":"x","MaxKeys":"2"} {"Bucket":"x","Marker":"b","MaxKeys":"2"} '
        .. '{"Bucket":"x","Marker":"c","MaxKeys":"2"}',
    lists = '2: {} {"K":"1","V":"2"} {"K":"2"}',
    lazy = 0,
  })
end)

spec.test("a token that comes twice ends the loop with an error", function()
  expect_all("tokens", {
    repeated = "s3: the same token of a next page came twice",
    ["no list"] = "s3: 'List.Items' is no list, take whole pages with { whole = true }",
    ["no size"] = "s3: the size of its pages cannot be chosen",
  })
end)

spec.test("a waiter ends with the answer that meets its definition, or says why none can", function()
  expect_all("wait", {
    stable = "busyb-google-workspace-mcp-service",
    missing = [[aws.ecs.wait.services_stable: cannot be reached any more: one of 'failures[].reason' is "MISSING" (attempt 1)]],
    ["no such"] = "logs: no waiter 'anything' (there is none)",
  })
end)

spec.test("a waiter sleeps between its attempts only, tells of each, and gives up", function()
  expect_all("wait", {
    ["too long"] = "aws.ecs.wait.services_inactive: not reached after 3 attempts, 10s apart",
    progress = "1/3 2/3 3/3 in 20s",
    accepted = "ACTIVE",
  })
end)

spec.test("errors and statuses can be what is waited for; other errors end the wait", function()
  local values = found "matchers"
  spec.expect({ values["status"], values["error code"], values["any error"] }, { "nil", "nil", "nil" })
  spec.expect(values["no error"], "fine")
  spec.expect(values["unknown error"], "gone")
  spec.expect(values["no answer"], "network is down")
end)

spec.test("values are compared with their type, all of none is not all", function()
  local never = "w: not reached after 1 attempts, 5s apart"
  expect_all("matchers", {
    types = never, ["all of none"] = never, all = never,
    any = "w: cannot be reached any more: one of 'a' is 1 (attempt 1)",
    deep = "w: cannot be reached any more: 'a' is [1] (attempt 1)",
  })
end)

spec.test("a plan does not wait, and tells of a wait that would be refused", function()
  local run = spec.run { runbook = "tests/lua/runbooks/loops.lua", args = { "--case", "planned" }, engine = true, plan = true }
  spec.expect(run.exit, 0)
  spec.expect(run:of "note"[1].text, "then waits, at most about 10m: aws.ecs.wait.services_stable")
  spec.expect(#run:of "call", 0)
  spec.expect(run:of "evidence"[2].value, [[ecs:DescribeTasks: not declared in this runbook's needs.aws; ]]
    .. [[add "ecs:DescribeTasks" (refused before anything was sent)]])
end)
