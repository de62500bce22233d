--- One service of AWS as LuaLS annotations: a class with its operations, and a class for each structure.
---
--- The models hold facts only, so that there are types, what is required, values of enums and limits, but no descriptions.

local host = require "host.aws"

local service = {}

local NAME = "^[%a_][%w_]*$"
local KEYWORDS = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while"):gmatch "%a+" do
  KEYWORDS[word] = true
end

local SCALARS = {
  string = "string", boolean = "boolean", integer = "integer", long = "integer", float = "number", double = "number",
  blob = "string",
}

-- What is being written: the lines, and which shapes are still to be described.
local Writer = {}
Writer.__index = Writer

function Writer:add(format, ...)
  self.lines[#self.lines + 1] = select("#", ...) > 0 and format:format(...) or format
end

---The class of a service: "sso-admin" is no name there.
---@param name string
---@return string
function service.class(name) return "aws." .. name:gsub("[^%w]", "_") end

function Writer:class(name) return ("%s.%s"):format(service.class(self.service), name) end

-- ---- types -----------------------------------------------------------------------------------------------------------

-- Remembers a shape that has a description of its own; answers its name.
function Writer:refer(shape)
  local name = shape.name
  if not self.known[name] then
    self.known[name] = true
    self.waiting[#self.waiting + 1] = shape
  end
  return self:class(name)
end

-- `inside`: the lists and maps around it, for models in which such contain themselves.
function Writer:type_of(shape, inside)
  if shape.document then return "any" end
  local kind = shape.type
  if kind == "structure" then return self:refer(shape) end
  if kind == "string" and #shape.enum > 0 then return self:refer(shape) end
  if kind == "timestamp" then return self.given[shape.name] and "number|string" or "number" end
  if SCALARS[kind] then return SCALARS[kind] end
  if inside and inside[shape.name] then return "any" end
  local around = setmetatable({ [shape.name] = true }, { __index = inside })
  if kind == "list" then
    local element = self:type_of(shape.element, around)
    return element:find "|" and ("(%s)[]"):format(element) or element .. "[]"
  end
  return ("table<%s, %s>"):format(self:type_of(shape.key, around), self:type_of(shape.value, around))
end

function Writer:member_type(member, is_input)
  if member.streaming and not member.shape.event_stream then
    return is_input and "string|File" or "string|{ path: string, size: integer }"
  end
  if member.shape.event_stream then return self:refer(member.shape) end
  return self:type_of(member.shape)
end

-- Marks the times in what a script gives: they may be texts.
local function mark_given(writer, shape, seen)
  if seen[shape.name] then return end
  seen[shape.name] = true
  local kind = shape.type
  if kind == "timestamp" then
    writer.given[shape.name] = true
  elseif kind == "structure" then
    for _, member in ipairs(shape.members) do mark_given(writer, member.shape, seen) end
  elseif kind == "list" then
    mark_given(writer, shape.element, seen)
  elseif kind == "map" then
    mark_given(writer, shape.value, seen)
  end
end

-- ---- shapes ----------------------------------------------------------------------------------------------------------

local UNITS = { string = " characters", list = " elements", map = " entries", blob = " bytes" }

local function limit_text(least, most, unit)
  local function text(number) return math.tointeger(number) and ("%d"):format(number) or ("%g"):format(number) end
  if most > least and most < 2 ^ 53 then return ("%s to %s%s"):format(text(least), text(most), unit) end
  if most == least and most > 0 then return text(least) .. unit end
  return least > 0 and ("at least %s%s"):format(text(least), unit) or nil
end

local function remarks(member)
  local shape, list = member.shape, {}
  if member.sensitive or shape.sensitive then list[#list + 1] = "sensitive" end
  if member.token then list[#list + 1] = "made where it is not given" end
  if shape.type == "timestamp" then list[#list + 1] = "seconds since 1970" end
  list[#list + 1] = limit_text(shape.min, shape.max, UNITS[shape.type] or "")
  return #list > 0 and " " .. table.concat(list, ", ") or ""
end

function Writer:field(member, is_input)
  local is_plain = member.name:find(NAME) and not KEYWORDS[member.name]
  local name = is_plain and member.name or ('["%s"]'):format(member.name)
  local is_optional = not member.required or member.token
  local kind = self:member_type(member, is_input)
  if is_optional and not is_plain then return ("---@field %s (%s)?%s"):format(name, kind, remarks(member)) end
  return ("---@field %s%s %s%s"):format(name, is_optional and "?" or "", kind, remarks(member))
end

function Writer:structure(shape)
  local is_input = self.inputs[shape.name]
  self:add("---@class (exact) %s", self:class(shape.name))
  for _, member in ipairs(shape.members) do self:add(self:field(member, is_input)) end
  self:add ""
end

-- A function that gives event after event.
function Writer:event_stream(shape)
  local name = self:class(shape.name)
  self:add("---@class %s.Event one of its members is there", name)
  for _, member in ipairs(shape.members) do
    self:add("---@field %s? %s", member.name, self:type_of(member.shape))
  end
  self:add("\n---@class %s: EventStream", name)
  self:add("---@overload fun(): %s.Event?\n", name)
end

function Writer:enum(shape)
  local values = {}
  for i, value in ipairs(shape.enum) do values[i] = ("%q"):format(value) end
  self:add("---@alias %s %s\n", self:class(shape.name), table.concat(values, "|"))
end

function Writer:describe_waiting()
  local at = 1
  while self.waiting[at] do
    local shape = self.waiting[at]
    local kind = shape.event_stream and "event_stream" or shape.type == "string" and "enum" or "structure"
    self[kind](self, shape)
    at = at + 1
  end
end

-- ---- operations ------------------------------------------------------------------------------------------------------

local EFFECTS = {
  read = "reads", read_secret = "reads what is secret", change = "changes something", destroy = "destroys something",
}

local function needs_params(shape)
  for _, member in ipairs(shape and shape.members or {}) do
    if member.required and not member.token then return true end
  end
  return false
end

-- One operation as facts for lines: name, the types of what it takes and answers.
function Writer:operation(snake_name)
  local operation = host.operation(self.service, snake_name)
  local input = host.shape(self.service, snake_name, "input")
  local output = host.shape(self.service, snake_name, "output")
  if input then
    self.inputs[input.name] = true
    mark_given(self, input, self.seen)
  end
  return {
    name = snake_name, action = operation.action, effect = EFFECTS[operation.effect], input = input, output = output,
    optional = needs_params(input) and "" or "?",
  }
end

function Writer:types_of(one)
  one.takes = one.input and self:refer(one.input) or "table"
  one.gives = one.output and self:refer(one.output) or "table"
end

function Writer:function_of(one, variable)
  self:add("---%s: %s.", one.action, one.effect)
  self:add("---@param params%s %s", one.optional, one.takes)
  self:add "---@param how? How"
  self:add("---@return %s", one.gives)
  self:add("function %s.%s(params, how) end\n", variable, one.name)
end

-- The type of what a JMESPath that is plain names finds.
function Writer:found_by(shape, path)
  for name in path:gmatch "[^.]+" do
    if not name:find(NAME) or not shape or shape.type ~= "structure" then return nil end
    local found
    for _, member in ipairs(shape.members) do
      if member.name == name then found = member.shape end
    end
    shape = found
  end
  return shape
end

function Writer:pages_field(one)
  local paginator = host.paginator(self.service, one.name)
  if not paginator then return nil end
  local items = one.output and self:found_by(one.output, paginator.result_keys[1] or "")
  local item = items and items.type == "list" and self:type_of(items.element) or "any"
  return ("---@field %s fun(params%s: %s, how?: PagesHow): fun(): (%s)?"):format(one.name, one.optional, one.takes, item)
end

function Writer:group(name, lines)
  self:add("---@class %s", self:class(name))
  for _, line in ipairs(lines) do self:add(line) end
  self:add ""
end

function Writer:waits(by_name)
  local lines = {}
  for i, name in ipairs(host.waiters(self.service)) do
    local waiter = host.waiter(self.service, name)
    local one = by_name[waiter.operation]
    lines[i] = ("---@field %s fun(params%s: %s, how?: WaitHow): %s? of the last call"):format(waiter.snake_name, one.optional,
      one.takes, one.gives)
  end
  return lines
end

-- ---- the file --------------------------------------------------------------------------------------------------------

local function open(name)
  return setmetatable({ service = name, lines = {}, known = {}, waiting = {}, given = {}, inputs = {}, seen = {} }, Writer)
end

-- What a service has beside its operations.
local COMPOSED = {
  ecs = {
    "---@field exec fun(given: ExecCommand): Executed runs a command inside a container",
    "---@field try_exec fun(given: ExecCommand): Executed?, AwsError?",
  },
}

---The annotations of one service, and how many operations it has; raises for a model that cannot be read.
---@param name string
---@return string text
---@return integer operations
function service.write(name)
  local names, err = host.operations(name)
  if err then error(err.message, 0) end
  local writer, list, by_name = open(name), {}, {}
  for i, snake_name in ipairs(names) do
    list[i] = writer:operation(snake_name)
    by_name[snake_name] = list[i]
  end
  local tries, presigns, pages = {}, {}, {}
  for i, one in ipairs(list) do
    writer:types_of(one)
    local given = ("params%s: %s"):format(one.optional, one.takes)
    tries[i] = ("---@field try_%s fun(%s, how?: How): %s?, AwsError?"):format(one.name, given, one.gives)
    presigns[i] = ("---@field %s fun(%s, how?: PresignHow): string, PresignedRequest"):format(one.name, given)
    pages[#pages + 1] = writer:pages_field(one)
  end
  writer:add("---@class %s", service.class(name))
  for _, group in ipairs { "pages", "wait", "presign" } do writer:add("---@field %s %s", group, writer:class(group)) end
  for _, line in ipairs(tries) do writer:add(line) end
  for _, line in ipairs(COMPOSED[name] or {}) do writer:add(line) end
  writer:add "local client = {}\n"
  for _, one in ipairs(list) do writer:function_of(one, "client") end
  writer:group("pages", pages)
  writer:group("wait", writer:waits(by_name))
  writer:group("presign", presigns)
  writer:describe_waiting()
  return table.concat(writer.lines, "\n"), #list
end

return service
