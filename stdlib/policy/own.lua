--- What the engine itself asks AWS on behalf of a runbook: its preflight which rights there are (stdlib/runbook/permissions.lua),
--- a watch who made a change (stdlib/runbook/trail.lua). Without these rights a run says so, and goes on.

local own = {}

local function changes_something(script)
  for _, call in ipairs(script:findings "call") do
    local effect = call.operation.effect
    if effect == "change" or effect == "destroy" then return true end
  end
  return false
end

local function watches(script)
  for _, method in ipairs(script:findings "method") do
    if method.name == "watch" then return true end
  end
  return false
end

---@param script Script one that was walked through
---@param place { account: string, partition: string }
---@return Grant[]
function own.grants(script, place)
  local grants = {}
  local function arn(kind) return ("arn:%s:iam::%s:%s/*"):format(place.partition, place.account, kind) end
  local function add(action, resources, why) grants[#grants + 1] = { action = action, resources = resources, why = why } end
  if script.facts.preflight ~= false and changes_something(script) then
    add("iam:SimulatePrincipalPolicy", { arn "role", arn "user" }, "PreflightRights")
    add("iam:GetRole", { arn "role" }, "PreflightRole")
  end
  if watches(script) then add("cloudtrail:LookupEvents", { "*" }, "Watch") end
  return grants
end

return own
