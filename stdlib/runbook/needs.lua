--- What a runbook needs, as the gate takes it (host/run/needs.c). A parameter's value stands there for itself: whatever is in
--- it, it makes no entry mean more than its author wrote.

local declaration = require "runbook.declaration"
local failure = require "failure"
local host = require "host.run"

local needs = {}

-- No pattern, no end of a word.
local function escape(value)
  return (value:gsub("[^%w/]", "\\%0"))
end

-- One that begins the entry is a path; elsewhere it is one name. A final '/' would stand for all that is below.
local function path(value, before)
  if before == "" then return escape((value:gsub("(.)/+$", "%1"))) end
  if value:find("/", 1, true) then return nil, "it may be one name, without '/'" end
  if not value:find "[^.]" and value ~= "" then return nil, "it may not be a folder above" end
  return escape(value)
end

-- One that is the entry, or its beginning up to a '/', is a host or URL; elsewhere it is a part of a name.
local function url(value, before, after)
  if before == "" and (after == "" or after:find "^/") then
    local whole = after == "" and value:match "^[^?#]*" or value
    if whole:find "^[%w%-._~:/%%+&=,;!$'()%[%]]*$" then return whole end
    return nil, "it is no host or URL that can be one"
  end
  if value:find "^[%w%-._~]*$" then return value end
  return nil, "it may have letters, digits and -._~"
end

local WRITERS = { http = url, read = path, write = path, run = escape, exec = escape, env = escape }

local function writer_of(list)
  return function(value, before, after, name)
    local written, problem = WRITERS[list](value, before, after)
    if written then return written end
    failure.raise("usage", "parameter '%s': '%s' cannot stand in needs.%s \"%s{%s}%s\": %s", name, value, list, before, name, after, problem)
  end
end

---Tells the gate. Raises for a value that cannot stand where an entry has its parameter.
---@param declared Needs
---@param p table the parameters
function needs.declare(declared, p)
  local lists = { aws = json.array(declared.aws or {}) }
  for list in pairs(WRITERS) do lists[list] = declaration.fill(declared[list], p, writer_of(list)) end
  host.set_needs(lists)
end

-- "name": it is given; "name=value": it has that value.
local function holds(condition, p)
  local name, value = condition:match "^([^=]*)=?(.*)$"
  if value == "" then return p[name] ~= nil end
  return tostring(p[name]) == value
end

---The actions that a run with these parameters may call: those of `aws_if` where their condition holds.
---@param given Declaration
---@param p table its parameters
---@return string[]
function needs.actions(given, p)
  local declared, wanted, list = given.needs or {}, {}, {}
  for condition, actions in pairs(declared.aws_if or {}) do
    for _, action in ipairs(actions) do wanted[action] = wanted[action] or holds(condition, p) end
  end
  for _, action in ipairs(declared.aws or {}) do
    if wanted[action] ~= false then list[#list + 1] = action end
  end
  return list
end

return needs
