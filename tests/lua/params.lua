-- Parameters: what may be declared, what each type takes, and where values come from.
local params = require "params"
local spec = require "spec"

-- Sources without a program around them: what each function answers stands in the table.
local function sources(given)
  given = given or {}
  local questions = {}
  local from = {
    env = function(name) return (given.env or {})[name] end,
    secret_env = function() return nil end,
    read_params = function(path)
      local values = (given.files or {})[path]
      if type(values) == "string" then return nil, { message = values } end
      return values
    end,
    read_secret = function() return nil, { message = "cannot be opened" } end,
    check_file = function(path) return path ~= "gone.txt" or nil, { message = "'gone.txt' cannot be read" } end,
    ask = function(question)
      questions[#questions + 1] = question.text
      local answer = given.answers[#questions]
      return answer, { kind = "denied", message = "'?': no answer came" }
    end,
    terminal = given.answers ~= nil, asks = given.answers ~= nil,
  }
  return from, questions
end

local function bind(schemas, args, given)
  params.check(schemas)
  return params.bind(schemas, args or {}, (sources(given)))
end

-- The value that the text makes of a parameter, or nil and the problem.
local function read(schema, text)
  local values, problem = bind({ x = schema }, { "--x=" .. text })
  if not values then return nil, problem end
  return values.x
end

-- ---- types

spec.test("each type takes its texts", function()
  for _, case in ipairs {
    { { type = "string" }, "", "" },
    { { type = "integer" }, "+12", 12 },
    { { type = "number" }, "2.50", 2.5 },
    { { type = "number" }, "1e3", 1000 },
    { { type = "boolean" }, "Yes", true },
    { { type = "duration" }, "1h30m", 5400 },
    { { type = "arn" }, "arn:aws:iam::758888582357:role/ops", "arn:aws:iam::758888582357:role/ops" },
    { { type = "url" }, "http://a.local:8000/health", "http://a.local:8000/health" },
    { { type = "enum", values = { "fast", "slow" } }, "slow", "slow" },
    { { type = "file" }, "here.txt", "here.txt" },
    { { type = "list" }, "a, b ,c", { "a", "b", "c" } },
    { { type = "list" }, [["a,b",'c "d"',e\,f]], { "a,b", 'c "d"', "e,f" } },
    { { type = "list" }, [[don't,"",x\\y]], { "don't", "", "x\\y" } },
    { { type = "list" }, "", {} },
    { { type = "list", of = "integer" }, "1,2", { 1, 2 } },
    { { type = "list", of = "duration" }, "1m,1h", { 60, 3600 } },
    { { type = "map" }, "a=1,b=x=y,c=", { a = "1", b = "x=y", c = "" } },
    { { type = "map" }, [["k,1"="v,1",k\=2=v]], { ["k,1"] = "v,1", ["k=2"] = "v" } },
    { { type = "map", of = "boolean" }, "a=true,b=no", { a = true, b = false } },
  } do
    local value, problem = read(case[1], case[2])
    spec.expect(problem, nil, case[2])
    spec.expect(value, case[3], case[2])
  end
end)

spec.test("what a type does not take is told with what it takes", function()
  for _, case in ipairs {
    { { type = "number" }, "1e999", "--x: expected a number, got '1e999'" },
    { { type = "duration" }, "99999999999d", "--x: expected a duration such as 90s, 10m or 1h30m, got '99999999999d'" },
    { { type = "integer" }, "1.5", "--x: expected an integer, got '1.5'" },
    { { type = "number" }, "0x10", "--x: expected a number, got '0x10'" },
    { { type = "duration" }, "soon", "--x: expected a duration such as 90s, 10m or 1h30m, got 'soon'" },
    { { type = "enum", values = { "fast", "slow" } }, "solw",
      "--x: expected one of fast, slow, got 'solw', did you mean 'slow'?" },
    { { type = "file" }, "*.pem", "--x: expected the path of one file, got '*.pem'" },
    { { type = "file" }, "gone.txt", "--x: 'gone.txt' cannot be read" },
    { { type = "list" }, "a,,b", "--x: an item is empty; an empty text is written \"\" (got 'a,,b')" },
    { { type = "list" }, '"a', "--x: a quote is not closed (got '\"a')" },
    { { type = "list" }, '"a"b', "--x: text follows the closing quote of 'a' (got '\"a\"b')" },
    { { type = "list", of = "integer" }, "1,two", "--x: item 2: expected an integer, got 'two'" },
    { { type = "list", of = "enum", values = { "a", "b" } }, "other", "--x: item 1: expected one of a, b, got 'other'" },
    { { type = "map" }, "a", "--x: 'a' has no value; a map is written key=value,key=value (got 'a')" },
    { { type = "map" }, "a=1,a=2", "--x: key 'a' is given twice (got 'a=1,a=2')" },
    { { type = "map", of = "integer" }, "a=b", "--x: key 'a': expected an integer, got 'b'" },
  } do
    local value, problem = read(case[1], case[2])
    spec.expect(value, nil, case[2])
    spec.expect(problem, case[3])
  end
end)

spec.test("a time is an instant, or so long ago, or ahead", function()
  local now = time.now()
  for _, case in ipairs {
    { "2025-11-12T03:00:00Z", 1762916400 }, { "2025-11-12T03:00:00+01:00", 1762912800 },
    { "2025-11-12T03:00:00.250Z", 1762916400.25 }, { "2025-11-12T03:00:00", 1762916400 },
    { "2025-11-12 03:00", 1762916400 }, { "2025-11-12", 1762905600 },
    { "1762916400", 1762916400 }, { "1762916400250", 1762916400.25 },
    { "now", now }, { "1h", now - 3600 }, { "-30m", now - 1800 }, { "+30m", now + 1800 },
  } do
    local instant, problem = read({ type = "time" }, case[1])
    spec.expect(problem, nil, case[1])
    spec.expect(instant, case[2], case[1])
  end
  for _, text in ipairs { "yesterday", "90", "12345", "2025-13-01", "+", "1h ago", "+9999999d" } do
    local value, problem = read({ type = "time" }, text)
    spec.expect(value, nil, text)
    spec.expect(problem, "--x: expected a time such as 2025-11-12T03:00:00Z, 1h or -30m (that long ago), +30m or now, got '"
      .. text .. "'")
  end
end)

-- ---- limits

spec.test("min and max hold numbers, durations and times, and how long texts, lists and maps are", function()
  for _, case in ipairs {
    { { type = "integer", min = 1, max = 4 }, "5", "at most 4" },
    { { type = "number", min = 0.5 }, "0.25", "at least 0.5" },
    { { type = "duration", min = "5m" }, "299s", "at least 5m" },
    { { type = "duration", max = 90 }, "91", "at most 1m30s" },
    { { type = "time", max = "now" }, "+1m", "at most now" },
    { { type = "time", min = "7d" }, "8d", "at least 7d" },
    { { type = "string", min = 3 }, "äö", "at least 3 characters" },
    { { type = "string", max = 1 }, "ab", "at most 1 character" },
    { { type = "list", min = 2 }, "a", "at least 2 items" },
    { { type = "map", max = 1 }, "a=1,b=2", "at most 1 entry" },
    { { type = "string", pattern = "v%d+" }, "v1x", "text of the form v%d+" },
  } do
    local value, problem = read(case[1], case[2])
    spec.expect(value, nil, case[2])
    spec.expect(problem:find("--x: expected " .. case[3] .. ", got ", 1, true), 1, problem)
  end
  spec.expect(read({ type = "string", min = 2, max = 2 }, "äö"), "äö")
  spec.expect(read({ type = "list", pattern = "i%-%x+" }, "i-1,i-a"), { "i-1", "i-a" })
  spec.expect(select(2, read({ type = "list", pattern = "i%-%x+" }, "i-1,j")),
    "--x: item 2: expected text of the form i%-%x+, got 'j'")
end)

-- ---- the declaration

spec.test("a mistake in the declaration names the parameter and the nearest right word", function()
  for _, case in ipairs {
    { { x = { type = "intger" } }, "params.x: unknown type 'intger', did you mean 'integer'?" },
    { { x = { help = "?" } }, "params.x: field 'type' is missing" },
    { { x = { type = "string", defualt = "a" } }, "params.x: unknown field 'defualt', did you mean 'default'?" },
    { { x = { type = "string", "a" } }, "params.x: unknown field '1'" },
    { { x = { type = "boolean", min = 1 } }, "params.x: field 'min' has no meaning for the type boolean" },
    { { x = { type = "string", required = "yes" } }, "params.x: field 'required' must be a boolean, got string" },
    { { x = { type = "enum" } }, "params.x: an enum needs values" },
    { { x = { type = "list", values = { "a" } } }, "params.x: field 'values' has no meaning without of = \"enum\"" },
    { { x = { type = "list", of = "strng" } }, "did you mean 'string'?" },
    { { x = { type = "list", of = "secret" } }, "params.x: field 'of': expected one of arn, boolean" },
    { { x = { type = "file", access = "wriet" } }, "expected one of read, write, got 'wriet', did you mean 'write'?" },
    { { x = { type = "duration", min = "soon" } }, "params.x: field 'min': expected a duration, got 'soon'" },
    { { x = { type = "integer", min = "1" } }, "params.x: field 'min': expected a number, got '1'" },
    { { x = { type = "integer", min = 2, max = 1 } }, "params.x: min is above max" },
    { { x = { type = "string", pattern = "[" } }, "params.x: field 'pattern': malformed pattern" },
    { { x = { type = "integer", max = 4, default = 5 } }, "params.x: field 'default': expected at most 4, got 5" },
    { { x = { type = "arn", example = "role" } }, "params.x: field 'example': expected an ARN" },
    { { x = { type = "string", required = true, default = "a" } }, "params.x: what is required has no default" },
    { { x = { type = "secret", default = "hunter2" } }, "params.x: a secret has no default" },
    { { x = { type = "string", env = "HOME" } }, "expected a name that begins with GWRUN_, got 'HOME'" },
    { { params = { type = "string" } }, "params.params: '--params' names files with parameters" },
    { { X = { type = "string" } }, "params.X: a parameter's name has lower-case letters" },
    { { x = { type = "boolean" }, no_x = { type = "string" } }, "params.no_x: '--no-x' already says no to 'x'" },
    { { x = "string" }, "params.x: expected a table { type=, ... }, got string" },
  } do
    spec.expect_error(function() params.check(case[1]) end, case[2])
  end
end)

spec.test("the catalogue tells of each parameter in the words of an operator", function()
  local facts = params.describe {
    patience = { type = "duration", default = 300, min = 10, max = "1h" },
    mode = { type = "enum", values = { "fast", "slow" }, required = true, env = "GWRUN_MODE" },
    since = { type = "time", default = "1h" },
    ids = { type = "list", of = "integer", default = { 1 }, max = 3, example = "1,2" },
    zone = { type = "string", default = function() return "a" end, pattern = "%a" },
  }
  local by_name = {}
  for i, fact in ipairs(facts) do facts[i], by_name[fact.name] = fact.name, fact end
  spec.expect(facts, { "ids", "mode", "patience", "since", "zone" })
  spec.expect(by_name.patience.default, "5m")
  spec.expect(by_name.patience.range, "10s to 1h")
  spec.expect(by_name.mode.takes, "fast|slow")
  spec.expect({ by_name.mode.required, by_name.mode.env }, { true, "GWRUN_MODE" })
  spec.expect(by_name.since.default, "1h")
  spec.expect(by_name.ids.takes, "list of integer")
  spec.expect({ by_name.ids.default, by_name.ids.range, by_name.ids.example }, { { 1 }, "at most 3 items", "1,2" })
  spec.expect({ by_name.zone.default, by_name.zone.pattern }, { "computed", "%a" })
end)

-- ---- sources

spec.test("the command line is stronger than files, those than the environment, that than the default", function()
  local schemas = { x = { type = "string", default = "default", env = "GWRUN_X" } }
  local given = { env = { GWRUN_X = "environment" }, files = { ["a.json"] = { x = "first" }, ["b.json"] = { x = "last" } } }
  local files = { "--params", "a.json", "--params=b.json" }
  spec.expect(bind(schemas, { "--x", "line", "--params", "a.json" }, given).x, "line")
  spec.expect(bind(schemas, files, given).x, "last")
  spec.expect(bind(schemas, {}, given).x, "environment")
  spec.expect(bind(schemas, {}).x, "default")
  spec.expect(bind(schemas, {}, { env = { GWRUN_X = "" } }).x, "default")
end)

spec.test("a file has typed values or texts", function()
  local schemas = {
    count = { type = "integer" }, ids = { type = "list", of = "integer" }, tags = { type = "map" },
    wait = { type = "duration" }, dry = { type = "boolean", default = true }, at = { type = "time" },
    name = { type = "string", default = "n" },
  }
  local values = bind(schemas, { "--params", "-" }, { files = { ["-"] = {
    count = 2.0, ids = { 1, "2" }, tags = { a = "b" }, wait = 90, dry = false, at = "2025-11-12", name = json.null,
  } } })
  spec.expect(values, {
    count = 2, ids = { 1, 2 }, tags = { a = "b" }, wait = 90, dry = false, at = 1762905600, name = "n",
  })
end)

spec.test("what is wrong in a file is told with the file and the key", function()
  local schemas = { count = { type = "integer" }, ids = { type = "list" }, tags = { type = "map" }, name = { type = "string" } }
  for _, case in ipairs {
    { { coutn = 1 }, "a.json: unknown parameter 'coutn', did you mean 'count'?" },
    { { count = "many" }, "a.json: count: expected an integer, got 'many'" },
    { { count = { 1 } }, "a.json: count: expected an integer, got a list" },
    { { name = 5 }, "a.json: name: expected text, got 5" },
    { { ids = { a = 1 } }, "a.json: ids: expected a list, got a map" },
    { { tags = { "a" } }, "a.json: tags: expected a map, got a list" },
    { "json: trailing comma (line 3, column 7)", "a.json:3:7: trailing comma" },
    { "cannot be opened", "a.json: cannot be opened" },
  } do
    local values, problem = bind(schemas, { "--params", "a.json" }, { files = { ["a.json"] = case[1] } })
    spec.expect(values, nil)
    spec.expect(problem, case[2])
  end
end)

spec.test("all that is wrong or missing is told at once", function()
  local values, problem = bind({
    a = { type = "integer", required = true, help = "how many" }, b = { type = "url", required = true },
    c = { type = "integer" }, d = { type = "secret", required = true },
  }, { "--c", "x" })
  spec.expect(values, nil)
  spec.expect(problem, "--c: expected an integer, got 'x'; --a: required (how many); --b: required; --d: required; "
    .. "give prompt://, file://PATH, env://GWRUN_NAME, or - for standard input")
end)

spec.test("an option is not taken for the value of another", function()
  local values, problem = bind({ a = { type = "string" }, b = { type = "boolean" } }, { "--a", "--b" })
  spec.expect(values, nil)
  spec.expect(problem, "option '--a' needs a value; one that begins with '--' is written '--a=--...'")
  spec.expect(bind({ a = { type = "string" } }, { "--a=--b" }).a, "--b")
end)

spec.test("at a terminal what is missing is asked for, and a bad answer again", function()
  local schemas = {
    count = { type = "integer", min = 1, max = 4, required = true, help = "tasks wanted" },
    mode = { type = "enum", values = { "fast", "slow" }, required = true },
    why = { type = "string", prompt = "reason for the record" }, silent = { type = "string" },
    known = { type = "string", prompt = "never asked", default = "d" },
  }
  local from, questions = sources { answers = { "9", "", "2", "slow", "" } }
  spec.expect(params.bind(schemas, {}, from), { count = 2, mode = "slow", known = "d" })
  spec.expect(questions, {
    "--count: tasks wanted (integer, 1 to 4)",
    "expected at most 4, got '9'; --count: tasks wanted (integer, 1 to 4)",
    "a value is required; --count: tasks wanted (integer, 1 to 4)",
    "--mode: (fast|slow)",
    "--why: reason for the record (string, optional)",
  })
end)

spec.test("in a test the answers are typed by the test", function()
  local run = spec.run {
    runbook = "tests/lua/runbooks/parameters.lua", params = { token = "prompt://" },
    answers = { { "--token: (secret)", "hunter2" }, { "--count: (integer, at least 1)", "0" }, { "at least 1", "2" } },
  }
  run:expect_exit(0)
  spec.expect(run:of("note")[1].text, "<2 [secret]>")
end)

spec.test("three bad answers are enough, and so is none", function()
  local schemas = { count = { type = "integer", required = true } }
  local _, problem = bind(schemas, {}, { answers = { "a", "b", "c", "4" } })
  spec.expect(problem, "--count: expected an integer, got 'c' (asked 3 times)")
  _, problem = bind(schemas, {}, { answers = {} })
  spec.expect(problem, "--count: no answer came")
end)

spec.test("a default may be a function of the others, in any order", function()
  local schemas = {
    a = { type = "string", default = function(p) return p.b .. "-a" end },
    b = { type = "string", default = function(p) return p.c .. "-b" end },
    c = { type = "string", default = "c" },
    d = { type = "duration", default = function() return "5m" end },
    e = { type = "string", default = function(p) return p.f end },
    f = { type = "string" },
  }
  spec.expect(bind(schemas, { "--c", "x" }), { a = "x-b-a", b = "x-b", c = "x", d = 300 })
end)

spec.test("a default that cannot be is told", function()
  local _, problem = bind({ n = { type = "integer", max = 4, default = function() return 5 end } })
  spec.expect(problem, "--n: its default: expected at most 4, got 5")
  spec.expect_error(function()
    bind { cluster = { type = "string" }, x = { type = "string", default = function(p) return p.clutser end } }
  end, "a default asks for the unknown parameter 'clutser', did you mean 'cluster'?")
  spec.expect_error(function()
    bind {
      a = { type = "string", default = function(p) return p.b end }, b = { type = "string", default = function(p) return p.a end },
    }
  end, "params.a: its default asks for itself")
end)

-- ---- the record

local RECORDED = {
  wait = { type = "duration" }, odd = { type = "duration" }, at = { type = "time" }, cert = { type = "file" },
  steps = { type = "list", of = "duration" }, ids = { type = "list" }, tags = { type = "map", of = "integer" },
  none = { type = "string", default = "computed anew" }, on = { type = "boolean" }, ratio = { type = "number" },
  bare = { type = "map" },
}

spec.test("the record is plain, and gives the same values again", function()
  local values = {
    wait = 900, odd = 0.1 + 0.2, at = 1762916400.25, cert = "gone.txt", steps = { 60, 90 }, ids = json.array {},
    tags = { a = 1 }, on = false, ratio = 2.5, bare = {},
  }
  local written = params.written(RECORDED, values)
  spec.expect(written, {
    wait = "15m", odd = "0.30000000000000004s", at = "2025-11-12T03:00:00.250Z", cert = "gone.txt",
    steps = { "1m", "1m30s" }, ids = {}, tags = { a = 1 }, on = false, ratio = 2.5, bare = {},
  })
  local again, secrets = params.restore(RECORDED, json.decode(json.encode(written)))
  spec.expect(again, values)
  spec.expect(secrets, {})
end)

-- A schema of each type, and of lists and maps of each.
local function every_type()
  local schemas = {}
  for _, name in ipairs { "string", "integer", "number", "boolean", "enum", "duration", "time", "arn", "url" } do
    schemas[name] = { type = name, values = name == "enum" and { "a", "1" } or nil }
    for _, whole in ipairs { "list", "map" } do
      schemas[whole .. "_" .. name] = { type = whole, of = name, values = schemas[name].values }
    end
  end
  params.check(schemas)
  return schemas
end

spec.test("whatever text a type takes comes back from the record, and no text makes it raise", function()
  local pieces = {
    "a", "=", ",", "\\", '"', "'", " ", "1", "-", "+", ".", "e", "9", "T", ":", "Z", "h", "m", "\0", "true", "now", "2025-11-12",
  }
  local schemas, taken = every_type(), 0
  for _ = 1, 400 do
    local text = ""
    for _ = 1, math.random(0, 6) do text = text .. pieces[math.random(#pieces)] end
    for name, schema in pairs(schemas) do
      local values, problem = params.bind({ [name] = schema }, { params.flag(name) .. "=" .. text }, (sources()))
      spec.expect(values == nil, problem ~= nil, text)
      if values then
        local written = json.decode(json.encode(params.written({ [name] = schema }, values)))
        spec.expect(params.restore({ [name] = schema }, written), values, name .. " " .. text)
        taken = taken + 1
      end
    end
  end
  spec.expect(taken > 1000, true)
end)

spec.test("a restored time is not held against a limit that has moved on", function()
  local schemas = { since = { type = "time", min = "1h" } }
  spec.expect(params.restore(schemas, { since = "2025-11-12T03:00:00Z" }), { since = 1762916400 })
end)

spec.test("a record that the declaration does not fit is refused", function()
  local values, problem = params.restore({ n = { type = "integer" } }, { n = "many" })
  spec.expect(values, nil)
  spec.expect(problem, "parameter 'n' of the record: expected an integer, got 'many'")
end)

spec.test("of a secret the record has only that there was one, and says so", function()
  local schemas = { token = { type = "secret" }, other = { type = "secret" }, n = { type = "integer" } }
  local written = params.written(schemas, { token = {}, n = 1 })
  spec.expect(written, { token = "[secret]", n = 1 })
  local values, secrets = params.restore(schemas, written)
  spec.expect(values, { n = 1 })
  spec.expect(secrets, { "token" })
end)

spec.test("a run that goes on has its values back, and its secrets from their sources", function()
  local schemas = {
    token = { type = "secret", help = "of the registry" }, other = { type = "secret" },
    n = { type = "integer", default = 7 }, late = { type = "string", default = "computed anew" },
  }
  local from = sources()
  local _, problem = params.resume(schemas, { n = 1, token = "[secret]" }, { "--n", "2" }, from)
  spec.expect(problem, "unknown option '--n'")
  _, problem = params.resume(schemas, { n = 1, token = "[secret]" }, {}, from)
  spec.expect(problem:find("--token: required (of the registry); give prompt://", 1, true), 1, problem)
  spec.expect(params.resume(schemas, { n = 1 }, {}, from), { n = 1 })
end)

spec.test("a parameter is changed by its text", function()
  local schemas = { n = { type = "integer", max = 4 }, wait = { type = "duration" }, token = { type = "secret" } }
  local values = { n = 1 }
  spec.expect(params.change(schemas, values, "n", "3"), true)
  spec.expect(params.change(schemas, values, "wait", "5m"), true)
  spec.expect(values, { n = 3, wait = 300 })
  for _, case in ipairs {
    { "n", "9", "n: expected at most 4, got '9'" }, { "wiat", "1", "unknown parameter 'wiat', did you mean 'wait'?" },
    { "token", "hunter2", "token: expected a secret" },
  } do
    local changed, problem = params.change(schemas, values, case[1], case[2])
    spec.expect({ changed, problem }, { nil, case[3] })
  end
  local changed, problem = params.change(schemas, values, "token", "hunter2", sources())
  spec.expect(changed, nil)
  spec.expect(problem:find("token: a secret is not written where others can read it", 1, true), 1, problem)
  spec.expect(select(2, params.change(schemas, values, "token", "file://t", sources())), "token: 't' cannot be opened")
  spec.expect(values, { n = 3, wait = 300 })
end)
