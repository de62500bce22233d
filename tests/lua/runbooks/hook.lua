-- A runbook of tests/lua/needs.lua: tells a hook.
local http = require "http"

return {
  title = "Hook", summary = "Tells a hook.", region = "us-east-1",
  needs = { http = { "hooks.example.com" } },
  run = function(rb)
    rb:step("Tell", {
      change = function()
        return http.request { url = "http://hooks.example.com/done?token=abc", method = "POST", body = "deployed" }.status
      end,
    })
  end,
}
