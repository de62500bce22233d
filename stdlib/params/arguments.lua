--- A runbook's own part of the command line, taken apart: which option has which text, and the files of '--params'.

local options = require "options"
local schema = require "params.schema"

local arguments = {}

---@class Arguments
---@field texts table<string, string> by parameter
---@field files string[] of '--params', in order

local FILES = "--params"

-- What each option is, and the names of all for "did you mean".
local function known_options(schemas, others)
  local known, names = { [FILES] = { files = true } }, { FILES, table.unpack(others) }
  for name, param in pairs(schemas) do
    local flag, is_switch = schema.flag(name), param.type == "boolean"
    known[flag] = { name = name, is_switch = is_switch }
    names[#names + 1] = flag
    if is_switch then known["--no-" .. flag:sub(3)] = { name = name, is_switch = true, negated = true } end
  end
  table.sort(names)
  return known, names
end

local function unknown(flag, names)
  if flag:sub(1, 1) ~= "-" then return ("unexpected argument '%s'"):format(flag) end
  return ("unknown option '%s'%s"):format(flag, options.hint(flag, names))
end

-- The value behind an option at position i, which may be the next word; returns where it ends, or nil and the problem.
local function take_value(args, i, flag)
  local text = args[i + 1]
  if text == nil then return nil, ("option '%s' needs a value"):format(flag) end
  if text:sub(1, 2) == "--" then
    return nil, ("option '%s' needs a value; one that begins with '--' is written '%s=--...'"):format(flag, flag)
  end
  return i + 1, text
end

-- One option off the list at position i; returns where it ends, or nil and the problem.
local function take_option(args, i, known, names, given)
  local flag, text = args[i]:match "^(%-%-[^=]+)=(.*)$"
  flag = flag or args[i]
  local option = known[flag]
  if not option then return nil, unknown(flag, names) end
  if option.is_switch and (text == nil or option.negated) then
    if text then return nil, ("option '%s' takes no value"):format(flag) end
    text = option.negated and "false" or "true"
  elseif text == nil then
    i, text = take_value(args, i, flag)
    if not i then return nil, text end
  end
  if option.files then
    given.files[#given.files + 1] = text
  elseif given.texts[option.name] then
    return nil, ("option '%s' is given twice"):format(flag)
  else
    given.texts[option.name] = text
  end
  return i
end

---@param schemas table<string, Param>
---@param args string[] for example { "--revision", "2", "--order=stop-first" }
---@param others string[] options that are somebody else's, for "did you mean"
---@return Arguments? given
---@return string? problem one line
function arguments.parse(schemas, args, others)
  local known, names = known_options(schemas, others)
  local given, i = { texts = {}, files = {} }, 1
  while i <= #args do
    local last, problem = take_option(args, i, known, names, given)
    if not last then return nil, problem end
    i = last + 1
  end
  return given
end

return arguments
