--- Variables of the environment; only those that the runbook declares in `needs.env`, and never keys or tokens of AWS.

local host = require "host.env"

local env = {}

---The variable's text, or nil where it is not set. Raises for one that is not declared.
---@param name string
---@return string?
function env.get(name)
  local value, err = host.get(name)
  if err then error(err, 2) end
  return value
end

return env
