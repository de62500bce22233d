--- Diagnosis of a service: what is wrong with it, by what that is seen, what is probably behind it, and what mends it.
---
--- An area looks at one kind of trouble (diagnosis/*.lua): it reads, and adds findings. None changes anything.

local ecs = require "ecs"
local failure = require "failure"
local revisions = require "revisions"

local diagnosis = {}

---@class DiagnosisContext
---@field p table cluster, service, target_group, log_group, health_url, discovery_service, token_bucket, client_id_secret, client_secret_secret
---@field which ServiceName
---@field service table as DescribeServices answers it
---@field tasks table[] that are wanted
---@field definition table the task definition in force
---@field since number from when on what happened counts
---@field add fun(finding: Finding) something is wrong
---@field fine fun(text: string) something that was looked at is as it should be

local AREAS = {
  { name = "start", title = "tasks fail to start", look = require "diagnosis.start" },
  { name = "health", title = "health checks fail", look = require "diagnosis.health" },
  { name = "access", title = "the service is not accessible", look = require "diagnosis.access" },
  { name = "oauth", title = "OAuth and authentication errors", look = require "diagnosis.oauth" },
  { name = "resources", title = "high CPU or memory", look = require "diagnosis.resources" },
  { name = "logs", title = "errors in the log", look = require "diagnosis.logs" },
}

---The names of the areas, in the order in which they are looked at.
---@return string[]
function diagnosis.areas()
  local names = {}
  for i, area in ipairs(AREAS) do names[i] = area.name end
  return names
end

local RANK = { critical = 1, high = 2, medium = 3, low = 4 }

-- The same said by two areas is said once.
local function ranked(findings)
  local list, seen = {}, {}
  for i, finding in ipairs(findings) do
    if not seen[finding.text] then
      seen[finding.text] = true
      finding.order = i
      list[#list + 1] = finding
    end
  end
  table.sort(list, function(a, b)
    local left, right = RANK[a.severity or "medium"], RANK[b.severity or "medium"]
    if left ~= right then return left < right end
    return a.order < b.order
  end)
  for _, finding in ipairs(list) do finding.order = nil end
  return list
end

---Looks at the areas, all unless some are named.
---@param p table coordinates, see DiagnosisContext
---@param how { since: number, areas?: string[] }
---@return Finding[] findings ranked: the worst first
---@return { area: string, title: string, state: "ok"|"failed"|"unknown", note: string }[] looked what came of each area
function diagnosis.run(p, how)
  local which = { cluster = p.cluster, service = p.service }
  local service = ecs.get_service(which)
  local context = {
    p = p, which = which, service = service, tasks = ecs.list_tasks(which), definition = revisions.describe(service.taskDefinition), since = how.since,
  }
  local wanted, findings, looked = {}, {}, {}
  for _, name in ipairs(how.areas or diagnosis.areas()) do wanted[name] = true end
  for _, area in ipairs(AREAS) do
    if wanted[area.name] then
      local before, fine = #findings, {}
      context.add = function(finding) findings[#findings + 1] = finding end
      context.fine = function(text) fine[#fine + 1] = text end
      local ran, err = pcall(area.look, context)
      local found = #findings - before
      looked[#looked + 1] = {
        area = area.name, title = area.title, state = not ran and "unknown" or found > 0 and "failed" or "ok",
        note = not ran and failure.text(err) or found > 0 and ("%d finding%s"):format(found, found == 1 and "" or "s") or table.concat(fine, "; "),
      }
    end
  end
  return ranked(findings), looked
end

return diagnosis
