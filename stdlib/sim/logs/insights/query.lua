--- The query language of CloudWatch Logs Insights, as far as it is simulated: fields, display, filter, parse with a glob, stats
--- with by and bin, sort, limit, dedup. What else AWS has is refused, not ignored.

local regex = require "sim.logs.regex"

local query = {}

local function fail(format, ...) error({ malformed = format:format(...) }, 0) end

-- ---- words

local PUNCTUATION = { "!=", "<=", ">=", "=~", "=", "<", ">", "(", ")", "[", "]", ",", "+", "-", "*", "/", "|" }

local function token(kind, text, place) return { kind = kind, text = text, place = place } end

-- "/" begins a regular expression only behind like and =~.
local function expects_regex(list)
  local last = list[#list]
  return last and (last.text == "like" or last.text == "=~")
end

local function next_token(text, at, list)
  if text:sub(at, at) == "/" and expects_regex(list) then
    local last = at + 1
    while text:sub(last, last) ~= "/" do
      if last > #text then fail("a regular expression is not closed") end
      last = last + (text:sub(last, last) == "\\" and 2 or 1)
    end
    return token("regex", text:sub(at + 1, last - 1), at), last + 1
  end
  local quote = text:match("^[\"'`]", at)
  if quote then
    local body, after = text:match("^([^" .. quote .. "]*)" .. quote .. "()", at + 1)
    if not body then fail("a %s is not closed", quote) end
    return token(quote == "`" and "name" or "text", body, at), after
  end
  local word, after = text:match("^([@%a_][%w_@.]*)()", at)
  if word then return token("name", word, at), after end
  word, after = text:match("^(%d+%.?%d*%a*)()", at)
  if word then return token(tonumber(word) and "number" or "duration", word, at), after end
  for _, mark in ipairs(PUNCTUATION) do
    if text:sub(at, at + #mark - 1) == mark then return token("mark", mark, at), at + #mark end
  end
  fail("unexpected symbol found %s at line 1 and position %d", text:sub(at, at), at - 1)
end

local function tokens_of(text)
  local list, at = {}, 1
  text = text:gsub("\n", " ")
  while true do
    at = text:find("%S", at)
    if not at then break end
    list[#list + 1], at = next_token(text, at, list)
  end
  list[#list + 1] = token("end", "end of query", #text + 1)
  return list, text
end

-- ---- expressions: a node is a function of a row

local Parser = {}
Parser.__index = Parser

function Parser:peek() return self.list[self.at] end

function Parser:is(text)
  local now = self:peek()
  return now.kind ~= "text" and now.kind ~= "regex" and now.text:lower() == text
end

function Parser:take(text)
  if not self:is(text) then return false end
  self.at = self.at + 1
  return true
end

function Parser:unexpected()
  local now = self:peek()
  fail("unexpected symbol found %s at line 1 and position %d", now.text, now.place - 1)
end

function Parser:expect(text)
  if not self:take(text) then self:unexpected() end
end

function Parser:advance(kind)
  local now = self:peek()
  if kind and now.kind ~= kind then self:unexpected() end
  self.at = self.at + 1
  return now
end

local SECONDS = { s = 1, m = 60, h = 3600, d = 86400, w = 604800, min = 60, mins = 60, hr = 3600, hour = 3600, day = 86400 }

local function seconds_of(self)
  local now = self:advance "duration"
  local number, unit = now.text:match "^(%d+%.?%d*)(%a+)$"
  if not SECONDS[unit] then fail("'%s' is no period", now.text) end
  return tonumber(number) * SECONDS[unit]
end

local function number_of(value) return tonumber(value) or 0 end

local FUNCTIONS = {
  abs = function(value) return math.abs(number_of(value)) end,
  strlen = function(value) return #tostring(value or "") end,
  tolower = function(value) return value and tostring(value):lower() end,
  toupper = function(value) return value and tostring(value):upper() end,
  ispresent = function(value) return value ~= nil end,
  isempty = function(value) return value == nil or value == "" end,
  isblank = function(value) return value == nil or tostring(value):find "%S" == nil end,
  strcontains = function(value, part) return tostring(value or ""):find(tostring(part), 1, true) and 1 or 0 end,
}

local parse_or

local function parse_call(self, name)
  if name == "bin" then
    local period = seconds_of(self)
    self:expect ")"
    return function(row) return row.at // period * period, "time" end
  end
  local call, arguments = FUNCTIONS[name:lower()], {}
  if not call then fail("the function %s is not simulated", name) end
  while not self:take ")" do
    arguments[#arguments + 1] = parse_or(self)
    if not self:is ")" then self:expect "," end
  end
  return function(row)
    local values = {}
    for i, argument in ipairs(arguments) do values[i] = (argument(row)) end
    return call(table.unpack(values, 1, #arguments))
  end
end

local function parse_primary(self)
  local now = self:peek()
  if self:take "(" then
    local inner = parse_or(self)
    self:expect ")"
    return inner
  end
  self.at = self.at + 1
  if now.kind == "number" then return function() return tonumber(now.text) end end
  if now.kind == "text" then return function() return now.text end end
  if now.kind ~= "name" then
    self.at = self.at - 1
    self:unexpected()
  end
  if self:take "(" then return parse_call(self, now.text) end
  local name = now.text
  return function(row) return row.fields[name], name:find "^@.*[tT]ime" and "time" or nil end
end

local ARITHMETIC = {
  ["+"] = function(a, b) return a + b end, ["-"] = function(a, b) return a - b end, ["*"] = function(a, b) return a * b end,
  ["/"] = function(a, b) return a / b end,
}

local function parse_arithmetic(self)
  local left = parse_primary(self)
  while self:peek().kind == "mark" and ARITHMETIC[self:peek().text] do
    local operator, before = ARITHMETIC[self:advance().text], left
    local right = parse_primary(self)
    left = function(row) return operator(number_of(before(row)), number_of(right(row))) end
  end
  return left
end

local function compare(operator, a, b)
  if tonumber(a) and tonumber(b) then a, b = tonumber(a), tonumber(b) else a, b = tostring(a or ""), tostring(b or "") end
  if operator == "=" then return a == b end
  if operator == "!=" then return a ~= b end
  if operator == "<" then return a < b end
  if operator == "<=" then return a <= b end
  if operator == ">" then return a > b end
  return a >= b
end

local function parse_like(self, left)
  local now = self:advance()
  local matches
  if now.kind == "regex" then
    local compiled, test = pcall(regex.compile, now.text)
    if not compiled then fail("%s", test) end
    matches = test
  elseif now.kind == "text" then
    matches = function(subject) return subject:find(now.text, 1, true) ~= nil end
  else
    self.at = self.at - 1
    self:unexpected()
  end
  return function(row) return matches(tostring((left(row)) or "")) end
end

local function parse_list(self)
  local items = {}
  self:expect "["
  while not self:take "]" do
    items[#items + 1] = parse_arithmetic(self)
    if not self:is "]" then self:expect "," end
  end
  return items
end

local COMPARISONS = { ["="] = true, ["!="] = true, ["<"] = true, ["<="] = true, [">"] = true, [">="] = true }

local function parse_comparison(self)
  local left = parse_arithmetic(self)
  if self:peek().kind == "mark" and COMPARISONS[self:peek().text] then
    local operator = self:advance().text
    local right = parse_arithmetic(self)
    return function(row) return compare(operator, (left(row)), (right(row))) end
  end
  local negated = self:take "not"
  local test
  if self:take "like" or self:take "=~" then
    test = parse_like(self, left)
  elseif self:take "in" then
    local items = parse_list(self)
    test = function(row)
      for _, item in ipairs(items) do
        if compare("=", (left(row)), (item(row))) then return true end
      end
      return false
    end
  end
  if not test then
    if negated then self:unexpected() end
    return left
  end
  return negated and function(row) return not test(row) end or test
end

local function parse_not(self)
  if not self:take "not" then return parse_comparison(self) end
  local inner = parse_not(self)
  return function(row) return not inner(row) end
end

local function parse_and(self)
  local left = parse_not(self)
  while self:take "and" do
    local before, right = left, parse_not(self)
    left = function(row) return before(row) and right(row) end
  end
  return left
end

function parse_or(self)
  local left = parse_and(self)
  while self:take "or" do
    local before, right = left, parse_and(self)
    left = function(row) return before(row) or right(row) end
  end
  return left
end

-- A node, and what the column is called: its alias, or its own text.
local function parse_column(self, parse)
  local first = self:peek().place
  local node = parse(self)
  local name = self.text:sub(first, self:peek().place - 1):match "^(.-)[%s,|]*$"
  if self:take "as" then name = self:advance "name".text end
  return { name = name:gsub("^`(.*)`$", "%1"), node = node }
end

local function parse_columns(self, parse)
  local columns = {}
  repeat columns[#columns + 1] = parse_column(self, parse) until not self:take ","
  return columns
end

-- ---- what is counted

local function values_of(rows, node)
  local list = {}
  for _, row in ipairs(rows) do
    local value = node(row)
    if value ~= nil then list[#list + 1] = value end
  end
  return list
end

local function numbers_of(rows, node)
  local list = {}
  for _, value in ipairs(values_of(rows, node)) do
    if tonumber(value) then list[#list + 1] = tonumber(value) end
  end
  table.sort(list)
  return list
end

local function sum(list)
  local total = 0
  for _, number in ipairs(list) do total = total + number end
  return total
end

local AGGREGATES = {
  count = function(rows, node) return node and #values_of(rows, node) or #rows end,
  count_distinct = function(rows, node)
    local seen, count = {}, 0
    for _, value in ipairs(values_of(rows, node)) do
      if not seen[value] then seen[value], count = true, count + 1 end
    end
    return count
  end,
  sum = function(rows, node) return sum(numbers_of(rows, node)) end,
  avg = function(rows, node)
    local list = numbers_of(rows, node)
    return #list > 0 and sum(list) / #list or nil
  end,
  min = function(rows, node) return numbers_of(rows, node)[1] end,
  max = function(rows, node)
    local list = numbers_of(rows, node)
    return list[#list]
  end,
  pct = function(rows, node, share)
    local list = numbers_of(rows, node)
    return list[math.max(1, math.ceil(#list * share / 100))]
  end,
  latest = function(rows, node) return rows[1] and (node(rows[1])) end,
  earliest = function(rows, node) return rows[#rows] and (node(rows[#rows])) end,
}

local function parse_aggregate(self)
  local name = self:advance "name".text:lower()
  local aggregate = AGGREGATES[name]
  if not aggregate then fail("the function %s is not simulated", name) end
  self:expect "("
  local node, share
  if not self:is ")" and not self:take "*" then node = parse_or(self) end
  if self:take "," then share = tonumber(self:advance "number".text) end
  self:expect ")"
  if not node and name ~= "count" then fail("%s needs a field", name) end
  return function(rows) return aggregate(rows, node, share) end
end

-- ---- commands: each makes a function of the rows

local COMMANDS = {}

function COMMANDS.fields(self)
  local columns = parse_columns(self, parse_or)
  self.columns = columns
  return function(rows)
    for _, row in ipairs(rows) do
      for _, column in ipairs(columns) do row.fields[column.name] = column.node(row) end
    end
    return rows
  end
end
COMMANDS.display = COMMANDS.fields

function COMMANDS.filter(self)
  local test = parse_or(self)
  return function(rows)
    local kept = {}
    for _, row in ipairs(rows) do
      if test(row) then kept[#kept + 1] = row end
    end
    return kept
  end
end

function COMMANDS.limit(self)
  local most = tonumber(self:advance "number".text)
  self.has_limit = true
  return function(rows) return table.move(rows, 1, math.min(most, #rows), 1, {}) end
end

local function precedes(a, b)
  if tonumber(a) and tonumber(b) then return tonumber(a) < tonumber(b) end
  return tostring(a or "") < tostring(b or "")
end

function COMMANDS.sort(self)
  local node = parse_column(self, parse_arithmetic).node
  local descending = self:take "desc"
  if not descending then self:take "asc" end
  return function(rows)
    for i, row in ipairs(rows) do row.place = i end
    table.sort(rows, function(one, other)
      local a, b = node(one), node(other)
      if descending then a, b = b, a end
      if precedes(a, b) then return true end
      return not precedes(b, a) and one.place < other.place
    end)
    return rows
  end
end

function COMMANDS.dedup(self)
  local columns = parse_columns(self, parse_or)
  return function(rows)
    local seen, kept = {}, {}
    for _, row in ipairs(rows) do
      local key = {}
      for i, column in ipairs(columns) do key[i] = tostring((column.node(row))) end
      key = table.concat(key, "\0")
      if not seen[key] then seen[key], kept[#kept + 1] = true, row end
    end
    return kept
  end
end

-- parse @message "user * did *" as who, what
function COMMANDS.parse(self)
  local from = parse_primary(self)
  local glob, names = self:advance "text".text, {}
  self:expect "as"
  repeat names[#names + 1] = self:advance "name".text until not self:take ","
  local pattern = glob:gsub("[^%w%s*]", "%%%0"):gsub("%*$", "(.*)"):gsub("%*", "(.-)")
  return function(rows)
    for _, row in ipairs(rows) do
      local found = { tostring((from(row)) or ""):match(pattern) }
      for i, name in ipairs(names) do row.fields[name] = found[i] end
    end
    return rows
  end
end

local function grouped(rows, by)
  local groups, by_key = {}, {}
  for _, row in ipairs(rows) do
    local key, values = {}, {}
    for i, column in ipairs(by) do
      local value, kind = column.node(row)
      key[i], values[i] = tostring(value), { value = value, kind = kind }
    end
    key = table.concat(key, "\0")
    if not by_key[key] then
      by_key[key] = { rows = {}, values = values }
      groups[#groups + 1] = by_key[key]
    end
    table.insert(by_key[key].rows, row)
  end
  return groups
end

function COMMANDS.stats(self)
  local columns = parse_columns(self, parse_aggregate)
  local by = self:take "by" and parse_columns(self, parse_or) or {}
  self.columns = table.move(columns, 1, #columns, #by + 1, table.move(by, 1, #by, 1, {}))
  return function(rows)
    local made = {}
    for i, group in ipairs(grouped(rows, by)) do
      local fields, kinds = {}, {}
      for j, column in ipairs(by) do fields[column.name], kinds[column.name] = group.values[j].value, group.values[j].kind end
      for _, column in ipairs(columns) do fields[column.name] = column.node(group.rows) end
      made[i] = { fields = fields, kinds = kinds, at = group.rows[1].at, is_made = true }
    end
    if #made == 0 and #by == 0 then
      made[1] = { fields = {}, kinds = {}, at = 0, is_made = true }
      for _, column in ipairs(columns) do made[1].fields[column.name] = column.node {} end
    end
    return made
  end
end

---@class InsightsQuery
---@field run fun(rows: { at: number, fields: table }[]): table[] rows the newest first
---@field columns string[] what is shown of each

---Reads a query. Raises { malformed = text }.
---@param text string
---@return InsightsQuery
function query.parse(text)
  local list, plain = tokens_of(text)
  local self, steps = setmetatable({ list = list, text = plain, at = 1 }, Parser), {}
  repeat
    local command = self:advance "name"
    local make = COMMANDS[command.text:lower()]
    if not make then fail("unexpected symbol found %s at line 1 and position %d", command.text, command.place - 1) end
    steps[#steps + 1] = make(self)
  until not self:take "|"
  if self:peek().kind ~= "end" then self:unexpected() end
  local columns = {}
  for i, column in ipairs(self.columns or { { name = "@timestamp" }, { name = "@message" } }) do columns[i] = column.name end
  return {
    columns = columns,
    run = function(rows)
      for _, step in ipairs(steps) do rows = step(rows) end
      return rows
    end,
  }
end

return query
