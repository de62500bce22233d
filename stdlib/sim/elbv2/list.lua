--- What the parts of the simulated load balancing share: things by their ARN, and lists of them in answers.

local fail = require "sim.fail"
local pages = require "sim.pages"

local list = {}

local MOST = 400

---A list whose items are found by their ARN, too.
---@param items { arn: string }[]
---@return table
function list.index(items)
  for _, item in ipairs(items) do items[item.arn] = item end
  return items
end

---@param items table made by list.index
---@param item { arn: string }
function list.add(items, item)
  items[#items + 1], items[item.arn] = item, item
end

---@param items table made by list.index
---@param item { arn: string }
function list.remove(items, item)
  items[item.arn] = nil
  for i, one in ipairs(items) do
    if one == item then return table.remove(items, i) end
  end
end

---Those with these ARNs; all without any.
function list.pick(items, arns, not_found, message)
  if not arns or #arns == 0 then return items end
  local chosen = {}
  for _, arn in ipairs(arns) do
    if not items[arn] then fail(not_found, message) end
    chosen[#chosen + 1] = items[arn]
  end
  return chosen
end

---Those with these names; all without any.
function list.with_names(items, names, not_found, message)
  if not names or #names == 0 then return items end
  local chosen = {}
  for _, name in ipairs(names) do
    local before = #chosen
    for _, item in ipairs(items) do
      if item.name == name then chosen[#chosen + 1] = item end
    end
    if #chosen == before then fail(not_found, message) end
  end
  return chosen
end

---A page of an answer.
function list.page(items, input, member, describe)
  return pages.answer(items, {
    size = input.PageSize, token = input.Marker, most = MOST, key = function(item) return item.arn end,
    invalid = "ValidationError", next = "NextMarker",
  }, member, describe)
end

return list
