-- The shorthand of `gwrun call` under words that nobody would type.
local shorthand = require "call.shorthand"
local spec = require "spec"

local PIECES = {
  "a", "key", "=", "=", "@=", ",", ",", "[", "]", "{", "}", "'", '"', "\\", "\\,", ":", " ", "\n", "\0", "\27", "\xC3\xA9", "\xFF",
  "file://x", "1", "a=b", "a={b=[c,d]}",
}

-- Any words, but the same ones each time.
local function words(count)
  local state = 1
  local function below(limit)
    state = (state * 1103515245 + 12345) % 2147483648
    return state // 65536 % limit
  end
  return function()
    if count == 0 then return nil end
    count = count - 1
    local word = {}
    for i = 1, below(14) do word[i] = PIECES[below(#PIECES) + 1] end
    return table.concat(word)
  end
end

local function holds_texts_only(value)
  if type(value) ~= "table" then return type(value) == "string" end
  for _, inner in next, value do
    if not holds_texts_only(inner) then return false end
  end
  return true
end

spec.test("any word is read as texts, lists and maps, or refused in one line", function()
  local read, refused = 0, 0
  for word in words(30000) do
    local map, problem = shorthand.parse(word, function(text) return text end)
    if map then
      read = read + 1
      spec.expect(problem, nil, word)
      spec.expect(holds_texts_only(map), true, word)
    else
      refused = refused + 1
      spec.expect(type(problem), "string", word)
      spec.expect(problem:find("\n", 1, true) == nil or word:find("\n", 1, true) ~= nil, true, word)
    end
  end
  spec.expect(read > 300 and refused > 300, true, ("%d read, %d refused"):format(read, refused))
end)

spec.test("depth is refused, not run into", function()
  for _, open in ipairs { "[", "{a=" } do
    local _, problem = shorthand.parse("a=" .. open:rep(100000), function(text) return text end)
    spec.expect(problem, "nested deeper than 64 levels")
  end
end)
