--- Parameters asked for on a terminal.

local limits = require "params.limits"
local schema = require "params.schema"

local prompts = {}

local MOST = 3 -- times that one is asked for

---"--count: tasks wanted (integer, 1 to 4)"
---@param name string
---@param param Param
---@return string
function prompts.label(name, param)
  local range, about = limits.range(param), param.prompt or param.help
  local facts = schema.takes(param) .. (range and ", " .. range or "") .. (param.required and "" or ", optional")
  return ("%s: %s(%s)"):format(schema.flag(name), about and about .. " " or "", facts)
end

-- What was typed as a value. A blank line is no value: nil without a problem where none is required.
local function read_typed(param, typed, sources, read)
  local is_secret = param.type == "secret"
  if (is_secret and typed:is_blank()) or typed == "" then
    return nil, param.required and "a value is required" or nil
  end
  return read(param, typed)
end

---Asks until the answer is one; at most three times, each time with what was wrong.
---@param name string
---@param param Param
---@param sources Sources
---@param read fun(param: Param, value: any): any, string?
---@return any value nil without a problem: none was given, and none is required
---@return string? problem
function prompts.ask(name, param, sources, read)
  local label, problem = prompts.label(name, param), nil
  for _ = 1, MOST do
    local text = problem and problem .. "; " .. label or label
    local typed, err = sources.ask { text = text, secret = param.type == "secret" }
    if typed == nil then return nil, err.kind == "denied" and "no answer came" or err.message end
    local value
    value, problem = read_typed(param, typed, sources, read)
    if not problem then return value end
  end
  return nil, ("%s (asked %d times)"):format(problem, MOST)
end

return prompts
