--- Which accounts are production: those that a runbook or GWRUN_PRODUCTION names.

local host = require "host.run"

local function names_in(text)
  local names = {}
  for name in (text or ""):gmatch "[^%s,]+" do names[#names + 1] = name end
  return names
end

---@param named? string[] by the runbook
---@param account string
---@return boolean
return function(named, account)
  for _, list in ipairs { named or {}, names_in(host.env "GWRUN_PRODUCTION") } do
    for _, name in ipairs(list) do
      if name == account then return true end
    end
  end
  return false
end
