--- What a command in a container needs: `aws.ecs.exec` is more than one call.

local model = require "host.aws"
local values = require "check.values"

local exec = {}

-- Asked only where a command cannot be run, to say why.
local MAY_ASK = {
  "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "iam:SimulatePrincipalPolicy", "ec2:DescribeSubnets", "ec2:DescribeRouteTables",
  "ec2:DescribeVpcEndpoints",
}

local function text(value) return values.new("string", { value = value }) end

-- Those that are known; a line is one for a shell.
local function words_of(command)
  if not command then return {} end
  if command.is == "table" then return command.items end
  return { text "sh", text "-c", command.is == "string" and command or values.unknown }
end

local function found(self, name, more)
  more.operation, more.how, more.open = model.operation("ecs", name), more.how or "call", true
  self:found("call", more)
end

local function call(self, arguments, node, file)
  local given = arguments[1]
  local fields = given and given.is == "table" and given.fields or {}
  found(self, "execute_command", { how = "exec", words = words_of(fields.command), node = node, file = file })
  found(self, "describe_tasks", { node = node, file = file })
  if fields.service then found(self, "list_tasks", { node = node, file = file }) end
  for _, action in ipairs(MAY_ASK) do self:found("may call", { action = action }) end
  return { values.unknown, open = true }
end

---`aws.ecs.exec` and `aws.ecs.try_exec`.
exec.function_value = values.new("function", { call = call })

return exec
