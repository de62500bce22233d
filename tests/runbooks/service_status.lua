local spec = require "spec"

local function run(params, more)
  local request = { runbook = "service_status", params = params, world = { bad = "none" } }
  for key, value in pairs(more or {}) do request[key] = value end
  return spec.run(request)
end

local function titled(ended, part)
  for _, shown in ipairs(ended:of "table") do
    if shown.title:find(part, 1, true) then return shown end
  end
end

spec.test("a sound service: counts, the last five events, exit code 0", function()
  local ended = run()
  ended:expect_exit(0)
  local shown = ended:of "table"[1]
  spec.expect(shown.columns, { "status", "running", "desired", "pending", "healthy tasks", "healthy targets", "revision" })
  spec.expect(shown.rows, { { "ACTIVE", "1", "1", "0", "1", "1", "busyb-google-workspace-mcp:2" } })
  spec.expect(#titled(ended, "Last events").rows, 5)
  assert(titled(ended, "Last events").rows[1][3]:find "has reached a steady state" or titled(ended, "Last events").rows[1][3]:find "deployment completed")
  ended:expect_event("note", { text = "all is as it should be" })
end)

spec.test("with --detail also deployments, task definition, tasks, targets, service discovery, metrics", function()
  local ended = run { detail = true }
  ended:expect_exit(0)
  spec.expect(titled(ended, "Deployments").rows[1][1], "new")
  spec.expect(titled(ended, "Task definition").title, "Task definition busyb-google-workspace-mcp:2: cpu 512, memory 1024")
  local task = titled(ended, "Tasks").rows[1]
  spec.expect({ task[2], task[3], task[4], task[6], task[7] }, { "busyb-google-workspace-mcp:2", "RUNNING", "HEALTHY", "512", "1024" })
  local target = titled(ended, "Targets").rows[1]
  spec.expect({ target[1], target[2], target[3], target[4] }, { task[5], "8000", "8000", "healthy" })
  spec.expect(titled(ended, "Service discovery").rows[1][2], task[5])
  spec.expect({ ended:of "plot"[1].title, ended:of "plot"[2].title }, { "CPU", "Memory" })
end)

spec.test("unhealthy tasks and targets are findings, with what to run next, and exit code 3", function()
  local ended = run(nil, { world = { bad = "degrades" } })
  ended:expect_exit(3)
  spec.expect_match(ended:of "found", {
    { severity = "high", text = "task fbd9b34ed3062bd50b06a5c1b4a7a19c is UNHEALTHY", fix = "gwrun diagnose --area health" },
    { severity = "critical", text = "target 10.0.10.222 is unhealthy", evidence = "Target.ResponseCodeMismatch: Health checks failed with these codes: [503]" },
  })
end)

spec.test("what cannot be read is a finding, and the rest is shown", function()
  local ended = run { detail = true, target_group = "arn:aws:elasticloadbalancing:us-east-1:758888582357:targetgroup/other/0123456789abcdef", discovery_service = "srv-nosuchservice0" }
  ended:expect_exit(3)
  spec.expect(ended:of "table"[1].rows, { { "ACTIVE", "1", "1", "0", "1", "?", "busyb-google-workspace-mcp:2" } })
  spec.expect_match(ended:of "found", {
    { severity = "medium", text = "the load balancer's targets could not be read" },
    { severity = "medium", text = "service discovery could not be read" },
  })
  assert(ended:of "found"[2].evidence:find "ServiceNotFound", ended:of "found"[2].evidence)
  spec.expect(#ended:of "plot", 2)
end)

spec.test("a deployment whose tasks fail is a finding while it goes on", function()
  local ended = run(nil, { world = { bad = "exits", circuit_breaker = false, deployed_ago = 300 } })
  ended:expect_exit(3)
  assert(ended:of "found"[1].text:find "^the deployment of busyb%-google%-workspace%-mcp:3 fails: %d+ of its tasks have$", ended:of "found"[1].text)
end)

spec.test("a rollback that ECS did by itself is told", function()
  local world = spec.world { world = { bad = "none", timeline = { { after = 10, deploy = "exits" } } } }
  world:pass "12m"
  local ended = world:run { runbook = "service_status" }
  ended:expect_exit(3)
  ended:expect_event("found", { text = "ECS has rolled a deployment back by itself" })
end)

spec.test("--watch shows it again and again on a fresh screen, until Ctrl-C", function()
  local ended = run({ watch = true }, { interrupt = { event = "table", title = "Last events" } })
  ended:expect_exit(0)
  spec.expect(ended:finish().text, "ended by the operator")
  local whole = run { watch = true, every = "1m" }
  spec.expect(#whole:of "redrawn", 5)
end)

spec.test("no such service or cluster: exit code 2; no rights: 6; throttled it goes on by itself", function()
  local gone = run { service = "gone" }
  gone:expect_exit(2)
  spec.expect(gone:finish().text, "service 'gone' in cluster 'busyb-cluster': not found (MISSING)")
  run({ cluster = "gone" }):expect_exit(2)
  run(nil, { world = { policy = { { Effect = "Allow", Action = "ecs:*", Resource = "*" } } } }):expect_exit(6)
  run(nil, { world = { bad = "none", faults = { "throttle * times=2" } } }):expect_exit(0)
end)
