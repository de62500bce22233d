--- What the things of a runbook do when they are indexed, called or looped over: AWS, `rb`, the parameters, Lua's own library.

local builtins = require "check.builtins"
local exec = require "check.exec"
local model = require "host.aws"
local options = require "options"
local values = require "check.values"

local calls = {}

local UNKNOWN = { values.unknown, open = true }

-- ---- names

-- The region and profile of a client, "*" where they are not known; nil: those of the run.
local function elsewhere(settings)
  if not settings or settings.is == "nil" then return nil end
  if settings.is ~= "table" then return { region = "*", profile = true } end
  local region, profile = settings.fields.region, settings.fields.profile
  if not (region or profile) then return nil end
  return { region = region and (values.text(region) or "*"), profile = profile ~= nil }
end

local function make_client(self, arguments, node, file)
  local name = values.text(arguments[1])
  if not name then return { values.unknown } end
  local _, err = model.operations(name)
  if err then self:found("unknown", { rule = "unknown-service", text = tostring(err), node = node, file = file }) end
  return { err and values.unknown or values.new("service", { name = name, elsewhere = elsewhere(arguments[2]) }) }
end

---The value of a global.
---@param self Walker
---@param name string
---@return Value?
function calls.global(self, name)
  if name == "aws" then return values.new "aws" end
  return builtins.globals[name]
end

---What `require` answers; the modules that are not walked through are made here.
---@param self Walker
---@param name string
---@return Value
function calls.module(self, name)
  if name == "aws" then return values.new "aws" end
  if name == "parallel" then return builtins.globals.parallel end
  if name == "options" then return values.new("library", { name = name }) end
  if name:find "^host%." then return values.new("host", { name = name:sub(6) }) end
  return self:open_module(name)
end

-- ---- AWS

local function report(self, rule, err, place)
  self:found("unknown", { rule = rule, text = tostring(err), node = place.node, file = place.file })
  return values.unknown
end

local function index_aws(self, _, name, place)
  if name == "client" then return values.new("function", { call = make_client }) end
  local _, err = model.operations(name)
  if err then return report(self, "unknown-service", err, place) end
  return values.new("service", { name = name })
end

local GROUPS = { pages = true, wait = true, presign = true }

local function operation_of(service, name, how)
  return values.new("operation", { operation = model.operation(service.name, name), how = how, elsewhere = service.elsewhere })
end

local function index_service(self, service, name, place)
  if GROUPS[name] then return values.new("group", { name = name, service = service }) end
  if service.name == "ecs" and (name == "exec" or name == "try_exec") then return exec.function_value end
  local operation, err = model.operation(service.name, name)
  if operation then return operation_of(service, name, "call") end
  if name:sub(1, 4) == "try_" and model.operation(service.name, name:sub(5)) then
    return operation_of(service, name:sub(5), "try")
  end
  return report(self, "unknown-operation", err, place)
end

-- "TasksRunning" is called tasks_running.
local function no_waiter(service, name)
  local known = {}
  for i, waiter in ipairs(model.waiters(service)) do
    known[i] = waiter:gsub("(%l)(%u)", "%1_%2"):lower()
  end
  return ("%s: no waiter '%s'%s"):format(service, name, options.hint(name, known))
end

local function index_group(self, group, name, place)
  local service = group.service
  if group.name == "presign" then
    local operation, err = model.operation(service.name, name)
    return operation and operation_of(service, name, "presign") or report(self, "unknown-operation", err, place)
  end
  if group.name == "pages" then
    local paginator, err = model.paginator(service.name, name)
    return paginator and operation_of(service, name, "pages") or report(self, "unknown-pages", err, place)
  end
  local waiter = model.waiter(service.name, name)
  if waiter then return operation_of(service, waiter.operation, "wait") end
  return report(self, "unknown-waiter", no_waiter(service.name, name), place)
end

local function call_operation(self, callee, arguments, node, file)
  self:found("call", {
    operation = callee.operation, how = callee.how, params = arguments[1], options = arguments[2], node = node, file = file,
    elsewhere = callee.elsewhere, open = arguments.open,
  })
  local options = arguments[2]
  local save_to = options and options.is == "table" and options.fields.save_to
  if save_to then self:found("file", { access = "write", path = save_to, node = node, file = file }) end
  if callee.how == "pages" then return { values.new("iterate", { of = values.unknown }) } end
  return UNKNOWN
end

-- ---- what the host does

-- What the host touches must be declared.
local function call_host(self, callee, arguments, node, file)
  local first = arguments[1]
  if callee.name == "http.request" and first and first.is == "table" then
    self:found("http", { url = first.fields.url, method = first.fields.method, node = node, file = file })
  elseif callee.name == "file.open" then
    self:found("file", { access = "read", path = first, node = node, file = file })
  elseif callee.name == "process.run" and first and first.is == "table" then
    self:found("command", { words = first.items, node = node, file = file })
  elseif callee.name == "exec.run" then
    local how = arguments[2]
    local words = how and how.is == "table" and how.fields.words
    self:found("call", {
      operation = model.operation("ecs", "execute_command"), how = "exec", words = words and words.is == "table" and words.items or {},
      node = node, file = file, open = true,
    })
  elseif callee.name == "env.get" then
    self:found("env", { name = first, node = node, file = file })
  end
  self:escape(arguments)
  return UNKNOWN
end

-- ---- indexing

local indexers = { aws = index_aws, service = index_service, group = index_group }

local function index_table(self, object, key, place)
  local name = values.text(key)
  local is_missing = object.module and name and object.fields[name] == nil and not object.open and not object.element
  if is_missing then
    self:found("member", { module = object.module, name = name, known = object.fields, node = place.node, file = place.file })
    return values.unknown
  end
  return values.index(object, key)
end

---What `object[key]` is.
---@param self Walker
---@param object Value one alternative
---@param key Value
---@param place { node: Node, file: string }
---@return Value
function calls.index(self, object, key, place)
  local name = values.text(key)
  if object.is == "table" then return index_table(self, object, key, place) end
  if object.is == "function" and object.members then
    return name and object.members[name] or values.unknown
  end
  if object.is == "params" then
    if not name then
      self.all_params_used = true
      return values.unknown
    end
    self:found("param", { name = name, node = place.node, file = place.file })
    return object.given and object.given[name] or values.new("param", { name = name })
  end
  if object.is == "host" and name then return values.new("host", { name = object.name .. "." .. name }) end
  if object.is == "library" and name then return builtins.member(object.name, name) or values.unknown end
  if indexers[object.is] then
    if name then return indexers[object.is](self, object, name, place) end
    if key.is == "any" then
      local found
      for _, one in ipairs(key.of) do found = values.join(found, calls.index(self, object, one, place)) end
      return found
    end
    self:found("dynamic", {})
  end
  return values.unknown
end

-- ---- calling

---Calls what is no function of a script.
---@return Value[] results
function calls.call(self, callee, arguments, node, file)
  if callee.is == "operation" then return call_operation(self, callee, arguments, node, file) end
  if callee.is == "host" then return call_host(self, callee, arguments, node, file) end
  if callee.is ~= "nil" then self:found("unseen", {}) end
  self:escape(arguments)
  return UNKNOWN
end

local function call_member(self, object, name, arguments, node, file)
  local found = object.is == "table" and (object.fields[name] or object.element)
  if found then return self:call(found, { open = arguments.open, object, table.unpack(arguments) }, node, file) end
  if object.is == "string" then return builtins.call_text(self, object, name, arguments, node, file) end
  self:escape(arguments)
  return UNKNOWN
end

---Calls `object:name(...)`.
---@return Value[] results
function calls.method(self, object, node, arguments, file)
  local name, results = node.name.value, nil
  for _, one in ipairs(values.each(object)) do
    if one.is == "rb" then
      results = require "check.engine".call(self, name, arguments, node, file)
    else
      results = results or call_member(self, one, name, arguments, node, file)
    end
  end
  return results
end

-- ---- loops

local function keys_of(t)
  local keys
  for name in pairs(t.fields) do keys = values.join(keys, { is = "string", value = name }) end
  if #t.items > 0 then keys = values.join(keys, { is = "number" }) end
  if t.element or t.open then keys = values.join(keys, values.unknown) end
  return keys
end

---What the variables of a loop are.
---@param list Value[] what stands behind `in`
---@return Value[]
function calls.iterate(self, list, node, file)
  local first = list[1] or values.unknown
  if first.is == "function" then return self:call(first, { open = true }, node, file) end
  if first.is ~= "iterate" then return UNKNOWN end
  local keys, elements
  for _, one in ipairs(values.each(first.of)) do
    if one.is == "params" then self.all_params_used = true end
    if one.is == "table" then
      keys = values.join(keys, first.keyed and keys_of(one) or { is = "number" })
      elements = values.join(elements, values.element(one))
    else
      keys, elements = values.join(keys, values.unknown), values.join(elements, values.unknown)
    end
  end
  if first.keyed == nil then return { elements or values.unknown } end
  return { keys or values.unknown, elements or values.unknown }
end

return calls
