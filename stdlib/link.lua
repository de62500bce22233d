--- `gwrun link RUNBOOK NAME=VALUE...`: the line to paste into an alert, so that who is woken up starts with it. What would be
--- refused at 3am is refused when it is written.

local failure = require "failure"
local host = require "host.check"
local options = require "options"
local params = require "params"
local wrap = require "exec.wrap"

local link = {}

local WITH_VALUES = { enum = true, list = true, map = true, boolean = true }

-- As the runbook would take it, but for limits, and files that are on another machine.
local function schema_of(param)
  local kind = param.type:match "^%a+"
  if kind == "secret" or kind == "file" then kind = "string" end
  local type_of = (WITH_VALUES[kind] or kind == "integer" or kind == "number" or kind == "duration" or kind == "url" or kind == "arn") and kind or "string"
  return { type = type_of, values = kind == "enum" and param.values or nil }
end

local function open(name)
  local path, problem = host.find(name)
  if not path then failure.raise("usage", "%s", problem) end
  local facts, mistake = host.facts(path)
  if not facts then failure.raise("script", "%s", mistake) end
  return facts
end

local function find_param(facts, name)
  local known = {}
  for i, param in ipairs(facts.params) do
    if param.name == name or param.flag == "--" .. name then return param end
    known[i] = param.name
  end
  failure.raise("usage", "gwrun link: the runbook has no parameter '%s'%s", name, options.hint(name, known))
end

-- A secret in an alert is told to everybody who gets it.
local function check_secret(param, value)
  if param.type == "secret" and not value:find "^%a+://" and value ~= "-" then
    failure.raise("usage", "gwrun link: '%s' is a secret, and has no place in an alert: %s=prompt:// asks for it", param.name, param.name)
  end
end

-- "count=2" -> "--count=2"
local function read_words(facts, given)
  local words = {}
  for i, word in ipairs(given) do
    local name, value = word:match "^([%a_][%w_-]*)=(.*)$"
    if name then
      local param = find_param(facts, name)
      check_secret(param, value)
      words[i] = ("%s=%s"):format(param.flag, value)
    else
      failure.raise("usage", "gwrun link: '%s': expected NAME=VALUE, --plan or --sim", word)
    end
  end
  return words
end

local function check_values(facts, words)
  local schemas = {}
  for _, param in ipairs(facts.params) do schemas[param.name] = schema_of(param) end
  local values, problem = params.bind(schemas, words, { env = function() end, asks = false, terminal = false }, {})
  if not values then failure.raise("usage", "gwrun link: %s", problem) end
end

---@param name string of the runbook
---@param given string[]
---@return string line
function link.of(name, given)
  local facts = open(name)
  local words = read_words(facts, given)
  check_values(facts, words)
  if host.plan then words[#words + 1] = "--plan" end
  if host.sim then words[#words + 1] = "--sim" end
  return wrap.line { "gwrun", name, table.unpack(words) }
end

---The command; for the program.
---@return integer exit_code
function link.main()
  local ok, line = pcall(function()
    if not host.args[1] or host.args[1]:sub(1, 1) == "-" then failure.raise("usage", "gwrun link: which runbook? It comes first") end
    return link.of(host.args[1], table.move(host.args, 2, #host.args, 1, {}))
  end)
  if ok then
    host.print(line)
    return failure.exit.ok
  end
  if type(line) ~= "table" or (line.kind ~= "usage" and line.kind ~= "script") then error(line, 0) end
  host.say(line.message)
  return line.kind == "usage" and failure.exit.usage or failure.exit.script
end

return link
