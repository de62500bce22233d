-- JMESPath from Lua: json.query.
local spec = require "spec"

local answer = {
  services = {
    { serviceName = "web", desiredCount = 2, deployments = { { id = "a" }, { id = "b" } } },
    { serviceName = "job", desiredCount = 0, deployments = json.array {} },
  },
  nextToken = json.null,
}

spec.test("a query picks, filters and shapes", function()
  spec.expect(json.query(answer, "services[].serviceName"), { "web", "job" })
  spec.expect(json.query(answer, "services[?desiredCount > `0`].deployments[].id"), { "a", "b" })
  spec.expect(json.query(answer, "sort_by(services, &serviceName)[0].{name: serviceName, n: length(deployments)}"),
    { name = "job", n = 0 })
end)

spec.test("nothing found is nil", function()
  spec.expect(json.query(answer, "nextToken || services[9].serviceName"), nil)
end)

spec.test("a wrong expression raises and names the column", function()
  spec.expect_error(function() json.query(answer, "services[?") end, "(column 11)")
  spec.expect_error(function() json.query(answer, "lenght(services)") end, "did you mean 'length'?")
end)
