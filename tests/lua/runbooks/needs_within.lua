-- A runbook of tests/lua/needs.lua: hosts and paths with a parameter within.
local asked = require "asked"

return {
  title = "Needs", summary = "Asks URLs.",
  params = { name = { type = "string" }, part = { type = "string", default = "a" }, urls = { type = "list", default = {} } },
  needs = { http = { "http://{name}.example.com/{part}/x" } },
  run = function(rb, p) asked(rb, p.urls) end,
}
