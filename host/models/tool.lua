-- The models' tools as commands of the stock interpreter: the build compiles with it, a maintainer imports when AWS's models
-- move. gwrun itself has the same modules inside, for `gwrun models`.
--
--   lua5.4 tool.lua compile OUTPUT FACTS.api...       the table that host/aws reads
--   lua5.4 tool.lua import DATA [SERVICE...]          facts of the services of services.txt, or of these, from an SDK's data
--                                                     folder, into data/; without names also the partitions
--   lua5.4 tool.lua report DATA [SERVICE...]          effect, operation and deciding line of each operation, for review
--   lua5.4 tool.lua vectors OUTPUT VECTORS.json...    facts of published protocol vectors, for the protocol tests
--
-- DATA is botocore's, for example "$(python3 -c 'import botocore; print(botocore.__path__[0])')/data".
local here = arg[0]:match "^(.*)/" or "."
package.path = here .. "/../?.lua"

local compile = require "models.compile"
local effects = require "models.effects"
local facts = require "models.facts"
local json = require "models.json"
local source = require "models.source"
local vectors = require "models.vectors"

-- ---- files -----------------------------------------------------------------------------------------------------------

local function quoted(path) return "'" .. path:gsub("'", "'\\''") .. "'" end

local function output_of(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

local files = {}

function files.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return path:find "%.gz$" and output_of("gzip -dc " .. quoted(path)) or text
end

function files.list(path)
  local names = {}
  for name in output_of("ls " .. quoted(path .. "/") .. " 2>/dev/null"):gmatch "[^\n]+" do names[#names + 1] = name end
  return names
end

local function must_read(path) return files.read(path) or error(path .. ": cannot be read", 0) end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

-- ---- commands --------------------------------------------------------------------------------------------------------

local function read_rules() return effects.read(must_read(here .. "/rules.txt")) end

local function listed_services()
  local names = {}
  for line in must_read(here .. "/services.txt"):gmatch "[^\n]+" do names[#names + 1] = line:match "^[^#%s]+" end
  return names
end

local function write_partitions(data)
  local partitions = json.read(must_read(data .. "/partitions.json"))
  for _, partition in ipairs(partitions.partitions) do
    for _, region in ipairs(partition.regions) do json.remove(partition.regions[region], "description") end
  end
  write(here .. "/data/partitions.json", json.write(partitions, 1) .. "\n")
end

local function report(model)
  for _, op in ipairs(facts.operations(model)) do
    local effect, place = effects.of(model.rules, model.name, op.name, op.readonly)
    print(("%-12s %-70s %s"):format(effect, model.name .. ":" .. op.name, place))
  end
end

local function each_model(data, names, act)
  local rules, services = read_rules(), {}
  for _, found in ipairs(source.find(files, data, #names > 0 and names or listed_services())) do
    act(source.load(files, found, rules))
    services[found.name] = true
  end
  return rules, services
end

local COMMANDS = {}

function COMMANDS.compile(output, ...)
  local list = {}
  for i, path in ipairs { ... } do list[i] = { name = path, text = must_read(path) } end
  write(output, compile.table(list))
end

function COMMANDS.import(data, ...)
  local names = { ... }
  local rules, services = each_model(data, names, function(model)
    write(("%s/data/%s.api"):format(here, model.name), facts.write(model))
  end)
  if #names == 0 then write_partitions(data) end
  for _, stale in ipairs(effects.unused(rules, services)) do
    io.stderr:write(("rules.txt: '%s' names nothing that exists\n"):format(stale))
  end
end

function COMMANDS.report(data, ...) each_model(data, { ... }, report) end

function COMMANDS.vectors(output, ...)
  local rules, parts = read_rules(), {}
  for _, path in ipairs { ... } do
    local models = vectors.models(path, json.read(must_read(path), "documentation"), rules)
    for _, model in ipairs(models) do parts[#parts + 1] = facts.write(model) end
  end
  write(output, table.concat(parts, "\n"))
end

local function main(command, ...)
  local act = COMMANDS[command] or error(("no such command: '%s'"):format(tostring(command)), 0)
  if not ... then error(command .. ": a path is missing; the head of tool.lua has the commands", 0) end
  act(...)
end

local ok, message = pcall(main, ...)
if not ok then
  io.stderr:write("tool.lua: ", tostring(message), "\n")
  os.exit(1)
end
