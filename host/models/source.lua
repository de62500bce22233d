--- Finds and reads models in botocore's format: an SDK's whole data folder, the folder of one service or of one version of
--- it, or a single service-2.json; plain or compressed.
---
--- Files are reached through a table that the caller brings:
---   read(path) -> text | nil      the whole file, decompressed where the name ends in ".gz"; nil where there is none
---   list(path) -> names | nil     what is in the folder, "." and ".." aside; nil where there is no such folder
local json = require "models.json"

local source = {}

local SERVICE = "service-2"
local EXTENSIONS = { ".json", ".json.gz" }

-- ---- files -----------------------------------------------------------------------------------------------------------

local function parent_of(path) return path:match "^(.*)/[^/]*$" or "." end

local function base_name(path) return path:match "([^/]*)/*$" end

-- The JSON file `stem`, plain or compressed, and its path; nil where there is neither.
local function read_part(files, stem)
  for _, extension in ipairs(EXTENSIONS) do
    local text = files.read(stem .. extension)
    if text then
      local ok, value = pcall(json.read, text, "documentation")
      if not ok then error(("%s:%s"):format(stem .. extension, value), 0) end
      return value, stem .. extension
    end
  end
end

-- The part with what SDKs put over it: PART.sdk-extras.json.
local function read_merged(files, folder, part)
  local value, path = read_part(files, folder .. "/" .. part)
  local extras = value and read_part(files, ("%s/%s.sdk-extras"):format(folder, part))
  if extras and extras.merge then json.merge(value, extras.merge) end
  return value, path
end

local function is_part(name)
  for _, extension in ipairs(EXTENSIONS) do
    if name == SERVICE .. extension then return true end
  end
  return false
end

local function has_model(files, folder)
  for _, name in ipairs(files.list(folder) or {}) do
    if is_part(name) then return true end
  end
  return false
end

-- The folder of the newest version of a service; nil where the folder is not that of a service.
local function newest_version(files, folder)
  local versions = {}
  for _, name in ipairs(files.list(folder) or {}) do
    if name:find "^%d%d%d%d%-%d%d%-%d%d" and has_model(files, folder .. "/" .. name) then versions[#versions + 1] = name end
  end
  table.sort(versions)
  return #versions > 0 and folder .. "/" .. versions[#versions] or nil
end

-- ---- one model -------------------------------------------------------------------------------------------------------

local PARTS = { "metadata", "operations", "shapes" }

local function check_parts(model, path)
  local missing = {}
  for _, part in ipairs(PARTS) do
    if not (json.is_object(model) and json.is_object(model[part])) then missing[#missing + 1] = part end
  end
  if #missing > 0 then
    error(("%s: not a model in botocore's format: it has no '%s'"):format(path, table.concat(missing, "', '")), 0)
  end
end

-- An operation goes by its key; CloudFront's models write the API's version behind `name`.
local function name_operations(operations)
  for _, name in ipairs(operations) do json.set(operations[name], "name", name) end
  return operations
end

---@param files table
---@param place { name: string, folder: string } as source.find gives it
---@param rules Rules
---@return Model model with `path`, the file it came from
function source.load(files, place, rules)
  local model, path = read_merged(files, place.folder, SERVICE)
  if not model then error(("%s: no %s.json or %s.json.gz"):format(place.folder, SERVICE, SERVICE), 0) end
  check_parts(model, path)
  local paginators = read_merged(files, place.folder, "paginators-1")
  local waiters = read_merged(files, place.folder, "waiters-2")
  return {
    name = place.name, path = path, rules = rules,
    metadata = model.metadata, operations = name_operations(model.operations), shapes = model.shapes,
    paginators = paginators and paginators.pagination,
    waiters = waiters and waiters.waiters,
    endpoint_rules = read_part(files, place.folder .. "/endpoint-rule-set-1"),
  }
end

-- ---- where models are ------------------------------------------------------------------------------------------------

-- A version's folder lies in that of its service, whose name is the service's; a model elsewhere has only its own.
local function name_of_version(files, folder)
  local above = base_name(parent_of(folder))
  if base_name(folder):find "^%d%d%d%d%-%d%d%-%d%d" and above:find "^[%l%d-]+$" then return above end
  local model, path = read_part(files, folder .. "/" .. SERVICE)
  check_parts(model, path)
  local prefix = model.metadata.endpointPrefix or error(path .. ": metadata: no endpointPrefix", 0)
  return (prefix:lower():gsub("[^%l%d-]", "-"))
end

local function find_in_sdk(files, path)
  local places = {}
  local names = files.list(path) or {}
  table.sort(names)
  for _, name in ipairs(names) do
    local folder = newest_version(files, path .. "/" .. name)
    if folder then places[#places + 1] = { name = name, folder = folder } end
  end
  return places
end

local function find_all(files, path)
  if is_part(base_name(path)) then
    local folder = parent_of(path)
    return { { name = name_of_version(files, folder), folder = folder } }
  end
  if has_model(files, path) then return { { name = name_of_version(files, path), folder = path } } end
  local version = newest_version(files, path)
  if version then return { { name = base_name(path), folder = version } } end
  return find_in_sdk(files, path)
end

local function fail_unknown(path, name, places)
  local known = {}
  for i, place in ipairs(places) do known[i] = place.name end
  local has = #known > 12 and #known .. " services" or "'" .. table.concat(known, "', '") .. "'"
  error(("%s: no model of service '%s' (it has %s)"):format(path, name, has), 0)
end

---The models at a path, in the order of the names; of each service the newest version.
---@param files table
---@param path string
---@param names string[]? only these
---@return { name: string, folder: string }[]
function source.find(files, path, names)
  path = path:gsub("(.)/+$", "%1")
  local places = find_all(files, path)
  if #places == 0 then
    error(("%s: no model in botocore's format there: expected an SDK's data folder, the folder of a service or of " ..
      "a version of it, or a service-2.json"):format(path), 0)
  end
  if not names or #names == 0 then return places end
  local by_name, chosen = {}, {}
  for _, place in ipairs(places) do by_name[place.name] = place end
  for _, name in ipairs(names) do
    chosen[#chosen + 1] = by_name[name] or fail_unknown(path, name, places)
  end
  return chosen
end

return source
