--- What one call needs of IAM: actions, the ARNs of what it works on, conditions.

local iam_actions = require "iam_actions"
local resources = require "policy.resources"
local texts = require "policy.texts"

local scope = {}

---@class Grant
---@field action string
---@field resources string[]
---@field condition table? { operator, key, values }
---@field why string what the statement is called for: the kinds of resource, or why there are none

---@class Place
---@field partition string
---@field region string
---@field account string

-- ---- the data, read when it is first used

local services = {}

-- "name name: WORD WORD", lines that begin with spaces going on with the one before.
local function read_lines(text, visit)
  local key
  for line in text:gmatch "[^\n]+" do
    local head, words = line:match "^(%S.*): (.*)$"
    key = head or key
    for word in (words or line):gmatch "%S+" do visit(key, word) end
  end
end

local function read_service(prefix)
  if services[prefix] == nil then
    local data = resources[prefix]
    services[prefix] = data and { arns = data.arns, members = data.members or {}, kinds = {} } or false
    if data then
      read_lines(data.actions, function(kinds, action) services[prefix].kinds[action] = kinds end)
    end
  end
  return services[prefix] or nil
end

-- ---- ARNs

local function is_arn(text) return text:sub(1, 4) == "arn:" end

-- "cluster/blue" of an ARN: the last part.
local function name_of(text)
  return is_arn(text) and text:match "[^/:]*$" or text
end

local function finish_name(placeholder, text)
  local ending = resources.endings[placeholder]
  local is_whole = text == "*" or (ending == ":*" and text:find(":", 1, true))
  if not ending or is_whole then return text end
  return text .. ending
end

-- The texts of a placeholder: the first of its members that is given.
local function find_texts(service, placeholder, params)
  for member in (service.members[placeholder] or ""):gmatch "%S+" do
    local found = texts.is_given(params, member) and texts.member(params, member)
    if found then return found end
  end
end

local function fill(template, place, known)
  return (template:gsub("{(%w+)}", function(name) return known[name] or place[name] or "*" end))
end

local function placeholders_of(template)
  local list = {}
  for name in template:gmatch "{(%u%w*)}" do list[#list + 1] = name end
  return list
end

-- The slash before the name of a parameter is no part of its ARN.
local function fit_name(kind, text)
  if kind == "parameter" then return (text:gsub("^/", "")) end
  return text
end

-- The ARNs of one kind of resource that a call works on, and whether anything of them is known.
local function arns_of(service, kind, params, place)
  local template = service.arns[kind]
  local names = placeholders_of(template)
  local known, is_known = {}, false
  for i = 1, #names - 1 do
    local found = find_texts(service, names[i], params)
    known[names[i]] = found and #found == 1 and name_of(found[1]) or "*"
    is_known = is_known or known[names[i]] ~= "*"
  end
  local last = names[#names]
  local list = {}
  for _, text in ipairs(last and find_texts(service, last, params) or { "*" }) do
    if is_arn(text) then
      list[#list + 1] = text
    else
      known[last or ""] = finish_name(last, fit_name(kind, text))
      list[#list + 1] = fill(template, place, known)
    end
    is_known = is_known or text ~= "*"
  end
  return list, is_known
end

local TAGS = { TagResource = true, UntagResource = true, ListTagsForResource = true }

local function end_log_groups(kind, action, list)
  if not resources.log_groups[kind] or TAGS[action] then return list end
  local ended = {}
  for i, arn in ipairs(list) do ended[i] = arn:sub(-2) == ":*" and arn or arn .. ":*" end
  return ended
end

-- ---- conditions

local function has_word(words, word)
  return (" " .. words .. " "):find(" " .. word .. " ", 1, true) ~= nil
end

local function condition_of(service, prefix, action, params, place)
  for _, condition in ipairs(resources.conditions) do
    if condition.prefix == prefix and has_word(condition.actions, action) then
      local found
      if condition.kind then
        local list, is_known = arns_of(service, condition.kind, params, place)
        found = is_known and list
      else
        found = texts.is_given(params, condition.member) and texts.member(params, condition.member)
      end
      if found and found[1] ~= "*" then return { operator = condition.operator, key = condition.key, values = found } end
    end
  end
end

-- ---- grants

local function everywhere(action, why, condition)
  return { action = action, resources = { "*" }, why = why, condition = condition }
end

-- Tagging names what it tags by its ARN, whatever its kind.
local function tagged_arns(params)
  for _, member in ipairs { "resourceArn", "ResourceArn", "ResourceARN", "ResourceArns" } do
    local found = texts.is_given(params, member) and texts.member(params, member)
    if found and is_arn(found[1]) then return found end
  end
end

local function grant_of(action, params, place)
  local prefix, name = action:match "^([^:]+):(.*)$"
  local service = read_service(prefix)
  if not service then return everywhere(action, "NotInReference") end
  local kinds = service.kinds[name]
  local condition = condition_of(service, prefix, name, params, place)
  if not kinds then return everywhere(action, "NotInReference", condition) end
  if kinds == "none" then return everywhere(action, "WithoutResources", condition) end
  local tagged = tagged_arns(params)
  if tagged then return { action = action, resources = tagged, why = "Tagged", condition = condition } end
  local list, why = {}, ""
  for kind in kinds:gmatch "%S+" do
    local own, is_optional = kind:gsub("%?$", "")
    local arns, is_known = arns_of(service, own, params, place)
    if is_optional == 0 or is_known then
      for _, arn in ipairs(end_log_groups(own, name, arns)) do list[#list + 1] = arn end
      why = why .. own:gsub("^%l", string.upper):gsub("[-/](%l)", string.upper)
    end
  end
  if #list == 0 then return everywhere(action, "ResourceNotKnown", condition) end
  return { action = action, resources = list, why = why, condition = condition }
end

local function add_roles(grants, action, params, place)
  local pass = resources.passes[action]
  if not pass then return end
  local list = {}
  for _, member in ipairs(pass.members) do
    for _, text in ipairs(texts.is_given(params, member) and texts.member(params, member) or {}) do
      list[#list + 1] = is_arn(text) and text or fill("arn:{partition}:iam::{account}:role/" .. name_of(text), place, {})
    end
  end
  if #list == 0 and pass.always then list[1] = fill("arn:{partition}:iam::{account}:role/*", place, {}) end
  if #list == 0 then return end
  grants[#grants + 1] = {
    action = "iam:PassRole", resources = list, why = "PassRole",
    condition = { operator = "StringEquals", key = "iam:PassedToService", values = { pass.to } },
  }
end

-- What is copied is read where it is.
local function copied(params, member, place)
  local list = {}
  for i, text in ipairs(texts.member(params, member) or { "*" }) do
    list[i] = is_arn(text) and text or ("arn:%s:s3:::%s"):format(place.partition, (text:gsub("^/", ""):gsub("%?.*", "")))
  end
  return { action = "s3:GetObject", resources = list, why = "Object" }
end

---What a call needs.
---@param call table a finding of a call (check/calls.lua)
---@param place Place
---@return Grant[]
function scope.of(call, place)
  local operation = call.operation
  if resources.free[operation.action] then return {} end
  local grants = {}
  for _, action in ipairs(iam_actions.of(operation.action)) do
    local source = action == "s3:GetObject" and resources.copies[operation.action]
    grants[#grants + 1] = source and copied(call.params, source, place) or grant_of(action, call.params, place)
    add_roles(grants, action, call.params, place)
  end
  return grants
end

---The grant of the tags that an operation gives to what it makes, and of no others.
---@param action string "elasticloadbalancing:AddTags"
---@param operation table as the models tell of it
---@return Grant
function scope.tagging(action, operation)
  local key = action:match "^[^:]+" .. ":CreateAction"
  return everywhere(action, "WithoutResources", { operator = "StringEquals", key = key, values = { operation.name } })
end

---The grant of an action that is declared, but not seen in any call.
---@param action string
---@return Grant
function scope.unseen(action)
  return everywhere(action, "DeclaredButNotSeen")
end

return scope
