-- What a script can do in a plan with a value that is known only after apply.
local spec = require "spec"

local function use(how)
  return spec.run { runbook = "tests/lua/runbooks/plan_unknown.lua", args = { "--use", how }, plan = true }
end

local LATER = "(known after apply)"

local PASSED = {
  member = LATER, arithmetic = LATER, negation = LATER, joining = "web:" .. LATER .. "!", text = LATER,
  formatting = LATER .. " of " .. LATER, method = LATER, length = 1, truth = "yes", equality = false, loop = "1 " .. LATER,
  counted = 1, pairs = 1, unpack = LATER, query = LATER,
}

for how, result in pairs(PASSED) do
  spec.test(how .. " goes on", function()
    local run = use(how)
    spec.expect(run.exit, 0, run:finish().text)
    spec.expect(run:of "evidence"[1].value, result)
  end)
end

local ENDED = {
  comparison = "'desiredCount' of its answer is known only after apply and cannot be compared in a plan",
  two_unknowns = "cannot be compared in a plan",
  sorting = "cannot be compared in a plan",
  number = "number expected, got step 1 'Make': known only after apply",
  limit = "got step 1 'Make': known only after apply",
  maximum = "cannot be compared in a plan",
  conversion = "perhaps for want of what is known only after apply; step 1 'Make'",
  concat = "perhaps for want of what is known only after apply; step 1 'Make'",
  assignment = "cannot be written to in a plan",
  request = "string expected, got step 1 'Make': known only after apply",
}

for how, said in pairs(ENDED) do
  spec.test(how .. " ends the plan, which names the step and what to do", function()
    local run = use(how)
    local text = run:finish().text
    spec.expect(run.exit, 3, text)
    spec.expect(text:find(said, 1, true) ~= nil, true, text)
    spec.expect(text:find("step 1 'Make'", 1, true) ~= nil, true, text)
    spec.expect(text:find("give the step 'assume' to plan past it", 1, true) ~= nil, true, text)
    spec.expect(run:of "plan.summary"[1].complete, false)
  end)
end

spec.test("a refusal that such a value may be behind says so in the summary", function()
  local run = use "refusal"
  spec.expect(run.exit, 2)
  spec.expect(run:of "plan.summary"[1].unseen,
    { "it is not active, perhaps for want of what is known only after apply; step 1 'Make': give the step 'assume' to plan past it" })
end)

spec.test("whether a step is already so, and what it would ask, may be known only after apply", function()
  local run = use "check"
  spec.expect(run.exit, 0)
  spec.expect(run:of "step.planned"[2].reason, "Scale")
end)
