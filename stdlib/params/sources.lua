--- Where the values of parameters come from. The first of these that has one counts: the command line, the files of
--- '--params' (of several the last), the environment, the operator at a terminal, the default.

local arguments = require "params.arguments"
local defaults = require "params.defaults"
local limits = require "params.limits"
local options = require "options"
local prompts = require "params.prompts"
local schema = require "params.schema"
local secrets = require "params.secrets"

local sources = {}

---@class Sources what the program has for parameters (host/run/parameters.c)
---@field env fun(name: string): string?
---@field secret_env fun(name: string): userdata? nil: not set, or empty
---@field read_params fun(path: string, secrets: string[]): table?, table? the JSON object in a file, "-": standard input;
---  the members named are secrets
---@field read_secret fun(path: string): userdata?, table?
---@field check_file fun(path: string, access: string): boolean?, table? can the file be read, or written?
---@field ask fun(question: { text: string, secret: boolean }): any, table?
---@field lost_secret fun(): userdata one whose text is not known any more
---@field terminal boolean there is one to ask at
---@field asks boolean the operator is asked for what is missing

---A value of the type and within its limits, and of a file one that is there.
---@param param Param
---@param value any
---@param from Sources
---@return any value
---@return string? problem
function sources.read(param, value, from)
  local result, problem = limits.read(param, value)
  if result == nil or param.type ~= "file" then return result, problem end
  local usable, err = from.check_file(result, param.access or "read")
  if not usable then return nil, err.message end
  return result
end

-- ---- files

-- Of the file first: "FILE:2:7: what", as editors take it, where JSON's own message ends in "(line 2, column 7)".
local function file_problem(title, message)
  local what, line, column = message:match "^json: (.*) %(line (%d+), column (%d+)%)$"
  if what then return ("%s:%s:%s: %s"):format(title, line, column, what) end
  return ("%s: %s"):format(title, (message:gsub("^json: ", "")))
end

local function secret_names(schemas)
  local names = {}
  for name, param in pairs(schemas) do
    if param.type == "secret" then names[#names + 1] = name end
  end
  return names
end

-- Adds what the file has to `offers`.
local function read_file(schemas, path, from, offers)
  local title = path == "-" and "standard input" or path
  local values, err = from.read_params(path, secret_names(schemas))
  if not values then return file_problem(title, err.message) end
  for _, name in ipairs(options.sorted(values)) do
    if not schemas[name] then
      return ("%s: unknown parameter '%s'%s"):format(title, name, options.hint(name, options.sorted(schemas)))
    end
    if values[name] ~= json.null then offers[name] = { value = values[name], origin = ("%s: %s"):format(title, name) } end
  end
end

-- ---- what is offered for each parameter

local function from_arguments(schemas, given, from, offers)
  for name, text in pairs(given.texts) do
    local offer = { value = text, origin = schema.flag(name) }
    if schemas[name].type == "secret" then
      offer.value, offer.problem = secrets.fetch(text, from, prompts.label(name, schemas[name]))
    end
    offers[name] = offer
  end
end

local function from_environment(schemas, from, offers)
  for name, param in pairs(schemas) do
    if param.env and not offers[name] then
      local value
      if param.type == "secret" then value = from.secret_env(param.env) else value = from.env(param.env) end
      if value and value ~= "" then offers[name] = { value = value, origin = param.env } end -- empty: not given
    end
  end
end

local function collect(schemas, given, from)
  local offers = {}
  for _, path in ipairs(given.files) do
    local problem = read_file(schemas, path, from, offers)
    if problem then return nil, problem end
  end
  from_arguments(schemas, given, from, offers)
  from_environment(schemas, from, offers)
  return offers
end

local function read_offers(schemas, offers, read, values, problems)
  for _, name in ipairs(options.sorted(offers)) do
    local offer, value = offers[name], nil
    local problem = offer.problem
    if not problem then value, problem = read(schemas[name], offer.value) end
    values[name] = value
    if problem then problems[#problems + 1] = offer.origin .. ": " .. problem end
  end
end

-- ---- what nobody gave

local function is_wanted(param)
  return param.required or (param.prompt ~= nil and param.default == nil)
end

local function missing(name, param)
  local about = param.help and (" (%s)"):format(param.help) or ""
  local how = param.type == "secret" and "; give " .. secrets.WAYS or ""
  return ("%s: required%s%s"):format(schema.flag(name), about, how)
end

local function ask_missing(schemas, offers, from, read, values, problems)
  for _, name in ipairs(options.sorted(schemas)) do
    local param, problem = schemas[name], nil
    if not offers[name] and is_wanted(param) then
      if from.asks then
        values[name], problem = prompts.ask(name, param, from, read)
        problem = problem and schema.flag(name) .. ": " .. problem
      elseif param.required then
        problem = missing(name, param)
      end
      problems[#problems + 1] = problem
    end
  end
end

---Finds a value for each parameter.
---@param schemas table<string, Param>
---@param args string[] the runbook's own part of the command line
---@param from Sources
---@param others? string[] options that are somebody else's, for "did you mean"
---@return table? values
---@return string? problem in one line; of several parameters, where several are wrong or missing
function sources.bind(schemas, args, from, others)
  local given, problem = arguments.parse(schemas, args, others or {})
  if not given then return nil, problem end
  local offers
  offers, problem = collect(schemas, given, from)
  if not offers then return nil, problem end
  local values, problems = {}, {}
  local function read(param, value) return sources.read(param, value, from) end
  read_offers(schemas, offers, read, values, problems)
  if #problems == 0 or not from.asks then ask_missing(schemas, offers, from, read, values, problems) end
  if #problems == 0 then defaults.add(schemas, read, values, problems) end
  if #problems > 0 then return nil, table.concat(problems, "; ") end
  return values
end

---Finds a value for each parameter among those that another runbook gives; nobody is asked.
---@param schemas table<string, Param>
---@param given table<string, any>
---@param from { env: fun(name: string): string? }
---@return table? values
---@return string? problem
function sources.take(schemas, given, from)
  local offers, values, problems = {}, {}, {}
  for _, name in ipairs(options.sorted(given)) do
    if not schemas[name] then
      return nil, ("unknown parameter '%s'%s"):format(name, options.hint(name, options.sorted(schemas)))
    end
    offers[name] = { value = given[name], origin = name }
  end
  from_environment(schemas, { env = from.env, secret_env = function() end }, offers)
  read_offers(schemas, offers, limits.read, values, problems)
  ask_missing(schemas, offers, { asks = false }, limits.read, values, problems)
  if #problems == 0 then defaults.add(schemas, limits.read, values, problems) end
  if #problems > 0 then return nil, table.concat(problems, "; ") end
  return values
end

return sources
