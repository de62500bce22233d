--- The options of one operation, made from its model: their names, and how words become parameters.

local customised = require "call.customised"
local host = require "host.aws"
local names = require "call.names"
local options = require "options"
local program = require "host.call"
local values = require "call.values"

local arguments = {}

---@class Argument
---@field name string "desired-count"
---@field kind "flag"|"one"|"many" takes no word, one, or several
---@field member table? of the input shape; nil: one of the command's own
---@field value boolean? of a flag
---@field into string[]? where the value goes, when not to the member's own name
---@field required boolean

---@class Arguments
---@field list Argument[] in the model's order
---@field by_name table<string, Argument>

-- ---- building

local function add(self, argument)
  self.list[#self.list + 1] = argument
  self.by_name[argument.name] = argument
end

-- A structure whose only member is the boolean Value, where the AWS CLI makes a flag of it.
local function wraps_boolean(service, shape)
  if not customised.unwrapped_booleans[service] or shape.type ~= "structure" then return false end
  local members = shape.members
  return #members == 1 and members[1].name == "Value" and members[1].shape.type == "boolean"
end

local function add_member(self, service, member)
  local name, shape = names.kebab(member.name), member.shape
  local required = member.required and not member.token
  local wrapped = wraps_boolean(service, shape)
  if shape.type == "boolean" or wrapped then
    local into = wrapped and { member.name, "Value" } or nil
    add(self, { name = name, kind = "flag", member = member, value = true, into = into, required = required })
    add(self, { name = "no-" .. name, kind = "flag", member = member, value = false, into = into, required = required })
    return
  end
  add(self, { name = name, kind = shape.type == "list" and "many" or "one", member = member, required = required })
end

local function rename(self, from, to)
  local argument = self.by_name[from]
  if not argument then return end
  argument.name = to
  self.by_name[from], self.by_name[to] = nil, argument
end

local function apply(table_of, service, operation, act)
  local of_service = table_of[service] or {}
  for _, key in ipairs { "*", operation } do
    for from, to in pairs(of_service[key] or {}) do act(from, to) end
  end
end

local function find_member(shape, name)
  for _, member in ipairs(shape.members) do
    if member.name == name then return member end
  end
end

local function add_hoisted(self, service, name, path)
  local outer = find_member(self.shape, path[1])
  local inner = outer and find_member(outer.shape, path[2])
  if not inner then return end
  self.by_name[names.kebab(outer.name)].required = false
  add(self, { name = name, kind = "one", member = inner, into = path, required = false,
    with = (customised.hoisted_with[service] or {})[name] })
end

---All options that the operation's model gives.
---@param operation table facts of host.aws.operation
---@return Arguments
function arguments.of(operation)
  local service, name = operation.service, operation.snake_name
  local self = { list = {}, by_name = {}, shape = host.shape(service, name, "input") }
  for _, member in ipairs(self.shape and self.shape.members or {}) do add_member(self, service, member) end
  apply(customised.renames, service, name, function(from, to) rename(self, from, to) end)
  apply(customised.aliases, service, name, function(alias, to) self.by_name[alias] = self.by_name[to] end)
  apply(customised.hoisted, service, name, function(option, path) add_hoisted(self, service, option, path) end)
  return self
end

-- ---- words

local function all_names(self, own)
  local all = table.move(program.flags, 1, #program.flags, 1, {})
  for name in pairs(self.by_name) do all[#all + 1] = "--" .. name end
  for name in pairs(own) do all[#all + 1] = "--" .. name end
  table.sort(all)
  return all
end

-- A word that begins an option; a negative number and "- a list item" do not.
local function begins_option(word)
  return word:sub(1, 1) == "-" and #word > 1 and not word:find "^%-%.?%d" and not word:find " "
end

local function take_words(args, at, kind)
  local words = {}
  while at <= #args and not begins_option(args[at]) and (kind == "many" or #words == 0) do
    words[#words + 1] = args[at]
    at = at + 1
  end
  return words, at
end

local function unknown(self, own, word, refused)
  local name = word:match "^%-%-([^=]+)"
  if name and refused[name] then return ("option '--%s' does not exist: %s"):format(name, refused[name]) end
  return ("unknown option '%s'%s"):format(word, options.hint(name and "--" .. name or word, all_names(self, own)))
end

---@class Words
---@field given table<string, { argument: Argument, words: string[] }> by option name
---@field loose string[] words that belong to no option

---Sorts the words of a command line by option.
---@param self Arguments
---@param args string[]
---@param own table<string, Argument> options of the command's own, which come first
---@param refused table<string, string> options that there are not on purpose, and why
---@return Words?
---@return string? problem
function arguments.sort(self, args, own, refused)
  local given, loose, at = {}, {}, 1
  while at <= #args do
    local word = args[at]
    local name, text = word:match "^%-%-([^=]+)=(.*)$"
    name = name or word:match "^%-%-(.+)$"
    local argument = name and (own[name] or self.by_name[name])
    at = at + 1
    if argument then
      if given[argument.name] then return nil, ("option '--%s' is given twice"):format(name) end
      if argument.kind == "flag" and text then return nil, ("option '--%s' takes no value"):format(name) end
      local words = { text }
      if argument.kind ~= "flag" and not text then words, at = take_words(args, at, argument.kind) end
      if argument.kind == "one" and #words == 0 and not argument.bare then
        return nil, ("option '--%s' needs a value"):format(name)
      end
      given[argument.name] = { argument = argument, words = words }
    elseif begins_option(word) then
      return nil, unknown(self, own, word, refused)
    else
      loose[#loose + 1] = word
    end
  end
  return { given = given, loose = loose }
end

-- ---- parameters

local function set(params, path, value, with)
  local target = params
  for i = 1, #path - 1 do
    target[path[i]] = target[path[i]] or {}
    target = target[path[i]]
  end
  target[path[#path]] = value
  for name, other in pairs(with or {}) do target[name] = other end
end

local function read(argument, words)
  if argument.kind == "flag" then return argument.value end
  return values.try(values.read, argument.member, words)
end

---The parameters that the options give.
---@param self Arguments
---@param given table<string, { argument: Argument, words: string[] }>
---@return table? params
---@return string? problem
function arguments.params(self, given)
  local params = {}
  for _, argument in ipairs(self.list) do
    local found = given[argument.name]
    if found then
      local value, problem = read(argument, found.words)
      if value == nil then return nil, ("--%s: %s"):format(argument.name, problem) end
      set(params, argument.into or { argument.member.name }, value, argument.with)
    end
  end
  return params
end

---The options that are required and that the parameters lack.
---@param self Arguments
---@param params table
---@return string[] names "--cluster"
function arguments.missing(self, params)
  local missing = {}
  for _, argument in ipairs(self.list) do
    if argument.required and argument.value ~= false and params[argument.member.name] == nil then
      missing[#missing + 1] = "--" .. argument.name
    end
  end
  return missing
end

return arguments
