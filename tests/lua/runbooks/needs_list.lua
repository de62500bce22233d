-- A runbook of tests/lua/needs.lua: a list in its needs stands for an entry for each element.
local http = require "http"

return {
  title = "Needs of a list", summary = "Asks hosts.",
  params = { hosts = { type = "list" }, port = { type = "integer" } },
  needs = { http = { "http://{hosts}:{port}/health" } },
  run = function(rb)
    for _, url in ipairs { "http://a.test:80/health", "http://b.test:80/health", "http://c.test:80/health", "http://a.test:81/health" } do
      local _, err = http.try_request { url = url }
      rb:evidence(url, not err or err.kind ~= "denied")
    end
  end,
}
