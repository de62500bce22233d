--- Names of a file: globals that do not exist or are written, members of Lua's libraries, locals that nobody reads.

local each_node = require "check.engine".each_node
local options = require "options"

local names = {}

local LIBRARIES = { string = true, table = true, math = true, utf8 = true, coroutine = true, json = true, time = true }

-- The globals of runbooks are those of this chunk.
local function global(name)
  local ok, value = pcall(function() return _ENV[name] end)
  if ok then return value end
  return nil, tostring(value):match "unknown global.*" or ("unknown global '%s'"):format(name)
end

local function keys_of(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function check_member(report, node)
  local object = node.object
  if object.kind ~= "Name" or object.variable or object.environment or not LIBRARIES[object.name] then return end
  local library = global(object.name)
  if not library or node.key.kind ~= "String" or library[node.key.value] ~= nil then return end
  report:add("error", "unknown-global", node, "%s has no '%s'%s", object.name, node.key.value,
    options.hint(node.key.value, keys_of(library)))
end

local function written_names(chunk)
  local written = {}
  each_node(chunk, function(node)
    for _, target in ipairs(node.kind == "Assign" and node.targets or {}) do written[target] = true end
    if node.kind == "FunctionStatement" then written[node.target] = true end
  end)
  return written
end

local function check_global(report, node, is_written)
  if is_written then
    report:add("error", "global-write", node, "global '%s' is written: globals are read-only; use local", node.name)
    return
  end
  local _, problem = global(node.name)
  if problem then report:add("error", "unknown-global", node, "%s", problem) end
end

-- How often each local is read. A function that only calls itself is not used.
local function count_reads(chunk, written)
  local read = {}
  local function count(root, only, step)
    each_node(root, function(node)
      local variable = node.kind == "Name" and not written[node] and node.variable
      if variable and (not only or variable == only) then read[variable] = (read[variable] or 0) + step end
    end)
  end
  count(chunk, nil, 1)
  each_node(chunk, function(node)
    if node.kind == "LocalFunction" then count(node.body, node.variable, -1) end
  end)
  return read
end

local function check_local(report, variable, read)
  if (read[variable] or 0) > 0 or variable.name:find "^_" or variable.attribute == "close" then return end
  local what = variable.kind == "function" and "function" or "local"
  report:add("warning", "unused-local", variable, "%s '%s' is never used", what, variable.name)
end

---@param report Report
---@param chunk Node
function names.check(report, chunk)
  local written = written_names(chunk)
  local read = count_reads(chunk, written)
  each_node(chunk, function(node)
    if node.kind == "Index" then check_member(report, node) end
    if node.kind == "Name" and not node.variable and not node.environment then check_global(report, node, written[node]) end
  end)
  each_node(chunk, function(node)
    if node.kind == "LocalFunction" then check_local(report, node.variable, read) end
    for _, variable in ipairs(node.kind == "Local" and node.variables or {}) do check_local(report, variable, read) end
  end)
end

return names
