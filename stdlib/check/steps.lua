--- Steps and the other methods of `rb`: their options, what changes something outside of a step, what cannot be undone or settled.

local engine = require "check.engine"
local model = require "host.aws"
local options = require "options"
local touches = require "check.touches"
local values = require "check.values"

local steps = {}

local CHANGES = { change = true, destroy = true }
local IN_STEP = { change = true, undo = true }

-- ---- options

local PLAIN = { string = true, number = true, boolean = true, table = true, ["function"] = true }

local function names_of(types)
  local names = {}
  for name in pairs(types) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function check_options(report, script, subject, value, types)
  for name, field in pairs(value.fields) do
    local key = value.keys[name]
    local at = key and key.file == script.file and key.node
    if at and not types[name] then
      report:add("error", "unknown-option", at, "%s: unknown option '%s'%s", subject, name, options.hint(name, names_of(types)))
    end
    for _, one in ipairs(at and types[name] and values.each(field) or {}) do
      local fits = types[name] == "any" or ("|" .. types[name] .. "|"):find("|" .. one.is .. "|", 1, true)
      if PLAIN[one.is] and not fits then
        report:add("error", "wrong-type", at, "%s: option '%s' must be a %s, got %s", subject, name, types[name]:gsub("|", " or "), one.is)
      end
    end
  end
end

local function check_argument(report, script, check, arguments)
  local argument = arguments[check.position > 0 and check.position or #arguments]
  local found = {}
  for _, one in ipairs(argument and values.each(argument) or {}) do
    local inner = one
    if check.field then inner = one.is == "table" and one.fields[check.field] or values.none end
    found[#found + 1] = inner
    if check.position == 0 and not check.field and inner.is == "table" then found = inner.items end
  end
  for _, one in ipairs(found) do
    for _, each in ipairs(values.each(one)) do
      if each.is == "table" then check_options(report, script, check.subject, each, check.types) end
    end
  end
end

local function check_methods(report, script, place)
  local known = engine.read()
  for _, finding in ipairs(script:findings "method") do
    if finding.file == script.file and not known.methods[finding.name] then
      report:add("error", "unknown-method", finding.node, "rb has no method '%s'%s", finding.name,
        options.hint(finding.name, names_of(known.methods)))
    end
    local checks = known.options[finding.name] or known.options[finding.name:gsub("^try_", "")]
    for _, check in ipairs(checks or {}) do check_argument(report, script, check, finding.arguments) end
  end
  for _, finding in ipairs(script:findings "format") do steps.check_format(report, finding, place) end
end

-- ---- formats

local function count_directives(text)
  local count = 0
  local rest = text:gsub("%%%%", "")
  for directive in rest:gmatch "%%[-+ #0]*%d*%.?%d*(.?)" do
    if not directive:find "[aAcdeEfgGioqsuxXp]" then return nil, directive end
    count = count + 1
  end
  return count
end

---@param report Report
---@param finding table
---@param place fun(finding: table): Node?
function steps.check_format(report, finding, place)
  local text = values.text(finding.format)
  if not text then return end
  local wanted, wrong = count_directives(text)
  local at, method, given, s = place(finding), finding.method, finding.count, wanted == 1 and "" or "s"
  if not wanted then
    report:add("error", "format", at, "%s: '%%%s' is no directive of a format; '%%%%' is a percent sign", method, wrong)
  elseif wanted > given and not finding.open then
    report:add("error", "format", at, "%s: the format wants %d value%s, %d given", method, wanted, s, given)
  elseif wanted < given then
    report:add("warning", "format", at, "%s: the format shows %d value%s of %d", method, wanted, s, given)
  end
end

-- ---- changes

-- "ecs:UpdateService", or the request or command; nil: it changes nothing, as far as can be told.
local function change_of(script, finding)
  if finding.kind == "command" then
    local name = values.text(finding.words[1])
    return name and not touches.only_reads(script.needs.run, finding.words) and ("command '%s'"):format(name) or nil
  end
  if finding.how == "exec" then
    local name = values.text(finding.words[1])
    return name and not touches.only_reads(script.needs.exec, finding.words) and ("command '%s' in a container"):format(name) or nil
  end
  if finding.kind == "call" and CHANGES[finding.operation.effect] and finding.how ~= "presign" then
    return finding.operation.action
  end
  local method = finding.kind == "http" and values.text(finding.method)
  if method and method ~= "GET" and method ~= "HEAD" then return method .. " of plain HTTP" end
end

local function check_outside(report, script, place)
  for _, finding in ipairs(script.trace) do
    local change = change_of(script, finding)
    if change and finding.certain and not IN_STEP[finding.part] then
      local where = finding.part and ("in '%s' of a step"):format(finding.part) or "outside of a step"
      report:add("error", "outside-step", place(finding), "%s changes something %s: only 'change' and 'undo' of rb:step may", change, where)
    end
  end
end

-- What is found in the functions of each step.
local function by_step(script)
  local parts = {}
  for _, finding in ipairs(script.trace) do
    if finding.step and finding.part then
      parts[finding.step] = parts[finding.step] or {}
      local list = parts[finding.step][finding.part] or {}
      parts[finding.step][finding.part] = list
      list[#list + 1] = finding
    end
  end
  return parts
end

-- A call that may be sent again as it is: AWS knows it by its token.
local function has_token(operation)
  local shape = model.shape(operation.service, operation.snake_name, "input")
  for _, member in ipairs(shape and shape.members or {}) do
    if member.token then return true end
  end
  return false
end

local function changes_of(script, findings)
  local changes, unsettled, is_seen = {}, nil, true
  for _, finding in ipairs(findings or {}) do
    local change = change_of(script, finding)
    if change then
      changes[#changes + 1] = change
      if finding.kind ~= "call" or not has_token(finding.operation) then unsettled = unsettled or change end
    end
    if finding.kind == "unseen" then is_seen = false end
  end
  return changes, unsettled, is_seen
end

local function check_step(report, script, step, parts)
  local how = step.how
  if not how or how.is ~= "table" or how.open then return end
  local at, fields = step.node, how.fields
  if not fields.change then
    local hint = fields.undo and ": its 'undo' can never run" or ""
    report:add("error", "step-without-change", at, "rb:step: 'change' is missing%s", hint)
    return
  end
  local changes, unsettled, is_seen = changes_of(script, parts.change)
  if fields.undo and #changes == 0 and is_seen then
    local key = how.keys.undo
    report:add("warning", "unreachable-undo", key and key.node or at,
      "rb:step: 'change' only reads, so that 'undo' has nothing to take back")
  end
  if unsettled and not fields.undo and not fields.check then
    report:add("warning", "no-undo-or-check", at,
      "rb:step: %s cannot be taken back without 'undo', nor settled after a crash without 'check': AWS has no token to know it by",
      unsettled)
  end
end

local function check_steps(report, script)
  local parts = by_step(script)
  for _, finding in ipairs(script:findings "step") do
    if finding.of.file == script.file then check_step(report, script, finding.of, parts[finding.of] or {}) end
  end
end

local function check_lock(report, script)
  local types = engine.read().declaration
  local declared = script.declaration
  if not (types.lock and declared and not declared.fields.lock) then return end
  for _, finding in ipairs(script.trace) do
    local change = change_of(script, finding)
    if change and IN_STEP[finding.part] then
      local key = declared.keys.run or declared.keys.title
      report:add("warning", "no-lock", key and key.file == script.file and key.node or nil,
        "%s changes something, but no 'lock' keeps a second run away meanwhile", change)
      return
    end
  end
end

---@param report Report
---@param script table
---@param place fun(finding: table): Node?
function steps.check(report, script, place)
  check_methods(report, script, place)
  check_outside(report, script, place)
  check_steps(report, script)
  check_lock(report, script)
end

return steps
