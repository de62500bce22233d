--- How AWS's names of operations and members belong together.

local names = {}

---"Service" of "UpdateService": what an operation's name is about.
---@param operation string
---@return string
function names.noun(operation)
  return operation:match("^%u%l+(.+)$") or ""
end

---"update service" of "UpdateService", "put bucket ACL" of "PutBucketACL".
---@param operation string
---@return string
function names.words(operation)
  local spaced = operation:gsub("(%l)(%u)", "%1 %2"):gsub("(%d)(%u%l)", "%1 %2"):gsub("(%u)(%u%l)", "%1 %2")
  return (spaced:gsub("%f[%a]%u%f[%U]%l*", string.lower))
end

---Is the second the first, or its plural? The case does not matter.
---@param one string
---@param many string
---@return boolean
function names.is_plural(one, many)
  one, many = one:lower(), many:lower()
  return one ~= "" and (one == many or many == one .. "s" or many == one .. "es" or many == one:gsub("y$", "ies"))
end

local SUFFIXES = { "identifier", "name", "arn", "id" }

-- "Id" of "TaskId": what kind of name it is, and of what.
local function split(name)
  local lower = name:lower()
  for _, suffix in ipairs(SUFFIXES) do
    if lower:sub(-#suffix) == suffix then return lower:sub(1, -#suffix - 1), suffix end
  end
  return lower, ""
end

---Does a member of that name name a thing ("taskArn"; "service" where the noun is that)?
---@param noun string
---@param name string
---@return boolean
function names.is_id(noun, name)
  local _, suffix = split(name)
  return suffix ~= "" or names.is_plural(noun, name)
end

---Is it only "Name", "Id" or the like?
---@param name string
---@return boolean
function names.is_bare(name)
  return split(name) == ""
end

---Does a noun begin with another one, as "DocumentMetadata" does with "Document"?
---@param noun string
---@param first string
---@return boolean
function names.begins_with(noun, first)
  return first ~= "" and noun:lower():sub(1, #first) == first:lower()
end

---Does a reading that asks for `asked` ask for what the call gives as `given`? "RuleArn" is asked for as "RuleArns",
---"serviceName" as "services", the "Name" of a secret as "SecretId".
---@param noun string what the call is about
---@param given string
---@param asked string
---@return boolean
function names.asks_for(noun, given, asked)
  if names.is_plural(given, asked) then return true end
  local base, suffix = split(given)
  local asked_base, asked_suffix = split(asked)
  if suffix ~= "" and asked_suffix == "" and base ~= "" then return names.is_plural(base, asked_base) end
  return base == "" and asked_base == noun:lower() and (asked_suffix ~= "arn" or suffix == "arn")
end

---Is a member of that name the thing's own name, and not that of what it belongs to? "filterName" is a metric filter's own,
---"logGroupName" is not.
---@param noun string what it is: "MetricFilter"
---@param name string
---@return boolean
function names.is_own(noun, name)
  local base = split(name)
  noun = noun:lower()
  return base == "" or names.is_plural(base, noun) or names.is_plural(noun, base)
    or names.is_plural(base, noun:sub(-#base)) or names.is_plural(base, noun:sub(-#base - 1))
end

---Does it ask for all that begins with what is given ("logGroupNamePrefix")?
---@param given string
---@param asked string
---@return boolean
function names.is_prefix(given, asked)
  local a, b = given:lower(), asked:lower()
  return b == a .. "prefix" or (b == "nameprefix" and a:sub(-4) == "name")
end

---Do both name the same thing? An ARN ends with the name that others use.
---@param a any
---@param b any
---@return boolean
function names.same_id(a, b)
  a, b = tostring(a), tostring(b)
  if a == b then return true end
  if #a < #b then a, b = b, a end
  local before = a:sub(-#b - 1, -#b - 1)
  return a:sub(1, 4) == "arn:" and a:sub(-#b) == b and (before == "/" or before == ":")
end

return names
