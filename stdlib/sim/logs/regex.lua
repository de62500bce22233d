--- Regular expressions, as queries of CloudWatch Logs Insights use them: alternatives, groups, classes, quantifiers, anchors and
--- (?i). A pattern becomes a function; matching goes back and forth, so it is for lines, not for books.

local regex = {}

local CLASSES = { d = "%d", D = "%D", w = "[%w_]", W = "[^%w_]", s = "%s", S = "%S" }

local function fail(text, why) error(("regular expression /%s/: %s"):format(text, why), 0) end

-- A parser over `self.text` from `self.at`. A node is a function (text, place, go_on): what go_on answers, or nil.

local function single(accepts)
  return function(text, place, go_on)
    if place <= #text and accepts(text:sub(place, place)) then return go_on(place + 1) end
  end
end

local function sequence(left, right)
  return function(text, place, go_on)
    return left(text, place, function(after) return right(text, after, go_on) end)
  end
end

local function either(left, right)
  return function(text, place, go_on) return left(text, place, go_on) or right(text, place, go_on) end
end

local function empty(_, place, go_on) return go_on(place) end

local function repeated(node, least, most)
  local function more(text, place, go_on, count)
    if count < most then
      local found = node(text, place, function(after)
        if after == place then return nil end -- nothing was taken: no need to try again
        return more(text, after, go_on, count + 1)
      end)
      if found then return found end
    end
    if count >= least then return go_on(place) end
  end
  return function(text, place, go_on) return more(text, place, go_on, 0) end
end

local function char_node(self, char)
  local wanted = self.ignores_case and char:lower() or char
  local ignores_case = self.ignores_case
  return single(function(given) return (ignores_case and given:lower() or given) == wanted end)
end

local function class_node(pattern)
  return single(function(given) return given:find("^" .. pattern) ~= nil end)
end

local function escape_node(self)
  local char = self.text:sub(self.at, self.at)
  if char == "" then fail(self.text, "ends with a backslash") end
  self.at = self.at + 1
  if char == "b" then
    return function(text, place, go_on)
      local before, after = text:sub(place - 1, place - 1):find "[%w_]", text:sub(place, place):find "[%w_]"
      if place == 1 then before = nil end
      if (before == nil) ~= (after == nil) then return go_on(place) end
    end
  end
  return CLASSES[char] and class_node(CLASSES[char]) or char_node(self, ({ n = "\n", t = "\t" })[char] or char)
end

-- "[...]": its end is the first "]" that is not the first character.
local function set_node(self)
  local body = self.text:match("^(%^?%]?[^%]]*)%]", self.at)
  if not body then fail(self.text, "a '[' is not closed") end
  self.at = self.at + #body + 1
  local negated = body:sub(1, 1) == "^"
  local pattern = (negated and body:sub(2) or body):gsub("%%", "%%%%"):gsub("\\(.)", function(char)
    return CLASSES[char] and CLASSES[char]:match "^%[?([^%]]*)%]?$" or "%" .. char
  end)
  local wanted, ignores_case = ("[%s%s]"):format(negated and "^" or "", pattern), self.ignores_case
  return single(function(given)
    return given:find(wanted) ~= nil or ignores_case and (given:lower():find(wanted) or given:upper():find(wanted)) ~= nil
  end)
end

local parse_alternatives

local function group_node(self)
  if self.text:sub(self.at, self.at + 1) == "?:" then self.at = self.at + 2 end
  local name = self.text:match("^%?<%w+>", self.at)
  self.at = self.at + (name and #name or 0)
  local node = parse_alternatives(self)
  if self.text:sub(self.at, self.at) ~= ")" then fail(self.text, "a '(' is not closed") end
  self.at = self.at + 1
  return node
end

local function parse_atom(self)
  local char = self.text:sub(self.at, self.at)
  self.at = self.at + 1
  if char == "(" then return group_node(self) end
  if char == "[" then return set_node(self) end
  if char == "\\" then return escape_node(self) end
  if char == "." then return single(function(given) return given ~= "\n" end) end
  if char == "^" then return function(_, place, go_on) return place == 1 and go_on(place) or nil end end
  if char == "$" then return function(text, place, go_on) return place == #text + 1 and go_on(place) or nil end end
  if char:find "[*+?]" then fail(self.text, ("'%s' repeats nothing"):format(char)) end
  return char_node(self, char)
end

local COUNTS = { ["*"] = { 0, math.huge }, ["+"] = { 1, math.huge }, ["?"] = { 0, 1 } }

local function parse_quantifier(self)
  local char = self.text:sub(self.at, self.at)
  if COUNTS[char] then
    self.at = self.at + 1
    return COUNTS[char]
  end
  local least, comma, most = self.text:match("^{(%d+)(,?)(%d*)}", self.at)
  if not least then return nil end
  self.at = self.text:find("}", self.at, true) + 1
  return { tonumber(least), most ~= "" and tonumber(most) or comma == "" and tonumber(least) or math.huge }
end

local function parse_sequence(self)
  local node = empty
  while self.at <= #self.text and not self.text:find("^[|)]", self.at) do
    local atom = parse_atom(self)
    local count = parse_quantifier(self)
    while count do
      atom, count = repeated(atom, count[1], count[2]), nil
      if self.text:sub(self.at, self.at) == "?" then self.at = self.at + 1 end -- a lazy one finds the same lines
    end
    node = sequence(node, atom)
  end
  return node
end

function parse_alternatives(self)
  local node = parse_sequence(self)
  while self.text:sub(self.at, self.at) == "|" do
    self.at = self.at + 1
    node = either(node, parse_sequence(self))
  end
  return node
end

---A test whether a text has the pattern somewhere. Raises a text for one that cannot be read.
---@param text string
---@return fun(subject: string): boolean
function regex.compile(text)
  local flags, rest = text:match "^%(%?(%a+)%)(.*)$"
  local self = { text = rest or text, at = 1, ignores_case = flags ~= nil and flags:find("i", 1, true) ~= nil }
  local node = parse_alternatives(self)
  if self.at <= #self.text then fail(text, "a ')' was not opened") end
  local function found() return true end
  return function(subject)
    for place = 1, #subject + 1 do
      if node(subject, place, found) then return true end
    end
    return false
  end
end

return regex
