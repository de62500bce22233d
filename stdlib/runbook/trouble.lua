--- When something fails: who decides how the run goes on, and what may be chosen.

local failure = require "failure"
local host = require "host.run"
local params = require "params"

local trouble = {}

local MOST_RETRIES = 3

-- What the world did. A mistake in the script, or something that was refused, does not get better by asking.
local OF_THE_WORLD = {
  service = true, network = true, timeout = true, protocol = true, credentials = true, problem = true, io = true,
  limit = true, uncertain = true, child = true,
}

---@param err any
---@return boolean
function trouble.may_pass(err)
  return OF_THE_WORLD[failure.plain(err).kind] == true
end

local CHOICES = {
  { key = "r", name = "retry" }, { key = "s", name = "skip" }, { key = "e", name = "edit a parameter" },
  { key = "u", name = "undo" }, { key = "q", name = "stop" },
}

local function ask_text(text, secret)
  local answer, err = host.ask { text = text, secret = secret }
  if err then error(err, 0) end
  return answer
end

-- What the run may do, and what it holds a lock on, were settled with it.
local function is_settled(root, name)
  local given = root.declaration
  local lists = { type(given.lock) == "table" and given.lock or { given.lock } }
  for _, list in pairs(given.needs or {}) do lists[#lists + 1] = list end
  for _, list in ipairs(lists) do
    for _, text in ipairs(list) do
      if text:find("{" .. name .. "}", 1, true) then return true end
    end
  end
  return false
end

local function change_parameter(root, name)
  local schemas = root.declaration.params
  local param = schemas[name]
  if param and is_settled(root, name) then
    return nil, ("%s: the run's needs or locks were settled with it; start another run"):format(name)
  end
  return params.change(schemas, root.p, name, param and ask_text(params.label(name, param), param.type == "secret"))
end

local function edit_parameter(root)
  local names = params.names(root.declaration.params or {})
  if #names == 0 then
    host.emit { event = "warning", text = "this runbook has no parameters" }
    return
  end
  local name = ask_text("which of " .. table.concat(names, ", ")):gsub("^%-+", ""):gsub("-", "_")
  local ok, problem = change_parameter(root, name)
  if not ok then
    host.emit { event = "warning", text = problem }
    return
  end
  root:tell { event = "parameter.changed", name = name, value = params.written(root.declaration.params, root.p)[name] }
end

local function ask_operator(root, subject, err)
  while true do
    local choice, problem = host.choose {
      text = ("%s failed: %s"):format(subject.what, failure.text(err)), choices = CHOICES,
    }
    if problem then error(problem, 0) end
    if choice == "skip" then
      local reason = ask_text("why is it right to skip it")
      if reason ~= "" then return choice, reason end
    elseif choice == "edit a parameter" then
      edit_parameter(root)
    else
      return choice
    end
  end
end

local function unattended(subject)
  local choice = host.on_failure or "stop"
  if choice == "retry" then
    subject.retries = (subject.retries or 0) + 1
    if subject.retries > MOST_RETRIES then choice = "stop" end
  end
  return choice, "--on-failure " .. choice
end

---Asks the operator, or the flag that answers for one, how to go on. What cannot pass stops.
---@param root table the run
---@param subject { what: string, step?: string, wait?: string } of what failed; keeps count of retries
---@param err any
---@return "retry"|"skip"|"undo"|"stop" choice
---@return string? reason of a skip
function trouble.decide(root, subject, err)
  if not trouble.may_pass(err) then return "stop" end
  local choice, reason
  if host.interactive and not host.on_failure then
    choice, reason = ask_operator(root, subject, err)
  else
    choice, reason = unattended(subject)
  end
  root:tell {
    event = "failure.answered", step = subject.step, wait = subject.wait, answer = choice, reason = reason,
    error = failure.plain(err),
  }
  return choice, reason
end

return trouble
