-- What an entry of a runbook's needs allows.
local spec = require "spec"

local function evidence(runbook, args)
  local found = {}
  for _, event in ipairs(spec.run { runbook = runbook, args = args }:of "evidence") do found[event.name] = event.value end
  return found
end

local function run(entry, urls)
  return evidence("tests/lua/runbooks/needs.lua", { "--entry", entry, "--urls", table.concat(urls, ",") })
end

-- claim, entry, URLs that it allows, URLs that it does not
local ROWS = {
  {
    "a host allows every scheme, port and path", "example.com",
    { "http://example.com/", "https://EXAMPLE.com/a", "http://example.com:8080/b?c=d" },
    { "http://a.example.com/", "http://example.com.evil.org/", "http://xexample.com/" },
  },
  {
    "a port is that port", "example.com:8080",
    { "http://example.com:8080/", "https://example.com:8080/" }, { "http://example.com/", "http://example.com:8081/" },
  },
  {
    "a star is one label or a part of it", "https://*.example.com",
    { "https://a.example.com/", "https://b.example.com:443/x" },
    { "https://example.com/", "https://a.b.example.com/", "http://a.example.com/", "https://a.example.com:8443/" },
  },
  { "a star alone is every host", "*", { "http://a.b.c/", "https://[::1]:9/" }, {} },
  {
    "a path is that path", "http://example.com/health",
    { "http://example.com/health", "http://example.com:80/health?deep=1" },
    { "http://example.com/", "http://example.com/healthy", "http://example.com/health/x" },
  },
  {
    "a final slash is all below", "http://example.com/api/", { "http://example.com/api/a/b" },
    { "http://example.com/api/../admin", "http://example.com/api/%2e%2E/admin", "http://example.com/apis/" },
  },
}

for _, row in ipairs(ROWS) do
  spec.test("of HTTP " .. row[1], function()
    local urls = {}
    for _, list in ipairs { row[3], row[4] } do
      for _, url in ipairs(list) do urls[#urls + 1] = url end
    end
    local allowed = run(row[2], urls)
    for _, url in ipairs(row[3]) do spec.expect(allowed[url], true, url) end
    for _, url in ipairs(row[4]) do spec.expect(allowed[url], false, url) end
  end)
end

spec.test("of AWS a star stands for any part of an action", function()
  local allowed = run("*", {})
  spec.expect(allowed["ecs:ListClusters"], true)
  spec.expect(allowed["ecs:DescribeClusters"], true)
  spec.expect(allowed["logs:FilterLogEvents"], true)
  spec.expect(allowed["logs:GetQueryResults"], false)
end)

spec.test("a rehearsal's world answers commands, and what it does not know changes nothing", function()
  local result = spec.run {
    runbook = "tests/lua/runbooks/commands.lua",
    world = { commands = { ["git push *"] = { stdout = "pushed" }, ["git fetch"] = { code = 1, stderr = "no route" } } },
  }
  spec.expect(result:of "evidence"[1].value, "pushed")
  spec.expect(result:of "evidence"[2].value, "run git fetch: ended with code 1: no route")
  spec.expect(result.exit, 4)
  spec.expect(result:finish().text, "stopped in step 1: run git gc: changes something, so that a rehearsal does not run it, "
    .. "and the simulated world has no answer to it; add one to the world's commands")
end)

spec.test("a plan shows the request that it does not send", function()
  local plan = spec.run { runbook = "tests/lua/runbooks/hook.lua", plan = true }
  spec.expect(plan.exit, 0)
  local call = plan:of "step.planned"[1].calls[1]
  spec.expect(call.action, "POST http://hooks.example.com/done")
  spec.expect(call.params.body, "deployed")
end)

local function of_list(args) return evidence("tests/lua/runbooks/needs_list.lua", args) end

spec.test("a parameter that is a list stands for an entry for each element", function()
  spec.expect(of_list { "--hosts", "a.test,b.test", "--port", "80" }, {
    ["http://a.test:80/health"] = true, ["http://b.test:80/health"] = true, ["http://c.test:80/health"] = false,
    ["http://a.test:81/health"] = false,
  })
end)

spec.test("an entry with a parameter that was not given is none", function()
  for _, is_allowed in pairs(of_list { "--hosts", "a.test" }) do spec.expect(is_allowed, false) end
end)
