local spec = require "spec"

local function run(params, more)
  local request = { runbook = "logs_insights", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

spec.test("the errors of the last hour by minute, as a table and a plot", function()
  local ended = run()
  ended:expect_exit(0)
  ended:expect_called({ "logs:StartQuery", queryString = "fields @timestamp, @message | filter @message like /ERROR/ | stats count() as errors by bin(1m)" }, 1)
  local shown = ended:of "table"[1]
  spec.expect(shown.columns, { "bin(1m)", "errors" })
  spec.expect(shown.rows[1], { "2025-11-12 03:11:00.000", "12" })
  spec.expect_match(ended:of "plot"[1], { period = 60, series = { { name = "errors" } } })
  spec.expect(#ended:of "wait.finished", 1)
end)

spec.test("the bin follows from the range", function()
  for since, bin in pairs { ["6h"] = "5m", ["1d"] = "15m", ["5d"] = "1h", ["7d"] = "6h" } do
    local ended = run { since = since }
    assert(ended:of "note"[1].text:find("bin(" .. bin .. ")", 1, true), since .. ": " .. ended:of "note"[1].text)
  end
end)

spec.test("any other query has its own columns, and no plot where it does not go by time", function()
  local ended = run { query = "stats count() as n by @logStream | sort n desc" }
  spec.expect(ended:of "table"[1].columns, { "@logStream", "n" })
  spec.expect(#ended:of "plot", 0)
end)

spec.test("nothing found is said", function()
  local ended = run({ query = "filter @message like /nowhere to be seen/" })
  ended:expect_exit(0)
  assert(ended:of "note"[2].text:find "^nothing was found; %d+ records were read$", ended:of "note"[2].text)
end)

spec.test("a query that is none is refused with what AWS says of it, and so is a range the wrong way round", function()
  local ended = run { query = "foo bar" }
  ended:expect_exit(2)
  assert(ended:finish().text:find "^%-%-query: .*unexpected symbol found foo at line 1", ended:finish().text)
  run({ since = "1h", ["until"] = "2h" }):expect_exit(2)
end)

spec.test("a group that is not there fails; throttled it goes on by itself; a result that never comes is a problem", function()
  run({ log_group = "/ecs/gone" }):expect_exit(1)
  run(nil, { world = { faults = { "throttle logs:* times=2" } } }):expect_exit(0)
  run({ timeout = "1s" }):expect_exit(3)
end)
