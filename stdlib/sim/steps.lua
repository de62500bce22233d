--- A number that keeps its value until it is set anew: what metrics of the past are made of.

local steps = {}

---@class Steps
---@field at number[] ascending
---@field values number[]

---@return Steps
function steps.new()
  return { at = {}, values = {} }
end

---@param self Steps
---@param at number not before the last
---@param value number
function steps.set(self, at, value)
  local last = #self.at
  if self.values[last] == value then return end
  if self.at[last] == at then last = last - 1 end
  self.at[last + 1], self.values[last + 1] = at, value
end

-- The index of the step in force; 0: before the first.
local function index_at(self, at)
  local low, high = 0, #self.at
  while low < high do
    local middle = (low + high + 1) // 2
    if self.at[middle] <= at then low = middle else high = middle - 1 end
  end
  return low
end

---The mean over a stretch of time; before the first step the number is 0.
---@param self Steps
---@param from number
---@param upto number after `from`
---@return number
function steps.mean(self, from, upto)
  local i, sum, since = index_at(self, from), 0, from
  while since < upto do
    local till = math.min(self.at[i + 1] or upto, upto)
    sum = sum + (self.values[i] or 0) * (till - since)
    i, since = i + 1, till
  end
  return sum / (upto - from)
end

---Forgets what was over before a time.
---@param self Steps
---@param at number
function steps.forget(self, at)
  local kept = math.max(index_at(self, at), 1)
  local count = #self.at
  for _, list in ipairs { self.at, self.values } do
    table.move(list, kept, count, 1)
    for i = count - kept + 2, count do list[i] = nil end
  end
end

return steps
