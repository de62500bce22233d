--- Several changes in one step.

local things = require "things"

local function all_wanted()
  for _, name in ipairs(things.order) do
    if not things.is_wanted(name) then return false end
  end
  return true
end

return {
  title = "Several", summary = "Changes three things in one step.", needs = things.needs, lock = "things",
  run = function(rb)
    local before = rb:decide("What was there", function()
      local found = {}
      for _, name in ipairs(things.order) do found[name] = things.get(name) or "none" end
      return found
    end)
    rb:step("Change all", {
      check = function(uncertain) return all_wanted(), uncertain and things.has_taken(uncertain) end,
      change = function()
        for _, name in ipairs(things.order) do things.set(name, things.wanted[name]) end
      end,
    })
    rb:wait("All is changed", function() return all_wanted() and "done", "not yet" end, { timeout = "1m" })
    rb:note("the grace period was %s", before.grace)
  end,
}
