--- What a runbook file may say of itself.

local options = require "options"
local params = require "params"

local declaration = {}

local FIELDS = {
  title = "string", summary = "string", guide = "string", region = "string", params = "table", needs = "table",
  runbooks = "table", lock = "string|table", timeout = "number|string", run = "function", preflight = "boolean", production = "table",
  targets = "function",
}
local NEEDS = { aws = "table", http = "table", read = "table", write = "table", run = "table", env = "table" }

---@class Needs "{name}" is the value of a parameter, but in `aws`
---@field aws? string[] actions: "ecs:Describe*"
---@field http? string[] hosts and URLs: "example.com", "https://*.example.com"
---@field read? string[] files: "certs/*.pem", "{folder}/" for all that is below
---@field write? string[] likewise
---@field run? string[] commands: "git push *"; "read: git log *" changes nothing
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

---Checks what a runbook file returned.
---@param given any
---@return Declaration
function declaration.check(given)
  if type(given) ~= "table" then
    error("a runbook returns a table { title=, summary=, run=, ... }, this one returned " .. type(given), 0)
  end
  options.check("runbook", given, FIELDS)
  for _, field in ipairs { "title", "summary", "run" } do
    if given[field] == nil then error(("runbook: '%s' is missing"):format(field), 0) end
  end
  options.check("runbook.needs", given.needs or {}, NEEDS)
  params.check(given.params or {})
  return given
end

---The declaration as facts, for the catalogue and the help page.
---@param given Declaration
---@return table
function declaration.describe(given)
  local needs = given.needs or {}
  return {
    title = given.title, summary = given.summary, guide = given.guide, region = given.region,
    params = params.describe(given.params or {}), runbooks = json.array(given.runbooks or {}),
    needs = {
      aws = json.array(needs.aws or {}), http = json.array(needs.http or {}),
      read = json.array(needs.read or {}), write = json.array(needs.write or {}),
      run = json.array(needs.run or {}), env = json.array(needs.env or {}),
    },
  }
end

-- Adds the text with the first "{name}" behind `from` filled, and so on to its end: of a list once for each element.
local function fill_text(text, from, p, filled)
  local first, last, name = text:find("{([a-z0-9_]+)}", from)
  if not first then
    filled[#filled + 1] = text
    return
  end
  local value = p[name]
  for _, each in ipairs(type(value) == "table" and value or { value }) do
    local given = tostring(each)
    fill_text(text:sub(1, first - 1) .. given .. text:sub(last + 1), first + #given, p, filled)
  end
end

---The texts with "{name}" replaced by the parameter's value; one that is a list gives a text for each element. A text that
---names one that was not given is dropped: the rest of it would mean something else.
---@param list? string[]
---@param p table
---@return string[]
function declaration.fill(list, p)
  local filled = json.array {}
  for _, text in ipairs(list or {}) do fill_text(text, 1, p, filled) end
  return filled
end

return declaration
