-- What an entry of a runbook's needs allows.
local spec = require "spec"

local function evidence(runbook, args)
  local found = {}
  for _, event in ipairs(spec.run { runbook = runbook, args = args }:of "evidence") do found[event.name] = event.value end
  return found
end

-- Entries that a parameter cannot give.
local RUNBOOKS = { ["https://*.example.com"] = "needs_label", ["*"] = "needs_any" }

local function run(entry, urls)
  local args = { "--urls", table.concat(urls, ",") }
  if RUNBOOKS[entry] then return evidence(("tests/lua/runbooks/%s.lua"):format(RUNBOOKS[entry]), args) end
  return evidence("tests/lua/runbooks/needs.lua", { "--entry", entry, args[1], args[2] })
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
  local allowed = run("example.com", {})
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

-- ---- a parameter's value stands for itself -----------------------------------------------------------------------------

local function refusal(runbook, args)
  local result = spec.run { runbook = ("tests/lua/runbooks/%s.lua"):format(runbook), args = args }
  spec.expect(result.exit, 2)
  spec.expect(#result:of "call", 0)
  return result:finish().text
end

spec.test("a host is no pattern where a parameter gives it", function()
  spec.expect(refusal("needs", { "--entry", "*" }),
    [[parameter 'entry': '*' cannot stand in needs.http "{entry}": it is no host or URL that can be one]])
  for _, entry in ipairs { "*.example.com", "user@example.com", "a b" } do refusal("needs", { "--entry", entry }) end
end)

spec.test("a value within a URL stays within its name", function()
  local within = evidence("tests/lua/runbooks/needs_within.lua",
    { "--name", "a", "--urls", "http://a.example.com/a/x,http://a.example.com/x,http://b.example.com/a/x" })
  spec.expect(within, {
    ["http://a.example.com/a/x"] = true, ["http://a.example.com/x"] = false, ["http://b.example.com/a/x"] = false,
  })
  for _, name in ipairs { "evil.test/", "evil.test/?", "evil.test#", "x@evil.test:80/y", "*" } do
    refusal("needs_within", { "--name", name })
  end
  refusal("needs_within", { "--name", "a", "--part", "../admin" })
end)

spec.test("a URL's query says nothing about which place it is", function()
  local allowed = run("http://example.com/hook?token=1", { "http://example.com/hook?token=1", "http://example.com/" })
  spec.expect(allowed["http://example.com/hook?token=1"], true)
  spec.expect(allowed["http://example.com/"], false)
end)

local function of_value(value) return evidence("tests/lua/runbooks/needs_words.lua", { "--value", value }) end

spec.test("a name of a file stays in its folder", function()
  spec.expect(of_value("needs")["tests/lua/needs.lua"], true)
  spec.expect(of_value("needs")["tests/lua/runbooks/needs.lua"], false)
  spec.expect(of_value("*")["tests/lua/needs.lua"], false)
  for _, value in ipairs { "../check", "runbooks/needs", ".." } do
    spec.expect(refusal("needs_words", { "--value", value }):find("cannot stand in needs.read", 1, true) ~= nil, true)
  end
end)

spec.test("a value in a command is one word of it, whatever is in it", function()
  local plain = of_value "a"
  spec.expect({ plain["git log a"], plain["git log a b"], plain["git log *"], plain["a status"] }, { true, false, false, true })
  local blank = of_value "a b"
  spec.expect({ blank["git log a"], blank["git log a b"] }, { false, true })
  local star = of_value "*"
  spec.expect({ star["git log a"], star["git log a b"], star["git log *"], star["git status"] }, { false, false, true, false })
  local reading = of_value "read: git"
  spec.expect({ reading["git status"], reading["read: git status"] }, { false, false })
end)

spec.test("a variable of the environment is that one", function()
  local star, named = of_value "*", of_value "HOME"
  spec.expect({ star.CI_JOB, star.HOME, named.CI_JOB, named.HOME }, { false, false, false, true })
end)
