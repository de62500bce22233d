-- A runbook of tests/lua/needs.lua: any host.
local asked = require "asked"

return {
  title = "Needs", summary = "Asks URLs.",
  params = { urls = { type = "list", default = {} } },
  needs = { http = { "*" } },
  run = function(rb, p) asked(rb, p.urls) end,
}
