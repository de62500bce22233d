--- Who did what, as CloudTrail tells it: of the last 90 days, up to a quarter of an hour late.

local aws = require "aws"

local cloudtrail = {}

local MOST_EVENTS = 200
local NEAR_S = 120 -- between a call and what it brought about

---@class TrailEvent
---@field at number epoch seconds
---@field by string ARN of who called, or the name that is known
---@field action string "UpdateService"
---@field text string the whole event as JSON

local function mentions(text, words)
  for _, word in ipairs(words or {}) do
    if not text:find(word, 1, true) then return false end
  end
  return true
end

---The calls of one action that succeeded, newest first, at most 200.
---@param search { action: string, mentions?: string[], since?: number } `mentions`: texts that the event has in it; `since`: epoch seconds
---@return TrailEvent[]
function cloudtrail.find(search)
  local list = {}
  local input = { LookupAttributes = { { AttributeKey = "EventName", AttributeValue = search.action } }, StartTime = search.since and math.floor(search.since) }
  for event in aws.cloudtrail.pages.lookup_events(input, { limit = MOST_EVENTS }) do
    local text = event.CloudTrailEvent or "{}"
    local told = json.decode(text)
    told = type(told) == "table" and told or {}
    if not told.errorCode and mentions(text, search.mentions) then
      local identity = type(told.userIdentity) == "table" and told.userIdentity or {}
      list[#list + 1] = { at = event.EventTime, by = identity.arn or identity.invokedBy or event.Username or "unknown", action = event.EventName, text = text }
    end
  end
  return list
end

-- "arn:aws:iam::123456789012:user/ana" -> "user/ana"
local function short_name(arn) return arn:match "^arn:[^:]*:[^:]*:[^:]*:[^:]*:(.+)$" or arn end

---A function that tells who made the call just before a moment; "-" where CloudTrail does not tell, or may not be asked.
---@param search { action: string, mentions?: string[] }
---@return fun(at: number): string who
function cloudtrail.callers(search)
  local ran, events = pcall(cloudtrail.find, search)
  return function(at)
    for _, event in ipairs(ran and events or {}) do
      if event.at <= at + 1 and at - event.at < NEAR_S then return short_name(event.by) end
    end
    return "-"
  end
end

return cloudtrail
