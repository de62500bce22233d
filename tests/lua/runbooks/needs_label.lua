-- A runbook of tests/lua/needs.lua: hosts of a domain.
local asked = require "asked"

return {
  title = "Needs", summary = "Asks URLs.",
  params = { urls = { type = "list", default = {} } },
  needs = { http = { "https://*.example.com" } },
  run = function(rb, p) asked(rb, p.urls) end,
}
