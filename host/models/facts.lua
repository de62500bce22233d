--- Writes the facts of one model in botocore's format as lines of text, without a word of documentation.
---
--- The format, by lines; compile.lua reads it. A word that has blanks or quotes in it is written as a JSON string.
---
---   service NAME                                       several may share a file; facts of the service, one a line
---   operation NAME snake_name EFFECT                   indented: http METHOD URI [STATUS], input SHAPE, output SHAPE
---                                                      [RESULT-WRAPPER], errors SHAPE..., host-prefix, auth,
---                                                      checksum, compress, discovery, context, context-path,
---                                                      pages
---   waiter NAME snake_name OPERATION delay=S attempts=N     indented: STATE MATCHER EXPECTED-JSON [JMESPATH]
---   structure|list|map NAME TRAIT...                   indented: one member a line, MEMBER[!] SHAPE TRAIT...; ! required
---   string NAME TRAIT...                               indented: one value of its enum a line
---   blob|boolean|integer|long|float|double|timestamp NAME TRAIT...
---   endpoint-rules                                     indented: JSON, of which line breaks and indents are no part
local effects = require "models.effects"
local json = require "models.json"

local facts = {}

local PREFERRED = { "json", "rest-json", "rest-xml", "query", "ec2", "smithy-rpc-v2-cbor" }
local LINE_WIDTH = 150

-- ---- names -----------------------------------------------------------------------------------------------------------

local IRREGULAR = {
  CreateCachediSCSIVolume = "create_cached_iscsi_volume",
  DescribeCachediSCSIVolumes = "describe_cached_iscsi_volumes",
  DescribeStorediSCSIVolumes = "describe_stored_iscsi_volumes",
  CreateStorediSCSIVolume = "create_stored_iscsi_volume",
  ListHITsForQualificationType = "list_hits_for_qualification_type",
}

-- Names that would be cut in the middle.
local WHOLE = { PartiQL = "Partiql", WhatsApp = "Whatsapp", OTel = "Otel" }

---The name as boto3 spells it in Python: "DescribeDBInstances" is "describe_db_instances".
function facts.snake_name(name)
  if name:find("_", 1, true) then return name end
  if IRREGULAR[name] then return IRREGULAR[name] end
  for whole, plain in pairs(WHOLE) do name = name:gsub(whole, plain) end
  name = name:gsub("%u%u+s$", function(plural) return "_" .. plural:lower() end)
  name = name:gsub("(.)(%u%l+)", "%1_%2")
  return (name:gsub("([%l%d])(%u)", "%1_%2"):lower())
end

-- One word of a line: as it is, or as a JSON string where it would not be one word.
local function word(text)
  text = type(text) == "string" and text or json.write(text)
  return text:find '^[^%s"]+$' and text or json.quote(text)
end

local function trait(name, value) return name .. "=" .. word(value) end

local function add_all(list, more)
  for _, item in ipairs(more) do list[#list + 1] = item end
  return list
end

local function sorted_names(object)
  local names = add_all({}, object or {})
  table.sort(names)
  return names
end

-- ---- traits ----------------------------------------------------------------------------------------------------------

local SHAPE_TYPES = {}
for name in ("structure list map string blob boolean integer long float double timestamp"):gmatch "%a+" do
  SHAPE_TYPES[name] = name
end
SHAPE_TYPES.character = "string"

local function shape_type(name, shape)
  return SHAPE_TYPES[shape.type] or
    error(("shape '%s': unknown type '%s'"):format(name, tostring(shape.type)), 0)
end

-- The members of a shape in their order, as pairs of a name and a reference to a shape.
local function members_of(shape)
  local list = {}
  if shape.type == "structure" then
    for _, name in ipairs(shape.members or {}) do list[#list + 1] = { name, shape.members[name] } end
    return list
  end
  for _, name in ipairs { "member", "key", "value" } do
    if shape[name] then list[#list + 1] = { name, shape[name] } end
  end
  return list
end

-- Models write a namespace as a text or as an object.
local function namespace(value)
  if type(value) == "string" then return value end
  return value.uri, value.prefix
end

local function add_flags(words, traits, names)
  for _, name in ipairs(names) do
    if traits[name[1]] then words[#words + 1] = name[2] or name[1] end
  end
  return words
end

-- What shapes and members may both carry.
local function common_traits(traits)
  local words = {}
  if traits.locationName then words[#words + 1] = trait("wire", traits.locationName) end
  if traits.timestampFormat then words[#words + 1] = trait("time", traits.timestampFormat) end
  if traits.xmlNamespace then
    local uri, prefix = namespace(traits.xmlNamespace)
    words[#words + 1] = trait("namespace", uri)
    words[#words + 1] = prefix and trait("prefix", prefix)
  end
  return add_flags(words, traits, { { "flattened" }, { "streaming" }, { "sensitive" } })
end

local function add_error_traits(words, shape)
  local err = shape.error or {}
  words[#words + 1] = "exception"
  words[#words + 1] = err.code and trait("code", err.code)
  words[#words + 1] = err.httpStatusCode and trait("status", err.httpStatusCode)
  words[#words + 1] = err.senderFault and "sender" or nil
  words[#words + 1] = shape.fault and "fault" or nil
end

local function shape_traits(shape)
  local words = common_traits(shape)
  add_flags(words, shape, { { "union" }, { "document" }, { "sparse" }, { "wrapper" },
    { "eventstream", "event-stream" }, { "event" } })
  if shape.exception or shape.error then add_error_traits(words, shape) end
  if shape.retryable then
    words[#words + 1] = "retryable"
    words[#words + 1] = shape.retryable.throttling and "throttling" or nil
  end
  words[#words + 1] = shape.payload and trait("payload", shape.payload)
  words[#words + 1] = shape.min and trait("min", shape.min)
  words[#words + 1] = shape.max and trait("max", shape.max)
  return words
end

-- Where a member goes may be said of its shape instead.
local function member_traits(member, shape)
  local words, location = common_traits(member), member.location or shape.location
  words[#words + 1] = member.queryName and trait("query-name", member.queryName)
  words[#words + 1] = location and trait("in", location:lower())
  words[#words + 1] = member.contextParam and trait("context", member.contextParam.name)
  return add_flags(words, member, { { "idempotencyToken", "token" }, { "xmlAttribute", "attribute" },
    { "jsonvalue", "json" }, { "hostLabel", "host-label" }, { "eventheader", "event-header" },
    { "eventpayload", "event-payload" } })
end

-- ---- the service -----------------------------------------------------------------------------------------------------

local function spoken_protocols(meta)
  if meta.protocols and #meta.protocols > 0 then return meta.protocols end
  return { meta.protocol or error("metadata: no protocol is named", 0) }
end

local function preferred_protocol(meta)
  local spoken = {}
  for _, name in ipairs(spoken_protocols(meta)) do spoken[name] = true end
  for _, name in ipairs(PREFERRED) do
    if spoken[name] then return name end
  end
  error(("metadata: none of its protocols is spoken here: '%s'")
    :format(table.concat(spoken_protocols(meta), "', '")), 0)
end

-- Two services are older than version 4 of AWS's signatures and have never learnt it.
local function check_signature(meta)
  if meta.signatureVersion == "v2" then
    error("metadata: its requests are signed by version 2 of AWS's signatures; gwrun signs by version 4 only", 0)
  end
end

local function add_service(lines, model)
  local meta = model.metadata
  check_signature(meta)
  local prefix = meta.endpointPrefix or ""
  local signing = meta.signingName or prefix
  local list = {
    { "id", meta.serviceId or model.name },
    { "endpoint-prefix", prefix },
    { "signing-name", signing },
    { "iam-prefix", model.rules.iam[model.name] or signing },
    { "api-version", meta.apiVersion or "" },
    { "protocol", preferred_protocol(meta) },
    { "target-prefix", meta.targetPrefix or "" },
    { "json-version", meta.jsonVersion or "" },
    { "xml-namespace", namespace(meta.xmlNamespace or "") or "" },
    { "global-endpoint", meta.globalEndpoint or "" },
  }
  lines[#lines + 1] = "service " .. model.name
  for _, fact in ipairs(list) do
    if fact[2] ~= "" then lines[#lines + 1] = ("  %s %s"):format(fact[1], word(fact[2])) end
  end
  lines[#lines + 1] = "  protocols " .. table.concat(spoken_protocols(meta), " ")
  if meta.awsQueryCompatible then lines[#lines + 1] = "  query-compatible" end
end

-- ---- operations ------------------------------------------------------------------------------------------------------

local function http_words(op)
  local http = op.http or { method = "POST", requestUri = "/" }
  local words = { word(http.method), word(http.requestUri) }
  words[3] = http.responseCode and word(http.responseCode)
  return words
end

-- How requests are signed where that is not by SigV4 with a hash of the body; nil where it is.
local function auth_of(meta, op)
  if op.authtype == "none" or op.auth and #op.auth == 1 and op.auth[1] == "smithy.api#noAuth" then return "none" end
  if op.authtype == "v4-unsigned-body" or op.unsignedPayload then return "unsigned-body" end
  return meta.signatureVersion == "bearer" and "bearer" or nil
end

local function checksum_words(op)
  local checksum = op.httpChecksum
  local required = op.httpChecksumRequired or checksum and checksum.requestChecksumRequired
  if not (checksum or required) then return nil end
  local words = { required and "required" or nil }
  if checksum then
    words[#words + 1] = checksum.requestAlgorithmMember and trait("request", checksum.requestAlgorithmMember)
    words[#words + 1] = checksum.requestValidationModeMember and
      trait("validation", checksum.requestValidationModeMember)
    words[#words + 1] = checksum.responseAlgorithms and
      trait("response", table.concat(checksum.responseAlgorithms, ","))
  end
  return words
end

-- The parameters of an object by name, as NAME=VALUE.
local function parameter_words(parameters, value_of)
  local words = {}
  for _, name in ipairs(sorted_names(parameters)) do
    words[#words + 1] = trait(name, value_of(parameters[name]))
  end
  return words
end

local PAGE_FIELDS = { { "input_token", "in" }, { "output_token", "out" }, { "result_key", "items" },
  { "limit_key", "limit" }, { "more_results", "more" }, { "non_aggregate_keys", "keep" } }

local function page_words(page)
  local words = {}
  for _, field in ipairs(PAGE_FIELDS) do
    local values = page[field[1]]
    for _, value in ipairs(json.is_array(values) and values or { values }) do
      words[#words + 1] = trait(field[2], value)
    end
  end
  return words
end

local function add_words(lines, keyword, words)
  if words then lines[#lines + 1] = ("  %s %s"):format(keyword, table.concat(words, " ")) end
end

-- Whether the service must be asked where to send the operation, or is asked that by it. What may be asked, but need
-- not, is sent to the endpoint of the rules.
local function discovery_words(op)
  if op.endpointoperation then return { "answers" } end
  return op.endpointdiscovery and op.endpointdiscovery.required and { "required" } or nil
end

local function add_operation_traits(lines, model, op)
  add_words(lines, "host-prefix", op.endpoint and op.endpoint.hostPrefix and { word(op.endpoint.hostPrefix) })
  local auth = auth_of(model.metadata, op)
  add_words(lines, "auth", auth and { auth })
  add_words(lines, "checksum", checksum_words(op))
  add_words(lines, "compress", op.requestcompression and op.requestcompression.encodings)
  add_words(lines, "discovery", discovery_words(op))
  add_words(lines, "context", op.staticContextParams and
    parameter_words(op.staticContextParams, function(param) return json.write(param.value) end))
  add_words(lines, "context-path", op.operationContextParams and
    parameter_words(op.operationContextParams, function(param) return param.path end))
end

local function add_operation(lines, model, op)
  local name = op.name
  local effect = effects.of(model.rules, model.name, name, op.readonly)
  lines[#lines + 1] = ("operation %s %s %s"):format(name, facts.snake_name(name), effect)
  add_words(lines, "http", http_words(op))
  add_words(lines, "input", op.input and { op.input.shape })
  add_words(lines, "output", op.output and { op.output.shape, op.output.resultWrapper })
  if op.errors and #op.errors > 0 then
    local errors = {}
    for i, err in ipairs(op.errors) do errors[i] = err.shape end
    add_words(lines, "errors", errors)
  end
  add_operation_traits(lines, model, op)
  local page = model.paginators and model.paginators[name]
  add_words(lines, "pages", page and page_words(page))
end

local function add_waiter(lines, name, waiter)
  lines[#lines + 1] = ("waiter %s %s %s delay=%d attempts=%d")
    :format(name, facts.snake_name(name), waiter.operation, waiter.delay, waiter.maxAttempts)
  for _, acceptor in ipairs(waiter.acceptors) do
    add_words(lines, acceptor.state, { acceptor.matcher, json.write(acceptor.expected), acceptor.argument })
  end
end

-- ---- shapes ----------------------------------------------------------------------------------------------------------

-- The names of the shapes that a call may meet, in order.
local function reachable_shapes(model)
  local found, todo, names = {}, {}, {}
  for _, name in ipairs(model.operations) do
    local op = model.operations[name]
    todo[#todo + 1] = op.input and op.input.shape
    todo[#todo + 1] = op.output and op.output.shape
    for _, err in ipairs(op.errors or {}) do todo[#todo + 1] = err.shape end
  end
  while #todo > 0 do
    local name = table.remove(todo)
    if not found[name] then
      found[name], names[#names + 1] = true, name
      local shape = model.shapes[name] or error(("no shape '%s', though something refers to it"):format(name), 0)
      for _, member in ipairs(members_of(shape)) do todo[#todo + 1] = member[2].shape end
    end
  end
  table.sort(names)
  return names
end

local function add_shape(lines, model, name)
  local shape = model.shapes[name]
  local words = { shape_type(name, shape), name }
  words[3] = effects.is_sensitive(model.rules, model.name, name) and not shape.sensitive and "sensitive" or nil
  lines[#lines + 1] = table.concat(add_all(words, shape_traits(shape)), " ")
  local required = {}
  for _, member in ipairs(shape.required or {}) do required[member] = true end
  for _, member in ipairs(members_of(shape)) do
    local key = member[1] .. (required[member[1]] and "!" or "")
    local member_words = add_all({ member[2].shape }, member_traits(member[2], model.shapes[member[2].shape]))
    if effects.is_sensitive(model.rules, model.name, name .. "." .. member[1]) and not member[2].sensitive then
      member_words[#member_words + 1] = "sensitive"
    end
    add_words(lines, key, member_words)
  end
  for _, value in ipairs(shape.enum or {}) do lines[#lines + 1] = "  " .. word(value) end
end

-- ---- endpoint rules --------------------------------------------------------------------------------------------------

-- JSON without blanks, broken where a value would pass the line: a rule that changes is a line that changes.
local function add_broken_json(lines, value, depth, before, after)
  local whole = ("  "):rep(depth) .. before .. json.write(value) .. after
  local object = json.is_object(value)
  if utf8.len(whole) <= LINE_WIDTH or not (object or json.is_array(value)) then
    lines[#lines + 1] = whole
    return
  end
  lines[#lines + 1] = ("  "):rep(depth) .. before .. (object and "{" or "[")
  for i, item in ipairs(value) do
    local comma = i < #value and "," or ""
    if object then
      add_broken_json(lines, value[item], depth + 1, json.quote(item) .. ":", comma)
    else
      add_broken_json(lines, item, depth + 1, "", comma)
    end
  end
  lines[#lines + 1] = ("  "):rep(depth) .. (object and "}" or "]") .. after
end

-- ---- all of it -------------------------------------------------------------------------------------------------------

-- An operation may name the XML element or the payload of its input and output; the shape, used nowhere else, takes that
-- over.
local function move_traits(model)
  for _, name in ipairs(model.operations) do
    for _, side in ipairs { "input", "output" } do
      local reference = model.operations[name][side] or {}
      for _, key in ipairs { "locationName", "xmlNamespace", "payload" } do
        if reference[key] then json.set(model.shapes[reference.shape], key, reference[key]) end
      end
    end
  end
end

---@class Model one service as botocore's data folder describes it; the parts are JSON as models.json reads it
---@field name string the folder's name
---@field rules Rules
---@field metadata table
---@field operations table
---@field shapes table
---@field paginators table? by operation
---@field waiters table? by name
---@field endpoint_rules table?

---The operations in the order of their names.
---@param model Model
function facts.operations(model)
  local list = {}
  for i, name in ipairs(model.operations) do list[i] = model.operations[name] end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- What models say that either is among the facts or means nothing to a client.
local KNOWN = {
  operation = [[name http input output errors endpoint auth authtype unsignedPayload httpChecksum httpChecksumRequired
    requestcompression staticContextParams operationContextParams readonly idempotent deprecated deprecatedMessage
    deprecatedSince endpointdiscovery endpointoperation documentationUrl]],
  shape = [[type members member key value required enum locationName timestampFormat xmlNamespace flattened streaming
    sensitive union document sparse wrapper eventstream event exception error fault retryable payload min max synthetic
    location pattern box deprecated deprecatedMessage deprecatedSince xmlOrder requiresLength]],
  member = [[shape locationName timestampFormat xmlNamespace flattened streaming sensitive queryName location
    contextParam idempotencyToken xmlAttribute jsonvalue hostLabel eventheader eventpayload box enum deprecated
    deprecatedMessage deprecatedSince]],
}
for kind, names in pairs(KNOWN) do
  KNOWN[kind] = {}
  for name in names:gmatch "%S+" do KNOWN[kind][name] = true end
end

---What the model says that is not understood here, each once: "trait 'x' of shape 'Y'".
---@param model Model
---@return string[]
function facts.unknown_traits(model)
  local list, seen = {}, {}
  local function look_at(kind, owner, traits)
    for _, name in ipairs(traits) do
      if not KNOWN[kind][name] and not seen[kind .. name] then
        seen[kind .. name] = true
        list[#list + 1] = ("trait '%s' of %s '%s'"):format(name, kind, owner)
      end
    end
  end
  for _, name in ipairs(model.operations) do look_at("operation", name, model.operations[name]) end
  for _, name in ipairs(model.shapes) do
    look_at("shape", name, model.shapes[name])
    for _, member in ipairs(members_of(model.shapes[name])) do look_at("member", name .. "." .. member[1], member[2]) end
  end
  return list
end

---The facts of the service, as text. Raises what is wrong with the model.
---@param model Model
---@return string
function facts.write(model)
  local lines = {}
  move_traits(model)
  add_service(lines, model)
  for _, op in ipairs(facts.operations(model)) do
    lines[#lines + 1] = ""
    add_operation(lines, model, op)
  end
  for _, name in ipairs(sorted_names(model.waiters)) do
    lines[#lines + 1] = ""
    add_waiter(lines, name, model.waiters[name])
  end
  for i, name in ipairs(reachable_shapes(model)) do
    if i == 1 then lines[#lines + 1] = "" end
    add_shape(lines, model, name)
  end
  if model.endpoint_rules then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "endpoint-rules"
    add_broken_json(lines, model.endpoint_rules, 1, "", "")
  end
  return table.concat(lines, "\n") .. "\n"
end

return facts
