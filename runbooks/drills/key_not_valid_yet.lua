--- A rotation by the book, on a day on which new keys need half a minute until they work.

local service = require "service"

local OLD = "AKIASIMULATEDWORLD02"

return {
  title = "New key not valid yet",
  summary = "The pipeline's key is due for rotation. A new key does not work for half a minute: whoever deletes the old one first stands without any.",
  guide = "Credential Rotation > Rotate AWS Access Keys",
  world = { bad = "none", key_delay = 30 },
  harm = function() return true end,
  respond = function(drill)
    drill:run { runbook = "rotate_aws_keys", params = { watch = "1m" }, answers = service.rotate(OLD), args = { "--github-token", "prompt://" } }
  end,
  expect = { { text = "the old key is gone, and a new one works", within = "30m", holds = function(now)
    return now.keys[OLD] == nil and service.has_new_key(now)
  end } },
  never = { { text = "the old key is off before a new one works", happens = function(now)
    return now.keys[OLD] ~= "Active" and not service.has_new_key(now)
  end } },
}
