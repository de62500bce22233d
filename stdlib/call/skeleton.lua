--- An input or output with every member in it, to be filled in: what --generate-cli-skeleton prints.

local skeleton = {}

local PLAIN = { integer = 0, long = 0, float = 0.0, double = 0.0, boolean = true, timestamp = "1970-01-01T00:00:00" }

local make

local function structure(shape, path, text)
  local map = json.ordered()
  for _, member in ipairs(shape.members) do map[member.name] = make(member.shape, path, text, member.name) end
  return map
end

-- `text` chooses the text of a string; nil is nothing to show. A shape inside itself is left empty.
function make(shape, path, text, name)
  local kind = shape.type
  if PLAIN[kind] ~= nil then return PLAIN[kind] end
  if kind == "string" then return text(shape, name) end
  if kind == "blob" then return json.null end
  if kind == "structure" and (path[shape.name] or 0) > 0 then return json.ordered() end
  path[shape.name] = (path[shape.name] or 0) + 1
  local made
  if kind == "structure" then
    made = structure(shape, path, text)
  elseif kind == "list" then
    made = json.array { make(shape.element, path, text, shape.element.name) }
  else
    made = json.ordered()
    made.KeyName = make(shape.value, path, text, "")
  end
  path[shape.name] = path[shape.name] - 1
  return made
end

---Everything that an input may have. A string with known values is the first of them.
---@param shape table?
---@return table
function skeleton.input(shape)
  if not shape then return json.ordered() end
  return make(shape, {}, function(inner) return inner.enum[1] or "" end)
end

---Everything that an output may have; a string is its own name.
---@param shape table?
---@return table
function skeleton.output(shape)
  if not shape then return json.ordered() end
  return make(shape, {}, function(_, name) return name end)
end

return skeleton
