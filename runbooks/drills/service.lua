--- What the drills of this service share: edit it, as runbooks/service.lua, for another service.

local service = {}

local CLUSTER, NAME = "busyb-cluster", "busyb-google-workspace-mcp-service"

---Requests are lost.
---@param now Moment
---@return boolean
function service.fails(now) return now.share < 1 end

---Expected: all requests are served again.
---@param within string
---@return DrillExpectation
function service.serves(within)
  return { text = "requests are served again", within = within, holds = function(now) return now.share == 1 end }
end

---Expected: the service is on this revision, with all its tasks healthy and no deployment under way.
---@param revision integer
---@param within string
---@return DrillExpectation
function service.is_whole_on(revision, within)
  return {
    text = ("the service is on revision %d, and whole"):format(revision), within = within,
    holds = function(now)
      local one = now.services[NAME]
      return one.revision:match ":(%d+)$" == tostring(revision) and one.deployments == 1 and one.healthy == one.desired
    end,
  }
end

---What the pipeline changes of the service meanwhile, for `timeline`.
---@param after number seconds
---@param input table of UpdateService
---@return table
function service.changed_by_pipeline(after, input)
  input.cluster, input.service = CLUSTER, NAME
  return { after = after, service = "ecs", operation = "update_service", name = "UpdateService", input = input }
end

---The answers of an operator who types some texts first, and then agrees to every change.
---@param texts string[]
---@return string[]
function service.yes(texts)
  local answers = table.move(texts, 1, #texts, 1, {})
  for _ = 1, 2 do answers[#answers + 1] = "yes" end
  for _ = 1, 2 do answers[#answers + 1] = "later" end
  return answers
end

---The answers of an operator who rotates the pipeline's key: the token, yes to each change, the key's id to delete it.
---@param old string id of the old key
---@return string[]
function service.rotate(old) return { "simulated-github-token", "yes", "yes", "yes", old, "later" } end

---A key works that was not there when the world was met.
---@param now Moment
---@return boolean
function service.has_new_key(now)
  for id, status in pairs(now.keys) do
    if not id:find "SIMULATEDWORLD" and status == "Active" then return true end
  end
  return false
end

return service
