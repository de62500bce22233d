--- What AWS's models do not say of operations and shapes, from rules.txt; its head has the grammar.
---@class Rules
---@field verbs { verb: string, effect: string, place: string }[] the longest first
---@field named table<string, { effect: string, place: string }> by "service:Operation"
---@field prefixes { prefix: string, effect: string, place: string }[] the same, for names that end in '*'; the longest first
---@field iam table<string, string> IAM's prefix of a service
---@field sensitive table<string, true> by "service:Shape" or "service:Shape.member"
---@field used table<string, true> the lines that named something
local effects = {}

local EFFECTS = { read = true, ["read-secret"] = true, change = true, destroy = true }

local ADD = {}

function ADD.verb(rules, effect, name, place)
  table.insert(rules.verbs, { verb = name, effect = effect, place = place })
end

function ADD.operation(rules, effect, name, place)
  local prefix = name:match "^(.*)%*$"
  if prefix then
    table.insert(rules.prefixes, { prefix = prefix, name = name, effect = effect, place = place })
  else
    rules.named[name] = { name = name, effect = effect, place = place }
  end
end

local function add_line(rules, words, place)
  local keyword, first = words[1], words[2]
  if keyword == "iam-prefix" and #words == 3 then
    rules.iam[first] = words[3]
  elseif keyword == "sensitive" then
    for i = 2, #words do rules.sensitive[words[i]] = true end
  elseif ADD[keyword] and EFFECTS[first] then
    for i = 3, #words do ADD[keyword](rules, first, words[i], place) end
  else
    error(("%s: no such rule: '%s'"):format(place, table.concat(words, " ")), 0)
  end
end

local function longest_first(list, key)
  table.sort(list, function(a, b)
    if #a[key] ~= #b[key] then return #a[key] > #b[key] end
    return a[key] < b[key]
  end)
end

---@param text string the content of rules.txt
---@return Rules
function effects.read(text)
  local rules = { verbs = {}, named = {}, prefixes = {}, iam = {}, sensitive = {}, used = {} }
  local number = 0
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    local words = {}
    for word in line:gsub("#.*", ""):gmatch "%S+" do words[#words + 1] = word end
    if #words > 0 then add_line(rules, words, "rules.txt:" .. number) end
  end
  longest_first(rules.verbs, "verb")
  longest_first(rules.prefixes, "prefix")
  return rules
end

local function named_rule(rules, full)
  if rules.named[full] then return rules.named[full] end
  for _, rule in ipairs(rules.prefixes) do
    if full:sub(1, #rule.prefix) == rule.prefix then return rule end
  end
end

-- "Get" begins "GetItem" and is "Get", but does not begin "Getaway".
local function begins_with_word(name, verb)
  return name:sub(1, #verb) == verb and not name:find("^%l", #verb + 1)
end

---The effect of an operation, and what decided it.
---@param readonly boolean what the model says
function effects.of(rules, service, name, readonly)
  local rule = named_rule(rules, service .. ":" .. name)
  if rule then
    rules.used[rule.name] = true
    return rule.effect, rule.place
  end
  if readonly then return "read", "readonly trait" end
  for _, verb in ipairs(rules.verbs) do
    if begins_with_word(name, verb.verb) then return verb.effect, verb.place end
  end
  return "change", "no rule"
end

---@param name string of a shape, or "Shape.member"
function effects.is_sensitive(rules, service, name)
  local full = service .. ":" .. name
  if rules.sensitive[full] then rules.used[full] = true end
  return rules.sensitive[full] or false
end

---The names of operations and shapes in the rules that nothing has used, of these services.
---@param services table<string, true>
function effects.unused(rules, services)
  local names = {}
  for name in pairs(rules.named) do names[#names + 1] = name end
  for name in pairs(rules.sensitive) do names[#names + 1] = name end
  for _, rule in ipairs(rules.prefixes) do names[#names + 1] = rule.name end
  local unused = {}
  for _, name in ipairs(names) do
    if services[name:match "^[^:]+"] and not rules.used[name] then unused[#unused + 1] = name end
  end
  table.sort(unused)
  return unused
end

return effects
