--- `gwrun types DIR`: the Lua API and AWS's services as annotations for the Lua language server.
---
---   DIR/globals.lua           what every chunk sees
---   DIR/stdlib/...            the modules that runbooks require, from the comments in them
---   DIR/services/...          a file for each service, built in or added

local aws = require "host.aws"
local host = require "host.types"
local module = require "types.module"
local options = require "options"
local service = require "types.service"

local QUIET_SECONDS = 1 -- before it tells how far it is

-- What the program does with runbooks, and no runbook: the simulator, plans, Lua's syntax, and what is behind a command.
local FOR_RUNBOOKS = { exec = true } -- although it is a command too
local INTERNAL = { sim = true, plan = true, planned = true, syntax = true }

local function is_internal(name)
  local first = name:match "^[^.]+"
  return INTERNAL[first] or host.is_command(first) and not FOR_RUNBOOKS[first]
end

local function write(folder, path, text)
  local _, err = host.write(("%s/%s"):format(folder, path), text)
  if err then error(err.message, 0) end
end

-- ---- services --------------------------------------------------------------------------------------------------------

local function choose_services(wanted)
  local known = aws.services()
  if not wanted then return known end
  local chosen, by_name = {}, {}
  for _, name in ipairs(known) do by_name[name] = true end
  for name in wanted:gmatch "[^,%s]+" do
    if not by_name[name] then error(("types: no service '%s'%s"):format(name, options.hint(name, known)), 0) end
    chosen[#chosen + 1] = name
  end
  if #chosen == 0 then error("types: option '--services' names none", 0) end
  return chosen
end

-- All services as members of `aws`.
local function index(names)
  local lines = { "---@meta _\n", "---@class AwsServices" }
  for _, name in ipairs(names) do
    local is_plain = name:find "^[%a_][%w_]*$"
    lines[#lines + 1] = ("---@field %s %s"):format(is_plain and name or ('["%s"]'):format(name), service.class(name))
  end
  return table.concat(lines, "\n") .. "\n"
end

local function write_services(folder, names)
  local began, operations = host.clock(), 0
  for i, name in ipairs(names) do
    if host.clock() - began > QUIET_SECONDS then host.progress(("%d of %d: %s"):format(i, #names, name)) end
    local text, count = service.write(name)
    write(folder, ("services/aws_%s.lua"):format(name:gsub("[^%w]", "_")), "---@meta _\n\n" .. text)
    operations = operations + count
  end
  host.progress ""
  write(folder, "services/index.lua", index(names))
  return operations
end

-- ---- modules ---------------------------------------------------------------------------------------------------------

-- aws.client("ecs") is the class of that service.
local function client_overloads(names)
  local lines = {}
  for i, name in ipairs(names) do
    lines[i] = ('---@overload fun(service: "%s", settings?: Client): %s'):format(name, service.class(name))
  end
  return lines
end

local function write_modules(folder, names)
  local more, count = { ["aws.client"] = client_overloads(names) }, 0
  for _, name in ipairs(host.modules()) do
    local text = not is_internal(name) and module.write(name, host.source(name), more)
    if text then
      write(folder, ("stdlib/%s.lua"):format(name:gsub("%.", "/")), text)
      count = count + 1
    end
  end
  write(folder, "globals.lua", host.source "types.globals")
  return count
end

---Writes the annotations; raises what did not go well, in a line.
---@param folder string made where it is not there
---@param wanted string? services, separated by commas; nil: all
return function(folder, wanted)
  local names = choose_services(wanted)
  local operations = write_services(folder, names)
  local modules = write_modules(folder, names)
  host.print(("%d services with %d operations, %d modules in %s"):format(#names, operations, modules, folder))
end
