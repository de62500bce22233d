--- Compiles the facts of API models into the table that host/aws/model.c reads.
---
--- The table is one block of little-endian records that refer to one another by the distance in bytes from the reference
--- itself (0: nothing), so it needs no relocation and no start-up. Behind the records come the texts, equal ones once. The
--- order of the fields in `emit_*` below is the layout of the structs in host/aws/model_table.h: change both, and VERSION,
--- together.
local parse = require "models.parse"

local compile = {}

local VERSION = 4

local place                                                 -- what is being compiled, for messages

local function fail(format, ...) error(("%s: %s"):format(place, format:format(...)), 0) end

-- ---- records ---------------------------------------------------------------------------------------------------------
-- A record is a list of fields; `put` gives it its place in the block. References may point to what is put later.

local SIZES = { u1 = 1, u2 = 2, u4 = 4, d = 8, ref = 4, magic = 8 }
local FORMATS = { u1 = "<I1", u2 = "<I2", u4 = "<I4", d = "<d", ref = "<i4", magic = "<c8" }

-- Of one compilation. Texts, rare facts and ranges are looked up by what they say.
local records, texts, text_order, extras, ranges

local function reset() records, texts, text_order, extras, ranges = {}, {}, {}, {}, {} end

local function u1(value) return { "u1", value } end
local function u2(value) return { "u2", value } end
local function u4(value) return { "u4", value } end
local function ref(record) return { "ref", record } end

local function put(record)
  records[#records + 1] = record
  return record
end

-- Records one after the other are an array; its address is the first one's. Nil for none.
local function put_all(list)
  for _, record in ipairs(list) do put(record) end
  return list[1]
end

local function text(value)
  if not value or value == "" then return ref(nil) end
  if not texts[value] then
    texts[value] = { text = value }
    text_order[#text_order + 1] = texts[value]
  end
  return ref(texts[value])
end

local function map(list, fn)
  local out = {}
  for i, item in ipairs(list) do out[i] = fn(item, i) end
  return out
end

local function texts_array(list) return #list > 0 and put(map(list, text)) or nil end

local function sorted(list, key)
  local copy = table.move(list, 1, #list, 1, {})
  table.sort(copy, function(a, b) return a[key] < b[key] end)
  return copy
end

-- The indices (from 0) of `list` in the order of `key`, as 16-bit numbers.
local function order_array(list, key)
  local index = {}
  for i, item in ipairs(list) do index[item] = i - 1 end
  return #list > 0 and put(map(sorted(list, key), function(item) return u2(index[item]) end)) or nil
end

-- ---- the model as records --------------------------------------------------------------------------------------------

local SHAPE_TYPES = { structure = 0, list = 1, map = 2, string = 3, blob = 4, boolean = 5, integer = 6, long = 7, float = 8,
                      double = 9, timestamp = 10 }
local PROTOCOLS = { json = 0, query = 1, ec2 = 2, ["rest-json"] = 3, ["rest-xml"] = 4, ["smithy-rpc-v2-cbor"] = 5 }
local DISCOVERIES = { required = 1, answers = 2 }
local AUTHS = { none = 1, ["unsigned-body"] = 2, bearer = 3 }
local EFFECTS = { read = 0, ["read-secret"] = 1, change = 2, destroy = 3 }
local TIMES = { iso8601 = 1, rfc822 = 2, unixTimestamp = 3 }
local LOCATIONS = { uri = 1, querystring = 2, header = 3, headers = 4, statuscode = 5 }
local MATCHERS = { path = 0, pathAll = 1, pathAny = 2, status = 3, error = 4 }
local STATES = { success = 0, failure = 1, retry = 2 }
local SHAPE_FLAGS = { "sensitive", "flattened", "union", "exception", "document", "streaming", "event-stream", "event",
                      "wrapper", "sparse", "retryable", "throttling", "sender", "min", "max" }
local MEMBER_FLAGS = { "required", "sensitive", "token", "flattened", "attribute", "streaming", "host-label",
                       "event-header", "event-payload", "json", "wire" }

local function known(table_of, value, what)
  return table_of[value] or fail("unknown %s '%s'", what, tostring(value))
end

local function optional(table_of, value, what) return value and known(table_of, value, what) or 0 end

local function flags(names, has)
  local bits = 0
  for i, name in ipairs(names) do
    if has[name] then bits = bits | 1 << (i - 1) end
  end
  return bits
end

-- The shape's traits speak for a member that says nothing of its own.
local function inherited(member, shape)
  local has = {}
  for _, key in ipairs { "wire", "time", "namespace", "prefix", "flattened", "streaming", "sensitive", "json" } do
    has[key] = member.traits[key] or shape.traits[key]
  end
  if shape.type == "structure" then has.wire = member.traits.wire end -- the shape's own names it as a root
  return setmetatable(has, { __index = member.traits })
end

-- Rare facts, in a record of their own.
local function extra_of(has)
  local list = { has["query-name"] or "", has.namespace or "", has.prefix or "", has.context or "" }
  local key = table.concat(list, "\0")
  if key == "\0\0\0" then return nil end
  extras[key] = extras[key] or put(map(list, text))
  return extras[key]
end

local function range_of(traits)
  if not (traits.min or traits.max) then return nil end
  local min, max = tonumber(traits.min or 0), tonumber(traits.max or 0)
  local key = min .. " " .. max
  ranges[key] = ranges[key] or { align = 8, { "d", min }, { "d", max } }
  return ranges[key]
end

local function emit_member(member, shapes)
  local shape = shapes[member.shape] or fail("member '%s': no shape '%s'", member.name, member.shape)
  local has = inherited(member, shape)
  has.required = member.required
  return {
    text(member.name), text(has.wire or member.name), ref(shape.record), ref(extra_of(has)),
    u2(flags(MEMBER_FLAGS, has)), u1(optional(LOCATIONS, has["in"], "location")), u1(optional(TIMES, has.time, "time")),
  }
end

local function payload_index(shape)
  for i, member in ipairs(shape.members) do
    if member.name == shape.traits.payload then return i end
  end
  return 0
end

local function fill_shape(shape, shapes)
  local traits = shape.traits
  local member_records = map(shape.members, function(member) return emit_member(member, shapes) end)
  local record = {
    text(shape.name), text(traits.wire), text(traits.namespace), text(traits.prefix),
    text(traits.code or traits.exception and shape.name),
    ref(put_all(member_records)),
    ref(shape.type == "structure" and order_array(shape.members, "name") or nil),
    ref(texts_array(shape.enum)), ref(range_of(traits)),
    u4(flags(SHAPE_FLAGS, traits)), u2(#shape.members), u2(#shape.enum), u2(payload_index(shape)),
    u2(tonumber(traits.status or 0)), u1(known(SHAPE_TYPES, shape.type, "type")),
    u1(optional(TIMES, traits.time, "time")), u2(0),
  }
  table.move(record, 1, #record, 1, shape.record)
end

local function emit_paginator(pages)
  local fields = { pages["in"], pages.out, pages.items, pages.keep }
  local record = map(fields, function(list) return ref(texts_array(list)) end)
  for _, list in ipairs(fields) do record[#record + 1] = u2(#list) end
  record[#record + 1] = text(pages.limit)
  record[#record + 1] = text(pages.more)
  return put(record)
end

local function emit_checksum(facts)
  local responses = {}
  for name in (facts.response or ""):gmatch "[^,]+" do responses[#responses + 1] = name end
  return put {
    text(facts.request), text(facts.validation), ref(texts_array(responses)), u2(#responses),
    u1(facts.required and 1 or 0), u1(0),
  }
end

local function emit_context(context) return { text(context.name), text(context.json), text(context.path) } end

local function emit_operation(op, service)
  local function shape(name)
    return name and ref((service.shapes[name] or fail("%s: no shape '%s'", op.name, name)).record) or ref(nil)
  end
  return {
    ref(service.record), text(op.name), text(op.snake), text(op.method), text(op.uri), text(op.host_prefix),
    text(op.wrapper), shape(op.input), shape(op.output), ref(#op.errors > 0 and put(map(op.errors, shape)) or nil),
    ref(op.pages and emit_paginator(op.pages) or nil), ref(op.checksum and emit_checksum(op.checksum) or nil),
    ref(put_all(map(op.contexts, emit_context))),
    u2(#op.errors), u2(op.status or 0), u1(known(EFFECTS, op.effect, "effect")), u1(optional(AUTHS, op.auth, "auth")),
    u1((op.compress and 1 or 0) + 2 * optional(DISCOVERIES, op.discovery, "discovery")), u1(#op.contexts),
  }
end

local function emit_acceptor(acceptor)
  return {
    text(acceptor.argument), text(acceptor.expected),
    u2(known(MATCHERS, acceptor.matcher, "matcher")), u2(known(STATES, acceptor.state, "state")),
  }
end

local function emit_waiter(waiter, operation_records)
  return {
    text(waiter.name), text(waiter.snake),
    ref(operation_records[waiter.operation] or fail("waiter %s: no operation '%s'", waiter.name, waiter.operation)),
    ref(put_all(map(waiter.acceptors, emit_acceptor))),
    u2(#waiter.acceptors), u2(waiter.delay), u2(waiter.attempts), u2(0),
  }
end

-- The shapes of a service lie side by side, so that a reference to one is easy to check.
local function emit_shapes(service)
  local shapes = {}
  for _, shape in pairs(service.shapes) do
    shape.record = {}
    shapes[#shapes + 1] = shape
  end
  shapes = sorted(shapes, "name")
  for _, shape in ipairs(shapes) do fill_shape(shape, service.shapes) end
  return map(shapes, function(shape) return put(shape.record) end)
end

local function fill_service(service)
  place = service.name
  local shape_records = emit_shapes(service)
  local operations, by_name = sorted(service.operations, "snake"), {}
  local operation_records = map(operations, function(op)
    by_name[op.name] = emit_operation(op, service)
    return by_name[op.name]
  end)
  local waiters = sorted(service.waiters, "snake")
  local waiter_records = map(waiters, function(waiter) return emit_waiter(waiter, by_name) end)
  local record = {
    text(service.name), text(service.id), text(service["iam-prefix"]), text(service["signing-name"]),
    text(service["endpoint-prefix"]), text(service["api-version"]), text(service["target-prefix"]),
    text(service["json-version"]), text(service["xml-namespace"]), text(table.concat(service.rules)),
    ref(put_all(operation_records)), ref(order_array(operations, "name")), ref(put_all(waiter_records)),
    ref(shape_records[1]), u2(#operations), u2(#waiters), u2(#shape_records),
    u1(known(PROTOCOLS, service.protocol, "protocol")), u1(service["query-compatible"] and 1 or 0),
  }
  table.move(record, 1, #record, 1, service.record)
end

-- ---- writing ---------------------------------------------------------------------------------------------------------

local function align(at, to) return (at + to - 1) // to * to end

local function size_of(record)
  local size = 0
  for _, field in ipairs(record) do size = size + SIZES[field[1]] end
  return size
end

local function pack(record)
  local at, parts = record.at, {}
  for i, field in ipairs(record) do
    local kind, value = field[1], field[2]
    if kind == "ref" then value = value and value.at - at or 0 end
    parts[i] = FORMATS[kind]:pack(value)
    at = at + SIZES[kind]
  end
  return table.concat(parts)
end

-- Gives every record its address, in the order of the list, and returns the address behind the last.
local function lay_out(list, at)
  for _, record in ipairs(list) do
    record.at = align(at, record.align or 4)
    at = record.at + (record.text and 4 + #record.text + 1 or size_of(record))
  end
  return at
end

local function sorted_ranges()
  local list = {}
  for key, record in pairs(ranges) do list[#list + 1] = { key = key, record = record } end
  return map(sorted(list, "key"), function(item) return item.record end)
end

local function bytes_of(header)
  local all = { header }
  for _, list in ipairs { sorted_ranges(), records } do table.move(list, 1, #list, #all + 1, all) end
  local texts_at = align(lay_out(all, 0), 4)
  local size = align(lay_out(text_order, texts_at), 8)
  header[3][2], header[6][2] = size, texts_at
  table.move(text_order, 1, #text_order, #all + 1, all)
  local out, at = {}, 0
  for i, record in ipairs(all) do
    local bytes = record.text and ("<s4"):pack(record.text) .. "\0" or pack(record)
    out[i] = ("\0"):rep(record.at - at) .. bytes
    at = record.at + #bytes
  end
  return table.concat(out) .. ("\0"):rep(size - at)
end

---The table of all services in the facts. Raises "name:line: what was wrong".
---@param files { name: string, text: string }[]
---@return string
function compile.table(files)
  local services = {}
  for _, file in ipairs(files) do parse.add(file.text, file.name, services) end
  services = sorted(services, "name")
  reset()
  local service_records = map(services, function(service)
    service.record = {}
    return service.record
  end)
  for _, service in ipairs(services) do fill_service(service) end
  put_all(service_records)
  return bytes_of {
    align = 8, { "magic", "gwmodels" }, u4(VERSION), u4(0), u4(#services), ref(service_records[1]), u4(0), u4(0),
  }
end

return compile
