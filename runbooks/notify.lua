--- Notify: tell the team something, on every channel that is configured.
---
--- Guide: Incident Response > Incident Response Checklist ("Notify team if Severity 1 or 2").
---
--- Channels are off until they are given, best by environment: GWRUN_SLACK, GWRUN_TEAMS, GWRUN_PAGERDUTY, GWRUN_SNS, GWRUN_WEBHOOK. Texts are
--- templates in service.lua.

local notify = require "notify"
local service = require "service"

local SEVERITIES = { "critical", "error", "warning", "info" }

local function template_names()
  local names = {}
  for name in pairs(service.messages) do names[#names + 1] = name end
  table.sort(names)
  return names
end

return {
  title   = "Notify",
  summary = "Sends a message to Slack, Teams, PagerDuty, SNS or a webhook, by a template or in your own words.",
  guide   = "Incident Response > Incident Response Checklist",
  region  = service.region,
  preflight = false,

  params = service.notifying({ "service" }, {
    text     = { type = "string", required = true, help = "what to say", prompt = "what to say" },
    title    = { type = "string", help = "its title; default: the service" },
    template = { type = "enum", values = template_names(), help = "a template of service.lua to put it into" },
    level    = { type = "enum", values = SEVERITIES, default = "info", help = "how urgent it is" },
    incident = { type = "integer", min = 1, max = 4, default = 3, help = "severity of the incident, for the templates" },
    resolved = { type = "boolean", default = false, help = "it is over: resolves PagerDuty's incident" },
  }),

  needs = { aws_if = { sns = { "sns:Publish" } }, http = service.message_hosts },

  run = function(rb, p)
    local more = { severity = p.level, key = p.service, resolved = p.resolved }
    local channels, message = service.message(p, p.template or "incident", { title = p.title or p.service, service = p.service, text = p.text, severity = p.incident }, more)
    if not p.template then message.title, message.text = p.title or p.service, p.text end
    local kinds = notify.kinds(channels)
    if #kinds == 0 then rb:refuse("no channel is configured: give --slack, --teams, --pagerduty, --sns or --webhook, or the environment variables of service.lua") end
    rb:notify(channels, message)
  end,
}
