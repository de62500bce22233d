--- What a call answered, on standard output: in the format that was asked for, and what --query picks from it.

local documents = require "call.documents"
local host = require "host.call"
local options = require "options"

local output = {}

output.formats = { "json", "text", "table", "yaml", "yaml-stream", "off" }

---The format's name, checked.
---@param name string
---@return string?
---@return string? problem
function output.check(name)
  for _, known in ipairs(output.formats) do
    if name == known then return name end
  end
  return nil, ("output format: expected one of %s, got '%s'%s"):format(
    table.concat(output.formats, ", "), name, options.hint(name, output.formats))
end

local writers = {}

local function is_empty_map(value) return documents.is_map(value) and next(value) == nil end

function writers.json(value)
  if is_empty_map(value) then return "" end
  return json.encode(value == nil and json.null or value, { indent = 4, keep_doubles = true }) .. "\n"
end

function writers.text(value) return require "call.text".format(value) end

function writers.table(value, title) return require "call.table".format(title, value, host.columns) end

function writers.yaml(value)
  if is_empty_map(value) then return "" end
  return require "call.yaml".format(value)
end

writers["yaml-stream"] = function(value)
  if is_empty_map(value) then return "" end
  return require "call.yaml".format(json.array { value == nil and json.null or value })
end

function writers.off() return "" end

-- Whether a secret stands in what was shown.
local function hides(value)
  if type(value) == "userdata" then return value ~= json.null end
  if type(value) ~= "table" then return false end
  for _, inner in next, value do
    if hides(inner) then return true end
  end
  return false
end

---Shows one answer.
---@param format string
---@param title string the operation's name
---@param value any
---@param query string? JMESPath
---@return boolean hidden a secret was shown as "[secret]"
function output.show(format, title, value, query)
  if query then value = json.query(value, query, true) end
  host.write(writers[format](value, title))
  return hides(value)
end

return output
