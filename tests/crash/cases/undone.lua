--- Two changes, and a third step that fails: the operator has said to undo.

local failure = require "failure"
local things = require "things"

local function change(rb, name)
  local before = rb:decide(name .. " before", function() return things.get(name) end)
  rb:step("Change " .. name, {
    check = function() return things.is_wanted(name) end,
    change = function() things.set(name, things.wanted[name]) end,
    undo = {
      check = function() return things.get(name) == before end,
      change = function() things.set(name, before) end,
    },
  })
end

return {
  title = "Undone", summary = "Changes two things, fails, and takes them back.", needs = things.needs,
  run = function(rb)
    change(rb, "key")
    change(rb, "grace")
    rb:step("Fail", { change = function() failure.raise("problem", "it does not work") end })
  end,
}
