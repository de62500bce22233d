--- The parameters of a runbook: one schema that makes the command line, the help page, the questions and the record.

local limits = require "params.limits"
local options = require "options"
local prompts = require "params.prompts"
local schema = require "params.schema"
local secrets = require "params.secrets"
local sources = require "params.sources"
local types = require "params.types"

local params = {
  check = schema.check, describe = schema.describe, flag = schema.flag, names = options.sorted, label = prompts.label,
  bind = sources.bind, take = sources.take,
}

local SECRET = "[secret]" -- in the record: one was given

---The values as a plain table that a journal keeps and `restore` takes again: a duration is "15m", a time ISO 8601, a file
---its path; of a secret only that there was one, "[secret]". What has no value is left out.
---@param schemas table<string, Param>
---@param values table
---@return table
function params.written(schemas, values)
  local written = {}
  for name, value in pairs(values) do
    local param = schemas[name]
    if param then written[name] = param.type == "secret" and SECRET or types.write(param, value) end
  end
  return written
end

---The values that `written` told of. Defaults are not worked out anew, and limits that move with the clock are not looked
---at again: what was right at the start of the run stays.
---@param schemas table<string, Param>
---@param written table
---@return table? values without the secrets
---@return string[]|string secrets those that were given and are needed again; without values the problem
function params.restore(schemas, written)
  local values, secret_names = {}, {}
  for _, name in ipairs(options.sorted(written)) do
    local param = schemas[name]
    if param and param.type == "secret" then
      secret_names[#secret_names + 1] = name
    elseif param then
      local value, problem = types.parse(param, written[name])
      if value == nil then return nil, ("parameter '%s' of the record: %s"):format(name, problem) end
      values[name] = value
    end
  end
  return values, secret_names
end

-- The schemas of what is needed again: it was given, so it is required now.
local function needed_again(schemas, names, is_undo)
  local needed = {}
  for _, name in ipairs(names) do
    local param = schemas[name]
    needed[name] = {
      type = param.type, required = not is_undo, env = param.env, help = param.help, prompt = not is_undo and param.prompt or nil,
    }
  end
  return needed
end

---The values of a run that goes on: those that `written` told of, and its secrets from where they come from.
---@param schemas table<string, Param>
---@param written table
---@param args string[] where secrets are: { "--token", "file://token.txt" }
---@param from Sources
---@param others? string[] options that are somebody else's, for "did you mean"
---@param is_undo? boolean a secret that is not given is a lost one: taking back seldom needs it
---@return table? values
---@return string? problem
function params.resume(schemas, written, args, from, others, is_undo)
  local values, secret_names = params.restore(schemas, written)
  if not values then return nil, secret_names end
  local found, problem = sources.bind(needed_again(schemas, secret_names, is_undo), args, from, others)
  if not found then return nil, problem end
  for _, name in ipairs(secret_names) do values[name] = found[name] or from.lost_secret() end
  return values
end

-- As `sources.bind` takes a word of the command line.
local function read_word(name, param, word, from)
  if param.type == "secret" and from and type(word) == "string" then
    local secret, problem = secrets.fetch(word, from, prompts.label(name, param))
    if not secret then return nil, problem end
    word = secret
  end
  if from then return sources.read(param, word, from) end
  return limits.read(param, word)
end

---Sets one value, as an operator does who edits a parameter.
---@param schemas table<string, Param>
---@param values table
---@param name string
---@param value any text; of a secret where it is, or a secret
---@param from? Sources without: a secret is not fetched, and whether a file is there is not looked at
---@return boolean? changed
---@return string? problem
function params.change(schemas, values, name, value, from)
  local param = schemas[name]
  if not param then
    return nil, ("unknown parameter '%s'%s"):format(name, options.hint(name, options.sorted(schemas)))
  end
  local result, problem = read_word(name, param, value, from)
  if result == nil then return nil, ("%s: %s"):format(name, problem) end
  values[name] = result
  return true
end

return params
