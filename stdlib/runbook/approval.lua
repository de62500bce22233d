--- A second person's consent to a step.

local failure = require "failure"
local host = require "host.run"
local options = require "options"

local approval = {}

local PATIENCE, EVERY = 1800, 1

---Waits until another user's `gwrun approve` releases the step; raises when it is refused or nobody answers.
---@param run table
---@param id string of the step
---@param name string
---@param patience boolean|number|string how long; true: 30 minutes
---@param text string what is to be approved
function approval.await(run, id, name, patience, text)
  local root, limit = run.root, options.seconds(patience ~= true and patience or nil, PATIENCE)
  if run.simulated then
    root:tell { event = "approval.given", step = id, by = "the simulator", note = "a rehearsal has no second person" }
    return
  end
  local asked = root:tell {
    event = "approval.asked", run = host.id, step = id, name = name, text = text,
    expires = time.iso(math.floor(time.now() + limit)), by = host.user,
  }
  local deadline = time.now() + limit
  while time.now() < deadline do
    local answer = host.approval(id, asked)
    if answer then
      if answer.event == "approval.given" then
        host.show(answer)
        return
      end
      failure.raise("denied", "step %s '%s': refused by %s: %s", id, name, answer.by, answer.note or "no reason given")
    end
    sleep(EVERY)
  end
  failure.raise("denied", "step %s '%s': nobody approved it within %s", id, name, time.format_duration(limit))
end

return approval
