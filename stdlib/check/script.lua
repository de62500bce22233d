--- One runbook for those who look at it without running it: its tree, its declaration, and what a walk through it finds.

local host = require "host.check"
local engine = require "check.engine"
local parser = require "syntax.parser"
local plans = require "check.plans"
local values = require "check.values"
local walk = require "check.walk"

local script = {}

---@class Script
---@field file string
---@field chunk Node
---@field comments table<integer, string>
---@field facts table the declaration, as `gwrun help` knows it
---@field needs table<string, string[]>
---@field declaration Value? the table that the script returns, where it is written as one
---@field trace table[] findings of the walk
---@field has_unseen boolean calls of AWS may have been missed
local Script = {}
Script.__index = Script

-- ---- sources

local parsed = {}

local function parse(file, text)
  if parsed[file] == nil then parsed[file] = parser.parse(text) or false end
  return parsed[file] or nil
end

local function folder_of(path) return path:match "^(.*)/[^/]*$" or "." end

-- Where `require` looks, in its order.
local function loader(path)
  local own, given = folder_of(path), host.env "GWRUN_STDLIB"
  local function parse_in(folder, name)
    local file = ("%s/%s.lua"):format(folder, (name:gsub("%.", "/")))
    local text = host.read(file)
    if text then return parse(file, text), file end
  end
  return function(name)
    local text, is_common = host.module(name)
    local chunk, file
    if not is_common then chunk, file = parse_in(own, name) end
    if not chunk and given and given ~= "" then chunk, file = parse_in(given, name) end
    if chunk or not text then return chunk, file end
    file = ("stdlib/%s.lua"):format((name:gsub("%.", "/")))
    return parse(file, text), file
  end
end

-- ---- opening

-- "x.lua:12: what", or "x.lua: what" where the engine tells no line.
local function place_in(message, path)
  local name = path:match "[^/]+$"
  local rest = message:sub(1, #name + 1) == name .. ":" and message:sub(#name + 2) or message
  local line, what = rest:match "^(%d+): (.*)$"
  return { line = tonumber(line) or 1, column = 1 }, what or rest:match "^%s*(.*)$"
end

---Where `rb:run` finds a runbook: beside the one that calls it, then where the command line looks.
---@param path string of the one that calls
---@param name string
---@return string? path
---@return string? problem
function script.find(path, name)
  local beside = ("%s/%s.lua"):format(folder_of(path), name)
  if host.read(beside) then return beside end
  return host.find(name)
end

---Reads a script and its declaration; nothing of it acts.
---@param path string
---@return Script?
---@return { line: integer, column: integer, message: string, rule: string }? mistake
function script.open(path)
  local text, problem = host.read(path)
  if not text then return nil, { line = 1, column = 1, message = problem, rule = "read" } end
  local chunk, found = parser.parse(text)
  if not chunk then
    found.rule = "syntax"
    return nil, found
  end
  local facts, message = host.facts(path)
  if not facts then
    local place, what = place_in(message, path)
    return nil, { line = place.line, column = place.column, message = what, rule = "declaration", comments = found, chunk = chunk }
  end
  return setmetatable({ file = path, chunk = chunk, comments = found, facts = facts, needs = facts.needs, trace = {} }, Script)
end

-- ---- the walk

local function value_of(given)
  if type(given) ~= "table" then return { is = type(given), value = given } end
  local list = values.table()
  for i, item in ipairs(given) do list.items[i] = value_of(item) end
  if #given == 0 then list.open = true end
  return list
end

local function params_value(facts, given)
  local list = {}
  for name, value in pairs(given or {}) do list[name] = value_of(value) end
  return values.new("params", { given = list, facts = facts })
end

---Walks through it.
---@param given? table<string, any> parameters that are known
function Script:walk(given)
  local walker = walk.new { script = self.file, load = loader(self.file) }
  local returned = walker:walk_chunk(self.chunk, self.file)
  self.declaration = returned.is == "table" and returned or nil
  local p = params_value(self.facts, given)
  local run = self.declaration and self.declaration.fields.run
  if run then walker:call_in(run, { values.new "rb", p }) end
  local targets = self.declaration and self.declaration.fields.targets
  if targets then engine.call_probes(walker, walker:call_in(targets, { p })[1] or values.none) end
  local params = self.declaration and self.declaration.fields.params
  for _, schema in pairs(params and params.is == "table" and params.fields or {}) do
    local default = schema.is == "table" and schema.fields.default
    if default and default.is == "function" then walker:call_in(default, { p }, { certain = false }) end
  end
  walker:walk_rest()
  self.trace, self.walker = walker.trace, walker
  self.has_unseen = #self:findings "dynamic" > 0
end

---What plans of it read, as calls.
---@return table[]
function Script:plan_readings()
  local list = {}
  for _, call in ipairs(self:findings "call") do
    for _, reading in ipairs(plans.readings(call)) do list[#list + 1] = reading end
  end
  return list
end

---The findings of a kind.
---@param kind string
---@return table[]
function Script:findings(kind)
  local list = {}
  for _, finding in ipairs(self.trace) do
    if finding.kind == kind then list[#list + 1] = finding end
  end
  return list
end

---Where in the script a finding belongs.
---@param finding table
---@return Node?
function Script:place(finding)
  return finding.file == self.file and finding.node or finding.blame
end

return script
