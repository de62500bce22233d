--- `gwrun check SCRIPT...`: what is wrong with a runbook, found without running it. See docs/check.md for the rules.

local failure = require "failure"
local host = require "host.check"
local names = require "check.names"
local needs = require "check.needs"
local options = require "options"
local parameters = require "check.parameters"
local reports = require "check.report"
local scripts = require "check.script"
local shapes = require "check.shapes"
local steps = require "check.steps"
local touches = require "check.touches"
local values = require "check.values"

local check = {}

-- ---- rules

local function check_unknown(report, script)
  for _, finding in ipairs(script:findings "unknown") do
    report:add("error", finding.rule, script:place(finding), "%s", finding.text)
  end
  for _, finding in ipairs(script:findings "member") do
    local known = {}
    for name in pairs(finding.known) do known[#known + 1] = name end
    report:add("error", "unknown-function", script:place(finding), "module '%s' has no '%s'%s", finding.module, finding.name,
      options.hint(finding.name, known))
  end
end

local function check_shapes(report, script)
  for _, call in ipairs(script:findings "call") do
    shapes.check(call, function(rule, place, format, ...)
      if place.file == script.file then report:add("error", rule, place.node, format, ...) end
    end)
  end
end

local function check_called(report, script)
  local field = script.declaration and script.declaration.fields.runbooks
  for _, item in ipairs(field and field.is == "table" and field.items or {}) do
    local name = values.text(item)
    local path, problem = true, nil
    if name then path, problem = scripts.find(script.file, name) end
    if not path then report:add("error", "unknown-runbook", item.node, "%s", problem) end
  end
end

---Everything that is wrong with one script.
---@param path string
---@return Finding[]
function check.file(path)
  local report = reports.new(path)
  local script, mistake = scripts.open(path)
  if not script then
    report:set_comments(mistake.comments or {})
    if mistake.chunk then names.check(report, mistake.chunk) end
    report:add("error", mistake.rule, mistake, "%s", mistake.message)
    return report:sorted()
  end
  report:set_comments(script.comments)
  script:walk()
  local function place(finding) return script:place(finding) end
  names.check(report, script.chunk)
  check_unknown(report, script)
  check_shapes(report, script)
  needs.check(report, script, place)
  touches.check(report, script, place)
  steps.check(report, script, place)
  parameters.check(report, script)
  check_called(report, script)
  return report:sorted()
end

-- ---- the command

local function read_args(args)
  local files, strict = {}, false
  for _, word in ipairs(args) do
    if word == "--strict" then
      strict = true
    elseif word:sub(1, 2) == "--" then
      failure.raise("usage", "gwrun check: unknown option '%s'%s", word, options.hint(word, { "--strict", "--output" }))
    else
      local path, problem = host.find(word)
      if not path then failure.raise("usage", "%s", problem) end
      files[#files + 1] = path
    end
  end
  if #files > 0 then return files, strict end
  local seen = {}
  for _, path in ipairs(host.runbooks()) do -- the first folder that has a name wins, as when it is run
    local name = path:match "[^/]+$"
    if not seen[name] then files[#files + 1] = path end
    seen[name] = true
  end
  if #files == 0 then failure.raise("usage", "no runbooks to check; GWRUN_PATH names folders") end
  return files, strict
end

local function plural(count, word) return ("%d %s%s"):format(count, word, count == 1 and "" or "s") end

local function show(findings, files, counts)
  if host.json then
    host.print((json.encode(json.array(findings))))
    return
  end
  for _, finding in ipairs(findings) do host.print(reports.line(finding, host.plain, host.colour)) end
  host.print(("%s checked: %s, %s"):format(plural(#files, "runbook"), plural(counts.error, "error"), plural(counts.warning, "warning")))
end

local function run()
  local files, strict = read_args(host.args)
  local all, counts = {}, { error = 0, warning = 0 }
  for _, file in ipairs(files) do
    for _, finding in ipairs(check.file(file)) do
      if strict then finding.level = "error" end
      counts[finding.level] = counts[finding.level] + 1
      all[#all + 1] = finding
    end
  end
  show(all, files, counts)
  return counts.error > 0 and failure.exit.script or failure.exit.ok
end

---The command; for the program.
---@return integer exit_code
function check.main()
  local ok, result = pcall(run)
  if ok then return result end
  if type(result) ~= "table" or result.kind ~= "usage" then error(result, 0) end
  host.say(result.message)
  return failure.exit.usage
end

return check
