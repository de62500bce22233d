-- A runbook of tests/lua/needs.lua: runs commands.
local process = require "process"

return {
  title = "Commands", summary = "Runs commands.", region = "us-east-1",
  needs = { run = { "git *" } },
  run = function(rb)
    rb:step("Run", {
      change = function()
        rb:evidence("pushed", process.run { "git", "push", "origin" }.stdout)
        local _, err = process.try_run { "git", "fetch" }
        rb:evidence("fetched", tostring(err))
        process.run { "git", "gc" }
      end,
    })
  end,
}
