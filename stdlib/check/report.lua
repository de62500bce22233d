--- What `gwrun check` has found in one file, and how it is shown: "file:line:column: error: text [rule]".

local report = {}

---@class Finding
---@field file string
---@field line integer
---@field column integer
---@field level "error"|"warning"
---@field text string
---@field rule string

---@class Report
local Report = {}
Report.__index = Report

---@param file string as it is shown
---@return Report
function report.new(file)
  return setmetatable({ file = file, findings = {}, seen = {}, comments = {} }, Report)
end

---Comments of the file; "gwrun: allow RULE" silences one rule on its line.
---@param comments table<integer, string>
function Report:set_comments(comments)
  self.comments = comments
end

local function is_allowed(self, line, rule)
  local names = (self.comments[line] or ""):match "gwrun: allow ([%w%-, ]+)"
  for name in (names or ""):gmatch "[%w%-]+" do
    if name == rule then return true end
  end
  return false
end

---@param level "error"|"warning"
---@param rule string
---@param place { line: integer, column: integer }? nil: the beginning of the file
---@param format string
function Report:add(level, rule, place, format, ...)
  local text = format:format(...)
  local line, column = place and place.line or 1, place and place.column or 1
  local key = ("%d:%d:%s:%s"):format(line, column, rule, text)
  if self.seen[key] or is_allowed(self, line, rule) then return end
  self.seen[key] = true
  self.findings[#self.findings + 1] = {
    file = self.file, line = line, column = column, level = level, text = text, rule = rule,
  }
end

---@return Finding[] in the order of the file
function Report:sorted()
  table.sort(self.findings, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    if a.column ~= b.column then return a.column < b.column end
    if a.rule ~= b.rule then return a.rule < b.rule end
    return a.text < b.text
  end)
  return self.findings
end

local COLOURS = { error = "\27[1;31m", warning = "\27[1;33m", bold = "\27[1m", dim = "\27[2m", off = "\27[0m" }

---One line for people and editors.
---@param finding Finding
---@param plain fun(text: string): string makes control characters harmless
---@param colour boolean
---@return string
function report.line(finding, plain, colour)
  local place = ("%s:%d:%d:"):format(plain(finding.file), finding.line, finding.column)
  local text = plain(finding.text)
  if not colour then return ("%s %s: %s [%s]"):format(place, finding.level, text, finding.rule) end
  return ("%s%s%s %s%s:%s %s %s[%s]%s"):format(COLOURS.bold, place, COLOURS.off, COLOURS[finding.level], finding.level, COLOURS.off,
    text, COLOURS.dim, finding.rule, COLOURS.off)
end

return report
