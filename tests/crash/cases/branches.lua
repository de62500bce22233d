--- A step in each of three branches that go on at once.

local things = require "things"

return {
  title = "Branches", summary = "Changes three things at once.", needs = things.needs,
  run = function(rb)
    local branches = {}
    for _, name in ipairs(things.order) do
      branches[name] = function(branch)
        branch:decide("What was there", function() return things.get(name) or "none" end)
        branch:step("Change " .. name, {
          check = function() return things.is_wanted(name) end,
          change = function() things.set(name, things.wanted[name]) end,
        })
      end
    end
    rb:parallel(branches)
    rb:checklist("All is changed", { { text = "the key is off", probe = function() return things.is_wanted "key" end } })
  end,
}
