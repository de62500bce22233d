-- parallel.map, in the simulator: order, limits, iterators, failures, and the rate of a client.
local spec = require "spec"

local function expect_all(case, expected)
  local run = spec.run { runbook = "tests/lua/runbooks/fan_out.lua", args = { "--case", case } }
  spec.expect(run.exit, 0, case)
  local values = {}
  for _, event in ipairs(run:of "evidence") do values[event.name] = event.value end
  for name, value in pairs(expected) do spec.expect(values[name], value, name) end
end

spec.test("results are in the order of the items, and no more are under way than the limit", function()
  expect_all("order", {
    results = "[11,22,33,44,55,66,77,88,99,110,121,132,143,154,165,176,187,198,209,220]",
    most = 4, none = "[]", ["without a limit"] = 10,
  })
end)

spec.test("an iterator gives the items, and is asked by one task at a time", function()
  expect_all("iterator", {
    results = "item 1, item 2, item 3, item 4, item 5, item 6", clashes = 0, asked = 7, pages = "[1,2,3]",
  })
end)

spec.test("the first failure cancels the others and is raised", function()
  expect_all("failure", { raised = "item 3 is broken", begun = 7, ended = 2, ["of the iterator"] = "no more pages" })
end)

spec.test("with keep_going all are made and the failures are told", function()
  expect_all("keep_going", { results = "nil 1 nil 2", failures = "2: 1 4 Broken4, 3 3 Broken3" })
end)

spec.test("what is wrong with a call of it is said", function()
  expect_all("wrong", {
    limit = "parallel.map: limit must be an integer from 1 up, got 0",
    option = "parallel.map: unknown option 'limt', did you mean 'limit'?",
    item = "parallel: item 1 is a number, expected a function",
    change = "parallel: cannot be changed", functions = "ab",
  })
end)

spec.test("a client's rate is kept on the run's clock", function()
  expect_all("rate", { seconds = "10" })
end)
