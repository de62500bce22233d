--- A runbook that calls another between two changes of its own.

local things = require "things"

local function change(rb, name)
  rb:step("Change " .. name, {
    check = function() return things.is_wanted(name) end,
    change = function() things.set(name, things.wanted[name]) end,
  })
end

return {
  title = "Nested", summary = "Changes three things, one of them by another runbook.", needs = things.needs, runbooks = { "nested_key" },
  run = function(rb)
    change(rb, "retention")
    rb:note("the key was %s", rb:run("nested_key").before)
    change(rb, "grace")
  end,
}
