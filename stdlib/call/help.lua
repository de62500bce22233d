--- What `gwrun call` explains: services, the operations of one, the options of one.

local host = require "host.call"
local model = require "host.aws"
local names = require "call.names"

local help = {}

local EFFECTS = { read = "reads", read_secret = "reads secrets", change = "changes", destroy = "destroys" }

local function write(format, ...)
  host.write(format:format(...) .. "\n")
end

local function wrap(words, indent)
  local line = indent
  for _, word in ipairs(words) do
    if #line + #word + 1 > host.columns and line ~= indent then
      write("%s", line)
      line = indent
    end
    line = line .. (line == indent and "" or "  ") .. word
  end
  if line ~= indent then write("%s", line) end
end

function help.services()
  write "One call of AWS, with the options of the AWS CLI:\n"
  write "    gwrun call SERVICE OPERATION [options]"
  write "    gwrun call SERVICE wait STATE [options]\n"
  write "Reading calls run at once; changing ones ask first, or take --yes. --plan shows what would be sent.\n"
  write "Services ('gwrun call SERVICE help' lists the operations of one):"
  local commands = {}
  for _, service in ipairs(model.services()) do commands[#commands + 1] = names.service_command(service) end
  table.sort(commands)
  wrap(commands, "    ")
  write "\nOptions of every call:"
  write "    --query JMESPATH, --output json|text|table|yaml|yaml-stream|off"
  write "    --cli-input-json JSON|file://PATH, --generate-cli-skeleton [input|output] (also --generate-input)"
  write "    --max-items N, --page-size N, --starting-token TOKEN, --no-paginate"
  write "    --region NAME, --profile NAME, --endpoint-url URL, --yes, --plan, --sim, --reveal-secrets"
  write "\nValues: text; JSON; shorthand (Key=Value,List=a,b,Map={x=1}); file://PATH for a file's text, fileb://PATH for its"
  write "bytes (else bytes are base64); prompt:// asks for a text without showing it. What stands on a command line others"
  write "on this machine can read: give secrets by prompt:// or file://."
end

---@param service string
function help.service(service)
  local command = names.service_command(service)
  write("gwrun call %s OPERATION; 'gwrun call %s OPERATION help' lists the options of one.\n", command, command)
  for _, name in ipairs(model.operations(service)) do
    write("    %-50s %s", names.command(name), EFFECTS[model.operation(service, name).effect])
  end
  local waiters = model.waiters(service)
  if #waiters > 0 then
    write("\ngwrun call %s wait STATE:", command)
    help.waiters(service)
  end
end

---@param service string
function help.waiters(service)
  for _, name in ipairs(model.waiters(service)) do write("    %s", names.kebab(name)) end
end

local function type_text(argument)
  local shape = argument.member.shape
  if argument.kind == "flag" then return "flag" end
  if shape.type == "list" then return "list of " .. shape.element.type end
  if shape.type == "map" then return "map of " .. shape.value.type end
  return argument.member.streaming and "file" or shape.type
end

local function notes(argument)
  local shape, found = argument.member.shape, {}
  if argument.required then found[#found + 1] = "required" end
  if argument.member.sensitive or shape.sensitive then found[#found + 1] = "secret: prompt:// or file://" end
  local of = shape.type == "list" and shape.element or shape
  if #of.enum > 0 then found[#found + 1] = table.concat(of.enum, "|") end
  if #of.members > 0 and argument.kind ~= "flag" then
    local members = {}
    for i, member in ipairs(of.members) do members[i] = member.name end
    found[#found + 1] = "of " .. table.concat(members, ", ")
  end
  return found
end

-- The flag that says the opposite.
local function opposite(command, argument)
  for _, other in ipairs(argument.value and command.arguments.list or {}) do
    if other.member == argument.member and other.value == false then return other end
  end
end

---@param command Command
function help.operation(command)
  local operation = command.operation
  if command.waiter then
    write("gwrun call %s: asks %s every %d s, at most %d times.\n", command.title, names.command(operation.snake_name),
      command.waiter.delay, command.waiter.max_attempts)
  else
    write("gwrun call %s: %s (%s).\n", command.title, EFFECTS[operation.effect], operation.action)
  end
  if #command.arguments.list == 0 then return write "It takes no options of its own." end
  for _, argument in ipairs(command.arguments.list) do
    if argument.value ~= false then
      local pair = opposite(command, argument)
      write("    --%s%s (%s)", argument.name, pair and ", --" .. pair.name or "", type_text(argument))
      local found = notes(argument)
      if #found > 0 then wrap({ table.concat(found, "; ") }, "        ") end
    end
  end
end

return help
