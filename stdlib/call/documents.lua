--- Parts of an answer, told apart: what every output format asks of them.

local documents = {}

---@param value any
---@return boolean
function documents.is_list(value) return getmetatable(value) == "array" end

---@param value any
---@return boolean
function documents.is_map(value) return type(value) == "table" and not documents.is_list(value) end

---@param map table
---@return string[] keys in the order of their bytes
function documents.keys(map)
  local keys = {}
  for key in next, map do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

return documents
