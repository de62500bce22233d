--- Filter patterns: for unstructured text here, for JSON and for fields in pattern/.
--- https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
---
--- Of text: words and "quoted phrases", all of which must occur; -word, which must not; ?word, any of which must, and which is left
--- alone beside others; %regular expression%. Matching heeds case.

local fail = require "sim.fail"
local fields = require "sim.logs.pattern.fields"
local json_pattern = require "sim.logs.pattern.json"
local regex = require "sim.logs.regex"

local pattern = {}

local function refuse(text)
  fail("InvalidParameterException", "Invalid character(s) in term '%s'", text:match("^%S*"))
end

-- A test for a message, of one term at the front of `text`; returns what follows it, too.
local function take_term(text)
  local sign, rest = text:match("^([?%-]?)(.*)$")
  local word, after
  if rest:sub(1, 1) == '"' then
    word, after = rest:match('^"(.-)"(.*)$')
  elseif rest:sub(1, 1) == "%" then
    word, after = rest:match("^(%%[^%%]+%%)(.*)$")
  else
    word, after = rest:match("^([%w_]+)(.*)$")
  end
  if not word or word == "" or not after:match("^%s") and after ~= "" then refuse(text) end
  return sign == "?" and "any" or sign == "-" and "none" or "all", word, after:match("^%s*(.*)$")
end

local function test_of(word, text)
  local expression = word:match "^%%(.+)%%$"
  if not expression then return function(message) return message:find(word, 1, true) ~= nil end end
  local ran, matches = pcall(regex.compile, expression)
  if not ran then refuse(text) end
  return function(message) return matches(message) and true or false end
end

local function parse(text)
  local terms = { all = {}, any = {}, none = {} }
  local rest = text:match("^%s*(.-)%s*$")
  while rest ~= "" do
    local kind, word, after = take_term(rest)
    table.insert(terms[kind], test_of(word, rest))
    rest = after
  end
  return terms
end

local function count(message, tests)
  local found = 0
  for _, test in ipairs(tests) do
    if test(message) then found = found + 1 end
  end
  return found
end

local function unstructured(text)
  local terms = parse(text)
  local is_alone = #terms.all == 0 and #terms.none == 0 -- "?" beside other terms is ignored
  return function(message)
    return count(message, terms.all) == #terms.all and count(message, terms.none) == 0
        and (not is_alone or #terms.any == 0 or count(message, terms.any) > 0)
  end
end

local STRUCTURED = { ["{"] = json_pattern, ["["] = fields }

---A test for messages. Without a pattern everything matches.
---@param text string?
---@return fun(message: string): boolean
function pattern.compile(text)
  if not text or text:match("^%s*$") then return function() return true end end
  local compile = STRUCTURED[text:match "^%s*(.)"] or unstructured
  local ran, made = pcall(compile, text)
  if ran then return made end
  if type(made) == "table" and made.malformed then fail("InvalidParameterException", "%s", made.malformed) end
  error(made, 0)
end

return pattern
