--- What plan mode knows of changes that were not sent: the calls themselves, and the stand-in for their results.

local planned = {}

local calls = {}

---Remembers one call that a plan would make.
---@param action string for example "ecs:UpdateService"
---@param params table
---@param guarded table the same, with secrets where AWS's models know of some
function planned.record(action, params, guarded)
  calls[#calls + 1] = { action = action, params = planned.plain(params, guarded) }
end

---The calls recorded since the last `take`, oldest first.
---@return { action: string, params: table }[]
function planned.take()
  local taken = calls
  calls = {}
  return taken
end

local UNKNOWN_TEXT = "(known after apply)"

-- Nothing is known of how many elements an unknown list has, so that a loop over it makes no turn.
local function unknown_index(_, key)
  if math.type(key) == "integer" then return nil end
  return planned.unknown
end

---Stands for a result that only the real change would give. Every member of it is unknown too.
planned.unknown = setmetatable({}, {
  __index = unknown_index,
  __newindex = function()
    error("a result that is only known after apply cannot be written to", 2)
  end,
  __tostring = function() return UNKNOWN_TEXT end,
  __concat = function(a, b) return tostring(a) .. tostring(b) end,
  __len = function() return 0 end,
  __metatable = "unknown",
})

---Is this the stand-in?
---@param value any
---@return boolean
function planned.is_unknown(value)
  return rawequal(value, planned.unknown)
end

---A copy of the value in which unknown parts are their text, fit for an event.
---@param value any
---@param guarded? any the same with secrets in it
---@return any
function planned.plain(value, guarded)
  if planned.is_unknown(value) then return UNKNOWN_TEXT end
  if type(value) ~= "table" then
    if guarded == nil then return value end
    return guarded
  end
  local copy = getmetatable(value) == "array" and json.array {} or {} -- an empty list stays one
  for key, member in next, value do copy[key] = planned.plain(member, guarded and guarded[key]) end
  return copy
end

return planned
