--- Taking back: the undo functions of what was done, last first, each as a step of its own.

local failure = require "failure"
local host = require "host.run"

local undo = {}

local asked_for = setmetatable({}, { __mode = "k" }) -- errors with which an operator has asked to undo

---What ends the script once an undo knows all that was done. Not a failure.
undo.REACHED = failure.new("reached", "the undo has reached the end of what was done")

---Ends the script because the operator wants what was done taken back.
---@param err table what failed
function undo.raise(err)
  local marked = failure.new(failure.plain(err).kind, failure.text(err))
  marked.code, marked.request_id = failure.plain(err).code, failure.plain(err).request_id
  asked_for[marked] = true
  error(marked, 0)
end

---@param err any
---@return boolean
function undo.is_asked_for(err)
  return asked_for[err] == true
end

---Remembers how to take a step back.
---@param run table the run or branch that the step belongs to
---@param id string of the step
---@param name string
---@param take_back? Undo|fun(result: any)
---@param result any nil where the step failed half-way
function undo.remember(run, id, name, take_back, result)
  local list = run.root.undos
  list[#list + 1] = { run = run, id = id, name = name, take_back = take_back, result = result }
end

local function take_back(root, entry, perform)
  local id = entry.id .. "/undo"
  if not entry.take_back then
    host.emit { event = "warning", text = ("step %s '%s' has no undo: what it did stays"):format(entry.id, entry.name) }
    return false
  end
  if (root.past.steps[id] or {}).ended then return true end
  local how = type(entry.take_back) == "table" and entry.take_back or { change = entry.take_back }
  perform(entry.run, id, "Undo: " .. entry.name, {
    confirm = ("take back step %s '%s'"):format(entry.id, entry.name),
    change = function() return how.change(entry.result) end,
    check = how.check and function(uncertain) return how.check(uncertain, entry.result) end,
  })
  return true
end

---Takes back all that is remembered, last first.
---@param root table the run
---@param perform fun(run: table, id: string, name: string, how: table) does one step
---@return integer taken_back
---@return integer stays steps without an undo
function undo.all(root, perform)
  local taken_back, stays = 0, 0
  for i = #root.undos, 1, -1 do
    if take_back(root, root.undos[i], perform) then taken_back = taken_back + 1 else stays = stays + 1 end
  end
  return taken_back, stays
end

return undo
