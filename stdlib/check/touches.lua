--- What a script touches beside AWS against what it declares: hosts, files, commands, variables of the environment. The rules are
--- those of host/run/needs.c; what is not known of a value is taken to fit.

local matches = require "check.needs".matches
local values = require "check.values"

local touches = {}

-- ---- does an entry allow it?

local function host_of(text)
  return (text:match "^%a+://([^/?#]+)" or text:match "^[^/?#]+"):lower()
end

-- "example.com" allows every port and path; an entry with a path what is there.
local function allows_url(entry, url)
  local host, scheme = host_of(url), entry:match "^(%a+)://"
  local own = host_of(entry)
  local path = entry:gsub("^%a+://", ""):match "/.*$"
  if scheme and not url:lower():find("^" .. scheme:lower() .. "://") then return false end
  if not matches(own, host) and not matches(own, (host:gsub(":%d+$", ""))) then return false end
  return not path or path == "/" or matches(path, url:match "^%a+://[^/?#]+([^?#]*)" or "")
end

local function allows_file(entry, path)
  return matches(entry, path) or (entry:sub(-1) == "/" and path:sub(1, #entry) == entry)
end

-- A word of the entry is a word of the command; a last "*" is any number of them.
local function allows_words(entry, words)
  local at, patterns = 0, {}
  for pattern in entry:gmatch "%S+" do patterns[#patterns + 1] = pattern end
  for i, pattern in ipairs(patterns) do
    if pattern == "*" and i == #patterns then return true end
    at = at + 1
    local text = values.text(words[at])
    if not words[at] or (text and not matches(pattern, text)) then return false end
  end
  return at == #words
end

local READS = "^read:%s*"

---Is the command declared as one that only reads?
---@param list string[] needs.run
---@param words Value[]
---@return boolean
function touches.only_reads(list, words)
  for _, entry in ipairs(list) do
    if entry:find(READS) and allows_words(entry:gsub(READS, ""), words) then return true end
  end
  return false
end

local function allows_command(entry, words)
  return allows_words(entry:gsub(READS, ""), words)
end

-- ---- what is covered

-- An entry with a parameter in it may be anything.
local function is_listed(list, allows, what)
  for _, entry in ipairs(list) do
    if entry:find "{" or allows(entry, what) then return true end
  end
  return false
end

-- Of a parameter it is only known that nothing at all is declared.
local function problem_of(list, value, allows)
  if value.is == "param" then return #list == 0 and ("parameter '%s'"):format(value.name) or nil end
  local text = values.text(value)
  return text and not is_listed(list, allows, text) and ("'%s'"):format(text) or nil
end

local function check_value(report, at, kind, list_name, list, value, allows)
  for _, one in ipairs(value and values.each(value) or {}) do
    local problem = problem_of(list, one, allows)
    if problem then report:add("error", "undeclared-" .. kind, at, "%s is not in needs.%s", problem, list_name) end
  end
end

local function check_command(report, at, list_name, list, words)
  local name = values.text(words[1])
  if name and not is_listed(list, allows_command, words) then
    report:add("error", "undeclared-command", at, "command '%s' with these words is not in needs.%s", name, list_name)
  end
end

---@param report Report
---@param script Script
---@param place fun(finding: table): Node?
function touches.check(report, script, place)
  local needs = script.needs
  for _, finding in ipairs(script.trace) do
    local at = place(finding)
    if finding.kind == "http" then
      check_value(report, at, "host", "http", needs.http, finding.url, allows_url)
    elseif finding.kind == "file" then
      check_value(report, at, "file", finding.access, needs[finding.access], finding.path, allows_file)
    elseif finding.kind == "env" then
      check_value(report, at, "variable", "env", needs.env, finding.name, matches)
    elseif finding.kind == "command" then
      check_command(report, at, "run", needs.run, finding.words)
    elseif finding.how == "exec" then
      check_command(report, at, "exec", needs.exec, finding.words)
    end
  end
end

return touches
