--- The locks of a run: what no other run may change meanwhile. Held from before the first step to the end; the program
--- renews them, and refuses every change once one is lost.

local declaration = require "runbook.declaration"
local failure = require "failure"
local host = require "host.run"

local locks = {}

local EVERY = 2

local CHOICES = { { key = "w", name = "wait" }, { key = "t", name = "take over" }, { key = "q", name = "stop" } }

local function describe(name, holder)
  return ("'%s' is held by %s@%s since %s: %s, run %s"):format(name, holder.user, holder.host, holder.taken, holder.reason, holder.run)
end

local function take_by_force(root, name, why)
  local taken, holder = host.lock(name, root.declaration.title, true)
  if not taken then error(holder, 0) end
  root:tell { event = "lock.taken", lock = name, reason = why, by = host.user, from = holder }
end

-- Without a person to ask, the flags answer.
local function choose(name, holder)
  if host.take_over then return "take over", host.take_over end
  if host.wait_for_lock then return "wait" end
  if not host.interactive then return "stop" end
  local choice, err = host.choose { text = describe(name, holder), choices = CHOICES }
  if err then error(err, 0) end
  if choice ~= "take over" then return choice end
  local why, problem = host.ask { text = "why is it right to take it over" }
  if problem then error(problem, 0) end
  return why ~= "" and choice or "stop", why
end

local function take(root, name)
  local told = false
  while true do
    local taken, holder = host.lock(name, root.declaration.title, false)
    if taken then
      root:tell { event = "lock.taken", lock = name, by = host.user }
      return
    end
    if taken == nil then error(holder, 0) end
    if not told then
      local choice, why = choose(name, holder)
      if choice == "take over" then return take_by_force(root, name, why) end
      if choice == "stop" then
        failure.raise("denied", "lock %s; wait for it (--wait-for-lock), or take it over (--take-over 'reason')", describe(name, holder))
      end
      root:tell { event = "note", text = "waiting for the lock " .. describe(name, holder) }
      told = true
    end
    sleep(EVERY)
  end
end

---Takes all locks that the runbook declares, in a fixed order so that two runs cannot wait for each other.
---@param root table the run
function locks.take(root)
  local wanted = root.declaration.lock
  if not wanted or root.planning then return end
  local names = declaration.fill(type(wanted) == "table" and wanted or { wanted }, root.p)
  table.sort(names)
  for _, name in ipairs(names) do take(root, name) end
end

return locks
