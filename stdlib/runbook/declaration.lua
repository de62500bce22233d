--- What a runbook file may say of itself.

local options = require "options"
local params = require "params"

local declaration = {}

local FIELDS = {
  title = "string", summary = "string", guide = "string", region = "string", params = "table", needs = "table",
  runbooks = "table", lock = "string|table", timeout = "number|string", run = "function", preflight = "boolean", production = "table",
  targets = "function",
}
local NEEDS = { aws = "table", aws_if = "table", http = "table", read = "table", write = "table", run = "table", exec = "table", env = "table" }

---@class Needs "{name}" is the value of a parameter, but in `aws`
---@field aws? string[] actions: "ecs:Describe*"
---@field aws_if? table<string, string[]> actions that are called only where that parameter is given, or, of "name=value", where it has that
---value; part of `aws` from `check` on
---@field http? string[] hosts and URLs: "example.com", "https://*.example.com"
---@field read? string[] files: "certs/*.pem", "{folder}/" for all that is below
---@field write? string[] likewise
---@field run? string[] commands: "git push *"; "read: git log *" changes nothing
---@field exec? string[] commands inside of containers: "read: curl *" changes nothing
---@field env? string[] variables of the environment: "CI_*"

---@class Declaration
---@field title string
---@field summary string one or two sentences
---@field guide? string the section of the operations guide that it carries out
---@field region? string where its service lives
---@field params? table<string, Param>
---@field needs? Needs what it may do; the rest is refused
---@field preflight? boolean false: nothing is looked at before the run
---@field production? string[] accounts that are named as such before anything changes
---@field targets? fun(p: table): Target[] what has to be there before anything changes
---@field runbooks? string[] that `rb:run` may call
---@field lock? string|string[] what no other run may change meanwhile: "ecs:{cluster}/{service}"
---@field timeout? number|string of the whole run: seconds or a duration
---@field run fun(rb: Run, p: table)

local DEEPEST = 16

-- What it says now, whatever its script does to its own tables later.
local function copy(value, place, depth)
  if type(value) ~= "table" then return value end
  if depth > DEEPEST then error(("%s: nested deeper than %d levels, or contains itself"):format(place, DEEPEST), 0) end
  if type(getmetatable(value)) == "table" then
    error(place .. ": a table with a metatable; what it inherits would not be seen", 0)
  end
  local made = getmetatable(value) == "array" and json.array {} or {}
  for name, member in pairs(value) do made[name] = copy(member, ("%s.%s"):format(place, tostring(name)), depth + 1) end
  return made
end

local function has(list, text)
  for _, one in ipairs(list) do
    if one == text then return true end
  end
  return false
end

local function merge_conditional(given)
  local needs = given.needs or {}
  for condition, actions in pairs(needs.aws_if or {}) do
    local name = tostring(condition):match "^[^=]*"
    if not (given.params or {})[name] then error(("runbook.needs.aws_if: there is no parameter '%s'"):format(name), 0) end
    if type(actions) ~= "table" then error(("runbook.needs.aws_if.%s: expected a list of actions"):format(condition), 0) end
    needs.aws = needs.aws or {}
    for _, action in ipairs(actions) do
      if not has(needs.aws, action) then needs.aws[#needs.aws + 1] = action end
    end
  end
end

---Checks what a runbook file returned.
---@param returned any
---@return Declaration given a copy
function declaration.check(returned)
  if type(returned) ~= "table" then
    error("a runbook returns a table { title=, summary=, run=, ... }, this one returned " .. type(returned), 0)
  end
  local given = copy(returned, "runbook", 1)
  options.check("runbook", given, FIELDS)
  for _, field in ipairs { "title", "summary", "run" } do
    if given[field] == nil then error(("runbook: '%s' is missing"):format(field), 0) end
  end
  options.check("runbook.needs", given.needs or {}, NEEDS)
  params.check(given.params or {})
  merge_conditional(given)
  return given
end

---The declaration as facts, for the catalogue and the help page.
---@param given Declaration
---@return table
function declaration.describe(given)
  local needs = given.needs or {}
  return {
    title = given.title, summary = given.summary, guide = given.guide, region = given.region, preflight = given.preflight,
    params = params.describe(given.params or {}), runbooks = json.array(given.runbooks or {}),
    needs = {
      aws = json.array(needs.aws or {}), http = json.array(needs.http or {}),
      read = json.array(needs.read or {}), write = json.array(needs.write or {}),
      run = json.array(needs.run or {}), exec = json.array(needs.exec or {}), env = json.array(needs.env or {}),
    },
  }
end

-- Adds the text with the first "{name}" behind `from` filled, and so on to its end: of a list once for each element.
local function fill_text(text, from, p, write, filled)
  local first, last, name = text:find("{([a-z0-9_]+)}", from)
  if not first then
    filled[#filled + 1] = text
    return
  end
  local value, before, after = p[name], text:sub(1, first - 1), text:sub(last + 1)
  for _, each in ipairs(type(value) == "table" and value or { value }) do
    local written = write(tostring(each), before, after, name)
    if written ~= "" then fill_text(before .. written .. after, first + #written, p, write, filled) end
  end
end

local function as_it_is(value) return value end

---The texts with "{name}" replaced by the parameter's value; one that is a list gives a text for each element. A text that
---names one that was not given, or is empty, is dropped: the rest of it would mean something else.
---@param list? string[]
---@param p table
---@param write? fun(value: string, before: string, after: string, name: string): string how a value stands between what is before and after it
---@return string[]
function declaration.fill(list, p, write)
  local filled = json.array {}
  for _, text in ipairs(list or {}) do fill_text(text, 1, p, write or as_it_is, filled) end
  return filled
end

return declaration
