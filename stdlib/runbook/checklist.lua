--- Checklists: what can be probed is probed, the rest is ticked by a person.

local host = require "host.run"
local options = require "options"

---@class RunChecklists
local checklist = {}

local ITEM = { text = "string", probe = "function", manual = "boolean", within = "number|string", every = "number|string" }

-- Runs a probe until it is satisfied or its time is over: what it measures may lag behind the change.
local function settle(item)
  local deadline = time.now() + options.seconds(item.within, 0)
  local every = options.seconds(item.every, 5)
  while true do
    local ran, ok, note = pcall(item.probe)
    if ran and ok then return "ok", note end
    if time.now() + every > deadline then
      if not ran then return "unknown", tostring(ok) end
      return ok == nil and "unknown" or "failed", note
    end
    sleep(every)
  end
end

local CHOICES = { { key = "y", name = "yes" }, { key = "n", name = "no" }, { key = "l", name = "later" } }
local STATES = { yes = "ok", no = "failed", later = "manual" }

local function ask_person(text)
  if not host.interactive then return "manual" end
  local choice, err = host.choose { text = "[ ] " .. text .. ": done?", choices = CHOICES }
  if err then error(err, 0) end
  if choice == "later" then return "manual" end
  local note, problem = host.ask { text = "note", default = "" }
  if problem then error(problem, 0) end
  return STATES[choice], note ~= "" and note or nil, host.user
end

-- What a person ticked stays; what a probe found is looked at anew.
local function check_item(self, id, item)
  local known = self.root.past:find("checks", id, item.text)
  if known then return known.value.state, known.value.note, known.value.by end
  if self.root.undoing or self.planning and not item.manual then return "planned" end
  if item.manual then
    if self.planning then return "manual" end
    return ask_person(item.text)
  end
  return settle(item)
end

local function text_of(result) return result.text .. (result.note and (": " .. result.note) or "") end

---Goes through a checklist. An item is either probed (`probe` answers true, false, or nil for "cannot tell", and a note;
---repeated while not satisfied for as long as `within`) or manual: a person at the terminal is asked, and it is listed at the
---end of the run where nobody is there.
---@param title string
---@param items { text: string, probe?: (fun(): boolean?, string?), manual?: boolean, within?: number|string, every?: number|string }[]
---@return { text: string, state: string, note?: string, by?: string }[] results in order
function checklist:checklist(title, items)
  local root, list, results = self.root, self:next_id("checklist"), {}
  if not root.undoing then root:begin_new() end
  for i, given in ipairs(items) do
    local item = options.check(("rb:checklist item %d"):format(i), given, ITEM)
    local id = ("%s/%d"):format(list, i)
    local result = { text = item.text }
    result.state, result.note, result.by = check_item(self, id, item)
    root:tell {
      event = "check", id = id, list = title, item = i, text = item.text, state = result.state, note = result.note,
      by = result.by,
    }
    results[i] = result
    if result.state == "failed" or result.state == "unknown" then
      root:add_problem(text_of(result))
    elseif result.state == "manual" then
      root.left[#root.left + 1] = item.text
    end
  end
  return results
end

return checklist
