--- One command line of `gwrun call`, read and checked before anything is sent.

local arguments = require "call.arguments"
local host = require "host.call"
local model = require "host.aws"
local names = require "call.names"
local output = require "call.output"
local values = require "call.values"

local command = {}

local FLAG, ONE = "flag", "one"

-- Options of the command's own; `bare` may stand without a value.
local OWN = {
  ["query"] = { kind = ONE }, ["color"] = { kind = ONE },
  ["no-paginate"] = { kind = FLAG }, ["no-cli-pager"] = { kind = FLAG }, ["reveal-secrets"] = { kind = FLAG },
  ["cli-input-json"] = { kind = ONE }, ["cli-connect-timeout"] = { kind = ONE }, ["cli-read-timeout"] = { kind = ONE },
  ["generate-cli-skeleton"] = { kind = ONE, bare = true }, ["generate-input"] = { kind = ONE, bare = true },
}
for name, argument in pairs(OWN) do argument.name = name end

local PAGING = {
  ["max-items"] = { kind = ONE, name = "max-items" },
  ["page-size"] = { kind = ONE, name = "page-size" },
  ["starting-token"] = { kind = ONE, name = "starting-token" },
}

local REFUSED = {
  ["no-verify-ssl"] = "who is answered must be known; AWS_CA_BUNDLE names a private authority",
  ["cli-input-yaml"] = "input comes as JSON, with --cli-input-json",
  ["cli-auto-prompt"] = "'help' behind the operation lists its options",
  ["debug"] = "--plan shows what would be sent",
  ["v2-debug"] = "gwrun behaves as version 2",
}

local PROMPT = "prompt://"

---@class Command
---@field help ("services"|"service"|"operation")? what to explain instead of calling
---@field service string?
---@field operation table? facts of host.aws.operation
---@field waiter table? facts of host.aws.waiter
---@field waiter_name string?
---@field arguments Arguments?
---@field params table
---@field prompts Argument[] whose value is asked for
---@field skeleton ("input"|"output")?
---@field format string? nil: what the environment or the profile says
---@field query string?
---@field reveal boolean
---@field settings { connect_timeout?: integer, read_timeout?: integer }
---@field paging table? { paginator=, max_items=, starting_token= }
---@field outfile string? where the stream of the answer goes
---@field outfile_member string?
---@field events_member string? of an answer that is a stream of events
---@field stream string? the member that is sent as a stream

local function usage(format, ...)
  error({ usage = format:format(...) }, 0)
end

local function must(value, problem)
  if value == nil then usage("%s", problem) end
  return value
end

-- ---- words

-- The first words that are no options: the service and the operation; the rest in their order.
local function split(args)
  local found, rest, at = {}, {}, 1
  while at <= #args do
    local word = args[at]
    local own = OWN[word:match "^%-%-(.+)$"]
    if #found == 2 or word:sub(1, 1) == "-" then
      rest[#rest + 1] = word
      if #found < 2 and own and own.kind == ONE and not own.bare then
        at = at + 1
        rest[#rest + 1] = args[at]
      end
    else
      found[#found + 1] = word
    end
    at = at + 1
  end
  return found[1], found[2], rest
end

local function own_options(paginator)
  local own = {}
  for name, argument in pairs(OWN) do own[name] = argument end
  for name, argument in pairs(paginator and PAGING or {}) do
    if name ~= "page-size" or paginator.limit_key then own[name] = argument end
  end
  return own
end

local function take_own(given, own)
  local taken = {}
  for name, argument in pairs(own) do
    if given[name] and given[name].argument == argument then taken[name], given[name] = given[name].words, nil end
  end
  return taken
end

-- ---- settings of the call

local function whole_number(name, text)
  return must(text:match "^[-+]?%d+$" and math.tointeger(tonumber(text)),
    ("--%s: expected an integer, such as 5, got '%s'"):format(name, text))
end

-- A token or a page's size by the API's own name means: this page only.
local function pages_by_hand(paginator, params)
  for _, name in ipairs(paginator.input_tokens) do
    if params[name] ~= nil then return true end
  end
  return paginator.limit_key and params[paginator.limit_key] ~= nil
end

local function read_paging(self, paginator, own)
  local max_items = own["max-items"] and whole_number("max-items", own["max-items"][1])
  local page_size = own["page-size"] and whole_number("page-size", own["page-size"][1])
  if page_size then
    self.params[paginator.limit_key] = paginator.limit_is_text and tostring(page_size) or page_size
  end
  self.paging = {
    paginator = paginator, max_items = max_items, starting_token = own["starting-token"] and own["starting-token"][1],
  }
end

-- With --no-paginate an option such as --max-items is the API's own, where it has one.
local function return_shadowed(self, given, own)
  for name in pairs(PAGING) do
    if own[name] then
      local argument = self.arguments.by_name[name]
      if not argument then usage("--no-paginate and --%s exclude each other", name) end
      given[name] = { argument = argument, words = own[name] }
    end
  end
end

-- Seconds; 0 is without end, for which a day will do.
local function read_patience(own)
  local settings = {}
  for field, name in pairs { connect_timeout = "cli-connect-timeout", read_timeout = "cli-read-timeout" } do
    local seconds = own[name] and whole_number(name, own[name][1])
    if seconds and (seconds < 0 or seconds > 86400) then usage("--%s: expected seconds from 0 to 86400", name) end
    settings[field] = seconds == 0 and 86400 or seconds
  end
  return settings
end

local function skeleton_kind(own)
  for _, name in ipairs { "generate-cli-skeleton", "generate-input" } do
    local words = own[name]
    if words then
      local kind = words[1] or "input"
      if kind ~= "input" and kind ~= "output" then usage("--%s: expected input or output, got '%s'", name, kind) end
      return kind
    end
  end
end

local function read_output(self, own)
  self.format = host.output and must(output.check(host.output))
  self.query = own.query and own.query[1]
  if self.query then
    local ok, err = json.check_query(self.query)
    if not ok then usage("--query: %s", err.message) end
  end
end

-- ---- parameters

local function take_prompts(self, given)
  for name, found in pairs(given) do
    if #found.words == 1 and found.words[1] == PROMPT then
      local kind = found.argument.member.shape.type
      if kind ~= "string" and kind ~= "blob" then usage("--%s: '%s' is for a text", name, PROMPT) end
      self.prompts[#self.prompts + 1] = found.argument
      given[name] = nil
    end
  end
end

local function read_input_json(self, own)
  local words = own["cli-input-json"]
  if not words then return end
  local text = must(values.try(values.load, words[1]))
  local input, err = json.decode(type(text) == "table" and text.bytes or text)
  if type(input) ~= "table" or getmetatable(input) == "array" then
    usage("--cli-input-json: expected a JSON object, or file://PATH of one%s", err and (" (" .. err.message .. ")") or "")
  end
  for name, value in pairs(input) do
    if self.params[name] == nil then self.params[name] = value end
  end
end

local function check_missing(self)
  local asked = {}
  for _, argument in ipairs(self.prompts) do asked["--" .. argument.name] = true end
  local missing = {}
  for _, name in ipairs(arguments.missing(self.arguments, self.params)) do
    if not asked[name] then missing[#missing + 1] = name end
  end
  if #missing > 0 then
    usage("%s: missing %s; '%s help' explains %s", self.title, table.concat(missing, ", "), "gwrun call " .. self.title,
      #missing > 1 and "them" or "it")
  end
end

-- ---- files that take an answer

local function sent_stream(self)
  for name, value in pairs(self.params) do
    if values.stream_path(value) then return name end
  end
end

local function streamed(shape)
  for _, member in ipairs(shape and shape.members or {}) do
    if member.shape.event_stream then return member, "events" end
    if member.payload and member.shape.type == "blob" then return member, "bytes" end
  end
end

local function read_outfile(self, loose)
  local member, kind = streamed(model.shape(self.operation.service, self.operation.snake_name, "output"))
  if kind == "events" then self.events_member = member.name end
  if self.waiter or kind ~= "bytes" then
    if loose[1] then usage("%s: unexpected argument '%s'", self.title, loose[1]) end
    return
  end
  if #loose > 1 then usage("%s: unexpected argument '%s'", self.title, loose[2]) end
  self.outfile = must(loose[1], ("%s: missing OUTFILE, the file that takes '%s'"):format(self.title, member.name))
  self.outfile_member = member.name
end

-- ---- all of it

local function read_options(self, args)
  local paginator = not self.waiter and model.paginator(self.operation.service, self.operation.snake_name) or nil
  local own_known = own_options(paginator)
  self.arguments = arguments.of(self.operation)
  local sorted, problem = arguments.sort(self.arguments, args, own_known, REFUSED)
  if not sorted then usage("%s: %s", self.title, problem) end
  local given, own = sorted.given, take_own(sorted.given, own_known)
  self.skeleton = skeleton_kind(own)
  self.reveal = own["reveal-secrets"] ~= nil
  self.settings = read_patience(own)
  if self.reveal and self.arguments.by_name["reveal-secrets"] then -- it means the same to both
    given["reveal-secrets"] = { argument = self.arguments.by_name["reveal-secrets"], words = {} }
  end
  if paginator and own["no-paginate"] then return_shadowed(self, given, own) end
  self.given = given
  take_prompts(self, given)
  local params
  params, problem = arguments.params(self.arguments, given)
  if not params then usage("%s: %s", self.title, problem) end
  self.params = params
  self.stream = sent_stream(self)
  read_input_json(self, own)
  if self.skeleton == "input" then return end
  check_missing(self)
  if paginator and not own["no-paginate"] and not pages_by_hand(paginator, self.params) then
    read_paging(self, paginator, own)
  end
  read_output(self, own)
  read_outfile(self, sorted.loose)
end

local function read_waiter(self, service, args)
  local word = table.remove(args, 1)
  if not word or word == "help" then
    self.help = "waiters"
    return
  end
  self.waiter = must(names.waiter(service, word))
  self.waiter_name = names.kebab(word:gsub("_", "-"))
  self.operation = model.operation(service, self.waiter.operation)
end

local function wants_help(args)
  return host.help or args[#args] == "help" or args[1] == "help"
end

local function read(args)
  local service_word, operation_word, rest = split(args)
  local self = { params = {}, prompts = {} }
  if not service_word or service_word == "help" then
    self.help = "services"
    return self
  end
  self.service = must(names.service(service_word))
  if not operation_word or operation_word == "help" then
    self.help = "service"
    return self
  end
  self.title = names.service_command(self.service)
  if operation_word == "wait" then
    read_waiter(self, self.service, rest)
    if self.help then return self end
    self.title = self.title .. " wait " .. self.waiter_name
  else
    self.operation = must(names.operation(self.service, operation_word))
    self.title = self.title .. " " .. names.command(self.operation.snake_name)
  end
  if wants_help(rest) then
    self.help = "operation"
    self.arguments = arguments.of(self.operation)
    return self
  end
  read_options(self, rest)
  return self
end

---Reads the words behind `gwrun call`.
---@param args string[]
---@return Command?
---@return string? problem
function command.read(args)
  local ok, result = pcall(read, args)
  if ok then return result end
  if type(result) == "table" and result.usage then return nil, result.usage end
  error(result, 0)
end

return command
