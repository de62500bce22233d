--- Who changed something, and when, as CloudTrail tells it.

local aws = require "aws"
local failure = require "failure"
local host = require "host.run"

local trail = {}

---@class Culprit
---@field by string who called
---@field at string when, in ISO 8601
---@field action string "ecs:UpdateService"

local function names_of(event)
  local told = json.decode(event.CloudTrailEvent or "")
  local identity = type(told) == "table" and type(told.userIdentity) == "table" and told.userIdentity or {}
  return identity.arn or identity.invokedBy or event.Username or "somebody unknown", told
end

local function mentions(event, words)
  for _, word in ipairs(words) do
    if not (event.CloudTrailEvent or ""):find(word, 1, true) then return false end
  end
  return true
end

-- CloudTrail's times are whole seconds: what it tells of the second in which we looked may have been before.
local function newest(events, since, words)
  for _, event in ipairs(events) do
    local by, told = names_of(event)
    if event.EventTime >= since and mentions(event, words) and not (told or {}).errorCode then
      return {
        by = by, at = time.iso(math.floor(event.EventTime)),
        action = ("%s:%s"):format((event.EventSource or ""):match "^[^.]*", event.EventName),
      }
    end
  end
end

-- Of an account where much happens the one may be some way back.
local PAGES = 5

---@param since number
---@param words string[] texts that the event has in it, such as the names of cluster and service
---@return Culprit?
---@return string? why not
function trail.find(since, words)
  local token
  for _ = 1, PAGES do
    host.enter_own()
    local answer, err = aws.cloudtrail.try_lookup_events {
      LookupAttributes = { { AttributeKey = "ReadOnly", AttributeValue = "false" } }, StartTime = math.floor(since), MaxResults = 50,
      NextToken = token,
    }
    host.leave_own()
    if not answer then return nil, "CloudTrail does not tell: " .. failure.text(err) end
    local culprit = newest(answer.Events or {}, since, words)
    if culprit then return culprit end
    token = answer.NextToken
    if not token then break end
  end
  return nil, "CloudTrail knows of no call; it tells up to 15 minutes late"
end

return trail
