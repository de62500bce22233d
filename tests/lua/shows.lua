--- What a runbook shows of what it has found.

local spec = require "spec"

local function run(how)
  how.runbook = "tests/lua/runbooks/shows.lua"
  return spec.run(how)
end

spec.test("a table has texts, also for numbers and for nothing; a plot has its points", function()
  local ended = run {}
  ended:expect_event("table", { title = "Tasks", columns = { "task", "exit" }, rows = { { "a1", "137" }, { "b2", "-" } } })
  ended:expect_event("plot", { title = "CPU", from_text = "00:16", series = { { name = "Average", points = { { 1000, 5 }, { 1300, 7.5 } } } } })
end)

spec.test("a finding ends the run with 3, and a line of output shows with --quiet too", function()
  local ended = run {}
  ended:expect_exit(3)
  ended:expect_event("found", { text = "one task was killed", severity = "high", fix = "gwrun deploy" })
  spec.expect(ended:finish().text, "one task was killed")
  ended:expect_event("output", { text = "a line", emphasis = "bad", data = { stream = "s" } })
end)

spec.test("a live picture is drawn until it says that it is over", function()
  local ended = run { params = { live = true } }
  ended:expect_exit(0)
  spec.expect(#ended:of "redrawn", 4)
  spec.expect(ended:finish().seconds, 180)
end)

spec.test("Ctrl-C ends a live picture well", function()
  local ended = run { params = { live = true }, interrupt = { event = "note", text = "round 2" } }
  ended:expect_exit(0)
  spec.expect(ended:finish().outcome, "ok")
  spec.expect(ended:finish().text, "ended by the operator")
  spec.expect(#ended:of "note", 2)
end)

spec.test("nothing can be changed inside of it", function()
  local ended = run { params = { live = true, change = true } }
  ended:expect_exit(5)
  assert(ended:finish().text:find("step 'Change': nothing can be changed inside rb:live", 1, true), ended:finish().text)
end)

spec.test("a plan does not wait for a live picture", function()
  local ended = run { params = { live = true }, plan = true }
  ended:expect_exit(0)
  spec.expect(#ended:of "redrawn", 0)
end)
