--- What a run watches.

local foreign = require "runbook.foreign"
local options = require "options"

---@class RunWatches
local watch = {}

local HOW = { mentions = "table" }

---Watches something that the run works on, from now on to its end. Before each change and while it waits the facts are read
---again: where they differ, and no step of this run did it, the run says what changed, by whom and when (where CloudTrail
---tells), and asks. A run that goes on after a crash holds them against those of before.
---@param name string of the thing: "service web"
---@param facts fun(): table<string, string|number|boolean> what nobody else should change meanwhile
---@param how? { mentions?: string[] } texts by which CloudTrail's event is known: names of cluster and service
function watch:watch(name, facts, how)
  how = options.check("rb:watch", how or {}, HOW)
  local root = self.root
  if root.planning then return end
  local id = self:next_id("watch")
  local known = root.past:find("watches", id, name)
  if not known and root.undoing then return end
  if not known then root:begin_new() end
  foreign.begin(root, { id = id, name = name, read = facts, mentions = how.mentions or { name } }, known)
end

---Takes what is watched as it is now: what changed is nobody's doing but a consequence of the run, as when ECS goes back by itself.
function watch:accept_changes()
  if not self.planning and not self.root.undoing then foreign.accept(self.root) end
end

return watch
