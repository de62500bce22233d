--- What a plan reads by itself: for a changing call, the reading that tells what is there now (plan/reading.lua). It is made only
--- where `needs` declare it.

local reading = require "plan.reading"
local values = require "check.values"

local plans = {}

-- A member of the parameters, whatever is known of it.
local function given(params, name)
  if params.is ~= "table" then return values.unknown end
  return params.fields[name] or (params.open and values.unknown) or nil
end

-- The parameters of the reading; nil: the call does not tell enough.
local function derive(candidate, params)
  local asked, is_needed = values.table(), false
  for _, input in ipairs(candidate.inputs) do
    local value = given(params, input.given)
    if value and input.way == "list" then
      asked.fields[input.asked] = values.table()
      asked.fields[input.asked].items[1] = value
    else
      asked.fields[input.asked] = value
    end
    is_needed = is_needed or value ~= nil
  end
  return is_needed and asked or nil
end

---The readings that a plan may make for a call.
---@param call table a finding of a call
---@return table[] calls likewise
function plans.readings(call)
  local effect, list = call.operation.effect, {}
  if effect ~= "change" and effect ~= "destroy" then return list end
  for _, candidate in ipairs(reading.candidates(call.operation.service, call.operation.snake_name)) do
    local asked = derive(candidate, values.each(call.params or values.table())[1])
    if asked then
      list[#list + 1] = { operation = candidate.operation, params = asked, elsewhere = call.elsewhere, how = "plan" }
    end
  end
  return list
end

return plans
