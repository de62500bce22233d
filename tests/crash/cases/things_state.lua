--- What the three things have come to.

local things = require "things"

return {
  title = "State", summary = "Tells what the things have come to.", needs = things.needs, preflight = false,
  run = function(rb)
    local state = {}
    for _, name in ipairs(things.order) do state[name] = things.get(name) or "none" end
    rb:evidence("state", state)
  end,
}
