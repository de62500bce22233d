--- The text format of the AWS CLI: scalars separated by tabs, one line a structure, nested ones behind their name in
--- upper case.

local documents = require "call.documents"

local text = {}

local is_list, is_map, keys_of = documents.is_list, documents.is_map, documents.keys

---A scalar as the AWS CLI writes it.
---@param value any
---@return string
function text.scalar(value)
  if value == nil or value == json.null then return "None" end
  if type(value) == "boolean" then return value and "True" or "False" end
  if math.type(value) == "float" then return (json.encode(value, { keep_doubles = true })) end
  if type(value) == "table" then return (json.encode(value, { keep_doubles = true })) end
  return tostring(value)
end

-- Names of scalars in any of the structures, so that their columns agree.
local function scalar_keys(list)
  local seen, keys = {}, {}
  for _, item in ipairs(list) do
    for key, value in next, is_map(item) and item or {} do
      if type(value) ~= "table" and not seen[key] then seen[key], keys[#keys + 1] = true, key end
    end
  end
  table.sort(keys)
  return keys
end

local write

local function write_scalars(out, list, name)
  local texts = {}
  for i, item in ipairs(list) do texts[i] = text.scalar(item) end
  if not name then
    out[#out + 1] = table.concat(texts, "\t") .. "\n"
    return
  end
  for _, line in ipairs(texts) do out[#out + 1] = name:upper() .. "\t" .. line .. "\n" end
end

local function write_list(out, list, name)
  local any_map, scalars, others = false, {}, {}
  for _, item in ipairs(list) do
    any_map = any_map or is_map(item)
    local target = type(item) == "table" and others or scalars
    target[#target + 1] = item
  end
  if any_map then
    local keys = scalar_keys(list)
    for _, item in ipairs(list) do write(out, item, name, keys) end
    return
  end
  if #scalars > 0 then write_scalars(out, scalars, name) end
  for _, item in ipairs(others) do write(out, item, name) end
end

local function write_map(out, map, name, columns)
  local texts, others, listed = {}, {}, {}
  for _, key in ipairs(columns or {}) do
    listed[key] = true
    texts[#texts + 1] = map[key] == nil and "" or text.scalar(map[key])
  end
  for _, key in ipairs(keys_of(map)) do
    if type(map[key]) == "table" then
      others[#others + 1] = key
    elseif not columns then
      texts[#texts + 1] = text.scalar(map[key])
    end
  end
  if #texts > 0 then
    if name then table.insert(texts, 1, name:upper()) end
    out[#out + 1] = table.concat(texts, "\t") .. "\n"
  end
  for _, key in ipairs(others) do
    if not listed[key] then write(out, map[key], key) end
  end
end

function write(out, value, name, columns)
  if is_list(value) then
    write_list(out, value, name)
  elseif is_map(value) then
    write_map(out, value, name, columns)
  else
    out[#out + 1] = text.scalar(value) .. "\n"
  end
end

---@param value any
---@return string
function text.format(value)
  local out = {}
  write(out, value)
  return table.concat(out)
end

return text
