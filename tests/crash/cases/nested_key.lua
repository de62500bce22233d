--- What nested.lua calls.

local things = require "things"

return {
  title = "Key", summary = "Switches the key off.", needs = things.needs,
  run = function(rb)
    local before = rb:decide("before", function() return things.get "key" end)
    rb:step("Change key", {
      check = function() return things.is_wanted "key" end,
      change = function() things.set("key", things.wanted.key) end,
    })
    return { before = before }
  end,
}
