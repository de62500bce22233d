--- `gwrun report RUN`: a run as one document, from what its journal has. See docs/reports.md.

local host = require "host.report"
local html = require "report.html"
local markdown = require "report.markdown"
local summary = require "report.summary"

local report = {}

local FORMS = {
  html = html.render, md = markdown.render,
  json = function(doc) return json.encode(doc) .. "\n" end,
}

---The document in the form that the command line asks for.
---@return string
function report.main()
  local doc = summary.new(host.run)
  host.each(function(event) summary.add(doc, event) end)
  return FORMS[host.form](summary.finish(doc))
end

return report
