--- Foreign changes: what a run works on is changed by somebody else while it runs. The facts that a runbook watches are read
--- before each change and while it waits, and held against those read last; what the run's own steps did is no news.

local failure = require "failure"
local host = require "host.run"
local options = require "options"
local task = require "host.task"
local trail = require "runbook.trail"
local undo = require "runbook.undo"

local foreign = {}

---@class Watch
---@field id string
---@field name string
---@field read fun(): table<string, string|number|boolean>
---@field mentions string[]
---@field facts table as they were read last
---@field at number when
---@field stale? boolean a step of the run has changed something since

-- A secret reads as "[secret]" in the journal: that it is another one would go unseen.
local function check_fact(watch, path, value)
  if type(value) == "userdata" and value ~= json.null then
    failure.raise("script", "rb:watch '%s': fact %s is a secret, which cannot be compared; watch its version or its date", watch.name, path)
  elseif type(value) == "table" then
    for name, member in pairs(value) do check_fact(watch, ("%s.%s"):format(path, name), member) end
  end
end

local function read(watch)
  watch.at = time.now()
  local facts = watch.read()
  if type(facts) ~= "table" then
    failure.raise("script", "rb:watch '%s': expected a table of facts, got %s", watch.name, type(facts))
  end
  for name, value in pairs(facts) do check_fact(watch, name, value) end
  return facts
end

local function keep(root, watch, facts)
  watch.facts, watch.stale = facts, nil
  root:tell { event = "watched", id = watch.id, name = watch.name, facts = facts }
end

-- ---- what differs

-- Numbers as the journal has them: what was 2.0 is 2 there.
local function shown(value)
  if type(value) == "table" or type(value) == "number" then return json.encode(value) end
  return value == nil and "none" or tostring(value)
end

local function differences(before, now)
  local names, changes = {}, json.array {}
  for name in pairs(before) do names[name] = true end
  for name in pairs(now) do names[name] = true end
  for _, name in ipairs(options.sorted(names)) do
    local from, to = shown(before[name]), shown(now[name])
    if from ~= to then changes[#changes + 1] = { path = name, from = from, to = to } end
  end
  return changes
end

local function list(changes)
  local texts = {}
  for i, change in ipairs(changes) do texts[i] = ("%s: %s -> %s"):format(change.path, change.from, change.to) end
  return table.concat(texts, ", ")
end

local function describe(watch, changes, culprit, why)
  local who = culprit and ("by %s at %s (%s)"):format(culprit.by, culprit.at, culprit.action) or why
  return ("%s was changed by somebody else: %s; %s"):format(watch.name, list(changes), who)
end

-- ---- what then

local GO_ON, UNDO, STOP = { key = "g", name = "go on" }, { key = "u", name = "undo" }, { key = "q", name = "stop" }

local function choose(root, text)
  if host.on_foreign_change then
    return host.on_foreign_change == "accept" and "go on" or "stop", "--on-foreign-change " .. host.on_foreign_change
  end
  if not host.interactive then return "stop", "nobody is there to ask" end
  local choices = root.taking_back and { GO_ON, STOP } or { GO_ON, UNDO, STOP }
  local choice, err = host.choose { text = text .. ". Go on with it as it is now?", choices = choices }
  if err then error(err, 0) end
  return choice, host.user
end

local function tell(root, watch, changes)
  local culprit, why = trail.find(watch.at_before, watch.mentions)
  local text = describe(watch, changes, culprit, why)
  root:tell { event = "foreign.change", id = watch.id, name = watch.name, changes = changes, who = culprit, text = text }
  return text
end

local function answer(root, watch, changes, now)
  local text = tell(root, watch, changes)
  local choice, by = choose(root, text)
  root:tell { event = "foreign.answered", id = watch.id, answer = choice, by = by }
  if choice ~= "stop" then keep(root, watch, now) end -- who stops is asked again on resume
  if choice == "go on" then return end
  local err = failure.new("foreign", text .. "; look at it, then resume")
  if choice == "undo" then undo.raise(err) end
  error(err, 0)
end

local function read_changes(watch)
  watch.at_before = watch.at
  local now = read(watch)
  return differences(watch.facts, now), now
end

-- What is there now is the state of things. A step that is done is not failed by what cannot be read after it: it would be
-- done again.
local function renew(root, watch)
  local ok, facts = pcall(read, watch)
  if ok then return keep(root, watch, facts) end
  root:tell { event = "warning", text = ("%s cannot be read after the change: %s"):format(watch.name, failure.text(facts)) }
end

local function compare(root, watch)
  if watch.stale then return keep(root, watch, read(watch)) end
  local changes, now = read_changes(watch)
  if #changes > 0 then answer(root, watch, changes, now) end
end

local function compare_at_end(root, watch)
  if watch.stale then return end
  local changes = read_changes(watch)
  if #changes > 0 then root:add_problem(tell(root, watch, changes)) end
end

-- Branches look one after the other, and none while another is in the middle of its change.
local function each(root, work)
  if #root.watches == 0 then return end
  root.watch_lock = root.watch_lock or task.lock()
  root.watch_lock:acquire()
  local ok, err = pcall(function()
    for _, watch in ipairs(root.watches) do work(root, watch) end
  end)
  root.watch_lock:release()
  if not ok then error(err, 0) end
end

---Looks whether somebody else has changed what is watched, and asks what then.
---@param root table the run
function foreign.look(root)
  if root.steps_open == 0 and not root.planning then each(root, compare) end
end

---The last look, when there is nothing left to ask about: what differs is a problem of the run.
---@param root table
function foreign.look_at_end(root)
  if not root.planning then each(root, compare_at_end) end
end

---Takes what is there now for the state of things: a step of the run has just changed it. While another step is in the
---middle of its change that is put off to the next look.
---@param root table
function foreign.accept(root)
  for _, watch in ipairs(root.watches) do watch.stale = true end
  if root.steps_open == 0 then each(root, renew) end
end

-- The run ended in the middle of a change: nobody can tell what of the differences is its own.
local function begin_stale(root, watch)
  local changes, now = read_changes(watch)
  if #changes > 0 then
    root:tell {
      event = "warning", text = ("%s differs, by what this run changed last or by somebody else: %s"):format(watch.name, list(changes)),
    }
  end
  keep(root, watch, now)
end

---Begins to watch; `known` is what the journal of a run that goes on has of it.
---@param root table
---@param watch Watch without facts
---@param known? { facts: table, at: string, stale?: boolean }
function foreign.begin(root, watch, known)
  if known then
    watch.facts, watch.at = known.facts, time.parse(known.at) or time.now()
  else
    keep(root, watch, read(watch))
  end
  root.watches[#root.watches + 1] = watch
  if not known then return end
  if known.stale then return begin_stale(root, watch) end
  if not root.undoing then compare(root, watch) end
end

return foreign
