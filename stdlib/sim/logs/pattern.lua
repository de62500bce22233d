--- Filter patterns for unstructured text: words and "quoted phrases", all of which must occur; -word, which must not; and
--- ?word, any of which must. Matching heeds case. JSON and space-delimited patterns are refused, not ignored.

local fail = require "sim.fail"

local pattern = {}

local function refuse(text)
  fail("InvalidParameterException", "Invalid character(s) in term '%s'", text:match("^%S*"))
end

-- One term at the front of `text`; returns what follows it.
local function take_term(text, terms)
  local sign, rest = text:match("^([?%-]?)(.*)$")
  local word, after
  if rest:sub(1, 1) == '"' then
    word, after = rest:match('^"(.-)"(.*)$')
  else
    word, after = rest:match("^([%w_]+)(.*)$")
  end
  if not word or word == "" or not after:match("^%s") and after ~= "" then refuse(text) end
  local kind = sign == "?" and "any" or sign == "-" and "none" or "all"
  terms[kind][#terms[kind] + 1] = word
  return after:match("^%s*(.*)$")
end

local function parse(text)
  local terms = { all = {}, any = {}, none = {} }
  local rest = text:match("^%s*(.-)%s*$")
  if rest:match("^[{%[%%]") then
    fail.raise {
      code = "InvalidParameterException", message = "the simulator knows terms only, not JSON, list or regex patterns: " .. text,
    }
  end
  while rest ~= "" do rest = take_term(rest, terms) end
  return terms
end

local function count(text, words)
  local found = 0
  for _, word in ipairs(words) do
    if text:find(word, 1, true) then found = found + 1 end
  end
  return found
end

---A test for messages. Without a pattern everything matches.
---@param text string?
---@return fun(message: string): boolean
function pattern.compile(text)
  if not text or text:match("^%s*$") then return function() return true end end
  local terms = parse(text)
  return function(message)
    return count(message, terms.all) == #terms.all and count(message, terms.none) == 0
        and (#terms.any == 0 or count(message, terms.any) > 0)
  end
end

return pattern
