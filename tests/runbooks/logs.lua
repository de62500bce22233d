local spec = require "spec"

local function run(params, more)
  local request = { runbook = "logs", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

local function lines(ended)
  local list = {}
  for i, event in ipairs(ended:of "output") do list[i] = event.text end
  return list
end

spec.test("what was logged since then, oldest first, with the time, the task and the line", function()
  local ended = run { since = "2025-11-12T02:56:20Z", ["until"] = "2025-11-12T02:56:23Z", filter = "/health" }
  ended:expect_exit(0)
  spec.expect(lines(ended), { '2025-11-12T02:56:22.424Z  6d553c24  INFO:     127.0.0.1:30000 - "GET /health HTTP/1.1" 200 OK' })
  spec.expect(ended:finish().outcome, "ok")
end)

spec.test("words with other than letters and digits are quoted for CloudWatch, its own patterns are left alone", function()
  run({ since = "5m", filter = "/health" }):expect_called { "logs:FilterLogEvents", filterPattern = '"/health"' }
  run({ since = "5m", filter = "OAuth" }):expect_called { "logs:FilterLogEvents", filterPattern = "OAuth" }
  run({ since = "5m", filter = "?ERROR ?access-denied -debug" }):expect_called { "logs:FilterLogEvents", filterPattern = '?ERROR ?"access-denied" -debug' }
  run({ since = "5m", filter = '"Health check" ?x' }):expect_called { "logs:FilterLogEvents", filterPattern = '"Health check" ?x' }
  run({ since = "5m", filter = "%/health|/mcp%" }):expect_called { "logs:FilterLogEvents", filterPattern = "%/health|/mcp%" }
end)

spec.test("a known error is marked, and its cause told once below its first line", function()
  local ended = run { since = "20m", filter = "ModuleNotFoundError" }
  local list = ended:of "output"
  spec.expect(list[1].emphasis, "bad")
  spec.expect(list[2].text, "    ^ likely cause: the image lacks a Python dependency; rebuild it with the right requirements.txt, and roll back until then")
  local told = 0
  for _, event in ipairs(list) do told = told + (event.text:find("likely cause", 1, true) and 1 or 0) end
  spec.expect(told, 1)
  spec.expect_match(list[1].data, { message = "ModuleNotFoundError: No module named 'cachetools'", cause = "the image lacks a Python dependency" })
end)

spec.test("pages that are empty are not the end", function()
  local ended = run({ since = "1h", filter = "ModuleNotFoundError" }, { world = { faults = { "empty logs:FilterLogEvents times=3" } } })
  assert(#ended:of "output" >= 2, "nothing was shown")
end)

spec.test("errors are grouped by kind, those that began with the deployment marked, with cause and solution; exit code 3", function()
  local ended = run { errors = true, since = "1d" }
  ended:expect_exit(3)
  local rows = ended:of "table"[1].rows
  spec.expect({ rows[1][4], rows[1][5] },
    { "new", "ERROR - core.server - Tool call failed: OAuth token refresh is not possible: credential store is not available" })
  ended:expect_event("found", { text = "the image lacks a Python dependency" })
end)

spec.test("no errors: exit code 0", function()
  local ended = run({ errors = true, since = "1h" }, { world = { bad = "none" } })
  ended:expect_exit(0)
  spec.expect(ended:of "note"[1].text, "no errors since 2025-11-12T02:12:00Z")
end)

spec.test("following shows what comes, each line once, and Ctrl-C ends it well", function()
  local ended = run({ follow = true, since = "0s", filter = "/mcp" }, { interrupt = { event = "output" } })
  ended:expect_exit(0)
  spec.expect(ended:finish().text, "ended by the operator")
  local all, seen = run { follow = true, since = "0s", follow_for = "2m" }, {}
  for _, event in ipairs(all:of "output") do
    local data = event.data
    local id = data and data.stream .. data.timestamp .. data.message
    assert(not (id and seen[id]), "twice: " .. event.text)
    if id then seen[id] = true end
  end
  assert(next(seen), "nothing came")
end)

spec.test("following one task's stream ends when the task has", function()
  local world = spec.world { world = { bad = "none" } }
  local task = world.ecs.list_tasks { cluster = "busyb-cluster" }.taskArns[1]
  world.ecs.stop_task { cluster = "busyb-cluster", task = task }
  local stream = "ecs/busyb-google-workspace-mcp/" .. task:match "([^/]+)$"
  local ended = world:run { runbook = "logs", params = { follow = true, stream = stream, since = "0s", follow_for = "1h" } }
  ended:expect_exit(0)
  local list = lines(ended)
  spec.expect(list[#list], "the task has stopped")
  assert(ended:finish().seconds < 600, "it went on for " .. ended:finish().seconds)
end)

spec.test("the last lines of a stream, and the streams by their last event", function()
  local streams = run { streams = true, limit = 2 }
  spec.expect(#streams:of "table"[1].rows, 2)
  local stream = streams:of "table"[1].rows[2][1]
  local ended = run { stream = stream, limit = 2 }
  ended:expect_called { "logs:GetLogEvents", logStreamName = stream, limit = 2 }
  spec.expect(#ended:of "output", 2)
end)

spec.test("a group that is not there fails with what to do; a group that may not be read ends with 6", function()
  local ended = run { log_group = "/ecs/gone" }
  ended:expect_exit(1)
  assert(ended:finish().text:find("The specified log group does not exist", 1, true), ended:finish().text)
  local denied = run(nil, { world = { policy = { { Effect = "Allow", Action = "ecs:*", Resource = "*" } } } })
  denied:expect_exit(6)
end)
