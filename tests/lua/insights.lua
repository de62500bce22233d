--- The query language of the simulated CloudWatch Logs Insights.

local query = require "sim.logs.insights.query"
local regex = require "sim.logs.regex"
local spec = require "spec"

local LINES = {
  { 300, "ERROR database is gone", 12 }, { 200, "INFO GET /health 200", 3 }, { 130, "ERROR timeout after 30s", 30 }, { 10, "WARN slow", 8 },
}

local function run(text)
  local rows = {}
  for i, line in ipairs(LINES) do
    rows[i] = { at = line[1], fields = { ["@timestamp"] = line[1], ["@message"] = line[2], ms = line[3] } }
  end
  local parsed, list = query.parse(text), {}
  for i, row in ipairs(parsed.run(rows)) do
    list[i] = {}
    for j, name in ipairs(parsed.columns) do list[i][j] = row.fields[name] == nil and "-" or row.fields[name] end
  end
  return list, parsed.columns
end

local ROWS = {
  { "fields ms | filter @message like /ERROR/", { { 12 }, { 30 } } },
  { "fields ms | filter @message like 'GET' or ms > 20", { { 3 }, { 30 } } },
  { "fields ms | filter not (@message like /ERROR/) and ms != 8", { { 3 } } },
  { "fields ms | filter @message not like /(?i)error/", { { 3 }, { 8 } } },
  { "fields ms | filter ms in [8, 12]", { { 12 }, { 8 } } },
  { "fields ms | filter ispresent(user)", {} },
  { "stats count(*) by bin(2m)", { { 240, 1 }, { 120, 2 }, { 0, 1 } } },
  { "stats count() as n, avg(ms) as mean, max(ms), min(ms), sum(ms)", { { 4, 13.25, 30, 3, 53 } } },
  { "stats pct(ms, 50), count_distinct(@message)", { { 8, 4 } } },
  { "filter @message like /nothing/ | stats count(*)", { { 0 } } },
  { "fields ms | sort ms desc | limit 2", { { 30 }, { 12 } } },
  { "fields ms | sort @timestamp asc | limit 1", { { 8 } } },
  { "fields ms + 1 as more | limit 1", { { 13 } } },
  { "parse @message '* *' as level, text | display level | dedup level", { { "ERROR" }, { "INFO" }, { "WARN" } } },
  { "fields strlen(@message) as n | filter n < 10", { { 9 } } },
}

for _, row in ipairs(ROWS) do
  spec.test(row[1], function() spec.expect((run(row[1])), row[2]) end)
end

spec.test("columns are called as they are written", function()
  local _, columns = run "stats count(*), max(ms) as most by bin(5m), @log"
  spec.expect(columns, { "bin(5m)", "@log", "count(*)", "most" })
end)

for _, row in ipairs {
  { "fliter x", "unexpected symbol found fliter at line 1 and position 0" },
  { "fields @message | filter", "unexpected symbol found end of query" }, { "stats median(ms)", "median is not simulated" },
  { "filter @message like /(/", "a '(' is not closed" }, { "filter @message like /a", "a regular expression is not closed" },
  { "limit many", "unexpected symbol found many" }, { "fields a b", "unexpected symbol found b at line 1 and position 9" },
} do
  spec.test("refused: " .. row[1], function()
    local ok, err = pcall(query.parse, row[1])
    spec.expect(ok, false)
    spec.expect(err.malformed:find(row[2], 1, true) ~= nil, true, err.malformed)
  end)
end

-- pattern, what has it, what has not
for _, row in ipairs {
  { "ERROR", { "an ERROR here" }, { "an error here" } }, { "(?i)error", { "ErRoR" }, { "eror" } },
  { "^GET .* 5\\d\\d$", { "GET /x 503" }, { "GET /x 404", " GET /x 503" } }, { "a|b|cd", { "xcd", "b" }, { "c" } },
  { "(ab)+c", { "ababc" }, { "ac" } }, { "colou?r", { "color", "colour" }, { "colouur" } }, { "[a-c]{2,3}$", { "xab", "abc" }, { "xa" } },
  { "[^0-9]", { "1a" }, { "12" } }, { "\\bcat\\b", { "a cat sat" }, { "concat" } }, { "a.c", { "abc" }, { "ac" } },
  { "1\\.5", { "1.5" }, { "125" } }, { "(a*)*b", { "aab", "b" }, { "aaa" } }, { "[\\w.]+@", { "x a.b@c" }, { "@" } },
} do
  spec.test("regular expression " .. row[1], function()
    local matches = regex.compile(row[1])
    for _, text in ipairs(row[2]) do spec.expect(matches(text), true, text) end
    for _, text in ipairs(row[3]) do spec.expect(matches(text), false, text) end
  end)
end
