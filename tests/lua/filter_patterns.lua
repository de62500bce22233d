--- Filter patterns of CloudWatch Logs, as https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html has them.

local spec = require "spec"

local GROUP, STREAM = "patterns", "one"
local NOW = 1762917120000

local function world_with(messages)
  local world, events = spec.world { world = { bad = "none" } }, {}
  world.logs.create_log_group { logGroupName = GROUP }
  world.logs.create_log_stream { logGroupName = GROUP, logStreamName = STREAM }
  for i, message in ipairs(messages) do events[i] = { timestamp = NOW - 60000 + i, message = message } end
  world.logs.put_log_events { logGroupName = GROUP, logStreamName = STREAM, logEvents = events }
  return function(pattern)
    local found = {}
    for i, event in ipairs(world.logs.filter_log_events { logGroupName = GROUP, filterPattern = pattern }.events) do found[i] = event.message end
    return found
  end
end

spec.test("words: all of them, none of these, any of those, phrases, heeding case", function()
  local text = { "[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST", "[WARN] slow", "error in small letters" }
  local find = world_with(text)
  spec.expect(find "ERROR", { text[1], text[2] })
  spec.expect(find "ERROR REQUEST -400", { text[2] })
  spec.expect(find "?WARN ?UNAUTHORIZED", { text[2], text[3] })
  spec.expect(find '"BAD REQUEST"', { text[1] })
  spec.expect(find "", text)
end)

spec.test("a ? beside other terms is ignored", function()
  local find = world_with { "INFO alpha", "INFO beta" }
  spec.expect(find "INFO ?alpha", { "INFO alpha", "INFO beta" })
end)

spec.test("regular expressions between percent signs, beside words", function()
  local find = world_with { "user 42 AUTHORIZED", "user x AUTHORIZED", "user 7 refused" }
  spec.expect(find "%user [0-9]+%", { "user 42 AUTHORIZED", "user 7 refused" })
  spec.expect(find "AUTHORIZED %[0-9]%", { "user 42 AUTHORIZED" })
end)

spec.test("JSON: values, wildcards, numbers, absence, and, or, parentheses, lists", function()
  local text = {
    '{"level":"ERROR","status":503,"ip":"10.0.0.5","users":[{"name":"ana"}],"sub":null}', '{"level":"INFO","status":200,"ok":true}', "no json at all",
    '{"level":"ERROR","status":404,"ok":false}',
  }
  local find = world_with(text)
  spec.expect(find '{ $.level = "ERROR" }', { text[1], text[4] })
  spec.expect(find "{ $.level = ERR* && $.status >= 500 }", { text[1] })
  spec.expect(find "{ $.status = 200 || ($.status > 400 && $.status < 500) }", { text[2], text[4] })
  spec.expect(find '{ $.level != "INFO" }', { text[1], text[4] })
  spec.expect(find '{ $.users[0].name = "ana" }', { text[1] })
  spec.expect(find "{ $.sub IS NULL }", { text[1] })
  spec.expect(find "{ $.ok NOT EXISTS }", { text[1] })
  spec.expect(find "{ $.ok IS TRUE }", { text[2] })
  spec.expect(find "{ $.ip = %10[.]0% }", { text[1] })
end)

spec.test("fields between blanks, with quotes and brackets as one, and an ellipsis", function()
  local text = {
    '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 200 1534', '10.1.2.3 - ana [10/Oct/2000:13:25:16 -0700] "GET /x HTTP/1.0" 503 12',
    "too few fields",
  }
  local find = world_with(text)
  spec.expect(find "[ip, id, user, timestamp, request, status_code = 5*, size]", { text[2] })
  spec.expect(find "[..., status_code, size > 1000]", { text[1] })
  spec.expect(find "[ip = 127.0.0.1 || ip = 10.9.9.9, ...]", { text[1] })
  spec.expect(find "[ip, ..., status_code = 5* && status_code != 500, size]", { text[2] })
end)

spec.test("what is no pattern is refused as AWS refuses it", function()
  local find = world_with { "x" }
  for _, pattern in ipairs { "/health", "{ $.a }", "{ a = 1 }", "[a, b", "{ $.a = 1 ", "%[%" } do
    spec.expect_error(function() find(pattern) end, "InvalidParameterException")
  end
end)
