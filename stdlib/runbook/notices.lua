--- What a run tells people who are not at the terminal.

local host = require "host.run"
local notify = require "notify"

---@class RunNotices
local notices = {}

-- Not a step that anybody is asked about: who configured a channel wants to hear.
local function send(id, name, channels, message)
  local step = "notice " .. id
  host.enter_step(step, name)
  local ran, sent = pcall(notify.send, channels, message)
  host.leave_step(step)
  if not ran then error(sent, 0) end
  return sent
end

---Sends a message to the channels that are configured, once: a run that goes on does not send it again. A channel that fails is
---warned of, and stops nothing. A plan sends nothing.
---@param channels Channels
---@param message Message
function notices:notify(channels, message)
  local kinds = notify.kinds(channels)
  if #kinds == 0 or self.root.undoing then return end
  if self.planning then return self:note("would notify %s: %s", table.concat(kinds, ", "), message.title) end
  local name = "Notification: " .. message.title
  local sent = self:decide(name, function() return send(self.root.counts.decision or 0, name, channels, message) end)
  for _, one in ipairs(sent) do
    if one.error then self:warn("%s was not notified: %s", one.kind, one.error) else self:note("%s was notified: %s", one.kind, message.title) end
  end
end

return notices
