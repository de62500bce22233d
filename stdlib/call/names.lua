--- Names as the AWS CLI spells them: commands, options, and what it calls differently from the API.

local customised = require "call.customised"
local host = require "host.aws"
local options = require "options"

local names = {}

---"desiredCount" -> "desired-count", "SubnetIDs" -> "subnet-ids": botocore's rules, with a hyphen.
---@param name string as in the API reference
---@return string
function names.kebab(name)
  local plural = name:match "%u%u+s$"
  if plural then name = name:sub(1, -#plural - 1) .. "-" .. plural:lower() end
  return (name:gsub("(.)(%u%l+)", "%1-%2"):gsub("([%l%d])(%u)", "%1-%2"):lower())
end

local function snake(word)
  return (word:gsub("%-", "_"))
end

---"describe_services" -> "describe-services".
---@param name string
---@return string
function names.command(name)
  return (name:gsub("_", "-"))
end

---The service that the word stands for, in botocore's spelling.
---@param word string the AWS CLI's or botocore's name
---@return string? service
---@return string? problem
function names.service(word)
  local name = customised.services[word] or word
  local known, all = {}, {}
  for _, service in ipairs(host.services()) do
    known[service], all[#all + 1] = true, service
  end
  if known[name] then
    local operations, damaged = host.operations(name)
    return operations and name, damaged and damaged.message
  end
  for alias in pairs(customised.services) do all[#all + 1] = alias end
  return nil, ("no service '%s'%s; 'gwrun call help' lists them, 'gwrun models add' adds one"):format(word, options.hint(word, all))
end

---The AWS CLI's name of a service.
---@param service string botocore's name
---@return string
function names.service_command(service)
  for command, name in pairs(customised.services) do
    if name == service then return command end
  end
  return service
end

---The operation that the word stands for.
---@param service string
---@param word string "describe-services", "describe_services" or "DescribeServices"
---@return table? facts of host.aws.operation
---@return string? problem
function names.operation(service, word)
  local older = customised.operations[service] and customised.operations[service][word]
  local operation = host.operation(service, word) or host.operation(service, older or snake(word))
  if operation then return operation end
  local own = customised.commands[service] and customised.commands[service][word]
  local command = names.service_command(service)
  if own then
    return nil, ("%s %s: a command of the AWS CLI's own, not an operation of AWS; %s"):format(command, word, own)
  end
  local all = { "wait", "help" }
  for _, name in ipairs(host.operations(service)) do all[#all + 1] = names.command(name) end
  return nil, ("%s: no operation '%s'%s; 'gwrun call %s help' lists them"):format(
    command, word, options.hint(names.command(word), all), command)
end

---The waiter that the word stands for.
---@param service string
---@param word string "services-stable", "services_stable" or "ServicesStable"
---@return table? facts of host.aws.waiter
---@return string? problem
function names.waiter(service, word)
  local definition = host.waiter(service, word) or host.waiter(service, snake(word))
  if definition then return definition end
  local all = {}
  for _, name in ipairs(host.waiters(service)) do all[#all + 1] = names.kebab(name) end
  return nil, ("%s wait: no waiter '%s'%s (%s)"):format(names.service_command(service), word, options.hint(word, all),
    #all > 0 and "there are " .. table.concat(all, ", ") or "this service has none")
end

return names
