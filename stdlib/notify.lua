--- Notifications: to Slack, Teams, PagerDuty, SNS, or any webhook. Off unless a channel is configured; `rb:notify` sends them, and a failure
--- never stops a run.

local aws = require "aws"
local failure = require "failure"
local http = require "http"

local notify = {}

---@class Message
---@field title string
---@field text string
---@field severity? "critical"|"error"|"warning"|"info" default info
---@field fields? { name: string, value: string }[]
---@field key? string what it is about: of PagerDuty the same incident
---@field resolved? boolean of PagerDuty: it is over

---@class Channels by kind; those that are nil are off
---@field slack? Secret URL of an incoming webhook
---@field teams? Secret URL of a workflow's webhook
---@field pagerduty? Secret routing key of Events API v2
---@field sns? string ARN of a topic
---@field webhook? string URL that gets the message as JSON

local TIMEOUT_S = 10
local PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"

local function plain(message)
  local lines = { message.text }
  for _, field in ipairs(message.fields or {}) do lines[#lines + 1] = ("%s: %s"):format(field.name, field.value) end
  return table.concat(lines, "\n")
end

local function post(url, body)
  local response = http.request { url = url, method = "POST", body = json.encode(body, { secret = true }), timeout = TIMEOUT_S, headers = { ["Content-Type"] = "application/json" } }
  if response.status < 200 or response.status > 299 then
    failure.raise("problem", "the answer is %d %s", response.status, response.reason)
  end
end

local senders = {}

-- https://api.slack.com/messaging/webhooks
function senders.slack(url, message)
  post(url, { text = ("*%s*\n%s"):format(message.title, plain(message)) })
end

-- https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
function senders.teams(url, message)
  local body = { { type = "TextBlock", text = message.title, weight = "Bolder", size = "Medium", wrap = true }, { type = "TextBlock", text = message.text, wrap = true } }
  if message.fields and #message.fields > 0 then
    local facts = {}
    for i, field in ipairs(message.fields) do facts[i] = { title = field.name, value = field.value } end
    body[3] = { type = "FactSet", facts = facts }
  end
  post(url, {
    type = "message",
    attachments = { {
      contentType = "application/vnd.microsoft.card.adaptive",
      content = { ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json", type = "AdaptiveCard", version = "1.4", body = body },
    } },
  })
end

-- https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
function senders.pagerduty(key, message)
  local details = {}
  for _, field in ipairs(message.fields or {}) do details[field.name] = field.value end
  post(PAGERDUTY, {
    routing_key = key, event_action = message.resolved and "resolve" or "trigger", dedup_key = message.key,
    payload = not message.resolved and {
      summary = ("%s: %s"):format(message.title, message.text):sub(1, 1024), source = "gwrun", severity = message.severity or "info", custom_details = details,
    } or nil,
  })
end

function senders.sns(topic, message)
  aws.sns.publish { TopicArn = topic, Subject = message.title:gsub("%c", " "):sub(1, 100), Message = plain(message) }
end

function senders.webhook(url, message)
  post(url, {
    title = message.title, text = message.text, severity = message.severity or "info", fields = message.fields or json.array {}, key = message.key,
    resolved = message.resolved or false,
  })
end

local KINDS = { "slack", "teams", "pagerduty", "sns", "webhook" }

---The kinds of channels that are on.
---@param channels Channels
---@return string[]
function notify.kinds(channels)
  local list = {}
  for _, kind in ipairs(KINDS) do
    if channels[kind] then list[#list + 1] = kind end
  end
  return list
end

---Sends a message to every channel that is on. Inside a step, or by `rb:notify`.
---@param channels Channels
---@param message Message
---@return { kind: string, error?: string }[] sent what came of each
function notify.send(channels, message)
  local sent = {}
  for _, kind in ipairs(notify.kinds(channels)) do
    local ok, err = pcall(senders[kind], channels[kind], message)
    sent[#sent + 1] = { kind = kind, error = not ok and failure.text(err) or nil }
  end
  return sent
end

---Fills "{name}" in a template with values; what has none stays empty.
---@param template string
---@param values table<string, any>
---@return string
function notify.fill(template, values)
  return (template:gsub("{([%w_]+)}", function(name) return tostring(values[name] == nil and "" or values[name]) end))
end

return notify
