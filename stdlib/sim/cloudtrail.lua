--- CloudTrail, simulated: what the world's calls leave behind, and LookupEvents over the last 90 days of it.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"

local operations = {}

local KEPT_SECONDS, MOST_RESULTS = 90 * 86400, 50
local SOURCE_ADDRESS = "203.0.113.24"

-- What CloudTrail leaves out of requestParameters, as "HIDDEN_DUE_TO_SECURITY_REASONS".
local HIDDEN = { SecretString = true, SecretBinary = true, Password = true, NewPassword = true, OldPassword = true, Value = true }

local function without_secrets(input)
  local shown = {}
  for name, value in pairs(input) do shown[name] = HIDDEN[name] and "HIDDEN_DUE_TO_SECURITY_REASONS" or value end
  return next(shown) and shown or nil
end

local function identity_of(world, call)
  local caller = call.user
  if not caller then return { type = "Unknown" } end
  local identity = {
    type = caller.role and "AssumedRole" or "IAMUser", principalId = caller.id, arn = caller.arn, accountId = world.account,
    accessKeyId = call.access_key_id, userName = caller.name,
  }
  if caller.role then
    identity.sessionContext = {
      sessionIssuer = { type = "Role", principalId = caller.role.id, arn = caller.role.arn, accountId = world.account, userName = caller.role.name },
    }
  end
  return identity
end

-- ARNs that the call names, for lookups by resource.
local function resources_of(input)
  local list = host.array {}
  for _, value in pairs(input) do
    if type(value) == "string" and value:match "^arn:" then list[#list + 1] = { ResourceName = value } end
  end
  return list
end

local function username_of(call)
  local caller = call.user or {}
  return caller.name or caller.arn and caller.arn:match "([^/]+)$"
end

-- Another id than the request's, but of the same chance: who looks does not change what happens in the world.
local function event_id(request_id)
  return (request_id:gsub("%x", function(digit) return ("%x"):format(15 - tonumber(digit, 16)) end))
end

---Keeps a call that was answered.
---@param world table of the call's region
---@param call table as the front door has it
---@param input table
---@param err? table what sim.fail made
local function record(world, call, input, err)
  if err and not err.code then return end
  local at, id = clock.now(), event_id(call.request_id)
  local source = call.iam_prefix .. ".amazonaws.com"
  table.insert(world.trail.events, {
    at = at, visible_at = at + world.trail.delay,
    shape = {
      EventId = id, EventName = call.name, ReadOnly = tostring(call.reads), AccessKeyId = call.access_key_id,
      EventTime = clock.stamp(at), EventSource = source, Username = username_of(call), Resources = resources_of(input),
      CloudTrailEvent = host.json {
        eventVersion = "1.11", userIdentity = identity_of(world, call), eventTime = host.iso(math.floor(at)), eventSource = source,
        eventName = call.name, awsRegion = call.region, sourceIPAddress = call.source_address or SOURCE_ADDRESS,
        userAgent = call.user_agent, errorCode = err and err.code, errorMessage = err and err.message,
        requestParameters = without_secrets(input), requestID = call.request_id, eventID = id, readOnly = call.reads,
        eventType = "AwsApiCall", managementEvent = true, recipientAccountId = world.account, eventCategory = "Management",
      },
    },
  })
end

local function has_resource(event, name)
  for _, resource in ipairs(event.Resources) do
    if resource.ResourceName == name then return true end
  end
  return false
end

local function fits(event, attribute)
  if not attribute then return true end
  if attribute.AttributeKey == "ResourceName" then return has_resource(event, attribute.AttributeValue) end
  return event[attribute.AttributeKey] == attribute.AttributeValue
end

local function check(input)
  if #(input.LookupAttributes or {}) > 1 then
    fail("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
  elseif input.StartTime and input.EndTime and input.StartTime > input.EndTime then
    fail("InvalidTimeRangeException", "The start time must be before the end time.")
  elseif input.MaxResults and (input.MaxResults < 1 or input.MaxResults > MOST_RESULTS) then
    fail("InvalidMaxResultsException", "Specify a value between 1 and 50 for MaxResults.")
  end
end

function operations.lookup_events(world, input)
  check(input)
  local attribute, now = (input.LookupAttributes or {})[1], clock.now()
  local since = math.max(input.StartTime or 0, now - KEPT_SECONDS)
  local found = {}
  for i = #world.trail.events, 1, -1 do
    local event = world.trail.events[i]
    if event.visible_at <= now and event.at >= since and event.at <= (input.EndTime or now) and fits(event.shape, attribute) then
      found[#found + 1] = event.shape
    end
  end
  if input.EventCategory == "insight" then found = {} end
  local page, token = pages.cut(found, {
    size = input.MaxResults, token = input.NextToken, most = MOST_RESULTS, invalid = "InvalidNextTokenException",
    key = function(event) return event.EventId end,
  })
  return { Events = host.array(page), NextToken = token }
end

return {
  operations = operations,
  record = record,
  ---@param world table
  ---@param data { delay?: number } seconds until LookupEvents tells of a call; AWS needs up to 15 minutes
  open = function(world, data)
    world.trail = { events = {}, delay = data and data.delay or 0 }
  end,
}
