-- What a plan shows of changes, and how far it sees past them.
local spec = require "spec"

local function plan(way)
  return spec.run { runbook = "tests/lua/runbooks/plan.lua", args = { "--way", way }, plan = true }
end

local function calls(run, step)
  return run:of "step.planned"[step].calls
end

-- { path = { kind, from, to } }
local function changes(call)
  local by_path = {}
  for _, change in ipairs(call.changes) do by_path[change.path] = { change.kind, change.from, change.to } end
  return by_path
end

local function notes(run)
  local texts = {}
  for i, note in ipairs(run:of "note") do texts[i] = note.text end
  return texts
end

local function summary(run)
  local event = run:of "plan.summary"[1]
  return { event.create, event.change, event.destroy, event.none, event.known_later, event.complete }
end

spec.test("a change shows what is and what will be, and what it is about", function()
  local run = plan "scale"
  local call = calls(run, 1)[1]
  spec.expect(run.exit, 0)
  spec.expect({ call.words, call.effect, call.reading }, { "update service", "change", "ecs:DescribeServices" })
  spec.expect(call.target, { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service" })
  spec.expect(changes(call), { desiredCount = { "changed", 1, 3 } })
  spec.expect(summary(run), { 0, 1, 0, 0, 0, true })
end)

spec.test("a change that changes nothing says so", function()
  local run = plan "same"
  spec.expect(calls(run, 1)[1].effect, "none")
  spec.expect(changes(calls(run, 1)[1]), { desiredCount = { "same", 1, 1 } })
  spec.expect(summary(run), { 0, 0, 0, 1, 0, true })
end)

spec.test("a later change is compared with what the earlier ones would leave", function()
  local run = plan "twice"
  local call = calls(run, 2)[1]
  spec.expect(changes(call), { desiredCount = { "changed", 3, 1 } })
  spec.expect(call.assumes, "1")
end)

spec.test("what is there now is read once", function()
  local read = 0
  for _, call in ipairs(plan "twice":of "call") do
    if call.action == "ecs:DescribeServices" and call.step then read = read + 1 end
  end
  spec.expect(read, 1)
end)

spec.test("a reading after a planned change says that it shows the world before it", function()
  spec.expect(notes(plan "twice"), { "ecs:DescribeServices answers as it was before step 2, whose change is not made" })
end)

spec.test("a step is not skipped for what was so before a planned change", function()
  local run = plan "back"
  spec.expect(#run:of "step.skipped", 0)
  spec.expect(changes(calls(run, 2)[1]), { desiredCount = { "changed", 3, 1 } })
  spec.expect(summary(run), { 0, 2, 0, 0, 0, true })
end)

spec.test("nested members and named elements of lists are compared one by one", function()
  local found = changes(calls(plan "register", 1)[1])
  spec.expect(found.cpu, { "changed", "512", "1024" })
  spec.expect(found["containerDefinitions[busyb-google-workspace-mcp].name"], { "same", "busyb-google-workspace-mcp", "busyb-google-workspace-mcp" })
  spec.expect(found["containerDefinitions[busyb-google-workspace-mcp].image"][3], "web:9")
end)

spec.test("what only a change would answer is known after apply wherever it goes", function()
  local run = plan "register"
  spec.expect(run.exit, 0)
  spec.expect(changes(calls(run, 2)[1]).taskDefinition[1], "known later")
  spec.expect(calls(run, 2)[1].params.taskDefinition, "(known after apply)")
  spec.expect(notes(run), {
    "then (known after apply), and web:(known after apply)",
    "ecs:DescribeTaskDefinition is read only after apply: what it is asked for is known then",
  })
  spec.expect(summary(run), { 1, 1, 0, 0, 1, true })
end)

spec.test("what is destroyed is shown, the most telling members first", function()
  local run = plan "destroy"
  local call = calls(run, 1)[1]
  spec.expect(call.effect, "destroy")
  spec.expect(call.changes[1], { path = "reason", kind = "set", to = "test" })
  spec.expect(call.changes[2], { path = "desiredStatus", kind = "removed", from = "RUNNING" })
  spec.expect(summary(run), { 0, 0, 2, 0, 0, true })
end)

spec.test("what is to be destroyed and is not there is told", function()
  spec.expect(calls(plan "destroy", 2)[1].note, "there is none now")
end)

spec.test("without the reading in needs the plan says which one would tell", function()
  local call = calls(plan "undeclared", 1)[1]
  spec.expect(call.note, 'what is there now is not read: add "ecs:ListTagsForResource" to needs.aws to see it')
  spec.expect(changes(call), { tags = { "set", nil, { { key = "a", value = "b" } } } })
end)

spec.test("a wrong parameter of a change is found by the plan", function()
  local run = plan "wrong"
  spec.expect(run.exit, 1)
  spec.expect(run:finish().text:find("desiredCount", 1, true) ~= nil, true, run:finish().text)
  spec.expect(run:of "step.planned"[1].incomplete:find("desiredCount", 1, true) ~= nil, true)
  spec.expect(summary(run), { 0, 0, 0, 0, 0, false })
end)

spec.test("a loop over what is known later is planned once, for all of its elements", function()
  local run = plan "loop"
  spec.expect(run.exit, 0)
  spec.expect(#calls(run, 2), 1)
  spec.expect(calls(run, 2)[1].params.task, "(known after apply)")
end)

spec.test("so are the pages of a reading whose input is known later", function()
  local run = plan "pages"
  spec.expect(run.exit, 0)
  spec.expect(calls(run, 2)[1].params.task, "(known after apply)")
end)

spec.test("calls of tasks side by side stand in the order in which they were made", function()
  local made = calls(plan "parallel", 1)
  spec.expect({ made[1].action, made[2].action, made[3] }, { "ecs:UpdateService", "ecs:DeleteService" })
end)

spec.test("a secret shows that it changes, and not to what", function()
  local run = plan "environment"
  local path = "containerDefinitions[web].environment"
  spec.expect(changes(calls(run, 2)[1])[path][1], "same")
  spec.expect(changes(calls(run, 3)[1])[path], { "changed", "[secret]", "[secret]" })
  spec.expect(json.encode(run.events):find("hunter", 1, true), nil)
end)

spec.test("a decision on what is known later ends the plan: it names the step and what to do", function()
  local run = plan "compare"
  spec.expect(run.exit, 3)
  spec.expect(run:finish().outcome, "problem")
  spec.expect(run:finish().text, "the plan does not see the end of the runbook: step 1 'Scale up': 'service.desiredCount' of "
    .. "its answer is known only after apply and cannot be compared in a plan; give the step 'assume' to plan past it; "
    .. "nothing was changed")
  spec.expect(summary(run), { 0, 1, 0, 0, 0, false })
end)

spec.test("such a decision inside of a change leaves the rest of that step out, and the plan goes on", function()
  local run = plan "compare_inside"
  spec.expect(run.exit, 3)
  spec.expect(#calls(run, 1), 1)
  spec.expect(run:of "step.planned"[1].incomplete, "ecs:UpdateService in step 1 'Scale up': 'service.desiredCount' of its answer "
    .. "is known only after apply and cannot be compared in a plan; plan it after the step, which 'assume' gives a result")
  spec.expect(changes(calls(run, 2)[1]), { desiredCount = { "changed", 3, 1 } })
  spec.expect(run:of "plan.summary"[1].unseen, { run:of "step.planned"[1].incomplete })
end)

spec.test("what needs a number says so, too", function()
  for _, way in ipairs { "format", "count" } do
    local run = plan(way)
    spec.expect(run.exit, 3)
    spec.expect(run:finish().text:find("step 1 'Scale up': known only after apply; give the step 'assume' to plan past it", 1, true) ~= nil,
      true, run:finish().text)
  end
end)

spec.test("with an assumption the plan goes on", function()
  local run = plan "assume"
  spec.expect(run.exit, 0)
  spec.expect(run:of "step.planned"[1].assumes, { desiredCount = 3 })
  spec.expect(notes(run), { "more" })
end)

spec.test("a plan sends reading calls only", function()
  for _, way in ipairs { "twice", "register", "destroy", "loop", "compare_inside" } do
    spec.expect(plan(way):changes(), {}, way)
  end
end)
